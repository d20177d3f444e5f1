#include "match/senders_relax.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/filter/filter.h"
#include "match/index_data.h"

enum { NOT_A_SET = -1 };

static void empty_duration(struct need_brief *brief)
{
    brief->min_days = brief->max_days = 0;
}

static void empty_period(struct need_brief *brief)
{
    brief->start = INT32_MIN;
    brief->end = INT32_MAX;
}

static void empty_learners(struct need_brief *brief)
{
    brief->places = 0;
}

/* What may be given up, in the order in which it is told. */
static const struct relaxing {
    const struct filter *filter;
    int set;                            /* NOT_A_SET: one that looks at single needs */
    unsigned cures;                     /* failures that it may mend */
    void (*empty)(struct need_brief *); /* NULL: it mends those for certain */
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
/* By set, its row above. */
static const int relaxing_of_set[SENDERS_SETS] = {0, 1, 4, 5, 6};

/* The bodies that a need lets in without a filter. */
struct relaxing_search {
    struct senders_query *query;
    uint64_t *let_in[RELAXING_COUNT]; /* by number */
};

/* A need that passes all sets: what else, given up, lets it in. */
static void relax_need(const struct relaxing_search *search, const struct need_brief *brief,
                       const struct need_facts *facts, uint32_t number)
{
    const struct senders_query *query = search->query;
    unsigned network = senders_network_fails(query, number) ? FAIL_NETWORK : 0,
             failures = senders_failures(query, brief, facts) | network;
    for (int i = 0; failures && i < RELAXING_COUNT; i++) {
        const struct relaxing *relaxing = &relaxings[i];
        if (relaxing->set != NOT_A_SET || (failures & ~relaxing->cures))
            continue;
        struct need_brief emptied = *brief;
        if (relaxing->empty)
            relaxing->empty(&emptied);
        if (!relaxing->empty || !senders_failures(query, &emptied, facts))
            bits_set(search->let_in[i], number);
    }
}

static void relax_row(const struct relaxing_search *search, int part, uint32_t row, int missing)
{
    struct senders_query *query = search->query;
    const struct need_set *set = query->index->needs_view->parts[part].set;
    const struct need_brief *brief = &set->briefs[row];
    if (brief->valid_until < query->question->today)
        return;
    if (missing != NOT_A_SET && senders_failures(query, brief, &set->facts[row]))
        return;
    uint32_t number = senders_number(query, part, brief->owner);
    if (number == SENDER_NONE)
        return;
    if (missing == NOT_A_SET)
        relax_need(search, brief, &set->facts[row], number);
    else if (!senders_network_fails(query, number))
        bits_set(search->let_in[relaxing_of_set[missing]], number);
}

static void relax_part(const struct relaxing_search *search, int part, const struct need_rows *rows)
{
    const struct need_part *from = &search->query->index->needs_view->parts[part];
    for (size_t word = 0; word < bits_words(from->set->count); word++) {
        for (uint64_t left = rows->all[word]; left; left &= left - 1)
            relax_row(search, part, (uint32_t)(word * 64 + (size_t)__builtin_ctzll(left)), NOT_A_SET);
        uint64_t out = 0, out_twice = 0;
        for (int i = 0; i < SENDERS_SETS; i++) {
            out_twice |= out & ~rows->sets[i][word];
            out |= ~rows->sets[i][word];
        }
        for (int i = 0; i < SENDERS_SETS; i++)
            for (uint64_t left = from->live[word] & ~out_twice & ~rows->sets[i][word]; left; left &= left - 1)
                relax_row(search, part, (uint32_t)(word * 64 + (size_t)__builtin_ctzll(left)), i);
    }
}

/* Those that are let in and are not eligible anyway. */
static uint64_t count_more(const struct relaxing_search *search, int i, const uint64_t *eligible,
                           size_t words)
{
    uint64_t more = 0;
    for (size_t word = 0; word < words; word++)
        more += (uint64_t)__builtin_popcountll(search->let_in[i][word] & ~eligible[word]);
    return more;
}

void senders_relax(struct senders_query *query, const struct need_rows *rows, const uint64_t *eligible,
                   Partner__V1__FindSendersResponse *response)
{
    struct arena *arena = query->arena;
    struct relaxing_search search = {.query = query};
    size_t words = bits_words(senders_number_limit(query));
    for (int i = 0; i < RELAXING_COUNT; i++)
        search.let_in[i] = arena_array(arena, words, sizeof *search.let_in[i]);
    for (int part = 0; part < query->index->needs_view->count; part++)
        relax_part(&search, part, &rows[part]);
    response->relaxations = arena_array(arena, RELAXING_COUNT, sizeof *response->relaxations);
    for (int i = 0; i < RELAXING_COUNT; i++) {
        uint64_t more = count_more(&search, i, eligible, words);
        if (!more)
            continue;
        Partner__V1__Relaxation *to = arena_alloc(arena, sizeof *to);
        partner__v1__relaxation__init(to);
        to->filter = arena_strdup(arena, relaxings[i].filter->name);
        to->eligible = response->eligible + more;
        response->relaxations[response->n_relaxations++] = to;
    }
}
