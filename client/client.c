#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/exit.h"
#include "loop/loop.h"
#include "net/channel.h"

#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 2000

struct channel *client_channel(struct client *client)
{
    if (!client->channel) {
        client->loop = loop_new("client", 0);
        client->channel =
            channel_open(client->loop, &(struct channel_settings){
                                           .target = client->settings.of[SETTING_SERVER].value,
                                           .ca_file = client->settings.of[SETTING_CA_FILE].value,
                                           .token = client->settings.of[SETTING_TOKEN].value,
                                       });
    }
    return client->channel;
}

void client_close(struct client *client)
{
    if (!client->channel)
        return;
    channel_close(client->channel);
    loop_free(client->loop);
    client->channel = NULL;
}

static void pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void tell_call(const struct client *client, const char *path, struct status status, int64_t began_ns)
{
    if (client->verbose)
        fprintf(stderr, "%s %s %.1f ms\n", path, status_code_name(status.code),
                (double)(clock_monotonic_ns() - began_ns) / 1e6);
}

/* The pause before the next try, or -1 where there is to be none. */
static int64_t next_pause(struct status status, int64_t pause, int64_t now_ms, int64_t until_ms)
{
    if (status.code != STATUS_UNAVAILABLE || client_distrusts(status))
        return -1;
    if ((int64_t)status.retry_ms > pause)
        pause = status.retry_ms;
    return now_ms + pause < until_ms ? pause : -1;
}

struct status client_call(struct client *client, const struct client_call *call,
                          ProtobufCMessage **ret_response)
{
    int64_t timeout_ms = client->settings.timeout_ms >= 0 ? client->settings.timeout_ms : call->timeout_ms;
    int64_t start_ms = clock_monotonic_ms();
    int64_t patience_until_ms = start_ms + call->patience_ms;
    if (timeout_ms && start_ms + timeout_ms < patience_until_ms)
        patience_until_ms = start_ms + timeout_ms;
    for (int64_t pause = FIRST_PAUSE_MS;;
         pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS) {
        int64_t left_ms = timeout_ms ? start_ms + timeout_ms - clock_monotonic_ms() : 0;
        if (timeout_ms && left_ms < 1)
            left_ms = 1;
        int64_t began_ns = clock_monotonic_ns();
        struct status status = channel_call_blocking(client_channel(client), call->path, call->request,
                                                     call->response, client->arena, left_ms, ret_response);
        tell_call(client, call->path, status, began_ns);
        int64_t wait_ms = next_pause(status, pause, clock_monotonic_ms(), patience_until_ms);
        if (wait_ms < 0)
            return status;
        pause_ms(wait_ms);
    }
}

int client_read(struct client *client, const char *path, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *response, ProtobufCMessage **ret_response)
{
    struct client_call call = {path, request, response, CLIENT_TIMEOUT_MS, CLIENT_PATIENCE_MS};
    struct status status = client_call(client, &call, ret_response);
    return status_ok(status) ? EXIT_DONE : client_report(client, status);
}

static int exit_code(enum status_code code)
{
    switch (code) {
    case STATUS_OK:
        return EXIT_DONE;
    case STATUS_NOT_FOUND:
        return EXIT_NOT_FOUND;
    case STATUS_PERMISSION_DENIED:
    case STATUS_UNAUTHENTICATED:
        return EXIT_NOT_ALLOWED;
    case STATUS_ALREADY_EXISTS:
    case STATUS_FAILED_PRECONDITION:
    case STATUS_ABORTED:
        return EXIT_CONFLICT;
    case STATUS_INVALID_ARGUMENT:
    case STATUS_OUT_OF_RANGE:
        return EXIT_INVALID;
    case STATUS_UNAVAILABLE:
    case STATUS_DEADLINE_EXCEEDED:
        return EXIT_NO_SERVER;
    default:
        return EXIT_FAILED;
    }
}

bool client_distrusts(struct status status)
{
    return status.code == STATUS_UNAVAILABLE && status.message && strstr(status.message, "certificate");
}

static void print_hint(const struct client *client, struct status status)
{
    const struct setting *server = &client->settings.of[SETTING_SERVER];
    if (client_distrusts(status)) {
        fputs("what to do: name the PEM file of who signs it with --ca-file, and the server as its "
              "certificate does\n",
              stderr);
        return;
    }
    switch (status.code) {
    case STATUS_UNAVAILABLE:
        fprintf(stderr, "what to do: see that partnerd runs at %s (from %s), or name another with --server\n",
                server->value, server->source);
        break;
    case STATUS_DEADLINE_EXCEEDED:
        fputs("what to do: give it longer with --timeout 60s\n", stderr);
        break;
    case STATUS_UNAUTHENTICATED:
        fputs("what to do: give a token with --token-file FILE or in PARTNER_TOKEN\n", stderr);
        break;
    case STATUS_PERMISSION_DENIED:
        fputs("what to do: use a token that may do this; an admin makes one\n", stderr);
        break;
    case STATUS_ABORTED:
        fputs("what to do: read it again and try again\n", stderr);
        break;
    case STATUS_UNIMPLEMENTED:
        fputs("what to do: use a newer partnerd; this one does not know that method\n", stderr);
        break;
    case STATUS_INTERNAL:
        fputs("what to do: this is a fault of the server; its log says more\n", stderr);
        break;
    default:
        break;
    }
}

/* "id is not of the form ...", but "id: there is no organisation ...": many messages go on from the field's name. */
static void tell_fault(const char *field, const char *message)
{
    const char *dot = strrchr(field, '.'), *last = dot ? dot + 1 : field;
    if (*last && text_starts_with(message, last)) {
        fprintf(stderr, "error: %s\n", message);
        return;
    }
    bool goes_on = text_starts_with(message, "is ") || text_starts_with(message, "has ");
    fprintf(stderr, "error: %s%s%s\n", field, !*field ? "" : goes_on ? " " : ": ", message);
}

int client_report(const struct client *client, struct status status)
{
    const char *message = status.message && *status.message ? status.message : status_code_name(status.code);
    bool named = !status.field || strstr(message, status.field);
    tell_fault(named ? "" : status.field, message);
    for (const struct fault *fault = status.more; fault; fault = fault->next)
        tell_fault(fault->field ? fault->field : "", fault->message);
    print_hint(client, status);
    return exit_code(status.code);
}

int client_fail(int code, const char *hint, const char *format, ...)
{
    va_list arguments;
    fputs("error: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (hint)
        fprintf(stderr, "what to do: %s\n", hint);
    return code;
}

uint64_t client_min_revision(const struct client *client)
{
    return flags_number(&client->flags, "min-revision");
}
