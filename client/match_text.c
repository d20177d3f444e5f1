#include "client/match_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"

static const struct {
    const char *filter, *name, *given_up;
} filters[] = {
    {"role", "role", ""},
    {"sectors", "sector", "without the sector"},
    {"countries", "country", "without the country"},
    {"regions", "region", "without the region"},
    {"duration", "length of stay", "with any length of stay"},
    {"languages", "language", "without the language"},
    {"eqf_level", "EQF level", "without the EQF level"},
    {"modes", "mode", "without the mode"},
    {"period", "period", "at any time"},
    {"learners", "places", "with fewer learners at once"},
    {"outcomes", "essential outcomes", "with no outcome essential"},
    {"validity", "validity", ""},
    {"network", "new partners only", "with existing partners too"},
};

#define FILTERS (sizeof filters / sizeof *filters)

const char *match_filter_name(const char *filter)
{
    for (unsigned i = 0; i < FILTERS; i++)
        if (text_equal(filters[i].filter, filter))
            return filters[i].name;
    return filter;
}

const char *match_place(struct arena *arena, const Partner__V1__Match *match)
{
    if (*match->city && *match->country)
        return arena_format(arena, "%s, %s", match->city, match->country);
    return *match->city ? match->city : match->country;
}

const char *match_days(struct arena *arena, const Partner__V1__Match *match)
{
    const Partner__V1__DayRange *days = match->duration;
    if (!days || !days->max_days)
        return "";
    if (days->min_days == days->max_days)
        return arena_format(arena, "%u", days->min_days);
    return arena_format(arena, "%u-%u", days->min_days, days->max_days);
}

const char *match_letters(struct arena *arena, const Partner__V1__Scorecard *scorecard, bool utf8)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (!scorecard)
        return "";
    const double values[] = {scorecard->strategic, scorecard->meaningful, scorecard->recognisable,
                             scorecard->transferable};
    const char *text = "";
    for (unsigned i = 0; i < 4; i++) {
        double value = values[i] < 0 ? 0 : values[i] > 1 ? 1 : values[i];
        if (utf8)
            text = arena_format(arena, "%s%s%c%s", text, i ? " " : "", "SMRT"[i],
                                bars[(unsigned)(value * 7 + 0.5)]);
        else
            text =
                arena_format(arena, "%s%s%c%u", text, i ? " " : "", "SMRT"[i], (unsigned)(value * 10 + 0.5));
    }
    return text;
}

static const Partner__V1__Criterion *criterion_named(const Partner__V1__Match *match, const char *name)
{
    for (size_t i = 0; i < match->n_criteria; i++)
        if (text_equal(match->criteria[i]->name, name) && !match->criteria[i]->filter)
            return match->criteria[i];
    return NULL;
}

static const char *add_part(struct arena *arena, const char *text, const char *part)
{
    return !part || !*part ? text : *text ? arena_format(arena, "%s · %s", text, part) : part;
}

const char *match_note(struct arena *arena, const Partner__V1__Match *match)
{
    const Partner__V1__Criterion *main = criterion_named(match, "outcomes");
    const Partner__V1__Criterion *network = criterion_named(match, "network");
    const char *note = match->title;
    if (!main)
        main = criterion_named(match, "sector");
    note = add_part(arena, note, main ? main->reason : NULL);
    if (network && match->network && (match->network->distance == 1 || match->network->distance == 2))
        note = add_part(arena, note, network->reason);
    if (match->free_places)
        note = add_part(
            arena, note,
            arena_format(arena, "%u place%s", match->free_places, match->free_places == 1 ? "" : "s"));
    return note;
}

static int more_first(const void *left, const void *right)
{
    const Partner__V1__Relaxation *a = *(const Partner__V1__Relaxation *const *)left;
    const Partner__V1__Relaxation *b = *(const Partner__V1__Relaxation *const *)right;
    return a->eligible < b->eligible ? 1 : a->eligible > b->eligible ? -1 : 0;
}

static const char *given_up(struct arena *arena, const char *filter)
{
    for (unsigned i = 0; i < FILTERS; i++)
        if (text_equal(filters[i].filter, filter))
            return filters[i].given_up;
    return arena_format(arena, "without '%s'", filter);
}

const char *match_advice(struct arena *arena, const Partner__V1__FindHostsResponse *answer)
{
    const char *advice = "";
    if (!answer->n_relaxations)
        return advice;
    Partner__V1__Relaxation **sorted = arena_array(arena, answer->n_relaxations, sizeof *sorted);
    for (size_t i = 0; i < answer->n_relaxations; i++)
        sorted[i] = answer->relaxations[i];
    qsort(sorted, answer->n_relaxations, sizeof *sorted, more_first);
    for (size_t i = 0; i < answer->n_relaxations && sorted[i]->eligible > answer->eligible; i++)
        advice = arena_format(arena, "%s  %s: %" PRIu64 " more\n", advice, given_up(arena, sorted[i]->filter),
                              sorted[i]->eligible - answer->eligible);
    if (*advice)
        return arena_format(arena, "one wish given up would bring more:\n%s", advice);
    return answer->eligible ? "" : "no single wish, given up alone, brings a host; give up two\n";
}
