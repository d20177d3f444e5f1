#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/criterion/criterion.h"
#include "match/index_data.h"
#include "match/need_set.h"
#include "match/network.h"
#include "match/offering.h"
#include "match/senders.h"

/* One offer against stored needs, each asked for by its own organisation. */

/* What the owner of a need gives to matching with this offer's host. */
struct sender {
    uint32_t place, body;
    const struct tie *tie; /* to the host's body; NULL: neither partner nor near */
    uint32_t partners_in;  /* of a tied one: how many of its partners are in the host's country */
    bool has_partners;
    bool states_countries, in_country; /* targets, and whether the host is in one */
    bool states_sectors, in_sector;    /* the same of the offer */
    uint32_t priorities;
};

/* Bodies of senders have numbers while a question is answered: those of the index's base the ones that the base's needs give,
 * others further ones as they are met. */
#define SENDER_UNSEEN UINT32_MAX
#define SENDER_NONE   (UINT32_MAX - 1) /* isn't there, doesn't send, or is of the host's own body */

/* Bodies beside those of the base's needs. */
struct further {
    uint32_t *bodies, count;
    uint32_t *rows, size; /* by body, open addressing; UINT32_MAX: free */
};
static inline uint32_t further_row(const struct further *further, uint32_t body)
{
    uint32_t row = (body * 2654435769u) >> 5 & (further->size - 1);
    while (further->rows[row] != UINT32_MAX && further->bodies[further->rows[row]] != body)
        row = (row + 1) & (further->size - 1);
    return row;
}

struct senders_query {
    const struct match_index *index;
    struct arena *arena;
    const struct senders_question *question;
    struct offering offering;
    struct network network;        /* the host's: being partners or near goes both ways */
    struct network_locals *locals; /* who of the senders' partners are in the host's country */
    bool keep, extend;
    double weights[CRITERION_COUNT];
    const struct need_set *base;   /* the large set, whose bodies' numbers count first */
    uint32_t *numbers[NEED_PARTS]; /* of bodies, by part and owner */
    struct further further;
    struct {
        bool known;
        struct weighing weighing;
    } * weighings; /* by the set of criteria that apply */
};

void senders_query_init(struct senders_query *query, struct arena *arena, const struct match_index *index,
                        const struct senders_question *question, uint32_t host_place);

/* The number of an owner's body, or SENDER_NONE. */
uint32_t senders_number_owner(struct senders_query *query, int part, uint32_t owner);
static inline uint32_t senders_number(struct senders_query *query, int part, uint32_t owner)
{
    uint32_t number = query->numbers[part][owner];
    return number != SENDER_UNSEEN ? number : senders_number_owner(query, part, owner);
}
/* More than any number will be. */
static inline uint32_t senders_number_limit(const struct senders_query *query)
{
    const struct need_view *view = query->index->needs_view;
    uint32_t limit = query->base->body_count;
    for (int part = 0; part < view->count; part++)
        limit += view->parts[part].set->owner_count;
    return limit;
}
static inline uint32_t senders_body(const struct senders_query *query, uint32_t number)
{
    uint32_t count = query->base->body_count;
    return number < count ? query->base->bodies[number] : query->further.bodies[number - count];
}

/* The owner of a part's row, which has a number. */
void senders_look_up(struct senders_query *query, int part, uint32_t row, struct sender *ret_sender);

/* ---- filters ---- */

/* Filters that are looked up in postings, in the order in which relaxations are told apart from the others. */
enum { SENDERS_SETS = 5 };
/* A part's rows that pass each, and those that live and pass all. */
struct need_rows {
    uint64_t *sets[SENDERS_SETS], *all;
};
void senders_find_rows(const struct senders_query *query, int part, struct need_rows *ret_rows);

/* Filters that look at one need at a time, as bits: those that fail. The brief may be a copy with fields emptied. */
enum {
    FAIL_REGIONS = 1,
    FAIL_DURATION = 2,
    FAIL_WINDOWS = 4,
    FAIL_OUTCOMES = 8,
    FAIL_NETWORK = 16,
};
unsigned senders_failures(const struct senders_query *query, const struct need_brief *brief,
                          const struct need_facts *facts);
/* FAIL_NETWORK, which asks for the sender, is not among these. */
static inline bool senders_network_fails(const struct senders_query *query, uint32_t number)
{
    const struct tie *tie = query->extend ? network_tie(&query->network, senders_body(query, number)) : NULL;
    return tie && tie->partner;
}

/* ---- scores ---- */

/* A pair's criteria, by the criterion table's rows. */
struct sender_values {
    bool applies[CRITERION_COUNT];
    double values[CRITERION_COUNT];
};
void senders_values(struct senders_query *query, int part, uint32_t row, const struct sender *sender,
                    struct sender_values *ret_values);
const struct weighing *senders_weighing(const struct senders_query *query,
                                        const bool applies[CRITERION_COUNT]);
int64_t senders_billionths(const struct senders_query *query, const struct sender_values *values);
