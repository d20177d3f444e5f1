#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/text.h"
#include "model/batch.h"
#include "model/identifier.h"
#include "model/support.h"

/* Situations are written in short. A record is its kind (o f n p), its key in registry es and what it has:
 *   "o a 1 2"  organisation es/a with the OIDs E00000001 and E00000002     "f x a"  an offer of es/a
 *   "p q a b"  a partnership of es/a and es/b                              "-a"     es/a is deleted
 * Words: "former3" an OID no longer in use, "tX" another title, "bad" a sector that isn't one, "badname" a name too long,
 * "de/x" a key of another registry. A batch is changes divided by ", ", and so is what is stored. */

enum { MOST_CHANGES = 64 };

static int make_arena(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int free_arena(void **state)
{
    arena_free(*state);
    return 0;
}

/* ---- from short to long ---- */

static const char *full_id(struct arena *arena, const char *key)
{
    return strchr(key, '/') ? arena_strdup(arena, key) : arena_format(arena, "es/%s", key);
}

static const char *kind_of(char letter)
{
    return letter == 'o' ? "organisation" : letter == 'f' ? "offer" : letter == 'n' ? "need" : "partnership";
}

static char *word_script(struct arena *arena, const char *kind, const char *word, unsigned *number)
{
    bool is_organisation = text_equal(kind, "organisation"), is_partnership = text_equal(kind, "partnership");
    if (text_equal(word, "bad"))
        return arena_strdup(arena, "sectors[0]=zz");
    if (text_equal(word, "badname"))
        return arena_strdup(arena, is_organisation ? "name=x*501" : "title=x*501");
    if (word[0] == 't' && word[1] >= '0' && word[1] <= '9')
        return arena_format(arena, "%s=%s",
                            is_organisation  ? "name"
                            : is_partnership ? "mobilities"
                                             : "title",
                            word + 1);
    unsigned i = (*number)++;
    if (is_organisation) {
        bool former = text_starts_with(word, "former");
        return arena_format(
            arena, "identifiers[%u].scheme=oid; identifiers[%u].value=E%08d; identifiers[%u].former=%d", i, i,
            atoi(former ? word + 6 : word), i, former);
    }
    const char *id = full_id(arena, word);
    return is_partnership ? arena_format(arena, "organisation_ids[%u]=%s", i, id)
                          : arena_format(arena, "organisation_id=%s", id);
}

static pb_record *make_record(struct arena *arena, const char *text)
{
    char *words = arena_strdup(arena, text), *save;
    const char *kind = kind_of(*strtok_r(words, " ", &save));
    const char *id = full_id(arena, strtok_r(NULL, " ", &save));
    char *script = arena_format(arena, "%s; id=%s", kind, id);
    unsigned number = 0;
    for (char *word; (word = strtok_r(NULL, " ", &save));)
        script = arena_format(arena, "%s; %s", script, word_script(arena, kind, word, &number));
    return record_make(arena, script);
}

static pb_change *make_change(struct arena *arena, const char *text)
{
    pb_change *change = arena_alloc(arena, sizeof *change);
    partner__v1__change__init(change);
    if (*text == '-') {
        change->kind_case = PARTNER__V1__CHANGE__KIND_DELETE_ID;
        change->delete_id = (char *)full_id(arena, text + 1);
    } else if (*text != '?') {
        change->kind_case = PARTNER__V1__CHANGE__KIND_UPSERT;
        change->upsert = make_record(arena, text);
    }
    return change;
}

static size_t split(struct arena *arena, const char *text, char *parts[MOST_CHANGES])
{
    size_t count = 0;
    while (*text) {
        const char *end = strstr(text, ", ");
        assert_true(count < MOST_CHANGES);
        parts[count++] = end ? arena_strndup(arena, text, (size_t)(end - text)) : arena_strdup(arena, text);
        text = end ? end + 2 : text + strlen(text);
    }
    return count;
}

static void hash_content(const void *bytes, size_t size, unsigned char hash[CONTENT_HASH_BYTES])
{
    uint64_t halves[2] = {hash_bytes(bytes, size), size};
    memcpy(hash, halves, CONTENT_HASH_BYTES);
}

/* ---- a database of one registry ---- */

struct database {
    struct batch_change records[MOST_CHANGES]; /* as changes that landed */
    size_t count;
};

static void database_load(struct arena *arena, struct database *database, const char *text)
{
    char *parts[MOST_CHANGES];
    database->count = split(arena, text, parts);
    for (size_t i = 0; i < database->count; i++) {
        batch_change_prepare(arena, NULL, "es", make_change(arena, parts[i]), &database->records[i]);
        struct batch_change *record = &database->records[i];
        assert_null(record->reject_reason);
        hash_content(record->packed, record->packed_bytes, record->content_hash);
    }
}

static bool is_among(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(texts[i], text))
            return true;
    return false;
}

