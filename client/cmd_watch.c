#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/follow.h"
#include "client/follow_request.h"
#include "client/place.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/json.h"

#define WATCH_PATH        "/partner.v1.RegistryService/Watch"
#define STATUS_PATH       "/partner.v1.AdminService/GetStatus"
#define HEARTBEAT_SECONDS 10
#define HEARTBEATS_MISSED 3
#define FIRST_PAUSE_MS    200
#define LONGEST_PAUSE_MS  30000

struct watch {
    struct client *client;
    struct follow follow;
    const char *state; /* the file's path, or NULL */
    bool marks;
    struct arena *arena; /* of one try */
    struct text_buffer text;
    Partner__V1__WatchRequest place;
    char *epoch; /* heap; place.epoch once the server has said it */
    bool kept;   /* the state file says `place` */
    bool connected, told;
    int64_t pause_ms, until_ms; /* until_ms 0: no timeout */
    int failed;                 /* an exit code that ends it, told already; EXIT_DONE: none */
    int why;                    /* errno of what could not be written */
};

/* ---- what comes ---- */

static void add_line(struct watch *watch, const ProtobufCMessage *message)
{
    json_from_message(&watch->text, message, 0);
    text_buffer_add(&watch->text, "\n");
}

static void add_lines(struct watch *watch, const Partner__V1__WatchResponse *part)
{
    text_buffer_clear(&watch->text);
    for (size_t i = 0; i < part->n_changes; i++)
        add_line(watch, &part->changes[i]->base);
    if (watch->marks && part->revision > watch->place.after_revision) {
        Partner__V1__Change mark = PARTNER__V1__CHANGE__INIT;
        mark.revision = part->revision;
        add_line(watch, &mark.base);
    }
}

static bool write_lines(struct watch *watch)
{
    const struct text_buffer *text = &watch->text;
    if (follow_write(&watch->follow, STDOUT_FILENO, text->bytes, text->size))
        return true;
    watch->why = errno;
    return false;
}

static bool same_epoch(struct watch *watch, const char *epoch)
{
    if (*watch->place.epoch || !*epoch)
        return !*epoch || text_equal(watch->place.epoch, epoch);
    watch->epoch = heap_strdup(epoch);
    watch->place.epoch = watch->epoch;
    return true;
}

/* After what it stands for has been written. */
static bool keep_place(struct watch *watch, uint64_t revision)
{
    if (watch->kept && revision <= watch->place.after_revision)
        return true;
    if (revision > watch->place.after_revision)
        watch->place.after_revision = revision;
    watch->kept = true;
    if (!watch->state)
        return true;
    struct status status = place_write(watch->arena, watch->state, &watch->place);
    if (!status_ok(status))
        watch->failed = client_fail(EXIT_FAILED, NULL, "%s", status.message);
    return status_ok(status);
}

static void tell_message(const struct watch *watch, const Partner__V1__WatchResponse *part)
{
    if (!watch->client->verbose)
        return;
    if (part->n_changes)
        fprintf(stderr, "%zu changes, whole up to revision %" PRIu64 "\n", part->n_changes, part->revision);
    else
        fprintf(stderr, "heartbeat at revision %" PRIu64 "\n", part->revision);
}

static int tell_export_again(const struct watch *watch, const char *message)
{
    const struct setting *server = &watch->client->settings.of[SETTING_SERVER];
    fprintf(stderr, "error: %s\n", message);
    fprintf(stderr,
            "what to do: begin anew, with all records of %s: partner export -o FILE --state-file %s\n",
            server->value, watch->state ? watch->state : "FILE");
    return EXIT_CONFLICT;
}

