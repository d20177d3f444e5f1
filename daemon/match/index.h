#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct image_writer;
struct stored_record;
struct vocabulary;

/* What matching knows of the registry: columns, bitsets and posting lists over all offers, immutable once published, read
 * from any thread. */
struct match_index;

/* Makes indexes: prepares once, when a record comes, what it gives to matching, and publishes the whole as an index. Once there
 * is a base it keeps only what differs from it. One thread. */
struct match_builder;

struct match_builder *match_builder_new(void);
/* Every index that it published has been released. */
void match_builder_free(struct match_builder *builder);

/* The vocabulary that outcomes and words are read by, from the next index on; all records' words are read anew. Acquires it. */
void match_builder_set_vocabulary(struct match_builder *builder, const struct vocabulary *vocabulary);
/* A new or changed record; valid and normalised; copied as needed. */
void match_builder_put(struct match_builder *builder, const struct record *record);
/* The same record stored, which is acquired. */
void match_builder_put_stored(struct match_builder *builder, const struct record *record,
                              const struct stored_record *stored);
/* Nothing happens where the id isn't there. */
void match_builder_remove(struct match_builder *builder, const char *id);

/* The index of all that was put. One owner (reference count 1). Costs what changed since the base was made. */
struct match_index *match_builder_publish(struct match_builder *builder);

/* A new base, made of the index that was published last while the builder goes on. */
struct match_rebuild;
/* Whether enough has changed since the base was made. */
bool match_builder_wants_rebuild(const struct match_builder *builder);
/* NULL where nothing was published since the vocabulary came. At most one at a time. */
struct match_rebuild *match_rebuild_begin(struct match_builder *builder);
/* Any thread; takes long. */
void match_rebuild_run(struct match_rebuild *rebuild);
/* The builder's thread. The next index to be published has the new base; where the builder has made another one meanwhile, this
 * one is given up. */
void match_rebuild_finish(struct match_builder *builder, struct match_rebuild *rebuild);
/* Any thread, behind that; takes long. Lets go of what nobody else has any more of the old base, so that no reader has to. False:
 * others still have some of it, to be asked again. */
bool match_rebuild_let_go(struct match_rebuild *rebuild);
/* Any thread, before the builder is freed; takes long where nobody else has the old base any more. NULL is fine. */
void match_rebuild_free(struct match_rebuild *rebuild);

/* ---- images: base/image.h ---- */

/* Writes what the index has, and is all that a builder needs to stand on it; the stored records that are not in the image yet, too.
 * Any thread; takes long where the index is not as its base was. What match_builder_set_image is given. */
const void *match_index_write(const struct match_index *index, struct image_writer *image);
/* An empty builder, whose vocabulary is set, stands on what a mapped image has. False, and nothing happens, where it was written
 * with another vocabulary or in another form. The image outlives the builder and all its indexes. */
bool match_builder_set_image(struct match_builder *builder, const void *root);

/* Any thread. */
struct match_index *match_index_acquire(const struct match_index *index);
void match_index_release(const struct match_index *index);

const struct vocabulary *match_index_vocabulary(const struct match_index *index);
size_t match_index_organisation_count(const struct match_index *index);
size_t match_index_offer_count(const struct match_index *index);
size_t match_index_need_count(const struct match_index *index);
size_t match_index_bytes(const struct match_index *index);
/* Of these, what filters and scores look at, without the records, their order and their ids. */
size_t match_index_column_bytes(const struct match_index *index);
/* Offers whose outcomes hold the concept: Concept.used_by. */
uint64_t match_index_used_by(const struct match_index *index, const char *concept_code);
/* Ids of the other records of an organisation's body, sorted; count 0 where it stands alone or isn't there. They live as
 * long as the index. */
size_t match_index_same_as(const struct match_index *index, const char *organisation_id,
                           const char *const **ret_ids);
