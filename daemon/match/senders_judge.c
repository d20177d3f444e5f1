#include "match/senders_judge.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"

/* Rows of the criterion table. */
enum { OUTCOMES, SECTOR, DURATION, NETWORK, STRATEGY, EVIDENCE, RECOGNITION, TRANSFER };

void senders_query_init(struct senders_query *query, struct arena *arena, const struct match_index *index,
                        const struct senders_question *question, uint32_t host_place)
{
    *query = (struct senders_query){
        .index = index,
        .arena = arena,
        .question = question,
        .keep = question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP,
        .extend = question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_EXTEND,
        .weighings = arena_array(arena, 1u << CRITERION_COUNT, sizeof *query->weighings),
    };
    offering_read(&query->offering, arena, index, question->offer, host_place);
    network_find(&query->network, arena, index, NETWORK_OF_HOST, query->offering.host_body, question->today);
    criterion_weights(question->weights, query->weights);
    for (int part = 0; part < NEED_PARTS; part++)
        query->senders[part] =
            arena_array(arena, index->needs_view->parts[part].set->owner_count, sizeof *query->senders[part]);
}

/* ---- senders ---- */

static bool lists(struct numbers list, uint16_t number)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i] == number)
            return true;
    return false;
}

/* What is alive in the index's base is nowhere else. */
static uint32_t place_of(const struct match_index *index, int part, uint32_t owner)
{
    const struct need_part *from = &index->needs_view->parts[part];
    uint32_t place = from->set->places ? from->set->places[owner] : PLACE_NONE;
    if (place != PLACE_NONE && !bits_has(index->dead_organisations, place))
        return index_organisation(index, BASE, place);
    return index_find_organisation(index, from->set->owner_ids[owner]);
}

static void look_up(const struct senders_query *query, int part, uint32_t owner, struct sender *sender)
{
    const struct match_index *index = query->index;
    const struct offering *offering = &query->offering;
    sender->known = true;
    sender->place = place_of(index, part, owner);
    if (sender->place == PLACE_NONE)
        return;
    const struct organisation_entry *own = sender->organisation =
        index_organisation_entry(index, sender->place);
    sender->body = index_body(index, sender->place);
    sender->takes_part =
        (own->roles & number_bit(PARTNER__V1__ROLE__ROLE_SENDING)) && sender->body != offering->host_body;
    if (!sender->takes_part)
        return;
    sender->tie = network_tie(&query->network, sender->body);
    if (sender->tie)
        sender->partners_in = network_partners_in(query->arena, index, sender->body, offering->host->country,
                                                  query->question->today);
    sender->has_partners = sender->tie || network_has_partners(index, sender->body, query->question->today);
    sender->in_country = lists(own->target_countries, offering->host->country);
    sender->in_sector = sector_wish_digits(&offering->sector_marks, own->target_sectors) > 0;
}

const struct sender *senders_query_sender(const struct senders_query *query, int part, uint32_t row)
{
    const struct need_set *set = query->index->needs_view->parts[part].set;
    struct sender *sender = &query->senders[part][set->owner[row]];
    if (!sender->known)
        look_up(query, part, set->owner[row], sender);
    return sender;
}

/* ---- filters over sets ---- */

/* Rows under way to be found by one filter. */
struct finding {
    uint64_t *rows;
    size_t words;
};

static void join(struct finding *finding, const struct posting_table *table, uint32_t value)
{
    struct posting posting = posting_of(table, value);
    posting_join(&posting, finding->rows, finding->words);
}

static void join_all(struct finding *finding)
{
    for (size_t i = 0; i < finding->words; i++)
        finding->rows[i] = ~(uint64_t)0;
}

static void find_sectors(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    join(finding, &set->sector_exact, 0);
    for (uint32_t i = 0; i < offering->sectors.count; i++) {
        uint16_t sector = offering->sectors.items[i];
        join(finding, &set->sector_under, sector);
        for (unsigned digits = 2; digits < number_sector_digits(sector); digits++)
            join(finding, &set->sector_exact, number_sector_prefix(sector, digits));
    }
}

static void find_countries(struct finding *finding, const struct offering *offering,
                           const struct need_set *set)
{
    join(finding, &set->country, 0);
    join(finding, &set->country, offering->host->country);
}

static void find_languages(struct finding *finding, const struct offering *offering,
                           const struct need_set *set)
{
    if (!offering->languages.count) {
        join_all(finding);
        return;
    }
    join(finding, &set->language, 0);
    for (uint32_t i = 0; i < offering->languages.count; i++) {
        struct spoken used = offering->languages.items[i];
        join(finding, &set->language, used.language * LEVEL_VALUES);
        for (unsigned level = used.level ? used.level : 1; level < LEVEL_VALUES; level++)
            join(finding, &set->language, used.language * LEVEL_VALUES + level);
    }
}

static void find_levels(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    if (!offering->facts.eqf_levels) {
        join_all(finding);
        return;
    }
    join(finding, &set->eqf, 0);
    for (uint32_t levels = offering->facts.eqf_levels; levels; levels &= levels - 1)
        join(finding, &set->eqf, (uint32_t)__builtin_ctz(levels));
}

static void find_modes(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    join(finding, &set->mode, 0);
    for (uint32_t modes = offering->modes; modes; modes &= modes - 1)
        join(finding, &set->mode, (uint32_t)__builtin_ctz(modes));
}

void senders_find_sets(const struct senders_query *query, int part, uint64_t *sets[SENDERS_SETS])
{
    static void (*const find[SENDERS_SETS])(struct finding *, const struct offering *,
                                            const struct need_set *) = {
        find_sectors, find_countries, find_languages, find_levels, find_modes};
    const struct need_set *set = query->index->needs_view->parts[part].set;
    for (int i = 0; i < SENDERS_SETS; i++) {
        struct finding finding = {.words = bits_words(set->count)};
        finding.rows = sets[i] = arena_array(query->arena, finding.words, sizeof *finding.rows);
        find[i](&finding, &query->offering, set);
    }
}

