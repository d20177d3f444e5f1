#include "loop/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct letter *first, **end;
    bool is_closed;
};

struct mailbox *mailbox_new(void)
{
    struct mailbox *mailbox = heap_zalloc(sizeof *mailbox);
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_cond_init(&mailbox->filled, NULL);
    mailbox->end = &mailbox->first;
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
    while (mailbox->first) {
        struct letter *letter = mailbox->first;
        mailbox->first = letter->next;
        free(letter);
    }
    pthread_cond_destroy(&mailbox->filled);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

bool mailbox_put(struct mailbox *mailbox, void (*run)(void *context), void *context)
{
    struct letter *letter = heap_alloc(sizeof *letter);
    *letter = (struct letter){.run = run, .context = context};
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = !mailbox->first;
    *mailbox->end = letter;
    mailbox->end = &letter->next;
    pthread_cond_signal(&mailbox->filled);
    pthread_mutex_unlock(&mailbox->lock);
    return was_empty;
}

static void letter_run(struct letter *letter)
{
    void (*run)(void *context) = letter->run;
    void *context = letter->context;
    free(letter);
    run(context);
}

bool mailbox_run_all(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    struct letter *letter = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    pthread_mutex_unlock(&mailbox->lock);
    bool any = letter;
    while (letter) {
        struct letter *next = letter->next;
        letter_run(letter);
        letter = next;
    }
    return any;
}

bool mailbox_run_one(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->first && !mailbox->is_closed)
        pthread_cond_wait(&mailbox->filled, &mailbox->lock);
    struct letter *letter = mailbox->first;
    if (letter) {
        mailbox->first = letter->next;
        if (!mailbox->first)
            mailbox->end = &mailbox->first;
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (letter)
        letter_run(letter);
    return letter;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    pthread_cond_broadcast(&mailbox->filled);
    pthread_mutex_unlock(&mailbox->lock);
}
