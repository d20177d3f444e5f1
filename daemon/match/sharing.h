#pragma once

#include <stdint.h>

struct segment;

/* Which slots of a segment have a body in common. */

/* Each member's place in its body's order of preference, and the others' ids; members are few. Bodies and slots are in place. */
void sharing_settle(struct segment *segment);
/* Marks the slots, whose sets are empty. */
void sharing_mark(struct segment *segment);
