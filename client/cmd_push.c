#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "client/change_registry.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/file.h"
#include "client/import_mapping.h"
#include "client/import_records.h"
#include "client/push_lines.h"
#include "client/table.h"
#include "net/channel.h"
#include "partner/v1/registry.pb-c.h"

#define PUSH_PATH      "/partner.v1.RegistryService/Push"
#define PATIENCE_MS    120000
#define PAUSE_MS       500
#define PROGRESS_EVERY 1000
#define MAPPING_BYTES  (1u << 20)
#define SINK_BYTES     (1u << 20)

/* One `push`: the files are read and sent, from the start again where the server was not to be had. */
struct push {
    struct client *client;
    struct import_sink sink;
    Partner__V1__PushOptions options;
    const char *rejected_path;
    struct push_lines lines; /* of the changes, and what was wrong in the files */
    struct table *faults;
    size_t fault_count; /* listed */

    struct channel_call *call; /* NULL: none is open */
    bool writable, over;
    struct status status;
    Partner__V1__PushResponse *answer;
    int64_t start_ms;
    int failed;
};

/* ---- the call ---- */

static void take_answer(void *context, const ProtobufCMessage *message)
{
    struct push *push = context;
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = arena_alloc(push->client->arena, bytes);
    protobuf_c_message_pack(message, packed);
    push->answer = partner__v1__push_response__unpack(arena_protobuf(push->client->arena), bytes, packed);
}

static void take_writable(void *context)
{
    struct push *push = context;
    push->writable = true;
}

/* The status' texts go when this returns. */
static void take_end(void *context, struct status status)
{
    struct push *push = context;
    struct arena *arena = push->client->arena;
    push->status = status;
    push->status.message = status.message ? arena_strdup(arena, status.message) : NULL;
    push->status.field = status.field ? arena_strdup(arena, status.field) : NULL;
    push->status.reason = NULL;
    push->status.more = NULL;
    push->call = NULL;
    push->over = push->writable = true;
}

static void send(struct push *push, const Partner__V1__PushRequest *request)
{
    push->writable = channel_call_send(push->call, &request->base);
    if (!push->writable)
        channel_wait(client_channel(push->client), &push->writable);
}

static void begin_call(struct push *push)
{
    Partner__V1__PushRequest request = PARTNER__V1__PUSH_REQUEST__INIT;
    push->over = false;
    push->call = channel_call_begin(
        client_channel(push->client),
        &(struct channel_call_settings){
            .path = PUSH_PATH,
            .response = &partner__v1__push_response__descriptor,
            .timeout_ms = push->client->settings.timeout_ms > 0 ? push->client->settings.timeout_ms : 0,
            .message = take_answer,
            .writable = take_writable,
            .end = take_end,
            .context = push,
        });
    request.part_case = PARTNER__V1__PUSH_REQUEST__PART_OPTIONS;
    request.options = &push->options;
    send(push, &request);
}

static void tell_progress(const struct push *push, bool last)
{
    size_t sent = push->lines.change_count;
    if (!push->client->output.error_terminal || (!last && sent % PROGRESS_EVERY))
        return;
    int64_t ms = clock_monotonic_ms() - push->start_ms;
    fprintf(stderr, "\r%zu records, %" PRId64 " a second%s", sent, ms ? (int64_t)sent * 1000 / ms : 0,
            last ? "\n" : "");
}

static struct table *faults_new(struct arena *arena)
{
    static const struct table_column columns[] = {
        {.title = "ID", .least = 10}, {.title = "FIELD", .least = 10}, {.title = "REASON", .least = 30}};
    return table_new(arena, columns, sizeof columns / sizeof *columns);
}

/* ---- the files ---- */

static bool know_registry(struct push *push, const Partner__V1__Change *change)
{
    if (*push->options.registry)
        return true;
    const char *registry;
    push->failed = change_registry(push->client, change, &registry);
    if (push->failed)
        return false;
    push->options.registry = (char *)registry;
    return true;
}

static bool take_change(void *context, const struct import_change *imported)
{
    struct push *push = context;
    Partner__V1__PushRequest request = PARTNER__V1__PUSH_REQUEST__INIT;
    if (!know_registry(push, imported->change))
        return false;
    if (!push->call && !push->over)
        begin_call(push);
    if (push->over)
        return false;
    request.part_case = PARTNER__V1__PUSH_REQUEST__PART_CHANGE;
    request.change = imported->change;
    send(push, &request);
    push_lines_add(&push->lines, imported->line);
    tell_progress(push, false);
    if (arena_used(push->sink.arena) > SINK_BYTES)
        arena_reset(push->sink.arena);
    return !push->over;
}

static void list_fault(struct push *push, const char *id, const char *field, const char *reason)
{
    table_add(push->faults, (const char *const[]){id, field, reason});
    push->fault_count++;
}

