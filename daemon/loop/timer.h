#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A timer of one loop, embedded in its owner; the loop's thread alone. */
struct timer {
    struct event *event;
    void (*run)(void *context);
    void *context;
    int64_t due_ms; /* clock_monotonic_ms() */
};

void timer_init(struct timer *timer, struct loop *loop, void (*run)(void *context), void *context);
void timer_fini(struct timer *timer); /* also of a zeroed one */
/* Runs once, `delay_ms` from now, never earlier; set again, the earlier setting is forgotten. */
void timer_set(struct timer *timer, int64_t delay_ms);
void timer_clear(struct timer *timer);
bool timer_is_set(const struct timer *timer);
