/* Fills an empty database, of this version's schema, with a registry "load" of so many hosts:
 *     make_registry CONNINFO WORLD HOSTS [SEED]
 * Nothing is drawn alone: a host's fields decide its outcomes, its country its languages, and hosts, fields and outcomes are as
 * unevenly popular as real ones. One sending school comes with every 50 hosts and has partners among the popular ones of its circle and of all.
 * Records are packed, hashed and turned into columns by the daemon's own code and go in by COPY, as one revision whose log is
 * trimmed already. Checks within rows hold; foreign keys are not checked again, which takes a superuser: what is named here was
 * written here. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "base/clock.h"
#include "model/record.h"
#include "store/binary.h"
#include "store/column.h"
#include "world.h"

enum {
    OUTCOMES_EACH = 15,
    GENERAL_EACH = 3,
    HOSTS_EACH_SENDER = 50,
    PARTNERS_EACH_SENDER = 20,
    CIRCLE_HOSTS = 1000,
    SENDERS_EACH_CIRCLE = CIRCLE_HOSTS / HOSTS_EACH_SENDER,
    HASH_BYTES = 16,
    BUFFER_BYTES = 1 << 18,
    KIND_SENDER = 100,
    KIND_OFFER_COUNT = 101,
};

static const char COPY_HEADER[19] = "PGCOPY\n\377\r\n\0";

struct maker {
    PGconn *pg;
    struct column_codec *codec;
    struct arena *arena; /* of the row at hand */
    const struct world *world;
    uint64_t seed, hosts, senders;
    int64_t change_set;
    unsigned char *hashes; /* of all records, in the order of writing */
    uint64_t record_count, hash_capacity;
    unsigned char *buffer;
    size_t used;
};

/* ---- the database ---- */

static void fail(const struct maker *maker)
{
    fprintf(stderr, "make_registry: %s", PQerrorMessage(maker->pg));
    exit(EXIT_FAILURE);
}

