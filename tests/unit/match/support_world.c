#include "match/support_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/image.h"
#include "vocab/vocabulary.h"

uint32_t random_below(struct random *random, uint32_t bound)
{
    random->state += 0x9e3779b97f4a7c15u;
    uint64_t z = random->state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return bound ? (uint32_t)(z % bound) : 0;
}

bool random_chance(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

/* ---- vocabulary ---- */

static const char *const LABELS[] = {"weld pipes",        "paint walls",   "cook soup",    "bake bread",
                                     "repair engines",    "cut hair",      "greet guests", "keep accounts",
                                     "plan a shift",      "drive a lorry", "milk cows",    "prune trees",
                                     "measure workpiece", "clean machines"};
enum { LABEL_COUNT = sizeof LABELS / sizeof *LABELS };
static const char *const REUSES[] = {"transversal", "cross-sector", "sector-specific", "occupation-specific",
                                     ""};

static const char *concept_code(struct arena *arena, uint32_t number)
{
    return arena_format(arena, "urn:test:%c%u", number < LABEL_COUNT ? 'c' : 'x', number);
}

static struct text_list random_codes(struct random *random, struct arena *arena, uint32_t most)
{
    const char **codes = arena_array(arena, most, sizeof *codes);
    uint32_t count = random_below(random, most + 1);
    for (uint32_t i = 0; i < count; i++)
        codes[i] = concept_code(arena, random_below(random, LABEL_COUNT + 2));
    return (struct text_list){codes, count};
}

struct vocabulary *world_vocabulary(struct random *random)
{
    struct arena *arena = arena_new(0);
    struct vocabulary_builder *builder = vocabulary_builder_new();
    for (uint32_t i = 0; i < LABEL_COUNT; i++) {
        if (random_chance(random, 10))
            continue;
        struct concept_words words = {.language = "en", .label = LABELS[i], .description = ""};
        struct concept_source source = {
            .scheme = SCHEME_OUTCOME,
            .code = concept_code(arena, i),
            .vocabulary = "TEST 1",
            .reuse = REUSES[random_below(random, 5)],
            .broader = random_codes(random, arena, 2),
            .related = random_codes(random, arena, 2),
            .words = &words,
            .words_count = 1,
        };
        vocabulary_builder_add(builder, &source);
    }
    struct vocabulary *vocabulary = vocabulary_builder_finish(builder);
    arena_free(arena);
    return vocabulary;
}

/* ---- fields ---- */

/* Where records and questions are made. */
struct making {
    struct random *random;
    struct arena *arena;
};

static const char *const SECTORS[] = {"07", "071",  "0715", "0716", "072", "0721",
                                      "04", "0411", "041",  "1013", "00"};
static const char *const COUNTRIES[] = {"DE", "GR", "GB", "FI", "PT"};
static const char *const REGIONS[] = {"EL3", "EL30", "EL301", "UKC", "UKC1", "DE1",
                                      "FI",  "GR3",  "PT17",  "GBC", "GB"};
static const char *const LANGUAGES[] = {"de", "en", "fi"};

#define ANY_OF(making, list) \
    ((char *)(uintptr_t)(list)[random_below((making)->random, sizeof(list) / sizeof *(list))])

static char **texts_of(struct making *making, const char *const *values, size_t value_count, uint32_t most,
                       size_t *ret_count)
{
    uint32_t count = random_chance(making->random, 45) ? 1 + random_below(making->random, most) : 0;
    char **texts = arena_array(making->arena, most, sizeof *texts);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = (char *)(uintptr_t)values[random_below(making->random, (uint32_t)value_count)];
    *ret_count = count;
    return texts;
}

#define TEXTS_OF(making, list, most, ret) texts_of(making, list, sizeof(list) / sizeof *(list), most, ret)

static char *date_near(struct making *making, int32_t from, uint32_t span)
{
    char text[11];
    date_format(from + (int32_t)random_below(making->random, span), text);
    return arena_strdup(making->arena, text);
}

static int *enums_of(struct making *making, uint32_t first, uint32_t last, uint32_t most, uint32_t percent,
                     size_t *ret_count)
{
    uint32_t count = random_chance(making->random, percent) ? 1 + random_below(making->random, most) : 0;
    int *values = arena_array(making->arena, most, sizeof *values);
    for (uint32_t i = 0; i < count; i++)
        values[i] = (int)(first + random_below(making->random, last - first + 1));
    *ret_count = count;
    return values;
}

static pb_language_level **languages_of(struct making *making, size_t *ret_count)
{
    uint32_t count = random_chance(making->random, 45) ? 1 + random_below(making->random, 3) : 0;
    pb_language_level **list = arena_array(making->arena, 3, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_alloc(making->arena, sizeof **list);
        partner__v1__language_level__init(list[i]);
        list[i]->language = ANY_OF(making, LANGUAGES);
        list[i]->level = random_chance(making->random, 40) ? 0 : 1 + random_below(making->random, 6);
    }
    *ret_count = count;
    return list;
}

static pb_day_range *duration_of(struct making *making)
{
    if (random_chance(making->random, 40))
        return NULL;
    pb_day_range *range = arena_alloc(making->arena, sizeof *range);
    partner__v1__day_range__init(range);
    if (random_chance(making->random, 10))
        return range;
    range->min_days = 1 + random_below(making->random, 8);
    range->max_days = range->min_days + random_below(making->random, 8);
    return range;
}

static pb_date_range *period_of(struct making *making, uint32_t percent)
{
    if (!random_chance(making->random, percent))
        return NULL;
    pb_date_range *range = arena_alloc(making->arena, sizeof *range);
    partner__v1__date_range__init(range);
    uint32_t sides = random_below(making->random, 8);
    int32_t start = WORLD_TODAY - 10 + (int32_t)random_below(making->random, 30);
    if (sides != 0 && sides != 1)
        range->start_date = date_near(making, start, 1);
    if (sides != 0 && sides != 2)
        range->end_date = date_near(making, start, 15);
    return range;
}

static pb_outcome **outcomes_of(struct making *making, bool need, size_t *ret_count)
{
    static const char *const words[] = {"weld pipes",
                                        "Baking bread",
                                        "cok soup",
                                        "zzqx vvkk",
                                        "drive lorry",
                                        "trees",
                                        "welding of big steel parts",
                                        "care for cows and other animals"};
    uint32_t most = need ? 4 : 6,
             count = random_chance(making->random, 70) ? 1 + random_below(making->random, most) : 0;
    pb_outcome **list = arena_array(making->arena, most, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_alloc(making->arena, sizeof **list);
        partner__v1__outcome__init(list[i]);
        if (random_chance(making->random, 20))
            list[i]->text = ANY_OF(making, words);
        else
        list[i]->concept =
            (char *)(uintptr_t)concept_code(making->arena, random_below(making->random, LABEL_COUNT + 3));
        if (*list[i]->concept && random_chance(making->random, 20))
            list[i]->text = ANY_OF(making, words);
        list[i]->essential = need && random_chance(making->random, 25);
        list[i]->eqf_level = random_below(making->random, 4);
    }
    *ret_count = count;
    return list;
}

/* ---- records ---- */

/* The registry follows from the number, so that an id always means the same record. */
static char *organisation_id(struct arena *arena, uint32_t number)
{
    static const char *const registries[] = {"aa", "bb", "cc", "c"};
    return arena_format(arena, "%s/%s%u", registries[number * 7 % 4], number % 3 ? "o" : "O", number);
}

static pb_identifier **identifiers_of(struct making *making, uint32_t organisations, size_t *ret_count)
{
    static const char *const schemes[] = {"oid", "oid", "pic", "schac", "erasmus"};
    uint32_t count = random_chance(making->random, 50) ? 1 + random_below(making->random, 2) : 0;
    pb_identifier **list = arena_array(making->arena, 2, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        const char *scheme = ANY_OF(making, schemes);
        uint32_t number = random_below(making->random, organisations);
        list[i] = arena_alloc(making->arena, sizeof **list);
        partner__v1__identifier__init(list[i]);
        list[i]->scheme = (char *)(uintptr_t)scheme;
        const char *form = strcmp(scheme, "pic") == 0          ? "900000%03u"
                           : strcmp(scheme, "schac") == 0      ? "school%u.example"
                           : random_chance(making->random, 50) ? "E10000%03u"
                                                               : "e10 000%03u";
        list[i]->value = arena_alloc(making->arena, 40);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(list[i]->value, 40, form, number);
#pragma GCC diagnostic pop
        list[i]->former = random_chance(making->random, 20);
    }
    *ret_count = count;
    return list;
}

static pb_organisation *organisation_new(struct making *making, const struct world *world, uint32_t number)
{
    pb_organisation *to = arena_alloc(making->arena, sizeof *to);
    partner__v1__organisation__init(to);
    to->id = organisation_id(making->arena, number);
    to->name = arena_format(making->arena, "School %u", number);
    to->city = (char *)(uintptr_t) "Anywhere";
    to->roles = (Partner__V1__Role *)enums_of(making, 1, 4, 3, 92, &to->n_roles);
    if (random_chance(making->random, 80))
        to->country = ANY_OF(making, COUNTRIES);
    if (random_chance(making->random, 60))
        to->region = ANY_OF(making, REGIONS);
    to->sectors = TEXTS_OF(making, SECTORS, 3, &to->n_sectors);
    to->languages = languages_of(making, &to->n_languages);
    to->themes = (Partner__V1__Theme *)enums_of(making, 1, 4, 3, 50, &to->n_themes);
    to->identifiers = identifiers_of(making, world->organisations, &to->n_identifiers);
    if (random_chance(making->random, 50)) {
        to->strategy = arena_alloc(making->arena, sizeof *to->strategy);
        partner__v1__strategy__init(to->strategy);
        to->strategy->target_countries = TEXTS_OF(making, COUNTRIES, 2, &to->strategy->n_target_countries);
        to->strategy->target_sectors = TEXTS_OF(making, SECTORS, 2, &to->strategy->n_target_sectors);
        to->strategy->priorities =
            (Partner__V1__Theme *)enums_of(making, 1, 4, 2, 40, &to->strategy->n_priorities);
    }
    return to;
}

static pb_window **windows_of(struct making *making, size_t *ret_count)
{
    uint32_t count = random_chance(making->random, 60) ? 1 + random_below(making->random, 3) : 0;
    pb_window **list = arena_array(making->arena, 3, sizeof *list);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = arena_alloc(making->arena, sizeof **list);
        partner__v1__window__init(list[i]);
        list[i]->period = period_of(making, 90);
        list[i]->places = random_below(making->random, 5);
    }
    *ret_count = count;
    return list;
}

