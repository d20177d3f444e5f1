#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/change.h"
#include "store/column.h"
#include "store/followed.h"
#include "store/parameter.h"
#include "store/push_sql.h"
#include "store/push_state.h"
#include "store/transaction.h"

/* Judging and writing what is staged: one transaction, a statement after the other. */

enum { ANSWER_BYTES_MOST = 3 << 20, CONFLICT_RETRY_MS = 500, BIG_CHANGES = 5000 };

/* One statement of the merge. */
struct push_step {
    enum push_phase phase;
    /* Sets the SQL and adds parameters; false: there is nothing to do. */
    bool (*fill)(struct store_push *push, const char **ret_sql, struct parameters *parameters);
    /* May be NULL. Before the next step, which it may change; or finishes the push. */
    void (*take)(struct store_push *push, const PGresult *result);
    bool is_plain; /* several statements, without parameters */
};

static void run_steps(struct store_push *push);

static void on_step(void *context, const struct push_reply *reply)
{
    struct store_push *push = context;
    const struct push_step *step = push->step++;
    push->phase_ns[step->phase] += clock_monotonic_ns() - push->step_start_ns;
    if (push->is_over)
        return;
    if (!reply->result) {
        push_finish(push, push_failure(push, reply));
        return;
    }
    if (step->take)
        step->take(push, reply->result);
    if (!push->is_over)
        run_steps(push);
}

static void run_steps(struct store_push *push)
{
    for (;; push->step++) {
        const char *sql;
        struct parameters parameters = {.arena = push->arena};
        if (!push->step->fill(push, &sql, &parameters))
            continue;
        push->step_start_ns = clock_monotonic_ns();
        push_link_run(push->link, sql, push->step->is_plain ? NULL : &parameters, on_step, push);
        return;
    }
}

static bool keeps_answer(const struct store_push *push)
{
    return push->options.request_id[0] && !push->options.dry_run;
}

static void add_request_key(const struct store_push *push, struct parameters *parameters)
{
    parameters_text(parameters, push->options.registry);
    parameters_text(parameters, "Push");
    parameters_text(parameters, push->options.request_id);
}

/* ---- the answer ---- */

/* What the revision counts. */
static int64_t count_changes(const struct store_push *push)
{
    return push->counts.created + push->counts.updated + push->counts.deleted + push->is_new_registry;
}

static struct batch_tally tally_of(const struct store_push *push)
{
    const struct push_counts *counts = &push->counts;
    if (push->options.all_or_nothing && counts->rejected)
        return (struct batch_tally){.rejected = (uint64_t)counts->rejected};
    int64_t others = counts->rejected_sent + counts->created + counts->updated + counts->deleted_sent;
    return (struct batch_tally){
        .created = (uint64_t)counts->created,
        .updated = (uint64_t)counts->updated,
        .unchanged = (uint64_t)(push->change_count - others),
        .deleted = (uint64_t)counts->deleted,
        .rejected = (uint64_t)counts->rejected,
    };
}

static void pack_answer(struct store_push *push, uint64_t revision)
{
    struct push_outcome outcome = {
        .tally = tally_of(push),
        .revision = revision,
        .rejections = push->rejections,
        .rejection_count = push->rejection_count,
    };
    push->answer = push->options.pack(push->options.context, push->arena, &outcome, &push->answer_bytes);
}

static bool fill_keep(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    if (!keeps_answer(push))
        return false;
    *ret_sql = push_sql_keep_answer;
    add_request_key(push, parameters);
    parameters_bytes(parameters, push->request_hash, REQUEST_HASH_BYTES);
    parameters_bytes(parameters, push->answer ? push->answer : "", push->answer_bytes);
    return true;
}

static bool fill_place(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    if (!push->options.followed)
        return false;
    *ret_sql = followed_place_sql;
    followed_add_place(push->options.followed, push->options.registry, parameters);
    return true;
}

static bool fill_commit(struct store_push *push, const char **ret_sql, struct parameters *)
{
    push->is_committing = true;
    *ret_sql = "COMMIT";
    return true;
}

