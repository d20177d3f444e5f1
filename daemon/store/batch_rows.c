#include "store/batch_rows.h"

#include <string.h>

#include "base/arena.h"
#include "model/identifier.h"
#include "store/column.h"
#include "store/parameter.h"
#include "store/pool.h"
#include "store/record_sql.h"
#include "store/transaction.h"

/* ---- questions ---- */

static const struct statement ask_stored = {
    "ask_stored", "SELECT id, kind, content_hash FROM record WHERE id = ANY ($1::text[])"};

static const struct statement ask_owners = {
    "ask_owners", "SELECT scheme, value, organisation_id FROM identifier WHERE registry = $1"
                  " AND (scheme, value) IN (SELECT * FROM unnest($2::text[], $3::text[]))"};

static const struct statement ask_namings = {
    "ask_namings", "SELECT own_organisation_id, id FROM offer WHERE own_organisation_id = ANY ($1::text[])"
                   " UNION ALL"
                   " SELECT own_organisation_id, id FROM need WHERE own_organisation_id = ANY ($1::text[])"
                   " UNION ALL"
                   " SELECT organisation_id, partnership_id FROM partnership_member"
                   " WHERE organisation_id = ANY ($1::text[])"};

/* Sent in one go: about 4 ms of the loop's time. */
enum { SLICE_RECORDS = 500 };

static void ask_owners_of(struct transaction *transaction, struct arena *arena, const char *registry,
                          const struct batch_wanted *wanted)
{
    struct parameters keys = {.arena = arena};
    const char **schemes = arena_array(arena, wanted->identifier_count, sizeof *schemes);
    const char **values = arena_array(arena, wanted->identifier_count, sizeof *values);
    for (size_t i = 0; i < wanted->identifier_count; i++) {
        schemes[i] = wanted->identifiers[i].scheme;
        values[i] = wanted->identifiers[i].value;
    }
    parameters_text(&keys, registry);
    parameters_texts(&keys, schemes, wanted->identifier_count);
    parameters_texts(&keys, values, wanted->identifier_count);
    transaction_send(transaction, &ask_owners, &keys);
}

void batch_rows_ask(struct transaction *transaction, struct arena *arena, const char *registry,
                    const struct batch_wanted *wanted)
{
    struct parameters ids = {.arena = arena}, deleted = {.arena = arena};
    parameters_texts(&ids, wanted->ids, wanted->id_count);
    transaction_send(transaction, &ask_stored, &ids);
    if (wanted->identifier_count)
        ask_owners_of(transaction, arena, registry, wanted);
    if (!wanted->deleted_count)
        return;
    parameters_texts(&deleted, wanted->deleted, wanted->deleted_count);
    transaction_send(transaction, &ask_namings, &deleted);
}

static void read_stored(struct arena *arena, const PGresult *result, struct batch_facts *facts)
{
    int count = PQntuples(result);
    struct batch_stored *stored = arena_array(arena, (size_t)count, sizeof *stored);
    for (int i = 0; i < count; i++) {
        struct column_value hash = result_blob(result, i, 2);
        stored[i].id = result_text(arena, result, i, 0);
        stored[i].kind = (enum record_kind)result_int2(result, i, 1);
        if (hash.size == CONTENT_HASH_BYTES)
            memcpy(stored[i].content_hash, hash.bytes, CONTENT_HASH_BYTES);
    }
    facts->stored = stored;
    facts->stored_count = (size_t)count;
}

static void read_owners(struct arena *arena, const PGresult *result, struct batch_facts *facts)
{
    int count = PQntuples(result);
    struct batch_owner *owners = arena_array(arena, (size_t)count, sizeof *owners);
    for (int i = 0; i < count; i++)
        owners[i] = (struct batch_owner){
            .identifier = {result_text(arena, result, i, 0), result_text(arena, result, i, 1)},
            .organisation_id = result_text(arena, result, i, 2),
        };
    facts->owners = owners;
    facts->owner_count = (size_t)count;
}

static void read_namings(struct arena *arena, const PGresult *result, struct batch_facts *facts)
{
    int count = PQntuples(result);
    struct batch_naming *namings = arena_array(arena, (size_t)count, sizeof *namings);
    for (int i = 0; i < count; i++)
        namings[i] =
            (struct batch_naming){result_text(arena, result, i, 0), result_text(arena, result, i, 1)};
    facts->namings = namings;
    facts->naming_count = (size_t)count;
}

void batch_rows_facts(struct arena *arena, const struct batch_wanted *wanted, PGresult *const *results,
                      struct batch_facts *ret_facts)
{
    *ret_facts = (struct batch_facts){0};
    read_stored(arena, *results++, ret_facts);
    if (wanted->identifier_count)
        read_owners(arena, *results++, ret_facts);
    if (wanted->deleted_count)
        read_namings(arena, *results, ret_facts);
}

/* ---- rows ---- */

