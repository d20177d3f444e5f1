#include "match/senders.h"

#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/rank.h"
#include "match/senders_answer.h"
#include "match/senders_judge.h"
#include "match/token.h"

enum { ANSWER_BYTES = 3 << 20, MATCH_OVERHEAD_BYTES = 8, TOKEN_BYTES = 256, NOT_A_SET = -1 };

/* ---- bodies ---- */

/* One body that a need was found of: its best, and which filters, given up alone, let it in. A match's slot is
 * row * NEED_PARTS + part. */
struct body_row {
    uint32_t body; /* PLACE_NONE: free */
    bool eligible;
    uint32_t relaxed; /* bits by relaxation */
    struct ranked best;
};

struct search {
    struct senders_query query;
    struct body_row *rows; /* open addressing */
    uint32_t mask, count;
    uint64_t eligible;
};

static struct body_row *row_or_free(const struct search *search, uint32_t body)
{
    uint32_t i = (body * 2654435769u) >> 7 & search->mask;
    while (search->rows[i].body != PLACE_NONE && search->rows[i].body != body)
        i = (i + 1) & search->mask;
    return &search->rows[i];
}

static void resize(struct search *search, uint32_t size)
{
    struct body_row *old = search->rows;
    uint32_t old_size = old ? search->mask + 1 : 0;
    search->rows = arena_alloc(search->query.arena, size * sizeof *search->rows);
    search->mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        search->rows[i] = (struct body_row){.body = PLACE_NONE};
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].body != PLACE_NONE)
            *row_or_free(search, old[i].body) = old[i];
}

static struct body_row *row_of(struct search *search, uint32_t body)
{
    if ((search->count + 1) * 2 > search->mask + 1)
        resize(search, (search->mask + 1) * 2);
    struct body_row *row = row_or_free(search, body);
    search->count += row->body == PLACE_NONE;
    row->body = body;
    return row;
}

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

/* ---- eligible needs ---- */

static void take(struct search *search, int part, uint32_t number, const struct sender *sender)
{
    const struct senders_query *query = &search->query;
    struct sender_values values;
    senders_values(query, &query->index->needs_view->parts[part].set->facts[number], sender, &values);
    uint32_t place = sender->place;
    int segment = index_locate(query->index, &place);
    struct ranked ranked = {
        .part = segment,
        .order = index_order(query->index, segment, place),
        .group = query->keep && !(sender->tie && sender->tie->partner),
        .slot = number * NEED_PARTS + (uint32_t)part,
        .place = place,
        .billionths = senders_billionths(query, &values),
    };
    struct body_row *row = row_of(search, sender->body);
    search->eligible += !row->eligible;
    if (!row->eligible || better_need(search, &ranked, &row->best))
        row->best = ranked;
    row->eligible = true;
}

/* The sender, where the need takes part at all. */
static const struct sender *sender_of(const struct senders_query *query, int part, uint32_t row)
{
    if (query->index->needs_view->parts[part].set->facts[row].valid_until < query->question->today)
        return NULL;
    const struct sender *sender = senders_query_sender(query, part, row);
    return sender->takes_part ? sender : NULL;
}

static void find_in_part(struct search *search, int part, uint64_t *const sets[SENDERS_SETS])
{
    const struct need_part *from = &search->query.index->needs_view->parts[part];
    for (size_t word = 0; word < bits_words(from->set->count); word++) {
        uint64_t rows = from->live[word];
        for (int i = 0; i < SENDERS_SETS; i++)
            rows &= sets[i][word];
        for (; rows; rows &= rows - 1) {
            uint32_t row = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(rows));
            if (senders_failures(&search->query, &from->set->facts[row]))
                continue; /* before the sender is looked up, which costs more */
            const struct sender *sender = sender_of(&search->query, part, row);
            if (sender && !senders_network_fails(&search->query, sender))
                take(search, part, row, sender);
        }
    }
}

/* ---- relaxations ---- */

static void empty_duration(struct need_facts *facts)
{
    facts->min_days = facts->max_days = 0;
}

static void empty_period(struct need_facts *facts)
{
    facts->start = INT32_MIN;
    facts->end = INT32_MAX;
}

static void empty_learners(struct need_facts *facts)
{
    facts->learners = facts->max_absent = 0;
}

/* What may be given up, in the order in which it is told. */
static const struct relaxing {
    const struct filter *filter;
    int set;                            /* NOT_A_SET: one that looks at single needs */
    unsigned cures;                     /* failures that it may mend */
    void (*empty)(struct need_facts *); /* NULL: it mends those for certain */
} relaxings[] = {
    {&filter_sectors, 0, 0, NULL},
    {&filter_countries, 1, 0, NULL},
    {&filter_regions, NOT_A_SET, FAIL_REGIONS, NULL},
    {&filter_duration, NOT_A_SET, FAIL_DURATION | FAIL_WINDOWS, empty_duration},
    {&filter_languages, 2, 0, NULL},
    {&filter_eqf_level, 3, 0, NULL},
    {&filter_modes, 4, 0, NULL},
    {&filter_period, NOT_A_SET, FAIL_WINDOWS, empty_period},
    {&filter_learners, NOT_A_SET, FAIL_WINDOWS, empty_learners},
    {&filter_outcomes, NOT_A_SET, FAIL_OUTCOMES, NULL},
    {&filter_network, NOT_A_SET, FAIL_NETWORK, NULL},
};
enum { RELAXING_COUNT = sizeof relaxings / sizeof *relaxings };

