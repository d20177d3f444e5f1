#include "match/senders.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/rank.h"
#include "match/senders_answer.h"
#include "match/senders_judge.h"
#include "match/senders_relax.h"
#include "match/token.h"

enum { ANSWER_BYTES = 3 << 20, MATCH_OVERHEAD_BYTES = 8, TOKEN_BYTES = 256 };

/* ---- eligible needs ---- */

struct candidate {
    uint32_t row, number; /* number: of its sender's body */
};

/* One body that an eligible need was found of, with its best. A match's slot is row * NEED_PARTS + part. */
struct body_row {
    uint32_t number;
    struct ranked best;
};

struct search {
    struct senders_query query;
    struct need_rows rows[NEED_PARTS];
    struct candidate *candidates[NEED_PARTS];
    uint32_t candidate_count[NEED_PARTS];
    struct body_row *bodies;
    uint32_t body_count;
    uint32_t *body_rows, mask; /* bodies by number, open addressing; UINT32_MAX: free */
};

static void find_in_part(struct search *search, int part)
{
    struct senders_query *query = &search->query;
    const struct need_set *set = query->index->needs_view->parts[part].set;
    const uint64_t *rows = search->rows[part].all;
    struct candidate *to = search->candidates[part] =
        arena_alloc(query->arena, bits_count(rows, bits_words(set->count)) * sizeof *to);
    for (size_t row = bits_next(rows, set->count, 0); row < set->count;
         row = bits_next(rows, set->count, row + 1)) {
        const struct need_brief *brief = &set->briefs[row];
        if (brief->valid_until < query->question->today || senders_failures(query, brief, &set->facts[row]))
            continue;
        uint32_t number = senders_number(query, part, brief->owner);
        if (number != SENDER_NONE && !senders_network_fails(query, number))
            *to++ = (struct candidate){(uint32_t)row, number};
    }
    search->candidate_count[part] = (uint32_t)(to - search->candidates[part]);
}

/* ---- the best of each body ---- */

static const struct need_entry *need_of(const struct search *search, uint32_t slot)
{
    return search->query.index->needs_view->parts[slot % NEED_PARTS].set->needs[slot / NEED_PARTS];
}

static bool better_need(const struct search *search, const struct ranked *left, const struct ranked *right)
{
    if (left->billionths != right->billionths)
        return left->billionths > right->billionths;
    return strcmp(need_of(search, left->slot)->entry.id, need_of(search, right->slot)->entry.id) < 0;
}

static struct ranked rank_need(struct senders_query *query, int part, uint32_t row)
{
    struct sender sender;
    struct sender_values values;
    senders_look_up(query, part, row, &sender);
    senders_values(query, part, row, &sender, &values);
    uint32_t place = sender.place;
    int segment = index_locate(query->index, &place);
    return (struct ranked){
        .part = segment,
        .order = index_order(query->index, segment, place),
        .group = query->keep && !(sender.tie && sender.tie->partner),
        .slot = row * NEED_PARTS + (uint32_t)part,
        .place = place,
        .billionths = senders_billionths(query, &values),
    };
}

static void take(struct search *search, const struct ranked *ranked, uint32_t number)
{
    uint32_t row = number * 2654435769u >> 5 & search->mask;
    while (search->body_rows[row] != UINT32_MAX && search->bodies[search->body_rows[row]].number != number)
        row = (row + 1) & search->mask;
    if (search->body_rows[row] == UINT32_MAX) {
        search->body_rows[row] = search->body_count;
        search->bodies[search->body_count++] = (struct body_row){number, *ranked};
    } else if (better_need(search, ranked, &search->bodies[search->body_rows[row]].best)) {
        search->bodies[search->body_rows[row]].best = *ranked;
    }
}

static void rank_candidates(struct search *search)
{
    struct arena *arena = search->query.arena;
    uint32_t count = 0, size = 16;
    for (int part = 0; part < NEED_PARTS; part++)
        count += search->candidate_count[part];
    while (size < count * 2)
        size *= 2;
    search->bodies = arena_alloc(arena, count * sizeof *search->bodies);
    search->body_rows = arena_alloc(arena, size * sizeof *search->body_rows);
    memset(search->body_rows, 0xff, size * sizeof *search->body_rows);
    search->mask = size - 1;
    for (int part = 0; part < NEED_PARTS; part++)
        for (uint32_t i = 0; i < search->candidate_count[part]; i++) {
            const struct candidate *candidate = &search->candidates[part][i];
            struct ranked ranked = rank_need(&search->query, part, candidate->row);
            take(search, &ranked, candidate->number);
        }
}

/* ---- pages ---- */

static uint64_t hash_question(struct arena *arena, const struct senders_question *question)
{
    Partner__V1__Weights none = PARTNER__V1__WEIGHTS__INIT;
    bool stored = question->offer_id && *question->offer_id;
    pb_offer offer = *question->offer;
    offer.revision = 0;
    offer.update_time = NULL;
    const uint64_t parts[] = {
        hash_text("senders"),
        stored,
        stored ? hash_text(question->offer_id) : token_hash_message(arena, &offer.base),
        (uint64_t)question->network,
        token_hash_message(arena, question->weights ? &question->weights->base : &none.base),
        (uint64_t)question->view,
    };
    return hash_bytes(parts, sizeof parts);
}

/* The best of what comes after the token. */
static struct top find_top(const struct search *search, const struct token *token)
{
    const struct senders_query *query = &search->query;
    size_t capacity = (size_t)query->question->page_size + 1;
    if (capacity > search->body_count)
        capacity = search->body_count;
    struct top top = {.items = arena_array(query->arena, capacity, sizeof *top.items), .capacity = capacity};
    for (uint32_t i = 0; i < search->body_count; i++)
        if (!token || token_is_before(token, &search->bodies[i].best))
            top_push(&top, query->index, &search->bodies[i].best, false);
    top_sort(&top);
    return top;
}