static const struct statement free_identifiers = {
    "free_identifiers", "DELETE FROM identifier WHERE organisation_id = ANY ($1::text[])"};

/* What hangs on them goes with them. */
static const struct statement delete_records = {"delete_records",
                                                "DELETE FROM record WHERE id = ANY ($1::text[])"};

static const struct statement upsert_records = {
    "upsert_records", "INSERT INTO record (id, kind, change_set, content_hash, by_institution)"
                      " SELECT i, k, s, h, $5 FROM unnest($1::bigint[], $2::text[], $3::smallint[], "
                      "$4::bytea[]) AS w (s, i, k, h)"
                      " ON CONFLICT (id) DO UPDATE SET change_set = EXCLUDED.change_set,"
                      " content_hash = EXCLUDED.content_hash, by_institution = EXCLUDED.by_institution"};

static const struct statement take_identifiers = {
    "take_identifiers", "INSERT INTO identifier (organisation_id, scheme, value)"
                        " SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])"};

static const struct statement log_changes = {
    "log_changes",
    "INSERT INTO change_log (change_set, ordinal, kind, id, message)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::bytea[])"};

static const struct statement touch_registry = {"touch_registry",
                                                "UPDATE registry SET change_set = $2 WHERE id = $1"};

/* Every verdict but these leaves what stands. */
static bool is_written(const struct batch_change *change)
{
    return change->verdict == BATCH_CREATED || change->verdict == BATCH_UPDATED;
}

static bool is_deleted(const struct batch_change *change)
{
    return change->verdict == BATCH_DELETED;
}

void batch_rows_init(struct batch_rows *rows, struct arena *arena, const char *registry, size_t most)
{
    *rows = (struct batch_rows){
        .arena = arena,
        .registry = registry,
        .changes = arena_array(arena, most, sizeof *rows->changes),
        .change_sets = arena_array(arena, most, sizeof *rows->change_sets),
        .ordinals = arena_array(arena, most, sizeof *rows->ordinals),
    };
}

size_t batch_rows_add(struct batch_rows *rows, const struct batch *batch, int64_t change_set)
{
    size_t added = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!is_written(&batch->changes[i]) && !is_deleted(&batch->changes[i]))
            continue;
        rows->changes[rows->count] = &batch->changes[i];
        rows->change_sets[rows->count] = change_set;
        rows->ordinals[rows->count++] = (int64_t)added++;
    }
    return added;
}

static enum record_kind kind_of(const struct batch_change *change)
{
    return is_deleted(change) ? change->stored_kind : change->record.kind;
}

