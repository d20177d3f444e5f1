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

static void narrow(const struct match_query *query, uint64_t *slots)
{
    size_t words = bits_words(query->index->slot_count);
    uint64_t *hold = arena_array(query->arena, words, sizeof *hold);
    struct posting none = posting_of(&query->index->eqf, 0),
                   level = posting_of(&query->index->eqf, query->eqf_level);
    posting_join(&none, hold, words);
    posting_join(&level, hold, words);
    bits_and(slots, hold, words);
}

static void empty(struct match_query *query)
{
    query->eqf_level = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    const struct offer_entry *offer = query->index->slot_offer[slot];
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
    .name = "eqf_level", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
