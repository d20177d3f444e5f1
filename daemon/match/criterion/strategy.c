#include "match/criterion/criterion.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/sentence.h"

/* The mean over what is stated: the country among the sender's targets; a sector among its target sectors; the share of the
 * wanted themes and the sender's priorities. */

static uint32_t themes_of(const struct match_query *query)
{
    return query->themes | (query->sender ? query->sender->priorities : 0);
}

/* Nothing is known of a sender that is named but isn't there. */
static bool applies(const struct match_query *query)
{
    const struct organisation_entry *sender = query->sender;
    if (!sender)
        return !query->sender_named && query->themes;
    return query->themes || sender->priorities || sender->target_countries.count ||
           sender->target_sectors.count;
}

static bool in_target_country(const struct match_query *query, uint32_t slot)
{
    const struct numbers *targets = &query->sender->target_countries;
    for (uint32_t i = 0; i < targets->count; i++)
        if (targets->items[i] == segment_host(query->segment, slot)->country)
            return true;
    return false;
}

static bool in_target_sector(const struct match_query *query, uint32_t slot)
{
    return sector_wish_digits(&query->target_sectors, segment_sectors(query->segment, slot)) > 0;
}

static double value_of(const struct match_query *query, uint32_t slot)
{
    struct pair_strategy strategy = {.themes = themes_of(query), .has = query->segment->themes[slot]};
    if (query->sender && query->sender->target_countries.count) {
        strategy.states_countries = true;
        strategy.in_country = in_target_country(query, slot);
    }
    if (query->sender && query->sender->target_sectors.count) {
        strategy.states_sectors = true;
        strategy.in_sector = in_target_sector(query, slot);
    }
    return pair_strategy_value(&strategy);
}

static void score(const struct match_query *query, const struct match_block *block, double *value)
{
    for (uint32_t i = 0; i < block->count; i++)
        value[i] = value_of(query, block->slots[i]);
}

static const char *reason(const struct match_query *query, uint32_t slot, double)
{
    const char *parts[3];
    size_t count = 0;
    if (query->sender && query->sender->target_countries.count)
        parts[count++] =
            in_target_country(query, slot) ? "is in a target country" : "is in no target country";
    if (query->sender && query->sender->target_sectors.count)
        parts[count++] = in_target_sector(query, slot) ? "is in a target sector" : "is in no target sector";
    uint32_t themes = themes_of(query), shared = themes & query->segment->themes[slot];
    const char *names[32];
    size_t named = 0;
    for (unsigned theme = 0; theme < 32; theme++)
        if (shared & number_bit(theme))
            names[named++] = sentence_theme(theme);
    if (themes)
        parts[count++] = arena_format(
            query->arena, "shares %d of %s%s%s", __builtin_popcount(shared),
            sentence_count(query->arena, (uint64_t)__builtin_popcount(themes), "theme", "themes"),
            named ? ": " : "", sentence_list(query->arena, names, named));
    const char *text = parts[0];
    for (size_t i = 1; i < count; i++)
        text = arena_format(query->arena, "%s; %s", text, parts[i]);
    return text;
}

const struct criterion criterion_strategy = {.name = "strategy",
                                             .letter = 'S',
                                             .weight = 0.05,
                                             .weight_offset = offsetof(Partner__V1__Weights, strategy),
                                             .applies = applies,
                                             .score = score,
                                             .reason = reason};
