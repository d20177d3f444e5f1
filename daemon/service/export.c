#include "service/export.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/text.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "match/index.h"
#include "partner/v1/registry.pb-c.h"
#include "replica/change_form.h"
#include "replica/replica.h"
#include "replica/snapshot.h"
#include "rpc/call.h"
#include "service/auth.h"
#include "service/registry_filter.h"
#include "service/services.h"

/* A message ends where it has so many bytes: with one record more it has 1 MiB at most. */
enum { MESSAGE_BYTES = 256 * 1024, TURN_RECORDS = 4000, CHECK_MS = 1000, LONGEST_WAIT_MS = 30000 };
enum { FIELD_RECORDS = 1, FIELD_REVISION = 2, FIELD_EPOCH = 3 };

/* An Export under way: in the call's arena, the call held until it is over. */
struct exporting {
    struct rpc_call *call;
    struct replica_waiter waiter;
    uint64_t min_revision;
    struct registry_filter filter;
    bool with_contact;
    const struct snapshot *snapshot;
    enum record_kind kind;
    size_t registry; /* of the filter */
    struct record_cursor cursor;
    bool is_in_registry; /* the cursor stands in it */
    struct text_buffer message;
    bool has_sent, is_full, is_posted, is_over;
    struct timer check;
};

/* ---- the end ---- */

static void release(struct exporting *exporting)
{
    if (!exporting->is_over || exporting->is_posted)
        return;
    rpc_call_release(exporting->call);
}

static void end(struct exporting *exporting)
{
    exporting->is_over = true;
    timer_fini(&exporting->check);
    text_buffer_fini(&exporting->message);
    snapshot_release(exporting->snapshot);
    exporting->snapshot = NULL;
    release(exporting);
}

static void finish(struct exporting *exporting, struct status status)
{
    rpc_call_finish(exporting->call, status);
    end(exporting);
}

/* ---- what to send ---- */

/* The next record of the kind at hand that is asked for; NULL at the end of the kind. */
static const struct stored_record *next_of_registry(struct exporting *exporting, const char *registry)
{
    size_t bytes = strlen(registry);
    const struct stored_record *entry = record_cursor_next_record(&exporting->cursor);
    if (!entry || strncmp(stored_record_id(entry), registry, bytes) != 0 ||
        stored_record_id(entry)[bytes] != '/')
        return NULL;
    return entry;
}

static const char *registry_start(struct exporting *exporting, const char *registry)
{
    return arena_format(rpc_call_arena(exporting->call), "%s/", registry);
}

static const struct stored_record *next_entry(struct exporting *exporting)
{
    const struct registry_filter *filter = &exporting->filter;
    if (!filter->count)
        return record_cursor_next_record(&exporting->cursor);
    for (; exporting->registry < filter->count; exporting->registry++) {
        const char *registry = filter->ids[exporting->registry];
        if (!exporting->is_in_registry)
            exporting->cursor = record_cursor_at(&exporting->snapshot->records,
                                                 registry_start(exporting, registry), RECORD_NONE);
        exporting->is_in_registry = true;
        const struct stored_record *entry = next_of_registry(exporting, registry);
        if (entry)
            return entry;
        exporting->is_in_registry = false;
    }
    return NULL;
}

/* False: that was the last kind. */
static bool next_kind(struct exporting *exporting)
{
    exporting->kind++;
    exporting->registry = 0;
    exporting->is_in_registry = false;
    exporting->cursor = record_cursor_at(&exporting->snapshot->records, "", RECORD_NONE);
    return exporting->kind < RECORD_KIND_COUNT;
}

static void add(struct exporting *exporting, const struct stored_record *entry)
{
    struct record_form form = {
        .kind = entry->kind,
        .id = stored_record_id(entry),
        .packed = stored_record_packed(entry),
        .packed_bytes = entry->packed_bytes,
        .revision = entry->revision,
        .update_time_us = entry->update_time_us,
    };
    if (entry->kind == RECORD_ORGANISATION)
        form.same_as_count = match_index_same_as(exporting->snapshot->index, form.id, &form.same_as);
    record_form_add(&exporting->message, FIELD_RECORDS, &form, exporting->with_contact);
}

static void send(struct exporting *exporting)
{
    struct text_buffer *message = &exporting->message;
    form_add_number(message, FIELD_REVISION, exporting->snapshot->revision);
    form_add_text(message, FIELD_EPOCH, exporting->snapshot->epoch);
    exporting->is_full = !rpc_call_send_packed(exporting->call, message->bytes, message->size);
    exporting->has_sent = true;
    text_buffer_clear(message);
}

