#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* The organisation's country is listed. */

static bool stated(const struct match_query *query)
{
    return query->countries.count > 0;
}

static void narrow(const struct match_query *query, uint64_t *slots)
{
    size_t words = bits_words(query->index->slot_count);
    uint64_t *hold = arena_array(query->arena, words, sizeof *hold);
    for (uint32_t i = 0; i < query->countries.count; i++) {
        struct posting posting = posting_of(&query->index->country, query->countries.items[i]);
        posting_join(&posting, hold, words);
    }
    bits_and(slots, hold, words);
}

static void empty(struct match_query *query)
{
    query->countries.count = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    uint16_t country = index_slot_host(query->index, slot)->country;
    if (!country)
        return "states no country";
    return arena_format(query->arena, met ? "is in %s" : "is in %s, which is not asked for",
                        sentence_country(query, country));
}

const struct filter filter_countries = {
    .name = "countries", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
