#include "match/support_oracle.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "model/identifier.h"
#include "vocab/lookup.h"
#include "vocab/vocabulary.h"

const char *const oracle_criteria[ORACLE_CRITERIA] = {"outcomes", "sector",   "duration",    "network",
                                                      "strategy", "evidence", "recognition", "transfer"};

/* One question under way. */
struct asking {
    struct arena *arena;
    const struct oracle_world *world;
    const struct match_question *question;
    pb_need need; /* with the field in question emptied */
    bool extend;
    const pb_organisation *sender;
    bool sender_named;
    int *body;     /* by organisation */
    bool *partner; /* body by body, organisation_count squared */
    const char **wanted;
    bool *essential;
    double *idf;
    size_t wanted_count;
    int *offer_place;   /* by offer: its organisation, -1 where that isn't there */
    size_t *offers_of;  /* by organisation */
    bool *profile;      /* by organisation: its body has no offers */
    const char ***read; /* by offer and outcome: the code, NULL where it could not be read */
};

/* ---- records ---- */

static int place_of(const struct oracle_world *world, const char *id)
{
    for (size_t i = 0; i < world->organisation_count; i++)
        if (strcmp(world->organisations[i]->id, id) == 0)
            return (int)i;
    return -1;
}

static bool same_registry(const char *left, const char *right)
{
    size_t bytes = (size_t)(strchr(left, '/') - left) + 1;
    return strncmp(left, right, bytes) == 0;
}

static bool share_identifier(const pb_organisation *a, const pb_organisation *b, const char *const *left,
                             const char *const *right)
{
    for (size_t i = 0; i < a->n_identifiers && !same_registry(a->id, b->id); i++)
        for (size_t j = 0; j < b->n_identifiers; j++)
            if (left[i] && right[j] && strcmp(left[i], right[j]) == 0)
                return true;
    return false;
}

static void find_bodies(struct asking *asking)
{
    const struct oracle_world *world = asking->world;
    size_t count = world->organisation_count;
    const char ***keys = arena_array(asking->arena, count, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        const pb_organisation *own = world->organisations[i];
        asking->body[i] = (int)i;
        keys[i] = arena_array(asking->arena, own->n_identifiers, sizeof **keys);
        for (size_t j = 0; j < own->n_identifiers; j++)
            keys[i][j] = identifier_key(asking->arena, own->identifiers[j]);
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++)
                if (asking->body[j] < asking->body[i] &&
                    share_identifier(world->organisations[i], world->organisations[j], keys[i], keys[j])) {
                    asking->body[i] = asking->body[j];
                    again = true;
                }
    }
}

static int32_t day_of(const char *text, int32_t otherwise)
{
    int32_t day = otherwise;
    if (*text && !date_parse(text, &day))
        return otherwise;
    return day;
}

static bool counts_today(const struct asking *asking, const pb_partnership *partnership)
{
    int32_t today = asking->question->today;
    return day_of(partnership->since, today) <= today && day_of(partnership->until, today) >= today;
}

static bool has_party(const struct asking *asking, const pb_partnership *partnership, int body)
{
    for (size_t i = 0; i < partnership->n_organisation_ids; i++) {
        int place = place_of(asking->world, partnership->organisation_ids[i]);
        if (place >= 0 && asking->body[place] == body)
            return true;
    }
    return false;
}

static bool *partner_at(const struct asking *asking, int a, int b)
{
    return &asking->partner[(size_t)a * asking->world->organisation_count + (size_t)b];
}

static void find_partners(struct asking *asking)
{
    const struct oracle_world *world = asking->world;
    for (size_t i = 0; i < world->partnership_count; i++) {
        const pb_partnership *p = world->partnerships[i];
        if (!counts_today(asking, p))
            continue;
        for (size_t j = 0; j < p->n_organisation_ids; j++)
            for (size_t k = 0; k < p->n_organisation_ids; k++) {
                int a = place_of(world, p->organisation_ids[j]), b = place_of(world, p->organisation_ids[k]);
                if (a >= 0 && b >= 0 && asking->body[a] != asking->body[b])
                    *partner_at(asking, asking->body[a], asking->body[b]) = true;
            }
    }
}

