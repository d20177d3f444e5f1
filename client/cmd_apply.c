#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/change_registry.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"
#include "client/import_records.h"
#include "client/table.h"
#include "partner/v1/registry.pb-c.h"

#define APPLY_PATH     "/partner.v1.RegistryService/Apply"
#define PART_CHANGES   5000
#define PART_BYTES     (4u << 20)
#define WHOLE_CHANGES  10000 /* what one Apply takes: for what can't be done in parts */
#define WHOLE_BYTES    (15u << 20)
#define PATIENCE_MS    30000
#define KEPT_FAULTS    10000
#define REQUEST_ID_MAX 50 /* leaves room for the part's number in 64 */

/* The work of one `apply`: a part at a time is read, sent and forgotten. */
struct work {
    struct client *client;
    struct import_sink sink; /* its arena holds the part */
    const char *registry;    /* NULL until it is known */
    const char *request_prefix;
    bool dry_run, all_or_nothing;

    Partner__V1__Change **changes;
    size_t *lines;
    size_t change_count, change_bytes, part_count;

    uint64_t sent;
    Partner__V1__Tally tally;
    Partner__V1__Rejection **faults;
    size_t fault_count, fault_capacity;
    uint64_t revision;
    int failed; /* an exit code that ends it; EXIT_DONE: none */
};

static void keep_fault(struct work *work, uint64_t index, size_t line, const char *id, const char *field,
                       const char *reason)
{
    struct arena *arena = work->client->arena;
    if (work->fault_count == KEPT_FAULTS)
        return;
    if (work->fault_count == work->fault_capacity) {
        size_t more = work->fault_capacity ? work->fault_capacity * 2 : 64;
        work->faults =
            arena_grow(arena, work->faults, work->fault_capacity * sizeof(void *), more * sizeof(void *));
        work->fault_capacity = more;
    }
    Partner__V1__Rejection *fault = arena_alloc(arena, sizeof *fault);
    partner__v1__rejection__init(fault);
    fault->index = index;
    fault->id = arena_strdup(arena, id ? id : "");
    fault->field = arena_strdup(arena, field ? field : "");
    fault->reason = line ? arena_format(arena, "line %zu: %s", line, reason) : arena_strdup(arena, reason);
    work->faults[work->fault_count++] = fault;
}

static void file_fault(void *context, const struct import_fault *fault)
{
    struct work *work = context;
    if (!fault->line) {
        work->failed = client_fail(EXIT_INVALID, NULL, "%s %s", fault->path, fault->message);
        return;
    }
    work->tally.rejected++;
    keep_fault(work, work->sent + work->change_count, fault->line, NULL, fault->column, fault->message);
}

static void file_note(void *context, const char *path, const char *message)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", path, message);
}

/* ---- sending ---- */

static void add_tally(Partner__V1__Tally *sum, const Partner__V1__Tally *more)
{
    if (!more)
        return;
    sum->created += more->created;
    sum->updated += more->updated;
    sum->unchanged += more->unchanged;
    sum->deleted += more->deleted;
    sum->rejected += more->rejected;
}

static void take_answer(struct work *work, const Partner__V1__ApplyResponse *answer)
{
    add_tally(&work->tally, answer->tally);
    for (size_t i = 0; i < answer->n_rejections; i++) {
        const Partner__V1__Rejection *rejection = answer->rejections[i];
        size_t line = rejection->index < work->change_count ? work->lines[rejection->index] : 0;
        keep_fault(work, work->sent + rejection->index, line, rejection->id, rejection->field,
                   rejection->reason);
    }
    if (answer->revision > work->revision)
        work->revision = answer->revision;
}

static void tell_progress(const struct work *work, bool last)
{
    if (work->client->output.error_terminal && (work->part_count > 1 || !last))
        fprintf(stderr, "\r%" PRIu64 " records%s", work->sent, last ? "\n" : "");
}

/* Each part has a request_id of its own, so that one that is sent again after its answer was lost happens once. */
static void send_part(struct work *work)
{
    Partner__V1__ApplyRequest request = PARTNER__V1__APPLY_REQUEST__INIT;
    ProtobufCMessage *answer;
    if (!work->change_count || work->failed)
        return;
    request.registry = (char *)work->registry;
    request.changes = work->changes;
    request.n_changes = work->change_count;
    request.dry_run = work->dry_run;
    request.all_or_nothing = work->all_or_nothing;
    request.request_id =
        arena_format(work->client->arena, "%s-%zu", work->request_prefix, work->part_count++);
    struct client_call call = {APPLY_PATH, &request.base, &partner__v1__apply_response__descriptor, 0,
                               PATIENCE_MS};
    struct status status = client_call(work->client, &call, &answer);
    if (!status_ok(status)) {
        work->failed = client_report(work->client, status);
        if (status.code == STATUS_NOT_FOUND)
            fprintf(stderr, "what to do: make the registry first: partner admin registry create %s\n",
                    work->registry);
        if (work->sent)
            fprintf(stderr,
                    "%" PRIu64
                    " records before were sent and answered; the same file again leaves them unchanged\n",
                    work->sent);
        return;
    }
    take_answer(work, (const void *)answer);
    work->sent += work->change_count;
    work->change_count = work->change_bytes = 0;
    arena_reset(work->sink.arena);
    tell_progress(work, false);
}

/* ---- reading ---- */

