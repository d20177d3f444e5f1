#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "model/batch.h"
#include "store/batch.h"
#include "store/batch_rows.h"
#include "store/transaction.h"

/* A batch that is judged and written: in the call's arena, for as long as that takes. */
struct batch_write {
    struct transaction transaction; /* whose start is the batches' */
    struct store_batch request;
    struct batch_wanted wanted;
    struct batch_change *prepared; /* the changes as they came: each attempt judges them anew */
    struct batch_write *next;      /* shares the first one's transaction (batch_share.h) */
    bool stays_alone;              /* since a transaction that was shared failed */
    /* Of the present attempt. */
    int64_t change_set;
    bool is_settled;      /* refused by itself, or answered as before: nothing is written for it */
    bool is_changing;     /* takes a revision */
    size_t change_count;  /* then: in it */
    struct status status; /* its own, where the transaction ends well */
    const void *answer;
    size_t answer_bytes;
    /* Of the first: all that the transaction asks and writes. */
    struct batch_wanted all_wanted;
    struct batch_rows rows;
    size_t next_row;
    size_t statement_count; /* of the last group of rows, before those that take the revisions */
};
