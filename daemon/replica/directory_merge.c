#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "replica/directory_base.h"

/* A base of two: an old one, some rows of which count no more, and a small one of what was added. What lies between two added ones
 * is copied in runs, with rows renumbered: nothing is looked up or sorted anew. */

#define ROW_GONE UINT32_MAX

enum { OLD, ADDED, PARTS };

struct merge {
    struct directory_base *to;
    const struct directory_base *parts[PARTS];
    uint32_t *rows[PARTS]; /* of each row of the part its new one, or ROW_GONE */
    uint32_t row_count;    /* of all words, so far */
};

/* ---- organisations ---- */

static void copy_entry(struct merge *merge, int part, uint32_t row)
{
    struct directory_base *to = merge->to;
    const struct directory_base *from = merge->parts[part];
    to->entries[to->count] = directory_entry_acquire(from->entries[row]);
    to->traits[to->count] = from->traits[row];
    merge->rows[part][row] = to->count++;
}

static void copy_old_entries(struct merge *merge, const uint64_t *dead, uint32_t from, uint32_t end)
{
    enum { AHEAD = 8 };
    struct directory_entry *const *entries = merge->parts[OLD]->entries;
    for (uint32_t row = from; row < end; row++) {
        if (row + AHEAD < end)
            __builtin_prefetch(entries[row + AHEAD], 1);
        if (dead[row / 64] >> row % 64 & 1)
            merge->rows[OLD][row] = ROW_GONE;
        else
            copy_entry(merge, OLD, row);
    }
}

static void merge_entries(struct merge *merge, const uint64_t *dead)
{
    const struct directory_base *old = merge->parts[OLD], *added = merge->parts[ADDED];
    struct directory_base *to = merge->to;
    size_t most = (size_t)old->count + added->count;
    to->entries = arena_alloc(to->arena, most * sizeof(struct directory_entry *));
    to->traits = arena_alloc(to->arena, most * sizeof *to->traits);
    uint32_t from = 0;
    for (uint32_t i = 0; i < added->count; i++) {
        uint32_t end = directory_base_row(old, added->entries[i]->id);
        copy_old_entries(merge, dead, from, end);
        copy_entry(merge, ADDED, i);
        from = end;
    }
    copy_old_entries(merge, dead, from, old->count);
}

/* ---- words ---- */

/* The rows of one of the part's words, behind those that are there. */
static void copy_rows(struct merge *merge, int part, uint32_t word)
{
    const struct directory_base *from = merge->parts[part];
    for (uint32_t at = from->starts[word]; at < from->starts[word + 1]; at++) {
        uint32_t row = merge->rows[part][from->rows[at]];
        if (row != ROW_GONE)
            merge->to->rows[merge->row_count++] = row;
    }
}

/* Ends a word, all of whose rows have been copied; without any it is none. */
static void end_word(struct merge *merge, const char *word)
{
    struct directory_base *to = merge->to;
    if (merge->row_count == to->starts[to->word_count])
        return;
    to->words[to->word_count++] = arena_strdup(to->arena, word);
    to->starts[to->word_count] = merge->row_count;
}

static void merge_words(struct merge *merge)
{
    const struct directory_base *old = merge->parts[OLD], *added = merge->parts[ADDED];
    struct directory_base *to = merge->to;
    size_t most = (size_t)old->word_count + added->word_count;
    to->words = heap_alloc(most * sizeof *to->words);
    to->starts = arena_array(to->arena, most + 2, sizeof *to->starts);
    to->rows =
        arena_alloc(to->arena, ((size_t)old->starts[old->word_count] + added->starts[added->word_count]) *
                                   sizeof *to->rows);
    uint32_t from = 0;
    for (uint32_t i = 0; i < added->word_count; i++) {
        const char *word = added->words[i];
        for (; from < old->word_count && strcmp(old->words[from], word) < 0; from++) {
            copy_rows(merge, OLD, from);
            end_word(merge, old->words[from]);
        }
        if (from < old->word_count && strcmp(old->words[from], word) == 0)
            copy_rows(merge, OLD, from++);
        copy_rows(merge, ADDED, i);
        end_word(merge, word);
    }
    for (; from < old->word_count; from++) {
        copy_rows(merge, OLD, from);
        end_word(merge, old->words[from]);
    }
}

/* ---- identifiers ---- */

static void copy_identifier(struct merge *merge, int part, uint32_t at)
{
    struct directory_base *to = merge->to;
    const struct directory_identifier *from = &merge->parts[part]->identifiers[at];
    uint32_t row = merge->rows[part][from->row];
    if (row != ROW_GONE)
        to->identifiers[to->identifier_count++] = (struct directory_identifier){from->text, row};
}

static void merge_identifiers(struct merge *merge)
{
    const struct directory_base *old = merge->parts[OLD], *added = merge->parts[ADDED];
    size_t most = (size_t)old->identifier_count + added->identifier_count;
    merge->to->identifiers = heap_alloc(most * sizeof *merge->to->identifiers);
    uint32_t from = 0;
    for (uint32_t i = 0; i < added->identifier_count; i++) {
        uint32_t end = directory_base_identifier(old, from, added->identifiers[i].text);
        for (; from < end; from++)
            copy_identifier(merge, OLD, from);
        copy_identifier(merge, ADDED, i);
    }
    for (; from < old->identifier_count; from++)
        copy_identifier(merge, OLD, from);
}

struct directory_base *directory_base_merge(const struct directory_base *old, const uint64_t *dead,
                                            struct directory_entry *const *added, uint32_t added_count)
{
    struct directory_base *small = directory_base_new(added, added_count);
    if (!old->count)
        return small;
    struct merge merge = {.to = directory_base_new(NULL, 0), .parts = {old, small}};
    for (int part = 0; part < PARTS; part++)
        merge.rows[part] = heap_alloc(merge.parts[part]->count * sizeof *merge.rows[part]);
    merge_entries(&merge, dead);
    merge_words(&merge);
    merge_identifiers(&merge);
    for (int part = 0; part < PARTS; part++)
        free(merge.rows[part]);
    directory_base_release(small);
    return merge.to;
}