static pb_offer *offer_new(struct making *making, const struct world *world, uint32_t number)
{
    pb_offer *to = arena_alloc(making->arena, sizeof *to);
    partner__v1__offer__init(to);
    to->id = arena_format(making->arena, "%s/f%u", number % 2 ? "aa" : "bb", number);
    /* Few organisations have most of the offers, and some are not there. */
    uint32_t bound =
        random_chance(making->random, 50) ? world->organisations / 3 + 1 : world->organisations + 1;
    to->organisation_id = organisation_id(making->arena, random_below(making->random, bound));
    to->title = arena_format(making->arena, "Stay %u", number);
    to->sectors = TEXTS_OF(making, SECTORS, 3, &to->n_sectors);
    to->duration = duration_of(making);
    to->outcomes = outcomes_of(making, false, &to->n_outcomes);
    to->eqf_levels = (uint32_t *)enums_of(making, 3, 5, 2, 50, &to->n_eqf_levels);
    to->languages = languages_of(making, &to->n_languages);
    to->windows = windows_of(making, &to->n_windows);
    to->modes = (Partner__V1__Mode *)enums_of(making, 1, 3, 2, 50, &to->n_modes);
    to->themes = (Partner__V1__Theme *)enums_of(making, 1, 4, 2, 50, &to->n_themes);
    if (random_chance(making->random, 70)) {
        static char *some[] = {(char *)(uintptr_t) "some"};
        to->recognition = arena_alloc(making->arena, sizeof *to->recognition);
        partner__v1__recognition__init(to->recognition);
        to->recognition->assessment = to->recognition->documents = some;
        to->recognition->n_assessment = random_below(making->random, 2);
        to->recognition->n_documents = random_below(making->random, 2);
        to->recognition->validated_by_host = random_chance(making->random, 50);
    }
    if (random_chance(making->random, 40))
        to->valid_until = date_near(making, WORLD_TODAY - 2, 5);
    return to;
}

