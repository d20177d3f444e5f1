#pragma once

#include <stdbool.h>

/* A queue of things to run, filled by any thread and emptied in the order of filling. Nothing is run while its lock is
 * held. */
struct mailbox;

struct letter {
    void (*run)(void *context);
    void *context;
    struct letter *next;
};

struct mailbox *mailbox_new(void);
/* Empty, or what is left is dropped. */
void mailbox_free(struct mailbox *mailbox);

/* Any thread. True when it was empty before: the reader may be asleep. */
bool mailbox_put(struct mailbox *mailbox, void (*run)(void *context), void *context);

/* Takes all letters and runs them in order; false when there was none. */
bool mailbox_run_all(struct mailbox *mailbox);
/* Waits for a letter and runs it; false, once the mailbox is closed and empty. */
bool mailbox_run_one(struct mailbox *mailbox);
/* Ends the waiting of mailbox_run_one when all letters have been taken. */
void mailbox_close(struct mailbox *mailbox);
