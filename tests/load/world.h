#pragma once

#include <stdint.h>

struct arena;

/* What generated records are drawn from; world.py writes it. Lists are most popular first. */

struct city {
    char *country, *language, *region, *name;
    double latitude, longitude;
    uint32_t country_number; /* place of its country among the countries */
};

/* An ISCED-F field and the outcomes that its hosts offer. */
struct field {
    char *code;
    char **outcomes;
    uint32_t outcome_count;
};

struct world {
    struct city *cities; /* one country's behind each other */
    struct field *fields;
    char **general; /* outcomes of all trades */
    uint32_t city_count, country_count, field_count, general_count;
    uint32_t *first_city; /* by country, country_count + 1 */
};

/* Ends the program where the file can't be read. */
struct world *world_read(struct arena *arena, const char *path);

/* Numbers by chance: the same for the same seed. */
struct chance {
    uint64_t state;
};

/* For the record with that number of a kind, whatever was drawn for others. */
struct chance chance_of(uint64_t seed, uint32_t kind, uint64_t number);
uint32_t chance_below(struct chance *chance, uint32_t bound);
/* From 0 up to 1, without 1. */
double chance_share(struct chance *chance);
/* A place below `count`, with a weight of about 1 / (place + 1). */
uint32_t chance_zipf(struct chance *chance, uint32_t count);
