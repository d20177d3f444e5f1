#include "replica/record_order.h"

#include <stdbool.h>
#include <stdlib.h>

/* A quicksort by eight bytes of the owners' ids at a time: those that are equal there go on with the next eight. */

enum { PIECE_BYTES = 8, FEW = 16 };

/* Padded with NULs, so that numbers are in the order of the texts. */
static uint64_t piece_of(const char *text)
{
    uint64_t piece = 0;
    unsigned taken = 0;
    for (; taken < PIECE_BYTES && text[taken]; taken++)
        piece = piece << 8 | (unsigned char)text[taken];
    return taken ? piece << 8 * (PIECE_BYTES - taken) : 0;
}

static void take_pieces(struct record_draft *drafts, size_t count, size_t offset)
{
    for (size_t i = 0; i < count; i++)
        drafts[i].piece = piece_of(drafts[i].row.owner + offset);
}

static bool is_before(const struct record_draft *left, const struct record_draft *right)
{
    if (left->piece != right->piece)
        return left->piece < right->piece;
    return record_row_compare(&left->row, &right->row) < 0;
}

static void sort_few(struct record_draft *drafts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct record_draft draft = drafts[i];
        size_t at = i;
        for (; at && is_before(&draft, &drafts[at - 1]); at--)
            drafts[at] = drafts[at - 1];
        drafts[at] = draft;
    }
}

static int compare_drafts(const void *left, const void *right)
{
    const struct record_draft *a = left, *b = right;
    return record_row_compare(&a->row, &b->row);
}

/* The middle of three by chance, which no order of coming can foresee. */
static uint64_t pick_pivot(const struct record_draft *drafts, size_t count, uint64_t *chance)
{
    uint64_t three[3];
    for (unsigned i = 0; i < 3; i++) {
        *chance = *chance * 6364136223846793005u + 1442695040888963407u;
        three[i] = drafts[(*chance >> 32) % count].piece;
    }
    uint64_t low = three[0] < three[1] ? three[0] : three[1],
             high = three[0] < three[1] ? three[1] : three[0];
    return three[2] < low ? low : three[2] > high ? high : three[2];
}

static void swap(struct record_draft *left, struct record_draft *right)
{
    struct record_draft draft = *left;
    *left = *right;
    *right = draft;
}

/* Those before the pivot, then those with it, then the rest. */
static void part(struct record_draft *drafts, size_t count, uint64_t pivot, size_t *ret_before,
                 size_t *ret_end)
{
    size_t before = 0, end = count;
    for (size_t i = 0; i < end;)
        if (drafts[i].piece < pivot)
            swap(&drafts[before++], &drafts[i++]);
        else if (drafts[i].piece > pivot)
            swap(&drafts[i], &drafts[--end]);
        else
            i++;
    *ret_before = before;
    *ret_end = end;
}

/* By the owners' ids from `offset`, up to which they are equal; the pieces are those of `offset`. */
static void sort(struct record_draft *drafts, size_t count, size_t offset, uint64_t *chance)
{
    while (count > FEW) {
        uint64_t pivot = pick_pivot(drafts, count, chance);
        size_t before, end;
        part(drafts, count, pivot, &before, &end);
        sort(drafts, before, offset, chance);
        sort(drafts + end, count - end, offset, chance);
        drafts += before;
        count = end - before;
        if (!(pivot & 0xff)) { /* the ids end here */
            qsort(drafts, count, sizeof *drafts, compare_drafts);
            return;
        }
        offset += PIECE_BYTES;
        take_pieces(drafts, count, offset);
    }
    sort_few(drafts, count);
}

void record_order_sort(struct record_draft *drafts, size_t count)
{
    uint64_t chance = (uintptr_t)drafts;
    take_pieces(drafts, count, 0);
    sort(drafts, count, 0, &chance);
}
