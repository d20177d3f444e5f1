#include "replica/record_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"

/* The organisation behind one in the list of references. */
static const char *next_reference(const char *reference)
{
    return reference + strlen(reference) + 1;
}

static int row_compare(const struct record_row *left, const struct record_row *right)
{
    int order = strcmp(left->owner, right->owner);
    if (order)
        return order;
    if (left->entry->kind != right->entry->kind)
        return left->entry->kind < right->entry->kind ? -1 : 1;
    return strcmp(stored_record_id(left->entry), stored_record_id(right->entry));
}

static int row_compare_void(const void *left, const void *right)
{
    return row_compare(left, right);
}

/* An organisation named twice by one partnership would give the same row twice. */
static bool named_before(const struct stored_record *entry, const char *reference)
{
    for (const char *at = stored_record_references(entry); at < reference; at = next_reference(at))
        if (strcmp(at, reference) == 0)
            return true;
    return false;
}

static size_t rows_of(const struct stored_record *entry, struct record_row *rows)
{
    size_t count = 0;
    rows[count++] = (struct record_row){stored_record_id(entry), entry};
    const char *reference = stored_record_references(entry);
    for (uint32_t i = 0; i < entry->reference_count; i++, reference = next_reference(reference))
        if (!named_before(entry, reference))
            rows[count++] = (struct record_row){reference, entry};
    return count;
}

/* All rows of the old or of the new entries, in order. */
static struct record_row *changed_rows(const struct record_change *changes, size_t count, bool new,
                                       size_t *ret_count)
{
    size_t most = 0, written = 0;
    for (size_t i = 0; i < count; i++) {
        const struct stored_record *entry = new ? changes[i].new : changes[i].old;
        most += entry ? 1 + entry->reference_count : 0;
    }
    struct record_row *rows = heap_alloc(most * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        const struct stored_record *entry = new ? changes[i].new : changes[i].old;
        if (entry)
            written += rows_of(entry, rows + written);
    }
    qsort(rows, written, sizeof *rows, row_compare_void);
    *ret_count = written;
    return rows;
}

/* ---- base and delta ---- */

struct record_rows {
    _Atomic unsigned references;
    size_t count;
    struct record_row rows[];
};

/* Stands in the place of the base's row with the same key, or beside it where there is none. */
struct record_delta {
    struct record_row row;
    bool gone;
};

/* The delta is folded into a new base when it has more rows than this and than a 64th of the base. */
enum { DELTA_ROWS = 4096, DELTA_SHARE = 64 };

static struct record_rows *rows_acquire(struct record_rows *rows)
{
    if (rows)
        owners_add(&rows->references);
    return rows;
}

static void rows_release(struct record_rows *rows)
{
    if (rows && owners_drop(&rows->references))
        free(rows);
}

static size_t base_count(const struct record_set *set)
{
    return set->base ? set->base->count : 0;
}

static bool base_has(const struct record_set *set, const struct record_row *row)
{
    size_t low = 0, high = base_count(set);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = row_compare(&set->base->rows[middle], row);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* What changes, as a delta of its own: where a row goes and comes, it comes. */
static struct record_delta *changed_delta(const struct record_change *changes, size_t count,
                                          size_t *ret_count)
{
    size_t gone_count, come_count, written = 0;
    struct record_row *gone = changed_rows(changes, count, false, &gone_count);
    struct record_row *come = changed_rows(changes, count, true, &come_count);
    struct record_delta *delta = heap_alloc((gone_count + come_count) * sizeof *delta);
    for (size_t g = 0, c = 0; g < gone_count || c < come_count;) {
        int order = g == gone_count ? 1 : c == come_count ? -1 : row_compare(&gone[g], &come[c]);
        if (order < 0)
            delta[written++] = (struct record_delta){gone[g], true};
        else
            delta[written++] = (struct record_delta){come[c], false};
        g += order <= 0;
        c += order >= 0;
    }
    free(gone);
    free(come);
    *ret_count = written;
    return delta;
}

/* The former delta with the newer one over it. */
static void delta_merge(struct record_set *next, const struct record_set *set,
                        const struct record_delta *newer, size_t newer_count)
{
    next->delta = heap_alloc((set->delta_count + newer_count) * sizeof *next->delta);
    for (size_t o = 0, n = 0; o < set->delta_count || n < newer_count;) {
        int order = o == set->delta_count ? 1
                    : n == newer_count    ? -1
                                          : row_compare(&set->delta[o].row, &newer[n].row);
        const struct record_delta *taken = order < 0 ? &set->delta[o] : &newer[n];
        if (!taken->gone || base_has(set, &taken->row))
            next->delta[next->delta_count++] = *taken;
        o += order <= 0;
        n += order >= 0;
    }
}

/* Base and delta as one new base. */
static void fold(struct record_set *set)
{
    struct record_rows *rows =
        heap_alloc(sizeof *rows + (base_count(set) + set->delta_count) * sizeof *rows->rows);
    atomic_init(&rows->references, 1);
    rows->count = 0;
    struct record_cursor cursor = {.set = set};
    for (struct record_row row; (row = record_cursor_next(&cursor)).owner;)
        rows->rows[rows->count++] = row;
    rows_release(set->base);
    free(set->delta);
    *set = (struct record_set){.base = rows};
}

struct record_set record_set_next(const struct record_set *set, const struct record_change *changes,
                                  size_t count)
{
    size_t newer_count;
    struct record_delta *newer = changed_delta(changes, count, &newer_count);
    struct record_set next = {.base = rows_acquire(set->base)};
    delta_merge(&next, set, newer, newer_count);
    free(newer);
    if (next.delta_count > DELTA_ROWS && next.delta_count > base_count(&next) / DELTA_SHARE)
        fold(&next);
    return next;
}

bool record_set_shares_base(const struct record_set *left, const struct record_set *right)
{
    return left->base == right->base;
}

void record_set_fini(struct record_set *set)
{
    rows_release(set->base);
    free(set->delta);
    *set = (struct record_set){0};
}

/* ---- reading ---- */

static bool is_before(const struct record_row *row, const char *owner, enum record_kind kind)
{
    int order = strcmp(row->owner, owner);
    return order < 0 || (order == 0 && row->entry->kind < kind);
}

struct record_cursor record_cursor_at(const struct record_set *set, const char *owner, enum record_kind kind)
{
    struct record_cursor cursor = {.set = set};
    for (size_t low = 0, high = base_count(set); low < high; cursor.base_at = low) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&set->base->rows[middle], owner, kind))
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t low = 0, high = set->delta_count; low < high; cursor.delta_at = low) {
        size_t middle = low + (high - low) / 2;
        if (is_before(&set->delta[middle].row, owner, kind))
            low = middle + 1;
        else
            high = middle;
    }
    return cursor;
}

