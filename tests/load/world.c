#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { CITIES_MOST = 1000, FIELDS_MOST = 400, GENERAL_MOST = 400, OUTCOMES_MOST = 1000 };

static char *next_part(struct arena *arena, char **at)
{
    char *part = strsep(at, "\t\n");
    return part ? arena_strdup(arena, part) : arena_strdup(arena, "");
}

static void read_city(struct world *world, struct arena *arena, char *at)
{
    struct city city = {.country = next_part(arena, &at), .language = next_part(arena, &at)};
    city.region = next_part(arena, &at);
    city.name = next_part(arena, &at);
    city.latitude = strtod(next_part(arena, &at), NULL);
    city.longitude = strtod(next_part(arena, &at), NULL);
    const struct city *last = world->city_count ? &world->cities[world->city_count - 1] : NULL;
    if (!last || strcmp(last->country, city.country) != 0)
        world->first_city[world->country_count++] = world->city_count;
    city.country_number = world->country_count - 1;
    world->cities[world->city_count++] = city;
    world->first_city[world->country_count] = world->city_count;
}

static void read_field(struct world *world, struct arena *arena, char *at)
{
    struct field *field = &world->fields[world->field_count++];
    field->code = next_part(arena, &at);
    field->outcomes = arena_array(arena, OUTCOMES_MOST, sizeof *field->outcomes);
    while (at && *at && *at != '\n' && field->outcome_count < OUTCOMES_MOST)
        field->outcomes[field->outcome_count++] = next_part(arena, &at);
}

static void read_line(struct world *world, struct arena *arena, char *at)
{
    const char *kind = strsep(&at, "\t");
    if (strcmp(kind, "city") == 0 && world->city_count < CITIES_MOST)
        read_city(world, arena, at);
    else if (strcmp(kind, "field") == 0 && world->field_count < FIELDS_MOST)
        read_field(world, arena, at);
    else if (strcmp(kind, "general") == 0 && world->general_count < GENERAL_MOST)
        world->general[world->general_count++] = next_part(arena, &at);
}

struct world *world_read(struct arena *arena, const char *path)
{
    struct world *world = arena_zalloc(arena, sizeof *world);
    world->cities = arena_array(arena, CITIES_MOST, sizeof *world->cities);
    world->first_city = arena_array(arena, CITIES_MOST + 1, sizeof *world->first_city);
    world->fields = arena_array(arena, FIELDS_MOST, sizeof *world->fields);
    world->general = arena_array(arena, GENERAL_MOST, sizeof *world->general);
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    while (file && getline(&line, &size, file) > 0)
        read_line(world, arena, line);
    free(line);
    if (file)
        fclose(file);
    if (!world->city_count || !world->field_count || world->general_count < 3) {
        fprintf(stderr, "%s is not a world\n", path);
        exit(EXIT_FAILURE);
    }
    return world;
}

/* ---- chance ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct chance chance_of(uint64_t seed, uint32_t kind, uint64_t number)
{
    return (struct chance){mix(mix(seed * 0x9e3779b97f4a7c15u + kind) + number)};
}

static uint64_t next(struct chance *chance)
{
    return mix(chance->state += 0x9e3779b97f4a7c15u);
}

uint32_t chance_below(struct chance *chance, uint32_t bound)
{
    return (uint32_t)((next(chance) >> 32) * bound >> 32);
}

double chance_share(struct chance *chance)
{
    return (double)(next(chance) >> 11) * 0x1p-53;
}

uint32_t chance_zipf(struct chance *chance, uint32_t count)
{
    uint32_t place = (uint32_t)exp(chance_share(chance) * log((double)count + 1)) - 1;
    return place < count ? place : count - 1;
}
