#include "base/arena.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/search.h"
#include "match/senders_answer.h"
#include "match/sentence.h"

/* Sentences look at no more of a query than where names come from and where they go. */
static struct match_query speaker_of(const struct sender_reason *about)
{
    return (struct match_query){.index = about->query->index, .arena = about->query->arena};
}

/* ---- outcomes ---- */

/* "; missing: a, b and c" */
static const char *add_names(const struct sender_reason *about, const char *text, const char *word,
                             enum fit lowest, enum fit highest)
{
    struct arena *arena = about->query->arena;
    struct match_query speaker = speaker_of(about);
    const struct wanted_list *wanted = &about->facts->wanted;
    const char **names = arena_array(arena, wanted->count, sizeof *names);
    size_t count = 0;
    for (uint32_t i = 0; i < wanted->count; i++) {
        const struct reach *reach = offering_reach(&about->query->offering, wanted->items[i].concept);
        const pb_outcome *outcome = about->need->outcomes[wanted->items[i].outcome];
        enum fit fit = reach ? reach->fit : FIT_NONE;
        if (fit >= lowest && fit <= highest)
            names[count++] = sentence_concept(&speaker, wanted->items[i].concept,
                                              *outcome->text ? outcome->text : outcome->concept);
    }
    return count ? arena_format(arena, "%s; %s: %s", text, word, sentence_list(arena, names, count)) : text;
}

static const char *outcomes_reason(const struct sender_reason *about)
{
    struct arena *arena = about->query->arena;
    const struct need_facts *facts = about->facts;
    uint32_t covered = 0;
    for (uint32_t i = 0; i < facts->wanted.count; i++) {
        const struct reach *reach = offering_reach(&about->query->offering, facts->wanted.items[i].concept);
        covered += reach && reach->fit >= FIT_LEAST_ESSENTIAL;
    }
    const char *text = arena_format(arena, "covers %u of %s", covered,
                                    sentence_count(arena, facts->wanted.count, "outcome", "outcomes"));
    text = add_names(about, text, "in part", FIT_RELATED, FIT_BROADER);
    text = add_names(about, text, "missing", FIT_NONE, FIT_NONE);
    if (facts->unread_count)
        text = arena_format(arena, "%s; %s could not be read and did not count", text,
                            sentence_count(arena, facts->unread_count, "further wish", "further wishes"));
    return text;
}

/* ---- the others ---- */

static const char *sector_reason(const struct sender_reason *about)
{
    struct match_query speaker = speaker_of(about);
    uint16_t offered = 0, wanted = 0;
    if (!sector_wish_pair(&about->query->offering.sector_marks, about->facts->sectors, &offered, &wanted))
        return arena_format(speaker.arena, "asks for %s, which is not offered",
                            sentence_sectors(&speaker, &about->facts->sectors));
    if (wanted == offered)
        return arena_format(speaker.arena, "asks for the very sector: %s", sentence_sector(&speaker, wanted));
    return arena_format(speaker.arena, "asks for %s; offered is %s", sentence_sector(&speaker, wanted),
                        sentence_sector(&speaker, offered));
}

static const char *duration_reason(const struct sender_reason *about)
{
    struct arena *arena = about->query->arena;
    const struct need_facts *facts = about->facts;
    uint32_t min = about->query->offering.facts.min_days, max = about->query->offering.facts.max_days;
    const char *days = sentence_days(arena, facts->min_days, facts->max_days);
    if (!max)
        return arena_format(arena, "asks for stays of %s; the offer states no length", days);
    if (!pair_days_meet(min, max, facts->min_days, facts->max_days))
        return arena_format(arena, "asks for stays of %s; offered are %s", days,
                            sentence_days(arena, min, max));
    uint32_t nearest = pair_nearest_days(min, max, facts->min_days, facts->max_days);
    return arena_format(arena, "asks for stays of %s; %s would suit both best", days,
                        sentence_count(arena, nearest, "day", "days"));
}

static const char *common_names(const struct sender_reason *about)
{
    const struct match_index *index = about->query->index;
    struct arena *arena = about->query->arena;
    const char **names = arena_array(arena, about->via_count, sizeof *names);
    for (size_t i = 0; i < about->via_count && i < SENTENCE_MOST_LISTED; i++) {
        uint32_t place = index_find_organisation(index, about->via[i]);
        names[i] = entry_record(&index_organisation_entry(index, place)->entry, arena).organisation->name;
    }
    return sentence_list(arena, names, about->via_count);
}

static const char *network_reason(const struct sender_reason *about)
{
    struct arena *arena = about->query->arena;
    const struct tie *tie = about->sender->tie;
    if (!tie)
        return "is new to the host's network";
    const char *common = common_names(about);
    if (!tie->partner)
        return sentence_near(arena, common, tie->between, about->sender->partners_in);
    const char *moved = sentence_count(arena, tie->mobilities, "mobility", "mobilities");
    return arena_format(arena, "is a partner already, with %s so far%s%s", moved,
                        about->via_count ? "; common partners: " : "", common);
}

/* "shares 1 of 2 themes: digital" */
static const char *themes_reason(const struct sender_reason *about, uint32_t themes)
{
    struct arena *arena = about->query->arena;
    uint32_t shared = themes & about->query->offering.themes;
    const char *names[32];
    size_t named = 0;
    for (unsigned theme = 0; theme < 32; theme++)
        if (shared & number_bit(theme))
            names[named++] = sentence_theme(theme);
    return arena_format(arena, "shares %d of %s%s%s", __builtin_popcount(shared),
                        sentence_count(arena, (uint64_t)__builtin_popcount(themes), "theme", "themes"),
                        named ? ": " : "", sentence_list(arena, names, named));
}

static const char *strategy_reason(const struct sender_reason *about)
{
    const struct sender *sender = about->sender;
    const char *parts[3];
    size_t count = 0;
    if (sender->states_countries)
        parts[count++] =
            sender->in_country ? "aims at the host's country" : "doesn't aim at the host's country";
    if (sender->states_sectors)
        parts[count++] = sender->in_sector ? "aims at an offered sector" : "aims at no offered sector";
    uint32_t themes = about->facts->themes | sender->priorities;
    if (themes)
        parts[count++] = themes_reason(about, themes);
    const char *text = parts[0];
    for (size_t i = 1; i < count; i++)
        text = arena_format(about->query->arena, "%s; %s", text, parts[i]);
    return text;
}

static const char *evidence_reason(const struct sender_reason *)
{
    return "has too few reports to say";
}

static const char *recognition_reason(const struct sender_reason *about)
{
    return arena_format(about->query->arena, "the host %s",
                        sentence_recognition(about->query->arena, about->query->offering.facts.recognition));
}

const char *senders_reason(const struct sender_reason *about, size_t criterion)
{
    static const char *(*const reasons[])(const struct sender_reason *) = {
        outcomes_reason, sector_reason,   duration_reason,    network_reason,
        strategy_reason, evidence_reason, recognition_reason,
    };
    if (criterion < sizeof reasons / sizeof *reasons)
        return reasons[criterion](about);
    return sentence_transfer(about->query->arena, about->values->values[criterion],
                             about->facts->wanted.count);
}
