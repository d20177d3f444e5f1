#include "match/support_judge.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "model/identifier.h"
#include "vocab/lookup.h"
#include "vocab/vocabulary.h"

const char *const oracle_criteria[ORACLE_CRITERIA] = {"outcomes", "sector",   "duration",    "network",
                                                      "strategy", "evidence", "recognition", "transfer"};

/* ---- records ---- */

int oracle_place_of(const struct oracle_world *world, const char *id)
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

void oracle_find_bodies(struct asking *asking)
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
        int place = oracle_place_of(asking->world, partnership->organisation_ids[i]);
        if (place >= 0 && asking->body[place] == body)
            return true;
    }
    return false;
}

static bool *partner_at(const struct asking *asking, int a, int b)
{
    return &asking->partner[(size_t)a * asking->world->organisation_count + (size_t)b];
}

void oracle_find_partners(struct asking *asking)
{
    const struct oracle_world *world = asking->world;
    for (size_t i = 0; i < world->partnership_count; i++) {
        const pb_partnership *p = world->partnerships[i];
        if (!counts_today(asking, p))
            continue;
        for (size_t j = 0; j < p->n_organisation_ids; j++)
            for (size_t k = 0; k < p->n_organisation_ids; k++) {
                int a = oracle_place_of(world, p->organisation_ids[j]),
                    b = oracle_place_of(world, p->organisation_ids[k]);
                if (a >= 0 && b >= 0 && asking->body[a] != asking->body[b])
                    *partner_at(asking, asking->body[a], asking->body[b]) = true;
            }
    }
}

static int sender_body(const struct asking *asking)
{
    return asking->sender ? asking->body[oracle_place_of(asking->world, asking->sender->id)] : -1;
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

const char *oracle_read_outcome(const struct asking *asking, const pb_outcome *outcome)
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

void oracle_read_wanted(struct asking *asking)
{
    asking->wanted = arena_array(asking->arena, asking->need.n_outcomes, sizeof *asking->wanted);
    asking->essential = arena_array(asking->arena, asking->need.n_outcomes, sizeof *asking->essential);
    for (size_t i = 0; i < asking->need.n_outcomes; i++) {
        const char *code = oracle_read_outcome(asking, asking->need.outcomes[i]);
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
double oracle_idf_of(const struct asking *asking, const char *code)
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
    return asking->body[oracle_place_of(asking->world, pair->host->id)];
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

bool oracle_states_days(const pb_day_range *range)
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

bool oracle_period_stated(const pb_need *need)
{
    return need->period && (*need->period->start_date || *need->period->end_date);
}

/* Day by day, in a span that holds every date of the tests. */
static bool window_holds(const struct asking *asking, const pb_offer *offer, const pb_window *window)
{
    const pb_date_range *ranges[] = {window->period, asking->need.period};
    int32_t first = 19500, last = 20500;
    uint32_t stay = 1, places = asking->need.learners > 1 ? asking->need.learners : 1;
    if (oracle_states_days(asking->need.duration) && asking->need.duration->min_days > stay)
        stay = asking->need.duration->min_days;
    if (oracle_states_days(offer->duration) && offer->duration->min_days > stay)
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

bool oracle_any_essential(const struct asking *asking)
{
    for (size_t i = 0; i < asking->wanted_count; i++)
        if (asking->essential[i])
            return true;
    return false;
}

bool oracle_is_eligible(const struct asking *asking, const struct pair *pair)
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
    if (oracle_states_days(need->duration) && offer && oracle_states_days(offer->duration) &&
        (offer->duration->min_days > need->duration->max_days ||
         need->duration->min_days > offer->duration->max_days))
        return false;
    if (need->n_languages && !speaks(asking, pair))
        return false;
    if (need->eqf_level && !lists_level(asking, offer))
        return false;
    if (need->n_modes && !shares_mode(asking, offer))
        return false;
    if ((oracle_period_stated(need) || need->learners || need->max_absent) && offer && offer->n_windows &&
        !free_places(asking, offer))
        return false;
    if (oracle_any_essential(asking) && !essentials_covered(asking, offer))
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

/* M: of each common partner with the host. */
static uint64_t mobilities_between(const struct asking *asking, int body)
{
    uint64_t sum = 0;
    for (int z = 0; z < (int)asking->world->organisation_count; z++) {
        if (!sender_is_partner_of(asking, z) || !*partner_at(asking, z, body))
            continue;
        for (size_t i = 0; i < asking->world->partnership_count; i++) {
            const pb_partnership *p = asking->world->partnerships[i];
            if (counts_today(asking, p) && has_party(asking, p, z) && has_party(asking, p, body))
                sum += p->mobilities;
        }
    }
    return sum;
}

/* p: partners of which some record states the country. */
static double partners_in_country(const struct asking *asking, const char *country)
{
    double count = 0;
    for (int z = 0; z < (int)asking->world->organisation_count; z++) {
        bool found = false;
        for (size_t i = 0; sender_is_partner_of(asking, z) && i < asking->world->organisation_count; i++)
            found |= asking->body[i] == z && *country &&
                     strcmp(asking->world->organisations[i]->country, country) == 0;
        count += found;
    }
    return count;
}

static double network_value(const struct asking *asking, int body, const char *country)
{
    double m = (double)mobilities_with(asking, body);
    double x = closeness(asking, body) * sqrt((1 + (double)mobilities_between(asking, body)) *
                                              (1 + partners_in_country(asking, country)));
    if (sender_is_partner_of(asking, body))
        return 0.5 + 0.25 * m / (m + 5) + 0.25 * x / (1 + x);
    return 0.5 * x / (1 + x);
}

static double duration_value(const struct asking *asking, const pb_offer *offer)
{
    if (!offer || !oracle_states_days(offer->duration))
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
                int place = oracle_place_of(world, p->organisation_ids[j]);
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

static void network_values(const struct asking *asking, const struct pair *pair, struct oracle_match *match)
{
    int body = body_of(asking, pair);
    match->group = asking->question->network == PARTNER__V1__NETWORK_PREFERENCE__NETWORK_PREFERENCE_KEEP &&
                   !sender_is_partner_of(asking, body);
    match->applies[3] = sender_has_partners(asking);
    if (!match->applies[3])
        return;
    match->values[3] = body == sender_body(asking) ? 0 : network_value(asking, body, pair->host->country);
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

struct oracle_match oracle_judge(const struct asking *asking, const struct pair *pair)
{
    struct oracle_match match = {.organisation = pair->host, .offer = pair->offer};
    match.eligible = oracle_is_eligible(asking, pair);
    outcome_values(asking, pair, &match);
    if (asking->need.n_sectors) {
        size_t digits = sector_digits(asking->need.sectors, asking->need.n_sectors, pair);
        match.applies[1] = true;
        match.values[1] = digits == 4 ? 1 : digits == 3 ? 0.7 : digits == 2 ? 0.4 : 0;
    }
    if (oracle_states_days(asking->need.duration)) {
        match.applies[2] = true;
        match.values[2] = duration_value(asking, pair->offer);
    }
    network_values(asking, pair, &match);
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