static void log_end(const struct store_push *push)
{
    struct batch_tally tally = tally_of(push);
    const int64_t *ns = push->phase_ns;
    log_event(LOG_INFO, "store.push", "a push was taken", LOG_TEXT("registry", push->options.registry),
              LOG_NUMBER("changes", push->change_count),
              LOG_NUMBER("written", (int64_t)(tally.created + tally.updated)),
              LOG_NUMBER("deleted", (int64_t)tally.deleted), LOG_NUMBER("rejected", (int64_t)tally.rejected),
              LOG_NUMBER("prepare_ms", ns[PUSH_PHASE_PREPARE] / 1000000),
              LOG_NUMBER("copy_ms", ns[PUSH_PHASE_COPY] / 1000000),
              LOG_NUMBER("compare_ms", ns[PUSH_PHASE_COMPARE] / 1000000),
              LOG_NUMBER("judge_ms", ns[PUSH_PHASE_JUDGE] / 1000000),
              LOG_NUMBER("records_ms", ns[PUSH_PHASE_RECORDS] / 1000000),
              LOG_NUMBER("log_ms", ns[PUSH_PHASE_LOG] / 1000000),
              LOG_NUMBER("check_ms", ns[PUSH_PHASE_CHECK] / 1000000),
              LOG_NUMBER("commit_ms", ns[PUSH_PHASE_COMMIT] / 1000000),
              LOG_NUMBER("all_ms", (clock_monotonic_ns() - push->start_ns) / 1000000));
}

static void take_end(struct store_push *push, const PGresult *)
{
    log_end(push);
    push_finish(push, STATUS_NONE);
}

/* Nothing was changed: the current revision is answered. */
static const struct push_step leave_steps[] = {
    {PUSH_PHASE_COMMIT, fill_keep, NULL, false},
    {PUSH_PHASE_COMMIT, fill_place, NULL, false},
    {PUSH_PHASE_COMMIT, fill_commit, take_end, true},
};

/* ---- writing ---- */

static bool fill_logged_registry(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    if (!push->is_new_registry)
        return false;
    Partner__V1__Registry message = PARTNER__V1__REGISTRY__INIT;
    message.id = (char *)push->options.registry;
    message.title = (char *)push->options.followed->title;
    size_t bytes = protobuf_c_message_get_packed_size(&message.base);
    void *packed = arena_alloc(push->arena, bytes);
    protobuf_c_message_pack(&message.base, packed);
    *ret_sql = push_sql_logged_registry;
    parameters_int8(parameters, push->change_set);
    parameters_int4(parameters, (int32_t)(count_changes(push) - 1));
    parameters_int2(parameters, CHANGE_REGISTRY);
    parameters_text(parameters, push->options.registry);
    parameters_bytes(parameters, packed, bytes);
    return true;
}

static bool has_updates(const struct store_push *push)
{
    return push->counts.updated > 0;
}

static bool fill_free(struct store_push *push, const char **ret_sql, struct parameters *)
{
    *ret_sql = push_sql_free;
    return has_updates(push) || push->counts.deleted;
}

static bool fill_delete(struct store_push *push, const char **ret_sql, struct parameters *)
{
    *ret_sql = push_sql_delete;
    return push->counts.deleted > 0;
}

static bool fill_new_records(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_new_records;
    parameters_int8(parameters, push->change_set);
    return push->counts.created > 0;
}

static bool fill_updated_records(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_updated_records;
    parameters_int8(parameters, push->change_set);
    return has_updates(push);
}

static bool fill_kinds(struct store_push *push, const char **ret_sql, struct parameters *)
{
    struct text_buffer sql = {0};
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++)
        if (push->kind_counts[kind])
            push_sql_add_kind(&sql, record_table_of(kind), push->counts.created > 0, has_updates(push));
    *ret_sql = sql.bytes ? arena_strdup(push->arena, sql.bytes) : "";
    text_buffer_fini(&sql);
    return **ret_sql;
}

static bool fill_identifiers(struct store_push *push, const char **ret_sql, struct parameters *)
{
    *ret_sql = push_sql_identifiers;
    return push->kind_counts[RECORD_NONE] && push->counts.created + push->counts.updated;
}

static bool fill_logged(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_logged;
    parameters_int8(parameters, push->change_set);
    return push->counts.created + push->counts.updated;
}

static bool fill_logged_deletes(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_logged_deletes;
    parameters_int8(parameters, push->change_set);
    parameters_int8(parameters, push->counts.created + push->counts.updated);
    return push->counts.deleted > 0;
}

static bool fill_touch(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_touch;
    parameters_text(parameters, push->options.registry);
    parameters_int8(parameters, push->change_set);
    return true;
}

/* Now, so that the revision's lock need not wait for it. */
static bool fill_check(struct store_push *, const char **ret_sql, struct parameters *)
{
    *ret_sql = "SET LOCAL enable_seqscan = off; SET CONSTRAINTS ALL IMMEDIATE";
    return true;
}

static bool fill_revision(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = transaction_revision_sql();
    parameters_int8(parameters, push->change_set);
    parameters_int4(parameters, (int32_t)count_changes(push));
    parameters_bool(parameters, false);
    return true;
}

