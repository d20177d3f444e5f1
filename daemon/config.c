#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <ini.h>
#include <libpq-fe.h>
#include <netinet/in.h>

#include "base/arena.h"
#include "base/text.h"
#include "net/address.h"

enum setting_type {
    TYPE_TEXT,
    TYPE_CONNINFO,
    TYPE_LIST,
    TYPE_BOOL,
    TYPE_UNSIGNED,
    TYPE_MS,
    TYPE_SIZE,
    TYPE_RATE,
    TYPE_LEVEL,
    TYPE_READ
};

/* A setting: its flag is --NAME, its variable PARTNERD_NAME, its key in the file NAME. */
struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;
    double least, most;
    const char *help;
};

#define ROW(NAME, TYPE, MEMBER, LEAST, MOST, HELP)                     \
    {                                                                  \
        NAME, TYPE, offsetof(struct config, MEMBER), LEAST, MOST, HELP \
    }
#define LIMIT(NAME, TYPE, MEMBER, LEAST, MOST, HELP) ROW(NAME, TYPE, limits.MEMBER, LEAST, MOST, HELP)

enum { HOUR_MS = 3600 * 1000 };
#define GIB 1073741824.0

static const struct setting settings[] = {
    ROW("listen", TYPE_LIST, listen, 0, 0, "HOST:PORT to listen on; repeat it or separate by commas"),
    ROW("database", TYPE_CONNINFO, store.conninfo, 0, 0,
        "how libpq reaches PostgreSQL: \"host=... dbname=...\" or a URI"),
    ROW("open", TYPE_BOOL, open, 0, 0, "callers from loopback are admins until a first token exists"),
    ROW("public-read", TYPE_READ, public_read, 0, 0, "who may read without a token: none, loopback or all"),
    ROW("insecure", TYPE_BOOL, insecure, 0, 0, "allow listening in cleartext beyond loopback"),
    ROW("tls-certificate", TYPE_TEXT, tls_certificate, 0, 0,
        "PEM file, chain included: all addresses speak TLS; read again at SIGHUP"),
    ROW("tls-key", TYPE_TEXT, tls_key, 0, 0, "PEM file of its key, without a passphrase"),
    ROW("log-level", TYPE_LEVEL, log_level, 0, 0, "least level logged: debug, info, warn or error"),
    ROW("threads", TYPE_UNSIGNED, loop_count, 0, 256, "event loops; 0: one a processor"),
    ROW("workers", TYPE_UNSIGNED, worker_count, 0, 256, "threads for long work; 0: one a processor"),
    ROW("database-connections", TYPE_UNSIGNED, store.connection_count, 1, 64,
        "of each event loop, and for changes"),
    ROW("database-connect-ms", TYPE_UNSIGNED, store.connect_timeout_ms, 100, HOUR_MS, "to connect"),
    ROW("database-statement-ms", TYPE_UNSIGNED, store.statement_timeout_ms, 100, HOUR_MS, "for a statement"),
    ROW("database-lock-ms", TYPE_UNSIGNED, store.lock_timeout_ms, 10, HOUR_MS, "for a lock"),
    ROW("database-idle-ms", TYPE_UNSIGNED, store.idle_timeout_ms, 1000, HOUR_MS, "idle within a transaction"),
    ROW("database-queue", TYPE_UNSIGNED, store.queue_most, 1, 1e6,
        "writes of a loop that wait for a connection"),
    ROW("upload-bytes", TYPE_SIZE, rpc_upload_bytes, 1 << 20, 64 * GIB,
        "of all messages that are being received or handled"),
    ROW("watch-memory-bytes", TYPE_SIZE, watch_bytes, 1 << 16, 64 * GIB,
        "of the newest changes, from which watchers are fed"),
    ROW("snapshot-file", TYPE_TEXT, snapshot_file, 0, 0,
        "records kept for a quick start; by default in $STATE_DIRECTORY; empty: none"),
    ROW("snapshot-minutes", TYPE_UNSIGNED, snapshot_minutes, 1, 1440, "between two writings of it"),
    ROW("stream-stalled-ms", TYPE_MS, stream_stalled_ms, 1000, HOUR_MS,
        "an Export or Watch of which nothing is taken"),
    ROW("log-keep-days", TYPE_UNSIGNED, log.keep_days, 0, 36500,
        "of changes, for those who watch; 0: without end"),
    ROW("log-keep-changes", TYPE_RATE, log.keep_changes, 0, 1e15,
        "for those who watch, unless they are too young"),
    ROW("log-least-hours", TYPE_UNSIGNED, log.least_hours, 0, 876000,
        "that all changes are kept, however many"),
    ROW("log-trim-seconds", TYPE_UNSIGNED, log.every_seconds, 1, 86400,
        "between looks for changes to be removed"),
    LIMIT("connections", TYPE_UNSIGNED, connections, 1, 1e6, "open at a time"),
    LIMIT("connections-per-address", TYPE_UNSIGNED, connections_per_address, 1, 1e6, "but from loopback"),
    LIMIT("first-bytes-ms", TYPE_MS, first_bytes_ms, 100, HOUR_MS, "from accept to a request"),
    LIMIT("idle-ms", TYPE_MS, idle_ms, 1000, 24 * HOUR_MS, "a connection without requests"),
    LIMIT("ping-ms", TYPE_MS, ping_ms, 1000, 24 * HOUR_MS, "silence before the peer is asked if it is there"),
    LIMIT("ping-answer-ms", TYPE_MS, ping_answer_ms, 100, HOUR_MS, "for its answer"),
    LIMIT("stalled-ms", TYPE_MS, stalled_ms, 1000, HOUR_MS, "an answer of which nothing is taken"),
    LIMIT("drain-ms", TYPE_MS, drain_ms, 0, HOUR_MS, "for the calls under way, when stopping"),
    LIMIT("header-bytes", TYPE_SIZE, header_bytes, 1024, 60000, "of a request's headers"),
    LIMIT("header-fields", TYPE_UNSIGNED, header_fields, 8, 1000, "of a request"),
    LIMIT("output-bytes", TYPE_SIZE, output_high_bytes, 16384, GIB,
          "unsent on a connection before it is not read"),
    LIMIT("streams", TYPE_UNSIGNED, streams, 1, 10000, "of a connection at a time"),
    LIMIT("stream-window-bytes", TYPE_SIZE, stream_window_bytes, 65535, GIB, "of flow control, each stream"),
    LIMIT("connection-window-bytes", TYPE_SIZE, connection_window_bytes, 65535, GIB,
          "the same, each connection"),
    LIMIT("progress-after-ms", TYPE_MS, progress_after_ms, 1000, HOUR_MS,
          "from when on a body must progress"),
    LIMIT("progress-bytes", TYPE_SIZE, progress_bytes_per_s, 0, GIB, "a second that it must bring"),
    LIMIT("peer-resets", TYPE_RATE, peer_resets, 1, 1e6, "of streams by the peer, at once"),
    LIMIT("peer-resets-per-second", TYPE_RATE, peer_resets_per_s, 0, 1e6, "and then"),
    LIMIT("own-resets", TYPE_UNSIGNED, own_resets, 1, 1e6, "that the peer provoked, each connection"),
    LIMIT("pings", TYPE_RATE, pings, 1, 1e6, "PING frames at once"),
    LIMIT("pings-per-second", TYPE_RATE, pings_per_s, 0, 1e6, "and then"),
    LIMIT("settings-frames", TYPE_RATE, settings, 1, 1e6, "SETTINGS frames at once"),
    LIMIT("settings-per-second", TYPE_RATE, settings_per_s, 0, 1e6, "and then"),
    LIMIT("tls-records", TYPE_RATE, tls_records, 1, 1e6, "of TLS itself after the handshake, at once"),
    LIMIT("tls-records-per-second", TYPE_RATE, tls_records_per_s, 0, 1e6, "and then"),
    LIMIT("empty-frames", TYPE_UNSIGNED, empty_frames, 1, 1e6, "DATA frames without a byte, in a row"),
};

