#include "model/batch.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/identifier.h"

/* Verdicts hang on one another: an update that is rejected keeps the identifiers that another record wants, a delete that is
 * rejected likewise, and it is rejected because of records that may be rejected themselves. So the batch is judged in
 * rounds, each in the belief that every stored organisation lets its former identifiers go but those known to stay; those found
 * to stay are remembered, and a round that finds no new one is right. Few batches take a second. */
enum { ROUNDS_BEFORE_ALL_STAY = 8 };

struct fault_found {
    const char *field, *reason;
};

/* One change while it is judged. */
struct judged {
    const struct batch_stored *stored; /* what stands under its id, or NULL */
    const char **keys;                 /* strong identifiers of an organisation to be written */
    size_t key_count;
    struct fault_found fixed; /* whatever happens to the others */
    struct fault_found fault; /* of this round */
    bool stays;               /* as it is stored: known from a former round */
};

struct judge {
    struct arena *arena;
    const struct batch *batch;
    const struct batch_facts *facts;
    struct judged *judged;
    struct text_map first;   /* id: the first change of it */
    struct text_map stored;  /* id: facts->stored */
    struct text_map owners;  /* identifier key: facts->owners */
    struct text_map taken;   /* identifier key: the change that lands with it, of this round */
    struct text_map named;   /* organisation: a change that lands and names it, of this round */
    struct text_map namings; /* organisation: its first in facts->namings; the others follow by next_naming */
    uint32_t *next_naming;
};

static bool is_own(const struct judge *judge, const char *id)
{
    return id_is_valid(id) && id_is_of_registry(id, judge->batch->registry);
}

static const struct batch_change *change_at(const struct judge *judge, size_t i)
{
    return &judge->batch->changes[i];
}

static enum record_kind stored_kind(const struct judge *judge, const char *id)
{
    uint32_t stored = text_map_get(&judge->stored, id);
    return stored == TEXT_MAP_NONE ? RECORD_NONE : judge->facts->stored[stored].kind;
}

static bool is_rejected(const struct judge *judge, size_t i)
{
    return judge->judged[i].fixed.reason || judge->judged[i].fault.reason;
}

static bool lands(const struct judge *judge, size_t i)
{
    return !change_at(judge, i)->is_delete && !is_rejected(judge, i);
}

/* ---- before the rounds ---- */

static bool is_id_field(const char *field)
{
    const char *dot = strrchr(field, '.');
    return text_equal(field, "delete_id") || text_equal(field, "upsert") || (dot && text_equal(dot, ".id"));
}

static const char *id_field(const struct judge *judge, const struct batch_change *change)
{
    if (change->is_delete)
        return "delete_id";
    return arena_format(judge->arena, "%s.id", record_kind_name(change->record.kind));
}

/* Faults that don't depend on the other changes' fate, but on their being there. That of the id comes before any other. */
static struct fault_found find_fixed_fault(struct judge *judge, size_t i)
{
    const struct batch_change *change = change_at(judge, i);
    struct fault_found sent = {change->reject_field, change->reject_reason};
    if ((sent.reason && is_id_field(sent.field)) || !is_own(judge, change->id))
        return sent;
    uint32_t first = text_map_get(&judge->first, change->id);
    if (first != i)
        return (struct fault_found){id_field(judge, change),
                                    arena_format(judge->arena, "change %u has the same id", first)};
    enum record_kind kind = stored_kind(judge, change->id);
    if (!change->is_delete && kind != RECORD_NONE && kind != change->record.kind)
        return (struct fault_found){
            id_field(judge, change),
            arena_format(judge->arena, "id stands for a record of kind %s", record_kind_name(kind))};
    return sent;
}

