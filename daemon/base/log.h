#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One event, one JSON line on standard error: ts, level, event (a stable name), msg, then the fields given.
 * Any thread. No tokens, no contact data. Text from clients is escaped and cut at 200 bytes. */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* A further field of a line: text, or a number where text is NULL. */
struct log_field {
    const char *name;
    const char *text;
    int64_t number;
};

#define LOG_TEXT(NAME, TEXT)     ((struct log_field){.name = (NAME), .text = (TEXT)})
#define LOG_NUMBER(NAME, NUMBER) ((struct log_field){.name = (NAME), .number = (NUMBER)})

/* Below this nothing is written; INFO at the start. */
void log_set_level(enum log_level level);
bool log_level_parse(const char *word, enum log_level *ret_level);
bool log_enabled(enum log_level level);

/* Fields end with one whose name is NULL; NULL for none. Use the macro. */
void log_write(enum log_level level, const char *event, const char *message, const struct log_field *fields);

/* log_event(LOG_WARN, "store.lost", "the database is gone", LOG_TEXT("reason", text), LOG_NUMBER("retry_ms", 50)); */
#define log_event(level, event, message, ...) \
    log_write(level, event, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.name = NULL}})
