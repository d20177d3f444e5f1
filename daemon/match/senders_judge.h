#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/criterion/criterion.h"
#include "match/need_set.h"
#include "match/network.h"
#include "match/offering.h"
#include "match/senders.h"

/* One offer against stored needs, each asked for by its own organisation. */

/* What the owner of some needs gives to matching with this offer's host: found once for each that is looked at. */
struct sender {
    bool known;      /* the rest is filled */
    bool takes_part; /* is there, sends, and isn't of the host's own body */
    bool has_partners;
    bool in_country, in_sector; /* the host is in a target country, the offer in a target sector */
    uint32_t place, body;
    const struct organisation_entry *organisation;
    const struct tie *tie; /* to the host's body; NULL: neither partner nor near */
    uint32_t partners_in;  /* of a tied one: how many of its partners are in the host's country */
};

struct senders_query {
    const struct match_index *index;
    struct arena *arena;
    const struct senders_question *question;
    struct offering offering;
    struct network network; /* the host's: being partners or near goes both ways */
    bool keep, extend;
    double weights[CRITERION_COUNT];
    struct sender *senders[NEED_PARTS]; /* by part and owner */
    struct {
        bool known;
        struct weighing weighing;
    } * weighings; /* by the set of criteria that apply */
};

void senders_query_init(struct senders_query *query, struct arena *arena, const struct match_index *index,
                        const struct senders_question *question, uint32_t host_place);

/* The owner of a part's row. */
const struct sender *senders_query_sender(const struct senders_query *query, int part, uint32_t row);

/* ---- filters ---- */

/* Filters that are looked up in postings, in the order in which relaxations are told apart from the others. */
enum { SENDERS_SETS = 5 };
/* The part's rows that pass each, in the arena. */
void senders_find_sets(const struct senders_query *query, int part, uint64_t *sets[SENDERS_SETS]);

/* Filters that look at one need at a time, as bits: those that fail. `facts` may be a copy with fields emptied. */
enum {
    FAIL_REGIONS = 1,
    FAIL_DURATION = 2,
    FAIL_WINDOWS = 4,
    FAIL_OUTCOMES = 8,
    FAIL_NETWORK = 16,
};
unsigned senders_failures(const struct senders_query *query, const struct need_facts *facts);
/* FAIL_NETWORK, which asks for the sender, is not among these. */
bool senders_network_fails(const struct senders_query *query, const struct sender *sender);

/* ---- scores ---- */

/* A pair's criteria, by the criterion table's rows. */
struct sender_values {
    bool applies[CRITERION_COUNT];
    double values[CRITERION_COUNT];
};
void senders_values(const struct senders_query *query, const struct need_facts *facts,
                    const struct sender *sender, struct sender_values *ret_values);
const struct weighing *senders_weighing(const struct senders_query *query,
                                        const bool applies[CRITERION_COUNT]);
int64_t senders_billionths(const struct senders_query *query, const struct sender_values *values);