static int sender_body(const struct asking *asking)
{
    return asking->sender ? asking->body[place_of(asking->world, asking->sender->id)] : -1;
}

static bool sender_is_partner_of(const struct asking *asking, int body)
{
    return asking->sender && *partner_at(asking, sender_body(asking), body);
}

static bool sender_has_partners(const struct asking *asking)
{
    for (size_t i = 0; i < asking->world->organisation_count; i++)
        if (sender_is_partner_of(asking, (int)i))
            return true;
    return false;
}

/* ---- the need's outcomes ---- */

static const char *read_outcome(const struct asking *asking, const pb_outcome *outcome)
{
    if (*outcome->concept)
    return outcome->concept;
    if (!asking->world->vocabulary)
        return NULL;
    struct lookup_hit hit =
        lookup_interpret(asking->world->vocabulary, asking->arena, SCHEME_OUTCOME, outcome->text);
    if (hit.concept == CONCEPT_NONE || hit.score < 0.5)
        return NULL;
    return vocabulary_code(asking->world->vocabulary, hit.concept);
}

static void read_wanted(struct asking *asking)
{
    asking->wanted = arena_array(asking->arena, asking->need.n_outcomes, sizeof *asking->wanted);
    asking->essential = arena_array(asking->arena, asking->need.n_outcomes, sizeof *asking->essential);
    for (size_t i = 0; i < asking->need.n_outcomes; i++) {
        const char *code = read_outcome(asking, asking->need.outcomes[i]);
        size_t at = 0;
        if (!code)
            continue;
        while (at < asking->wanted_count && strcmp(asking->wanted[at], code) != 0)
            at++;
        asking->wanted[at] = code;
        if (at == asking->wanted_count)
            asking->wanted_count++;
        if (asking->need.outcomes[i]->essential)
            asking->essential[at] = true;
    }
}

static bool is_among(struct concept_list list, uint32_t concept)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i] == concept)
            return true;
    return false;
}

static double fit_between(const struct asking *asking, const char *wanted, const char *offered)
{
    const struct vocabulary *vocabulary = asking->world->vocabulary;
    if (strcmp(wanted, offered) == 0)
        return 1;
    if (!vocabulary)
        return 0;
    uint32_t w = vocabulary_find(vocabulary, SCHEME_OUTCOME, wanted);
    uint32_t o = vocabulary_find(vocabulary, SCHEME_OUTCOME, offered);
    if (w == CONCEPT_NONE || o == CONCEPT_NONE)
        return 0;
    if (is_among(vocabulary_broader(vocabulary, o), w))
        return 0.7;
    if (is_among(vocabulary_broader(vocabulary, w), o))
        return 0.5;
    return is_among(vocabulary_related(vocabulary, w), o) || is_among(vocabulary_related(vocabulary, o), w)
               ? 0.3
               : 0;
}

static bool lists(const struct asking *asking, size_t offer, const char *code)
{
    for (size_t i = 0; i < asking->world->offers[offer]->n_outcomes; i++)
        if (asking->read[offer][i] && strcmp(asking->read[offer][i], code) == 0)
            return true;
    return false;
}

/* Records that name an organisation which isn't there take no part. */
static double idf_of(const struct asking *asking, const char *code)
{
    double n = 0, df = 0;
    for (size_t i = 0; i < asking->world->offer_count; i++) {
        if (asking->offer_place[i] < 0)
            continue;
        n++;
        df += lists(asking, i, code);
    }
    return log(1 + (n < 1 ? 1 : n) / (1 + df));
}

static double best_fit(const struct asking *asking, const pb_offer *offer, const char *wanted,
                       const char **ret_code, bool *ret_reusable)
{
    double best = 0;
    *ret_code = NULL;
    *ret_reusable = false;
    size_t number = 0;
    while (offer && asking->world->offers[number] != offer)
        number++;
    for (size_t i = 0; offer && i < offer->n_outcomes; i++) {
        const char *code = asking->read[number][i];
        double fit = code ? fit_between(asking, wanted, code) : 0;
        if (fit == 0)
            continue;
        if (fit > best || (fit == best && strcmp(code, *ret_code) < 0)) {
            best = fit;
            *ret_code = code;
        }
        const struct vocabulary *vocabulary = asking->world->vocabulary;
        uint32_t concept = vocabulary ? vocabulary_find(vocabulary, SCHEME_OUTCOME, code) : CONCEPT_NONE;
        if (concept != CONCEPT_NONE && (vocabulary_reuse(vocabulary, concept) == REUSE_TRANSVERSAL ||
                                        vocabulary_reuse(vocabulary, concept) == REUSE_CROSS_SECTOR))
            *ret_reusable = true;
    }
    return best;
}

