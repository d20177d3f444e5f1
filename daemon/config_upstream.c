#include "config_upstream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/record.h"

static const char section_word[] = "upstream ";
enum { REGISTRIES_MOST = 300 };

static struct status say(struct arena *arena, const char *where, const char *text)
{
    return status_format(arena, STATUS_INVALID_ARGUMENT, "upstream", "%s: %s", where, text);
}

static struct upstream_settings *find(struct config_upstreams *upstreams, const char *name)
{
    for (size_t i = 0; i < upstreams->count; i++)
        if (text_equal(upstreams->items[i].name, name))
            return &upstreams->items[i];
    return NULL;
}

static struct status find_or_add(struct config_upstreams *upstreams, struct arena *arena, const char *section,
                                 const char *where, struct upstream_settings **ret_upstream)
{
    const char *name = text_starts_with(section, section_word) ? section + sizeof section_word - 1 : NULL;
    if (!name)
        return say(arena, where, arena_format(arena, "there is no section [%.200s]", section));
    name = text_trim(arena, name);
    if (!registry_id_is_valid(name))
        return say(arena, where,
                   arena_format(arena,
                                "an upstream's name is a to z first, then a to z, 0 to 9 or -, at most 32: "
                                "\"%.200s\"",
                                name));
    *ret_upstream = find(upstreams, name);
    if (*ret_upstream)
        return STATUS_NONE;
    if (upstreams->count == CONFIG_UPSTREAMS_MOST)
        return say(arena, where, arena_format(arena, "more than %d upstreams", CONFIG_UPSTREAMS_MOST));
    *ret_upstream = &upstreams->items[upstreams->count++];
    **ret_upstream = (struct upstream_settings){.name = name, .url = "", .token_file = "", .ca_file = ""};
    return STATUS_NONE;
}

static struct status read_registries(struct upstream_settings *upstream, struct arena *arena,
                                     const char *value, const char *where)
{
    const char **ids = arena_array(arena, REGISTRIES_MOST, sizeof *ids);
    char *rest = arena_strdup(arena, value);
    upstream->registry_count = 0;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item = text_trim(arena, item);
        if (!registry_id_is_valid(item) || upstream->registry_count == REGISTRIES_MOST)
            return say(arena, where,
                       arena_format(arena, "\"%.200s\" is not a list of registries, at most %d", value,
                                    REGISTRIES_MOST));
        ids[upstream->registry_count++] = item;
    }
    upstream->registries = ids;
    return STATUS_NONE;
}

struct status config_upstream_set(struct config_upstreams *upstreams, struct arena *arena,
                                  const char *section, const char *name, const char *value, const char *where)
{
    struct upstream_settings *upstream;
    struct status status = find_or_add(upstreams, arena, section, where, &upstream);
    if (!status_ok(status))
        return status;
    const char *copy = arena_strdup(arena, value);
    if (text_equal(name, "url"))
        upstream->url = copy;
    else if (text_equal(name, "token-file"))
        upstream->token_file = copy;
    else if (text_equal(name, "ca-file"))
        upstream->ca_file = copy;
    else if (text_equal(name, "registries"))
        return read_registries(upstream, arena, value, where);
    else
        return say(arena, where,
                   arena_format(arena,
                                "[%.60s] has no \"%.200s\"; it takes url, token-file, ca-file and registries",
                                section, name));
    return STATUS_NONE;
}

/* ---- as a whole ---- */

static bool is_loopback(const char *rest)
{
    static const char *const names[] = {"localhost", "[::1]"};
    struct in_addr v4;
    char host[256];
    size_t bytes = *rest == '[' ? strcspn(rest, "]") + 1 : strcspn(rest, ":/");
    if (bytes >= sizeof host)
        return false;
    memcpy(host, rest, bytes);
    host[bytes] = '\0';
    return text_equal(host, names[0]) || text_equal(host, names[1]) ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

struct status config_upstreams_check(const struct config_upstreams *upstreams, struct arena *arena)
{
    for (size_t i = 0; i < upstreams->count; i++) {
        const struct upstream_settings *upstream = &upstreams->items[i];
        const char *where = arena_format(arena, "[upstream %s]", upstream->name);
        if (!*upstream->url)
            return say(arena, where, "url is missing");
        if (!text_starts_with(upstream->url, "https://") && !text_starts_with(upstream->url, "http://"))
            return say(arena, where, "url begins with https:// or http://");
        if (text_starts_with(upstream->url, "http://") && !is_loopback(upstream->url + strlen("http://")))
            return say(arena, where,
                       "url: beyond loopback it takes https://, since all would go in cleartext");
    }
    return STATUS_NONE;
}

struct status config_upstreams_check_files(const struct config_upstreams *upstreams, struct arena *arena)
{
    for (size_t i = 0; i < upstreams->count; i++) {
        const struct upstream_settings *upstream = &upstreams->items[i];
        const char *where = arena_format(arena, "[upstream %s]", upstream->name), *token;
        struct status status = STATUS_NONE;
        if (*upstream->token_file)
            status = upstream_read_token(arena, upstream->token_file, &token);
        if (!status_ok(status))
            return say(arena, where, status.message);
        if (*upstream->ca_file && access(upstream->ca_file, R_OK) != 0)
            return say(
                arena, where,
                arena_format(arena, "ca-file: %s can't be read: %s", upstream->ca_file, strerror(errno)));
    }
    return STATUS_NONE;
}

static void print_pair(FILE *out, const char *name, const char *value)
{
    if (*value)
        fprintf(out, "%s = %s\n", name, value);
}

void config_upstreams_print(const struct config_upstreams *upstreams, FILE *out)
{
    for (size_t i = 0; i < upstreams->count; i++) {
        const struct upstream_settings *upstream = &upstreams->items[i];
        fprintf(out, "\n; a server whose registries are followed (file)\n[upstream %s]\n", upstream->name);
        print_pair(out, "url", upstream->url);
        print_pair(out, "token-file", upstream->token_file);
        print_pair(out, "ca-file", upstream->ca_file);
        for (size_t j = 0; j < upstream->registry_count; j++)
            fprintf(out, "%s%s%s", j ? ", " : "registries = ", upstream->registries[j],
                    j + 1 < upstream->registry_count ? "" : "\n");
    }
}
