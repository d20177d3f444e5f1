#include "loop/timer.h"

#include <stdlib.h>

#include <event2/event.h>

#include "base/clock.h"
#include "loop/loop.h"

static void event_set(struct timer *timer, int64_t delay_ms)
{
    struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
    event_add(timer->event, &delay);
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct timer *timer = context;
    /* libevent reckons with a coarse clock that it reads once a round, and may be early. */
    int64_t left_ms = timer->due_ms - clock_monotonic_ms();
    if (left_ms > 0)
        event_set(timer, left_ms);
    else
        timer->run(timer->context);
}

void timer_init(struct timer *timer, struct loop *loop, void (*run)(void *context), void *context)
{
    *timer = (struct timer){.run = run, .context = context};
    timer->event = evtimer_new(loop_base(loop), on_due, timer);
    if (!timer->event)
        abort();
}

void timer_fini(struct timer *timer)
{
    if (timer->event)
        event_free(timer->event);
    timer->event = NULL;
}

void timer_set(struct timer *timer, int64_t delay_ms)
{
    if (delay_ms < 0)
        delay_ms = 0;
    timer->due_ms = clock_monotonic_ms() + delay_ms;
    event_set(timer, delay_ms);
}

void timer_clear(struct timer *timer)
{
    event_del(timer->event);
}

bool timer_is_set(const struct timer *timer)
{
    return timer->event && evtimer_pending(timer->event, NULL);
}