/* ---- filters over single needs ---- */

static bool windows_hold(const struct offering *offering, const struct need_facts *facts)
{
    bool stated =
        facts->start != INT32_MIN || facts->end != INT32_MAX || facts->learners > 0 || facts->max_absent > 0;
    if (!stated || !offering->facts.windows.count)
        return true;
    uint32_t days = pair_stay_days(offering->facts.min_days, facts->min_days);
    return pair_free_places(offering->facts.windows, facts->start, facts->end, days,
                            pair_places(facts->learners, facts->max_absent)) > 0;
}

static bool essentials_hold(const struct offering *offering, const struct need_facts *facts)
{
    for (uint32_t i = 0; i < facts->wanted.count; i++) {
        const struct wanted_item *item = &facts->wanted.items[i];
        if (!item->essential)
            continue;
        const struct reach *reach = offering_reach(offering, item->concept);
        if (!reach || reach->fit < FIT_LEAST_ESSENTIAL)
            return false;
    }
    return true;
}

bool senders_network_fails(const struct senders_query *query, const struct sender *sender)
{
    return query->extend && sender->tie && sender->tie->partner;
}

unsigned senders_failures(const struct senders_query *query, const struct need_facts *facts)
{
    const struct offering *offering = &query->offering;
    unsigned failures = 0;
    if (facts->regions.count &&
        !(offering->host->region && pair_region_holds(&facts->regions, offering->host->region)))
        failures |= FAIL_REGIONS;
    if (facts->max_days && offering->facts.max_days &&
        !pair_days_meet(offering->facts.min_days, offering->facts.max_days, facts->min_days, facts->max_days))
        failures |= FAIL_DURATION;
    if (!windows_hold(offering, facts))
        failures |= FAIL_WINDOWS;
    if (!essentials_hold(offering, facts))
        failures |= FAIL_OUTCOMES;
    return failures;
}

/* ---- scores ---- */

static void add_outcomes(const struct senders_query *query, const struct need_facts *facts,
                         struct sender_values *to)
{
    double sum = 0, idf_sum = 0;
    uint32_t reusable = 0;
    for (uint32_t i = 0; i < facts->wanted.count; i++) {
        uint32_t wanted = facts->wanted.items[i].concept;
        const struct reach *reach = offering_reach(&query->offering, wanted);
        double idf = wanted_idf(query->index, wanted);
        idf_sum += idf;
        sum += reach ? idf * fit_value(reach->fit) : 0;
        reusable += reach && reach->reusable;
    }
    to->applies[OUTCOMES] = to->applies[TRANSFER] = facts->wanted.count > 0;
    if (!facts->wanted.count)
        return;
    to->values[OUTCOMES] = sum / idf_sum;
    to->values[TRANSFER] = (double)reusable / facts->wanted.count;
}

static void add_strategy(const struct senders_query *query, const struct need_facts *facts,
                         const struct sender *sender, struct sender_values *to)
{
    struct pair_strategy strategy = {
        .states_countries = sender->organisation->target_countries.count > 0,
        .in_country = sender->in_country,
        .states_sectors = sender->organisation->target_sectors.count > 0,
        .in_sector = sender->in_sector,
        .themes = facts->themes | sender->organisation->priorities,
        .has = query->offering.themes,
    };
    to->applies[STRATEGY] = strategy.states_countries || strategy.states_sectors || strategy.themes;
    to->values[STRATEGY] = pair_strategy_value(&strategy);
}

void senders_values(const struct senders_query *query, const struct need_facts *facts,
                    const struct sender *sender, struct sender_values *ret_values)
{
    const struct offering *offering = &query->offering;
    *ret_values = (struct sender_values){0};
    add_outcomes(query, facts, ret_values);
    if (facts->sectors.count) {
        ret_values->applies[SECTOR] = true;
        ret_values->values[SECTOR] =
            pair_sector_value(sector_wish_digits(&offering->sector_marks, facts->sectors));
    }
    if (facts->max_days) {
        ret_values->applies[DURATION] = true;
        ret_values->values[DURATION] = pair_duration_value(offering->facts.min_days, offering->facts.max_days,
                                                           facts->min_days, facts->max_days);
    }
    if (sender->has_partners) {
        ret_values->applies[NETWORK] = true;
        ret_values->values[NETWORK] = pair_network_value(sender->tie, sender->partners_in);
    }
    add_strategy(query, facts, sender, ret_values);
    ret_values->applies[RECOGNITION] = true;
    ret_values->values[RECOGNITION] = pair_recognition_value(offering->facts.recognition);
}

const struct weighing *senders_weighing(const struct senders_query *query,
                                        const bool applies[CRITERION_COUNT])
{
    unsigned set = 0;
    for (unsigned i = 0; i < CRITERION_COUNT; i++)
        set |= (unsigned)applies[i] << i;
    if (!query->weighings[set].known) {
        weighing_take(&query->weighings[set].weighing, applies, query->weights);
        query->weighings[set].known = true;
    }
    return &query->weighings[set].weighing;
}

int64_t senders_billionths(const struct senders_query *query, const struct sender_values *values)
{
    const struct weighing *weighing = senders_weighing(query, values->applies);
    double sum = 0;
    for (size_t i = 0; i < CRITERION_COUNT; i++)
        if (weighing->applies[i] && weighing->weights[i] != 0)
            sum += weighing->weights[i] * values->values[i];
    return weighing_billionths(weighing, sum);
}
