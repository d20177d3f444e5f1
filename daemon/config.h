#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/status.h"
#include "config_upstream.h"
#include "net/limits.h"
#include "service/services.h"
#include "store/log_trim.h"
#include "store/store.h"

struct arena;

enum { CONFIG_LISTEN_MOST = 16 };

/* What the command line asks for besides serving. */
enum config_action {
    CONFIG_SERVE,
    CONFIG_CHECK,     /* --check */
    CONFIG_MIGRATE,   /* --migrate */
    CONFIG_NEW_EPOCH, /* --new-epoch */
    CONFIG_TOKEN,     /* --create-token */
    CONFIG_PRINT,     /* --print-config */
    CONFIG_VERSION,   /* --version */
    CONFIG_HELP,      /* --help */
};

/* Where a value comes from; the later one wins. */
enum config_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

/* All settings; each has its row in config.c. Filled once, constant after. */
struct config {
    enum config_action action;
    const char *file;        /* --config, or NULL */
    const char *token_title; /* of CONFIG_TOKEN */

    const char *listen[CONFIG_LISTEN_MOST + 1]; /* NULL at the end */
    size_t listen_count;
    bool insecure;
    const char *tls_certificate, *tls_key; /* PEM files; "": cleartext */
    bool open;
    enum public_read public_read;
    enum log_level log_level;
    unsigned loop_count, worker_count; /* 0: one a processor */
    struct store_settings store;
    struct net_limits limits;
    size_t rpc_upload_bytes;   /* of all messages that are being received or handled */
    size_t watch_bytes;        /* of the newest changes in memory */
    const char *snapshot_file; /* the records as they were, for the next start; "": none */
    unsigned snapshot_minutes; /* between two writings of it */
    int64_t stream_stalled_ms;
    struct log_trim_settings log;
    struct config_upstreams upstreams;

    enum config_source sources[80]; /* by row */
};

/* Reads defaults, the file, the environment and the flags. INVALID_ARGUMENT: the message names flag, variable or file and
 * line; the field is the setting. Memory from the arena, as long as the config. */
struct status config_read(struct config *config, struct arena *arena, int argc, char **argv);

/* --print-config: a file that config_read takes, with where each value comes from; passwords masked. */
void config_print(const struct config *config, FILE *out);
/* --help. */
void config_help(FILE *out);