static bool record_names(const struct record *record, const char *organisation_id)
{
    const char *const *ids, *scratch[1];
    size_t count = record_references(record, &ids, scratch);
    return is_among(ids, count, organisation_id);
}

static bool record_has(struct arena *arena, const struct record *record,
                       const struct batch_identifier *identifier)
{
    if (record->kind != RECORD_ORGANISATION)
        return false;
    const char *wanted = arena_format(arena, "%s:%s", identifier->scheme, identifier->value);
    for (size_t i = 0; i < record->organisation->n_identifiers; i++) {
        const char *key = identifier_key(arena, record->organisation->identifiers[i]);
        if (key && text_equal(key, wanted))
            return true;
    }
    return false;
}

/* Answers what is wanted and nothing else. */
static struct batch_facts database_answer(struct arena *arena, const struct database *database,
                                          const struct batch_wanted *wanted)
{
    struct batch_stored *stored = arena_array(arena, database->count, sizeof *stored);
    struct batch_owner *owners =
        arena_array(arena, wanted->identifier_count * database->count, sizeof *owners);
    struct batch_naming *namings =
        arena_array(arena, wanted->deleted_count * database->count, sizeof *namings);
    struct batch_facts facts = {.stored = stored, .owners = owners, .namings = namings};
    for (size_t i = 0; i < database->count; i++) {
        const struct batch_change *record = &database->records[i];
        if (is_among(wanted->ids, wanted->id_count, record->id)) {
            struct batch_stored *entry = &stored[facts.stored_count++];
            *entry = (struct batch_stored){.id = record->id, .kind = record->record.kind};
            memcpy(entry->content_hash, record->content_hash, CONTENT_HASH_BYTES);
        }
        for (size_t k = 0; k < wanted->identifier_count; k++)
            if (record_has(arena, &record->record, &wanted->identifiers[k]))
                owners[facts.owner_count++] = (struct batch_owner){wanted->identifiers[k], record->id};
        for (size_t k = 0; k < wanted->deleted_count; k++)
            if (record_names(&record->record, wanted->deleted[k]))
                namings[facts.naming_count++] = (struct batch_naming){wanted->deleted[k], record->id};
    }
    return facts;
}

static struct batch judge(struct arena *arena, const struct database *database, const char *changes)
{
    char *parts[MOST_CHANGES];
    struct batch batch = {.registry = "es", .count = split(arena, changes, parts)};
    batch.changes = arena_array(arena, batch.count, sizeof *batch.changes);
    for (size_t i = 0; i < batch.count; i++) {
        struct batch_change *change = &batch.changes[i];
        batch_change_prepare(arena, NULL, "es", make_change(arena, parts[i]), change);
        if (change->packed)
            hash_content(change->packed, change->packed_bytes, change->content_hash);
    }
    struct batch_wanted wanted;
    batch_want(arena, &batch, &wanted);
    struct batch_facts facts = database_answer(arena, database, &wanted);
    batch_judge(arena, &batch, &facts);
    return batch;
}

/* "created, rejected offer.organisation_id": one word a change, with the field of a rejection. */
static char *outcome(struct arena *arena, const struct batch *batch)
{
    static const char *const words[] = {"undecided", "created", "updated",
                                        "unchanged", "deleted", "rejected"};
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_change *change = &batch->changes[i];
        bool rejected = change->verdict == BATCH_REJECTED;
        assert_true(rejected == (change->reject_reason != NULL));
        text = arena_format(arena, "%s%s%s%s%s", text, i ? ", " : "", words[change->verdict],
                            rejected ? " " : "", rejected ? change->reject_field : "");
    }
    return text;
}

