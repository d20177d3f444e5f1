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

static void narrow(const struct match_query *query, uint64_t *slots)
{
    const struct match_index *index = query->index;
    size_t words = bits_words(index->slot_count);
    uint64_t *hold = arena_alloc(query->arena, words * sizeof *hold);
    for (size_t i = 0; i < words; i++)
        hold[i] = index->no_language[i];
    for (uint32_t i = 0; i < query->languages.count; i++) {
        struct spoken spoken = query->languages.items[i];
        unsigned highest = spoken.level ? spoken.level : LEVEL_VALUES - 1;
        for (unsigned level = 0; level <= highest; level++) {
            struct posting posting = posting_of(&index->language, spoken.language * LEVEL_VALUES + level);
            posting_join(&posting, hold, words);
        }
    }
    bits_and(slots, hold, words);
}

static void empty(struct match_query *query)
{
    query->languages.count = 0;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    const struct spoken_list *used = index_slot_languages(query->index, slot);
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
    .name = "languages", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
