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

static void unite(const struct match_query *query, struct sieve *sieve)
{
    for (uint32_t i = 0; i < query->wanted.count; i++) {
        const struct wanted_concept *wanted = &query->wanted.items[i];
        struct posting_union *all = wanted->essential ? sieve_union(sieve) : NULL;
        for (uint32_t j = 0; all && j < wanted->near_count; j++) {
            const struct near *near = &query->wanted.near[wanted->near_first + j];
            if (near->fit >= FIT_LEAST_ESSENTIAL)
                posting_union_add(all, query->arena, posting_of(&query->segment->concept, near->concept));
        }
    }
}

static bool holds(const struct match_query *query, uint32_t slot)
{
    const struct wanted *wanted = &query->wanted;
    uint8_t *fits = arena_array(query->arena, wanted->count, sizeof *fits);
    bool *reusable = arena_array(query->arena, wanted->count, sizeof *reusable);
    wanted_fit_slot(wanted, query->segment, slot, fits, reusable);
    for (uint32_t i = 0; i < wanted->count; i++)
        if (wanted->items[i].essential && fits[i] < FIT_LEAST_ESSENTIAL)
            return false;
    return true;
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
    wanted_fit_slot(wanted, query->segment, slot, fits, reusable);
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
    .name = "outcomes", .stated = stated, .unite = unite, .holds = holds, .empty = empty, .reason = reason};
