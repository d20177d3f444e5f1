#pragma once

#include "match/network.h"
#include "match/network_walk.h"

/* Within network's files: a network while it is found. */
struct finding {
    struct network *network;
    struct arena *arena;
    const struct match_index *index;
    enum network_side side;
    int32_t today;
    uint32_t walk;        /* number of the newest walk through a partnership: see seen of a tie */
    struct list lists;    /* the partnerships of each partner, one partner's after the other's */
    uint32_t *list_first; /* by partner, and one more */
    uint64_t party_count; /* of all in the lists */
    /* Where ties are asked for one by one; scratch, but for `parts`. */
    double *parts;           /* by partner: 1 / degree, 0 until it is known */
    struct list own, beside; /* partnerships of the body, bodies beside a partner */
    struct list common;      /* numbers of partners */
    uint64_t met_count;      /* parties walked over for single bodies */
};

/* Finds the partners. */
struct finding network_find_own(struct network *network, struct arena *arena, const struct match_index *index,
                                enum network_side side, uint32_t body, int32_t today);
/* Lists the partners' partnerships that count on the day. */
void network_list_partnerships(struct finding *finding);
/* Whether the listed ones are large, so that those beside partners are better added by partnership than by partner. */
bool network_is_crowded(const struct finding *finding);
/* Adds those beside partners, by one of the two below. */
void network_add_listed(struct finding *finding);

/* Adds what partners give to those beside them, from partner to partner. Costs what the lists' partnerships hold. */
void network_add_near(struct finding *finding);
/* The same for many partners in large partnerships: each of these is walked once, and partners in the very same ones
 * together. */
void network_add_crowd(struct finding *finding);

/* A table that many go into: at most half of it is full. */
static inline uint32_t network_rows_for(uint32_t count)
{
    uint32_t size = 16;
    while (size < count * 2)
        size *= 2;
    return size;
}

static inline uint32_t network_row(uint32_t number, uint32_t mask)
{
    return (number * 2654435769u) >> 5 & mask;
}

static inline uint32_t network_tie_row(const struct network *network, uint32_t body)
{
    uint32_t row = network_row(body, network->mask);
    while (network->rows[row] != UINT32_MAX && network->ties[network->rows[row]].body != body)
        row = (row + 1) & network->mask;
    return row;
}

/* Makes room for so many ties in all. */
void network_reserve(struct finding *finding, uint32_t count);
uint32_t network_add_tie(struct finding *finding, uint32_t body, uint32_t row);

/* The body's number among the ties; a new one where it has none. */
static inline uint32_t network_tie_number(struct finding *finding, uint32_t body)
{
    uint32_t row = network_tie_row(finding->network, body), number = finding->network->rows[row];
    return number != UINT32_MAX ? number : network_add_tie(finding, body, row);
}
