#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct match_index;
struct segment;

/* Whose network it is. Being partners or near goes both ways, but for `between`, which is about the host of the two. */
enum network_side { NETWORK_OF_SENDER, NETWORK_OF_HOST };

#define PARTNERS_UNCOUNTED UINT32_MAX

/* Whom the sender's body (or the host's) works with on one day, and who is near to these. Costs what the partners' own
 * partnerships hold; nothing for bodies far away. */
struct network {
    uint32_t sender_body; /* PLACE_NONE: unknown */
    /* Bodies that are partners or share one: the partners first, perhaps the sender's own among the others. */
    struct tie {
        uint32_t body;
        uint32_t
            partners_in;     /* room for the host's side: see network_locals; PARTNERS_UNCOUNTED until then */
        double nearness;     /* sum of 1 / degree over the common partners */
        uint64_t mobilities; /* of the partnerships that hold both */
        uint64_t between;    /* the sum of those that hold the host and a common partner, over these */
        uint32_t seen;       /* while they are found: in which walk it was met last */
        bool partner;
    } * ties;
    uint32_t tie_count, tie_capacity, partner_count;
    uint32_t *rows, mask; /* ties by body, open addressing; UINT32_MAX: free */
    /* How many partners are in each country, with one of their records; NULL: nobody has asked. */
    uint32_t *partners_in;
    /* Of one that was begun: what finds the rest, and whether all ties are found. */
    struct finding *asking;
    bool is_whole;
};

void network_find(struct network *network, struct arena *arena, const struct match_index *index,
                  enum network_side side, uint32_t body, int32_t today);
/* A sender's, of which the partners are found at once, the others when they are asked for: most questions have few candidates, of
 * which hardly any is near. All are found as soon as it takes less. In the arena. */
struct network *network_begin(struct arena *arena, const struct match_index *index, uint32_t body,
                              int32_t today);
/* Finds all that are left. */
void network_spread(struct network *network);
/* What stands between the sender and a body; false: nothing. */
bool network_ask(struct network *network, uint32_t body, struct tie *ret_tie);
/* Has brought near what is looked at when the bodies of these slots of the base are asked for. */
void network_fetch(const struct network *network, const struct segment *base, const uint32_t *slots,
                   uint32_t count);
/* How many of the sender's partners are in a country, which is 0 where it isn't known. */
uint32_t network_partners_in(struct network *network, uint16_t country);
/* The partners alone. */
void network_find_partners(struct network *network, struct arena *arena, const struct match_index *index,
                           uint32_t body, int32_t today);
/* The same count of partners for many bodies and one country; a country of 0 has none. */
struct network_locals;
struct network_locals *network_locals_new(struct arena *arena, const struct match_index *index,
                                          uint16_t country, int32_t today);
uint32_t network_locals_count(struct network_locals *locals, uint32_t body);
/* Whether a body works with any other on that day. */
bool network_has_partners(const struct match_index *index, uint32_t body, int32_t today);
/* Of those found so far; NULL: neither partner nor near. */
const struct tie *network_tie(const struct network *network, uint32_t body);
/* Ids of the partners between, sorted: of each body in between the smallest that is party of a partnership with the given
 * body. */
size_t network_via(const struct network *network, struct arena *arena, const struct match_index *index,
                   uint32_t body, int32_t today, const char ***ret_ids);
