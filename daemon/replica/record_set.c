#include "replica/record_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "replica/record_node.h"
#include "replica/record_order.h"

/* The organisation behind one in the list of references. */
static const char *next_reference(const char *reference)
{
    return reference + strlen(reference) + 1;
}

/* An organisation named twice by one partnership would give the same row twice. */
static bool named_before(const struct stored_record *entry, const char *reference)
{
    for (const char *at = stored_record_references(entry); at < reference; at = next_reference(at))
        if (strcmp(at, reference) == 0)
            return true;
    return false;
}

static size_t draft_rows(const struct stored_record *entry, struct record_draft *drafts)
{
    size_t count = 0;
    drafts[count++].row = (struct record_row){stored_record_id(entry), entry};
    const char *reference = stored_record_references(entry);
    for (uint32_t i = 0; i < entry->reference_count; i++, reference = next_reference(reference))
        if (!named_before(entry, reference))
            drafts[count++].row = (struct record_row){reference, entry};
    return count;
}

/* In the same memory. */
static struct record_row *rows_of_drafts(struct record_draft *drafts, size_t count)
{
    char *rows = (char *)drafts;
    for (size_t i = 0; i < count; i++)
        memmove(rows + i * sizeof(struct record_row), &drafts[i].row, sizeof(struct record_row));
    return (struct record_row *)rows;
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
    struct record_draft *drafts = heap_alloc(most * sizeof *drafts);
    for (size_t i = 0; i < count; i++) {
        const struct stored_record *entry = new ? changes[i].new : changes[i].old;
        if (entry)
            written += draft_rows(entry, drafts + written);
    }
    record_order_sort(drafts, written);
    *ret_count = written;
    return rows_of_drafts(drafts, written);
}

/* All changes of rows, in order: where a row goes and comes, it comes. */
static struct record_delta *changed_delta(const struct record_change *changes, size_t count,
                                          size_t *ret_count)
{
    size_t gone_count, come_count, written = 0;
    struct record_row *gone = changed_rows(changes, count, false, &gone_count);
    struct record_row *come = changed_rows(changes, count, true, &come_count);
    struct record_delta *delta = heap_alloc((gone_count + come_count) * sizeof *delta);
    for (size_t g = 0, c = 0; g < gone_count || c < come_count;) {
        int order = g == gone_count ? 1 : c == come_count ? -1 : record_row_compare(&gone[g], &come[c]);
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

struct record_set record_set_next(const struct record_set *set, const struct record_change *changes,
                                  size_t count)
{
    struct record_set next;
    size_t row_count;
    if (!set->root) {
        struct record_row *rows = changed_rows(changes, count, true, &row_count);
        next.root = record_node_of_rows(rows, row_count);
        free(rows);
    } else {
        struct record_delta *delta = changed_delta(changes, count, &row_count);
        next.root = record_node_change(set->root, delta, row_count);
        free(delta);
    }
    return next;
}

void record_set_fini(struct record_set *set)
{
    record_node_release(set->root);
    set->root = NULL;
}

/* ---- reading ---- */

static bool is_before(const struct record_row *row, const char *owner, enum record_kind kind)
{
    int order = strcmp(row->owner, owner);
    return order < 0 || (order == 0 && row->entry->kind < kind);
}

static void descend(struct record_cursor *cursor, const struct record_node *node, size_t at)
{
    cursor->path[cursor->depth++] = (struct record_place){node, at};
}

struct record_cursor record_cursor_at(const struct record_set *set, const char *owner, enum record_kind kind)
{
    struct record_cursor cursor = {.depth = 0};
    for (const struct record_node *node = set->root; node;) {
        size_t low = 0, high = node->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (is_before(&node->rows[middle], owner, kind))
                low = middle + 1;
            else
                high = middle;
        }
        size_t at = node->level && low ? low - 1 : low;
        descend(&cursor, node, at + (node->level > 0)); /* in a branch: where it goes on behind the child */
        node = node->level ? record_node_children(node)[at] : NULL;
    }
    return cursor;
}

struct record_cursor record_cursor_beside_image(const struct record_set *set)
{
    struct record_cursor cursor = {.passes_image = true};
    if (set->root && !image_has(set->root))
        descend(&cursor, set->root, 0);
    return cursor;
}

struct record_row record_cursor_next(struct record_cursor *cursor)
{
    while (cursor->depth) {
        struct record_place *place = &cursor->path[cursor->depth - 1];
        const struct record_node *node = place->node;
        if (place->at == node->count) {
            cursor->depth--;
        } else if (!node->level) {
            return node->rows[place->at++];
        } else {
            const struct record_node *child = record_node_children(node)[place->at++];
            if (!cursor->passes_image || !image_has(child))
                descend(cursor, child, 0);
        }
    }
    return (struct record_row){0};
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

const struct record_node *record_set_put(const struct record_set *set, struct image_writer *image)
{
    struct record_cursor cursor = record_cursor_at(set, "", RECORD_NONE);
    for (const struct stored_record *entry; (entry = record_cursor_next_record(&cursor)) != NULL;)
        stored_record_put(entry, image);
    return set->root ? record_node_put(set->root, image) : NULL;
}

struct record_set record_set_of_image(const struct record_node *root)
{
    return (struct record_set){.root = (struct record_node *)(uintptr_t)root};
}
