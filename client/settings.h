#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct arena;
struct flags;

/* Where values come from: a flag, the environment, a profile of the configuration file, or the default, in that order. */

enum setting_id {
    SETTING_SERVER,
    SETTING_TOKEN,
    SETTING_CA_FILE,
    SETTING_OUTPUT,
    SETTING_TIMEOUT,
    SETTING_PROFILE,
    SETTING_COUNT
};

struct setting {
    const char *name;
    const char *value;  /* NULL: not set */
    const char *source; /* "--server", "PARTNER_SERVER", "/home/ana/.config/partner/config.ini", "default" */
};

struct settings {
    const char *file;                 /* the configuration file's path; it may not be there */
    struct setting of[SETTING_COUNT]; /* in the order above */
    int64_t timeout_ms;               /* of SETTING_TIMEOUT; -1: not set, the command's own */
};

/* Reads all of them. INVALID_ARGUMENT says what can't be used, and in which file and line. */
struct status settings_read(struct arena *arena, const struct flags *flags, struct settings *ret_settings);
