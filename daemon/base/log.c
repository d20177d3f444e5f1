#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { TEXT_BYTES_SHOWN = 200 };

static _Atomic int least_level = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        if (text_equal_ascii_case(word, level_names[level])) {
            *ret_level = (enum log_level)level;
            return true;
        }
    }
    return false;
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

static void add_time(struct text_buffer *line)
{
    int64_t now_us = clock_realtime_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    text_buffer_format(line, "{\"ts\":\"%s.%03dZ\"", text, (int)(now_us / 1000 % 1000));
}

void log_write(enum log_level level, const char *event, const char *message, const struct log_field *fields)
{
    if (!log_enabled(level))
        return;
    struct text_buffer line = {0};
    add_time(&line);
    text_buffer_format(&line, ",\"level\":\"%s\",\"event\":\"%s\",\"msg\":", level_names[level], event);
    text_buffer_add_json(&line, message, 0);
    for (; fields && fields->name; fields++) {
        text_buffer_format(&line, ",\"%s\":", fields->name);
        if (fields->text)
            text_buffer_add_json(&line, fields->text, TEXT_BYTES_SHOWN);
        else
            text_buffer_format(&line, "%lld", (long long)fields->number);
    }
    text_buffer_add(&line, "}\n");
    /* One write a line, so that lines of different threads never mix. A log that can't be written is no reason to stop. */
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written;
    text_buffer_fini(&line);
}
