#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Time of day and time that only goes on. Whoever depends on time takes it as an argument; these are read at the edge. */

int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_ns(void);
int64_t clock_realtime_us(void); /* since 1970-01-01 UTC */
/* Today's day number in UTC. */
int32_t clock_today(void);

/* Day numbers since 1970-01-01, of the proleptic Gregorian calendar, years 1 to 9999. */
#define DAY_NONE INT32_MIN

/* "YYYY-MM-DD", just so, a day that exists; else false and *ret_day stays. */
bool date_parse(const char *text, int32_t *ret_day);
/* Writes "YYYY-MM-DD" and a NUL. */
void date_format(int32_t day, char text[11]);
