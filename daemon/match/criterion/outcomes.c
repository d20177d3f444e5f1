#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/sentence.h"

/* sum(idf * fit) / sum(idf) over the distinct wanted concepts. */

static bool applies(const struct match_query *query)
{
    return query->wanted.count > 0;
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = block->outcome_sum[i] / query->wanted.idf_sum;
}

/* "; missing: a, b and c" */
static const char *add_names(const struct match_query *query, const char *text, const char *word,
                             const uint8_t *fits, enum fit lowest, enum fit highest)
{
    const struct wanted *wanted = &query->wanted;
    const char **names = arena_array(query->arena, wanted->count, sizeof *names);
    size_t count = 0;
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct wanted_concept *item = &wanted->items[i];
        if (fits[i] >= lowest && fits[i] <= highest)
            names[count++] = sentence_concept(query, item->concept,
                                              *item->outcome->text ? item->outcome->text : item->code);
    }
    return count ? arena_format(query->arena, "%s; %s: %s", text, word,
                                sentence_list(query->arena, names, count))
                 : text;
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    const struct wanted *wanted = &query->wanted;
    uint8_t *fits = arena_array(query->arena, wanted->count, sizeof *fits);
    bool *reusable = arena_array(query->arena, wanted->count, sizeof *reusable);
    wanted_fit_slot(wanted, query->segment, slot, fits, reusable);
    uint32_t covered = 0;
    for (uint32_t i = 0; i < wanted->count; i++)
        covered += fits[i] >= FIT_LEAST_ESSENTIAL;
    const char *text = arena_format(query->arena, "covers %u of %s", covered,
                                    sentence_count(query->arena, wanted->count, "outcome", "outcomes"));
    text = add_names(query, text, "in part", fits, FIT_RELATED, FIT_BROADER);
    text = add_names(query, text, "missing", fits, FIT_NONE, FIT_NONE);
    if (wanted->unread_count)
        text = arena_format(
            query->arena, "%s; %s could not be read and did not count", text,
            sentence_count(query->arena, wanted->unread_count, "further wish", "further wishes"));
    return text;
}

const struct criterion criterion_outcomes = {.name = "outcomes",
                                             .letter = 'M',
                                             .weight = 0.35,
                                             .weight_offset = offsetof(Partner__V1__Weights, outcomes),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