/* A need that passes all sets but one (NOT_A_SET: all): which filters, given up, let it in. */
static uint32_t relaxed_by(const struct senders_query *query, const struct need_facts *facts,
                           const struct sender *sender, int missing)
{
    unsigned network = senders_network_fails(query, sender) ? FAIL_NETWORK : 0,
             failures = senders_failures(query, facts) | network;
    uint32_t bits = 0;
    for (int i = 0; i < RELAXING_COUNT; i++) {
        const struct relaxing *relaxing = &relaxings[i];
        if (relaxing->set != missing || (failures & ~relaxing->cures))
            continue;
        struct need_facts emptied = *facts;
        if (relaxing->empty)
            relaxing->empty(&emptied);
        if (!relaxing->empty || !senders_failures(query, &emptied))
            bits |= 1u << i;
    }
    return bits;
}

static void relax_row(struct search *search, int part, uint32_t row, int missing)
{
    const struct senders_query *query = &search->query;
    const struct sender *sender = sender_of(query, part, row);
    if (!sender)
        return;
    uint32_t bits =
        relaxed_by(query, &query->index->needs_view->parts[part].set->facts[row], sender, missing);
    if (bits)
        row_of(search, sender->body)->relaxed |= bits;
}

static void relax_part(struct search *search, int part, uint64_t *const sets[SENDERS_SETS])
{
    const struct need_part *from = &search->query.index->needs_view->parts[part];
    for (size_t word = 0; word < bits_words(from->set->count); word++)
        for (int missing = NOT_A_SET; missing < SENDERS_SETS; missing++) {
            uint64_t rows = from->live[word];
            for (int i = 0; i < SENDERS_SETS; i++)
                rows &= i == missing ? ~sets[i][word] : sets[i][word];
            for (; rows; rows &= rows - 1)
                relax_row(search, part, (uint32_t)(word * 64 + (size_t)__builtin_ctzll(rows)), missing);
        }
}

static void add_relaxations(struct search *search, Partner__V1__FindSendersResponse *response)
{
    struct arena *arena = search->query.arena;
    response->relaxations = arena_array(arena, RELAXING_COUNT, sizeof *response->relaxations);
    for (int i = 0; i < RELAXING_COUNT; i++) {
        uint64_t more = 0;
        for (uint32_t j = 0; j <= search->mask; j++)
            more += search->rows[j].body != PLACE_NONE && !search->rows[j].eligible &&
                    (search->rows[j].relaxed >> i & 1);
        if (!more)
            continue;
        Partner__V1__Relaxation *to = arena_alloc(arena, sizeof *to);
        partner__v1__relaxation__init(to);
        to->filter = arena_strdup(arena, relaxings[i].filter->name);
        to->eligible = search->eligible + more;
        response->relaxations[response->n_relaxations++] = to;
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
    if (capacity > search->eligible)
        capacity = search->eligible;
    struct top top = {.items = arena_array(query->arena, capacity, sizeof *top.items), .capacity = capacity};
    for (uint32_t i = 0; i <= search->mask; i++)
        if (search->rows[i].body != PLACE_NONE && search->rows[i].eligible &&
            (!token || token_is_before(token, &search->rows[i].best)))
            top_push(&top, query->index, &search->rows[i].best, false);
    top_sort(&top);
    return top;
}

/* Matches until the page is full, or the answer would be too large; at least one. */
static void fill_page(const struct senders_query *query, const struct top *top, uint64_t hash,
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

/* Fills what is eligible; on a first page that isn't full also what would be. */
static void search_needs(struct search *search, bool first_page)
{
    uint64_t *sets[NEED_PARTS][SENDERS_SETS];
    resize(search, 64);
    if (!offering_stands(&search->query.offering, search->query.question->today))
        return;
    for (int part = 0; part < NEED_PARTS; part++) {
        senders_find_sets(&search->query, part, sets[part]);
        find_in_part(search, part, sets[part]);
    }
    if (first_page && search->eligible < search->query.question->page_size)
        for (int part = 0; part < NEED_PARTS; part++)
            relax_part(search, part, sets[part]);
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
    search_needs(&search, !has_token);
    ret_response->eligible = search.eligible;
    ret_response->interpretations = search.query.offering.interpretations;
    ret_response->n_interpretations = search.query.offering.interpretation_count;
    if (!has_token && search.eligible < question->page_size)
        add_relaxations(&search, ret_response);
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
    enum { FIXED_US = 50, CANDIDATES_A_US = 6, SET_NEEDS_A_US = 1000, MATCHES_A_US = 8, TEXT_US = 300 };
    const pb_offer *offer = question->offer;
    uint32_t place = index_find_organisation(index, offer->organisation_id);
    if (place == PLACE_NONE)
        return FIXED_US;
    const struct organisation_entry *host = index_organisation_entry(index, place);
    struct arena *arena = arena_new(0);
    struct numbers sectors = numbers_of_sectors(arena, offer->sectors, offer->n_sectors);
    double candidates = 0, needs = 0;
    for (int part = 0; part < NEED_PARTS; part++) {
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