/* Mostly of two, and in a third of the worlds one in 16 is a consortium. */
static uint32_t party_count(struct making *making, const struct world *world, uint32_t number)
{
    if (world->organisations % 3 == 0 && number % 16 == 0)
        return 10 + random_below(making->random, 20);
    return 2 + random_below(making->random, random_chance(making->random, 20) ? 5 : 1);
}

static pb_partnership *partnership_new(struct making *making, const struct world *world, uint32_t number)
{
    pb_partnership *to = arena_alloc(making->arena, sizeof *to);
    partner__v1__partnership__init(to);
    to->id = arena_format(making->arena, "aa/p%u", number);
    to->n_organisation_ids = party_count(making, world, number);
    to->organisation_ids = arena_array(making->arena, to->n_organisation_ids, sizeof *to->organisation_ids);
    for (size_t i = 0; i < to->n_organisation_ids; i++)
        to->organisation_ids[i] =
            organisation_id(making->arena, random_below(making->random, world->organisations + 1));
    if (random_chance(making->random, 30))
        to->since = date_near(making, WORLD_TODAY - 2, 4);
    if (random_chance(making->random, 30))
        to->until = date_near(making, WORLD_TODAY - 1, 4);
    to->mobilities = random_below(making->random, 8);
    return to;
}