enum { SETTING_COUNT = sizeof settings / sizeof *settings };
static_assert(SETTING_COUNT <= sizeof((struct config *)0)->sources / sizeof(enum config_source));

static const char *const read_names[] = {"none", "loopback", "all"};
static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const bool_names[] = {"no", "yes"};

static void config_default(struct config *config)
{
    *config = (struct config){
        .listen = {"127.0.0.1:8470"},
        .listen_count = 1,
        .tls_certificate = "",
        .tls_key = "",
        .snapshot_file = "",
        .snapshot_minutes = 10,
        .public_read = PUBLIC_READ_LOOPBACK,
        .log_level = LOG_INFO,
        .store = {.conninfo = "dbname=partnerd",
                  .connection_count = 2,
                  .connect_timeout_ms = 3000,
                  .statement_timeout_ms = 5000,
                  .lock_timeout_ms = 1000,
                  .idle_timeout_ms = 10000,
                  .queue_most = 1000},
        .limits = net_limits_default(),
        .rpc_upload_bytes = 256u << 20,
        .watch_bytes = 64u << 20,
        .stream_stalled_ms = 60000,
        .log = {.keep_days = 30, .keep_changes = 1e7, .least_hours = 168, .every_seconds = 600},
    };
}

/* ---- reading one value ---- */

