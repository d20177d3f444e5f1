#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The offer lists the level, or none. */

static bool stated(const struct match_query *query)
{
    return query->eqf_level > 0;
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    struct posting_union *all = sieve_union(sieve);
    posting_union_add(all, query->arena, posting_of(&query->segment->eqf, query->eqf_level));
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    return !offer || !offer->eqf_levels ||
           (offer->eqf_levels & (number_bit(0) | number_bit(query->eqf_level)));
}

static void empty(struct match_query *query)
{
    query->eqf_level = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    if (!offer || !offer->eqf_levels)
        return "states no EQF level";
    const char *names[32];
    size_t count = 0;
    for (unsigned level = 0; level < 32; level++)
        if (offer->eqf_levels & number_bit(level))
            names[count++] = arena_format(query->arena, "%u", level);
    return arena_format(query->arena, met ? "is for EQF level %s" : "is for EQF level %s only",
                        sentence_list(query->arena, names, count));
}

const struct filter filter_eqf_level = {
    .name = "eqf_level", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
