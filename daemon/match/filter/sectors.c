#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* A wanted code and an offered one, one a prefix of the other. */

static bool stated(const struct match_query *query)
{
    return query->sectors.wanted.count > 0;
}

static void narrow(const struct match_query *query, uint64_t *slots)
{
    const struct match_index *index = query->index;
    size_t words = bits_words(index->slot_count);
    uint64_t *hold = arena_array(query->arena, words, sizeof *hold);
    for (uint32_t i = 0; i < query->sectors.wanted.count; i++) {
        uint16_t sector = query->sectors.wanted.items[i];
        struct posting posting = posting_of(&index->sector_under, sector);
        posting_join(&posting, hold, words);
        for (unsigned digits = 2; digits < number_sector_digits(sector); digits++) {
            posting = posting_of(&index->sector_exact, number_sector_prefix(sector, digits));
            posting_join(&posting, hold, words);
        }
    }
    bits_and(slots, hold, words);
}

static void empty(struct match_query *query)
{
    query->sectors = (struct sector_wish){0};
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    struct numbers offered = index_slot_sectors(query->index, slot);
    if (!offered.count)
        return "states no sector";
    uint16_t wanted = 0, own = 0;
    if (met && sector_wish_pair(&query->sectors, offered, &wanted, &own))
        return arena_format(query->arena, "is in %s", sentence_sector(query, own));
    return arena_format(query->arena, "is in %s alone", sentence_sectors(query, &offered));
}

const struct filter filter_sectors = {
    .name = "sectors", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