static void take_revision(struct store_push *push, const PGresult *result)
{
    pack_answer(push, (uint64_t)result_int8(result, 0, 0));
}

static bool fill_publish(struct store_push *push, const char **ret_sql, struct parameters *)
{
    push->is_committing = true;
    *ret_sql = "SELECT pg_notify('partnerd_change', ''); COMMIT";
    return true;
}

static const struct push_step write_steps[] = {
    {PUSH_PHASE_RECORDS, fill_free, NULL, true},
    {PUSH_PHASE_RECORDS, fill_delete, NULL, true},
    {PUSH_PHASE_RECORDS, fill_new_records, NULL, false},
    {PUSH_PHASE_RECORDS, fill_updated_records, NULL, false},
    {PUSH_PHASE_RECORDS, fill_kinds, NULL, true},
    {PUSH_PHASE_RECORDS, fill_identifiers, NULL, true},
    {PUSH_PHASE_LOG, fill_logged, NULL, false},
    {PUSH_PHASE_LOG, fill_logged_deletes, NULL, false},
    {PUSH_PHASE_LOG, fill_logged_registry, NULL, false},
    {PUSH_PHASE_LOG, fill_touch, NULL, false},
    {PUSH_PHASE_CHECK, fill_check, NULL, true},
    {PUSH_PHASE_COMMIT, fill_revision, take_revision, false},
    {PUSH_PHASE_COMMIT, fill_keep, NULL, false},
    {PUSH_PHASE_COMMIT, fill_place, NULL, false},
    {PUSH_PHASE_COMMIT, fill_publish, take_end, true},
};

/* ---- judging ---- */

static bool fill_begin(struct store_push *push, const char **ret_sql, struct parameters *)
{
    *ret_sql = push->change_count > BIG_CHANGES ? push_sql_begin_big : push_sql_begin;
    return true;
}

static bool fill_make(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    const struct store_followed *followed = push->options.followed;
    if (!followed || !followed->title)
        return false;
    *ret_sql = push_sql_make_registry;
    parameters_text(parameters, push->options.registry);
    parameters_text(parameters, followed->title);
    parameters_text(parameters, followed->upstream);
    return true;
}

static void take_made(struct store_push *push, const PGresult *result)
{
    push->is_new_registry = PQntuples(result) > 0;
}

static bool fill_lock(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = followed_lock_sql;
    parameters_text(parameters, push->options.registry);
    return true;
}

static void take_lock(struct store_push *push, const PGresult *result)
{
    if (!push_take_registry(push, result))
        return;
    /* Where it is the same, nobody has written to the registry since the push began. */
    push->change_set = result_int8(result, 0, 1);
}

static bool fill_find_request(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = push_sql_find_request;
    add_request_key(push, parameters);
    return keeps_answer(push);
}

static void take_request(struct store_push *push, const PGresult *result)
{
    if (PQntuples(result) == 0)
        return;
    struct column_value hash = result_blob(result, 0, 0), answer = result_blob(result, 0, 1);
    struct status status = STATUS_NONE;
    if (hash.size == REQUEST_HASH_BYTES && memcmp(hash.bytes, push->request_hash, REQUEST_HASH_BYTES) == 0) {
        push->answer = arena_copy(push->arena, answer.bytes, (size_t)answer.size);
        push->answer_bytes = (size_t)answer.size;
    } else {
        status = status_invalid("request_id", "request_id was used before, for a request with other content");
        status.reason = "REQUEST_ID_REUSED";
    }
    push_finish(push, status);
}

static bool fill_compare(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = "SELECT pg_temp.push_compare($1::text, $2::boolean, $3::boolean)";
    parameters_text(parameters, push->options.registry);
    parameters_bool(parameters, push->options.full);
    parameters_bool(parameters, push->change_set != push->first_change_set);
    return true;
}

static void take_compared(struct store_push *push, const PGresult *result)
{
    if (!result_is_true(result, 0, 0))
        return;
    struct status status =
        status_make(STATUS_UNAVAILABLE, "records of the push were changed while it came; nothing "
                                        "was changed by it, push again");
    status.retry_ms = CONFLICT_RETRY_MS;
    push_finish(push, status);
}

static bool fill_judge(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = "SELECT pg_temp.push_judge($1::text, $2::boolean, $3::integer)";
    parameters_text(parameters, push->options.registry);
    parameters_bool(parameters, push->options.full);
    parameters_int4(parameters, (int32_t)push->change_count);
    return true;
}