/* ---- situations ---- */

static const struct {
    const char *stored, *changes, *outcome;
} rows[] = {
    /* one change */
    {"", "o a", "created"},
    {"o a", "o a", "unchanged"},
    {"o a", "o a t1", "updated"},
    {"o a 1 2", "o a 2 1", "updated"}, /* order in lists counts */
    {"o a", "-a", "deleted"},
    {"", "-a", "unchanged"},
    {"", "o a bad", "rejected organisation.sectors[0]"},
    {"o a", "o a bad", "rejected organisation.sectors[0]"},
    {"", "?", "rejected upsert"},

    /* ids */
    {"", "o de/a", "rejected organisation.id"},
    {"", "-de/a", "rejected delete_id"},
    {"", "-A/a", "rejected delete_id"},
    {"", "o a, o a", "created, rejected organisation.id"},
    {"", "o a bad, o a", "rejected organisation.sectors[0], rejected organisation.id"},
    {"", "o a, o a bad", "created, rejected organisation.id"},
    {"o a", "-a, o a", "deleted, rejected organisation.id"},
    {"o a", "o a, -a", "unchanged, rejected delete_id"},
    {"", "-a, -a", "unchanged, rejected delete_id"},
    {"o b", "o a, f a b", "created, rejected offer.id"},
    {"o b, f a b", "o a", "rejected organisation.id"},
    {"o b, f a b", "n a b", "rejected need.id"},
    {"o b, f a b", "o a bad", "rejected organisation.id"},

    /* references */
    {"", "f x a", "rejected offer.organisation_id"},
    {"", "n x a", "rejected need.organisation_id"},
    {"o a", "f x a, n y a", "created, created"},
    {"", "f x a, o a", "created, created"},
    {"", "f x de/a", "created"},
    {"", "p q de/a fr/b", "created"},
    {"o a", "p q a b", "rejected partnership.organisation_ids[1]"},
    {"o a", "p q a de/b", "created"},
    {"o a, f x a", "f y x", "rejected offer.organisation_id"}, /* an offer is no organisation */
    {"o a", "f x a, f y x", "created, rejected offer.organisation_id"},
    {"", "o a bad, f x a", "rejected organisation.sectors[0], rejected offer.organisation_id"},
    {"o b", "o a bad, p q b a", "rejected organisation.sectors[0], rejected partnership.organisation_ids[1]"},
    {"o a", "o a bad, f x a", "rejected organisation.sectors[0], rejected offer.organisation_id"},
    {"o a, f x a", "o a bad, f x a", "rejected organisation.sectors[0], unchanged"},
    {"o a, f x a", "o a bad, f x a t1", "rejected organisation.sectors[0], updated"},
    {"o a, o b, f x b", "o a bad, f x a", "rejected organisation.sectors[0], updated"},
    {"", "f x a bad", "rejected offer.organisation_id"},
    {"o a", "f x a bad", "rejected offer.sectors[0]"},
    {"", "f x a badname", "rejected offer.organisation_id"},

    /* deletes come last */
    {"o a, f x a", "-a", "rejected delete_id"},
    {"o a, f x a", "-a, -x", "deleted, deleted"},
    {"o a, f x a", "-x, -a", "deleted, deleted"},
    {"o a", "-a, f x a", "rejected delete_id, created"},
    {"o a", "f x a, -a", "created, rejected delete_id"},
    {"o a, o b, f x a", "f x b, -a", "updated, deleted"},
    {"o a, o b, f x a", "-a, f x b", "deleted, updated"},
    {"o a, o b, f x a", "f x b bad, -a", "rejected offer.sectors[0], rejected delete_id"},
    {"o a, f x a", "f x c, -a", "rejected offer.organisation_id, rejected delete_id"},
    {"o a, o b, p q a b", "-b", "rejected delete_id"},
    {"o a, o b, p q a b", "-a, -b, -q", "deleted, deleted, deleted"},
    {"o a, f x a", "-a, f x a", "rejected delete_id, unchanged"},
    {"", "-a, f x a", "unchanged, rejected offer.organisation_id"},
    {"o a, f x a", "-x, f x a, -a", "deleted, rejected offer.id, deleted"},
    {"o a", "-a, f x a bad", "deleted, rejected offer.sectors[0]"},

    /* strong identifiers */
    {"o a 1", "o b 1", "rejected organisation.identifiers"},
    {"o a 1", "o b 2 1", "rejected organisation.identifiers"},
    {"", "o a 1, o b 1", "created, rejected organisation.identifiers"},
    {"", "o a 1 bad, o b 1", "rejected organisation.sectors[0], created"},
    {"", "o a 1, o b 1 bad", "created, rejected organisation.identifiers"},
    {"", "o a 1 1", "created"},
    {"", "o a 1, o b former1", "created, created"},
    {"o a former1", "o b 1", "created"},
    {"o a 1", "o a 2, o b 1", "updated, created"},
    {"o a 1", "o b 1, o a 2", "created, updated"},
    {"o a 1", "o b 1, o a 1 2", "rejected organisation.identifiers, updated"},
    {"o a 1", "o b 1, o a 2 bad", "rejected organisation.identifiers, rejected organisation.sectors[0]"},
    {"o a 1, o b 2", "o a 2, o b 1", "updated, updated"},
    {"o a 1, o b 2, o c 3", "o a 2, o b 3, o c 1", "updated, updated, updated"},
    {"o a 1, o b 2, o c 3", "o a 2, o b 3, o c 1 bad",
     "rejected organisation.identifiers, rejected organisation.identifiers, rejected "
     "organisation.identifiers"},
    {"o a 1, o b 2", "o a 2", "rejected organisation.identifiers"},
    {"o a 1", "-a, o b 1", "deleted, created"},
    {"o a 1", "o b 1, -a", "created, deleted"},
    {"o a 1, f x a", "o b 1, -a", "rejected organisation.identifiers, rejected delete_id"},
    {"o a 1, f x a", "o b 1, -a, -x", "created, deleted, deleted"},
    {"o a 1, f x a", "o b 1, f x b, -a", "created, updated, deleted"},
    {"o a 1, f x a, f y a", "o b 1, f x b, -a",
     "rejected organisation.identifiers, rejected offer.organisation_id, rejected delete_id"},
    {"o a 1", "o b 1, f x b", "rejected organisation.identifiers, rejected offer.organisation_id"},
    {"o a 1", "f x b, p q a b, o b 1",
     "rejected offer.organisation_id, rejected partnership.organisation_ids[1], rejected "
     "organisation.identifiers"},
};

