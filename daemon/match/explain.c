#include "match/query.h"

#include "base/arena.h"
#include "match/answer.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/sweep.h"

/* The member of a body with slots, or with eligible ones, that is shown; PLACE_NONE where there is none. */
static uint32_t shown_member(const struct match_query *query, uint32_t place, bool eligible)
{
    const struct segment *segment = query->segment;
    const struct several *several = bodies_find(&segment->bodies, place);
    uint32_t shown = PLACE_NONE, count = several ? several->count : 1, preference = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = several ? segment->bodies.members[several->first + i] : place;
        uint32_t at = segment->first_slot[member], end = segment->first_slot[member + 1];
        while (at < end && eligible && !match_query_passes(query, segment->slots_of[at]))
            at++;
        uint32_t own = several ? bodies_find(&segment->bodies, member)->preference : 0;
        if (at < end && (shown == PLACE_NONE || own < preference)) {
            shown = member;
            preference = own;
        }
    }
    return shown;
}

/* The best eligible of an organisation's slots, else its best. */
static struct ranked best_of(const struct scoring *scoring, uint32_t place)
{
    struct ranked best = rank_best_of(scoring, place, true);
    return best.slot != SLOT_NONE ? best : rank_best_of(scoring, place, false);
}

static struct ranked pick(const struct scoring *scoring, uint32_t place)
{
    const struct match_query *query = scoring->query;
    const struct segment *segment = query->segment;
    if (segment->first_slot[place] == segment->first_slot[place + 1]) {
        uint32_t shown = shown_member(query, place, true);
        place = shown != PLACE_NONE ? shown : shown_member(query, place, false);
    }
    return best_of(scoring, place);
}

/* Organisations that come before one, each once. */
struct counting {
    struct ranked own;
    bool keep;
    uint64_t before;
    uint64_t *seen[SEGMENTS];
};

static void count_take(void *context, const struct ranked *ranked, bool shared)
{
    struct counting *counting = context;
    if (ranked->order == counting->own.order || !ranked_before(ranked, &counting->own))
        return;
    if (shared && bits_has(counting->seen[ranked->part], ranked->place))
        return;
    bits_set(counting->seen[ranked->part], ranked->place);
    counting->before++;
}

static int64_t count_least(void *context)
{
    const struct counting *counting = context;
    return counting->keep && !counting->own.group ? INT64_MAX : counting->own.billionths;
}

/* The body's number in what FindHosts gives, from 1. */
static uint64_t rank_of_body(struct match_query *query, struct scoring *scoring, uint32_t place)
{
    struct counting counting = {
        .own = rank_best_of(scoring, shown_member(query, place, true), true),
        .keep = query->keep,
    };
    for (int part = BASE; part < query->index->segment_count; part++)
        counting.seen[part] = arena_array(
            query->arena, bits_words(query->index->segments[part]->organisation_count), sizeof(uint64_t));
    struct sweep_sink sink = {count_take, count_least, &counting, 1};
    sweep_rank(query, scoring, &sink, NULL);
    return counting.before + 1;
}

/* The slot that is asked for: an offer's own, or PLACE in *ret_place for an organisation. */
static struct status find_asked(const struct match_index *index, const char *organisation_id,
                                const char *offer_id, int *ret_part, uint32_t *ret_slot, uint32_t *ret_place)
{
    if (*offer_id) {
        bool known = index_find_offer(index, offer_id, ret_part, ret_slot);
        if (!known || *ret_slot == SLOT_NONE)
            return (struct status){.code = STATUS_NOT_FOUND,
                                   .field = "offer_id",
                                   .message = known ? "the offer's organisation is not here"
                                                    : "there is no such offer"};
        return STATUS_NONE;
    }
    *ret_place = index_find_organisation(index, organisation_id);
    if (*ret_place == PLACE_NONE)
        return (struct status){
            .code = STATUS_NOT_FOUND, .field = "organisation_id", .message = "there is no such organisation"};
    *ret_part = index_locate(index, ret_place);
    return STATUS_NONE;
}

struct status match_explain(const struct match_index *index, struct arena *arena,
                            const struct match_question *question, const char *organisation_id,
                            const char *offer_id, Partner__V1__ExplainMatchResponse *ret_response)
{
    uint32_t slot = SLOT_NONE, place = PLACE_NONE;
    int part = BASE;
    struct status status = find_asked(index, organisation_id, offer_id, &part, &slot, &place);
    if (!status_ok(status))
        return status;
    struct match_query query;
    struct scoring scoring;
    match_query_init(&query, arena, index, question);
    match_query_enter(&query, part);
    scoring_init(&scoring, &query);
    struct ranked ranked = slot != SLOT_NONE ? rank_slot(&scoring, slot) : pick(&scoring, place);
    ret_response->match = answer_match(&scoring, &ranked, PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL);
    answer_add_filters(&query, ranked.slot, ret_response->match);
    ret_response->eligible = match_query_passes(&query, ranked.slot);
    if (ret_response->eligible)
        ret_response->rank = rank_of_body(&query, &scoring, ranked.place);
    return STATUS_NONE;
}
