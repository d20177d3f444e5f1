#pragma once

#include <sys/socket.h>

#include "loop/timer.h"

struct event;
struct metric;

/* A bound socket, and taking connections from it. Its loop's thread, but for init and fini of one that was not started. */
struct listener {
    int fd;
    unsigned port;
    int spare_fd; /* given up to accept, and so to refuse, when the process has no descriptor left */
    struct loop *loop;
    struct event *event;
    struct timer pause;
    struct metric *refused; /* for want of descriptors */
    /* Gets each new socket, non-blocking, and owns it. */
    void (*accepted)(void *context, int fd, const struct sockaddr *address);
    void *context;
};

/* Takes over the descriptor; the members `refused`, `accepted` and `context` are the caller's to set. */
void listener_init(struct listener *listener, struct loop *loop, int fd, unsigned port);
/* Also of a zeroed one. Closes the socket. */
void listener_fini(struct listener *listener);
void listener_start(struct listener *listener);
