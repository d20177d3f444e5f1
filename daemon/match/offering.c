#include "match/offering.h"

#include <string.h>

#include "base/arena.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/words.h"
#include "vocab/vocabulary.h"

/* ---- what covers what ---- */

static struct reach *reach_or_free(const struct offering *offering, uint32_t wanted)
{
    uint32_t row = (wanted * 2654435769u) >> 7 & offering->reach_mask;
    while (offering->reaches[row].wanted != CONCEPT_NONE && offering->reaches[row].wanted != wanted)
        row = (row + 1) & offering->reach_mask;
    return &offering->reaches[row];
}

static void resize(struct offering *offering, uint32_t size)
{
    struct reach *old = offering->reaches;
    uint32_t old_size = old ? offering->reach_mask + 1 : 0;
    offering->reaches = arena_alloc(offering->arena, size * sizeof *offering->reaches);
    offering->reach_mask = size - 1;
    for (uint32_t i = 0; i < size; i++)
        offering->reaches[i] = (struct reach){.wanted = CONCEPT_NONE};
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].wanted != CONCEPT_NONE)
            *reach_or_free(offering, old[i].wanted) = old[i];
}

/* One of the offer's outcomes as it is read. */
struct offered {
    uint32_t outcome;
    const char *code;
    bool reusable;
};

/* The concept's row, a new one where it has none. */
static struct reach *reach_row(struct offering *offering, uint32_t wanted)
{
    struct reach *row = reach_or_free(offering, wanted);
    if (row->wanted != CONCEPT_NONE)
        return row;
    if ((offering->reach_count + 1) * 2 > offering->reach_mask + 1) {
        resize(offering, (offering->reach_mask + 1) * 2);
        row = reach_or_free(offering, wanted);
    }
    offering->reach_count++;
    *row = (struct reach){.wanted = wanted};
    return row;
}

static void add_reach(struct offering *offering, const struct offered *offered, uint32_t wanted, enum fit fit)
{
    struct reach *to = reach_row(offering, wanted);
    if (to->fit == FIT_NONE) {
        *to = (struct reach){wanted, fit, offered->reusable, offered->outcome, 0};
        return;
    }
    to->reusable |= offered->reusable;
    if (fit > to->fit || (fit == to->fit && strcmp(offered->code, offering->codes[to->outcome]) < 0)) {
        to->fit = fit;
        to->outcome = offered->outcome;
    }
}

static void add_links(struct offering *offering, const struct offered *offered, struct concept_list wanted,
                      enum fit fit)
{
    for (size_t i = 0; i < wanted.count; i++)
        add_reach(offering, offered, wanted.items[i], fit);
}

/* Who wants something broader is served by what is narrower. */
static void reach_from(struct offering *offering, uint32_t outcome, uint32_t concept)
{
    const struct vocabulary *vocabulary = offering->index->vocabulary;
    struct offered offered = {.outcome = outcome, .code = offering->codes[outcome]};
    bool known = vocabulary && concept < vocabulary_concept_count(vocabulary);
    if (known) {
        enum reuse reuse = vocabulary_reuse(vocabulary, concept);
        offered.reusable = reuse == REUSE_TRANSVERSAL || reuse == REUSE_CROSS_SECTOR;
    }
    add_reach(offering, &offered, concept, FIT_SAME);
    if (!known)
        return;
    add_links(offering, &offered, vocabulary_broader(vocabulary, concept), FIT_NARROWER);
    add_links(offering, &offered, vocabulary_narrower(vocabulary, concept), FIT_BROADER);
    add_links(offering, &offered, vocabulary_related(vocabulary, concept), FIT_RELATED);
}

/* ---- reading ---- */

/* CONCEPT_NONE: not read, or wanted by nobody. */
static uint32_t read_outcome(struct offering *offering, struct arena *arena, size_t i)
{
    const pb_outcome *outcome = offering->offer->outcomes[i];
    const struct match_index *index = offering->index;
    offering->codes[i] = outcome->concept;
    if (*outcome->concept)
        return concept_names_find(&index->names, index->vocabulary, outcome->concept);
    uint32_t read = words_read(arena, index->vocabulary, outcome->text,
                               &offering->interpretations[offering->interpretation_count++]);
    if (read != CONCEPT_NONE)
        offering->codes[i] = vocabulary_code(index->vocabulary, read);
    return read;
}

static void read_outcomes(struct offering *offering, struct arena *arena)
{
    size_t count = offering->offer->n_outcomes;
    offering->codes = arena_array(arena, count, sizeof *offering->codes);
    offering->interpretations = arena_array(arena, count, sizeof(Partner__V1__Interpretation *));
    resize(offering, 64);
    for (size_t i = 0; i < count; i++) {
        uint32_t concept = read_outcome(offering, arena, i);
        if (concept != CONCEPT_NONE)
            reach_from(offering, (uint32_t)i, concept);
    }
}

void offering_read(struct offering *offering, struct arena *arena, const struct match_index *index,
                   const pb_offer *offer, uint32_t host_place)
{
    const struct organisation_entry *host = index_organisation_entry(index, host_place);
    struct offer_entry facts = offer_facts(arena, offer);
    *offering = (struct offering){
        .index = index,
        .arena = arena,
        .offer = offer,
        .host_place = host_place,
        .host_body = index_body(index, host_place),
        .host = host,
        .facts = facts,
        .sectors = facts.sectors.count ? facts.sectors : host->sectors,
        .languages = facts.languages.count ? facts.languages : host->languages,
        .modes = facts.modes ? facts.modes : number_bit(PARTNER__V1__MODE__MODE_PHYSICAL),
        .themes = facts.themes | host->themes,
    };
    sector_wish_init(&offering->sector_marks, arena, offering->sectors);
    read_outcomes(offering, arena);
}

const struct reach *offering_reach(const struct offering *offering, uint32_t wanted)
{
    const struct reach *reach = reach_or_free(offering, wanted);
    return reach->wanted == CONCEPT_NONE || reach->fit == FIT_NONE ? NULL : reach;
}

const struct reach *offering_weigh(struct offering *offering, uint32_t wanted)
{
    struct reach *reach = reach_row(offering, wanted);
    if (reach->idf == 0)
        reach->idf = wanted_idf(offering->index, wanted);
    return reach;
}

bool offering_stands(const struct offering *offering, int32_t today)
{
    return pair_role_hosts(offering->host->roles) && offering->facts.valid_until >= today;
}