static size_t send_freed_identifiers(const struct batch_rows *rows, struct transaction *transaction)
{
    const char **ids = arena_array(rows->arena, rows->count, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (kind_of(rows->changes[i]) == RECORD_ORGANISATION && rows->changes[i]->verdict != BATCH_CREATED)
            ids[count++] = rows->changes[i]->id;
    if (!count)
        return 0;
    struct parameters parameters = {.arena = rows->arena};
    parameters_texts(&parameters, ids, count);
    transaction_send(transaction, &free_identifiers, &parameters);
    return 1;
}

static size_t send_deletes(const struct batch_rows *rows, struct transaction *transaction)
{
    const char **ids = arena_array(rows->arena, rows->count, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (is_deleted(rows->changes[i]))
            ids[count++] = rows->changes[i]->id;
    if (!count)
        return 0;
    struct parameters parameters = {.arena = rows->arena};
    parameters_texts(&parameters, ids, count);
    transaction_send(transaction, &delete_records, &parameters);
    return 1;
}

static size_t send_upserts(const struct batch_rows *rows, struct transaction *transaction)
{
    const char **ids = arena_array(rows->arena, rows->count, sizeof *ids);
    int16_t *kinds = arena_array(rows->arena, rows->count, sizeof *kinds);
    struct column_value *hashes = arena_array(rows->arena, rows->count, sizeof *hashes);
    int64_t *change_sets = arena_array(rows->arena, rows->count, sizeof *change_sets);
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const struct batch_change *change = rows->changes[i];
        if (!is_written(change))
            continue;
        change_sets[count] = rows->change_sets[i];
        ids[count] = change->id;
        kinds[count] = (int16_t)change->record.kind;
        hashes[count++] = (struct column_value){change->content_hash, CONTENT_HASH_BYTES};
    }
    if (!count)
        return 0;
    struct parameters parameters = {.arena = rows->arena};
    parameters_int8s(&parameters, change_sets, count);
    parameters_texts(&parameters, ids, count);
    parameters_int2s(&parameters, kinds, count);
    parameters_blobs(&parameters, hashes, count);
    parameters_bool(&parameters, rows->by_institution);
    transaction_send(transaction, &upsert_records, &parameters);
    return 1;
}

static void send_columns(struct transaction *transaction, struct arena *scratch, const struct record *record)
{
    struct column_value values[COLUMN_COUNT_MOST];
    struct parameters parameters = {.arena = scratch};
    column_encode(store_codec(transaction->store), scratch, record, values);
    for (size_t i = 0; i < record_table_of(record->kind)->column_count; i++)
        parameters_value(&parameters, values[i]);
    transaction_send(transaction, &store_sql(transaction->store)->upsert[record->kind], &parameters);
    arena_reset(scratch);
}

size_t batch_rows_send_records(const struct batch_rows *rows, struct transaction *transaction, size_t from,
                               size_t *ret_next)
{
    struct arena *scratch = arena_new(0);
    size_t sent = 0, at = from;
    for (; at < rows->count && sent < SLICE_RECORDS; at++)
        if (is_written(rows->changes[at])) {
            send_columns(transaction, scratch, &rows->changes[at]->record);
            sent++;
        }
    arena_free(scratch);
    *ret_next = at;
    return sent;
}

struct identifier_rows {
    const char **ids, **schemes, **values;
    size_t count;
};

static void add_identifiers(const struct batch_rows *rows, const struct batch_change *change,
                            struct identifier_rows *identifiers)
{
    const pb_organisation *organisation = change->record.organisation;
    for (size_t i = 0; i < organisation->n_identifiers; i++) {
        const char *key = identifier_key(rows->arena, organisation->identifiers[i]);
        if (!key)
            continue;
        size_t scheme_bytes = strcspn(key, ":");
        identifiers->ids[identifiers->count] = change->id;
        identifiers->schemes[identifiers->count] = arena_strndup(rows->arena, key, scheme_bytes);
        identifiers->values[identifiers->count++] = key + scheme_bytes + 1;
    }
}

static size_t send_identifiers(const struct batch_rows *rows, struct transaction *transaction)
{
    size_t most = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (is_written(rows->changes[i]) && kind_of(rows->changes[i]) == RECORD_ORGANISATION)
            most += rows->changes[i]->record.organisation->n_identifiers;
    struct identifier_rows identifiers = {
        .ids = arena_array(rows->arena, most, sizeof(char *)),
        .schemes = arena_array(rows->arena, most, sizeof(char *)),
        .values = arena_array(rows->arena, most, sizeof(char *)),
    };
    for (size_t i = 0; i < rows->count; i++)
        if (is_written(rows->changes[i]) && kind_of(rows->changes[i]) == RECORD_ORGANISATION)
            add_identifiers(rows, rows->changes[i], &identifiers);
    if (!identifiers.count)
        return 0;
    struct parameters parameters = {.arena = rows->arena};
    parameters_texts(&parameters, identifiers.ids, identifiers.count);
    parameters_texts(&parameters, identifiers.schemes, identifiers.count);
    parameters_texts(&parameters, identifiers.values, identifiers.count);
    transaction_send(transaction, &take_identifiers, &parameters);
    return 1;
}

static size_t send_log(const struct batch_rows *rows, struct transaction *transaction)
{
    int16_t *kinds = arena_array(rows->arena, rows->count, sizeof *kinds);
    const char **ids = arena_array(rows->arena, rows->count, sizeof *ids);
    struct column_value *messages = arena_array(rows->arena, rows->count, sizeof *messages);
    for (size_t i = 0; i < rows->count; i++) {
        const struct batch_change *change = rows->changes[i];
        kinds[i] = (int16_t)kind_of(change);
        ids[i] = change->id;
        messages[i] = is_deleted(change)
                          ? (struct column_value){NULL, -1}
                          : (struct column_value){change->packed, (int32_t)change->packed_bytes};
    }
    struct parameters parameters = {.arena = rows->arena};
    parameters_int8s(&parameters, rows->change_sets, rows->count);
    parameters_int8s(&parameters, rows->ordinals, rows->count);
    parameters_int2s(&parameters, kinds, rows->count);
    parameters_texts(&parameters, ids, rows->count);
    parameters_blobs(&parameters, messages, rows->count);
    transaction_send(transaction, &log_changes, &parameters);
    return 1;
}

static size_t send_registry(const struct batch_rows *rows, struct transaction *transaction)
{
    struct parameters parameters = {.arena = rows->arena};
    parameters_text(&parameters, rows->registry);
    parameters_int8(&parameters, rows->change_sets[rows->count - 1]);
    transaction_send(transaction, &touch_registry, &parameters);
    return 1;
}

size_t batch_rows_send_first(const struct batch_rows *rows, struct transaction *transaction)
{
    size_t sent = send_freed_identifiers(rows, transaction);
    sent += send_deletes(rows, transaction);
    sent += send_upserts(rows, transaction);
    return sent;
}

size_t batch_rows_send_last(const struct batch_rows *rows, struct transaction *transaction)
{
    size_t sent = send_identifiers(rows, transaction);
    sent += send_log(rows, transaction);
    sent += send_registry(rows, transaction);
    return sent;
}
