#include "match/search.h"

#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/criterion/criterion.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"

/* ---- taking a question apart ---- */

static void read_sender(struct match_query *query, const struct match_question *question)
{
    const char *id =
        question->sender_id && *question->sender_id ? question->sender_id : question->need->organisation_id;
    uint32_t place = *id ? index_find_organisation(query->index, id) : PLACE_NONE;
    query->sender_named = *id != '\0';
    query->sender = place == PLACE_NONE ? NULL : query->index->organisations[place];
    query->sender_body = place == PLACE_NONE ? PLACE_NONE : query->index->bodies.of_organisation[place];
    if (query->sender)
        sector_wish_init(&query->target_sectors, query->arena, query->sender->target_sectors);
    network_find(&query->network, query->arena, query->index, query->sender_body, query->today);
}

void match_query_init(struct match_query *query, struct arena *arena, const struct match_index *index,
                      const struct match_question *question)
{
    const pb_need *need = question->need;
    *query = (struct match_query){
        .index = index,
        .arena = arena,
        .question = question,
        .today = question->today,
        .countries = numbers_of_countries(arena, need->countries, need->n_countries),
        .regions = regions_of(arena, need->regions, need->n_regions),
        .min_days = need->duration ? need->duration->min_days : 0,
        .max_days = need->duration ? need->duration->max_days : 0,
        .languages = spoken_of(arena, need->languages, need->n_languages),
        .eqf_level = need->eqf_level,
        .modes = bits_of_enums((const int *)need->modes, need->n_modes),
        .themes = bits_of_enums((const int *)need->themes, need->n_themes),
        .learners = need->learners,
        .max_absent = need->max_absent,
        .essential = true,
        .keep = question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP,
        .extend = question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_EXTEND,
    };
    sector_wish_init(&query->sectors, arena, numbers_of_sectors(arena, need->sectors, need->n_sectors));
    days_of_range(need->period, &query->start, &query->end);
    wanted_read(&query->wanted, arena, index, need->outcomes, need->n_outcomes);
    read_sender(query, question);
    criterion_weights(question->weights, query->weights);
}

/* ---- eligibility ---- */

/* The filters that look at each candidate by itself, over what the others left. */
static void keep_each(const struct match_query *query, uint64_t *slots)
{
    const struct filter *each[FILTER_COUNT];
    size_t each_count = 0, slot_count = query->index->slot_count;
    for (size_t i = 0; i < FILTER_COUNT; i++)
        if (filter_table[i]->keep && filter_table[i]->stated(query))
            each[each_count++] = filter_table[i];
    struct match_block block;
    for (size_t slot = bits_next(slots, slot_count, 0); slot < slot_count;) {
        block.count = 0;
        for (; slot < slot_count && block.count < BLOCK_SLOTS;
             slot = bits_next(slots, slot_count, slot + 1)) {
            block.slots[block.count++] = (uint32_t)slot;
            bits_clear(slots, slot);
        }
        for (size_t i = 0; i < each_count; i++)
            each[i]->keep(query, &block);
        for (uint32_t i = 0; i < block.count; i++)
            bits_set(slots, block.slots[i]);
    }
}

uint64_t *match_query_eligible(const struct match_query *query)
{
    size_t words = bits_words(query->index->slot_count);
    uint64_t *slots = arena_alloc(query->arena, words * sizeof *slots);
    memcpy(slots, query->index->host_role, words * sizeof *slots);
    for (size_t i = 0; i < FILTER_COUNT; i++)
        if (filter_table[i]->narrow && filter_table[i]->stated(query))
            filter_table[i]->narrow(query, slots);
    keep_each(query, slots);
    return slots;
}

/* Which record of each body with several is shown; then clears the others. */
static void reduce_several(const struct match_query *query, uint64_t *slots)
{
    const struct match_index *index = query->index;
    size_t count = index->slot_count, words = bits_words(count);
    uint64_t *several = arena_alloc(query->arena, words * sizeof *several);
    uint64_t any = 0;
    for (size_t i = 0; i < words; i++)
        any |= several[i] = slots[i] & index->several_records[i];
    if (!any)
        return;
    uint32_t *best = arena_alloc(query->arena, index->bodies.count * sizeof *best);
    memset(best, 0xff, index->bodies.count * sizeof *best);
    for (size_t slot = bits_next(several, count, 0); slot < count;
         slot = bits_next(several, count, slot + 1)) {
        uint32_t place = index->slot_organisation[slot], *body = &best[index->bodies.of_organisation[place]];
        if (*body == PLACE_NONE || index->preference[place] < index->preference[*body])
            *body = place;
    }
    for (size_t slot = bits_next(several, count, 0); slot < count;
         slot = bits_next(several, count, slot + 1)) {
        uint32_t place = index->slot_organisation[slot];
        if (best[index->bodies.of_organisation[place]] != place)
            bits_clear(slots, slot);
    }
}

uint64_t match_query_reduce(const struct match_query *query, uint64_t *slots)
{
    reduce_several(query, slots);
    size_t count = query->index->slot_count;
    uint64_t bodies = 0;
    uint32_t last = PLACE_NONE;
    for (size_t slot = bits_next(slots, count, 0); slot < count; slot = bits_next(slots, count, slot + 1)) {
        bodies += query->index->slot_organisation[slot] != last;
        last = query->index->slot_organisation[slot];
    }
    return bodies;
}

/* ---- windows ---- */

uint32_t match_query_stay_days(const struct match_query *query, uint32_t slot)
{
    return pair_stay_days(query->index->min_days[slot], query->min_days);
}

uint32_t match_query_places(const struct match_query *query)
{
    return pair_places(query->learners, query->max_absent);
}

int64_t match_query_overlap_days(const struct match_query *query, const struct window *window)
{
    return pair_window_days(window, query->start, query->end);
}

bool match_query_windows_hold(const struct match_query *query, uint32_t slot)
{
    const struct match_index *index = query->index;
    return index->window_first[slot] == index->window_first[slot + 1] ||
           match_query_free_places(query, slot) > 0;
}

uint32_t match_query_free_places(const struct match_query *query, uint32_t slot)
{
    return pair_free_places(index_slot_windows(query->index, slot), query->start, query->end,
                            match_query_stay_days(query, slot), match_query_places(query));
}
