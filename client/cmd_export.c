#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/follow.h"
#include "client/follow_request.h"
#include "client/new_file.h"
#include "client/place.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/json.h"

#define EXPORT_PATH    "/partner.v1.RegistryService/Export"
#define PATIENCE_MS    CLIENT_PATIENCE_MS
#define PAUSE_MS       200
#define PROGRESS_EVERY 10000

struct export
{
    struct client *client;
    struct follow follow;
    struct new_file file; /* none: standard output */
    int output;
    struct text_buffer text;
    Partner__V1__WatchRequest place; /* that goes on from here */
    uint64_t records, told;
    bool begun, progress;
    int why; /* errno of what could not be written */
};

static void tell_progress(struct export *export, bool last)
{
    if (!export->progress || (!last && export->records - export->told < PROGRESS_EVERY))
        return;
    export->told = export->records;
    fprintf(stderr, "\r%" PRIu64 " records%s", export->records, last ? "\n" : "");
}

static bool take_message(void *context, const ProtobufCMessage *message)
{
    struct export *export = context;
    const Partner__V1__ExportResponse *part = (const void *)message;
    text_buffer_clear(&export->text);
    for (size_t i = 0; i < part->n_records; i++) {
        json_from_message(&export->text, &part->records[i]->base, 0);
        text_buffer_add(&export->text, "\n");
    }
    if (!follow_write(&export->follow, export->output, export->text.bytes, export->text.size)) {
        export->why = errno;
        return false;
    }
    if (!export->begun)
        export->place.epoch = arena_strdup(export->client->arena, part->epoch);
    export->begun = true;
    export->place.after_revision = part->revision;
    export->records += part->n_records;
    tell_progress(export, false);
    return true;
}

/* Tries again while nothing has come, for as long as a read does. */
static enum follow_end run_stream(struct export *export, struct status *ret_status)
{
    struct client *client = export->client;
    Partner__V1__ExportRequest request = PARTNER__V1__EXPORT_REQUEST__INIT;
    int64_t timeout_ms = client->settings.timeout_ms > 0 ? client->settings.timeout_ms : 0;
    request.registries = export->place.registries;
    request.n_registries = export->place.n_registries;
    request.min_revision = client_min_revision(client);
    for (int64_t patience_ms = PATIENCE_MS;; patience_ms -= PAUSE_MS) {
        enum follow_end end =
            follow_stream(&export->follow, client->arena, &request.base, timeout_ms, ret_status);
        if (end != FOLLOW_STATUS || ret_status->code != STATUS_UNAVAILABLE || client_distrusts(*ret_status) ||
            export->begun || patience_ms <= 0)
            return end;
        end = follow_pause(&export->follow, PAUSE_MS);
        if (end != FOLLOW_ENOUGH)
            return end;
    }
}

static int tell_end(struct export *export, enum follow_end end, struct status status)
{
    bool pipe_broke = end == FOLLOW_NOBODY || (end == FOLLOW_ENOUGH && export->why == EPIPE);
    if (pipe_broke)
        return EXIT_DONE;
    if (end == FOLLOW_SIGNAL) {
        new_file_discard(&export->file);
        return follow_exit_code(&export->follow);
    }
    if (end == FOLLOW_ENOUGH)
        return client_fail(EXIT_FAILED, NULL, "the export can't be written: %s", strerror(export->why));
    int code = client_report(export->client, status);
    if (export->begun)
        fputs(export->file.file ? "nothing was kept; export again\n"
                                : "what was written is not the whole; export again\n",
              stderr);
    return code;
}

static void tell_summary(const struct export *export, const char *state)
{
    const Partner__V1__WatchRequest *place = &export->place;
    fprintf(stderr, "%" PRIu64 " record%s at revision %" PRIu64 ", epoch %s\n", export->records,
            export->records == 1 ? "" : "s", place->after_revision, place->epoch);
    if (state)
        fprintf(stderr, "go on with: partner watch --state-file %s\n", state);
    else
        fprintf(stderr, "go on with: partner watch --after %" PRIu64 " --epoch %s", place->after_revision,
                place->epoch);
    for (size_t i = 0; !state && i < place->n_registries; i++)
        fprintf(stderr, "%s%s", i ? "," : " --registry ", place->registries[i]);
    fputs(state ? "" : "\n", stderr);
}

/* The records first: a place without them would leave them out for good. */
static int keep(struct export *export)
{
    struct arena *arena = export->client->arena;
    const char *state = flags_text(&export->client->flags, "state-file");
    if (export->file.file) {
        struct status status = new_file_commit(arena, &export->file);
        if (!status_ok(status))
            return client_fail(EXIT_FAILED, NULL, "%s", status.message);
    }
    if (state) {
        struct status status = place_write(arena, state, &export->place);
        if (!status_ok(status))
            return client_fail(EXIT_FAILED, NULL, "%s", status.message);
    }
    tell_summary(export, state);
    return EXIT_DONE;
}

static int open_output(struct export *export)
{
    const struct flags *flags = &export->client->flags;
    const char *path = flags_text(flags, "file");
    export->output = STDOUT_FILENO;
    export->progress = export->client->output.error_terminal;
    if (!path || text_equal(path, "-")) {
        export->progress = export->progress && !export->client->output.terminal;
        return EXIT_DONE;
    }
    if (text_equal(path, "json") || text_equal(path, "jsonl") || text_equal(path, "table") ||
        text_equal(path, "csv"))
        return client_fail(EXIT_USAGE, "for a file of that name write ./NAME; the lines are JSON in any case",
                           "-o names a file here, and '%s' is a form", path);
    struct status status = new_file_open(export->client->arena, path, &export->file);
    if (!status_ok(status))
        return client_fail(EXIT_FAILED, NULL, "%s", status.message);
    export->output = fileno(export->file.file);
    return EXIT_DONE;
}

static int run(struct export *export)
{
    struct status status = STATUS_NONE;
    int code = follow_open(&export->follow);
    if (code)
        return code;
    enum follow_end end = run_stream(export, &status);
    bool whole = end == FOLLOW_STATUS && status_ok(status) && export->begun;
    tell_progress(export, true);
    code = whole ? keep(export) : tell_end(export, end, status);
    follow_close(&export->follow);
    return code;
}

int cmd_export(struct client *client)
{
    struct export export = {.client = client,
                            .follow = {.client = client,
                                       .path = EXPORT_PATH,
                                       .response = &partner__v1__export_response__descriptor,
                                       .message = take_message}};
    export.follow.context = &export;
    partner__v1__watch_request__init(&export.place);
    int code = follow_check_output(client);
    if (!code)
        code = follow_read_registries(client, &export.place.registries, &export.place.n_registries);
    if (!code)
        code = open_output(&export);
    if (!code)
        code = run(&export);
    new_file_discard(&export.file);
    text_buffer_fini(&export.text);
    return code;
}
