#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/calls.h"

/* Calls that a server is tried with, in place of rpc's. What a call does its path tells:
 *   /echo        gives back the body when all of it is in, then trailers
 *   /refuse      answers at once by trailers alone, whatever comes
 *   /big/<n>     gives n bytes, as fast as they are taken
 *   /later       gives its head, and "late" and trailers after calls_answer_later
 *   /hold        takes the body and never gives its window back, nor answers
 * A head that is too large is refused. */
struct test_calls {
    _Atomic unsigned begun, closed, too_large, writable;
    _Atomic size_t held_bytes; /* by /hold */
    _Atomic(struct rpc_call *) later;
};

extern struct test_calls test_calls;
extern const struct net_calls test_calls_table;

/* Any thread; there is one. */
void calls_answer_later(void);
