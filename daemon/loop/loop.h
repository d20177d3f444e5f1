#pragma once

#include <stdbool.h>
#include <stdint.h>

struct event_base;

/* An event loop and the thread that runs it. All that hangs on a loop is touched by its thread alone; other threads
 * reach it by loop_post. */
struct loop;

/* `name` is static, for logs and the thread's name; `number` counts loops of one kind from 0. */
struct loop *loop_new(const char *name, unsigned number);
/* The loop is not running and nothing hangs on it any more; what was posted and not run is run now. */
void loop_free(struct loop *loop);

/* Runs now what was posted and not run, for the loop has ended, or was never started. */
void loop_flush(struct loop *loop);

/* Starts a thread that runs the loop until loop_stop; loop_join waits for that thread. */
void loop_start(struct loop *loop);
void loop_join(struct loop *loop);
/* Runs in the calling thread until loop_stop. */
void loop_run(struct loop *loop);
/* Any thread. Runs what has been posted before, then ends. */
void loop_stop(struct loop *loop);

/* Runs `run(context)` once on the loop's thread, later, in the order of posting. Any thread; never blocks. */
void loop_post(struct loop *loop, void (*run)(void *context), void *context);

bool loop_is_current(const struct loop *loop);
unsigned loop_number(const struct loop *loop);
/* For bufferevents, listeners, sockets of the loop's own thread. */
struct event_base *loop_base(struct loop *loop);

/* Runs `run(context)` on the loop's thread each time the signal has come, until loop_free. For one loop of the process, and
 * before it runs: the signals' state is libevent's and one for all. */
void loop_on_signal(struct loop *loop, int number, void (*run)(void *context), void *context);
