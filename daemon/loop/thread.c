#include "loop/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

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