static void collect_keys(struct judge *judge, size_t i)
{
    const struct batch_change *change = change_at(judge, i);
    struct judged *judged = &judge->judged[i];
    if (change->record.kind != RECORD_ORGANISATION)
        return;
    const pb_organisation *organisation = change->record.organisation;
    judged->keys = arena_array(judge->arena, organisation->n_identifiers, sizeof *judged->keys);
    for (size_t k = 0; k < organisation->n_identifiers; k++) {
        const char *key = identifier_key(judge->arena, organisation->identifiers[k]);
        if (key)
            judged->keys[judged->key_count++] = key;
    }
}

static void index_facts(struct judge *judge)
{
    const struct batch_facts *facts = judge->facts;
    for (size_t i = 0; i < facts->stored_count; i++)
        text_map_set(&judge->stored, facts->stored[i].id, (uint32_t)i);
    for (size_t i = 0; i < facts->owner_count; i++) {
        const struct batch_identifier *identifier = &facts->owners[i].identifier;
        text_map_set(&judge->owners,
                     arena_format(judge->arena, "%s:%s", identifier->scheme, identifier->value), (uint32_t)i);
    }
    judge->next_naming = arena_array(judge->arena, facts->naming_count, sizeof *judge->next_naming);
    for (size_t i = 0; i < facts->naming_count; i++) {
        judge->next_naming[i] = text_map_get(&judge->namings, facts->namings[i].organisation_id);
        text_map_set(&judge->namings, facts->namings[i].organisation_id, (uint32_t)i);
    }
}

static void index_changes(struct judge *judge)
{
    for (size_t i = 0; i < judge->batch->count; i++) {
        const char *id = change_at(judge, i)->id;
        if (is_own(judge, id) && text_map_get(&judge->first, id) == TEXT_MAP_NONE)
            text_map_set(&judge->first, id, (uint32_t)i);
    }
    for (size_t i = 0; i < judge->batch->count; i++) {
        uint32_t stored = text_map_get(&judge->stored, change_at(judge, i)->id);
        judge->judged[i].stored = stored == TEXT_MAP_NONE ? NULL : &judge->facts->stored[stored];
        judge->judged[i].fixed = find_fixed_fault(judge, i);
        collect_keys(judge, i);
    }
}

/* ---- identifiers ---- */

static bool has_key(const struct judged *judged, const char *key)
{
    for (size_t k = 0; k < judged->key_count; k++)
        if (text_equal(judged->keys[k], key))
            return true;
    return false;
}

/* Whether the stored owner of an identifier still has it at the end, as far as this round knows. */
static bool owner_keeps(const struct judge *judge, const char *owner, const char *key)
{
    uint32_t i = text_map_get(&judge->first, owner);
    if (i == TEXT_MAP_NONE)
        return true;
    const struct judged *judged = &judge->judged[i];
    if (judged->fixed.reason || judged->stays)
        return true;
    return !change_at(judge, i)->is_delete && has_key(judged, key);
}

/* The other organisation that has one of its identifiers, or NULL. */
static const char *find_holder(const struct judge *judge, size_t i, const char **ret_key)
{
    const struct judged *judged = &judge->judged[i];
    for (size_t k = 0; k < judged->key_count; k++) {
        *ret_key = judged->keys[k];
        uint32_t owner = text_map_get(&judge->owners, judged->keys[k]);
        if (owner != TEXT_MAP_NONE) {
            const char *id = judge->facts->owners[owner].organisation_id;
            if (!text_equal(id, change_at(judge, i)->id) && owner_keeps(judge, id, judged->keys[k]))
                return id;
        }
        uint32_t taker = text_map_get(&judge->taken, judged->keys[k]);
        if (taker != TEXT_MAP_NONE && taker < i)
            return change_at(judge, taker)->id;
    }
    return NULL;
}

static struct fault_found find_identifier_fault(const struct judge *judge, size_t i)
{
    const char *key, *holder = find_holder(judge, i, &key);
    if (!holder)
        return (struct fault_found){0};
    int scheme_bytes = (int)strcspn(key, ":");
    return (struct fault_found){
        "organisation.identifiers",
        arena_format(judge->arena, "identifiers shares its %.*s with %s", scheme_bytes, key, holder)};
}