/* ---- filters ---- */

/* A host and one offer of its, NULL for its profile. */
struct pair {
    const pb_organisation *host;
    const pb_offer *offer;
};

static bool is_host(const pb_organisation *organisation)
{
    for (size_t i = 0; i < organisation->n_roles; i++)
        if (organisation->roles[i] == PARTNER__V1__ROLE__ROLE_HOSTING ||
            organisation->roles[i] == PARTNER__V1__ROLE__ROLE_EMPLOYER ||
            organisation->roles[i] == PARTNER__V1__ROLE__ROLE_INTERMEDIARY)
            return true;
    return false;
}

static int body_of(const struct asking *asking, const struct pair *pair)
{
    return asking->body[place_of(asking->world, pair->host->id)];
}

static bool prefix_either_way(const char *a, const char *b)
{
    return strncmp(a, b, strlen(a) < strlen(b) ? strlen(a) : strlen(b)) == 0;
}

static size_t sector_digits(char *const *wanted, size_t wanted_count, const struct pair *pair)
{
    bool own = pair->offer && pair->offer->n_sectors;
    char *const *offered = own ? pair->offer->sectors : pair->host->sectors;
    size_t offered_count = own ? pair->offer->n_sectors : pair->host->n_sectors, best = 0;
    for (size_t i = 0; i < wanted_count; i++)
        for (size_t j = 0; j < offered_count; j++) {
            size_t a = strlen(wanted[i]), b = strlen(offered[j]);
            if (prefix_either_way(wanted[i], offered[j]) && (a < b ? a : b) > best)
                best = a < b ? a : b;
        }
    return best;
}

static bool has_text(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static bool in_regions(const struct asking *asking, const char *region)
{
    for (size_t i = 0; i < asking->need.n_regions && *region; i++) {
        char wanted[16];
        strncpy(wanted, asking->need.regions[i], sizeof wanted - 1);
        wanted[sizeof wanted - 1] = '\0';
        if (wanted[0] == 'G' && wanted[1] == 'R')
            memcpy(wanted, "EL", 2);
        if (wanted[0] == 'G' && wanted[1] == 'B')
            memcpy(wanted, "UK", 2);
        if (strncmp(region, wanted, strlen(wanted)) == 0)
            return true;
    }
    return false;
}

static bool states_days(const pb_day_range *range)
{
    return range && range->max_days;
}

static bool speaks(const struct asking *asking, const struct pair *pair)
{
    bool own = pair->offer && pair->offer->n_languages;
    pb_language_level *const *used = own ? pair->offer->languages : pair->host->languages;
    size_t count = own ? pair->offer->n_languages : pair->host->n_languages;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < asking->need.n_languages; j++) {
            const pb_language_level *learner = asking->need.languages[j];
            if (strcmp(used[i]->language, learner->language) == 0 &&
                (!used[i]->level || !learner->level || learner->level >= used[i]->level))
                return true;
        }
    return count == 0;
}

static bool lists_level(const struct asking *asking, const pb_offer *offer)
{
    if (!offer || !offer->n_eqf_levels)
        return true;
    for (size_t i = 0; i < offer->n_eqf_levels; i++)
        if (offer->eqf_levels[i] == asking->need.eqf_level)
            return true;
    return false;
}

static bool shares_mode(const struct asking *asking, const pb_offer *offer)
{
    for (size_t i = 0; i < asking->need.n_modes; i++) {
        if (!offer || !offer->n_modes) {
            if (asking->need.modes[i] == PARTNER__V1__MODE__MODE_PHYSICAL)
                return true;
            continue;
        }
        for (size_t j = 0; j < offer->n_modes; j++)
            if (offer->modes[j] == asking->need.modes[i])
                return true;
    }
    return false;
}

