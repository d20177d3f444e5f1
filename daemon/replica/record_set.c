#include "replica/record_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct record_entry *record_entry_new(const struct record *record, const void *packed, size_t packed_bytes,
                                      uint64_t revision, int64_t update_time_us)
{
    const char *scratch[1], *const *references;
    size_t reference_count = record_references(record, &references, scratch);
    size_t id_bytes = strlen(record_id(record)), reference_bytes = 0;
    for (size_t i = 0; i < reference_count; i++)
        reference_bytes += strlen(references[i]) + 1;
    struct record_entry *entry = heap_alloc(sizeof *entry + id_bytes + 1 + reference_bytes + packed_bytes);
    *entry = (struct record_entry){
        .kind = record->kind,
        .revision = revision,
        .update_time_us = update_time_us,
        .id_bytes = (uint32_t)id_bytes,
        .packed_bytes = (uint32_t)packed_bytes,
        .reference_count = (uint32_t)reference_count,
        .references = entry->data + id_bytes + 1,
    };
    memcpy(entry->data, record_id(record), id_bytes + 1);
    char *at = entry->references;
    for (size_t i = 0; i < reference_count; i++)
        at = stpcpy(at, references[i]) + 1;
    if (packed_bytes)
        memcpy(at, packed, packed_bytes);
    return entry;
}

void record_entry_free(struct record_entry *entry)
{
    free(entry);
}

/* The organisation behind one in the list of references. */
static const char *next_reference(const char *reference)
{
    return reference + strlen(reference) + 1;
}

const void *record_entry_packed(const struct record_entry *entry)
{
    const char *at = entry->references;
    for (uint32_t i = 0; i < entry->reference_count; i++)
        at = next_reference(at);
    return at;
}

static int row_compare(const struct record_row *left, const struct record_row *right)
{
    int order = strcmp(left->owner, right->owner);
    if (order)
        return order;
    if (left->entry->kind != right->entry->kind)
        return left->entry->kind < right->entry->kind ? -1 : 1;
    return strcmp(record_entry_id(left->entry), record_entry_id(right->entry));
}

static int row_compare_void(const void *left, const void *right)
{
    return row_compare(left, right);
}

/* An organisation named twice by one partnership would give the same row twice. */
static bool named_before(const struct record_entry *entry, const char *reference)
{
    for (const char *at = entry->references; at < reference; at = next_reference(at))
        if (strcmp(at, reference) == 0)
            return true;
    return false;
}

static size_t rows_of(const struct record_entry *entry, struct record_row *rows)
{
    size_t count = 0;
    rows[count++] = (struct record_row){record_entry_id(entry), entry};
    const char *reference = entry->references;
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
        const struct record_entry *entry = new ? changes[i].new : changes[i].old;
        most += entry ? 1 + entry->reference_count : 0;
    }
    struct record_row *rows = heap_alloc(most * sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        const struct record_entry *entry = new ? changes[i].new : changes[i].old;
        if (entry)
            written += rows_of(entry, rows + written);
    }
    qsort(rows, written, sizeof *rows, row_compare_void);
    *ret_count = written;
    return rows;
}

/* The first row at or after `from` that is not before `row`. Changes are few and far between: gallop, then halve. */
static size_t first_not_before(const struct record_set *set, size_t from, const struct record_row *row)
{
    size_t step = 1, low = from, high = from;
    while (high < set->count && row_compare(&set->rows[high], row) < 0) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    if (high > set->count)
        high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row_compare(&set->rows[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void copy_rows(struct record_set *next, const struct record_row *rows, size_t count)
{
    if (count)
        memcpy(next->rows + next->count, rows, count * sizeof *rows);
    next->count += count;
}

struct record_set record_set_next(const struct record_set *set, const struct record_change *changes,
                                  size_t count)
{
    size_t gone_count, come_count;
    struct record_row *gone = changed_rows(changes, count, false, &gone_count);
    struct record_row *come = changed_rows(changes, count, true, &come_count);
    struct record_set next = {.rows = heap_alloc((set->count + come_count) * sizeof *next.rows)};
    size_t at = 0, g = 0, c = 0;
    while (g < gone_count || c < come_count) {
        /* A row that goes and comes in the same place: first it goes. */
        bool goes = g < gone_count && (c == come_count || row_compare(&gone[g], &come[c]) <= 0);
        const struct record_row *row = goes ? &gone[g] : &come[c];
        size_t place = first_not_before(set, at, row);
        copy_rows(&next, set->rows + at, place - at);
        at = place;
        if (goes) {
            at++;
            g++;
        } else {
            copy_rows(&next, row, 1);
            c++;
        }
    }
    copy_rows(&next, set->rows + at, set->count - at);
    free(gone);
    free(come);
    return next;
}

void record_set_fini(struct record_set *set)
{
    free(set->rows);
    *set = (struct record_set){0};
}

/* The first row of an owner at or after a kind. */
static size_t find_place(const struct record_set *set, const char *owner, enum record_kind kind)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct record_row *row = &set->rows[middle];
        int order = strcmp(row->owner, owner);
        if (order < 0 || (order == 0 && row->entry->kind < kind))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct record_entry *record_set_find(const struct record_set *set, const char *id)
{
    /* What names an organisation that isn't there stands under its id too. */
    for (size_t i = find_place(set, id, RECORD_NONE); i < set->count && strcmp(set->rows[i].owner, id) == 0;
         i++)
        if (strcmp(record_entry_id(set->rows[i].entry), id) == 0)
            return set->rows[i].entry;
    return NULL;
}

size_t record_set_owned(const struct record_set *set, const char *organisation_id, enum record_kind kind,
                        const struct record_row **ret_rows)
{
    size_t from = find_place(set, organisation_id, kind);
    size_t to = find_place(set, organisation_id, (enum record_kind)(kind + 1));
    *ret_rows = set->rows + from;
    /* The record itself is no possession of its own. */
    return kind == RECORD_ORGANISATION ? 0 : to - from;
}