static void judge_identifiers(struct judge *judge)
{
    for (size_t i = 0; i < judge->batch->count; i++) {
        struct judged *judged = &judge->judged[i];
        judged->fault = (struct fault_found){0};
        if (!judged->key_count || judged->fixed.reason)
            continue;
        judged->fault = find_identifier_fault(judge, i);
        for (size_t k = 0; k < judged->key_count && !judged->fault.reason; k++)
            text_map_set(&judge->taken, judged->keys[k], (uint32_t)i);
    }
}

/* ---- references ---- */

/* NULL: the organisation stands at the end, deletes aside. */
static const char *find_reference_reason(const struct judge *judge, size_t i, const char *id)
{
    if (!is_own(judge, id))
        return NULL;
    uint32_t change = text_map_get(&judge->first, id);
    bool is_sent = change != TEXT_MAP_NONE && change_at(judge, change)->record.kind == RECORD_ORGANISATION;
    if (is_sent && lands(judge, change))
        return NULL;
    if (is_sent && !judge->judged[i].stored)
        return "names an organisation that is rejected";
    return stored_kind(judge, id) == RECORD_ORGANISATION ? NULL : "names an organisation that isn't there";
}

static struct fault_found find_reference_fault(const struct judge *judge, size_t i)
{
    const struct batch_change *change = change_at(judge, i);
    const char *const *ids, *scratch[1];
    size_t count = record_references(&change->record, &ids, scratch);
    for (size_t k = 0; k < count; k++) {
        const char *reason = find_reference_reason(judge, i, ids[k]);
        if (!reason)
            continue;
        const char *field = change->record.kind == RECORD_PARTNERSHIP
                                ? arena_format(judge->arena, "organisation_ids[%zu]", k)
                                : "organisation_id";
        return (struct fault_found){
            arena_format(judge->arena, "%s.%s", record_kind_name(change->record.kind), field),
            arena_format(judge->arena, "%s %s: %s", field, reason, ids[k])};
    }
    return (struct fault_found){0};
}

static void remember_named(struct judge *judge, size_t i)
{
    const char *const *ids, *scratch[1];
    size_t count = record_references(&change_at(judge, i)->record, &ids, scratch);
    for (size_t k = 0; k < count; k++)
        text_map_set(&judge->named, ids[k], (uint32_t)i);
}

static void judge_references(struct judge *judge)
{
    for (size_t i = 0; i < judge->batch->count; i++) {
        if (!lands(judge, i))
            continue;
        judge->judged[i].fault = find_reference_fault(judge, i);
        if (lands(judge, i))
            remember_named(judge, i);
    }
}

/* ---- deletes ---- */

/* A record that names the organisation at the end, or NULL. */
static const char *find_namer(const struct judge *judge, const char *organisation_id)
{
    uint32_t named = text_map_get(&judge->named, organisation_id);
    if (named != TEXT_MAP_NONE)
        return change_at(judge, named)->id;
    uint32_t naming = text_map_get(&judge->namings, organisation_id);
    for (; naming != TEXT_MAP_NONE; naming = judge->next_naming[naming]) {
        const char *id = judge->facts->namings[naming].record_id;
        uint32_t i = text_map_get(&judge->first, id);
        if (i == TEXT_MAP_NONE || is_rejected(judge, i))
            return id;
    }
    return NULL;
}

static void judge_deletes(struct judge *judge)
{
    for (size_t i = 0; i < judge->batch->count; i++) {
        const struct batch_change *change = change_at(judge, i);
        struct judged *judged = &judge->judged[i];
        if (!change->is_delete || judged->fixed.reason || !judged->stored ||
            judged->stored->kind != RECORD_ORGANISATION)
            continue;
        const char *namer = find_namer(judge, change->id);
        if (namer)
            judged->fault = (struct fault_found){
                "delete_id", arena_format(judge->arena, "delete_id is still named by %s", namer)};
    }
}