static bool word_in(const char *word, const char *const *names, int count, int *ret_number)
{
    for (int i = 0; i < count; i++) {
        if (text_equal(word, names[i])) {
            *ret_number = i;
            return true;
        }
    }
    return false;
}

static bool read_bool(const char *text, bool *ret_value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    int number;
    if (!word_in(text, words, sizeof words / sizeof *words, &number))
        return false;
    *ret_value = number % 2;
    return true;
}

/* Adds the addresses of a list; the first of a new source puts the former source's aside. */
static bool read_list(struct config *config, struct arena *arena, const char *text, bool begins)
{
    if (begins)
        config->listen_count = 0;
    char *rest = arena_strdup(arena, text);
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item = text_trim(arena, item);
        if (!*item || config->listen_count == CONFIG_LISTEN_MOST)
            return false;
        config->listen[config->listen_count++] = item;
    }
    config->listen[config->listen_count] = NULL;
    return true;
}

static bool read_number(const struct setting *setting, const char *text, void *member)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (!*text || *end || errno || !isfinite(number) || number < setting->least || number > setting->most)
        return false;
    if (setting->type != TYPE_RATE && number != floor(number))
        return false;
    switch (setting->type) {
    case TYPE_UNSIGNED:
        *(unsigned *)member = (unsigned)number;
        break;
    case TYPE_MS:
        *(int64_t *)member = (int64_t)number;
        break;
    case TYPE_SIZE:
        *(size_t *)member = (size_t)number;
        break;
    default:
        *(double *)member = number;
        break;
    }
    return true;
}

static bool read_value(struct config *config, struct arena *arena, const struct setting *setting,
                       const char *text, bool begins)
{
    void *member = (char *)config + setting->offset;
    int number;
    switch (setting->type) {
    case TYPE_TEXT:
    case TYPE_CONNINFO:
        *(const char **)member = arena_strdup(arena, text);
        return true;
    case TYPE_LIST:
        return read_list(config, arena, text, begins);
    case TYPE_BOOL:
        return read_bool(text, member);
    case TYPE_LEVEL:
        return log_level_parse(text, member);
    case TYPE_READ:
        if (!word_in(text, read_names, 3, &number))
            return false;
        *(enum public_read *)member = (enum public_read)number;
        return true;
    default:
        return read_number(setting, text, member);
    }
}