static void file_fault(void *context, const struct import_fault *fault)
{
    struct push *push = context;
    if (!fault->line) { /* the file itself */
        push->failed = client_fail(EXIT_INVALID, NULL, "%s %s", fault->path, fault->message);
        return;
    }
    if (push->lines.bad_count < PUSH_LINES_BAD_MOST)
        list_fault(
            push, "", fault->column ? fault->column : "",
            arena_format(push->client->arena, "%s line %zu: %s", fault->path, fault->line, fault->message));
    push_lines_add_bad(&push->lines, fault->line);
}

static void file_note(void *, const char *path, const char *message)
{
    fprintf(stderr, "%s: %s\n", path, message);
}

/* What is not read is not sent, and a full push would delete it. */
static bool is_spoilt(const struct push *push)
{
    return push->lines.bad_count && (push->options.full || push->options.all_or_nothing);
}

static void read_files(struct push *push)
{
    const struct flags *flags = &push->client->flags;
    struct import_report report = {.fault = file_fault, .note = file_note, .context = push};
    for (size_t i = 0; i < flags->word_count && !push->failed && !push->over; i++) {
        push_lines_begin_file(&push->lines, flags->words[i]);
        arena_reset(push->sink.arena);
        import_records(flags->words[i], &report, &push->sink);
    }
}

static void push_once(struct push *push)
{
    push_lines_clear(&push->lines);
    push->faults = faults_new(push->client->arena);
    push->fault_count = 0;
    push->start_ms = clock_monotonic_ms();
    push->status = STATUS_NONE;
    push->over = false;
    read_files(push);
    if (!push->failed && is_spoilt(push))
        push->failed = EXIT_INVALID;
    if (!push->failed && !push->call && !push->over && *push->options.registry)
        begin_call(push); /* no records at all */
    if (push->failed || (!push->call && !push->over)) {
        if (push->call)
            channel_call_cancel(push->call);
        push->call = NULL;
        return;
    }
    if (push->call)
        channel_call_half_close(push->call);
    tell_progress(push, true);
    if (!push->over)
        channel_wait(client_channel(push->client), &push->over);
}

static bool reads_standard_input(const struct push *push)
{
    for (size_t i = 0; i < push->client->flags.word_count; i++)
        if (text_equal(push->client->flags.words[i], "-"))
            return true;
    return false;
}

static bool may_try_again(const struct push *push, int64_t until_ms)
{
    bool is_passing = push->status.code == STATUS_UNAVAILABLE ||
                      (push->status.code == STATUS_RESOURCE_EXHAUSTED && push->status.retry_ms);
    return is_passing && !push->failed && !reads_standard_input(push) && clock_monotonic_ms() < until_ms;
}

/* The same request_id each time: what has happened, though its answer was lost, doesn't happen twice. */
static void push_patiently(struct push *push)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    push_once(push);
    while (may_try_again(push, until_ms)) {
        unsigned pause_ms = push->status.retry_ms > PAUSE_MS ? push->status.retry_ms : PAUSE_MS;
        fprintf(stderr, "%s: pushing again\n", push->status.message ? push->status.message : "unavailable");
        nanosleep(&(struct timespec){pause_ms / 1000, (long)(pause_ms % 1000) * 1000000}, NULL);
        push_once(push);
    }
    if (!push->failed && !status_ok(push->status))
        push->failed = client_report(push->client, push->status);
}

/* ---- the answer ---- */

static void list_rejections(struct push *push)
{
    struct arena *arena = push->client->arena;
    for (size_t i = 0; push->answer && i < push->answer->n_rejections; i++) {
        Partner__V1__Rejection *rejection = push->answer->rejections[i];
        const char *path;
        size_t line = push_lines_find(&push->lines, rejection->index, &path);
        if (line)
            rejection->reason = arena_format(arena, "%s line %zu: %s", path, line, rejection->reason);
        list_fault(push, rejection->id, rejection->field, rejection->reason);
    }
}

static int write_rejected(struct push *push)
{
    size_t written;
    for (size_t i = 0; push->answer && i < push->answer->n_rejections; i++)
        push_lines_mark(&push->lines, push->answer->rejections[i]->index);
    struct status status = push_lines_write(&push->lines, push->client->arena, push->rejected_path, &written);
    if (!status_ok(status))
        return client_fail(EXIT_FAILED, NULL, "%s: %s", push->rejected_path, status.message);
    fprintf(stderr, "%zu rejected lines are in %s: mend them and push it again, without --full\n", written,
            push->rejected_path);
    return EXIT_DONE;
}

static uint64_t rejected_count(const struct push *push)
{
    uint64_t sent = push->answer && push->answer->tally ? push->answer->tally->rejected : 0;
    return sent + push->lines.bad_count;
}

