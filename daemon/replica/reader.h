#pragma once

#include <stddef.h>

struct replica;
struct replica_reader;

/* All readers of a replica; filled before the replica starts, constant after. Inside of the room. */
struct reader_list {
    struct replica_reader **items;
    size_t count;
};

struct reader_list *replica_readers(struct replica *replica);

/* Tells every reader, on its own loop, that there is a newer snapshot. Any thread. */
void reader_list_notify(struct reader_list *list);
void reader_list_fini(struct reader_list *list);
