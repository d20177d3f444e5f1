#include "match/query.h"

#include <string.h>

#include "base/arena.h"
#include "base/give_way.h"
#include "base/packer.h"
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

/* A question under way. */
struct finding {
    struct match_query query;
    struct scoring scoring;
    struct paging paging;
    uint64_t hash; /* of the question, for its page tokens */
};

/* The token of the page that follows the first `count` matches, where there is one. */
static void add_token(struct finding *finding, size_t count, Partner__V1__FindHostsResponse *response)
{
    if (!count || count == finding->paging.top.count)
        return;
    const struct ranked *last = &finding->paging.top.items[count - 1];
    const struct segment *segment = finding->query.index->segments[last->part];
    response->next_page_token =
        token_write(finding->query.arena, finding->hash, last, segment->organisations[last->place]->entry.id);
}

static size_t page_count(const struct finding *finding)
{
    size_t found = finding->paging.top.count, most = finding->query.question->page_size;
    return found < most ? found : most;
}

/* Matches until the page is full, or the answer would be too large; at least one. */
static void fill_page(struct finding *finding, Partner__V1__FindHostsResponse *response)
{
    size_t most = page_count(finding),
           bytes = protobuf_c_message_get_packed_size(&response->base) + TOKEN_BYTES;
    Partner__V1__MatchView view = finding->query.question->view;
    response->matches = arena_array(finding->query.arena, most, sizeof *response->matches);
    answer_fetch(finding->query.index, finding->paging.top.items, most);
    for (size_t i = 0; i < most; i++) {
        const struct ranked *ranked = &finding->paging.top.items[i];
        match_query_enter(&finding->query, ranked->part);
        Partner__V1__Match *match = answer_match(&finding->scoring, ranked, view);
        bytes += answer_bytes_most(match, view);
        if (bytes > ANSWER_BYTES && i)
            break;
        response->matches[response->n_matches++] = match;
    }
    add_token(finding, response->n_matches, response);
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

/* All but the matches. */
static struct status find(struct finding *finding, const struct match_index *index, struct arena *arena,
                          const struct match_question *question, Partner__V1__FindHostsResponse *response)
{
    struct paging *paging = &finding->paging;
    struct match_query *query = &finding->query;
    finding->hash = token_hash(arena, question);
    *paging = (struct paging){.best_place = PLACE_NONE, .scoring = &finding->scoring};
    paging->has_token = question->page_token && *question->page_token;
    if (paging->has_token && !token_read(question->page_token, finding->hash, index, &paging->token))
        return status_invalid("page_token", "this page token belongs to another request");
    match_query_init(query, arena, index, question);
    scoring_init(&finding->scoring, query);
    response->interpretations = query->wanted.interpretations;
    response->n_interpretations = query->wanted.interpretation_count;
    size_t capacity = (size_t)question->page_size + 1;
    paging->top = (struct top){arena_alloc(arena, capacity * sizeof *paging->top.items), 0, capacity};
    struct sweep_sink sink = {page_take, page_least, paging, capacity};
    struct facet_counts *facets = question->facets ? facet_counts_new(arena) : NULL;
    response->eligible = sweep_rank(query, &finding->scoring, &sink, facets);
    top_sort(&paging->top);
    if (facets)
        facet_answer(facets, arena, response);
    if (!paging->has_token && response->eligible < question->page_size)
        add_relaxations(query, response);
    return STATUS_NONE;
}

struct status match_find_hosts(const struct match_index *index, struct arena *arena,
                               const struct match_question *question,
                               Partner__V1__FindHostsResponse *ret_response)
{
    struct finding finding;
    struct status status = find(&finding, index, arena, question, ret_response);
    if (status_ok(status))
        fill_page(&finding, ret_response);
    return status;
}

/* A BASIC page of any size stays below ANSWER_BYTES. */
static void pack_page(struct finding *finding, struct packer *packer,
                      Partner__V1__FindHostsResponse *response)
{
    struct match_query *query = &finding->query;
    const struct ranked *items = finding->paging.top.items;
    size_t count = page_count(finding);
    answer_fetch(query->index, items, count);
    add_token(finding, count, response);
    packer_put_message(packer, &response->base);
    for (size_t i = count; i-- > 0;) {
        match_query_enter(query, items[i].part);
        answer_pack(packer, query, &items[i]);
        give_way();
    }
}

/* Packed one by one to see how many the answer has room for, then put in front of each other from the last one on. */
static void pack_full_page(struct finding *finding, struct packer *packer,
                           Partner__V1__FindHostsResponse *response)
{
    enum { MATCHES = 1 };
    struct match_query *query = &finding->query;
    const struct ranked *items = finding->paging.top.items;
    size_t most = page_count(finding), count = 0,
           bytes = protobuf_c_message_get_packed_size(&response->base) + TOKEN_BYTES;
    struct packer *matches = arena_array(query->arena, most, sizeof *matches);
    answer_fetch(query->index, items, most);
    for (; count < most; count++) {
        matches[count] = packer_of(query->arena);
        match_query_enter(query, items[count].part);
        Partner__V1__Match *match = answer_match(&finding->scoring, &items[count], query->question->view);
        packer_put_message(&matches[count], &match->base);
        bytes += packer_size(&matches[count]) + ANSWER_OVERHEAD_BYTES;
        if (bytes > ANSWER_BYTES && count)
            break;
        give_way();
    }
    add_token(finding, count, response);
    packer_put_message(packer, &response->base);
    for (size_t i = count; i-- > 0;)
        packer_put_bytes(packer, MATCHES, packer_bytes(&matches[i]), packer_size(&matches[i]));
}

struct status match_find_hosts_packed(const struct match_index *index, struct arena *arena,
                                      const struct match_question *question, uint64_t revision,
                                      struct packer *packer)
{
    Partner__V1__FindHostsResponse response = PARTNER__V1__FIND_HOSTS_RESPONSE__INIT;
    struct finding finding;
    struct status status = find(&finding, index, arena, question, &response);
    response.revision = revision;
    if (!status_ok(status))
        return status;
    if (question->view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC) {
        pack_page(&finding, packer, &response);
    } else {
        pack_full_page(&finding, packer, &response);
    }
    return STATUS_NONE;
}

/* ---- the cost of a question ---- */

/* The share of slots that carry one of the codes, which are distinct; 1 where none is asked for. */
static double share_of(const struct segment *segment, const struct posting_table *table, char *const *codes,
                       size_t code_count, uint16_t (*number_of)(const char *code))
{
    size_t count = 0;
    for (size_t i = 0; i < code_count; i++)
        count += posting_of(table, number_of(codes[i])).count;
    return code_count && count < segment->slot_count ? (double)count / segment->slot_count : 1;
}

int64_t match_find_hosts_cost_us(const struct match_index *index, const struct match_question *question)
{
    enum { FIXED_US = 20, SLOTS_A_US = 350, SET_SLOTS_A_US = 20000 };
    enum { MATCH_US = 1, FULL_MATCH_US = 4, TEXT_US = 300 };
    const double together = 3; /* where sectors go with countries, more carry both than chance has it */
    const pb_need *need = question->need;
    const struct segment *segment = index->segments[BASE];
    double sectors =
        share_of(segment, &segment->sector_under, need->sectors, need->n_sectors, number_of_sector);
    double countries =
        share_of(segment, &segment->country, need->countries, need->n_countries, number_of_country);
    double share = sectors * countries * together, most = sectors < countries ? sectors : countries;
    double candidates = (share < most ? share : most) * segment->slot_count;
    double matches = candidates < question->page_size ? candidates : question->page_size;
    bool is_basic = question->view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC;
    double cost = FIXED_US + candidates / SLOTS_A_US + (double)segment->slot_count / SET_SLOTS_A_US +
                  matches * (is_basic ? MATCH_US : FULL_MATCH_US);
    for (size_t i = 0; i < need->n_outcomes; i++)
    cost += *need->outcomes[i]->concept ? 1 : TEXT_US;
    return (int64_t)cost;
}
