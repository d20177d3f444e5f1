/* The set of records against a plain list: random changes, then every way of asking. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replica/record_set.h"

enum { IDS = 40, ROUNDS = 300 };

/* The plain list: what stands under each number, or NULL. */
struct model {
    struct stored_record *entries[IDS];
};

static unsigned random_state = 1;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % limit;
}

static void id_of(unsigned number, char id[32])
{
    snprintf(id, 32, "reg/%c%u", "onpq"[number % 4], number);
}

/* Numbers 0, 4, 8.. are organisations, 1.. offers, 2.. needs, 3.. partnerships. */
static struct stored_record *make_entry(unsigned number, uint64_t revision)
{
    char id[32], named[3][32];
    id_of(number, id);
    for (int i = 0; i < 3; i++)
        id_of(random_below(IDS / 4) * 4, named[i]);
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    pb_offer offer = PARTNER__V1__OFFER__INIT;
    pb_need need = PARTNER__V1__NEED__INIT;
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    char *ids[3] = {named[0], named[1], named[2]};
    struct record record = {.kind = (enum record_kind)(number % 4 + 1)};
    organisation.id = offer.id = need.id = partnership.id = id;
    offer.organisation_id = need.organisation_id = named[0];
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = 3;
    const ProtobufCMessage *messages[] = {&organisation.base, &offer.base, &need.base, &partnership.base};
    record.message = messages[number % 4];
    return stored_record_new(&record, id, strlen(id), revision, 0);
}

static bool names(const struct stored_record *entry, const char *organisation_id)
{
    const char *at = stored_record_references(entry);
    for (uint32_t i = 0; i < entry->reference_count; i++, at += strlen(at) + 1)
        if (strcmp(at, organisation_id) == 0)
            return true;
    return false;
}

static void check_find(const struct record_set *set, const struct model *model)
{
    for (unsigned i = 0; i < IDS; i++) {
        char id[32];
        id_of(i, id);
        assert_ptr_equal(record_set_find(set, id), model->entries[i]);
    }
    assert_null(record_set_find(set, "reg/zzz"));
    assert_null(record_set_find(set, ""));
}

static void check_owned(const struct record_set *set, const struct model *model, enum record_kind kind)
{
    for (unsigned i = 0; i < IDS; i += 4) {
        char id[32], last[64] = "";
        id_of(i, id);
        size_t count = 0, expected = 0;
        for (unsigned j = 0; j < IDS; j++)
            expected += model->entries[j] && model->entries[j]->kind == kind && names(model->entries[j], id);
        struct record_cursor cursor = record_cursor_at(set, id, kind);
        for (struct record_row row; (row = record_cursor_next(&cursor)).owner;) {
            if (strcmp(row.owner, id) != 0 || row.entry->kind != kind)
                break;
            assert_true(names(row.entry, id));
            assert_true(strcmp(last, stored_record_id(row.entry)) < 0);
            snprintf(last, sizeof last, "%s", stored_record_id(row.entry));
            count++;
        }
        assert_int_equal(count, expected);
    }
}

static void check_all(const struct record_set *set, const struct model *model)
{
    size_t count = 0, expected = 0;
    char last[64] = "";
    struct record_cursor cursor = record_cursor_at(set, "", RECORD_NONE);
    for (const struct stored_record *entry; (entry = record_cursor_next_record(&cursor)) != NULL; count++) {
        assert_true(strcmp(last, stored_record_id(entry)) < 0);
        snprintf(last, sizeof last, "%s", stored_record_id(entry));
    }
    for (unsigned i = 0; i < IDS; i++)
        expected += model->entries[i] != NULL;
    assert_int_equal(count, expected);
}

