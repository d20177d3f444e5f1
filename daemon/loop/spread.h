#pragma once

#include <stdbool.h>

/* Keeps threads that do the same work on processors of their own. The kernel wakes a thread where it ran last or where its waker runs:
 * two loops may so share one processor for many milliseconds, beside another that idles half of the time. They are not bound
 * to a processor, since another program may need it for long. */
struct spread;

/* For threads numbered from 0. Where no processor is free it does nothing. */
struct spread *spread_new(unsigned count);
void spread_free(struct spread *spread);

/* Thread `number` calls this at each piece of work: where another of the threads ran last on the same processor, it moves to one
 * where none did, once a millisecond at most, and returns true. Costs no call to the kernel where it is alone. */
bool spread_keep(struct spread *spread, unsigned number);