static void each_change_gets_its_verdict(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct database database;
        database_load(*state, &database, rows[i].stored);
        struct batch batch = judge(*state, &database, rows[i].changes);
        char *text = outcome(*state, &batch);
        if (!text_equal(text, rows[i].outcome))
            print_message("stored: %s\nchanges: %s\n", rows[i].stored, rows[i].changes);
        assert_string_equal(text, rows[i].outcome);
    }
}

static void reasons_name_the_other_record(void **state)
{
    static const struct {
        const char *stored, *changes, *reason;
    } said[] = {
        {"o a 1", "o b 1", "identifiers shares its oid with es/a"},
        {"", "o a, o a", "change 0 has the same id"},
        {"o b, f a b", "o a", "id stands for a record of kind offer"},
        {"", "o de/a", "id is not of registry es"},
        {"", "f x a", "organisation_id names an organisation that isn't there: es/a"},
        {"o c", "p q c a", "organisation_ids[1] names an organisation that isn't there: es/a"},
        {"", "f x a, o a bad", "organisation_id names an organisation that is rejected: es/a"},
        {"o a, f x a", "-a", "delete_id is still named by es/x"},
        {"o a", "-a, f x a", "delete_id is still named by es/x"},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct database database;
        database_load(*state, &database, said[i].stored);
        struct batch batch = judge(*state, &database, said[i].changes);
        const char *reason = NULL;
        for (size_t k = 0; k < batch.count && !reason; k++)
            reason = batch.changes[k].reject_reason;
        assert_string_equal(reason, said[i].reason);
    }
}

