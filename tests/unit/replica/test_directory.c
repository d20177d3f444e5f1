#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "replica/directory.h"

/* An organisation in few words; lists apart by '|', "" for none. */
struct small {
    const char *id, *name, *other_names, *city, *country, *identifiers, *sectors;
    Partner__V1__Role role;
};

static size_t split(char *text, char *items[16])
{
    size_t count = 0;
    for (char *item = strtok(text, "|"); item; item = strtok(NULL, "|"))
        items[count++] = item;
    return count;
}

static void put(struct directory_builder *builder, const struct small *small)
{
    pb_organisation organisation;
    partner__v1__organisation__init(&organisation);
    char names[300], identifiers[300], sectors[100], *name_items[16], *identifier_items[16],
        *sector_items[16];
    strcpy(names, small->other_names ? small->other_names : "");
    strcpy(identifiers, small->identifiers ? small->identifiers : "");
    strcpy(sectors, small->sectors ? small->sectors : "");
    Partner__V1__Text texts[16], *text_pointers[16];
    pb_identifier values[16], *value_pointers[16];
    organisation.id = (char *)(uintptr_t)small->id;
    organisation.name = (char *)(uintptr_t)small->name;
    organisation.city = (char *)(uintptr_t)(small->city ? small->city : "");
    organisation.country = (char *)(uintptr_t)(small->country ? small->country : "");
    organisation.n_other_names = split(names, name_items);
    for (size_t i = 0; i < organisation.n_other_names; i++) {
        partner__v1__text__init(&texts[i]);
        texts[i].value = name_items[i];
        text_pointers[i] = &texts[i];
    }
    organisation.other_names = text_pointers;
    organisation.n_identifiers = split(identifiers, identifier_items);
    for (size_t i = 0; i < organisation.n_identifiers; i++) {
        partner__v1__identifier__init(&values[i]);
        values[i].value = identifier_items[i];
        values[i].former = i % 2;
        value_pointers[i] = &values[i];
    }
    organisation.identifiers = value_pointers;
    organisation.n_sectors = split(sectors, sector_items);
    organisation.sectors = sector_items;
    Partner__V1__Role role = small->role;
    organisation.n_roles = role != 0;
    organisation.roles = &role;
    directory_builder_put(builder, &organisation);
}

static const struct small few[] = {
    {"de/tub", "Technische Universität Berlin", "Berlin Institute of Technology|TU Berlin", "Berlin", "DE",
     "E10209106|999986096|tu-berlin.de|D BERLIN02", "07|0613", 2},
    {"de/bsz", "Berufsschulzentrum Leipzig", "", "Leipzig", "DE", "E10209999|DE 123 456 789", "071", 1},
    {"es/tec", "Instituto Técnico de Málaga", "", "Málaga", "ES", "E 1000 0001", "0715", 1},
    {"es/pan", "Panadería Berlín", "", "Sevilla", "ES", "", "0721", 3},
    {"el/sch", "Επαγγελματικό Λύκειο Αθηνών", "Vocational School of Athens", "Αθήνα", "EL", "", "", 2},
    {"pl/ber", "Bernard Berger", "", "Łódź", "PL", "", "1013", 3},
    {"fi/tec", "Technical College", "", "Oulu", "FI", "", "07", 1},
};

struct fixture {
    struct directory_builder *builder;
    const struct directory *directory;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.builder = directory_builder_new();
    for (size_t i = 0; i < sizeof few / sizeof *few; i++)
        put(fixture.builder, &few[i]);
    fixture.directory = directory_builder_publish(fixture.builder);
    fixture.arena = arena_new(0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    directory_release(fixture->directory);
    directory_builder_free(fixture->builder);
    arena_free(fixture->arena);
    return 0;
}

/* The ids that a query finds, apart by blanks. */
static const char *found(const struct directory *directory, struct arena *arena,
                         const struct directory_query *query)
{
    struct directory_hit hits[20];
    size_t count = directory_find(directory, arena, query, NULL, hits, 20);
    char *list = arena_strdup(arena, "");
    for (size_t i = 0; i < count; i++)
        list = arena_format(arena, "%s%s%s", list, i ? " " : "", hits[i].id);
    return list;
}

static void assert_found(void **state, const char *words, const char *ids)
{
    struct fixture *fixture = *state;
    struct directory_query query = {.words = words};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), ids);
}

