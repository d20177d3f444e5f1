#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* By the digits of the shorter code of the best pair. */

static bool applies(const struct match_query *query)
{
    return query->sectors.wanted.count > 0;
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        segment_fetch_sectors(query->segment, block->slots[i]);
    for (uint32_t i = 0; i < block->count; i++) {
        struct numbers offered = segment_sectors(query->segment, block->slots[i]);
        value[i] = pair_sector_value(sector_wish_digits(&query->sectors, offered));
    }
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    struct numbers offered = segment_sectors(query->segment, slot);
    uint16_t wanted = 0, own = 0;
    if (!offered.count)
        return "states no sector";
    if (!sector_wish_pair(&query->sectors, offered, &wanted, &own))
        return arena_format(query->arena, "is in %s, which is not asked for",
                            sentence_sectors(query, &offered));
    if (wanted == own)
        return arena_format(query->arena, "is in the very sector: %s", sentence_sector(query, own));
    return arena_format(query->arena, "is in %s; asked for is %s", sentence_sector(query, own),
                        sentence_sector(query, wanted));
}

const struct criterion criterion_sector = {.name = "sector",
                                           .letter = 'M',
                                           .weight = 0.15,
                                           .weight_offset = offsetof(Partner__V1__Weights, sector),
                                           .applies = applies,
                                           .score = score,
                                           .reason = reason};