static bool period_stated(const pb_need *need)
{
    return need->period && (*need->period->start_date || *need->period->end_date);
}

/* Day by day, in a span that holds every date of the tests. */
static bool window_holds(const struct asking *asking, const pb_offer *offer, const pb_window *window)
{
    const pb_date_range *ranges[] = {window->period, asking->need.period};
    int32_t first = 19500, last = 20500;
    uint32_t stay = 1, places = asking->need.learners > 1 ? asking->need.learners : 1;
    if (states_days(asking->need.duration) && asking->need.duration->min_days > stay)
        stay = asking->need.duration->min_days;
    if (states_days(offer->duration) && offer->duration->min_days > stay)
        stay = offer->duration->min_days;
    if (asking->need.max_absent && asking->need.max_absent < places)
        places = asking->need.max_absent;
    for (int i = 0; i < 2; i++) {
        int32_t start = ranges[i] ? day_of(ranges[i]->start_date, first) : first;
        int32_t end = ranges[i] ? day_of(ranges[i]->end_date, last) : last;
        first = start > first ? start : first;
        last = end < last ? end : last;
    }
    uint32_t days = 0;
    for (int32_t day = first; day <= last; day++)
        days++;
    return days >= stay && window->places >= places;
}

static uint32_t free_places(const struct asking *asking, const pb_offer *offer)
{
    uint32_t most = 0;
    for (size_t i = 0; offer && i < offer->n_windows; i++)
        if (offer->windows[i]->places > most && window_holds(asking, offer, offer->windows[i]))
            most = offer->windows[i]->places;
    return most;
}

static bool essentials_covered(const struct asking *asking, const pb_offer *offer)
{
    for (size_t i = 0; i < asking->wanted_count; i++) {
        const char *code;
        bool reusable;
        if (asking->essential[i] && best_fit(asking, offer, asking->wanted[i], &code, &reusable) < 0.7)
            return false;
    }
    return true;
}

static bool any_essential(const struct asking *asking)
{
    for (size_t i = 0; i < asking->wanted_count; i++)
        if (asking->essential[i])
            return true;
    return false;
}

static bool is_eligible(const struct asking *asking, const struct pair *pair)
{
    const pb_need *need = &asking->need;
    const pb_offer *offer = pair->offer;
    if (!is_host(pair->host) || body_of(asking, pair) == sender_body(asking))
        return false;
    if (need->n_sectors && !sector_digits(need->sectors, need->n_sectors, pair))
        return false;
    if (need->n_countries &&
        !(*pair->host->country && has_text(need->countries, need->n_countries, pair->host->country)))
        return false;
    if (need->n_regions && !in_regions(asking, pair->host->region))
        return false;
    if (states_days(need->duration) && offer && states_days(offer->duration) &&
        (offer->duration->min_days > need->duration->max_days ||
         need->duration->min_days > offer->duration->max_days))
        return false;
    if (need->n_languages && !speaks(asking, pair))
        return false;
    if (need->eqf_level && !lists_level(asking, offer))
        return false;
    if (need->n_modes && !shares_mode(asking, offer))
        return false;
    if ((period_stated(need) || need->learners || need->max_absent) && offer && offer->n_windows &&
        !free_places(asking, offer))
        return false;
    if (any_essential(asking) && !essentials_covered(asking, offer))
        return false;
    if (offer && *offer->valid_until && day_of(offer->valid_until, 0) < asking->question->today)
        return false;
    return !(asking->extend && sender_is_partner_of(asking, body_of(asking, pair)));
}

/* ---- criteria ---- */

static double closeness(const struct asking *asking, int body)
{
    double r = 0;
    for (int z = 0; z < (int)asking->world->organisation_count; z++) {
        double degree = 0;
        if (!sender_is_partner_of(asking, z) || !*partner_at(asking, z, body))
            continue;
        for (int other = 0; other < (int)asking->world->organisation_count; other++)
            degree += *partner_at(asking, z, other);
        r += 1 / degree;
    }
    return r;
}

