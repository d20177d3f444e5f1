#include "model/batch.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/identifier.h"
#include "model/normalise.h"
#include "model/validate.h"

/* ---- one change ---- */

static void reject(struct batch_change *change, const char *field, const char *reason)
{
    change->reject_field = field;
    change->reject_reason = reason;
}

/* NULL: fine. */
static const char *id_fault(struct arena *arena, const char *registry, const char *name, const char *id)
{
    if (!id_is_valid(id))
        return arena_format(arena, "%s has not the form registry/key", name);
    if (!id_is_of_registry(id, registry))
        return arena_format(arena, "%s is not of registry %s", name, registry);
    return NULL;
}

static void prepare_delete(struct arena *arena, const char *registry, const char *id,
                           struct batch_change *change)
{
    change->is_delete = true;
    change->id = id;
    const char *fault = id_fault(arena, registry, "delete_id", id);
    if (fault)
        reject(change, "delete_id", fault);
}

static void prepare_upsert(struct arena *arena, const struct vocabulary *vocabulary, const char *registry,
                           pb_record *message, struct batch_change *change)
{
    record_normalise(arena, message);
    change->record = record_of(message);
    change->id = record_id(&change->record);
    const char *fault = id_fault(arena, registry, "id", change->id);
    if (fault) {
        reject(change, arena_format(arena, "%s.id", record_kind_name(change->record.kind)), fault);
        return;
    }
    struct status status = record_validate(arena, vocabulary, &change->record);
    if (!status_ok(status))
        reject(change, status.field, status.message);
    else
        change->packed = record_pack(arena, &change->record, &change->packed_bytes);
}

void batch_change_prepare(struct arena *arena, const struct vocabulary *vocabulary, const char *registry,
                          pb_change *message, struct batch_change *ret_change)
{
    *ret_change = (struct batch_change){.id = ""};
    if (message->kind_case == PARTNER__V1__CHANGE__KIND_DELETE_ID)
        prepare_delete(arena, registry, message->delete_id, ret_change);
    else if (message->kind_case == PARTNER__V1__CHANGE__KIND_UPSERT &&
             message->upsert->kind_case != PARTNER__V1__RECORD__KIND__NOT_SET)
        prepare_upsert(arena, vocabulary, registry, message->upsert, ret_change);
    else
        reject(ret_change, "upsert", "a change has neither a record nor delete_id");
}

/* ---- what to ask the database ---- */

/* Distinct texts in the order they came. */
struct text_set {
    struct arena *arena;
    struct text_map seen;
    const char **items;
    size_t count, capacity;
};

static void text_set_add(struct text_set *set, const char *text)
{
    if (text_map_get(&set->seen, text) != TEXT_MAP_NONE)
        return;
    if (set->count == set->capacity) {
        set->capacity = set->capacity ? set->capacity * 2 : 16;
        set->items = arena_grow(set->arena, set->items, set->count * sizeof *set->items,
                                set->capacity * sizeof *set->items);
    }
    text_map_set(&set->seen, text, 1);
    set->items[set->count++] = text;
}

static bool is_own(const struct batch *batch, const char *id)
{
    return id_is_valid(id) && id_is_of_registry(id, batch->registry);
}

static void want_ids(const struct batch *batch, const struct batch_change *change, struct text_set *ids)
{
    const char *const *references;
    const char *scratch[1];
    if (is_own(batch, change->id))
        text_set_add(ids, change->id);
    size_t count = record_references(&change->record, &references, scratch);
    for (size_t i = 0; i < count; i++)
        if (is_own(batch, references[i]))
            text_set_add(ids, references[i]);
}

static void want_identifiers(struct arena *arena, const struct batch_change *change, struct text_set *keys)
{
    if (change->record.kind != RECORD_ORGANISATION)
        return;
    const pb_organisation *organisation = change->record.organisation;
    for (size_t i = 0; i < organisation->n_identifiers; i++) {
        const char *key = identifier_key(arena, organisation->identifiers[i]);
        if (key)
            text_set_add(keys, key);
    }
}

static struct batch_identifier *split_keys(struct arena *arena, const struct text_set *keys)
{
    struct batch_identifier *identifiers = arena_array(arena, keys->count, sizeof *identifiers);
    for (size_t i = 0; i < keys->count; i++) {
        size_t scheme_bytes = strcspn(keys->items[i], ":");
        identifiers[i] = (struct batch_identifier){
            .scheme = arena_strndup(arena, keys->items[i], scheme_bytes),
            .value = keys->items[i] + scheme_bytes + 1,
        };
    }
    return identifiers;
}

void batch_want(struct arena *arena, const struct batch *batch, struct batch_wanted *ret_wanted)
{
    struct text_set ids = {.arena = arena}, keys = {.arena = arena}, deleted = {.arena = arena};
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_change *change = &batch->changes[i];
        want_ids(batch, change, &ids);
        want_identifiers(arena, change, &keys);
        if (change->is_delete && is_own(batch, change->id))
            text_set_add(&deleted, change->id);
    }
    *ret_wanted = (struct batch_wanted){
        .ids = ids.items,
        .id_count = ids.count,
        .identifiers = split_keys(arena, &keys),
        .identifier_count = keys.count,
        .deleted = deleted.items,
        .deleted_count = deleted.count,
    };
    text_map_fini(&ids.seen);
    text_map_fini(&keys.seen);
    text_map_fini(&deleted.seen);
}

/* ---- the outcome ---- */

struct batch_tally batch_tally(const struct batch *batch)
{
    uint64_t counts[BATCH_REJECTED + 1] = {0};
    for (size_t i = 0; i < batch->count; i++)
        counts[batch->changes[i].verdict]++;
    if (batch->all_or_nothing && counts[BATCH_REJECTED])
        return (struct batch_tally){.rejected = counts[BATCH_REJECTED]};
    return (struct batch_tally){
        .created = counts[BATCH_CREATED],
        .updated = counts[BATCH_UPDATED],
        .unchanged = counts[BATCH_UNCHANGED],
        .deleted = counts[BATCH_DELETED],
        .rejected = counts[BATCH_REJECTED],
    };
}

bool batch_changes_something(const struct batch *batch)
{
    struct batch_tally tally = batch_tally(batch);
    return tally.created || tally.updated || tally.deleted;
}
