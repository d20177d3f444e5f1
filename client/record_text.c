#include "client/record_text.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/text.h"

static const char *join(struct arena *arena, const char *text, const char *part)
{
    return *text ? arena_format(arena, "%s, %s", text, part) : part;
}

const char *record_enums(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, const void *values,
                         size_t count)
{
    const char *text = "";
    size_t prefix = strcspn(descriptor->values[0].name, "_") + 1;
    for (size_t i = 0; i < count; i++) {
        int number = ((const int *)values)[i];
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
        char *word = value ? arena_strdup(arena, value->name + prefix) : arena_format(arena, "%d", number);
        for (char *at = word; *at; at++)
            *at = (char)tolower((unsigned char)*at);
        text = join(arena, text, word);
    }
    return text;
}

const char *record_strings(struct arena *arena, char *const *values, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = join(arena, text, values[i]);
    return text;
}

const char *record_languages(struct arena *arena, Partner__V1__LanguageLevel *const *levels, size_t count)
{
    static const char *const names[] = {"", " A1", " A2", " B1", " B2", " C1", " C2"};
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        unsigned level = (unsigned)levels[i]->level;
        text = join(arena, text,
                    arena_format(arena, "%s%s", levels[i]->language,
                                 level < sizeof names / sizeof *names ? names[level] : ""));
    }
    return text;
}

const char *record_days(struct arena *arena, const Partner__V1__DayRange *days)
{
    if (!days || !days->max_days)
        return "";
    return days->min_days == days->max_days ? arena_format(arena, "%u", days->min_days)
                                            : arena_format(arena, "%u-%u", days->min_days, days->max_days);
}

const char *record_time(struct arena *arena, const Google__Protobuf__Timestamp *time)
{
    struct tm parts;
    char text[32];
    if (!time || !time->seconds)
        return "";
    time_t seconds = (time_t)time->seconds;
    if (!gmtime_r(&seconds, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts))
        return "";
    return arena_strdup(arena, text);
}
