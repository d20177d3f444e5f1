#include "match/support_judge.h"

#include <string.h>

#include "base/arena.h"

/* ---- bodies and order ---- */

/* All pairs of an organisation: its offers, or its profile where its whole body has none. */
static size_t pairs_of(const struct asking *asking, size_t place, struct pair *pairs)
{
    const struct oracle_world *world = asking->world;
    size_t count = 0;
    for (size_t i = 0; i < world->offer_count; i++)
        if (asking->offer_place[i] == (int)place)
            pairs[count++] = (struct pair){world->organisations[place], world->offers[i]};
    if (asking->profile[place])
        pairs[count++] = (struct pair){world->organisations[place], NULL};
    return count;
}

static bool better_offer(const struct oracle_match *a, const struct oracle_match *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return a->offer && b->offer && strcmp(a->offer->id, b->offer->id) < 0;
}

/* An organisation's best pair that is eligible, or (eligible false) its best of all; false: none. */
static bool best_of(const struct asking *asking, size_t place, bool eligible, struct oracle_match *ret_match)
{
    struct pair pairs[ORACLE_MOST];
    size_t count = pairs_of(asking, place, pairs);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        if (eligible && !oracle_is_eligible(asking, &pairs[i]))
            continue;
        struct oracle_match match = oracle_judge(asking, &pairs[i]);
        if (!found || better_offer(&match, ret_match))
            *ret_match = match;
        found = true;
    }
    return found;
}

static bool any_pair(const struct asking *asking, size_t place, bool eligible)
{
    struct pair pairs[ORACLE_MOST];
    size_t count = pairs_of(asking, place, pairs);
    for (size_t i = 0; i < count; i++)
        if (!eligible || oracle_is_eligible(asking, &pairs[i]))
            return true;
    return false;
}

/* The body's record that is shown; -1: none. */
static int shown_of(const struct asking *asking, int body, bool eligible)
{
    int shown = -1;
    for (size_t i = 0; i < asking->world->organisation_count; i++) {
        if (asking->body[i] != body || !any_pair(asking, i, eligible))
            continue;
        if (shown < 0 || asking->offers_of[i] > asking->offers_of[shown] ||
            (asking->offers_of[i] == asking->offers_of[shown] &&
             strcmp(asking->world->organisations[i]->id, asking->world->organisations[shown]->id) < 0))
            shown = (int)i;
    }
    return shown;
}

static bool before(const struct oracle_match *a, const struct oracle_match *b)
{
    if (a->group != b->group)
        return a->group < b->group;
    if (a->score != b->score)
        return a->score > b->score;
    return strcmp(a->organisation->id, b->organisation->id) < 0;
}

static void find_offers(struct asking *asking)
{
    const struct oracle_world *world = asking->world;
    struct arena *arena = asking->arena;
    asking->offer_place = arena_array(arena, world->offer_count, sizeof *asking->offer_place);
    asking->read = arena_array(arena, world->offer_count, sizeof *asking->read);
    asking->offers_of = arena_array(arena, world->organisation_count, sizeof *asking->offers_of);
    asking->profile = arena_array(arena, world->organisation_count, sizeof *asking->profile);
    memset(asking->profile, true, world->organisation_count);
    for (size_t i = 0; i < world->offer_count; i++) {
        const pb_offer *offer = world->offers[i];
        int place = asking->offer_place[i] = oracle_place_of(world, offer->organisation_id);
        asking->read[i] = arena_array(arena, offer->n_outcomes, sizeof **asking->read);
        for (size_t j = 0; j < offer->n_outcomes; j++)
            asking->read[i][j] = oracle_read_outcome(asking, offer->outcomes[j]);
        if (place >= 0)
            asking->offers_of[place]++;
        for (size_t j = 0; place >= 0 && j < world->organisation_count; j++)
            if (asking->body[j] == asking->body[place])
                asking->profile[j] = false;
    }
    asking->idf = arena_array(arena, asking->wanted_count, sizeof *asking->idf);
    for (size_t i = 0; i < asking->wanted_count; i++)
        asking->idf[i] = oracle_idf_of(asking, asking->wanted[i]);
}

struct asking oracle_ask(struct arena *arena, const struct oracle_world *world,
                         const struct match_question *question)
{
    size_t count = world->organisation_count;
    struct asking asking = {
        .arena = arena,
        .world = world,
        .question = question,
        .need = *question->need,
        .extend = question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_EXTEND,
        .body = arena_array(arena, count, sizeof(int)),
        .partner = arena_array(arena, count * count, sizeof(bool)),
    };
    const char *sender = *question->sender_id ? question->sender_id : question->need->organisation_id;
    int place = oracle_place_of(world, sender);
    asking.sender = place < 0 ? NULL : world->organisations[place];
    asking.sender_named = *sender != '\0';
    oracle_find_bodies(&asking);
    oracle_find_partners(&asking);
    oracle_read_wanted(&asking);
    find_offers(&asking);
    return asking;
}

static size_t count_bodies(const struct asking *asking)
{
    size_t count = 0;
    for (size_t i = 0; i < asking->world->organisation_count; i++)
        count += asking->body[i] == (int)i && shown_of(asking, (int)i, true) >= 0;
    return count;
}