/* A field is left out more often than not: else nothing would be eligible. */
static pb_need *need_of(struct making *making, struct world *world)
{
    pb_need *need = arena_alloc(making->arena, sizeof *need);
    partner__v1__need__init(need);
    uint32_t rare = random_below(making->random, 100);
    if (random_chance(making->random, 60))
        need->organisation_id = (char *)(uintptr_t)world_organisation_id(world, making->arena);
    if (random_chance(making->random, rare))
        need->sectors = TEXTS_OF(making, SECTORS, 2, &need->n_sectors);
    if (random_chance(making->random, rare))
        need->duration = duration_of(making);
    if (random_chance(making->random, 80))
        need->outcomes = outcomes_of(making, true, &need->n_outcomes);
    if (random_chance(making->random, rare))
        need->countries = TEXTS_OF(making, COUNTRIES, 3, &need->n_countries);
    if (random_chance(making->random, rare))
        need->regions = TEXTS_OF(making, REGIONS, 3, &need->n_regions);
    if (random_chance(making->random, rare))
        need->languages = languages_of(making, &need->n_languages);
    if (random_chance(making->random, rare / 2))
        need->eqf_level = 2 + random_below(making->random, 4);
    if (random_chance(making->random, rare))
        need->period = period_of(making, 60);
    if (random_chance(making->random, rare / 2))
        need->learners = random_below(making->random, 6);
    if (random_chance(making->random, rare / 3))
        need->max_absent = random_below(making->random, 4);
    if (random_chance(making->random, rare))
        need->modes = (Partner__V1__Mode *)enums_of(making, 1, 3, 2, 60, &need->n_modes);
    need->themes = (Partner__V1__Theme *)enums_of(making, 1, 4, 3, 30, &need->n_themes);
    return need;
}

/* A stored one: names its organisation, and may be past. */
static pb_need *need_new(struct making *making, struct world *world, uint32_t number)
{
    pb_need *need = need_of(making, world);
    need->id = arena_format(making->arena, "%s/n%u", number % 3 ? "aa" : "cc", number);
    need->organisation_id = (char *)(uintptr_t)world_organisation_id(world, making->arena);
    need->title = arena_format(making->arena, "Wish %u", number);
    if (random_chance(making->random, 40))
        need->valid_until = date_near(making, WORLD_TODAY - 1, 5);
    return need;
}

/* ---- the world ---- */

static const char *record_put(struct world *world, size_t number)
{
    struct making making = {&world->random, world->arena};
    pb_record *record = &world->records[number];
    partner__v1__record__init(record);
    if (number < world->organisations) {
        record->kind_case = PARTNER__V1__RECORD__KIND_ORGANISATION;
        record->organisation = organisation_new(&making, world, (uint32_t)number);
    } else if (number < (size_t)world->organisations + world->offers) {
        record->kind_case = PARTNER__V1__RECORD__KIND_OFFER;
        record->offer = offer_new(&making, world, (uint32_t)number - world->organisations);
    } else if (number < (size_t)world->organisations + world->offers + world->partnerships) {
        record->kind_case = PARTNER__V1__RECORD__KIND_PARTNERSHIP;
        record->partnership =
            partnership_new(&making, world, (uint32_t)number - world->organisations - world->offers);
    } else {
        record->kind_case = PARTNER__V1__RECORD__KIND_NEED;
        record->need = need_new(&making, world, (uint32_t)number);
    }
    struct record view = record_of(record);
    match_builder_put(world->builder, &view);
    return record_id(&view);
}

