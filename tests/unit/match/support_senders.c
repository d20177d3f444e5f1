#include "match/support_senders.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "match/support_judge.h"

/* One question: each need that takes part, asked for by its own organisation. */
struct reverse {
    struct arena *arena;
    struct oracle_world world; /* with the offer among the offers */
    struct match_question question;
    struct asking base;
    struct pair pair;
    struct asking *asked; /* by need */
    const pb_organisation **owner;
};

static bool sends(const pb_organisation *organisation)
{
    for (size_t i = 0; i < organisation->n_roles; i++)
        if (organisation->roles[i] == PARTNER__V1__ROLE__ROLE_SENDING)
            return true;
    return false;
}

/* NULL: the need takes no part. */
static const pb_organisation *owner_of(const struct reverse *reverse, const pb_need *need)
{
    int32_t day = 0;
    int place = oracle_place_of(&reverse->world, need->organisation_id);
    if (*need->valid_until && date_parse(need->valid_until, &day) && day < reverse->question.today)
        return NULL;
    const pb_organisation *owner = place < 0 ? NULL : reverse->world.organisations[place];
    return owner && sends(owner) ? owner : NULL;
}

/* An offer that isn't stored is read as the others are, and counts for nothing. */
static void add_offer(struct reverse *reverse, const pb_offer *offer)
{
    struct oracle_world *world = &reverse->world;
    struct asking *base = &reverse->base;
    size_t count = world->offer_count;
    for (size_t i = 0; i < count; i++)
        if (world->offers[i] == offer)
            return;
    world->offers = arena_grow(reverse->arena, world->offers, count * sizeof(pb_offer *),
                               (count + 1) * sizeof(pb_offer *));
    world->offers[count] = (pb_offer *)(uintptr_t)offer;
    world->offer_count++;
    base->offer_place = arena_grow(reverse->arena, base->offer_place, count * sizeof *base->offer_place,
                                   (count + 1) * sizeof *base->offer_place);
    base->offer_place[count] = -1;
    base->read =
        arena_grow(reverse->arena, base->read, count * sizeof *base->read, (count + 1) * sizeof *base->read);
    base->read[count] = arena_array(reverse->arena, offer->n_outcomes, sizeof **base->read);
    for (size_t i = 0; i < offer->n_outcomes; i++)
        base->read[count][i] = oracle_read_outcome(base, offer->outcomes[i]);
    base->world = world;
}

static struct asking ask_for(const struct reverse *reverse, const pb_need *need, const pb_organisation *owner)
{
    struct asking asking = reverse->base;
    asking.need = *need;
    asking.sender = owner;
    asking.sender_named = true;
    oracle_read_wanted(&asking);
    asking.idf = arena_array(reverse->arena, asking.wanted_count, sizeof *asking.idf);
    for (size_t i = 0; i < asking.wanted_count; i++)
        asking.idf[i] = oracle_idf_of(&asking, asking.wanted[i]);
    return asking;
}

static int body_of(const struct reverse *reverse, const pb_organisation *organisation)
{
    return reverse->base.body[oracle_place_of(&reverse->world, organisation->id)];
}

static size_t count_bodies(const struct reverse *reverse, const char *given_up)
{
    bool *bodies = arena_array(reverse->arena, reverse->world.organisation_count, sizeof *bodies);
    size_t count = 0;
    for (size_t i = 0; i < reverse->world.need_count; i++) {
        if (!reverse->owner[i])
            continue;
        struct asking asking = reverse->asked[i];
        oracle_give_up(&asking, given_up);
        bool *body = &bodies[body_of(reverse, reverse->owner[i])];
        if (*body || !oracle_is_eligible(&asking, &reverse->pair))
            continue;
        *body = true;
        count++;
    }
    return count;
}

static bool better_need(const struct oracle_sender *a, const struct oracle_sender *b)
{
    if (a->match.score != b->match.score)
        return a->match.score > b->match.score;
    return strcmp(a->need->id, b->need->id) < 0;
}

static bool before(const struct oracle_sender *a, const struct oracle_sender *b)
{
    if (a->match.group != b->match.group)
        return a->match.group < b->match.group;
    if (a->match.score != b->match.score)
        return a->match.score > b->match.score;
    return strcmp(a->organisation->id, b->organisation->id) < 0;
}

static void sort(struct oracle_senders *answer)
{
    for (size_t i = 1; i < answer->eligible; i++) {
        struct oracle_sender sender = answer->senders[i];
        size_t at = i;
        for (; at && before(&sender, &answer->senders[at - 1]); at--)
            answer->senders[at] = answer->senders[at - 1];
        answer->senders[at] = sender;
    }
}

static void find_best(const struct reverse *reverse, struct oracle_senders *answer)
{
    for (size_t i = 0; i < reverse->world.need_count; i++) {
        if (!reverse->owner[i] || !oracle_is_eligible(&reverse->asked[i], &reverse->pair))
            continue;
        struct oracle_sender sender = {reverse->owner[i], reverse->world.needs[i],
                                       oracle_judge(&reverse->asked[i], &reverse->pair)};
        size_t at = 0;
        while (at < answer->eligible &&
               body_of(reverse, answer->senders[at].organisation) != body_of(reverse, sender.organisation))
            at++;
        if (at == answer->eligible)
            answer->senders[answer->eligible++] = sender;
        else if (better_need(&sender, &answer->senders[at]))
            answer->senders[at] = sender;
    }
    sort(answer);
}

static void find_relaxations(const struct reverse *reverse, struct oracle_senders *answer)
{
    static const char *const names[] = {"sectors",   "countries", "regions", "duration",
                                        "languages", "eqf_level", "modes",   "period",
                                        "learners",  "outcomes",  "network"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t count = count_bodies(reverse, names[i]);
        if (count <= answer->eligible)
            continue;
        answer->relaxation_names[answer->relaxation_count] = names[i];
        answer->relaxation_counts[answer->relaxation_count++] = count;
    }
}

struct oracle_senders oracle_find_senders(struct arena *arena, const struct oracle_world *world,
                                          const struct senders_question *question)
{
    pb_need nothing = PARTNER__V1__NEED__INIT;
    struct oracle_senders answer = {
        .senders = arena_array(arena, world->organisation_count, sizeof *answer.senders)};
    struct reverse reverse = {
        .arena = arena,
        .world = *world,
        .question = {.need = &nothing,
                     .sender_id = "",
                     .network = question->network,
                     .weights = question->weights,
                     .today = question->today},
        .asked = arena_array(arena, world->need_count, sizeof *reverse.asked),
        .owner = arena_array(arena, world->need_count, sizeof *reverse.owner),
    };
    int place = oracle_place_of(world, question->offer->organisation_id);
    if (place < 0)
        return answer;
    answer.found = true;
    reverse.base = oracle_ask(arena, &reverse.world, &reverse.question);
    add_offer(&reverse, question->offer);
    reverse.pair = (struct pair){world->organisations[place], question->offer};
    for (size_t i = 0; i < world->need_count; i++) {
        reverse.owner[i] = owner_of(&reverse, world->needs[i]);
        if (reverse.owner[i])
            reverse.asked[i] = ask_for(&reverse, world->needs[i], reverse.owner[i]);
    }
    find_best(&reverse, &answer);
    find_relaxations(&reverse, &answer);
    return answer;
}