/* What a value may be, for a person. */
static const char *expectation(struct arena *arena, const struct setting *setting)
{
    switch (setting->type) {
    case TYPE_TEXT:
    case TYPE_CONNINFO:
        return "text";
    case TYPE_LIST:
        return "HOST:PORT, at most 16";
    case TYPE_BOOL:
        return "yes or no";
    case TYPE_LEVEL:
        return "debug, info, warn or error";
    case TYPE_READ:
        return "none, loopback or all";
    default:
        return arena_format(arena, "a %snumber from %.0f to %.0f", setting->type == TYPE_RATE ? "" : "whole ",
                            setting->least, setting->most);
    }
}

static const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (text_equal(settings[i].name, name))
            return &settings[i];
    return NULL;
}

/* `where` begins the message of a fault: "--listen", "partnerd.ini, line 3". */
static struct status config_set(struct config *config, struct arena *arena, const struct setting *setting,
                                const char *text, enum config_source source, const char *where)
{
    enum config_source *from = &config->sources[setting - settings];
    bool begins = *from != source;
    if (!read_value(config, arena, setting, text, begins))
        return status_format(arena, STATUS_INVALID_ARGUMENT, setting->name, "%s: \"%.200s\" is not %s", where,
                             text, expectation(arena, setting));
    *from = source;
    return STATUS_NONE;
}

/* ---- the sources ---- */

struct file_reader {
    struct config *config;
    struct arena *arena;
    FILE *file;
    int line;
    struct status status;
};

/* inih asks for a line at a time and hands on what is in it before the next: so its number is known. */
static char *next_line(char *text, int size, void *context)
{
    struct file_reader *reader = context;
    reader->line++;
    return fgets(text, size, reader->file);
}

static int on_pair(void *context, const char *section, const char *name, const char *value)
{
    struct file_reader *reader = context;
    if (!status_ok(reader->status))
        return 1;
    const char *where = arena_format(reader->arena, "%s, line %d", reader->config->file, reader->line);
    const struct setting *setting = *section ? NULL : setting_find(name);
    if (*section)
        reader->status =
            config_upstream_set(&reader->config->upstreams, reader->arena, section, name, value, where);
    else if (!setting)
        reader->status = status_format(reader->arena, STATUS_INVALID_ARGUMENT, NULL,
                                       "%s: there is no setting \"%.200s\"", where, name);
    else
        reader->status = config_set(reader->config, reader->arena, setting, value, SOURCE_FILE, where);
    return 1;
}

static struct status read_file(struct config *config, struct arena *arena)
{
    struct file_reader reader = {.config = config, .arena = arena, .file = fopen(config->file, "re")};
    if (!reader.file)
        return status_format(arena, STATUS_INVALID_ARGUMENT, "config", "%s can't be read: %s", config->file,
                             strerror(errno));
    int line = ini_parse_stream(next_line, &reader, on_pair, &reader);
    fclose(reader.file);
    if (status_ok(reader.status) && line != 0)
        return status_format(arena, STATUS_INVALID_ARGUMENT, "config",
                             "%s, line %d: not of the form name = value", config->file, line);
    return reader.status;
}

static const char *variable_name(struct arena *arena, const char *name)
{
    char *variable = arena_format(arena, "PARTNERD_%s", name);
    for (char *at = variable; *at; at++) {
        if (*at == '-')
            *at = '_';
        else if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 32);
    }
    return variable;
}

static struct status read_environment(struct config *config, struct arena *arena)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *variable = variable_name(arena, settings[i].name), *value = getenv(variable);
        if (!value)
            continue;
        struct status status = config_set(config, arena, &settings[i], value, SOURCE_ENVIRONMENT, variable);
        if (!status_ok(status))
            return status;
    }
    return STATUS_NONE;
}

static const struct {
    const char *flag;
    enum config_action action;
    const char *help;
    const char *value; /* what it takes, or NULL */
} actions[] = {
    {"--check", CONFIG_CHECK, "check settings and database, then end"},
    {"--migrate", CONFIG_MIGRATE, "bring the database's schema to this version, then end"},
    {"--new-epoch", CONFIG_NEW_EPOCH,
     "let followers export again, after files of an older state were put back"},
    {"--create-token", CONFIG_TOKEN, "make an admin's token, print its secret, then end", "TITLE"},
    {"--print-config", CONFIG_PRINT,
     "print all settings and where each comes from (passwords masked), then end"},
    {"--version", CONFIG_VERSION, "print versions, then end"},
    {"--help", CONFIG_HELP, "print this, then end"},
};