static void new_vocabulary(struct world *world)
{
    if (world->vocabulary)
        vocabulary_release(world->vocabulary);
    world->vocabulary = world_vocabulary(&world->random);
    match_builder_set_vocabulary(world->builder, world->vocabulary);
}

void world_init(struct world *world, uint64_t seed, uint32_t organisations, uint32_t offers,
                uint32_t partnerships, bool with_vocabulary)
{
    *world = (struct world){
        .random = {seed},
        .arena = arena_new(0),
        .builder = match_builder_new(),
        .organisations = organisations,
        .offers = offers,
        .partnerships = partnerships,
        .record_count = (size_t)organisations + offers + partnerships,
    };
    world->records = arena_array(world->arena, world->record_count, sizeof *world->records);
    for (size_t i = 0; i < world->record_count; i++)
        partner__v1__record__init(&world->records[i]);
    if (with_vocabulary)
        new_vocabulary(world);
    for (size_t i = 0; i < world->record_count; i++)
        if (random_chance(&world->random, 85))
            record_put(world, i);
}

void world_add_needs(struct world *world, uint32_t needs)
{
    size_t first = world->record_count;
    world->records = arena_grow(world->arena, world->records, first * sizeof *world->records,
                                (first + needs) * sizeof *world->records);
    world->record_count += needs;
    for (size_t i = first; i < world->record_count; i++) {
        partner__v1__record__init(&world->records[i]);
        if (random_chance(&world->random, 85))
            record_put(world, i);
    }
}

void world_fini(struct world *world)
{
    match_builder_free(world->builder);
    image_close(world->image);
    if (world->vocabulary)
        vocabulary_release(world->vocabulary);
    arena_free(world->arena);
}