static bool take_message(void *context, const ProtobufCMessage *message)
{
    struct watch *watch = context;
    const Partner__V1__WatchResponse *part = (const void *)message;
    if (!same_epoch(watch, part->epoch)) {
        watch->failed = tell_export_again(watch, "the server's database is another one than before");
        return false;
    }
    if (watch->told)
        fputs("connected again\n", stderr);
    watch->connected = true;
    watch->told = false;
    watch->pause_ms = FIRST_PAUSE_MS;
    add_lines(watch, part);
    if (!write_lines(watch))
        return false;
    tell_message(watch, part);
    return keep_place(watch, part->revision);
}

/* ---- going on ---- */

static bool may_come_back(struct status status)
{
    if (client_distrusts(status))
        return false;
    return status.code == STATUS_UNAVAILABLE || status.code == STATUS_RESOURCE_EXHAUSTED || status_ok(status);
}

/* Of many watchers that lost one server not all come back at once. */
static int64_t spread(int64_t ms)
{
    return ms / 2 + (int64_t)(clock_monotonic_ns() / 1000 % (ms / 2 + 1));
}

static void tell_outage(struct watch *watch, enum follow_end end, struct status status, int64_t pause_ms)
{
    const char *message = end == FOLLOW_SILENCE               ? "nothing comes any more"
                          : status.message && *status.message ? status.message
                                                              : status_code_name(status.code);
    if (watch->told && !watch->client->verbose)
        return;
    fprintf(stderr, "%s; trying again", message);
    if (watch->client->verbose)
        fprintf(stderr, " in %.1f s", (double)pause_ms / 1000);
    fprintf(stderr, "%s\n", watch->told ? "" : " until it is there; Ctrl-C ends it");
    watch->told = true;
}

static int64_t next_pause(struct watch *watch, struct status status)
{
    int64_t pause_ms = spread(watch->pause_ms);
    watch->pause_ms = watch->pause_ms * 2 < LONGEST_PAUSE_MS ? watch->pause_ms * 2 : LONGEST_PAUSE_MS;
    return (int64_t)status.retry_ms > pause_ms ? status.retry_ms : pause_ms;
}

static bool out_of_time(const struct watch *watch)
{
    return watch->until_ms && clock_monotonic_ms() >= watch->until_ms;
}

static int tell_end(struct watch *watch, enum follow_end end, struct status status)
{
    if (watch->failed)
        return watch->failed;
    if (end == FOLLOW_SIGNAL)
        return follow_exit_code(&watch->follow);
    if (end == FOLLOW_NOBODY || (end == FOLLOW_ENOUGH && watch->why == EPIPE))
        return EXIT_DONE;
    if (end == FOLLOW_ENOUGH)
        return client_fail(EXIT_FAILED, NULL, "the changes can't be written: %s", strerror(watch->why));
    if (status.code == STATUS_OUT_OF_RANGE)
        return tell_export_again(watch, status.message);
    return client_report(watch->client, status);
}

static int run(struct watch *watch)
{
    for (;;) {
        struct status status;
        arena_reset(watch->arena);
        int64_t left_ms = watch->until_ms ? watch->until_ms - clock_monotonic_ms() : 0;
        enum follow_end end = follow_stream(&watch->follow, watch->arena, &watch->place.base,
                                            watch->until_ms && left_ms < 1 ? 1 : left_ms, &status);
        bool again = end == FOLLOW_SILENCE || (end == FOLLOW_STATUS && may_come_back(status));
        if (!again || out_of_time(watch))
            return tell_end(watch, end, status);
        int64_t pause_ms = next_pause(watch, status);
        tell_outage(watch, end, status, pause_ms);
        end = follow_pause(&watch->follow, pause_ms);
        if (end != FOLLOW_ENOUGH)
            return tell_end(watch, end, status);
    }
}

/* ---- where to begin ---- */

static bool same_registries(const Partner__V1__WatchRequest *place, const Partner__V1__WatchRequest *state)
{
    if (place->n_registries != state->n_registries)
        return false;
    for (size_t i = 0; i < place->n_registries; i++) {
        bool found = false;
        for (size_t j = 0; j < state->n_registries; j++)
            found |= text_equal(place->registries[i], state->registries[j]);
        if (!found)
            return false;
    }
    return true;
}