static uint64_t mobilities_with(const struct asking *asking, int body)
{
    uint64_t sum = 0;
    for (size_t i = 0; asking->sender && i < asking->world->partnership_count; i++) {
        const pb_partnership *p = asking->world->partnerships[i];
        if (counts_today(asking, p) && has_party(asking, p, body) &&
            has_party(asking, p, sender_body(asking)))
            sum += p->mobilities;
    }
    return sum;
}

static double network_value(const struct asking *asking, int body)
{
    double r = closeness(asking, body), m = (double)mobilities_with(asking, body);
    if (sender_is_partner_of(asking, body))
        return 0.5 + 0.25 * m / (m + 5) + 0.25 * r / (1 + r);
    return 0.5 * r / (1 + r);
}

static double duration_value(const struct asking *asking, const pb_offer *offer)
{
    if (!offer || !states_days(offer->duration))
        return 0.5;
    double min = offer->duration->min_days, max = offer->duration->max_days, middle = (min + max) / 2,
           nearest = -1;
    for (double day = min; day <= max; day++)
        if (day >= asking->need.duration->min_days && day <= asking->need.duration->max_days &&
            (nearest < 0 || fabs(day - middle) < fabs(nearest - middle)))
            nearest = day;
    return nearest < 0 ? 0 : 1 - fabs(nearest - middle) / (max - min + 1);
}

static bool has_theme(const Partner__V1__Theme *themes, size_t count, int theme)
{
    for (size_t i = 0; i < count; i++)
        if ((int)themes[i] == theme)
            return true;
    return false;
}

static bool strategy_value(const struct asking *asking, const struct pair *pair, double *ret_value)
{
    const Partner__V1__Strategy *strategy = asking->sender ? asking->sender->strategy : NULL;
    double sum = 0, parts = 0, asked = 0, shared = 0;
    if (asking->sender_named && !asking->sender)
        return false;
    if (strategy && strategy->n_target_countries) {
        parts++;
        sum += *pair->host->country &&
               has_text(strategy->target_countries, strategy->n_target_countries, pair->host->country);
    }
    if (strategy && strategy->n_target_sectors) {
        parts++;
        sum += sector_digits(strategy->target_sectors, strategy->n_target_sectors, pair) > 0;
    }
    for (int theme = 1; theme <= 4; theme++) {
        if (!has_theme(asking->need.themes, asking->need.n_themes, theme) &&
            !(strategy && has_theme(strategy->priorities, strategy->n_priorities, theme)))
            continue;
        asked++;
        shared += has_theme(pair->host->themes, pair->host->n_themes, theme) ||
                  (pair->offer && has_theme(pair->offer->themes, pair->offer->n_themes, theme));
    }
    if (asked > 0) {
        parts++;
        sum += shared / asked;
    }
    *ret_value = parts > 0 ? sum / parts : 0;
    return parts > 0;
}

static void outcome_values(const struct asking *asking, const struct pair *pair, struct oracle_match *match)
{
    double sum = 0, total = 0, reused = 0;
    match->fit_count = asking->wanted_count;
    match->wanted = asking->wanted;
    match->offered = arena_array(asking->arena, match->fit_count, sizeof *match->offered);
    match->fits = arena_array(asking->arena, match->fit_count, sizeof *match->fits);
    for (size_t i = 0; i < asking->wanted_count; i++) {
        bool reusable;
        double idf = asking->idf[i];
        match->fits[i] = best_fit(asking, pair->offer, asking->wanted[i], &match->offered[i], &reusable);
        sum += idf * match->fits[i];
        total += idf;
        reused += reusable;
    }
    if (!asking->wanted_count)
        return;
    match->applies[0] = match->applies[7] = true;
    match->values[0] = sum / total;
    match->values[7] = reused / (double)asking->wanted_count;
}

