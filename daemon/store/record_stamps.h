#pragma once

#include <stddef.h>
#include <stdint.h>

/* When each record was written last, while a load goes on: the revision with the most changes wrote whatever is not listed, so a
 * registry that came at once takes no room, and the database need not join a revision to each record. One thread. */
struct record_stamps;

struct record_stamp {
    uint64_t revision;
    int64_t time_us; /* of the revision; since 1970-01-01 UTC */
};

struct record_stamps *record_stamps_new(void);
void record_stamps_free(struct record_stamps *stamps); /* NULL is fine */

/* Of all that isn't listed. */
void record_stamps_set_usual(struct record_stamps *stamps, struct record_stamp usual);
/* Lists a record, once. The id is copied; it has no NUL at its end. */
void record_stamps_add(struct record_stamps *stamps, const char *id, size_t id_bytes,
                       struct record_stamp stamp);

struct record_stamp record_stamps_find(const struct record_stamps *stamps, const char *id);
