#include "store/conninfo.h"

#include <string.h>

#include "base/arena.h"

/* Rules so that a dead peer is found out, on the kernel's side. */
#define TCP_TIMEOUT_MS "10000"

static void add(struct conninfo *conninfo, const char *name, const char *value)
{
    size_t i = 0;
    while (conninfo->names[i])
        i++;
    if (i + 1 < CONNINFO_WORDS_MOST) {
        conninfo->names[i] = name;
        conninfo->values[i] = value;
    }
}

static size_t count_items(const char *list)
{
    size_t count = 1;
    for (const char *at = list; *at; at++)
        count += *at == ',';
    return count;
}

/* "a,b,c" at turn 1: "b,c,a". */
static const char *rotate(struct arena *arena, const char *list, unsigned turn)
{
    size_t skip = turn % count_items(list);
    const char *at = list;
    for (size_t i = 0; i < skip; i++)
        at = strchr(at, ',') + 1;
    if (at == list)
        return arena_strdup(arena, list);
    return arena_format(arena, "%s,%.*s", at, (int)(at - list - 1), list);
}

static bool is_host_list(const char *name)
{
    return strcmp(name, "host") == 0 || strcmp(name, "hostaddr") == 0 || strcmp(name, "port") == 0;
}

void conninfo_parse(struct arena *arena, const char *text, unsigned turn, struct conninfo *ret_conninfo)
{
    *ret_conninfo = (struct conninfo){{"application_name", "tcp_user_timeout"}, {"partnerd", TCP_TIMEOUT_MS}};
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    if (!options)
        add(ret_conninfo, "dbname", arena_strdup(arena, text));
    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        if (!option->val || strcmp(option->keyword, "client_encoding") == 0)
            continue;
        const char *value = is_host_list(option->keyword) ? rotate(arena, option->val, turn)
                                                          : arena_strdup(arena, option->val);
        add(ret_conninfo, arena_strdup(arena, option->keyword), value);
    }
    add(ret_conninfo, "client_encoding", "UTF8");
    PQconninfoFree(options);
}
