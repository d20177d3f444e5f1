#pragma once

struct loop;

/* Tells when a descriptor can be read, or has come to its end; embedded in its owner. The loop's thread alone. */
struct descriptor {
    struct event *event;
    void (*run)(void *context);
    void *context;
};

/* Runs `run` each time the loop finds something to read, until fini. The descriptor stays the caller's, open as long. */
void descriptor_init(struct descriptor *descriptor, struct loop *loop, int fd, void (*run)(void *context),
                     void *context);
void descriptor_fini(struct descriptor *descriptor); /* also of a zeroed one */
