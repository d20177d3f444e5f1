#pragma once

#include <pthread.h>

/* Starts a thread that is named "<name>-<number>" (cut at 15 bytes) and that gets none of the signals which ask the
 * process for something: those are for the thread that main runs in. The process stops when there can be no thread. */
pthread_t thread_start(const char *name, unsigned number, void *(*run)(void *context), void *context);

/* For a thread that wakes to do little: where the kernel can, it runs at once, before those that have longer to work, of this process or
 * another. It takes no more of the processor than before. */
void thread_go_first(void);

/* For a thread that works long at a time: those that wake to do little go before it, also between the steps of its work
 * (`base/give_way.h`), and its priority is lower by `nice`, which on Linux is the thread's own. */
void thread_give_way(int nice);
