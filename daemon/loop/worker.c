#include "loop/worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/thread.h"

struct worker_pool {
    struct mailbox *mailbox;
    unsigned thread_count;
    pthread_t threads[];
};

struct job {
    struct loop *loop;
    void (*work)(void *context);
    void (*done)(void *context);
    void *context;
};

/* Loops answer what is quick and go first: a worker takes a quarter of a processor that a loop could fill. */
enum { NICE = 5 };

static void *thread_run(void *context)
{
    struct worker_pool *pool = context;
    thread_give_way(NICE);
    while (mailbox_run_one(pool->mailbox))
        ;
    return NULL;
}

struct worker_pool *worker_pool_new(unsigned thread_count)
{
    struct worker_pool *pool = heap_zalloc(sizeof *pool + thread_count * sizeof *pool->threads);
    pool->mailbox = mailbox_new();
    pool->thread_count = thread_count;
    for (unsigned i = 0; i < thread_count; i++)
        pool->threads[i] = thread_start("worker", i, thread_run, pool);
    return pool;
}

void worker_pool_free(struct worker_pool *pool)
{
    if (!pool)
        return;
    mailbox_close(pool->mailbox);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    mailbox_free(pool->mailbox);
    free(pool);
}

static void job_run(void *context)
{
    struct job job = *(struct job *)context;
    free(context);
    job.work(job.context);
    loop_post(job.loop, job.done, job.context);
}

void worker_submit(struct worker_pool *pool, struct loop *loop, void (*work)(void *context),
                   void (*done)(void *context), void *context)
{
    struct job *job = heap_alloc(sizeof *job);
    *job = (struct job){.loop = loop, .work = work, .done = done, .context = context};
    mailbox_put(pool->mailbox, job_run, job);
}
