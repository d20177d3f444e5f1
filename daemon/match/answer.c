#include "match/answer.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/packer.h"
#include "base/wire.h"
#include "match/filter/filter.h"
#include "match/index_data.h"
#include "match/sentence.h"
#include "model/stored_record.h"
#include "vocab/vocabulary.h"

/* A text of the index or the call: messages are never changed nor freed one by one. */
static char *text_for(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- facts ---- */

/* Numbers of the fields that are shown, read from the packed records: unpacking them whole takes many times as long. */
enum { HOST_ID = 1, HOST_NAME = 3, HOST_COUNTRY = 5, HOST_CITY = 7, HOST_LAST = HOST_CITY };
enum { OFFER_ID = 1, OFFER_TITLE = 3, OFFER_DURATION = 5, OFFER_LAST = OFFER_DURATION, OFFER_OUTCOMES };
enum { MIN_DAYS = 1 }; /* the other is MAX_DAYS */

/* A field as it lies in a packed record, with its tag and length; size 0: not there. */
struct field {
    const unsigned char *at;
    size_t size;
};

/* Where a field of any kind ends. */
static const unsigned char *field_skip(const unsigned char *at, const unsigned char *end)
{
    struct wire wire = wire_of(at + 1, (size_t)(end - at) - 1);
    return wire_skip(&wire, *at >> 3, *at & 7) ? wire.at : end;
}

/* A walk over a record's first fields. Packed ones are in the order of their numbers, and a tag of one below 16 takes one byte. */
struct field_walk {
    const unsigned char *at, *end;
};

static struct field_walk field_walk_of(const struct entry *entry)
{
    const unsigned char *at = stored_record_packed(entry->stored);
    return (struct field_walk){at, at + entry->stored->packed_bytes};
}

/* The next one with a number up to `last`; false: there is none. Most are short texts. */
static inline bool field_walk_next(struct field_walk *walk, uint32_t last, struct field *ret_field)
{
    const unsigned char *at = walk->at, *end = walk->end;
    if (end - at < 2 || *at >> 3 > last)
        return false;
    bool is_short = (*at & 7) == WIRE_BYTES && at[1] < 0x80 && at[1] <= end - at - 2;
    walk->at = is_short ? at + 2 + at[1] : field_skip(at, end);
    *ret_field = (struct field){at, (size_t)(walk->at - at)};
    return true;
}

/* A record's first fields, by number, up to `last`: the last of each number. */
static void read_fields(const struct entry *entry, uint32_t last, struct field *fields)
{
    struct field_walk walk = field_walk_of(entry);
    struct field field;
    while (field_walk_next(&walk, last, &field))
        fields[*field.at >> 3] = field;
}

/* What follows the tag and the length. */
static struct wire payload_of(struct field field)
{
    struct wire wire = wire_of(field.at + 1, field.size - 1), bytes = wire;
    wire_bytes(&wire, &bytes);
    return bytes;
}

static char *text_of(struct arena *arena, struct field field)
{
    if (!field.size)
        return (char *)protobuf_c_empty_string;
    struct wire bytes = payload_of(field);
    return arena_strndup(arena, (const char *)bytes.at, wire_left(&bytes));
}

static Partner__V1__DayRange *days_of(struct arena *arena, struct field field)
{
    struct wire bytes = payload_of(field);
    Partner__V1__DayRange *days = arena_alloc(arena, sizeof *days);
    partner__v1__day_range__init(days);
    uint32_t number;
    enum wire_type type;
    uint64_t value;
    while (wire_left(&bytes) && wire_tag(&bytes, &number, &type) && wire_varint(&bytes, &value))
        *(number == MIN_DAYS ? &days->min_days : &days->max_days) = (uint32_t)value;
    return days;
}

/* What the records of a match say of themselves. */
struct shown {
    struct field host[HOST_LAST + 1], offer[OFFER_LAST + 1];
};

static size_t shown_bytes(const struct shown *shown)
{
    return shown->host[HOST_ID].size + shown->host[HOST_NAME].size + shown->host[HOST_COUNTRY].size +
           shown->host[HOST_CITY].size + shown->offer[OFFER_ID].size + shown->offer[OFFER_TITLE].size +
           shown->offer[OFFER_DURATION].size;
}

static void read_shown(const struct match_query *query, const struct ranked *ranked, struct shown *shown)
{
    const struct offer_entry *offer = segment_offer(query->segment, ranked->slot);
    *shown = (struct shown){0};
    read_fields(&segment_host(query->segment, ranked->slot)->entry, HOST_LAST, shown->host);
    if (offer)
        read_fields(&offer->entry, OFFER_LAST, shown->offer);
}

static Partner__V1__Match *match_new(const struct match_query *query, const struct ranked *ranked)
{
    struct arena *arena = query->arena;
    struct shown shown;
    read_shown(query, ranked, &shown);
    Partner__V1__Match *match = arena_alloc(arena, sizeof *match);
    partner__v1__match__init(match);
    match->organisation_id = text_of(arena, shown.host[HOST_ID]);
    match->offer_id = text_of(arena, shown.offer[OFFER_ID]);
    match->name = text_of(arena, shown.host[HOST_NAME]);
    match->country = text_of(arena, shown.host[HOST_COUNTRY]);
    match->city = text_of(arena, shown.host[HOST_CITY]);
    match->score = (double)ranked->billionths / 1e9;
    match->title = text_of(arena, shown.offer[OFFER_TITLE]);
    if (shown.offer[OFFER_DURATION].size)
        match->duration = days_of(arena, shown.offer[OFFER_DURATION]);
    return match;
}

/* A field as it lies in a record, under its number in a match: both numbers are below 16, so that the tag is its first byte. */
static unsigned char *put_field(unsigned char *to, uint32_t number, struct field field)
{
    if (!field.size)
        return to;
    memcpy(to, field.at, field.size);
    *to = (unsigned char)(number << 3 | WIRE_BYTES);
    return to + field.size;
}

static unsigned char *put_score(unsigned char *to, uint32_t number, double score)
{
    if (score == 0)
        return to;
    *to++ = (unsigned char)(number << 3 | WIRE_64BIT);
    memcpy(to, &score, sizeof score);
    return to + sizeof score;
}

static void fetch_record(const struct entry *entry)
{
    enum { LINE_BYTES = 64, LINES = 3 };
    for (size_t line = 0; line < LINES; line++)
        __builtin_prefetch((const char *)entry->stored + line * LINE_BYTES);
}

void answer_fetch(const struct match_index *index, const struct ranked *page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = index->segments[page[i].part];
        __builtin_prefetch(&segment->organisations[page[i].place]);
        __builtin_prefetch(&segment->slot_offer[page[i].slot]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = index->segments[page[i].part];
        __builtin_prefetch(segment->organisations[page[i].place]);
        if (segment->slot_offer[page[i].slot] != PLACE_NONE)
            __builtin_prefetch(&segment->offers[segment->slot_offer[page[i].slot]]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct segment *segment = index->segments[page[i].part];
        fetch_record(&segment->organisations[page[i].place]->entry);
        if (segment_offer(segment, page[i].slot))
            __builtin_prefetch(segment_offer(segment, page[i].slot));
    }
    for (size_t i = 0; i < count; i++) {
        const struct offer_entry *offer = segment_offer(index->segments[page[i].part], page[i].slot);
        if (offer)
            fetch_record(&offer->entry);
    }
}

void answer_pack(struct packer *packer, const struct match_query *query, const struct ranked *ranked)
{
    enum { ID = 1, OFFER, NAME, COUNTRY, CITY, SCORE, TITLE = 12, DURATION }; /* of Match */
    enum { MATCHES = 1 };                                                     /* of FindHostsResponse */
    enum { SCORE_BYTES = 1 + sizeof(double) };
    struct shown shown;
    read_shown(query, ranked, &shown);
    size_t before = packer_size(packer);
    unsigned char *to = packer_take(packer, shown_bytes(&shown) + (ranked->billionths ? SCORE_BYTES : 0));
    to = put_field(to, ID, shown.host[HOST_ID]);
    to = put_field(to, OFFER, shown.offer[OFFER_ID]);
    to = put_field(to, NAME, shown.host[HOST_NAME]);
    to = put_field(to, COUNTRY, shown.host[HOST_COUNTRY]);
    to = put_field(to, CITY, shown.host[HOST_CITY]);
    to = put_score(to, SCORE, (double)ranked->billionths / 1e9);
    to = put_field(to, TITLE, shown.offer[OFFER_TITLE]);
    put_field(to, DURATION, shown.offer[OFFER_DURATION]);
    packer_close(packer, MATCHES, before);
}

/* ---- outcomes ---- */

/* The best that is offered for one wanted outcome. */
struct offered {
    enum fit fit;
    Partner__V1__Outcome *outcome; /* with its code */
};

/* One of an offer's outcomes, from its packed record. */
static Partner__V1__Outcome *outcome_of(const struct match_query *query, uint32_t concept, struct field field)
{
    struct wire bytes = payload_of(field);
    Partner__V1__Outcome *outcome =
        partner__v1__outcome__unpack(arena_protobuf(query->arena), wire_left(&bytes), bytes.at);
    assert(outcome);
    if (!*outcome->concept && concept != CONCEPT_NONE)
    outcome->concept = text_for(vocabulary_code(query->index->vocabulary, concept));
    return outcome;
}

/* For each wanted outcome the best offered one; equal ones by code. */
static void find_offered(const struct match_query *query, const struct offer_entry *entry,
                         struct offered *best)
{
    const struct wanted *wanted = &query->wanted;
    struct field_walk walk = field_walk_of(&entry->entry);
    struct field field;
    for (size_t i = 0; i < entry->outcomes.count && field_walk_next(&walk, OFFER_OUTCOMES, &field);) {
        if (*field.at >> 3 != OFFER_OUTCOMES)
            continue;
        uint32_t concept = entry->outcomes.items[i++], row = wanted_find(wanted, concept);
        Partner__V1__Outcome *outcome = row == UINT32_MAX ? NULL : outcome_of(query, concept, field);
        for (; row != UINT32_MAX; row = wanted->near[row].next) {
            struct offered *to = &best[wanted->near[row].wanted];
            enum fit fit = wanted->near[row].fit;
            if (fit > to->fit || (fit == to->fit && strcmp(outcome->concept, to->outcome->concept) < 0))
                *to = (struct offered){fit, outcome};
        }
    }
}

static Partner__V1__Outcome *outcome_wanted(struct arena *arena, const struct wanted_concept *wanted)
{
    Partner__V1__Outcome *to = arena_copy(arena, wanted->outcome, sizeof *to);
    to->concept = text_for(wanted->code);
    to->essential = wanted->essential; /* if any of those that are equal is */
    return to;
}

static void add_outcomes(const struct match_query *query, uint32_t slot, Partner__V1__Match *match)
{
    const struct wanted *wanted = &query->wanted;
    const struct offer_entry *offer = segment_offer(query->segment, slot);
    struct offered *best = arena_array(query->arena, wanted->count, sizeof *best);
    if (offer)
        find_offered(query, offer, best);
    match->outcomes = arena_array(query->arena, wanted->count, sizeof *match->outcomes);
    match->n_outcomes = wanted->count;
    for (uint32_t i = 0; i < wanted->count; i++) {
        Partner__V1__OutcomeFit *to = match->outcomes[i] = arena_alloc(query->arena, sizeof *to);
        partner__v1__outcome_fit__init(to);
        to->wanted = outcome_wanted(query->arena, &wanted->items[i]);
        to->offered = best[i].outcome; /* NULL: missing */
        to->fit = fit_value(best[i].fit);
    }
}

/* ---- criteria and scorecard ---- */

static Partner__V1__Criterion *add_criterion(struct arena *arena, Partner__V1__Match *match, const char *name,
                                             const char *reason)
{
    Partner__V1__Criterion *to = arena_alloc(arena, sizeof *to);
    partner__v1__criterion__init(to);
    to->name = text_for(name);
    to->reason = text_for(reason);
    match->criteria[match->n_criteria++] = to;
    return to;
}

static void add_criteria(const struct scoring *scoring, uint32_t slot, const double *values,
                         Partner__V1__Match *match)
{
    const struct match_query *query = scoring->query;
    match->criteria = arena_array(query->arena, CRITERION_COUNT + FILTER_COUNT, sizeof *match->criteria);
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        if (!scoring->weighing.applies[i])
            continue;
        const struct criterion *criterion = criterion_table[i];
        Partner__V1__Criterion *to =
            add_criterion(query->arena, match, criterion->name, criterion->reason(query, slot, values[i]));
        to->value = values[i];
        to->weight = query->weights[i];
    }
}

/* A letter's mean by the weights used, or where these are 0 by the default ones; false: none of its criteria applies. */
static bool letter_mean(const struct weighing *weighing, const double *values, char letter, double *ret_mean)
{
    double sum = 0, weights = 0, default_sum = 0, default_weights = 0;
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        if (!weighing->applies[i] || criterion_table[i]->letter != letter)
            continue;
        sum += weighing->weights[i] * values[i];
        weights += weighing->weights[i];
        default_sum += criterion_table[i]->weight * values[i];
        default_weights += criterion_table[i]->weight;
    }
    if (default_weights == 0)
        return false;
    *ret_mean = weights > 0 ? sum / weights : default_sum / default_weights;
    return true;
}

