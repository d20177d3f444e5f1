#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* One mode in common; an offer without modes is physical. */

static bool stated(const struct match_query *query)
{
    return query->modes != 0;
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    struct posting_union *all = sieve_union(sieve);
    for (uint32_t modes = query->modes; modes; modes &= modes - 1)
        posting_union_add(all, query->arena,
                          posting_of(&query->segment->mode, (uint32_t)__builtin_ctz(modes)));
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    uint32_t modes = offer && offer->modes ? offer->modes : number_bit(PARTNER__V1__MODE__MODE_PHYSICAL);
    return modes & query->modes;
}

static void empty(struct match_query *query)
{
    query->modes = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    uint32_t modes = offer && offer->modes ? offer->modes : number_bit(PARTNER__V1__MODE__MODE_PHYSICAL);
    const char *names[32];
    size_t count = 0;
    for (unsigned mode = 0; mode < 32; mode++)
        if (modes & number_bit(mode))
            names[count++] = sentence_mode(mode);
    return arena_format(query->arena, met ? "offers %s stays" : "offers %s stays only",
                        sentence_list(query->arena, names, count));
}

const struct filter filter_modes = {
    .name = "modes", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