static void take_weights(const struct asking *asking, struct oracle_match *match)
{
    static const double usual[ORACLE_CRITERIA] = {0.35, 0.15, 0.10, 0.10, 0.05, 0.10, 0.10, 0.05};
    const Partner__V1__Weights *w = asking->question->weights;
    bool given = w && (w->outcomes > 0 || w->sector > 0 || w->duration > 0 || w->network > 0 ||
                       w->strategy > 0 || w->evidence > 0 || w->recognition > 0 || w->transfer > 0);
    const double asked[ORACLE_CRITERIA] = {w ? w->outcomes : 0,    w ? w->sector : 0,   w ? w->duration : 0,
                                           w ? w->network : 0,     w ? w->strategy : 0, w ? w->evidence : 0,
                                           w ? w->recognition : 0, w ? w->transfer : 0};
    memcpy(match->weights, given ? asked : usual, sizeof usual);
    static const char letters[] = "MMMSSMRT", order[] = "SMRT";
    for (int letter = 0; letter < 4; letter++) {
        double sum = 0, weights = 0, usual_sum = 0, usual_weights = 0;
        for (int i = 0; i < ORACLE_CRITERIA; i++)
            if (letters[i] == order[letter] && match->applies[i]) {
                sum += match->weights[i] * match->values[i];
                weights += match->weights[i];
                usual_sum += usual[i] * match->values[i];
                usual_weights += usual[i];
                match->letter_stated[letter] = true;
            }
        if (match->letter_stated[letter])
            match->letters[letter] = weights > 0 ? sum / weights : usual_sum / usual_weights;
    }
}

static int compare_ids(const char *a, const char *b)
{
    return strcmp(a, b);
}

static void find_via(const struct asking *asking, int body, struct oracle_match *match)
{
    const struct oracle_world *world = asking->world;
    match->via = arena_array(asking->arena, world->organisation_count, sizeof *match->via);
    for (int z = 0; z < (int)world->organisation_count; z++) {
        const char *smallest = NULL;
        if (!sender_is_partner_of(asking, z) || !*partner_at(asking, z, body))
            continue;
        for (size_t i = 0; i < world->partnership_count; i++) {
            const pb_partnership *p = world->partnerships[i];
            for (size_t j = 0;
                 counts_today(asking, p) && has_party(asking, p, body) && j < p->n_organisation_ids; j++) {
                int place = place_of(world, p->organisation_ids[j]);
                if (place >= 0 && asking->body[place] == z &&
                    (!smallest || compare_ids(p->organisation_ids[j], smallest) < 0))
                    smallest = p->organisation_ids[j];
            }
        }
        size_t at = match->via_count++;
        for (; at && compare_ids(smallest, match->via[at - 1]) < 0; at--)
            match->via[at] = match->via[at - 1];
        match->via[at] = smallest;
    }
}

static void network_values(const struct asking *asking, int body, struct oracle_match *match)
{
    match->group = asking->question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP &&
                   !sender_is_partner_of(asking, body);
    match->applies[3] = sender_has_partners(asking);
    if (!match->applies[3])
        return;
    match->values[3] = body == sender_body(asking) ? 0 : network_value(asking, body);
    match->distance = 3;
    if (body == sender_body(asking))
        return;
    if (closeness(asking, body) > 0)
        match->distance = 2;
    if (sender_is_partner_of(asking, body))
        match->distance = 1;
    match->mobilities = mobilities_with(asking, body);
    find_via(asking, body, match);
}