Partner__V1__Scorecard *answer_scorecard(struct arena *arena, const struct weighing *weighing,
                                         const double *values, bool unread)
{
    Partner__V1__Scorecard *card = arena_alloc(arena, sizeof *card);
    partner__v1__scorecard__init(card);
    const struct {
        char letter;
        double *mean;
        const char *note;
    } rows[] = {
        {'S', &card->strategic,
         "strategic: no partners and no strategy of the sender are known, and no themes are wanted"},
        {'M', &card->meaningful,
         unread
             ? "meaningful: the need's outcomes could not be read, and it states neither sectors nor duration"
             : "meaningful: the need states no outcomes, sectors or duration to go by"},
        {'R', &card->recognisable, "recognisable: nothing is known of how outcomes are recognised"},
        {'T', &card->transferable,
         unread ? "transferable: the need's outcomes could not be read"
                : "transferable: the need states no outcomes to go by"},
    };
    card->notes = arena_array(arena, sizeof rows / sizeof *rows, sizeof *card->notes);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!letter_mean(weighing, values, rows[i].letter, rows[i].mean))
            card->notes[card->n_notes++] = text_for(rows[i].note);
    return card;
}

/* ---- network ---- */

static void add_network(const struct match_query *query, uint32_t slot, Partner__V1__Match *match)
{
    struct arena *arena = query->arena;
    Partner__V1__NetworkPath *path = match->network = arena_alloc(arena, sizeof *path);
    partner__v1__network_path__init(path);
    if (!query->network->partner_count)
        return;
    const struct match_index *index = query->index;
    uint32_t body = match_query_body(query, slot);
    struct tie tie;
    bool is_tied = network_ask(query->network, body, &tie);
    path->distance = !is_tied ? 3 : tie.partner ? 1 : 2;
    if (!is_tied)
        return;
    path->mobilities = tie.mobilities > UINT32_MAX ? UINT32_MAX : (uint32_t)tie.mobilities;
    const char **via;
    path->n_via = network_via(query->network, arena, index, body, query->today, &via);
    path->via = arena_array(arena, path->n_via, sizeof *path->via);
    for (size_t i = 0; i < path->n_via; i++)
        path->via[i] = text_for(via[i]);
}

