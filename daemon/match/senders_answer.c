#include "match/senders_answer.h"

#include "base/arena.h"
#include "match/answer.h"
#include "match/index_data.h"
#include "vocab/vocabulary.h"

#define TEXT(arena, text) arena_strdup((arena), (text))

static Partner__V1__SenderMatch *match_new(const struct senders_query *query, const struct sender *sender,
                                           const pb_need *need, int64_t billionths)
{
    struct arena *arena = query->arena;
    const pb_organisation *own =
        entry_record(&index_organisation_entry(query->index, sender->place)->entry, arena).organisation;
    Partner__V1__SenderMatch *match = arena_alloc(arena, sizeof *match);
    partner__v1__sender_match__init(match);
    match->organisation_id = own->id;
    match->need_id = need->id;
    match->name = own->name;
    match->country = own->country;
    match->city = own->city;
    match->score = (double)billionths / 1e9;
    match->title = need->title;
    match->duration = need->duration;
    return match;
}

/* ---- outcomes ---- */

static const char *wanted_code(const struct senders_query *query, const struct wanted_item *item,
                               const pb_outcome *outcome)
{
    return *outcome->concept ? outcome->concept : vocabulary_code(query->index->vocabulary, item->concept);
}

static pb_outcome *outcome_copy(struct arena *arena, const pb_outcome *from, const char *code)
{
    pb_outcome *to = arena_copy(arena, from, sizeof *from);
    to->concept = TEXT(arena, code);
    return to;
}

static void add_outcomes(const struct senders_query *query, const struct need_facts *facts,
                         const pb_need *need, Partner__V1__SenderMatch *match)
{
    struct arena *arena = query->arena;
    const struct offering *offering = &query->offering;
    match->outcomes = arena_array(arena, facts->wanted.count, sizeof *match->outcomes);
    match->n_outcomes = facts->wanted.count;
    for (uint32_t i = 0; i < facts->wanted.count; i++) {
        const struct wanted_item *item = &facts->wanted.items[i];
        const pb_outcome *wanted = need->outcomes[item->outcome];
        const struct reach *reach = offering_reach(offering, item->concept);
        Partner__V1__OutcomeFit *to = match->outcomes[i] = arena_alloc(arena, sizeof *to);
        partner__v1__outcome_fit__init(to);
        to->wanted = outcome_copy(arena, wanted, wanted_code(query, item, wanted));
        to->wanted->essential = item->essential;
        if (!reach)
            continue;
        to->offered =
            outcome_copy(arena, offering->offer->outcomes[reach->outcome], offering->codes[reach->outcome]);
        to->fit = fit_value(reach->fit);
    }
}

/* ---- network ---- */

/* The partners between, as seen from the sender; their ids are of those that work with the host. */
static void find_via(struct sender_reason *about)
{
    const struct senders_query *query = about->query;
    const struct offering *offering = &query->offering;
    const char **via;
    if (!about->sender->tie)
        return;
    struct network own;
    network_find_partners(&own, query->arena, query->index, about->sender->body, query->question->today);
    about->via_count =
        network_via(&own, query->arena, query->index, offering->host_body, query->question->today, &via);
    about->via = via;
}

static void add_network(const struct sender_reason *about, Partner__V1__SenderMatch *match)
{
    struct arena *arena = about->query->arena;
    const struct tie *tie = about->sender->tie;
    Partner__V1__NetworkPath *path = match->network = arena_alloc(arena, sizeof *path);
    partner__v1__network_path__init(path);
    if (!about->sender->has_partners)
        return;
    path->distance = !tie ? 3 : tie->partner ? 1 : 2;
    if (!tie)
        return;
    path->mobilities = tie->mobilities > UINT32_MAX ? UINT32_MAX : (uint32_t)tie->mobilities;
    path->n_via = about->via_count;
    path->via = arena_array(arena, path->n_via, sizeof *path->via);
    for (size_t i = 0; i < path->n_via; i++)
        path->via[i] = TEXT(arena, about->via[i]);
}

/* ---- criteria ---- */

static void add_criteria(const struct sender_reason *about, Partner__V1__SenderMatch *match)
{
    struct arena *arena = about->query->arena;
    match->criteria = arena_array(arena, CRITERION_COUNT, sizeof *match->criteria);
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        if (!about->values->applies[i])
            continue;
        Partner__V1__Criterion *to = arena_alloc(arena, sizeof *to);
        partner__v1__criterion__init(to);
        to->name = TEXT(arena, criterion_table[i]->name);
        to->reason = TEXT(arena, senders_reason(about, i));
        to->value = about->values->values[i];
        to->weight = about->query->weights[i];
        match->criteria[match->n_criteria++] = to;
    }
}

Partner__V1__SenderMatch *senders_answer_match(struct senders_query *query, int part, uint32_t row,
                                               int64_t billionths)
{
    const struct need_set *set = query->index->needs_view->parts[part].set;
    const struct need_facts *facts = &set->facts[row];
    struct sender sender;
    senders_look_up(query, part, row, &sender);
    const pb_need *need = entry_record(&set->needs[row]->entry, query->arena).need;
    Partner__V1__SenderMatch *match = match_new(query, &sender, need, billionths);
    if (query->question->view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC)
        return match;
    struct sender_values values;
    senders_values(query, part, row, &sender, &values);
    struct sender_reason about = {
        .query = query, .facts = facts, .sender = &sender, .need = need, .values = &values};
    find_via(&about);
    add_criteria(&about, match);
    add_outcomes(query, facts, need, match);
    match->scorecard = answer_scorecard(query->arena, senders_weighing(query, values.applies), values.values,
                                        facts->unread_count > 0);
    add_network(&about, match);
    match->learners = need->learners;
    return match;
}