static struct oracle_match judge(const struct asking *asking, const struct pair *pair)
{
    struct oracle_match match = {.organisation = pair->host, .offer = pair->offer};
    match.eligible = is_eligible(asking, pair);
    outcome_values(asking, pair, &match);
    if (asking->need.n_sectors) {
        size_t digits = sector_digits(asking->need.sectors, asking->need.n_sectors, pair);
        match.applies[1] = true;
        match.values[1] = digits == 4 ? 1 : digits == 3 ? 0.7 : digits == 2 ? 0.4 : 0;
    }
    if (states_days(asking->need.duration)) {
        match.applies[2] = true;
        match.values[2] = duration_value(asking, pair->offer);
    }
    network_values(asking, body_of(asking, pair), &match);
    match.applies[4] = strategy_value(asking, pair, &match.values[4]);
    match.applies[6] = true;
    const Partner__V1__Recognition *recognition = pair->offer ? pair->offer->recognition : NULL;
    if (recognition)
        match.values[6] = 0.4 * (recognition->n_assessment > 0) + 0.3 * recognition->validated_by_host +
                          0.3 * (recognition->n_documents > 0);
    take_weights(asking, &match);
    double sum = 0, weights = 0;
    for (int i = 0; i < ORACLE_CRITERIA; i++)
        if (match.applies[i]) {
            sum += match.weights[i] * match.values[i];
            weights += match.weights[i];
        }
    match.score = weights > 0 ? (double)llround(sum / weights * 1e9) / 1e9 : 0;
    match.free_places = free_places(asking, pair->offer);
    return match;
}

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
        if (eligible && !is_eligible(asking, &pairs[i]))
            continue;
        struct oracle_match match = judge(asking, &pairs[i]);
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
        if (!eligible || is_eligible(asking, &pairs[i]))
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
        int place = asking->offer_place[i] = place_of(world, offer->organisation_id);
        asking->read[i] = arena_array(arena, offer->n_outcomes, sizeof **asking->read);
        for (size_t j = 0; j < offer->n_outcomes; j++)
            asking->read[i][j] = read_outcome(asking, offer->outcomes[j]);
        if (place >= 0)
            asking->offers_of[place]++;
        for (size_t j = 0; place >= 0 && j < world->organisation_count; j++)
            if (asking->body[j] == asking->body[place])
                asking->profile[j] = false;
    }
    asking->idf = arena_array(arena, asking->wanted_count, sizeof *asking->idf);
    for (size_t i = 0; i < asking->wanted_count; i++)
        asking->idf[i] = idf_of(asking, asking->wanted[i]);
}

static struct asking ask(struct arena *arena, const struct oracle_world *world,
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
    int place = place_of(world, sender);
    asking.sender = place < 0 ? NULL : world->organisations[place];
    asking.sender_named = *sender != '\0';
    find_bodies(&asking);
    find_partners(&asking);
    read_wanted(&asking);
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
        {"duration", states_days(need->duration)},
        {"languages", need->n_languages},
        {"eqf_level", need->eqf_level},
        {"modes", need->n_modes},
        {"period", period_stated(need)},
        {"learners", need->learners || need->max_absent},
        {"outcomes", any_essential(asking)},
        {"validity", true},
        {"network", asking->extend},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].stated)
            names[count++] = rows[i].name;
    return count;
}

static void give_up(struct asking *asking, const char *name)
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

struct oracle_answer oracle_find(struct arena *arena, const struct oracle_world *world,
                                 const struct match_question *question)
{
    struct asking asking = ask(arena, world, question);
    struct oracle_answer answer = {.matches =
                                       arena_array(arena, world->organisation_count, sizeof *answer.matches)};
    for (size_t i = 0; i < world->organisation_count; i++) {
        int shown = asking.body[i] == (int)i ? shown_of(&asking, (int)i, true) : -1;
        struct oracle_match match;
        if (shown < 0 || !best_of(&asking, (size_t)shown, true, &match))
            continue;
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
        give_up(&relaxed, names[i]);
        answer.relaxation_names[answer.relaxation_count] = names[i];
        answer.relaxation_counts[answer.relaxation_count++] = count_bodies(&relaxed);
    }
    return answer;
}

struct oracle_explanation oracle_explain(struct arena *arena, const struct oracle_world *world,
                                         const struct match_question *question, const char *organisation_id,
                                         const char *offer_id)
{
    struct asking asking = ask(arena, world, question);
    struct oracle_explanation explanation = {0};
    if (*offer_id) {
        const pb_offer *offer = NULL;
        for (size_t i = 0; i < world->offer_count; i++)
            if (strcmp(world->offers[i]->id, offer_id) == 0)
                offer = world->offers[i];
        int place = offer ? place_of(world, offer->organisation_id) : -1;
        if (place < 0)
            return explanation;
        struct pair pair = {world->organisations[place], offer};
        explanation.match = judge(&asking, &pair);
    } else {
        int place = place_of(world, organisation_id);
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
    int body = asking.body[place_of(world, explanation.match.organisation->id)];
    struct oracle_answer answer = oracle_find(arena, world, question);
    for (size_t i = 0; explanation.match.eligible && i < answer.eligible; i++)
        if (asking.body[place_of(world, answer.matches[i].organisation->id)] == body)
            explanation.rank = i + 1;
    return explanation;
}
