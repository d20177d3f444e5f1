#pragma once

struct batch_wanted;
struct batch_write;

/* Writes that wait while the connections are busy share the next transaction: one lock of the registry, one COMMIT. Each has a
 * change set and a revision of its own, and the outcome that it would have had alone, in some order of them all:
 * - Each lands whole or not at all, so that one that is rejected may as well have come before all others.
 * - No two want the same record, organisation or identifier to be known. So what the others do can only turn a
 *   rejection into a success (an identifier given up, an organisation no longer named): who lands would have landed after them, too. */

/* Takes out of the queue those that may share the transaction of `first`, and hangs them on it. */
void batch_share_take(struct batch_write *first);
/* What all of them want to know; in the first one's arena. */
void batch_share_want(const struct batch_write *first, struct batch_wanted *ret_wanted);
