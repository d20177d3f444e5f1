#pragma once

struct store;

/* Removes what the change log need not hold any longer: all that is older than keep_days, and the oldest where it has more than
 * keep_changes, but never what is younger than least_hours, for that is promised. In bounded steps; of all daemons on a
 * database one works at a time. Who has fallen behind what is removed is told so, and loads or exports again. */
struct log_trim;

struct log_trim_settings {
    unsigned keep_days; /* 0: without end */
    double keep_changes;
    unsigned least_hours;
    unsigned every_seconds;
};

/* On the store's loop. The settings are copied. */
struct log_trim *log_trim_new(struct store *store, const struct log_trim_settings *settings);
/* After the store, before its loop. NULL is fine. */
void log_trim_free(struct log_trim *trim);
/* Begins at once. */
void log_trim_run(struct log_trim *trim);
