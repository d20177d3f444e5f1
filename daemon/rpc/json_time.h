#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The times of proto JSON. Seconds and nanoseconds as in google.protobuf.Timestamp and Duration. */

enum { JSON_TIME_BYTES = 48 };

/* "2026-11-24T06:30:00Z", with 3, 6 or 9 decimals where there are any. False: not within the years 1 to 9999. */
bool json_timestamp_format(int64_t seconds, int32_t nanos, char text[JSON_TIME_BYTES]);
/* Any offset from UTC is taken. */
bool json_timestamp_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos);

/* "1.500s". False: out of range, or signs that differ. */
bool json_duration_format(int64_t seconds, int32_t nanos, char text[JSON_TIME_BYTES]);
bool json_duration_parse(const char *text, int64_t *ret_seconds, int32_t *ret_nanos);