static int64_t run(struct maker *maker, const char *sql)
{
    PGresult *result = PQexec(maker->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
        fail(maker);
    int64_t number = PQntuples(result) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return number;
}

static void flush(struct maker *maker)
{
    if (maker->used && PQputCopyData(maker->pg, (char *)maker->buffer, (int)maker->used) != 1)
        fail(maker);
    maker->used = 0;
}

static void put(struct maker *maker, const void *bytes, size_t size)
{
    if (maker->used + size > BUFFER_BYTES)
        flush(maker);
    memcpy(maker->buffer + maker->used, bytes, size);
    maker->used += size;
}

static void put_count(struct maker *maker, uint16_t count)
{
    unsigned char bytes[2];
    binary_put_u16(bytes, count);
    put(maker, bytes, sizeof bytes);
}

static void put_value(struct maker *maker, struct column_value value)
{
    unsigned char size[4];
    binary_put_u32(size, (uint32_t)value.size);
    put(maker, size, sizeof size);
    if (value.size > 0)
        put(maker, value.bytes, (size_t)value.size);
}

static void put_text(struct maker *maker, const char *text)
{
    put_value(maker, (struct column_value){text, (int32_t)strlen(text)});
}

static void copy_begin(struct maker *maker, const char *sql)
{
    run(maker, sql);
    put(maker, COPY_HEADER, sizeof COPY_HEADER);
}

static void copy_end(struct maker *maker)
{
    put_count(maker, UINT16_MAX);
    flush(maker);
    if (PQputCopyEnd(maker->pg, NULL) != 1)
        fail(maker);
    for (PGresult *result; (result = PQgetResult(maker->pg)); PQclear(result))
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            fail(maker);
}

static void copy_begin_kind(struct maker *maker, enum record_kind kind)
{
    const struct record_table *table = record_table_of(kind);
    struct arena *arena = arena_new(0);
    char *names = arena_strdup(arena, table->columns[0].name);
    for (size_t i = 1; i < table->column_count; i++)
        names = arena_format(arena, "%s, %s", names, table->columns[i].name);
    copy_begin(maker, arena_format(arena, "COPY %s (%s) FROM STDIN (FORMAT binary)", table->name, names));
    arena_free(arena);
}

static void write_record(struct maker *maker, enum record_kind kind, const ProtobufCMessage *message)
{
    struct record record = {.kind = kind, .message = message};
    struct column_value values[COLUMN_COUNT_MOST];
    size_t packed_bytes, count = record_table_of(kind)->column_count;
    void *packed = record_pack(maker->arena, &record, &packed_bytes);
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256(packed, packed_bytes, hash);
    if (maker->record_count == maker->hash_capacity) {
        maker->hash_capacity = maker->hash_capacity ? maker->hash_capacity * 2 : 1 << 16;
        maker->hashes = heap_realloc(maker->hashes, maker->hash_capacity * HASH_BYTES);
    }
    memcpy(maker->hashes + maker->record_count++ * HASH_BYTES, hash, HASH_BYTES);
    column_encode(maker->codec, maker->arena, &record, values);
    put_count(maker, (uint16_t)count);
    for (size_t i = 0; i < count; i++)
        put_value(maker, values[i]);
    arena_reset(maker->arena);
}

/* ---- organisations ---- */

static char **one(struct arena *arena, char *text)
{
    return arena_copy(arena, &text, sizeof text);
}

static pb_language_level *level_of(struct arena *arena, char *language, uint32_t level)
{
    pb_language_level *made = arena_alloc(arena, sizeof *made);
    partner__v1__language_level__init(made);
    made->language = language;
    made->level = level;
    return made;
}

/* One field, or two of the same three digits; in order. */
static void draw_sectors(struct maker *maker, struct chance *chance, pb_organisation *organisation,
                         uint32_t fields[2])
{
    const struct world *world = maker->world;
    fields[0] = fields[1] = chance_zipf(chance, world->field_count);
    const char *first = world->fields[fields[0]].code;
    if (chance_below(chance, 10) < 4) {
        uint32_t start = chance_below(chance, world->field_count);
        for (uint32_t i = 0; i < world->field_count; i++) {
            uint32_t other = (start + i) % world->field_count;
            if (strncmp(world->fields[other].code, first, 3) == 0) {
                fields[1] = other;
                break;
            }
        }
    }
    organisation->n_sectors = fields[0] == fields[1] ? 1 : 2;
    organisation->sectors = arena_array(maker->arena, 2, sizeof *organisation->sectors);
    bool swapped = strcmp(first, world->fields[fields[1]].code) > 0;
    organisation->sectors[0] = world->fields[fields[swapped]].code;
    organisation->sectors[1] = world->fields[fields[!swapped]].code;
}

static void draw_languages(struct arena *arena, struct chance *chance, const struct city *city,
                           pb_organisation *organisation)
{
    static const uint32_t own[] = {2, 3, 3, 4}, english[] = {0, 2, 3, 4};
    organisation->languages = arena_array(arena, 2, sizeof *organisation->languages);
    organisation->languages[organisation->n_languages++] =
        level_of(arena, city->language, own[chance_below(chance, 4)]);
    if (strcmp(city->language, "en") != 0 && chance_below(chance, 10) < 6)
        organisation->languages[organisation->n_languages++] =
            level_of(arena, arena_strdup(arena, "en"), english[chance_below(chance, 4)]);
}

static Partner__V1__Theme *draw_theme(struct arena *arena, struct chance *chance)
{
    Partner__V1__Theme theme = 1 + chance_below(chance, 4);
    return arena_copy(arena, &theme, sizeof theme);
}

static void fill_place(struct arena *arena, const struct city *city, pb_organisation *organisation)
{
    organisation->country = city->country;
    organisation->region = city->region;
    organisation->city = city->name;
    organisation->location = arena_alloc(arena, sizeof *organisation->location);
    partner__v1__geo_point__init(organisation->location);
    organisation->location->latitude = city->latitude;
    organisation->location->longitude = city->longitude;
}

static pb_organisation *make_organisation(struct maker *maker, struct chance *chance, char *id,
                                          Partner__V1__Role role, uint32_t fields[2])
{
    struct arena *arena = maker->arena;
    const struct world *world = maker->world;
    uint32_t country = chance_zipf(chance, world->country_count);
    uint32_t first = world->first_city[country];
    const struct city *city =
        &world->cities[first + chance_below(chance, world->first_city[country + 1] - first)];
    pb_organisation *organisation = arena_alloc(arena, sizeof *organisation);
    partner__v1__organisation__init(organisation);
    organisation->id = id;
    organisation->roles = arena_copy(arena, &role, sizeof role);
    organisation->n_roles = 1;
    organisation->name = arena_format(arena, "%s %s", city->name, id + 5);
    fill_place(arena, city, organisation);
    draw_sectors(maker, chance, organisation, fields);
    draw_languages(arena, chance, city, organisation);
    organisation->employees = 3 + chance_zipf(chance, 5000);
    if (chance_below(chance, 10) < 3) {
        organisation->themes = draw_theme(arena, chance);
        organisation->n_themes = 1;
    }
    return organisation;
}

static pb_organisation *make_host(struct maker *maker, uint64_t number, uint32_t fields[2])
{
    static const Partner__V1__Role roles[] = {
        PARTNER__V1__ROLE__ROLE_HOSTING, PARTNER__V1__ROLE__ROLE_EMPLOYER, PARTNER__V1__ROLE__ROLE_EMPLOYER,
        PARTNER__V1__ROLE__ROLE_INTERMEDIARY};
    struct chance chance = chance_of(maker->seed, RECORD_ORGANISATION, number);
    Partner__V1__Role role = roles[chance_below(&chance, 4)];
    return make_organisation(maker, &chance, arena_format(maker->arena, "load/h%07" PRIu64, number), role,
                             fields);
}

static void write_organisations(struct maker *maker)
{
    uint32_t fields[2];
    copy_begin_kind(maker, RECORD_ORGANISATION);
    for (uint64_t i = 0; i < maker->hosts; i++)
        write_record(maker, RECORD_ORGANISATION, &make_host(maker, i, fields)->base);
    for (uint64_t i = 0; i < maker->senders; i++) {
        struct chance chance = chance_of(maker->seed, KIND_SENDER, i);
        char *id = arena_format(maker->arena, "load/s%06" PRIu64, i);
        write_record(maker, RECORD_ORGANISATION,
                     &make_organisation(maker, &chance, id, PARTNER__V1__ROLE__ROLE_SENDING, fields)->base);
    }
    copy_end(maker);
}

/* ---- offers ---- */

static void add_outcome(struct arena *arena, pb_offer *offer, char *code)
{
    for (size_t i = 0; i < offer->n_outcomes; i++)
        if (strcmp(offer->outcomes[i]->concept, code) == 0)
            return;
    pb_outcome *outcome = arena_alloc(arena, sizeof *outcome);
    partner__v1__outcome__init(outcome);
    outcome->concept = code;
    offer->outcomes[offer->n_outcomes++] = outcome;
}

/* Four of five of the fields, the others of all trades. */
static void draw_outcomes(struct maker *maker, struct chance *chance, const uint32_t fields[2],
                          pb_offer *offer)
{
    const struct world *world = maker->world;
    offer->outcomes = arena_array(maker->arena, OUTCOMES_EACH, sizeof *offer->outcomes);
    while (offer->n_outcomes < OUTCOMES_EACH - GENERAL_EACH) {
        const struct field *field = &world->fields[fields[chance_below(chance, 2)]];
        add_outcome(maker->arena, offer, field->outcomes[chance_zipf(chance, field->outcome_count)]);
    }
    while (offer->n_outcomes < OUTCOMES_EACH)
        add_outcome(maker->arena, offer, world->general[chance_below(chance, world->general_count)]);
}

static void draw_duration(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const uint32_t weeks[] = {2, 2, 3, 3, 4, 6, 8, 12, 24}, less[] = {0, 7, 14}, more[] = {0, 7, 28};
    uint32_t days = 7 * weeks[chance_below(chance, 9)], shorter = less[chance_below(chance, 3)];
    offer->duration = arena_alloc(arena, sizeof *offer->duration);
    partner__v1__day_range__init(offer->duration);
    offer->duration->min_days = days > shorter + 5 ? days - shorter : 5;
    offer->duration->max_days = days + more[chance_below(chance, 3)];
}

static void draw_eqf_levels(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const struct {
        uint32_t count, levels[2];
    } choices[] = {{2, {3, 4}}, {1, {4}}, {2, {4, 5}}, {1, {3}}, {1, {5}}};
    if (chance_below(chance, 10) >= 7)
        return;
    uint32_t choice = chance_below(chance, 5);
    offer->n_eqf_levels = choices[choice].count;
    offer->eqf_levels = arena_copy(arena, choices[choice].levels, sizeof choices[choice].levels);
}

static void draw_windows(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static const uint32_t counts[] = {0, 1, 1, 2}, places[] = {1, 2, 2, 3, 4, 8};
    uint32_t count = counts[chance_below(chance, 4)], month = 1 + chance_below(chance, 5);
    offer->windows = arena_array(arena, 2, sizeof *offer->windows);
    for (uint32_t i = 0; i < count; i++, month += 1 + chance_below(chance, 4)) {
        pb_window *window = arena_alloc(arena, sizeof *window);
        partner__v1__window__init(window);
        window->places = places[chance_below(chance, 6)];
        window->period = arena_alloc(arena, sizeof *window->period);
        partner__v1__date_range__init(window->period);
        window->period->start_date = arena_format(arena, "2027-%02u-01", month);
        window->period->end_date = arena_format(arena, "2027-%02u-28", month + 3);
        offer->windows[offer->n_windows++] = window;
    }
}

static void draw_recognition(struct arena *arena, struct chance *chance, pb_offer *offer)
{
    static char assessments[][24] = {"observation", "portfolio", "practical-test", "work-sample"};
    static char documents[][24] = {"europass-mobility", "personal-transcript", "micro-credential"};
    if (chance_below(chance, 10) >= 6)
        return;
    offer->recognition = arena_alloc(arena, sizeof *offer->recognition);
    partner__v1__recognition__init(offer->recognition);
    offer->recognition->assessment = one(arena, assessments[chance_below(chance, 4)]);
    offer->recognition->n_assessment = 1;
    offer->recognition->documents = one(arena, documents[chance_below(chance, 3)]);
    offer->recognition->n_documents = chance_below(chance, 4) > 0;
    offer->recognition->validated_by_host = chance_below(chance, 2) != 0;
}

static uint32_t offer_count(const struct maker *maker, uint64_t host)
{
    struct chance chance = chance_of(maker->seed, KIND_OFFER_COUNT, host);
    return chance_below(&chance, 5) ? 1 : 2;
}

static pb_offer *make_offer(struct maker *maker, uint64_t host_number, uint32_t number)
{
    struct arena *arena = maker->arena;
    uint32_t fields[2];
    const pb_organisation *host = make_host(maker, host_number, fields);
    struct chance chance = chance_of(maker->seed, RECORD_OFFER, host_number * 2 + number);
    pb_offer *offer = arena_alloc(arena, sizeof *offer);
    partner__v1__offer__init(offer);
    offer->id = arena_format(arena, "%s.%u", host->id, number);
    offer->organisation_id = host->id;
    offer->title = arena_format(arena, "Placement %u at %s", number, host->name);
    offer->n_sectors = host->n_sectors;
    offer->sectors = host->sectors;
    offer->n_languages = host->n_languages;
    offer->languages = host->languages;
    draw_outcomes(maker, &chance, fields, offer);
    draw_duration(arena, &chance, offer);
    draw_eqf_levels(arena, &chance, offer);
    draw_windows(arena, &chance, offer);
    draw_recognition(arena, &chance, offer);
    if (chance_below(&chance, 5) == 0) {
        offer->themes = draw_theme(arena, &chance);
        offer->n_themes = 1;
    }
    return offer;
}

static void write_offers(struct maker *maker)
{
    copy_begin_kind(maker, RECORD_OFFER);
    for (uint64_t host = 0; host < maker->hosts; host++)
        for (uint32_t i = 0; i < offer_count(maker, host); i++)
            write_record(maker, RECORD_OFFER, &make_offer(maker, host, i)->base);
    copy_end(maker);
}

/* ---- partnerships ---- */

/* Which host has that rank of popularity: all ranks have another one, since the factor is a prime above their number. */
static uint64_t host_of_rank(const struct maker *maker, uint64_t rank)
{
    return (rank * 2654435761u + 7) % maker->hosts;
}

/* Most partners are of the circle that the sender shares with its neighbours, the popular ones of it first; the others are of
 * all, by popularity (about 1 / sqrt(rank)): the busiest of a million hosts has some hundred partners. */
static uint64_t draw_partner(const struct maker *maker, struct chance *chance, uint64_t sender)
{
    uint64_t circle = maker->hosts < CIRCLE_HOSTS ? maker->hosts : CIRCLE_HOSTS;
    if (chance_below(chance, 10) < 7)
        return host_of_rank(maker, sender / SENDERS_EACH_CIRCLE * CIRCLE_HOSTS +
                                       chance_zipf(chance, (uint32_t)circle));
    double share = chance_share(chance);
    return host_of_rank(maker, (uint64_t)((double)maker->hosts * share * share));
}

/* A sender, its partner, and with one in ten another host of the sender's: hosts are partners then, too. */
struct pair {
    char *id, *ids[3];
    size_t count;
};

static struct pair make_pair(const struct maker *maker, struct chance *chance, uint64_t sender,
                             uint64_t number, const uint64_t *hosts)
{
    struct arena *arena = maker->arena;
    struct pair pair = {.count = number && chance_below(chance, 10) == 0 ? 3 : 2};
    pair.id = arena_format(arena, "load/p%06" PRIu64 "-%02" PRIu64, sender, number);
    pair.ids[0] = arena_format(arena, "load/s%06" PRIu64, sender);
    pair.ids[1] = arena_format(arena, "load/h%07" PRIu64, hosts[number]);
    if (pair.count == 3)
        pair.ids[2] = arena_format(arena, "load/h%07" PRIu64, hosts[number - 1]);
    return pair;
}

/* Calls `write` for each, in the same order each time. */
static void each_partnership(struct maker *maker, void (*write)(struct maker *maker, struct chance chance,
                                                                const struct pair *pair))
{
    for (uint64_t sender = 0; sender < maker->senders; sender++) {
        struct chance chance = chance_of(maker->seed, RECORD_PARTNERSHIP, sender);
        uint64_t drawn[PARTNERS_EACH_SENDER], count = 0;
        for (uint32_t i = 0; i < PARTNERS_EACH_SENDER; i++) {
            uint64_t host = drawn[count] = draw_partner(maker, &chance, sender);
            bool again = false;
            for (uint64_t j = 0; j < count; j++)
                again |= drawn[j] == host;
            if (again)
                continue;
            struct pair pair = make_pair(maker, &chance, sender, count++, drawn);
            write(maker, chance, &pair);
        }
        arena_reset(maker->arena);
    }
}

static void write_partnership(struct maker *maker, struct chance chance, const struct pair *pair)
{
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    partnership.id = pair->id;
    partnership.organisation_ids = (char **)(uintptr_t)pair->ids;
    partnership.n_organisation_ids = pair->count;
    partnership.since = arena_format(maker->arena, "%u-09-01", 2015 + chance_below(&chance, 11));
    partnership.mobilities = chance_zipf(&chance, 200);
    write_record(maker, RECORD_PARTNERSHIP, &partnership.base);
}

static void write_members(struct maker *maker, struct chance, const struct pair *pair)
{
    for (size_t i = 0; i < pair->count; i++) {
        put_count(maker, 2);
        put_text(maker, pair->id);
        put_text(maker, pair->ids[i]);
    }
}

static void write_partnerships(struct maker *maker)
{
    copy_begin_kind(maker, RECORD_PARTNERSHIP);
    each_partnership(maker, write_partnership);
    copy_end(maker);
    copy_begin(maker, "COPY partnership_member (partnership_id, organisation_id) FROM STDIN (FORMAT binary)");
    each_partnership(maker, write_members);
    copy_end(maker);
}

/* ---- the table of all records, and the revision ---- */

static void write_row(struct maker *maker, enum record_kind kind, const char *id)
{
    unsigned char number[2], change_set[8];
    binary_put_u16(number, (uint16_t)kind);
    binary_put_u64(change_set, (uint64_t)maker->change_set);
    put_count(maker, 4);
    put_text(maker, id);
    put_value(maker, (struct column_value){number, sizeof number});
    put_value(maker, (struct column_value){change_set, sizeof change_set});
    put_value(maker, (struct column_value){maker->hashes + maker->record_count++ * HASH_BYTES, HASH_BYTES});
}

static void write_partnership_row(struct maker *maker, struct chance, const struct pair *pair)
{
    write_row(maker, RECORD_PARTNERSHIP, pair->id);
}

static void write_rows(struct maker *maker)
{
    char id[64];
    maker->record_count = 0;
    copy_begin(maker, "COPY record (id, kind, change_set, content_hash) FROM STDIN (FORMAT binary)");
    for (uint64_t i = 0; i < maker->hosts; i++) {
        snprintf(id, sizeof id, "load/h%07" PRIu64, i);
        write_row(maker, RECORD_ORGANISATION, id);
    }
    for (uint64_t i = 0; i < maker->senders; i++) {
        snprintf(id, sizeof id, "load/s%06" PRIu64, i);
        write_row(maker, RECORD_ORGANISATION, id);
    }
    for (uint64_t host = 0; host < maker->hosts; host++)
        for (uint32_t i = 0; i < offer_count(maker, host); i++) {
            snprintf(id, sizeof id, "load/h%07" PRIu64 ".%u", host, i);
            write_row(maker, RECORD_OFFER, id);
        }
    each_partnership(maker, write_partnership_row);
    copy_end(maker);
}

static void begin(struct maker *maker)
{
    run(maker, "BEGIN");
    run(maker, "SET LOCAL session_replication_role = replica");
    run(maker, "SET LOCAL client_min_messages = warning");
    maker->change_set = run(maker, "SELECT nextval('change_set')");
}

static void end(struct maker *maker)
{
    char sql[640];
    snprintf(
        sql, sizeof sql,
        "INSERT INTO registry (id, title, change_set) VALUES ('load', 'Generated', %" PRId64 ");"
        "UPDATE revision_line SET newest = newest + 1, trimmed = newest + 1, changes = changes + %" PRIu64 ";"
        "UPDATE log_trim SET emptied = (SELECT newest FROM revision_line); DELETE FROM change_log;"
        "INSERT INTO revision (revision, change_set, time, change_count, vocabulary, total)"
        " SELECT newest, %" PRId64 ", now(), %" PRIu64 ", false, changes FROM revision_line",
        maker->change_set, maker->record_count + 1, maker->change_set, maker->record_count + 1);
    run(maker, sql);
    run(maker, "COMMIT");
    run(maker, "VACUUM (ANALYZE)");
}

static void timed(struct maker *maker, const char *what, void (*write)(struct maker *maker))
{
    int64_t start_ns = clock_monotonic_ns();
    write(maker);
    printf("%s %.1f s; ", what, (double)(clock_monotonic_ns() - start_ns) / 1e9);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: make_registry CONNINFO WORLD HOSTS [SEED]\n");
        return 2;
    }
    struct arena *arena = arena_new(0);
    struct maker maker = {.pg = PQconnectdb(argv[1]), .codec = column_codec_new(), .arena = arena_new(0)};
    maker.world = world_read(arena, argv[2]);
    maker.hosts = strtoull(argv[3], NULL, 10);
    maker.seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    maker.senders = maker.hosts / HOSTS_EACH_SENDER + 1;
    maker.buffer = heap_alloc(BUFFER_BYTES);
    if (PQstatus(maker.pg) != CONNECTION_OK)
        fail(&maker);
    timed(&maker, "begun", begin);
    timed(&maker, "organisations", write_organisations);
    timed(&maker, "offers", write_offers);
    timed(&maker, "partnerships", write_partnerships);
    timed(&maker, "records", write_rows);
    timed(&maker, "committed and analysed", end);
    printf("%" PRIu64 " records\n", maker.record_count);
    PQfinish(maker.pg);
    column_codec_free(maker.codec);
    arena_free(maker.arena);
    arena_free(arena);
    free(maker.hashes);
    free(maker.buffer);
    return 0;
}