/* ---- rounds ---- */

/* False: all that is found to stay was known to. */
static bool remember_who_stays(struct judge *judge, bool all)
{
    bool is_new = false;
    for (size_t i = 0; i < judge->batch->count; i++) {
        struct judged *judged = &judge->judged[i];
        bool stays =
            judged->stored && judged->stored->kind == RECORD_ORGANISATION && (judged->fault.reason || all);
        if (stays && !judged->stays)
            judged->stays = is_new = true;
    }
    return is_new;
}

static void judge_in_rounds(struct judge *judge)
{
    for (unsigned round = 1;; round++) {
        text_map_fini(&judge->taken);
        text_map_fini(&judge->named);
        judge_identifiers(judge);
        judge_references(judge);
        judge_deletes(judge);
        if (!remember_who_stays(judge, false))
            return;
        if (round == ROUNDS_BEFORE_ALL_STAY)
            remember_who_stays(judge, true);
    }
}

/* ---- verdicts ---- */

/* The place of a path's field among its record's; a fault of the record as a whole comes last. */
static unsigned field_place(enum record_kind kind, const char *path)
{
    const ProtobufCMessageDescriptor *descriptor = record_descriptor(kind);
    const char *dot = strchr(path, '.');
    if (!dot)
        return UINT32_MAX;
    size_t bytes = strcspn(dot + 1, ".[");
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (strlen(descriptor->fields[i].name) == bytes &&
            strncmp(descriptor->fields[i].name, dot + 1, bytes) == 0)
            return i;
    return UINT32_MAX;
}

/* A record that was bad by itself may have a fault towards others in a field before that. */
static struct fault_found find_first_fault(struct judge *judge, size_t i)
{
    const struct batch_change *change = change_at(judge, i);
    struct fault_found fixed = judge->judged[i].fixed;
    if (!fixed.reason)
        return judge->judged[i].fault;
    if (change->record.kind == RECORD_NONE || is_id_field(fixed.field))
        return fixed;
    struct fault_found other = find_reference_fault(judge, i);
    if (!other.reason)
        other = find_identifier_fault(judge, i);
    bool is_before = other.reason && field_place(change->record.kind, other.field) <
                                         field_place(change->record.kind, fixed.field);
    return is_before ? other : fixed;
}

static void give_verdict(struct judge *judge, size_t i)
{
    struct batch_change *change = &judge->batch->changes[i];
    const struct batch_stored *stored = judge->judged[i].stored;
    struct fault_found fault = find_first_fault(judge, i);
    change->stored_kind = stored ? stored->kind : RECORD_NONE;
    change->reject_field = fault.field;
    change->reject_reason = fault.reason;
    if (fault.reason)
        change->verdict = BATCH_REJECTED;
    else if (change->is_delete)
        change->verdict = stored ? BATCH_DELETED : BATCH_UNCHANGED;
    else if (!stored)
        change->verdict = BATCH_CREATED;
    else
        change->verdict = memcmp(stored->content_hash, change->content_hash, CONTENT_HASH_BYTES) == 0
                              ? BATCH_UNCHANGED
                              : BATCH_UPDATED;
}

void batch_judge(struct arena *arena, const struct batch *batch, const struct batch_facts *facts)
{
    struct judge judge = {.arena = arena, .batch = batch, .facts = facts};
    judge.judged = arena_array(arena, batch->count, sizeof *judge.judged);
    index_facts(&judge);
    index_changes(&judge);
    judge_in_rounds(&judge);
    for (size_t i = 0; i < batch->count; i++)
        give_verdict(&judge, i);
    text_map_fini(&judge.first);
    text_map_fini(&judge.stored);
    text_map_fini(&judge.owners);
    text_map_fini(&judge.taken);
    text_map_fini(&judge.named);
    text_map_fini(&judge.namings);
}
