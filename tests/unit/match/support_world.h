#pragma once

#include <stddef.h>
#include <stdint.h>

#include "match/index.h"
#include "match/support_oracle.h"

/* Random registries over few values, so that ties, overlaps and edges are frequent; the same seed gives the same world. */

enum { WORLD_TODAY = 20000 };

struct random {
    uint64_t state;
};
uint32_t random_below(struct random *random, uint32_t bound);
bool random_chance(struct random *random, uint32_t percent);

/* Outcomes with links, reuse and words, also some fields, countries and languages. */
struct vocabulary *world_vocabulary(struct random *random);

/* A registry that changes: its records are in a builder and in plain lists. */
struct world {
    struct random random;
    struct arena *arena;
    struct match_builder *builder;
    struct vocabulary *vocabulary;                /* or NULL */
    struct image *image;                          /* that the builder stands on, or NULL */
    uint32_t organisations, offers, partnerships; /* how many ids there are; needs follow */
    pb_record *records;                           /* by id number; kind not set: not there */
    size_t record_count;
};

void world_init(struct world *world, uint64_t seed, uint32_t organisations, uint32_t offers,
                uint32_t partnerships, bool with_vocabulary);
void world_fini(struct world *world);
/* Puts, replaces and removes some records, perhaps another vocabulary; percent of them. */
void world_change(struct world *world, uint32_t percent);
/* Writes all to an image, and goes on with a builder that stands on it. No index is held. */
void world_to_image(struct world *world);
/* A change that depends on the turn: a little, so that much of the base stays, or more; some with a new base made meanwhile, some
 * after an image was written and read. */
void world_turn(struct world *world, unsigned turn);
/* As many needs more, each one's organisation there or not. */
void world_add_needs(struct world *world, uint32_t needs);
/* The plain lists, in the arena, in no order. */
struct oracle_world world_lists(const struct world *world, struct arena *arena);

/* A random question on it, with every field sometimes left out. */
struct match_question world_question(struct world *world, struct arena *arena);
/* A random offer: of the stored ones where `ret_id` gets an id, else its own; its organisation there or not. NULL: that id
 * isn't there. */
const pb_offer *world_offer(struct world *world, struct arena *arena, const char **ret_id);
const Partner__V1__Weights *world_weights(struct world *world, struct arena *arena);
const char *world_organisation_id(struct world *world, struct arena *arena);
const char *world_offer_id(struct world *world, struct arena *arena);