/* Matches until the page is full, or the answer would be too large; at least one. */
static void fill_page(struct senders_query *query, const struct top *top, uint64_t hash,
                      Partner__V1__FindSendersResponse *response)
{
    size_t most = query->question->page_size,
           bytes = protobuf_c_message_get_packed_size(&response->base) + TOKEN_BYTES;
    response->matches = arena_array(query->arena, most, sizeof *response->matches);
    size_t i = 0;
    for (; i < top->count && i < most; i++) {
        const struct ranked *ranked = &top->items[i];
        Partner__V1__SenderMatch *match = senders_answer_match(query, (int)(ranked->slot % NEED_PARTS),
                                                               ranked->slot / NEED_PARTS, ranked->billionths);
        bytes += protobuf_c_message_get_packed_size(&match->base) + MATCH_OVERHEAD_BYTES;
        if (bytes > ANSWER_BYTES && i)
            break;
        response->matches[response->n_matches++] = match;
    }
    if (i && i < top->count) {
        const struct ranked *last = &top->items[i - 1];
        response->next_page_token =
            token_write(query->arena, hash, last,
                        query->index->segments[last->part]->organisations[last->place]->entry.id);
    }
}

/* ---- the question ---- */

static void search_needs(struct search *search)
{
    if (!offering_stands(&search->query.offering, search->query.question->today))
        return;
    for (int part = 0; part < search->query.index->needs_view->count; part++) {
        senders_find_rows(&search->query, part, &search->rows[part]);
        find_in_part(search, part);
    }
    rank_candidates(search);
}

static void tell_relaxations(struct search *search, Partner__V1__FindSendersResponse *response)
{
    uint64_t *eligible =
        arena_array(search->query.arena, bits_words(senders_number_limit(&search->query)), sizeof *eligible);
    for (uint32_t i = 0; i < search->body_count; i++)
        bits_set(eligible, search->bodies[i].number);
    senders_relax(&search->query, search->rows, eligible, response);
}

struct status match_find_senders(const struct match_index *index, struct arena *arena,
                                 const struct senders_question *question,
                                 Partner__V1__FindSendersResponse *ret_response)
{
    uint64_t hash = hash_question(arena, question);
    bool stored = question->offer_id && *question->offer_id,
         has_token = question->page_token && *question->page_token;
    struct token token;
    if (has_token && !token_read(question->page_token, hash, index, &token))
        return status_invalid("page_token", "this page token belongs to another request");
    uint32_t host_place = index_find_organisation(index, question->offer->organisation_id);
    if (host_place == PLACE_NONE)
        return status_format(arena, STATUS_NOT_FOUND, stored ? "offer_id" : "offer.organisation_id",
                             "there is no organisation %s", question->offer->organisation_id);
    struct search search = {0};
    senders_query_init(&search.query, arena, index, question, host_place);
    search_needs(&search);
    ret_response->eligible = search.body_count;
    ret_response->interpretations = search.query.offering.interpretations;
    ret_response->n_interpretations = search.query.offering.interpretation_count;
    if (!has_token && search.body_count < question->page_size && search.rows[0].all)
        tell_relaxations(&search, ret_response);
    struct top top = find_top(&search, has_token ? &token : NULL);
    fill_page(&search.query, &top, hash, ret_response);
    return STATUS_NONE;
}

/* ---- its cost ---- */

/* Rows that ask for nothing by an attribute, or for one of these. */
static size_t count_sectors(const struct need_set *set, struct numbers sectors)
{
    size_t count = posting_of(&set->sector_exact, 0).count;
    for (uint32_t i = 0; i < sectors.count; i++)
        count += posting_of(&set->sector_under, number_sector_prefix(sectors.items[i], 2)).count;
    return count < set->count ? count : set->count;
}

static size_t count_countries(const struct need_set *set, uint16_t country)
{
    return posting_of(&set->country, 0).count + (country ? posting_of(&set->country, country).count : 0);
}

int64_t match_find_senders_cost_us(const struct match_index *index, const struct senders_question *question)
{
    enum { FIXED_US = 20, CANDIDATES_A_US = 15, SET_NEEDS_A_US = 300, MATCHES_A_US = 2, TEXT_US = 300 };
    const pb_offer *offer = question->offer;
    uint32_t place = index_find_organisation(index, offer->organisation_id);
    if (place == PLACE_NONE)
        return FIXED_US;
    const struct organisation_entry *host = index_organisation_entry(index, place);
    struct arena *arena = arena_new(0);
    struct numbers sectors = numbers_of_sectors(arena, offer->sectors, offer->n_sectors);
    double candidates = 0, needs = 0;
    for (int part = 0; part < index->needs_view->count; part++) {
        const struct need_set *set = index->needs_view->parts[part].set;
        double by_country = (double)count_countries(set, host->country);
        needs += set->count;
        candidates += set->count ? by_country / set->count *
                                       (double)count_sectors(set, sectors.count ? sectors : host->sectors)
                                 : 0;
    }
    arena_free(arena);
    double matches = candidates < question->page_size ? candidates : question->page_size;
    double cost = FIXED_US + candidates / CANDIDATES_A_US + needs / SET_NEEDS_A_US + matches * MATCHES_A_US;
    for (size_t i = 0; i < offer->n_outcomes; i++)
    cost += *offer->outcomes[i]->concept ? 1 : TEXT_US;
    return (int64_t)cost;
}
