#include "model/limit.h"

#include "base/text.h"

struct limit {
    const char *field;
    size_t most;
};

static const struct limit text_limits[] = {
    {"summary", 2000},
    {"text", 2000},
    {"url", 2000},
};
static const size_t other_text_limit = LIMIT_ANY_TEXT_BYTES;

static const struct limit list_limits[] = {
    {"outcomes", 500},    {"organisation_ids", 1000}, {"windows", 366},
    {"other_names", 100}, {"identifiers", 100},
};
static const size_t other_list_limit = 300;

static size_t find(const struct limit *limits, size_t count, const char *field, size_t other)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(limits[i].field, field))
            return limits[i].most;
    return other;
}

size_t limit_text_bytes(const char *field)
{
    return find(text_limits, sizeof text_limits / sizeof *text_limits, field, other_text_limit);
}

bool limit_allows_newlines(const char *field)
{
    return text_equal(field, "text") || text_equal(field, "summary");
}

size_t limit_list_items(const char *field)
{
    return find(list_limits, sizeof list_limits / sizeof *list_limits, field, other_list_limit);
}
