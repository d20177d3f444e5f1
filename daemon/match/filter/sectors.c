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

/* Codes of 4 digits have nothing below them. */
static struct posting posting_under(const struct segment *segment, uint16_t sector)
{
    return posting_of(number_sector_digits(sector) < 4 ? &segment->sector_under : &segment->sector_exact,
                      sector);
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    const struct segment *segment = query->segment;
    struct posting_union *all = sieve_union(sieve);
    for (uint32_t i = 0; i < query->sectors.wanted.count; i++) {
        uint16_t sector = query->sectors.wanted.items[i];
        posting_union_add(all, query->arena, posting_under(segment, sector));
        for (unsigned digits = 2; digits < number_sector_digits(sector); digits++)
            posting_union_add(all, query->arena,
                              posting_of(&segment->sector_exact, number_sector_prefix(sector, digits)));
    }
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    return sector_wish_digits(&query->sectors, segment_sectors(query->segment, slot)) > 0;
}

static void empty(struct match_query *query)
{
    query->sectors = (struct sector_wish){0};
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    struct numbers offered = segment_sectors(query->segment, slot);
    if (!offered.count)
        return "states no sector";
    uint16_t wanted = 0, own = 0;
    if (met && sector_wish_pair(&query->sectors, offered, &wanted, &own))
        return arena_format(query->arena, "is in %s", sentence_sector(query, own));
    return arena_format(query->arena, "is in %s alone", sentence_sectors(query, &offered));
}

const struct filter filter_sectors = {
    .name = "sectors", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
