#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* One language that is used there and that the learners speak at its level or above; unstated levels pass, and so does who
 * states no language. */

static bool stated(const struct match_query *query)
{
    return query->languages.count > 0;
}

static void unite(const struct match_query *query, struct sieve *sieve)
{
    const struct segment *segment = query->segment;
    struct posting_union *all = sieve_union(sieve);
    posting_union_add(all, query->arena, posting_of(&segment->language, 0)); /* none stated */
    for (uint32_t i = 0; i < query->languages.count; i++) {
        struct spoken spoken = query->languages.items[i];
        unsigned highest = spoken.level ? spoken.level : LEVEL_VALUES - 1;
        posting_union_add(all, query->arena,
                          posting_of(&segment->language, spoken.language * LEVEL_VALUES + highest));
    }
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    const struct spoken_list *used = segment_languages(query->segment, slot);
    for (uint32_t i = 0; i < used->count; i++)
        for (uint32_t j = 0; j < query->languages.count; j++) {
            struct spoken spoken = query->languages.items[j];
            unsigned highest = spoken.level ? spoken.level : LEVEL_VALUES - 1;
            if (spoken.language == used->items[i].language && used->items[i].level <= highest)
                return true;
        }
    return !used->count;
}

static void empty(struct match_query *query)
{
    query->languages.count = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    const struct spoken_list *used = segment_languages(query->segment, slot);
    if (!used->count)
        return "states no working language";
    const char **names = arena_array(query->arena, used->count, sizeof *names);
    for (uint32_t i = 0; i < used->count; i++)
        names[i] = sentence_language(query, used->items[i].language, used->items[i].level);
    return arena_format(query->arena,
                        met ? "works in %s" : "works in %s, which the learners don't speak well enough",
                        sentence_list(query->arena, names, used->count));
}

const struct filter filter_languages = {
    .name = "languages", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