static int take_state(struct watch *watch, const Partner__V1__WatchRequest *state)
{
    Partner__V1__WatchRequest *place = &watch->place;
    if (place->n_registries && !same_registries(place, state))
        return client_fail(
            EXIT_CONFLICT,
            "leave --registry out, which follows those of the state, or export the others to a "
            "state of their own",
            "%s is a state of other registries than --registry names", watch->state);
    place->registries = state->registries;
    place->n_registries = state->n_registries;
    place->after_revision = state->after_revision;
    place->epoch = state->epoch;
    watch->kept = true;
    return EXIT_DONE;
}

static int begin_now(struct watch *watch)
{
    Partner__V1__GetStatusRequest request = PARTNER__V1__GET_STATUS_REQUEST__INIT;
    ProtobufCMessage *answer;
    int failed = client_read(watch->client, STATUS_PATH, &request.base,
                             &partner__v1__get_status_response__descriptor, &answer);
    if (!failed)
        watch->place.after_revision =
            ((const Partner__V1__GetStatusResponse *)(const void *)answer)->revision;
    return failed;
}

/* The state that is there goes before --after, so that one command line serves the first start and all others. */
static int choose_place(struct watch *watch)
{
    const struct flags *flags = &watch->client->flags;
    const char *after = flags_text(flags, "after"), *epoch = flags_text(flags, "epoch");
    unsigned long long revision = 0;
    Partner__V1__WatchRequest *state;
    if (after && !text_to_u64(after, UINT64_MAX, &revision))
        return client_fail(EXIT_USAGE, NULL, "--after takes a revision, a number, not '%s'", after);
    if (epoch && !after)
        return client_fail(EXIT_USAGE, NULL, "--epoch goes with --after");
    if (watch->state) {
        struct status status = place_read(watch->client->arena, watch->state, &state);
        if (status_ok(status))
            return take_state(watch, state);
        if (status.code != STATUS_NOT_FOUND)
            return follow_state_fault(status.message);
        if (!after)
            return client_fail(EXIT_NOT_FOUND,
                               "begin with partner export --state-file FILE, or name a revision with --after",
                               "%s", status.message);
    }
    watch->place.after_revision = revision;
    watch->place.epoch = (char *)(epoch ? epoch : "");
    return after ? EXIT_DONE : begin_now(watch);
}

static int begin(struct watch *watch)
{
    struct client *client = watch->client;
    uint32_t seconds = flags_number(&client->flags, "heartbeat");
    partner__v1__watch_request__init(&watch->place);
    watch->state = flags_text(&client->flags, "state-file");
    watch->marks = flags_has(&client->flags, "marks");
    watch->pause_ms = FIRST_PAUSE_MS;
    if (client->settings.timeout_ms > 0)
        watch->until_ms = clock_monotonic_ms() + client->settings.timeout_ms;
    int failed = follow_check_output(client);
    if (!failed)
        failed = follow_read_registries(client, &watch->place.registries, &watch->place.n_registries);
    if (!failed)
        failed = choose_place(watch);
    watch->place.heartbeat_seconds = seconds;
    watch->follow.silence_ms = (int64_t)(seconds ? seconds : HEARTBEAT_SECONDS) * HEARTBEATS_MISSED * 1000;
    return failed;
}

int cmd_watch(struct client *client)
{
    struct watch watch = {.client = client,
                          .follow = {.client = client,
                                     .path = WATCH_PATH,
                                     .response = &partner__v1__watch_response__descriptor,
                                     .message = take_message},
                          .arena = arena_new(0)};
    watch.follow.context = &watch;
    int code = begin(&watch);
    if (!code)
        code = follow_open(&watch.follow);
    if (!code) {
        code = run(&watch);
        follow_close(&watch.follow);
    }
    text_buffer_fini(&watch.text);
    free(watch.epoch);
    arena_free(watch.arena);
    return code;
}