static int write_table(struct push *push)
{
    static const Partner__V1__Tally none = PARTNER__V1__TALLY__INIT;
    const Partner__V1__Tally *tally = push->answer && push->answer->tally ? push->answer->tally : &none;
    if (push->fault_count)
        output_table(&push->client->output, push->faults);
    if (rejected_count(push) > push->fault_count)
        printf("and %" PRIu64 " more, which are not listed\n", rejected_count(push) - push->fault_count);
    if (!push->answer)
        return EXIT_DONE;
    printf("%s%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " unchanged, %" PRIu64 " deleted, %" PRIu64
           " rejected; revision %" PRIu64 "\n",
           push->options.dry_run ? "nothing was changed; it would be: " : "", tally->created, tally->updated,
           tally->unchanged, tally->deleted, rejected_count(push), push->answer->revision);
    return EXIT_DONE;
}

static int write_answer(struct push *push)
{
    static const char *const columns[] = {"tally.created",
                                          "tally.updated",
                                          "tally.unchanged",
                                          "tally.deleted",
                                          "tally.rejected",
                                          "revision",
                                          NULL};
    if (output_wants_table(&push->client->output, false) || !push->answer)
        return write_table(push);
    if (push->lines.bad_count)
        fprintf(stderr, "%" PRIu64 " lines could not be read\n", push->lines.bad_count);
    struct status status = output_one(&push->client->output, &push->answer->base, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

/* ---- the command line ---- */

static int read_mapping(struct push *push)
{
    struct client *client = push->client;
    const char *path = flags_text(&client->flags, "mapping"), *format = flags_text(&client->flags, "format");
    const char *registry = flags_text(&client->flags, "registry"), *text = NULL;
    struct text_buffer file = {0};
    if (!path && !format)
        return EXIT_DONE;
    if (path && format)
        return client_fail(EXIT_USAGE, NULL, "--mapping and --format can't be used together");
    if (format && !registry)
        return client_fail(EXIT_USAGE, NULL, "--format %s asks for --registry", format);
    struct status status = STATUS_NONE;
    if (path)
        status = file_read_all(client->arena, path, MAPPING_BYTES, &file);
    text = format ? import_mapping_known(format) : file.bytes ? arena_strdup(client->arena, file.bytes) : "";
    text_buffer_fini(&file);
    if (status_ok(status))
        status = import_mapping_parse(client->arena, text, registry, &push->sink.mapping);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_INVALID, NULL, "%s: %s", path, status.message);
}

static int read_flags(struct push *push)
{
    const struct flags *flags = &push->client->flags;
    Partner__V1__PushOptions *options = &push->options;
    unsigned long long nonce = 0;
    partner__v1__push_options__init(options);
    if (flags_text(flags, "registry"))
        options->registry = (char *)flags_text(flags, "registry");
    options->full = flags_has(flags, "full");
    options->dry_run = flags_has(flags, "dry-run");
    options->all_or_nothing = flags_has(flags, "all-or-nothing");
    options->max_delete_percent = flags_number(flags, "max-delete-percent");
    push->rejected_path = flags_text(flags, "rejected");
    options->request_id = (char *)flags_text(flags, "request-id");
    if (push->rejected_path && reads_standard_input(push))
        return client_fail(EXIT_USAGE, NULL, "--rejected asks for files; standard input can't be read again");
    if (!options->request_id) {
        if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
            return client_fail(EXIT_FAILED, NULL, "the system gives no random numbers");
        options->request_id = arena_format(push->client->arena, "push-%016llx", nonce);
    }
    return read_mapping(push);
}

static int end_push(struct push *push)
{
    if (push->failed && push->failed != EXIT_INVALID)
        return push->failed;
    if (push->failed) {
        write_table(push);
        if (is_spoilt(push))
            fputs("nothing was pushed: what can't be read would be missing\n", stderr);
        return push->failed;
    }
    if (!push->over)
        return client_fail(EXIT_INVALID, "name the registry with --registry", "the files hold no records");
    list_rejections(push);
    int failed = write_answer(push);
    if (!failed && push->rejected_path && rejected_count(push))
        failed = write_rejected(push);
    if (failed || !rejected_count(push))
        return failed;
    return push->options.all_or_nothing ? EXIT_INVALID : EXIT_PARTLY;
}

int cmd_push(struct client *client)
{
    struct push push = {.client = client};
    push.sink = (struct import_sink){.arena = arena_new(0), .change = take_change, .context = &push};
    push.faults = faults_new(client->arena);
    push_lines_init(&push.lines);
    int code = read_flags(&push);
    if (!code) {
        push_patiently(&push);
        code = end_push(&push);
    }
    push_lines_fini(&push.lines);
    arena_free(push.sink.arena);
    return code;
}