static void the_tally_counts_verdicts(void **state)
{
    struct database database;
    database_load(*state, &database, "o a, o b, o c");
    struct batch batch = judge(*state, &database, "o a, o b t1, -c, o d, o e, o f bad, -g");
    struct batch_tally tally = batch_tally(&batch);
    assert_int_equal(tally.created, 2);
    assert_int_equal(tally.updated, 1);
    assert_int_equal(tally.unchanged, 2);
    assert_int_equal(tally.deleted, 1);
    assert_int_equal(tally.rejected, 1);
    assert_true(batch_changes_something(&batch));
}

static void with_all_or_nothing_one_rejection_leaves_nothing_else(void **state)
{
    struct database database;
    database_load(*state, &database, "o a");
    struct batch batch = judge(*state, &database, "o a, o b, o c bad, -a");
    batch.all_or_nothing = true;
    struct batch_tally tally = batch_tally(&batch);
    assert_int_equal(tally.rejected, 2);
    assert_int_equal(tally.created + tally.updated + tally.unchanged + tally.deleted, 0);
    assert_false(batch_changes_something(&batch));
    batch = judge(*state, &database, "o b");
    batch.all_or_nothing = true;
    assert_int_equal(batch_tally(&batch).created, 1);
}

static void a_batch_without_effect_changes_nothing(void **state)
{
    struct database database;
    database_load(*state, &database, "o a");
    struct batch batch = judge(*state, &database, "o a, -b, o c bad");
    assert_false(batch_changes_something(&batch));
    batch = judge(*state, &database, "");
    assert_false(batch_changes_something(&batch));
}

