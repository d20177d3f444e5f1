#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct arena;
struct vocabulary;

/* What a batch of changes to one registry does, judged as a whole: who lands, who is rejected and why. Pure: `store`
 * fetches what batch_wanted asks for, inside the transaction and under the registry's lock, gives it to batch_judge and
 * writes what comes out. All memory is the arena's; strings that come in are borrowed as long as the batch. */

enum { CONTENT_HASH_BYTES = 16 };

enum batch_verdict {
    BATCH_UNDECIDED,
    BATCH_CREATED,
    BATCH_UPDATED,
    BATCH_UNCHANGED,
    BATCH_DELETED,
    BATCH_REJECTED
};

/* One change in the order sent. An upsert has a record (kind not RECORD_NONE), a delete has none. */
struct batch_change {
    const char *id;       /* the record's, or delete_id; may be "" or malformed where it is rejected */
    struct record record; /* normalised; of a rejected upsert as far as it was understood */
    bool is_delete;
    const void *packed; /* record_pack's bytes; NULL for a delete and where it was rejected already */
    size_t packed_bytes;
    /* Of the packed bytes; set by the caller, who has the hash function. */
    unsigned char content_hash[CONTENT_HASH_BYTES];
    /* Set together, before judging or by it. The first fault in the order of the record's fields. */
    const char *reject_field;  /* "offer.organisation_id", "delete_id" */
    const char *reject_reason; /* one sentence, lower case */
    /* Set by batch_judge. */
    enum batch_verdict verdict;
    enum record_kind stored_kind; /* what stood under that id before; RECORD_NONE: nothing */
};

struct batch {
    const char *registry;
    struct batch_change *changes;
    size_t count;
    bool all_or_nothing;
};

/* Fills one change from a message: normalises the record in place, validates it (the vocabulary may be NULL), asks that the
 * id is the registry's, and packs it. Everything but content_hash. */
void batch_change_prepare(struct arena *arena, const struct vocabulary *vocabulary, const char *registry,
                          pb_change *message, struct batch_change *ret_change);

/* A strong identifier in the spelling that is compared (validate.h), of an identifier that is not former. */
struct batch_identifier {
    const char *scheme, *value;
};

/* What the judgement needs to know of the database; lists are distinct, all ids well-formed and of the registry. */
struct batch_wanted {
    const char **ids; /* every changed record and every organisation named: stored entries */
    size_t id_count;
    struct batch_identifier *identifiers; /* who has them, within the registry, not as former ones */
    size_t identifier_count;
    const char **deleted; /* ids to be deleted: which records of the registry name them as an organisation */
    size_t deleted_count;
};

void batch_want(struct arena *arena, const struct batch *batch, struct batch_wanted *ret_wanted);

struct batch_stored {
    const char *id;
    enum record_kind kind;
    unsigned char content_hash[CONTENT_HASH_BYTES];
};

struct batch_owner {
    struct batch_identifier identifier;
    const char *organisation_id;
};

struct batch_naming {
    const char *organisation_id; /* of batch_wanted.deleted */
    const char *record_id;       /* names it as stored */
};

/* The answers; any order; only what is there. */
struct batch_facts {
    const struct batch_stored *stored;
    size_t stored_count;
    const struct batch_owner *owners;
    size_t owner_count;
    const struct batch_naming *namings;
    size_t naming_count;
};

/* Gives every change its verdict. The state after the batch is what counts, so the order of changes matters only between two
 * that want the same thing:
 * - an id twice: all but the first are rejected; an id that stands for a record of another kind: rejected, field `<kind>.id`
 * - an organisation with a strong identifier that another keeps or an earlier one of the batch takes: rejected. An identifier
 *   that its owner gives up in the same batch, or that goes with it, is free, in whatever order
 * - a record whose own registry's organisation isn't there at the end: rejected. An organisation whose upsert is rejected takes
 *   along the records that name it and were not stored yet, also where its former content stays
 * - a delete of an organisation that a record which stays or lands names: rejected, field `delete_id`
 * Whoever applies it must let identifiers move between records in one transaction: deletes and freed identifiers first. */
void batch_judge(struct arena *arena, const struct batch *batch, const struct batch_facts *facts);

struct batch_tally {
    uint64_t created, updated, unchanged, deleted, rejected;
};

/* After judging. With all_or_nothing and one rejected: only `rejected` counts. */
struct batch_tally batch_tally(const struct batch *batch);
/* Whether there is anything to write, that is whether it takes a revision. */
bool batch_changes_something(const struct batch *batch);
