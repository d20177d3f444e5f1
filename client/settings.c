#include "client/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/flags.h"
#include "client/stay.h"

#define TOKEN_BYTES 4096

static const struct row {
    const char *name, *flag, *environment, *key, *fallback;
} rows[SETTING_COUNT] = {
    [SETTING_SERVER] = {"server", "server", "PARTNER_SERVER", "server", "http://127.0.0.1:8470"},
    [SETTING_TOKEN] = {"token", NULL, "PARTNER_TOKEN", "token", NULL},
    [SETTING_CA_FILE] = {"ca-file", "ca-file", "PARTNER_CA_FILE", "ca-file", NULL},
    [SETTING_OUTPUT] = {"output", "output", "PARTNER_OUTPUT", "output", NULL},
    [SETTING_TIMEOUT] = {"timeout", "timeout", "PARTNER_TIMEOUT", "timeout", NULL},
    [SETTING_PROFILE] = {"profile", "profile", "PARTNER_PROFILE", NULL, "default"},
};

struct reading {
    struct arena *arena;
    struct settings *settings;
    const char *token_file, *token_file_source;
    bool section_found;
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static void set(struct settings *settings, enum setting_id id, const char *value, const char *source)
{
    if (!settings->of[id].value && value) {
        settings->of[id].value = value;
        settings->of[id].source = source;
    }
}

static const char *file_path(struct arena *arena)
{
    const char *folder = environment("XDG_CONFIG_HOME");
    if (folder)
        return arena_format(arena, "%s/partner/config.ini", folder);
    const char *home = environment("HOME");
    return home ? arena_format(arena, "%s/.config/partner/config.ini", home) : NULL;
}

/* One key of the file; 0 stops the reading at this line. */
static int read_key(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    if (!*section) /* above the first [profile] it would be nobody's */
        return 0;
    bool mine = text_equal(section, reading->settings->of[SETTING_PROFILE].value);
    reading->section_found |= mine;
    if (text_equal(key, "token-file")) {
        if (mine && !reading->token_file) {
            reading->token_file = arena_strdup(reading->arena, value);
            reading->token_file_source = reading->settings->file;
        }
        return 1;
    }
    for (unsigned id = 0; id < SETTING_COUNT; id++) {
        if (!rows[id].key || !text_equal(rows[id].key, key))
            continue;
        if (mine)
            set(reading->settings, id, arena_strdup(reading->arena, value), reading->settings->file);
        return 1;
    }
    return 0;
}

static bool others_can_read(const struct stat *facts)
{
    return (facts->st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

static struct status read_file(struct reading *reading)
{
    const char *path = reading->settings->file;
    struct stat facts;
    FILE *file = path ? fopen(path, "re") : NULL;
    bool usual = text_equal(reading->settings->of[SETTING_PROFILE].value, "default");
    if (!file && !usual)
        return status_format(reading->arena, STATUS_INVALID_ARGUMENT, NULL,
                             "there is no profile [%s]: the configuration file %s can't be read",
                             reading->settings->of[SETTING_PROFILE].value, path ? path : "(HOME is not set)");
    if (!file)
        return STATUS_NONE;
    bool token_before = reading->settings->of[SETTING_TOKEN].value != NULL;
    int line = ini_parse_file(file, read_key, reading);
    bool open_to_others = fstat(fileno(file), &facts) == 0 && others_can_read(&facts);
    fclose(file);
    if (line > 0)
        return status_format(
            reading->arena, STATUS_INVALID_ARGUMENT, NULL,
            "%s, line %d: this is no 'key = value' of a [profile] with the keys server, token, "
            "token-file, ca-file, output, timeout",
            path, line);
    if (!token_before && reading->settings->of[SETTING_TOKEN].value && open_to_others)
        return status_format(reading->arena, STATUS_INVALID_ARGUMENT, NULL,
                             "%s holds a token and others can read it: chmod 600 %s", path, path);
    if (!reading->section_found && !usual)
        return status_format(reading->arena, STATUS_INVALID_ARGUMENT, NULL, "%s has no profile [%s]", path,
                             reading->settings->of[SETTING_PROFILE].value);
    return STATUS_NONE;
}

static struct status read_token_file(struct arena *arena, const char *path, const char **ret_token)
{
    struct stat facts;
    char token[TOKEN_BYTES];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0) {
        const char *why = strerror(errno);
        if (file >= 0)
            close(file);
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "the token file %s: %s", path, why);
    }
    ssize_t size = read(file, token, sizeof token - 1);
    close(file);
    if (others_can_read(&facts))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                             "others can read the token file %s: chmod 600 %s", path, path);
    if (size <= 0)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "the token file %s is empty", path);
    token[size] = '\0';
    *ret_token = text_trim(arena, arena_strndup(arena, token, strcspn(token, "\r\n")));
    return STATUS_NONE;
}

static struct status use_token_file(struct reading *reading, const char *path, const char *source)
{
    const char *token = NULL;
    struct status status = read_token_file(reading->arena, path, &token);
    if (status_ok(status))
        set(reading->settings, SETTING_TOKEN, token, source);
    return status;
}

static struct status check(struct arena *arena, struct settings *settings)
{
    const struct setting *output = &settings->of[SETTING_OUTPUT], *timeout = &settings->of[SETTING_TIMEOUT];
    if (output->value && !text_equal(output->value, "table") && !text_equal(output->value, "json") &&
        !text_equal(output->value, "jsonl") && !text_equal(output->value, "csv"))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                             "output '%s' (of %s) is none of table, json, jsonl, csv", output->value,
                             output->source);
    settings->timeout_ms = -1;
    if (timeout->value && !stay_parse_timeout(timeout->value, &settings->timeout_ms))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                             "timeout '%s' (of %s) is no time such as 10s, 500ms, 2m; 0 is none",
                             timeout->value, timeout->source);
    return STATUS_NONE;
}

struct status settings_read(struct arena *arena, const struct flags *flags, struct settings *ret_settings)
{
    struct settings *settings = ret_settings;
    struct reading reading = {.arena = arena, .settings = settings};
    *settings = (struct settings){.file = file_path(arena)};
    for (unsigned id = 0; id < SETTING_COUNT; id++)
        settings->of[id].name = rows[id].name;

    const char *token_file = flags_text(flags, "token-file");
    if (token_file) {
        struct status status = use_token_file(&reading, token_file, "--token-file");
        if (!status_ok(status))
            return status;
    }
    for (unsigned id = 0; id < SETTING_COUNT; id++) {
        if (rows[id].flag)
            set(settings, id, flags_text(flags, rows[id].flag), arena_format(arena, "--%s", rows[id].flag));
        set(settings, id, environment(rows[id].environment), rows[id].environment);
    }
    set(settings, SETTING_PROFILE, rows[SETTING_PROFILE].fallback, "default");
    struct status status = read_file(&reading);
    if (!status_ok(status))
        return status;
    if (reading.token_file && !settings->of[SETTING_TOKEN].value) {
        status = use_token_file(&reading, reading.token_file, reading.token_file_source);
        if (!status_ok(status))
            return status;
    }
    for (unsigned id = 0; id < SETTING_COUNT; id++)
        set(settings, id, rows[id].fallback, "default");
    return check(arena, settings);
}