static void what_is_wanted_is_distinct_and_of_the_registry(void **state)
{
    char *parts[MOST_CHANGES];
    struct batch batch = {.registry = "es"};
    batch.count = split(
        *state, "o a 1 2 former3, f x a, f y de/z, p q a b, -c, -c, o a 1, -de/d, -bad id, n m a bad", parts);
    batch.changes = arena_array(*state, batch.count, sizeof *batch.changes);
    for (size_t i = 0; i < batch.count; i++)
        batch_change_prepare(*state, NULL, "es", make_change(*state, parts[i]), &batch.changes[i]);
    struct batch_wanted wanted;
    batch_want(*state, &batch, &wanted);
    static const char *const ids[] = {"es/a", "es/x", "es/y", "es/q", "es/b", "es/c", "es/m"};
    assert_int_equal(wanted.id_count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(wanted.ids[i], ids[i]);
    assert_int_equal(wanted.identifier_count, 2);
    assert_string_equal(wanted.identifiers[0].scheme, "oid");
    assert_string_equal(wanted.identifiers[0].value, "E00000001");
    assert_string_equal(wanted.identifiers[1].value, "E00000002");
    assert_int_equal(wanted.deleted_count, 1);
    assert_string_equal(wanted.deleted[0], "es/c");
}

static void a_change_is_normalised_before_it_is_validated_and_packed(void **state)
{
    pb_change *change = make_change(*state, "o a");
    change->upsert->organisation->country = (char *)"EL";
    change->upsert->organisation->revision = 9;
    struct batch_change prepared;
    batch_change_prepare(*state, NULL, "es", change, &prepared);
    assert_null(prepared.reject_reason);
    struct record again;
    assert_true(record_unpack(*state, RECORD_ORGANISATION, prepared.packed, prepared.packed_bytes, &again));
    assert_string_equal(again.organisation->country, "GR");
    assert_int_equal(again.organisation->revision, 0);
}

/* ---- random batches against the rules themselves ---- */

static uint64_t random_state;

static unsigned pick(unsigned below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % below;
}

static char *random_record(struct arena *arena)
{
    static const char keys[] = "abcd";
    switch (pick(5)) {
    case 0:
    case 1:
        return arena_format(arena, "o %c %u%s%s", keys[pick(4)], pick(4), pick(3) ? "" : " 1",
                            pick(4) ? "" : " t1");
    case 2:
    case 3:
        return arena_format(arena, "f %c %c", "xy"[pick(2)], keys[pick(4)]);
    default:
        return arena_format(arena, "p q %c %c", keys[pick(2)], keys[2 + pick(2)]);
    }
}

static char *random_changes(struct arena *arena)
{
    unsigned count = 1 + pick(6);
    char *text = arena_strdup(arena, "");
    for (unsigned i = 0; i < count; i++) {
        char *change = pick(4) ? random_record(arena) : arena_format(arena, "-%c", "abcdxyq"[pick(7)]);
        const char *bad = *change != '-' && !pick(8) ? " bad" : "";
        text = arena_format(arena, "%s%s%s%s", text, i ? ", " : "", change, bad);
    }
    return text;
}

/* The labelling of a batch that is checked: which changes are rejected, on a database. */
struct labelling {
    struct arena *arena;
    const struct database *database;
    const struct batch *batch;
    bool rejected[MOST_CHANGES], fixed[MOST_CHANGES];
};

static size_t first_of(const struct batch *batch, const char *id)
{
    size_t i = 0;
    while (i < batch->count && !text_equal(batch->changes[i].id, id))
        i++;
    return i;
}

/* The record under an id at the end, or before the deletes, which come last; NULL: none. */
static const struct record *find_record(const struct labelling *labelling, const char *id,
                                        bool before_deletes)
{
    size_t i = first_of(labelling->batch, id);
    if (i < labelling->batch->count && labelling->batch->changes[i].is_delete && before_deletes)
        i = labelling->batch->count;
    if (i < labelling->batch->count && !labelling->rejected[i])
        return labelling->batch->changes[i].is_delete ? NULL : &labelling->batch->changes[i].record;
    for (size_t k = 0; k < labelling->database->count; k++)
        if (text_equal(labelling->database->records[k].id, id))
            return &labelling->database->records[k].record;
    return NULL;
}

static const struct record *end_record(const struct labelling *labelling, const char *id)
{
    return find_record(labelling, id, false);
}

static bool is_stored(const struct labelling *labelling, const char *id)
{
    for (size_t k = 0; k < labelling->database->count; k++)
        if (text_equal(labelling->database->records[k].id, id))
            return true;
    return false;
}

static const char *const all_ids[] = {"es/a", "es/b", "es/c", "es/d", "es/x", "es/y", "es/q"};

/* Another organisation that has one of its identifiers at the end; a change only counts if it is before. */
static bool is_clashing(const struct labelling *labelling, size_t i, bool any_order)
{
    const struct record *record = &labelling->batch->changes[i].record;
    if (record->kind != RECORD_ORGANISATION)
        return false;
    for (size_t k = 0; k < 4; k++) {
        const struct record *other = end_record(labelling, all_ids[k]);
        size_t change = first_of(labelling->batch, all_ids[k]);
        bool landed = change < labelling->batch->count && !labelling->rejected[change];
        if (!other || text_equal(all_ids[k], record_id(record)))
            continue;
        for (size_t n = 0; n < record->organisation->n_identifiers; n++) {
            struct batch_identifier wanted = {"oid", record->organisation->identifiers[n]->value};
            if (!record_has(labelling->arena, other, &wanted))
                continue;
            bool had = false; /* kept what it had before */
            for (size_t d = 0; d < labelling->database->count; d++)
                had |= text_equal(labelling->database->records[d].id, all_ids[k]) &&
                       record_has(labelling->arena, &labelling->database->records[d].record, &wanted);
            if (any_order || !landed || had || change < i)
                return true;
        }
    }
    return false;
}

static bool names_what_is_missing(const struct labelling *labelling, size_t i)
{
    const struct batch_change *change = &labelling->batch->changes[i];
    const char *const *ids, *scratch[1];
    size_t count = record_references(&change->record, &ids, scratch);
    for (size_t k = 0; k < count; k++) {
        const struct record *named = find_record(labelling, ids[k], true);
        size_t sent = first_of(labelling->batch, ids[k]);
        bool takes_along = sent < labelling->batch->count && labelling->rejected[sent] &&
                           labelling->batch->changes[sent].record.kind == RECORD_ORGANISATION &&
                           !is_stored(labelling, change->id);
        if (!named || named->kind != RECORD_ORGANISATION || takes_along)
            return true;
    }
    return false;
}

static bool is_named_at_the_end(const struct labelling *labelling, const char *id)
{
    for (size_t k = 0; k < sizeof all_ids / sizeof *all_ids; k++) {
        const struct record *record = end_record(labelling, all_ids[k]);
        if (record && record_names(record, id))
            return true;
    }
    return false;
}

/* Nothing that lands has a fault, and, with `strict`, nothing is rejected without one. */
static bool is_right(const struct labelling *labelling, bool strict)
{
    for (size_t i = 0; i < labelling->batch->count; i++) {
        const struct batch_change *change = &labelling->batch->changes[i];
        if (labelling->fixed[i])
            continue;
        bool reason =
            change->is_delete
                ? is_stored(labelling, change->id) && is_named_at_the_end(labelling, change->id)
                : is_clashing(labelling, i, !labelling->rejected[i]) || names_what_is_missing(labelling, i);
        if (strict ? reason != labelling->rejected[i] : reason && !labelling->rejected[i])
            return false;
    }
    return true;
}

static unsigned fewest_rejections(struct labelling *labelling)
{
    size_t count = labelling->batch->count;
    unsigned fewest = UINT32_MAX;
    for (unsigned mask = 0; mask < 1u << count; mask++) {
        bool keeps_fixed = true;
        for (size_t i = 0; i < count; i++) {
            labelling->rejected[i] = mask >> i & 1;
            keeps_fixed = keeps_fixed && (labelling->rejected[i] || !labelling->fixed[i]);
        }
        unsigned rejections = (unsigned)__builtin_popcount(mask);
        if (keeps_fixed && rejections < fewest && is_right(labelling, true))
            fewest = rejections;
    }
    return fewest;
}

static bool has_fixed_fault(const struct batch *batch, size_t i)
{
    const struct batch_change *change = &batch->changes[i];
    return first_of(batch, change->id) != i || (!change->is_delete && !change->packed);
}

/* What lands of a first batch is what is stored. */
static void random_database(struct arena *arena, struct database *database)
{
    struct database empty = {.count = 0};
    struct batch before = judge(arena, &empty, random_changes(arena));
    for (size_t i = 0; i < before.count; i++)
        if (before.changes[i].verdict == BATCH_CREATED)
            database->records[database->count++] = before.changes[i];
}

/* Of the ways to reject that the rules allow, the one with the fewest rejections is taken. There may be none: where a wants
 * what b gives up and b wants what a, being first, takes, one of them is rejected all the same. */
static void a_random_batch_is_judged_by_the_rules_with_the_fewest_rejections(void **)
{
    unsigned without = 0;
    for (unsigned seed = 0; seed < 20000; seed++) {
        struct arena *arena = arena_new(0);
        random_state = seed;
        struct database database = {.count = 0};
        random_database(arena, &database);
        char *changes = random_changes(arena);
        struct batch batch = judge(arena, &database, changes);
        struct labelling labelling = {arena, &database, &batch, {false}, {false}}, other = labelling;
        unsigned rejections = 0;
        for (size_t i = 0; i < batch.count; i++) {
            labelling.fixed[i] = other.fixed[i] = has_fixed_fault(&batch, i);
            labelling.rejected[i] = batch.changes[i].verdict == BATCH_REJECTED;
            rejections += labelling.rejected[i];
        }
        unsigned fewest = fewest_rejections(&other);
        without += fewest == UINT32_MAX;
        bool right = fewest == UINT32_MAX ? is_right(&labelling, false)
                                          : is_right(&labelling, true) && rejections == fewest;
        if (!right)
            print_message("seed %u: %s: %s\n", seed, changes, outcome(arena, &batch));
        assert_true(right);
        arena_free(arena);
    }
    assert_in_range(without, 0, 200);
}

#define IN_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(each_change_gets_its_verdict),
        IN_ARENA(reasons_name_the_other_record),
        IN_ARENA(the_tally_counts_verdicts),
        IN_ARENA(with_all_or_nothing_one_rejection_leaves_nothing_else),
        IN_ARENA(a_batch_without_effect_changes_nothing),
        IN_ARENA(what_is_wanted_is_distinct_and_of_the_registry),
        IN_ARENA(a_change_is_normalised_before_it_is_validated_and_packed),
        cmocka_unit_test(a_random_batch_is_judged_by_the_rules_with_the_fewest_rejections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