static void a_set_after_random_changes_is_the_plain_list(void **)
{
    struct model model = {0};
    struct record_set set = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct record_change changes[IDS];
        size_t count = 0;
        for (unsigned i = 0; i < IDS; i++) {
            if (random_below(4) != 0)
                continue;
            struct stored_record *new = random_below(3) ? make_entry(i, round) : NULL;
            if (new || model.entries[i])
                changes[count++] = (struct record_change){model.entries[i], new};
            model.entries[i] = new;
        }
        struct record_set next = record_set_next(&set, changes, count);
        record_set_fini(&set);
        for (size_t i = 0; i < count; i++)
            stored_record_release(changes[i].old); /* in no later set */
        set = next;
        check_find(&set, &model);
        check_all(&set, &model);
        check_owned(&set, &model, RECORD_OFFER);
        check_owned(&set, &model, RECORD_NEED);
        check_owned(&set, &model, RECORD_PARTNERSHIP);
    }
    for (unsigned i = 0; i < IDS; i++)
        stored_record_release(model.entries[i]);
    record_set_fini(&set);
}

static void packed_bytes_stand_behind_the_references(void **)
{
    struct stored_record *entry = make_entry(3, 7);
    assert_int_equal(entry->reference_count, 3);
    assert_int_equal(entry->packed_bytes, strlen("reg/q3"));
    assert_memory_equal(stored_record_packed(entry), "reg/q3", entry->packed_bytes);
    stored_record_release(entry);
}

/* So many that the tree has several levels. */
enum { MANY = 60000, STEP = 7, BATCHES = 60 };

static struct stored_record *many[MANY];

static void check_many(const struct record_set *set, size_t expected)
{
    size_t count = 0;
    char last[64] = "";
    struct record_cursor cursor = record_cursor_at(set, "", RECORD_NONE);
    for (const struct stored_record *entry; (entry = record_cursor_next_record(&cursor)) != NULL; count++) {
        assert_true(strcmp(last, stored_record_id(entry)) < 0);
        snprintf(last, sizeof last, "%s", stored_record_id(entry));
    }
    assert_int_equal(count, expected);
    for (unsigned i = 0; i < MANY; i += STEP) {
        char id[32];
        id_of(i, id);
        assert_ptr_equal(record_set_find(set, id), many[i]);
    }
}

static unsigned number_of(const struct record_change *change)
{
    return (unsigned)atoi(stored_record_id(change->old ? change->old : change->new) + strlen("reg/o"));
}

/* About `most` of all go or, in 16 as many as `come`, come or are replaced. Returns how many there are then. */
static size_t change_many(struct record_set *set, unsigned most, unsigned come, size_t there)
{
    static struct record_change changes[MANY];
    size_t count = 0, before = there;
    for (unsigned i = random_below(MANY / most + 1); i < MANY; i += 1 + random_below(2 * MANY / most)) {
        struct stored_record *new = random_below(16) < come ? make_entry(i, 1) : NULL;
        if (new || many[i])
            changes[count++] = (struct record_change){many[i], new};
        there += (size_t)(new != NULL) - (size_t)(many[i] != NULL);
    }
    struct record_set next = record_set_next(set, changes, count);
    check_many(set, before);
    record_set_fini(set);
    *set = next;
    for (size_t i = 0; i < count; i++) {
        many[number_of(&changes[i])] = (struct stored_record *)(uintptr_t)changes[i].new;
        stored_record_release(changes[i].old);
    }
    check_many(set, there);
    return there;
}

static void many_rows_come_and_go_and_none_is_lost(void **)
{
    struct record_set set = {0};
    size_t there = 0;
    for (unsigned batch = 0; batch < BATCHES; batch++)
        there =
            change_many(&set, 1 + random_below(batch % 4 ? 60 : 20000), batch < BATCHES / 2 ? 14 : 2, there);
    while (there)
        there = change_many(&set, MANY, 0, there);
    assert_null(set.root);
    record_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_after_random_changes_is_the_plain_list),
        cmocka_unit_test(packed_bytes_stand_behind_the_references),
        cmocka_unit_test(many_rows_come_and_go_and_none_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