static void without_words_all_come_in_order_of_id(void **state)
{
    assert_found(state, "", "de/bsz de/tub el/sch es/pan es/tec fi/tec pl/ber");
    assert_found(state, NULL, "de/bsz de/tub el/sch es/pan es/tec fi/tec pl/ber");
}

static void every_word_must_be_found(void **state)
{
    assert_found(state, "berlin technische", "de/tub");
    assert_found(state, "berlin oulu", "");
    assert_found(state, "technical oulu", "fi/tec");
    assert_found(state, "nowhere", "");
}

static void accents_and_case_do_not_matter(void **state)
{
    assert_found(state, "MALAGA tecnico", "es/tec");
    assert_found(state, "technische UNIVERSITAT", "de/tub");
    assert_found(state, "lodz", "pl/ber");
    assert_found(state, "λυκειο ΑΘΗΝΩΝ", "el/sch");
}

static void other_names_and_the_city_are_searched_too(void **state)
{
    assert_found(state, "institute technology", "de/tub");
    assert_found(state, "athens", "el/sch");
    assert_found(state, "leipzig", "de/bsz");
}

static void the_start_of_a_word_is_found(void **state)
{
    assert_found(state, "beruf", "de/bsz");
    assert_found(state, "schulzentrum", "");
}

static void better_fits_come_first(void **state)
{
    assert_found(state, "berlin", "de/tub es/pan"); /* half a name each */
    assert_found(state, "techni", "fi/tec de/tub");
}

static void an_identifier_in_any_spelling_hits(void **state)
{
    assert_found(state, "E10209106", "de/tub");
    assert_found(state, "e 1020 9106", "de/tub");
    assert_found(state, "E-10209106", "de/tub");
    assert_found(state, "d  berlin02", "de/tub");
    assert_found(state, "TU-Berlin.DE", "de/tub");
    assert_found(state, "E10000001", "es/tec");
    assert_found(state, "de123456789", "de/bsz"); /* a former one */
    assert_found(state, "E1020", "");
}

static void words_and_an_identifier_go_together(void **state)
{
    assert_found(state, "malaga e10 000 001", "es/tec");
    assert_found(state, "leipzig e10 000 001", "");
}

static void the_id_and_its_key_are_found(void **state)
{
    assert_found(state, "es/tec", "es/tec");
    assert_found(state, "tub", "de/tub");
}

static void an_identifier_alone_is_the_best_fit(void **state)
{
    struct fixture *fixture = *state;
    struct directory_query query = {.words = "999986096"};
    struct directory_hit hit;
    assert_int_equal(directory_find(fixture->directory, fixture->arena, &query, NULL, &hit, 1), 1);
    assert_int_equal(hit.score, 1000000);
}

static void each_filter_that_is_stated_holds(void **state)
{
    struct fixture *fixture = *state;
    struct directory_query query = {.roles = (const Partner__V1__Role[]){2, 3}, .role_count = 2};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "de/tub el/sch es/pan pl/ber");
    query = (struct directory_query){.countries = (const char *const[]){"EL", "FI"}, .country_count = 2};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "el/sch fi/tec");
    query = (struct directory_query){.countries = (const char *const[]){"GR"}, .country_count = 1};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "el/sch");
    query = (struct directory_query){.sectors = (const char *const[]){"071"}, .sector_count = 1};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "de/bsz de/tub es/tec fi/tec");
    query = (struct directory_query){.registry = "es"};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "es/pan es/tec");
    query = (struct directory_query){.registry = "e"};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "");
    query = (struct directory_query){.words = "berlin", .registry = "de"};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "de/tub");
}

static void changes_show_in_the_next_publication_alone(void **state)
{
    struct fixture *fixture = *state;
    put(fixture->builder, &(struct small){"de/tub", "Neuer Name", "", "", "DE", "", "", 1});
    directory_builder_remove(fixture->builder, "es/tec");
    directory_builder_remove(fixture->builder, "es/none");
    put(fixture->builder, &(struct small){"aa/new", "Berlin", "", "", "", "", "", 0});
    put(fixture->builder, &(struct small){"aa/gone", "Berlin", "", "", "", "", "", 0});
    directory_builder_remove(fixture->builder, "aa/gone");
    const struct directory *next = directory_builder_publish(fixture->builder);
    struct directory_query query = {.words = "berlin"}, all = {0};
    assert_string_equal(found(fixture->directory, fixture->arena, &query), "de/tub es/pan");
    assert_string_equal(found(next, fixture->arena, &query), "aa/new es/pan");
    assert_string_equal(found(next, fixture->arena, &all),
                        "aa/new de/bsz de/tub el/sch es/pan fi/tec pl/ber");
    assert_int_equal(directory_count(fixture->directory), 7);
    assert_int_equal(directory_count(next), 7);
    directory_release(next);
}

