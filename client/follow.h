#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct client;

/* One server stream at a time, each over a connection of its own, until it ends or something from outside ends it:
 * SIGINT or SIGTERM, or a reader of standard output that went away. */

enum follow_end {
    FOLLOW_STATUS,  /* the server ended it, or the connection did */
    FOLLOW_ENOUGH,  /* the function that takes messages said so */
    FOLLOW_SIGNAL,  /* of `signal` */
    FOLLOW_NOBODY,  /* standard output's reader went away */
    FOLLOW_SILENCE, /* no message came for silence_ms */
};

struct follow {
    struct client *client;
    const char *path;
    const ProtobufCMessageDescriptor *response;
    int64_t silence_ms; /* 0: no matter how long nothing comes */
    /* Each message; false: enough. Time that it takes doesn't count as silence. */
    bool (*message)(void *context, const ProtobufCMessage *message);
    void *context;

    int signal;  /* the one that came; 0: none */
    int signals; /* a descriptor that tells them */
    sigset_t before;
};

/* From here on SIGINT and SIGTERM are looked at when there is time. An exit code; what is wrong has been told. */
int follow_open(struct follow *follow);
void follow_close(struct follow *follow);

/* timeout_ms 0: none. With FOLLOW_STATUS *ret_status says how it ended; its texts are the arena's. */
enum follow_end follow_stream(struct follow *follow, struct arena *arena, const ProtobufCMessage *request,
                              int64_t timeout_ms, struct status *ret_status);
/* Waits; FOLLOW_ENOUGH when the time is over. */
enum follow_end follow_pause(struct follow *follow, int64_t ms);
/* Writes all of it, however long that takes. False with errno: it could not be written, or (EINTR) a signal came. */
bool follow_write(struct follow *follow, int output, const char *bytes, size_t size);
/* What the process ends with after a signal: 130 after SIGINT; after SIGTERM it ends here, by it. */
int follow_exit_code(const struct follow *follow);
