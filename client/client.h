#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"
#include "client/flags.h"
#include "client/output.h"
#include "client/settings.h"

struct arena;
struct channel;
struct loop;

/* One run of `partner`. Lives as long as the process; all memory is the arena's. */
struct client {
    struct arena *arena;
    const struct command_set *set;
    struct flags flags;
    struct settings settings;
    struct output output;
    struct loop *loop; /* with the first call */
    struct channel *channel;
    bool verbose;
};

/* The one table (commands.c). */
extern const struct command_set client_commands;

/* How a call is made. */
struct client_call {
    const char *path; /* "/partner.v1.MatchService/FindHosts" */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *response;
    int64_t timeout_ms;  /* where nothing else is set; 0: none */
    int64_t patience_ms; /* UNAVAILABLE is tried again for so long; 0: not at all */
};

#define CLIENT_TIMEOUT_MS  10000
#define CLIENT_PATIENCE_MS 2000

/* Calls, and where the server is unavailable calls again with the same request after a pause that grows. */
struct status client_call(struct client *client, const struct client_call *call,
                          ProtobufCMessage **ret_response);
/* A read with the usual timeout and patience. On failure it has been reported, and the exit code is returned; else EXIT_DONE. */
int client_read(struct client *client, const char *path, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *response, ProtobufCMessage **ret_response);
/* The channel, opened with the first use. */
struct channel *client_channel(struct client *client);
void client_close(struct client *client);

/* The server's certificate was refused: trying again doesn't help. */
bool client_distrusts(struct status status);
/* Tells what went wrong and what to do, on standard error; returns the exit code. */
int client_report(const struct client *client, struct status status);
/* The same for what the user gave: "error: message", then a hint or NULL. Returns `code`. */
[[gnu::format(printf, 3, 4)]] int client_fail(int code, const char *hint, const char *format, ...);

/* Value of --min-revision. */
uint64_t client_min_revision(const struct client *client);
