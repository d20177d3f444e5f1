/* The order of many rows, against the C library's sort. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "replica/record_order.h"

enum { ROWS = 5000 };

static unsigned random_state = 1;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % limit;
}

static const struct stored_record *make_partnership(const char *id, char *organisation)
{
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    char *ids[] = {organisation};
    partnership.id = (char *)(uintptr_t)id;
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = 1;
    struct record record = {RECORD_PARTNERSHIP, {.partnership = &partnership}};
    return stored_record_new(&record, "", 0, 1, 0);
}

static int compare(const void *left, const void *right)
{
    const struct record_row *a = left, *b = right;
    return record_row_compare(a, b);
}

/* Rows of partnerships with organisations whose ids `write` writes. */
static void check(void (*write)(unsigned row, char organisation[64]))
{
    struct record_draft *drafts = heap_alloc(ROWS * sizeof *drafts);
    struct record_row *rows = heap_alloc(ROWS * sizeof *rows);
    for (unsigned i = 0; i < ROWS; i++) {
        char id[32], organisation[64];
        snprintf(id, sizeof id, "r/p%u", (i * 2617) % ROWS);
        write(i, organisation);
        const struct stored_record *entry = make_partnership(id, organisation);
        drafts[i].row = rows[i] = (struct record_row){stored_record_references(entry), entry};
    }
    qsort(rows, ROWS, sizeof *rows, compare);
    record_order_sort(drafts, ROWS);
    for (unsigned i = 0; i < ROWS; i++) {
        assert_ptr_equal(drafts[i].row.entry, rows[i].entry);
        stored_record_release(rows[i].entry);
    }
    free(drafts);
    free(rows);
}

static void write_long(unsigned, char organisation[64])
{
    static const char *const heads[] = {"", "r/", "r/a-long-name-that-most-have:",
                                        "r/a-long-name-that-most-have:and-more/", "other/\xc3\xa9"};
    snprintf(organisation, 64, "%s%u", heads[random_below(5)], random_below(1000));
}

static void write_few(unsigned, char organisation[64])
{
    snprintf(organisation, 64, "r/%.*s", (int)random_below(20), "12345678abcdefgh1234");
}

static void write_one(unsigned, char organisation[64])
{
    strcpy(organisation, "r/one");
}

static void write_in_order(unsigned row, char organisation[64])
{
    snprintf(organisation, 64, "r/h%07u", row);
}

static void rows_of_any_ids_come_into_order(void **)
{
    check(write_long);
    check(write_few);
    check(write_one);
    check(write_in_order);
}

static void few_rows_and_none_are_in_order_too(void **)
{
    record_order_sort(NULL, 0);
    char one[] = "r/o1", other[] = "r/o2";
    const struct stored_record *entries[] = {make_partnership("r/p1", other), make_partnership("r/p2", one)};
    struct record_draft drafts[2];
    for (unsigned i = 0; i < 2; i++)
        drafts[i].row = (struct record_row){stored_record_references(entries[i]), entries[i]};
    record_order_sort(drafts, 2);
    assert_ptr_equal(drafts[0].row.entry, entries[1]);
    assert_ptr_equal(drafts[1].row.entry, entries[0]);
    stored_record_release(entries[0]);
    stored_record_release(entries[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_any_ids_come_into_order),
        cmocka_unit_test(few_rows_and_none_are_in_order_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
