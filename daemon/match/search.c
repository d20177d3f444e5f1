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
    query->sender = place == PLACE_NONE ? NULL : index_organisation_entry(query->index, place);
    query->sender_body = place == PLACE_NONE ? PLACE_NONE : index_body(query->index, place);
    if (query->sender)
        sector_wish_init(&query->target_sectors, query->arena, query->sender->target_sectors);
    query->network = network_begin(query->arena, query->index, query->sender_body, query->today);
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
    match_query_enter(query, BASE);
}

/* ---- parts ---- */

void match_query_enter(struct match_query *query, int part)
{
    query->part = part;
    query->segment = query->index->segments[part];
}

bool match_query_passes(const struct match_query *query, uint32_t slot)
{
    for (size_t i = 0; i < FILTER_COUNT; i++)
        if (!filter_holds(filter_table[i], query, slot))
            return false;
    return true;
}

uint32_t match_query_body(const struct match_query *query, uint32_t slot)
{
    return index_organisation(query->index, query->part, segment_body(query->segment, slot));
}

/* ---- windows ---- */

uint32_t match_query_stay_days(const struct match_query *query, uint32_t slot)
{
    uint32_t own, most;
    segment_days(query->segment, slot, &own, &most);
    return pair_stay_days(own, query->min_days);
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
    return !segment_windows(query->segment, slot).count || match_query_free_places(query, slot) > 0;
}

uint32_t match_query_free_places(const struct match_query *query, uint32_t slot)
{
    return pair_free_places(segment_windows(query->segment, slot), query->start, query->end,
                            match_query_stay_days(query, slot), match_query_places(query));
}
