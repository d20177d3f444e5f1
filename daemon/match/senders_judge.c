#include "match/senders_judge.h"

#include <string.h>

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
    query->locals = network_locals_new(arena, index, query->offering.host->country, question->today);
    criterion_weights(question->weights, query->weights);
    query->base = index->needs_view->parts[BASE].set;
    for (int part = 0; part < index->needs_view->count; part++) {
        size_t bytes = index->needs_view->parts[part].set->owner_count * sizeof *query->numbers[part];
        query->numbers[part] = memset(arena_alloc(arena, bytes), 0xff, bytes); /* SENDER_UNSEEN */
    }
}

/* ---- senders ---- */

static bool lists(struct numbers list, uint16_t number)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i] == number)
            return true;
    return false;
}

/* An owner where it is in the index's base and alive there; else NULL. */
static const struct need_owner *owner_in_base(const struct match_index *index, int part, uint32_t owner)
{
    const struct need_owner *owners = index->needs_view->parts[part].set->owners;
    const struct need_owner *found = owners ? &owners[owner] : NULL;
    bool alive =
        found && found->place != PLACE_NONE && !bits_has(index->dead_organisations[BASE], found->place);
    return alive ? found : NULL;
}

static uint32_t place_of(const struct match_index *index, int part, uint32_t owner)
{
    const struct need_owner *found = owner_in_base(index, part, owner);
    return found ? index_organisation(index, BASE, found->place)
                 : index_find_organisation(index, index->needs_view->parts[part].set->owner_ids[owner]);
}

/* A number for a body that the base's senders are not of. */
static uint32_t number_further(struct senders_query *query, uint32_t body)
{
    struct further *further = &query->further;
    if (further->count * 2 >= further->size) {
        uint32_t size = further->size ? further->size * 2 : 64;
        further->bodies = arena_grow(query->arena, further->bodies, further->count * sizeof *further->bodies,
                                     size / 2 * sizeof *further->bodies);
        further->rows = arena_alloc(query->arena, size * sizeof *further->rows);
        memset(further->rows, 0xff, size * sizeof *further->rows);
        further->size = size;
        for (uint32_t i = 0; i < further->count; i++)
            further->rows[further_row(further, further->bodies[i])] = i;
    }
    uint32_t row = further_row(further, body);
    if (further->rows[row] == UINT32_MAX) {
        further->rows[row] = further->count;
        further->bodies[further->count++] = body;
    }
    return query->base->body_count + further->rows[row];
}

uint32_t senders_number_owner(struct senders_query *query, int part, uint32_t owner)
{
    const struct match_index *index = query->index;
    const struct need_owner *found = owner_in_base(index, part, owner);
    uint32_t number = SENDER_NONE, place;
    if (found) {
        if (found->number != BODY_NUMBER_NONE &&
            query->base->bodies[found->number] != query->offering.host_body)
            number = found->number;
    } else if ((place = place_of(index, part, owner)) != PLACE_NONE) {
        uint32_t body = index_body(index, place);
        bool sends =
            index_organisation_entry(index, place)->roles & number_bit(PARTNER__V1__ROLE__ROLE_SENDING);
        if (sends && body != query->offering.host_body) {
            number = need_owner_number(query->base->bodies, query->base->body_count, body);
            if (number == BODY_NUMBER_NONE)
                number = number_further(query, body);
        }
    }
    return query->numbers[part][owner] = number;
}

/* Whether the owner's body has partners, mostly by the one that is known to be. */
static bool has_partners(const struct match_index *index, const struct need_owner *found, uint32_t body,
                         int32_t today)
{
    if (found && found->partner != PLACE_NONE && found->since <= today && today <= found->until &&
        !bits_has(index->dead_partnerships[BASE], found->partnership) &&
        !bits_has(index->dead_organisations[BASE], found->partner))
        return true;
    return network_has_partners(index, body, today);
}

/* Found once for each tie. */
static uint32_t partners_in(struct senders_query *query, const struct tie *tie)
{
    struct tie *own = &query->network.ties[tie - query->network.ties];
    if (own->partners_in == PARTNERS_UNCOUNTED)
        own->partners_in = network_locals_count(query->locals, own->body);
    return own->partners_in;
}