static bool know_registry(struct work *work, const Partner__V1__Change *change)
{
    if (work->registry)
        return true;
    const char *registry;
    work->failed = change_registry(work->client, change, &registry);
    if (work->failed)
        return false;
    work->registry = registry;
    return true;
}

static bool take_change(void *context, const struct import_change *imported)
{
    struct work *work = context;
    size_t most = work->all_or_nothing || work->dry_run ? WHOLE_CHANGES : PART_CHANGES;
    size_t most_bytes = work->all_or_nothing || work->dry_run ? WHOLE_BYTES : PART_BYTES;
    size_t bytes = partner__v1__change__get_packed_size(imported->change) + 8;
    if (!know_registry(work, imported->change))
        return false;
    if (work->change_count == most || (work->change_count && work->change_bytes + bytes > most_bytes)) {
        if (work->all_or_nothing) {
            work->failed = client_fail(EXIT_INVALID, "leave it out: good records land, bad ones are listed",
                                       "--all-or-nothing takes 10,000 records and 15 MiB, and this is more");
            return false;
        }
        /* This change lives in the part's arena, which goes with the part: it is kept by a copy. */
        uint8_t *packed = arena_alloc(work->client->arena, bytes);
        size_t size = partner__v1__change__pack(imported->change, packed);
        send_part(work);
        if (work->failed)
            return false;
        work->changes[0] = partner__v1__change__unpack(arena_protobuf(work->sink.arena), size, packed);
    } else {
        work->changes[work->change_count] = imported->change;
    }
    work->lines[work->change_count++] = imported->line;
    work->change_bytes += bytes;
    return !work->failed;
}

/* ---- the answer ---- */

static void write_faults(const struct work *work)
{
    static const struct table_column columns[] = {{.title = "ID", .least = 10},
                                                  {.title = "FIELD", .least = 10},
                                                  {.title = "REASON", .least = 30, .wrap = true}};
    struct table *table = table_new(work->client->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < work->fault_count; i++) {
        const Partner__V1__Rejection *fault = work->faults[i];
        table_add(table, (const char *const[]){fault->id, fault->field, fault->reason});
    }
    if (work->fault_count)
        output_table(&work->client->output, table);
    if (work->tally.rejected > work->fault_count)
        printf("and %" PRIu64 " more\n", work->tally.rejected - work->fault_count);
}

static int write_answer(struct work *work)
{
    static const char *const columns[] = {"tally.created",
                                          "tally.updated",
                                          "tally.unchanged",
                                          "tally.deleted",
                                          "tally.rejected",
                                          "revision",
                                          NULL};
    struct client *client = work->client;
    const Partner__V1__Tally *tally = &work->tally;
    if (output_wants_table(&client->output, false)) {
        write_faults(work);
        printf("%s%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " unchanged, %" PRIu64
               " deleted, %" PRIu64 " rejected; revision %" PRIu64 "\n",
               work->dry_run ? "nothing was changed; it would be: " : "", tally->created, tally->updated,
               tally->unchanged, tally->deleted, tally->rejected, work->revision);
        return EXIT_DONE;
    }
    Partner__V1__ApplyResponse answer = PARTNER__V1__APPLY_RESPONSE__INIT;
    answer.tally = &work->tally;
    answer.rejections = work->faults;
    answer.n_rejections = work->fault_count;
    answer.revision = work->revision;
    struct status status = output_one(&client->output, &answer.base, columns);
    return status_ok(status) ? EXIT_DONE : client_fail(EXIT_USAGE, NULL, "%s", status.message);
}

static int begin_work(struct work *work)
{
    const struct flags *flags = &work->client->flags;
    struct arena *arena = work->client->arena;
    unsigned long long nonce = 0;
    work->registry = flags_text(flags, "registry");
    work->dry_run = flags_has(flags, "dry-run");
    work->all_or_nothing = flags_has(flags, "all-or-nothing");
    work->request_prefix = flags_text(flags, "request-id");
    if (work->request_prefix && strlen(work->request_prefix) > REQUEST_ID_MAX)
        return client_fail(EXIT_INVALID, NULL, "--request-id takes at most %d bytes", REQUEST_ID_MAX);
    if (!work->request_prefix) {
        if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
            return client_fail(EXIT_FAILED, NULL, "the system gives no random numbers");
        work->request_prefix = arena_format(arena, "apply-%016llx", nonce);
    }
    work->changes = arena_array(arena, WHOLE_CHANGES, sizeof(void *));
    work->lines = arena_array(arena, WHOLE_CHANGES, sizeof *work->lines);
    partner__v1__tally__init(&work->tally);
    return EXIT_DONE;
}

int cmd_apply(struct client *client)
{
    struct work work = {.client = client};
    struct import_report report = {.fault = file_fault, .note = file_note, .context = &work};
    int failed = begin_work(&work);
    if (failed)
        return failed;
    work.sink = (struct import_sink){.arena = arena_new(0), .change = take_change, .context = &work};
    /* What is wrong in the file is in the tally; with --all-or-nothing it stops everything. */
    bool clean = import_records(client->flags.words[0], &report, &work.sink);
    if (clean || !work.all_or_nothing)
        send_part(&work);
    tell_progress(&work, true);
    arena_free(work.sink.arena);
    if (work.failed)
        return work.failed;
    failed = write_answer(&work);
    if (failed || !work.tally.rejected)
        return failed;
    return work.all_or_nothing || !work.sent ? EXIT_INVALID : EXIT_PARTLY;
}
