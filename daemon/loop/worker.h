#pragma once

struct loop;

/* Threads for what would keep a loop over a millisecond. */
struct worker_pool;

struct worker_pool *worker_pool_new(unsigned thread_count);
/* Waits for the jobs under way and those queued. */
void worker_pool_free(struct worker_pool *pool);

/* Runs `work(context)` on a worker, then `done(context)` on the loop's thread. Any thread. The context is handed over:
 * nobody else touches it in between. */
void worker_submit(struct worker_pool *pool, struct loop *loop, void (*work)(void *context),
                   void (*done)(void *context), void *context);
