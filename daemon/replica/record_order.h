#pragma once

#include <stddef.h>
#include <stdint.h>

#include "replica/record_node.h"

/* A row on its way into order. */
struct record_draft {
    struct record_row row;
    uint64_t piece; /* the sort's own */
};

/* Puts rows into the order of record_row_compare. O(n log n); owners' ids, which are far apart in memory, are read about once. */
void record_order_sort(struct record_draft *drafts, size_t count);
