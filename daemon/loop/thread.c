#include "loop/thread.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/give_way.h"
#include "base/log.h"

pthread_t thread_start(const char *name, unsigned number, void *(*run)(void *context), void *context)
{
    /* Not all: a blocked SIGSEGV would end the process without a word. */
    sigset_t asked, before;
    sigemptyset(&asked);
    sigaddset(&asked, SIGHUP);
    sigaddset(&asked, SIGINT);
    sigaddset(&asked, SIGTERM);
    sigaddset(&asked, SIGUSR1);
    sigaddset(&asked, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &asked, &before);
    pthread_t thread;
    int fault = pthread_create(&thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (fault) {
        log_event(LOG_ERROR, "thread.failed", "no thread can be started", LOG_TEXT("name", name),
                  LOG_NUMBER("errno", fault));
        abort();
    }
    char title[32];
    snprintf(title, sizeof title, "%s-%u", name, number);
    title[15] = '\0';
    pthread_setname_np(thread, title);
    return thread;
}

enum { LOWEST_NICE = 19, SLICE_NS = 100000 /* the least there is */ };

/* The kernel's struct sched_attr in its first version; the C library has none. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
};

/* A short slice. Linux, since 6.12, runs a thread that wakes at once where a longer slice than its own is under way; else it waits until
 * the slice, of some milliseconds, is over. And who lets others run loses the rest of its slice, since 6.18 also as a share of the
 * processor: of a slice of 100 ms so much that work stood still beside a busy program. Before 6.12 the slice is ignored. */
static void ask_for_short_slices(int nice)
{
    bool is_usual = sched_getscheduler(0) == SCHED_OTHER; /* another policy is its starter's choice */
    struct scheduling wanted = {.size = sizeof wanted,
                                .policy = SCHED_OTHER,
                                .nice = nice < LOWEST_NICE ? nice : LOWEST_NICE,
                                .slice_ns = SLICE_NS};
    if (!is_usual || syscall(SYS_sched_setattr, 0, &wanted, 0) != 0)
        setpriority(PRIO_PROCESS, 0, nice);
}

void thread_go_first(void)
{
    ask_for_short_slices(getpriority(PRIO_PROCESS, 0));
}

void thread_give_way(int nice)
{
    ask_for_short_slices(getpriority(PRIO_PROCESS, 0) + nice);
    give_way_begin();
}