static void nothing_new_publishes_the_same_again(void **state)
{
    struct fixture *fixture = *state;
    const struct directory *again = directory_builder_publish(fixture->builder);
    assert_ptr_equal(again, fixture->directory);
    directory_release(again);
}

static void an_empty_directory_answers(void **)
{
    struct directory_builder *builder = directory_builder_new();
    const struct directory *directory = directory_builder_publish(builder);
    struct arena *arena = arena_new(0);
    assert_int_equal(directory_count(directory), 0);
    assert_string_equal(found(directory, arena, &(struct directory_query){.words = "x"}), "");
    assert_string_equal(found(directory, arena, &(struct directory_query){0}), "");
    arena_free(arena);
    directory_release(directory);
    directory_builder_free(builder);
}

/* ---- against a plain loop, while the directory changes ---- */

enum { RANDOM_IDS = 3000, ROUNDS = 60 };

struct made {
    bool there;
    char id[16], name[80], city[20], identifiers[40];
    const char *country, *sectors;
};

static unsigned roll(unsigned *state, unsigned below)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 8) % below;
}

static const char *const word_list[] = {"school", "schule", "Technical", "college", "Málaga",
                                        "bake",   "baker",  "Institut",  "de",      "la",
                                        "north",  "South",  "Ecole",     "école"};

static void make(struct made *made, unsigned number, unsigned *state)
{
    static const char *const countries[] = {"DE", "FR", "GR", "ES"};
    static const char *const sectors[] = {"", "07", "0715", "1013|0721", "081"};
    made->there = true;
    snprintf(made->id, sizeof made->id, "%s/%04u", number % 3 ? "aa" : "bb", number);
    made->name[0] = '\0';
    for (unsigned i = 0; i <= roll(state, 4); i++) {
        strcat(made->name, word_list[roll(state, 14)]);
        strcat(made->name, " ");
    }
    strcpy(made->city, word_list[roll(state, 14)]);
    snprintf(made->identifiers, sizeof made->identifiers, "E%08u", roll(state, 5000));
    made->country = countries[roll(state, 4)];
    made->sectors = sectors[roll(state, 5)];
}

static bool begins_a_word(struct arena *arena, const char *text, const char *word)
{
    char *padded = arena_format(arena, " %s", text_fold(arena, text));
    return strstr(padded, arena_format(arena, " %s", word)) != NULL;
}

/* By the description of the query alone; identifiers only where they are the whole query. */
static bool plainly_found(struct arena *arena, const struct made *made, const struct directory_query *query)
{
    if (query->registry && strncmp(made->id, query->registry, 2) != 0)
        return false;
    if (query->country_count && strcmp(made->country, query->countries[0]) != 0)
        return false;
    if (query->sector_count && !strstr(made->sectors, query->sectors[0]) &&
        !(*made->sectors && strncmp(made->sectors, query->sectors[0], strlen(made->sectors)) == 0))
        return false;
    if (strcasecmp(query->words, made->identifiers) == 0)
        return true;
    char *folded = text_fold(arena, query->words);
    for (char *word = strtok(folded, " "); word; word = strtok(NULL, " "))
        if (!begins_a_word(arena, made->name, word) && !begins_a_word(arena, made->city, word))
            return false;
    return true;
}

static void compare_with_plain_loop(const struct directory *directory, const struct made *all,
                                    const struct directory_query *query, size_t page)
{
    struct arena *arena = arena_new(0);
    size_t expected = 0, got = 0;
    bool *seen = arena_array(arena, RANDOM_IDS, sizeof *seen);
    for (unsigned i = 0; i < RANDOM_IDS; i++)
        expected += all[i].there && plainly_found(arena, &all[i], query);
    struct directory_hit *hits = arena_array(arena, page, sizeof *hits), last = {0};
    for (size_t count;; got += count) {
        count = directory_find(directory, arena, query, got ? &last : NULL, hits, page);
        for (size_t i = 0; i < count; i++) {
            unsigned number = (unsigned)atoi(hits[i].id + 3);
            assert_true(all[number].there && !seen[number] && plainly_found(arena, &all[number], query));
            seen[number] = true;
            assert_true((got == 0 && i == 0) || last.score > hits[i].score ||
                        (last.score == hits[i].score && strcmp(last.id, hits[i].id) < 0));
            last = hits[i];
        }
        if (count < page) {
            got += count;
            break;
        }
    }
    assert_int_equal(got, expected);
    arena_free(arena);
}