static bool read_action(struct config *config, const char *argument)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (text_equal(argument, actions[i].flag) && !actions[i].value) {
            config->action = actions[i].action;
            return true;
        }
    }
    return false;
}

/* A flag's value: behind "=", or the next argument; a switch that stands alone is on. */
static const char *flag_value(const struct setting *setting, int argc, char **argv, int *at)
{
    const char *equals = strchr(argv[*at], '=');
    if (equals)
        return equals + 1;
    if (setting && setting->type == TYPE_BOOL)
        return "yes";
    return *at + 1 < argc ? argv[++*at] : NULL;
}

/* `config_alone`: only --config and the actions, before the file is read; else all but those. */
static struct status read_flags(struct config *config, struct arena *arena, int argc, char **argv,
                                bool config_alone)
{
    for (int i = 1; i < argc; i++) {
        if (read_action(config, argv[i]))
            continue;
        const char *argument = argv[i];
        char *flag = arena_strndup(arena, argument, strcspn(argument, "="));
        bool is_config = text_equal(flag, "--config"), is_token = text_equal(flag, "--create-token");
        const struct setting *setting = text_starts_with(flag, "--") ? setting_find(flag + 2) : NULL;
        if (!is_config && !is_token && !setting)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                                 "there is no flag %.200s; see partnerd --help", argument);
        const char *value = flag_value(setting, argc, argv, &i);
        if (!value)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "%s needs a value", flag);
        if (is_config)
            config->file = value;
        if (is_token) {
            config->action = CONFIG_TOKEN;
            config->token_title = value;
        }
        struct status status = STATUS_NONE;
        if (setting && !config_alone)
            status = config_set(config, arena, setting, value, SOURCE_FLAG, flag);
        if (!status_ok(status))
            return status;
    }
    return STATUS_NONE;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return text_equal(host, "localhost");
}

/* What is readable on the way must be asked for. */
static struct status check_listen(const struct config *config, struct arena *arena)
{
    bool may_be_anywhere = config->insecure || *config->tls_certificate;
    for (size_t i = 0; i < config->listen_count && !may_be_anywhere; i++) {
        char host[256], port[6];
        if (!address_split(config->listen[i], host, port))
            return status_format(arena, STATUS_INVALID_ARGUMENT, "listen",
                                 "listen: \"%.200s\" is not HOST:PORT", config->listen[i]);
        if (!is_loopback(host))
            return status_format(
                arena, STATUS_INVALID_ARGUMENT, "listen",
                "listen: %.200s is not loopback, and all goes in cleartext; set tls-certificate and tls-key, "
                "or insecure = yes where the network is trusted",
                config->listen[i]);
    }
    return STATUS_NONE;
}

static struct status check_tls(const struct config *config)
{
    if (!*config->tls_certificate == !*config->tls_key)
        return STATUS_NONE;
    return *config->tls_key ? status_invalid("tls-certificate", "tls-key needs tls-certificate beside it")
                            : status_invalid("tls-key", "tls-certificate needs tls-key beside it");
}

struct status config_read(struct config *config, struct arena *arena, int argc, char **argv)
{
    config_default(config);
    const char *folder = getenv("STATE_DIRECTORY"); /* a service manager's */
    if (folder && *folder == '/' && !strchr(folder, ':'))
        config->snapshot_file = arena_format(arena, "%s/records.snapshot", folder);
    struct status status = read_flags(config, arena, argc, argv, true);
    if (status_ok(status) && config->file)
        status = read_file(config, arena);
    if (status_ok(status))
        status = read_environment(config, arena);
    if (status_ok(status))
        status = read_flags(config, arena, argc, argv, false);
    if (status_ok(status))
        status = check_tls(config);
    if (status_ok(status))
        status = check_listen(config, arena);
    if (status_ok(status))
        status = config_upstreams_check(&config->upstreams, arena);
    return status;
}