struct record_cursor record_cursor_beside_image(const struct record_set *set)
{
    return (struct record_cursor){.set = set, .base_at = image_has(set->base) ? base_count(set) : 0};
}

struct record_row record_cursor_next(struct record_cursor *cursor)
{
    const struct record_set *set = cursor->set;
    for (;;) {
        const struct record_row *base =
            cursor->base_at < base_count(set) ? &set->base->rows[cursor->base_at] : NULL;
        const struct record_delta *delta =
            cursor->delta_at < set->delta_count ? &set->delta[cursor->delta_at] : NULL;
        if (!base && !delta)
            return (struct record_row){0};
        int order = !delta ? -1 : !base ? 1 : row_compare(base, &delta->row);
        cursor->base_at += order <= 0;
        cursor->delta_at += order >= 0;
        if (order < 0)
            return *base;
        if (!delta->gone)
            return delta->row;
    }
}

static bool is_own(const struct record_row *row)
{
    return row->owner == stored_record_id(row->entry);
}

const struct stored_record *record_cursor_next_record(struct record_cursor *cursor)
{
    struct record_row row;
    while ((row = record_cursor_next(cursor)).owner && !is_own(&row))
        ;
    return row.entry;
}

const struct stored_record *record_set_find(const struct record_set *set, const char *id)
{
    /* What names an organisation that isn't there stands under its id too. */
    struct record_cursor cursor = record_cursor_at(set, id, RECORD_NONE);
    for (struct record_row row; (row = record_cursor_next(&cursor)).owner && strcmp(row.owner, id) == 0;)
        if (is_own(&row))
            return row.entry;
    return NULL;
}

/* ---- images ---- */

static size_t put_records(const struct record_set *set, struct image_writer *image)
{
    size_t rows = 0;
    struct record_cursor cursor = {.set = set};
    for (struct record_row row; (row = record_cursor_next(&cursor)).owner; rows++)
        if (is_own(&row))
            stored_record_put(row.entry, image);
    return rows;
}

const struct record_rows *record_set_put(const struct record_set *set, struct image_writer *image)
{
    size_t count = put_records(set, image),
           bytes = sizeof(struct record_rows) + count * sizeof(struct record_row);
    struct record_rows *rows = heap_zalloc(bytes);
    struct record_cursor cursor = {.set = set};
    for (struct record_row row; (row = record_cursor_next(&cursor)).owner;) {
        const struct stored_record *put = image_at(image, row.entry);
        size_t offset =
            (size_t)(row.owner - (const char *)row.entry); /* the owner's id is within the record */
        rows->rows[rows->count++] = (struct record_row){(const char *)put + offset, put};
    }
    const struct record_rows *put = image_put(image, rows, bytes);
    free(rows);
    return put;
}

struct record_set record_set_of_image(const struct record_rows *rows)
{
    return (struct record_set){.base = (struct record_rows *)(uintptr_t)rows};
}