static void stop_unless(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void write_image(const struct world *world, const char *path)
{
    struct match_index *index = match_builder_publish(world->builder);
    struct image_writer *writer = image_writer_new(path);
    const void *root = match_index_write(index, writer);
    struct status status = image_writer_finish(writer, world->arena, root, "", 0);
    stop_unless(status_ok(status), status.message);
    match_index_release(index);
}

void world_to_image(struct world *world)
{
    char folder[] = "/tmp/match-world-XXXXXX";
    stop_unless(mkdtemp(folder) != NULL, "no folder for an image");
    const char *path = arena_format(world->arena, "%s/image", folder), *reason = NULL;
    write_image(world, path);
    match_builder_free(world->builder);
    image_close(world->image);
    world->image = image_open(path, &reason);
    const void *root = world->image ? image_map(world->image, &reason) : NULL;
    stop_unless(root != NULL, reason);
    unlink(path);
    rmdir(folder);
    world->builder = match_builder_new();
    if (world->vocabulary)
        match_builder_set_vocabulary(world->builder, world->vocabulary);
    stop_unless(match_builder_set_image(world->builder, root), "an image is refused");
}

void world_change(struct world *world, uint32_t percent)
{
    if (world->vocabulary && random_chance(&world->random, 20))
        new_vocabulary(world);
    for (size_t i = 0; i < world->record_count; i++) {
        if (!random_chance(&world->random, percent))
            continue;
        pb_record *record = &world->records[i];
        if (record->kind_case && random_chance(&world->random, 40)) {
            struct record view = record_of(record);
            match_builder_remove(world->builder, record_id(&view));
            partner__v1__record__init(record);
        } else {
            record_put(world, i);
        }
    }
}

/* Enough changes that they are settled, so that what comes then stands over them. */
static void change_and_settle(struct world *world)
{
    world_change(world, 40);
    match_index_release(match_builder_publish(world->builder));
}

void world_turn(struct world *world, unsigned turn)
{
    if (turn % 3 == 0)
        change_and_settle(world);
    if (turn % 5 == 3)
        world_to_image(world);
    struct match_rebuild *rebuild = turn % 3 ? match_rebuild_begin(world->builder) : NULL;
    world_change(world, turn % 2 ? 20 : 5);
    if (!rebuild)
        return;
    match_rebuild_run(rebuild);
    if (turn % 4 == 0)
        world_change(world, 5);
    match_rebuild_finish(world->builder, rebuild);
    match_rebuild_free(rebuild);
}

struct oracle_world world_lists(const struct world *world, struct arena *arena)
{
    struct oracle_world lists = {
        .vocabulary = world->vocabulary,
        .organisations = arena_array(arena, world->record_count, sizeof *lists.organisations),
        .offers = arena_array(arena, world->record_count, sizeof *lists.offers),
        .partnerships = arena_array(arena, world->record_count, sizeof *lists.partnerships),
        .needs = arena_array(arena, world->record_count, sizeof *lists.needs),
    };
    for (size_t i = world->record_count; i-- > 0;) {
        pb_record *record = &world->records[i];
        if (record->kind_case == PARTNER__V1__RECORD__KIND_ORGANISATION)
            lists.organisations[lists.organisation_count++] = record->organisation;
        else if (record->kind_case == PARTNER__V1__RECORD__KIND_OFFER)
            lists.offers[lists.offer_count++] = record->offer;
        else if (record->kind_case == PARTNER__V1__RECORD__KIND_PARTNERSHIP)
            lists.partnerships[lists.partnership_count++] = record->partnership;
        else if (record->kind_case == PARTNER__V1__RECORD__KIND_NEED)
            lists.needs[lists.need_count++] = record->need;
    }
    return lists;
}

/* ---- questions ---- */

const char *world_organisation_id(struct world *world, struct arena *arena)
{
    return organisation_id(arena, random_below(&world->random, world->organisations + 1));
}

const char *world_offer_id(struct world *world, struct arena *arena)
{
    uint32_t number = random_below(&world->random, world->offers + 1);
    return arena_format(arena, "%s/f%u", number % 2 ? "aa" : "bb", number);
}

static Partner__V1__Weights *weights_of(struct making *making)
{
    static const double values[] = {0, 0, 1, 2, 0.5, 1e-3, 7};
    Partner__V1__Weights *weights = arena_alloc(making->arena, sizeof *weights);
    partner__v1__weights__init(weights);
    double *each[] = {&weights->outcomes, &weights->sector,   &weights->duration,    &weights->network,
                      &weights->strategy, &weights->evidence, &weights->recognition, &weights->transfer};
    if (random_chance(making->random, 60))
        return random_chance(making->random, 80) ? NULL : weights;
    for (size_t i = 0; i < 8; i++)
        *each[i] = values[random_below(making->random, 7)];
    return weights;
}

struct match_question world_question(struct world *world, struct arena *arena)
{
    struct making making = {&world->random, arena};
    static const uint32_t page_sizes[] = {1, 2, 3, 5, 20, 1000};
    const char *sender = random_chance(&world->random, 60) ? world_organisation_id(world, arena) : "";
    if (random_chance(&world->random, 5))
        sender = "zz/nobody";
    return (struct match_question){
        .need = need_of(&making, world),
        .sender_id = sender,
        .network = random_below(&world->random, 3),
        .weights = weights_of(&making),
        .view = PARTNER__V1__MATCH_VIEW__MATCH_VIEW_FULL,
        .page_size = page_sizes[random_below(&world->random, 6)],
        .page_token = "",
        .today = WORLD_TODAY,
    };
}

const Partner__V1__Weights *world_weights(struct world *world, struct arena *arena)
{
    struct making making = {&world->random, arena};
    return weights_of(&making);
}

const pb_offer *world_offer(struct world *world, struct arena *arena, const char **ret_id)
{
    struct making making = {&world->random, arena};
    *ret_id = "";
    if (random_chance(&world->random, 60)) {
        pb_offer *offer = offer_new(&making, world, random_below(&world->random, 1000));
        offer->organisation_id = (char *)(uintptr_t)world_organisation_id(world, arena);
        return offer;
    }
    *ret_id = world_offer_id(world, arena);
    for (size_t i = 0; i < world->record_count; i++)
        if (world->records[i].kind_case == PARTNER__V1__RECORD__KIND_OFFER &&
            strcmp(world->records[i].offer->id, *ret_id) == 0)
            return world->records[i].offer;
    return NULL;
}