/* A turn of bounded length; true: all has been sent. */
static bool send_some(struct exporting *exporting)
{
    for (int records = 0; records < TURN_RECORDS && !exporting->is_full; records++) {
        const struct stored_record *entry = next_entry(exporting);
        if (!entry && !next_kind(exporting))
            return true;
        if (!entry || entry->kind != exporting->kind)
            continue;
        add(exporting, entry);
        if (exporting->message.size >= MESSAGE_BYTES)
            send(exporting);
    }
    return false;
}

static void on_turn(void *context);

static void go_on(struct exporting *exporting)
{
    if (send_some(exporting)) {
        if (exporting->message.size || !exporting->has_sent)
            send(exporting);
        finish(exporting, STATUS_NONE);
    } else if (!exporting->is_full && !exporting->is_posted) {
        exporting->is_posted = true;
        loop_post(rpc_call_loop(exporting->call), on_turn, exporting);
    }
}

static void on_turn(void *context)
{
    struct exporting *exporting = context;
    exporting->is_posted = false;
    if (exporting->is_over)
        release(exporting);
    else
        go_on(exporting);
}

/* ---- the call ---- */

static void on_check(void *context)
{
    struct exporting *exporting = context;
    if (rpc_call_stalled_ms(exporting->call) >= services_of(exporting->call)->stream_stalled_ms) {
        struct status status =
            status_make(STATUS_RESOURCE_EXHAUSTED, "nothing was taken for too long: export again");
        status.reason = "READER_TOO_SLOW";
        finish(exporting, status);
        return;
    }
    timer_set(&exporting->check, CHECK_MS);
}

static void on_snapshot(void *context, struct snapshot *snapshot)
{
    struct exporting *exporting = context;
    if (!snapshot) {
        finish(
            exporting,
            status_format(rpc_call_arena(exporting->call), STATUS_DEADLINE_EXCEEDED, NULL,
                          "revision %llu is not here yet; the newest is %llu",
                          (unsigned long long)exporting->min_revision,
                          (unsigned long long)replica_state(services_of(exporting->call)->replica).revision));
        return;
    }
    exporting->snapshot = snapshot;
    next_kind(exporting);
    timer_set(&exporting->check, CHECK_MS);
    go_on(exporting);
}

static struct status check_ready(const struct services *services)
{
    struct replica_state state = replica_state(services->replica);
    struct status status = STATUS_NONE;
    if (!state.loaded)
        status = status_make(STATUS_UNAVAILABLE, "the records are still being loaded");
    else if (!state.database_reachable)
        status = status_make(STATUS_UNAVAILABLE, "the database can't be reached");
    status.retry_ms = status_ok(status) ? 0 : 1000;
    return status;
}

void export_start(struct rpc_call *call, const ProtobufCMessage *message)
{
    const Partner__V1__ExportRequest *request = (const Partner__V1__ExportRequest *)message;
    struct services *services = services_of(call);
    struct exporting *exporting = arena_zalloc(rpc_call_arena(call), sizeof *exporting);
    struct status status = registry_filter_make(rpc_call_arena(call), request->registries,
                                                request->n_registries, &exporting->filter);
    if (status_ok(status))
        status = check_ready(services);
    if (!status_ok(status)) {
        rpc_call_finish(call, status);
        return;
    }
    exporting->call = call;
    exporting->min_revision = request->min_revision;
    exporting->with_contact = auth_sees_contacts(auth_caller(call));
    timer_init(&exporting->check, rpc_call_loop(call), on_check, exporting);
    rpc_call_hold(call);
    rpc_call_set_state(call, exporting);
    int64_t until_ms = clock_monotonic_ms() + LONGEST_WAIT_MS;
    if (rpc_call_deadline_ms(call) < until_ms)
        until_ms = rpc_call_deadline_ms(call);
    replica_reader_wait(services_loop(call)->reader, &exporting->waiter, request->min_revision, until_ms,
                        on_snapshot, exporting);
}

void export_writable(struct rpc_call *call)
{
    struct exporting *exporting = rpc_call_state(call);
    exporting->is_full = false;
    if (!exporting->is_posted && exporting->snapshot)
        go_on(exporting);
}

void export_cancelled(struct rpc_call *call)
{
    struct exporting *exporting = rpc_call_state(call);
    if (!exporting)
        return;
    replica_waiter_cancel(&exporting->waiter);
    end(exporting);
}
