#include "match/query.h"

#include <string.h>

#include "base/arena.h"
#include "match/answer.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/rank.h"
#include "match/token.h"

enum { ANSWER_BYTES = 3 << 20, MATCH_OVERHEAD_BYTES = 8, TOKEN_BYTES = 256 };

/* ---- pages ---- */

struct paging {
    struct top top;
    struct token token;
    bool has_token;
    uint32_t place; /* the first organisation after the token's */
};

static void page_visit(void *context, const struct ranked *ranked)
{
    struct paging *paging = context;
    if (!paging->has_token || token_is_before(&paging->token, paging->place, ranked))
        top_push(&paging->top, ranked);
}

static uint32_t place_after(const struct match_index *index, const char *id)
{
    uint32_t low = 0, high = index->organisation_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(index->organisations[middle]->entry.id, id) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Matches until the page is full, or the answer would be too large; at least one. */
static void fill_page(const struct match_query *query, const struct scoring *scoring,
                      const struct paging *paging, uint64_t hash, Partner__V1__FindHostsResponse *response)
{
    size_t most = query->question->page_size,
           bytes = protobuf_c_message_get_packed_size(&response->base) + TOKEN_BYTES;
    response->matches = arena_array(query->arena, most, sizeof *response->matches);
    size_t i = 0;
    for (; i < paging->top.count && i < most; i++) {
        Partner__V1__Match *match = answer_match(scoring, &paging->top.items[i], query->question->view);
        bytes += protobuf_c_message_get_packed_size(&match->base) + MATCH_OVERHEAD_BYTES;
        if (bytes > ANSWER_BYTES && i)
            break;
        response->matches[response->n_matches++] = match;
    }
    if (i && i < paging->top.count) {
        const struct ranked *last = &paging->top.items[i - 1];
        response->next_page_token =
            token_write(query->arena, hash, last, query->index->organisations[last->place]->entry.id);
    }
}

/* ---- relaxations ---- */

static uint64_t count_relaxed(const struct match_query *query, const struct filter *filter)
{
    struct match_query relaxed = *query;
    relaxed.arena = arena_new(0); /* sets of slots need not outlive the count */
    filter->empty(&relaxed);
    uint64_t count = match_query_reduce(&relaxed, match_query_eligible(&relaxed));
    arena_free(relaxed.arena);
    return count;
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
    struct paging paging = {0};
    uint64_t hash = token_hash(arena, question);
    paging.has_token = question->page_token && *question->page_token;
    if (paging.has_token) {
        if (!token_read(question->page_token, hash, &paging.token))
            return status_invalid("page_token", "this page token belongs to another request");
        paging.place = place_after(index, paging.token.organisation_id);
    }
    struct match_query query;
    match_query_init(&query, arena, index, question);
    uint64_t *slots = match_query_eligible(&query);
    ret_response->eligible = match_query_reduce(&query, slots);
    ret_response->interpretations = query.wanted.interpretations;
    ret_response->n_interpretations = query.wanted.interpretation_count;
    if (!paging.has_token && ret_response->eligible < question->page_size)
        add_relaxations(&query, ret_response);

    struct scoring scoring;
    scoring_init(&scoring, &query, slots);
    size_t capacity = (size_t)question->page_size + 1;
    if (capacity > ret_response->eligible)
        capacity = ret_response->eligible;
    paging.top = (struct top){arena_array(arena, capacity, sizeof *paging.top.items), 0, capacity};
    rank_visit_all(&scoring, page_visit, &paging);
    top_sort(&paging.top);
    fill_page(&query, &scoring, &paging, hash, ret_response);
    return STATUS_NONE;
}

/* ---- the cost of a question ---- */

/* The share of slots that carry one of the values; 1 where none is asked for. */
static double share_of(const struct match_index *index, const struct posting_table *table,
                       struct numbers values)
{
    size_t count = 0;
    for (uint32_t i = 0; i < values.count; i++)
        count += posting_of(table, values.items[i]).count;
    return values.count && count < index->slot_count ? (double)count / index->slot_count : 1;
}

int64_t match_find_hosts_cost_us(const struct match_index *index, const struct match_question *question)
{
    enum { FIXED_US = 40, SLOTS_A_US = 20, SET_SLOTS_A_US = 2000, MATCHES_A_US = 8, TEXT_US = 300 };
    const double together = 3; /* where sectors go with countries, more carry both than chance has it */
    const pb_need *need = question->need;
    struct arena *arena = arena_new(0);
    double sectors =
        share_of(index, &index->sector_under, numbers_of_sectors(arena, need->sectors, need->n_sectors));
    double countries =
        share_of(index, &index->country, numbers_of_countries(arena, need->countries, need->n_countries));
    arena_free(arena);
    double share = sectors * countries * together, most = sectors < countries ? sectors : countries;
    double candidates = (share < most ? share : most) * index->slot_count;
    double matches = candidates < question->page_size ? candidates : question->page_size;
    double cost = FIXED_US + candidates / SLOTS_A_US + (double)index->slot_count / SET_SLOTS_A_US +
                  matches * MATCHES_A_US;
    for (size_t i = 0; i < need->n_outcomes; i++)
    cost += *need->outcomes[i]->concept ? 1 : TEXT_US;
    return (int64_t)cost;
}