Partner__V1__Match *answer_match(const struct scoring *scoring, const struct ranked *ranked,
                                 Partner__V1__MatchView view)
{
    const struct match_query *query = scoring->query;
    Partner__V1__Match *match = match_new(query, ranked);
    if (view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC)
        return match;
    double values[CRITERION_COUNT];
    scoring_values(scoring, ranked->slot, values);
    add_criteria(scoring, ranked->slot, values, match);
    add_outcomes(query, ranked->slot, match);
    match->scorecard =
        answer_scorecard(query->arena, &scoring->weighing, values, query->wanted.unread_count > 0);
    add_network(query, ranked->slot, match);
    match->free_places = match_query_free_places(query, ranked->slot);
    return match;
}

size_t answer_bytes_most(const Partner__V1__Match *match, Partner__V1__MatchView view)
{
    /* Two ids, three texts and a country, as long as records may have them. */
    enum { BASIC_BYTES = 2 * 161 + 3 * 500 + 2 + 78 };
    if (view == PARTNER__V1__MATCH_VIEW__MATCH_VIEW_BASIC)
        return BASIC_BYTES;
    return protobuf_c_message_get_packed_size(&match->base) + ANSWER_OVERHEAD_BYTES;
}

void answer_add_filters(const struct match_query *query, uint32_t slot, Partner__V1__Match *match)
{
    for (size_t i = 0; i < FILTER_COUNT; i++) {
        const struct filter *filter = filter_table[i];
        if (!filter->stated(query))
            continue;
        bool met = filter_met(filter, query, slot);
        Partner__V1__Criterion *to =
            add_criterion(query->arena, match, filter->name, filter->reason(query, slot, met));
        to->filter = true;
        to->met = met;
        to->value = met;
    }
}