/* The stated filters in their order, for rows and relaxations. */
static size_t stated_filters(const struct asking *asking, const char **names)
{
    const pb_need *need = &asking->need;
    const struct {
        const char *name;
        bool stated;
    } rows[] = {
        {"role", true},
        {"sectors", need->n_sectors},
        {"countries", need->n_countries},
        {"regions", need->n_regions},
        {"duration", oracle_states_days(need->duration)},
        {"languages", need->n_languages},
        {"eqf_level", need->eqf_level},
        {"modes", need->n_modes},
        {"period", oracle_period_stated(need)},
        {"learners", need->learners || need->max_absent},
        {"outcomes", oracle_any_essential(asking)},
        {"validity", true},
        {"network", asking->extend},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].stated)
            names[count++] = rows[i].name;
    return count;
}

void oracle_give_up(struct asking *asking, const char *name)
{
    pb_need *need = &asking->need;
    if (strcmp(name, "sectors") == 0)
        need->n_sectors = 0;
    else if (strcmp(name, "countries") == 0)
        need->n_countries = 0;
    else if (strcmp(name, "regions") == 0)
        need->n_regions = 0;
    else if (strcmp(name, "duration") == 0)
        need->duration = NULL;
    else if (strcmp(name, "languages") == 0)
        need->n_languages = 0;
    else if (strcmp(name, "eqf_level") == 0)
        need->eqf_level = 0;
    else if (strcmp(name, "modes") == 0)
        need->n_modes = 0;
    else if (strcmp(name, "period") == 0)
        need->period = NULL;
    else if (strcmp(name, "learners") == 0)
        need->learners = need->max_absent = 0;
    else if (strcmp(name, "outcomes") == 0)
        asking->essential = arena_array(asking->arena, need->n_outcomes, sizeof *asking->essential);
    else
        asking->extend = false;
}

/* A body counts once for its country and once for each broad sector of its eligible offers. */
static void count_facets(const struct asking *asking, size_t shown, struct oracle_answer *answer)
{
    const pb_organisation *host = asking->world->organisations[shown];
    struct pair pairs[ORACLE_MOST];
    bool in_sector[100] = {false};
    size_t count = pairs_of(asking, shown, pairs);
    for (size_t i = 0; i < count; i++) {
        if (!oracle_is_eligible(asking, &pairs[i]))
            continue;
        bool own = pairs[i].offer && pairs[i].offer->n_sectors;
        char **sectors = own ? pairs[i].offer->sectors : host->sectors;
        size_t sector_count = own ? pairs[i].offer->n_sectors : host->n_sectors;
        for (size_t j = 0; j < sector_count; j++)
            in_sector[(sectors[j][0] - '0') * 10 + sectors[j][1] - '0'] = true;
    }
    for (size_t i = 0; i < 100; i++)
        answer->by_sector[i] += in_sector[i];
    if (*host->country)
        answer->by_country[(host->country[0] - 'A') * 26 + host->country[1] - 'A']++;
}

struct oracle_answer oracle_find(struct arena *arena, const struct oracle_world *world,
                                 const struct match_question *question)
{
    struct asking asking = oracle_ask(arena, world, question);
    struct oracle_answer answer = {.matches =
                                       arena_array(arena, world->organisation_count, sizeof *answer.matches)};
    for (size_t i = 0; i < world->organisation_count; i++) {
        int shown = asking.body[i] == (int)i ? shown_of(&asking, (int)i, true) : -1;
        struct oracle_match match;
        if (shown < 0 || !best_of(&asking, (size_t)shown, true, &match))
            continue;
        count_facets(&asking, (size_t)shown, &answer);
        size_t at = answer.eligible++;
        for (; at && before(&match, &answer.matches[at - 1]); at--)
            answer.matches[at] = answer.matches[at - 1];
        answer.matches[at] = match;
    }
    const char *names[14];
    size_t count = stated_filters(&asking, names);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], "role") == 0 || strcmp(names[i], "validity") == 0)
            continue;
        struct asking relaxed = asking;
        oracle_give_up(&relaxed, names[i]);
        answer.relaxation_names[answer.relaxation_count] = names[i];
        answer.relaxation_counts[answer.relaxation_count++] = count_bodies(&relaxed);
    }
    return answer;
}

struct oracle_explanation oracle_explain(struct arena *arena, const struct oracle_world *world,
                                         const struct match_question *question, const char *organisation_id,
                                         const char *offer_id)
{
    struct asking asking = oracle_ask(arena, world, question);
    struct oracle_explanation explanation = {0};
    if (*offer_id) {
        const pb_offer *offer = NULL;
        for (size_t i = 0; i < world->offer_count; i++)
            if (strcmp(world->offers[i]->id, offer_id) == 0)
                offer = world->offers[i];
        int place = offer ? oracle_place_of(world, offer->organisation_id) : -1;
        if (place < 0)
            return explanation;
        struct pair pair = {world->organisations[place], offer};
        explanation.match = oracle_judge(&asking, &pair);
    } else {
        int place = oracle_place_of(world, organisation_id);
        if (place < 0)
            return explanation;
        if (!any_pair(&asking, (size_t)place, false)) {
            int body = asking.body[place];
            place = shown_of(&asking, body, true);
            if (place < 0)
                place = shown_of(&asking, body, false);
        }
        if (!best_of(&asking, (size_t)place, true, &explanation.match))
            best_of(&asking, (size_t)place, false, &explanation.match);
    }
    explanation.found = true;
    explanation.stated_count = stated_filters(&asking, explanation.stated);
    int body = asking.body[oracle_place_of(world, explanation.match.organisation->id)];
    struct oracle_answer answer = oracle_find(arena, world, question);
    for (size_t i = 0; explanation.match.eligible && i < answer.eligible; i++)
        if (asking.body[oracle_place_of(world, answer.matches[i].organisation->id)] == body)
            explanation.rank = i + 1;
    return explanation;
}
