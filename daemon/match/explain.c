#include "match/query.h"

#include "base/arena.h"
#include "match/answer.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/rank.h"

/* The member of a body with slots in the set (NULL: any) that is shown; PLACE_NONE where there is none. */
static uint32_t shown_member(const struct match_index *index, uint32_t body, const uint64_t *slots)
{
    uint32_t shown = PLACE_NONE;
    for (uint32_t i = index->bodies.first[body]; i < index->bodies.first[body + 1]; i++) {
        uint32_t place = index->bodies.members[i], end = index->first_slot[place + 1];
        uint32_t slot = index->first_slot[place];
        while (slot < end && slots && !bits_has(slots, slot))
            slot++;
        if (slot < end && (shown == PLACE_NONE || index->preference[place] < index->preference[shown]))
            shown = place;
    }
    return shown;
}

/* The best eligible of an organisation's slots, else its best. */
static struct ranked best_of(const struct scoring *scoring, uint32_t place, const uint64_t *eligible)
{
    struct ranked best = rank_best_of(scoring, place, eligible);
    return best.slot != SLOT_NONE ? best : rank_best_of(scoring, place, NULL);
}

static struct ranked pick(const struct scoring *scoring, uint32_t place, const uint64_t *eligible)
{
    const struct match_index *index = scoring->query->index;
    if (index->first_slot[place] == index->first_slot[place + 1]) {
        uint32_t body = index->bodies.of_organisation[place];
        place = shown_member(index, body, eligible);
        if (place == PLACE_NONE)
            place = shown_member(index, body, NULL);
    }
    return best_of(scoring, place, eligible);
}

struct counting {
    struct ranked own;
    uint64_t before;
};

static void count_visit(void *context, const struct ranked *ranked)
{
    struct counting *counting = context;
    counting->before += ranked_before(ranked, &counting->own);
}

/* The body's number in what FindHosts gives, from 1. */
static uint64_t rank_of_body(const struct match_query *query, uint64_t *eligible, uint32_t body)
{
    match_query_reduce(query, eligible);
    struct scoring scoring;
    scoring_init(&scoring, query, eligible);
    uint32_t place = shown_member(query->index, body, eligible);
    struct counting counting = {.own = rank_best_of(&scoring, place, eligible)};
    rank_visit_all(&scoring, count_visit, &counting);
    return counting.before + 1;
}

/* The slot that is asked for: an offer's own, or PLACE in *ret_place for an organisation. */
static struct status find_asked(const struct match_index *index, const char *organisation_id,
                                const char *offer_id, uint32_t *ret_slot, uint32_t *ret_place)
{
    if (*offer_id) {
        uint32_t offer = index_find_offer(index, offer_id);
        if (offer == PLACE_NONE || index->offer_slot[offer] == SLOT_NONE)
            return (struct status){.code = STATUS_NOT_FOUND,
                                   .field = "offer_id",
                                   .message = offer == PLACE_NONE ? "there is no such offer"
                                                                  : "the offer's organisation is not here"};
        *ret_slot = index->offer_slot[offer];
        return STATUS_NONE;
    }
    *ret_place = index_find_organisation(index, organisation_id);
    if (*ret_place == PLACE_NONE)
        return (struct status){
            .code = STATUS_NOT_FOUND, .field = "organisation_id", .message = "there is no such organisation"};
    return STATUS_NONE;
}

struct status match_explain(const struct match_index *index, struct arena *arena,
                            const struct match_question *question, const char *organisation_id,
                            const char *offer_id, Partner__V1__ExplainMatchResponse *ret_response)
{
    uint32_t slot = SLOT_NONE, place = PLACE_NONE;
    struct status status = find_asked(index, organisation_id, offer_id, &slot, &place);
    if (!status_ok(status))
        return status;
    struct match_query query;
    match_query_init(&query, arena, index, question);
    uint64_t *eligible = match_query_eligible(&query);
    struct scoring scoring;
    scoring_init(&scoring, &query, NULL);
    struct ranked ranked =
        slot != SLOT_NONE ? rank_slot(&scoring, slot, NULL) : pick(&scoring, place, eligible);
    ret_response->match = answer_match(&scoring, &ranked, PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL);
    answer_add_filters(&query, ranked.slot, ret_response->match);
    ret_response->eligible = bits_has(eligible, ranked.slot);
    if (ret_response->eligible)
        ret_response->rank = rank_of_body(&query, eligible, index->bodies.of_organisation[ranked.place]);
    return STATUS_NONE;
}