void senders_look_up(struct senders_query *query, int part, uint32_t row, struct sender *ret_sender)
{
    const struct match_index *index = query->index;
    const struct offering *offering = &query->offering;
    uint32_t owner = index->needs_view->parts[part].set->briefs[row].owner;
    const struct need_owner *found = owner_in_base(index, part, owner);
    *ret_sender = (struct sender){.place = place_of(index, part, owner)};
    ret_sender->body = senders_body(query, senders_number(query, part, owner));
    ret_sender->tie = network_tie(&query->network, ret_sender->body);
    ret_sender->has_partners =
        ret_sender->tie || has_partners(index, found, ret_sender->body, query->question->today);
    if (ret_sender->tie)
        ret_sender->partners_in = partners_in(query, ret_sender->tie);
    if (found && !found->has_aims)
        return;
    const struct organisation_entry *own = index_organisation_entry(index, ret_sender->place);
    ret_sender->states_countries = own->target_countries.count > 0;
    ret_sender->in_country = lists(own->target_countries, offering->host->country);
    ret_sender->states_sectors = own->target_sectors.count > 0;
    ret_sender->in_sector = sector_wish_digits(&offering->sector_marks, own->target_sectors) > 0;
    ret_sender->priorities = own->priorities;
}

/* ---- filters over single needs ---- */

static bool windows_hold(const struct offering *offering, const struct need_brief *brief)
{
    bool stated = brief->start != INT32_MIN || brief->end != INT32_MAX || brief->places > 0;
    if (!stated || !offering->facts.windows.count)
        return true;
    uint32_t days = pair_stay_days(offering->facts.min_days, brief->min_days);
    return pair_free_places(offering->facts.windows, brief->start, brief->end, days,
                            brief->places ? brief->places : 1) > 0;
}

static bool region_holds(const struct offering *offering, const struct need_facts *facts)
{
    return offering->host->region && pair_region_holds(&facts->regions, offering->host->region);
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

unsigned senders_failures(const struct senders_query *query, const struct need_brief *brief,
                          const struct need_facts *facts)
{
    const struct offering *offering = &query->offering;
    unsigned failures = 0;
    if (brief->max_days && offering->facts.max_days &&
        !pair_days_meet(offering->facts.min_days, offering->facts.max_days, brief->min_days, brief->max_days))
        failures |= FAIL_DURATION;
    if (!windows_hold(offering, brief))
        failures |= FAIL_WINDOWS;
    if ((brief->asks & NEED_ASKS_REGIONS) && !region_holds(offering, facts))
        failures |= FAIL_REGIONS;
    if ((brief->asks & NEED_ASKS_ESSENTIALS) && !essentials_hold(offering, facts))
        failures |= FAIL_OUTCOMES;
    return failures;
}

/* ---- scores ---- */

static void add_outcomes(struct senders_query *query, struct concept_numbers wanted, struct sender_values *to)
{
    double sum = 0, idf_sum = 0;
    uint32_t reusable = 0;
    for (uint32_t i = 0; i < wanted.count; i++) {
        const struct reach *reach = offering_weigh(&query->offering, wanted.items[i]);
        idf_sum += reach->idf;
        sum += reach->idf * fit_value(reach->fit);
        reusable += reach->reusable;
    }
    to->applies[OUTCOMES] = to->applies[TRANSFER] = wanted.count > 0;
    if (!wanted.count)
        return;
    to->values[OUTCOMES] = sum / idf_sum;
    to->values[TRANSFER] = (double)reusable / wanted.count;
}

static void add_strategy(const struct senders_query *query, uint32_t themes, const struct sender *sender,
                         struct sender_values *to)
{
    struct pair_strategy strategy = {
        .states_countries = sender->states_countries,
        .in_country = sender->in_country,
        .states_sectors = sender->states_sectors,
        .in_sector = sender->in_sector,
        .themes = themes | sender->priorities,
        .has = query->offering.themes,
    };
    to->applies[STRATEGY] = strategy.states_countries || strategy.states_sectors || strategy.themes;
    to->values[STRATEGY] = pair_strategy_value(&strategy);
}

void senders_values(struct senders_query *query, int part, uint32_t row, const struct sender *sender,
                    struct sender_values *ret_values)
{
    const struct offering *offering = &query->offering;
    const struct need_set *set = query->index->needs_view->parts[part].set;
    const struct need_brief *brief = &set->briefs[row];
    struct numbers sectors = need_set_sectors(set, row);
    *ret_values = (struct sender_values){0};
    add_outcomes(query, need_set_wanted(set, row), ret_values);
    if (sectors.count) {
        ret_values->applies[SECTOR] = true;
        ret_values->values[SECTOR] = pair_sector_value(sector_wish_digits(&offering->sector_marks, sectors));
    }
    if (brief->max_days) {
        ret_values->applies[DURATION] = true;
        ret_values->values[DURATION] = pair_duration_value(offering->facts.min_days, offering->facts.max_days,
                                                           brief->min_days, brief->max_days);
    }
    if (sender->has_partners) {
        ret_values->applies[NETWORK] = true;
        ret_values->values[NETWORK] = pair_network_value(sender->tie, sender->partners_in);
    }
    add_strategy(query, brief->themes, sender, ret_values);
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
