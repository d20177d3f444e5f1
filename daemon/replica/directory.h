#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

/* All organisations, to be listed and looked up by words: immutable, counted, read from any thread. */

struct arena;
struct directory;
struct directory_base;
struct image_writer;

/* ---- making one: the replica's thread alone ---- */

struct directory_builder;
struct directory_builder *directory_builder_new(void);
void directory_builder_free(struct directory_builder *builder); /* NULL is fine */
/* Adds the organisation, or replaces the one with its id. Copies what it needs. */
void directory_builder_put(struct directory_builder *builder, const pb_organisation *organisation);
/* Of an id that isn't there: nothing. */
void directory_builder_remove(struct directory_builder *builder, const char *id);
/* What was put so far, with one owner. Cheap after few changes: what did not change is shared with the one before. */
const struct directory *directory_builder_publish(struct directory_builder *builder);

/* A new base for the next publications, made of what was published last while the builder goes on: the more has changed since the
 * base was made, the more a publication and a question cost. */
struct directory_fold;
/* NULL where too little has changed. At most one at a time; each is finished, unless the builder is freed. */
struct directory_fold *directory_fold_begin(struct directory_builder *builder);
/* Any thread; takes long. */
void directory_fold_run(struct directory_fold *fold);
void directory_fold_finish(struct directory_builder *builder, struct directory_fold *fold);
/* Any thread, behind that; takes long. Lets go of the old base where nobody else has it any more, so that no reader has to. False:
 * others still have it, to be asked again. */
bool directory_fold_let_go(struct directory_fold *fold);
/* Any thread; takes long where nobody else has the old base any more. NULL is fine. */
void directory_fold_free(struct directory_fold *fold);

/* Puts all of a directory into an image, tells where; any thread. A new builder that is set to it goes on from there. */
const struct directory_base *directory_put(const struct directory *directory, struct image_writer *image);
void directory_builder_set_base(struct directory_builder *builder, const struct directory_base *base);

const struct directory *directory_acquire(const struct directory *directory);
void directory_release(const struct directory *directory); /* NULL is fine */
size_t directory_count(const struct directory *directory);

/* ---- asking it ---- */

/* All that is stated must hold; what is empty asks for nothing. Borrowed. */
struct directory_query {
    const char *words;              /* as typed; "" or NULL: none */
    const Partner__V1__Role *roles; /* any of them */
    size_t role_count;
    const char *const *countries; /* any of them; EL and UK are read as GR and GB */
    size_t country_count;
    const char *const *sectors; /* one of them and one of the organisation's, one a prefix of the other */
    size_t sector_count;
    const char *registry; /* "" or NULL: any */
};

/* A place in the list, and an organisation of it. The score is 0 without words, else how well the words fit: 1 to
 * 1000000. */
struct directory_hit {
    uint32_t score;
    const char *id; /* lives as long as the directory */
};

/* The organisations for which every word is found, best score first, equal ones by id as bytes; without words by id
 * alone. A word is found where a word of the name, of another name, or of the city begins with it; accents and case
 * don't matter. One identifier, former ones too, or the id, however it is spaced and punctuated, is found whole, be
 * it one word or several. Those after the place `after` (NULL: from the start), at most `most`; returns how many.
 * O(organisations) at worst: a few ms for 100,000. Memory from the arena. */
size_t directory_find(const struct directory *directory, struct arena *arena,
                      const struct directory_query *query, const struct directory_hit *after,
                      struct directory_hit *hits, size_t most);