/* ---- printing ---- */

static void print_quoted(FILE *out, const char *value)
{
    fputc('\'', out);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            fputc('\\', out);
        fputc(*value, out);
    }
    fputc('\'', out);
}

/* A conninfo as pairs, what libpq itself would hide as "***"; one that libpq can't read says nothing of itself, unless it
 * is a bare name. */
static void print_masked(FILE *out, const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    if (!options)
        fputs(strpbrk(conninfo, "=:@") ? "***" : conninfo, out);
    const char *blank = "";
    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        if (!option->val)
            continue;
        fprintf(out, "%s%s=", blank, option->keyword);
        if (*option->dispchar == '*')
            fputs("***", out);
        else if (!*option->val || strpbrk(option->val, " '\\"))
            print_quoted(out, option->val);
        else
            fputs(option->val, out);
        blank = " ";
    }
    PQconninfoFree(options);
}

static void print_value(const struct config *config, const struct setting *setting, FILE *out)
{
    const void *member = (const char *)config + setting->offset;
    switch (setting->type) {
    case TYPE_TEXT:
        fputs(*(const char *const *)member, out);
        break;
    case TYPE_CONNINFO:
        print_masked(out, *(const char *const *)member);
        break;
    case TYPE_LIST:
        for (size_t i = 0; i < config->listen_count; i++)
            fprintf(out, "%s%s", i ? ", " : "", config->listen[i]);
        break;
    case TYPE_BOOL:
        fputs(bool_names[*(const bool *)member], out);
        break;
    case TYPE_LEVEL:
        fputs(level_names[*(const enum log_level *)member], out);
        break;
    case TYPE_READ:
        fputs(read_names[*(const enum public_read *)member], out);
        break;
    case TYPE_UNSIGNED:
        fprintf(out, "%u", *(const unsigned *)member);
        break;
    case TYPE_MS:
        fprintf(out, "%lld", (long long)*(const int64_t *)member);
        break;
    case TYPE_SIZE:
        fprintf(out, "%zu", *(const size_t *)member);
        break;
    case TYPE_RATE:
        fprintf(out, "%g", *(const double *)member);
        break;
    }
}

void config_print(const struct config *config, FILE *out)
{
    static const char *const sources[] = {"default", "file", "environment", "flag"};
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        fprintf(out, "; %s (%s)\n%s = ", settings[i].help, sources[config->sources[i]], settings[i].name);
        print_value(config, &settings[i], out);
        fputc('\n', out);
    }
    config_upstreams_print(&config->upstreams, out);
}

void config_help(FILE *out)
{
    struct config config;
    config_default(&config);
    fputs("partnerd finds hosts for learners abroad: a gRPC service over PostgreSQL.\n\n"
          "  partnerd --open --database \"host=/run/postgresql dbname=partnerd\"\n\n"
          "Usage: partnerd [--config FILE] [flags]\n\n",
          out);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        fprintf(out, "  %s %-*s %s\n", actions[i].flag, (int)(27 - strlen(actions[i].flag)),
                actions[i].value ? actions[i].value : "", actions[i].help);
    fputs("  --config FILE                settings, one a line: name = value\n\n"
          "Settings, from flags, then the environment (PARTNERD_LISTEN, ...), then the file; the default in "
          "brackets:\n",
          out);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        fprintf(out, "  --%-26s %s [", settings[i].name, settings[i].help);
        print_value(&config, &settings[i], out);
        fputs("]\n", out);
    }
    fputs(
        "\nOther servers to follow, each a section of the file after all settings:\n\n"
        "  [upstream NAME]\n"
        "  url = https://HOST:PORT          http:// for loopback alone\n"
        "  token-file = FILE                that others may not read\n"
        "  ca-file = FILE                   PEM, who may sign its certificate; else whom the system trusts\n"
        "  registries = es, fi              else all that it carries\n",
        out);
}