/* Begins a fold where one is due, and ends the one that is under way some rounds later. */
static struct directory_fold *go_on_folding(struct directory_builder *builder, struct directory_fold *fold,
                                            unsigned *state, unsigned *finished)
{
    if (!fold && (fold = directory_fold_begin(builder)) != NULL)
        directory_fold_run(fold);
    else if (fold && roll(state, 4) == 0) {
        directory_fold_finish(builder, fold);
        directory_fold_free(fold);
        fold = NULL;
        ++*finished;
    }
    return fold;
}

static void pages_together_are_what_a_plain_loop_finds(void **)
{
    static struct made all[RANDOM_IDS];
    static const char *const queries[] = {"",           "school", "sch",       "ecole",
                                          "malaga bak", "de la",  "E00000017", "north x"};
    unsigned state = 7, finished = 0;
    struct directory_builder *builder = directory_builder_new();
    struct directory_fold *fold = NULL;
    memset(all, 0, sizeof all);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = round ? roll(&state, 120) : 2500; i > 0; i--) {
            unsigned number = roll(&state, RANDOM_IDS);
            struct made *made = &all[number];
            if (made->there && roll(&state, 3) == 0) {
                made->there = false;
                directory_builder_remove(builder, made->id);
                continue;
            }
            make(made, number, &state);
            put(builder, &(struct small){made->id, made->name, "", made->city, made->country,
                                         made->identifiers, made->sectors, 1});
        }
        fold = go_on_folding(builder, fold, &state, &finished);
        const struct directory *directory = directory_builder_publish(builder);
        size_t there = 0;
        for (unsigned i = 0; i < RANDOM_IDS; i++)
            there += all[i].there;
        assert_int_equal(directory_count(directory), there);
        struct directory_query query = {.words = queries[roll(&state, 8)]};
        query.registry = roll(&state, 3) ? NULL : "aa";
        query.countries = (const char *const[]){"GR"};
        query.country_count = roll(&state, 3) == 0;
        query.sectors = (const char *const[]){roll(&state, 2) ? "07" : "0715"};
        query.sector_count = roll(&state, 3) == 0;
        compare_with_plain_loop(directory, all, &query, 1 + roll(&state, 90));
        directory_release(directory);
    }
    assert_true(finished >= 3);
    directory_fold_free(fold);
    directory_builder_free(builder);
}

static void a_fold_that_is_not_finished_is_freed_with_all_it_made(void **)
{
    struct directory_builder *builder = directory_builder_new();
    static struct made made;
    unsigned state = 3;
    for (unsigned i = 0; i < RANDOM_IDS; i++) {
        make(&made, i, &state);
        put(builder, &(struct small){made.id, made.name, "", made.city, made.country, made.identifiers,
                                     made.sectors, 1});
        if (i % 1000 == 0)
            directory_release(directory_builder_publish(builder));
    }
    directory_release(directory_builder_publish(builder));
    struct directory_fold *fold = directory_fold_begin(builder);
    assert_non_null(fold);
    directory_fold_run(fold);
    directory_builder_remove(builder, "bb/0003");
    directory_release(directory_builder_publish(builder));
    directory_builder_free(builder);
    directory_fold_free(fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_words_all_come_in_order_of_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_word_must_be_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(accents_and_case_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_names_and_the_city_are_searched_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_start_of_a_word_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(better_fits_come_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_identifier_in_any_spelling_hits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_and_an_identifier_go_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_id_and_its_key_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_identifier_alone_is_the_best_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_filter_that_is_stated_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changes_show_in_the_next_publication_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_new_publishes_the_same_again, set_up, tear_down),
        cmocka_unit_test(an_empty_directory_answers),
        cmocka_unit_test(pages_together_are_what_a_plain_loop_finds),
        cmocka_unit_test(a_fold_that_is_not_finished_is_freed_with_all_it_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
