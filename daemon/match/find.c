#include "match/query.h"

#include <string.h>

#include "base/arena.h"
#include "match/answer.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/facet.h"
#include "match/sweep.h"
#include "match/token.h"

enum { ANSWER_BYTES = 3 << 20, TOKEN_BYTES = 256 };

/* ---- pages ---- */

struct paging {
    struct scoring *scoring;
    struct top top;
    struct token token;
    bool has_token;
    /* Of the organisation that was asked for last, its best slot. */
    int best_part;
    uint32_t best_place, best_slot;
};

/* Whether a slot is what its organisation is shown by: on later pages another one of its slots was shown before. */
static bool is_best(struct paging *paging, const struct ranked *ranked)
{
    if (paging->best_part != ranked->part || paging->best_place != ranked->place) {
        paging->best_part = ranked->part;
        paging->best_place = ranked->place;
        paging->best_slot = rank_best_of(paging->scoring, ranked->place, true).slot;
    }
    return paging->best_slot == ranked->slot;
}

static void page_take(void *context, const struct ranked *ranked, bool shared)
{
    struct paging *paging = context;
    const struct match_index *index = paging->scoring->query->index;
    if (paging->has_token &&
        (!token_is_before(&paging->token, ranked) || (shared && !is_best(paging, ranked))))
        return;
    top_push(&paging->top, index, ranked, shared);
}

static int64_t page_least(void *context)
{
    const struct paging *paging = context;
    const struct top *top = &paging->top;
    if (top->count < top->capacity || !top->capacity)
        return top->capacity ? INT64_MIN : INT64_MAX;
    return paging->scoring->query->keep && !top->items[0].group ? INT64_MAX : top->items[0].billionths;
}

/* Matches until the page is full, or the answer would be too large; at least one. */
static void fill_page(struct match_query *query, const struct paging *paging, uint64_t hash,
                      Partner__V1__FindHostsResponse *response)
{
    size_t most = query->question->page_size,
           bytes = protobuf_c_message_get_packed_size(&response->base) + TOKEN_BYTES;
    response->matches = arena_array(query->arena, most, sizeof *response->matches);
    size_t i = 0;
    for (; i < paging->top.count && i < most; i++) {
        match_query_enter(query, paging->top.items[i].part);
        Partner__V1__Match *match =
            answer_match(paging->scoring, &paging->top.items[i], query->question->view);
        bytes += answer_bytes_most(match, query->question->view);
        if (bytes > ANSWER_BYTES && i)
            break;
        response->matches[response->n_matches++] = match;
    }
    if (i && i < paging->top.count) {
        const struct ranked *last = &paging->top.items[i - 1];
        response->next_page_token =
            token_write(query->arena, hash, last,
                        query->index->segments[last->part]->organisations[last->place]->entry.id);
    }
}

/* ---- relaxations ---- */

static uint64_t count_relaxed(const struct match_query *query, const struct filter *filter)
{
    struct match_query relaxed = *query;
    filter->empty(&relaxed);
    return sweep_count(&relaxed);
}

static void add_relaxations(const struct match_query *query, Partner__V1__FindHostsResponse *response)
{
    response->relaxations = arena_array(query->arena, FILTER_COUNT, sizeof *response->relaxations);
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        const struct filter *filter = filter_table[i];
        if (!filter->empty || !filter->stated(query))
            continue;
        Partner__V1__Relaxation *to = arena_alloc(query->arena, sizeof *to);
        partner__v1__relaxation__init(to);
        to->filter = arena_strdup(query->arena, filter->name);
        to->eligible = count_relaxed(query, filter);
        response->relaxations[response->n_relaxations++] = to;
    }
}

struct status match_find_hosts(const struct match_index *index, struct arena *arena,
                               const struct match_question *question,
                               Partner__V1__FindHostsResponse *ret_response)
{
    struct paging paging = {.best_place = PLACE_NONE};
    uint64_t hash = token_hash(arena, question);
    paging.has_token = question->page_token && *question->page_token;
    if (paging.has_token) {
        if (!token_read(question->page_token, hash, index, &paging.token))
            return status_invalid("page_token", "this page token belongs to another request");
    }
    struct match_query query;
    struct scoring scoring;
    match_query_init(&query, arena, index, question);
    scoring_init(&scoring, &query);
    ret_response->interpretations = query.wanted.interpretations;
    ret_response->n_interpretations = query.wanted.interpretation_count;
    size_t capacity = (size_t)question->page_size + 1;
    paging.scoring = &scoring;
    paging.top = (struct top){arena_alloc(arena, capacity * sizeof *paging.top.items), 0, capacity};
    struct sweep_sink sink = {page_take, page_least, &paging, capacity};
    struct facet_counts *facets = question->facets ? facet_counts_new(arena) : NULL;
    ret_response->eligible = sweep_rank(&query, &scoring, &sink, facets);
    top_sort(&paging.top);
    if (facets)
        facet_answer(facets, arena, ret_response);
    if (!paging.has_token && ret_response->eligible < question->page_size)
        add_relaxations(&query, ret_response);
    fill_page(&query, &paging, hash, ret_response);
    return STATUS_NONE;
}

/* ---- the cost of a question ---- */

/* The share of slots that carry one of the values; 1 where none is asked for. */
static double share_of(const struct segment *segment, const struct posting_table *table,
                       struct numbers values)
{
    size_t count = 0;
    for (uint32_t i = 0; i < values.count; i++)
        count += posting_of(table, values.items[i]).count;
    return values.count && count < segment->slot_count ? (double)count / segment->slot_count : 1;
}

int64_t match_find_hosts_cost_us(const struct match_index *index, const struct match_question *question)
{
    enum { FIXED_US = 40, SLOTS_A_US = 20, SET_SLOTS_A_US = 2000, MATCHES_A_US = 8, TEXT_US = 300 };
    const double together = 3; /* where sectors go with countries, more carry both than chance has it */
    const pb_need *need = question->need;
    const struct segment *segment = index->segments[BASE];
    struct arena *arena = arena_new(0);
    double sectors =
        share_of(segment, &segment->sector_under, numbers_of_sectors(arena, need->sectors, need->n_sectors));
    double countries =
        share_of(segment, &segment->country, numbers_of_countries(arena, need->countries, need->n_countries));
    arena_free(arena);
    double share = sectors * countries * together, most = sectors < countries ? sectors : countries;
    double candidates = (share < most ? share : most) * segment->slot_count;
    double matches = candidates < question->page_size ? candidates : question->page_size;
    double cost = FIXED_US + candidates / SLOTS_A_US + (double)segment->slot_count / SET_SLOTS_A_US +
                  matches * MATCHES_A_US;
    for (size_t i = 0; i < need->n_outcomes; i++)
    cost += *need->outcomes[i]->concept ? 1 : TEXT_US;
    return (int64_t)cost;
}
