#include "loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/spare.h"
#include "loop/mailbox.h"
#include "loop/thread.h"

struct loop_signal {
    struct event *event;
    void (*run)(void *context);
    void *context;
    struct loop_signal *next;
};

struct loop {
    const char *name;
    unsigned number;
    struct event_base *base;
    struct mailbox *mailbox;
    int wake_fd; /* eventfd: the base has no lock, so other threads touch only this and the mailbox */
    struct event *wake;
    struct loop_signal *signals;
    pthread_t thread;
    _Atomic pthread_t runner; /* who runs it now; 0: nobody */
};

static void stop_if_failed(const void *thing, const char *what)
{
    if (thing)
        return;
    log_event(LOG_ERROR, "loop.failed", "no event loop can be made", LOG_TEXT("what", what),
              LOG_NUMBER("errno", errno));
    abort();
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    (void)what;
    struct loop *loop = context;
    uint64_t count;
    /* Cleared before the mailbox is emptied: a letter that comes in between wakes the loop once more, for nothing. */
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
    mailbox_run_all(loop->mailbox);
}

/* Buffers and timers come and go with calls. */
static void share_memory(void)
{
    event_set_mem_functions(spare_alloc, spare_realloc, spare_free);
}

static struct event_base *base_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, share_memory);
    struct event_config *config = event_config_new();
    stop_if_failed(config, "configuration");
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    stop_if_failed(base, "base");
    return base;
}

struct loop *loop_new(const char *name, unsigned number)
{
    struct loop *loop = heap_zalloc(sizeof *loop);
    loop->name = name;
    loop->number = number;
    loop->base = base_new();
    loop->mailbox = mailbox_new();
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    stop_if_failed(loop->wake_fd >= 0 ? loop : NULL, "eventfd");
    loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
    stop_if_failed(loop->wake, "event");
    event_add(loop->wake, NULL);
    return loop;
}

void loop_flush(struct loop *loop)
{
    atomic_store(&loop->runner, pthread_self());
    while (mailbox_run_all(loop->mailbox))
        ;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    loop_flush(loop);
    while (loop->signals) {
        struct loop_signal *signal = loop->signals;
        loop->signals = signal->next;
        event_free(signal->event);
        free(signal);
    }
    event_free(loop->wake);
    event_base_free(loop->base);
    close(loop->wake_fd);
    mailbox_free(loop->mailbox);
    free(loop);
}

void loop_run(struct loop *loop)
{
    atomic_store(&loop->runner, pthread_self());
    event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    atomic_store(&loop->runner, 0);
}

static void *thread_run(void *context)
{
    thread_go_first();
    loop_run(context);
    return NULL;
}

void loop_start(struct loop *loop)
{
    loop->thread = thread_start(loop->name, loop->number, thread_run, loop);
}

void loop_join(struct loop *loop)
{
    pthread_join(loop->thread, NULL);
}

static void stop_now(void *context)
{
    struct loop *loop = context;
    event_base_loopbreak(loop->base);
}

void loop_stop(struct loop *loop)
{
    loop_post(loop, stop_now, loop);
}

void loop_post(struct loop *loop, void (*run)(void *context), void *context)
{
    if (!mailbox_put(loop->mailbox, run, context))
        return;
    uint64_t one = 1;
    ssize_t put = write(loop->wake_fd, &one, sizeof one);
    (void)put;
}

bool loop_is_current(const struct loop *loop)
{
    return pthread_equal(atomic_load(&loop->runner), pthread_self());
}

unsigned loop_number(const struct loop *loop)
{
    return loop->number;
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
    (void)number, (void)what;
    const struct loop_signal *signal = context;
    signal->run(signal->context);
}

void loop_on_signal(struct loop *loop, int number, void (*run)(void *context), void *context)
{
    struct loop_signal *signal = heap_zalloc(sizeof *signal);
    *signal = (struct loop_signal){.run = run, .context = context, .next = loop->signals};
    loop->signals = signal;
    signal->event = evsignal_new(loop->base, number, on_signal, signal);
    stop_if_failed(signal->event, "signal");
    event_add(signal->event, NULL);
}
