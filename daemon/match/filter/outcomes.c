#include "match/filter/filter.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* Each essential outcome is covered by the same concept or a narrower one. */

static bool stated(const struct match_query *query)
{
    for (uint32_t i = 0; query->essential && i < query->wanted.count; i++)
        if (query->wanted.items[i].essential)
            return true;
    return false;
}

static void narrow_by(const struct match_query *query, const struct wanted_concept *wanted, uint64_t *hold,
                      uint64_t *slots, size_t words)
{
    for (size_t i = 0; i < words; i++)
        hold[i] = 0;
    for (uint32_t i = 0; i < wanted->near_count; i++) {
        const struct near *near = &query->wanted.near[wanted->near_first + i];
        struct posting posting = posting_of(&query->index->concept, near->concept);
        if (near->fit >= FIT_LEAST_ESSENTIAL)
            posting_join(&posting, hold, words);
    }
    bits_and(slots, hold, words);
}

static void narrow(const struct match_query *query, uint64_t *slots)
{
    size_t words = bits_words(query->index->slot_count);
    uint64_t *hold = arena_alloc(query->arena, words * sizeof *hold);
    for (uint32_t i = 0; i < query->wanted.count; i++)
        if (query->wanted.items[i].essential)
            narrow_by(query, &query->wanted.items[i], hold, slots, words);
}

static void empty(struct match_query *query)
{
    query->essential = false;
}

static const char *reason(const struct match_query *query, uint32_t slot, bool met)
{
    if (met)
        return "covers every essential outcome";
    const struct wanted *wanted = &query->wanted;
    uint8_t *fits = arena_array(query->arena, wanted->count, sizeof *fits);
    bool *reusable = arena_array(query->arena, wanted->count, sizeof *reusable);
    wanted_fit_slot(wanted, query->index, slot, fits, reusable);
    const char **names = arena_array(query->arena, wanted->count, sizeof *names);
    size_t count = 0;
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct wanted_concept *item = &wanted->items[i];
        if (item->essential && fits[i] < FIT_LEAST_ESSENTIAL)
            names[count++] = sentence_concept(query, item->concept,
                                              *item->outcome->text ? item->outcome->text : item->code);
    }
    return arena_format(query->arena, "doesn't cover what is essential: %s",
                        sentence_list(query->arena, names, count));
}

const struct filter filter_outcomes = {
    .name = "outcomes", .stated = stated, .narrow = narrow, .empty = empty, .reason = reason};