static bool fill_count(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    fill_judge(push, ret_sql, parameters);
    *ret_sql = "SELECT rejected, rejected_sent, created, updated, deleted, deleted_sent, records_before"
               " FROM pg_temp.push_count($1::text, $2::boolean, $3::integer)";
    return true;
}

static void take_counts(struct store_push *push, const PGresult *result)
{
    int64_t *counts[] = {&push->counts.rejected,      &push->counts.rejected_sent, &push->counts.created,
                         &push->counts.updated,       &push->counts.deleted,       &push->counts.deleted_sent,
                         &push->counts.records_before};
    for (int i = 0; i < (int)(sizeof counts / sizeof *counts); i++)
        *counts[i] = result_int8(result, 0, i);
}

static bool fill_rejections(struct store_push *push, const char **ret_sql, struct parameters *parameters)
{
    *ret_sql = "SELECT ordinal, id, field, reason FROM push_fault ORDER BY ordinal LIMIT $1::integer";
    parameters_int4(parameters, PUSH_REJECTIONS_MOST);
    return push->counts.rejected > 0;
}

/* So many as are listed, and no more than an answer may hold. */
static void take_rejections(struct store_push *push, const PGresult *result)
{
    size_t count = (size_t)PQntuples(result), bytes = 0;
    push->rejections = arena_array(push->arena, count, sizeof *push->rejections);
    for (int row = 0; row < (int)count && bytes < ANSWER_BYTES_MOST; row++) {
        uint32_t ordinal = (uint32_t)result_int4(result, row, 0);
        push->rejections[push->rejection_count++] = (struct push_rejection){
            .index = ordinal < push->change_count ? ordinal : push->change_count,
            .id = result_text(push->arena, result, row, 1),
            .field = result_text(push->arena, result, row, 2),
            .reason = result_text(push->arena, result, row, 3),
        };
        for (int column = 1; column < 4; column++)
            bytes += 8 + (size_t)PQgetlength(result, row, column);
    }
}

static bool fill_line(struct store_push *, const char **ret_sql, struct parameters *)
{
    *ret_sql = "SELECT nextval('change_set'), (SELECT newest FROM revision_line)";
    return true;
}

static bool deletes_too_much(const struct store_push *push)
{
    const struct push_counts *counts = &push->counts;
    return push->options.full &&
           counts->deleted * 100 > (int64_t)push->options.max_delete_percent * counts->records_before;
}

static struct status say_too_many(struct store_push *push)
{
    struct status status = status_format(
        push->arena, STATUS_FAILED_PRECONDITION, "options.max_delete_percent",
        "max_delete_percent is %u, and %lld of %lld records would be deleted; nothing was changed",
        push->options.max_delete_percent, (long long)push->counts.deleted,
        (long long)push->counts.records_before);
    status.reason = "TOO_MANY_DELETES";
    return status;
}

static void take_line(struct store_push *push, const PGresult *result)
{
    const struct push_counts *counts = &push->counts;
    bool is_refused = push->options.all_or_nothing && counts->rejected;
    push->change_set = result_int8(result, 0, 0);
    push->newest = (uint64_t)result_int8(result, 0, 1);
    if (!is_refused && deletes_too_much(push)) {
        push_finish(push, say_too_many(push));
        return;
    }
    bool changes = count_changes(push) > 0;
    if (changes && !is_refused && !push->options.dry_run) {
        push->step = write_steps;
        return;
    }
    pack_answer(push, push->newest);
    if (push->options.dry_run)
        take_end(push, NULL);
    else
        push->step = leave_steps;
}

static const struct push_step judge_steps[] = {
    {PUSH_PHASE_COMPARE, fill_begin, NULL, true},
    {PUSH_PHASE_COMPARE, fill_make, take_made, false},
    {PUSH_PHASE_COMPARE, fill_lock, take_lock, false},
    {PUSH_PHASE_COMPARE, fill_find_request, take_request, false},
    {PUSH_PHASE_COMPARE, fill_compare, take_compared, false},
    {PUSH_PHASE_JUDGE, fill_judge, NULL, false},
    {PUSH_PHASE_JUDGE, fill_count, take_counts, false},
    {PUSH_PHASE_JUDGE, fill_rejections, take_rejections, false},
    {PUSH_PHASE_JUDGE, fill_line, take_line, false},
};

void push_merge(struct store_push *push)
{
    unsigned int length = REQUEST_HASH_BYTES;
    if (push->hash)
        EVP_DigestFinal_ex(push->hash, push->request_hash, &length);
    push->step = judge_steps;
    run_steps(push);
}
