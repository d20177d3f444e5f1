#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "client/import_records.h"
#include "import/support.h"
#include "rpc/json.h"

/* Changes as text: "line json\n". */
struct reading {
    struct import_sink sink;
    struct text_buffer changes;
    size_t left;        /* changes until it stops; 0: never */
    bool changes_arena; /* takes another arena after each */
};

static bool on_change(void *context, const struct import_change *change)
{
    struct reading *reading = context;
    text_buffer_format(&reading->changes, "%zu ", change->line);
    json_from_message(&reading->changes, &change->change->base, 0);
    text_buffer_add(&reading->changes, "\n");
    if (reading->changes_arena) {
        arena_free(reading->sink.arena);
        reading->sink.arena = arena_new(0);
    }
    return reading->left != 1 && (!reading->left || reading->left--);
}

static bool read(struct folder *folder, struct reading *reading, const char *name, const char *content)
{
    reading->sink = (struct import_sink){.arena = arena_new(0), .change = on_change, .context = reading};
    text_buffer_add(&reading->changes, "");
    text_buffer_clear(&folder->said);
    bool good = import_records(folder_write(folder, name, content), &folder->report, &reading->sink);
    arena_free(reading->sink.arena);
    return good;
}

static const struct {
    const char *content, *changes, *said;
} rows[] = {
    /* JSON lines */
    {"{\"organisation\":{\"id\":\"es/1\",\"roles\":[\"ROLE_HOSTING\"]}}\n",
     "1 {\"upsert\":{\"organisation\":{\"id\":\"es/1\",\"roles\":[\"ROLE_HOSTING\"]}}}\n", ""},
    {"\n  {\"upsert\": {\"offer\": {\"organisation_id\": \"es/1\"}}}\r\n\n{\"deleteId\":\"es/2\"}",
     "2 {\"upsert\":{\"offer\":{\"organisationId\":\"es/1\"}}}\n4 {\"deleteId\":\"es/2\"}\n", ""},
    {"\xef\xbb\xbf{\"delete_id\":\"es/2\"}", "1 {\"deleteId\":\"es/2\"}\n", ""},
    {"{\"need\":{}}\n{\"nead\":{}}\n{\"need\":{\"id\":\"es/2\"}}\n",
     "1 {\"upsert\":{\"need\":{}}}\n3 {\"upsert\":{\"need\":{\"id\":\"es/2\"}}}\n", "2 nead"},
    {"{\"need\":{\"duration\":{\"minDays\":\"x\"}}}\n", "", "1 need.duration.min_days"},
    {"{\"upsert\":{\"need\":{\"eqfLevel\":-1}}}\n", "", "1 upsert.need.eqf_level"},
    {"{}\n{\"upsert\":{}}\n", "", "holds no organisation, offer, need or partnership"},
    {"{\"need\":{}\n", "", "1 -"},

    /* CSV: one kind, in front of each column */
    {"organisation.id,organisation.name,organisation.sectors\nes/1,\"One, two\",0715|02\nes/2,,\n",
     "2 {\"upsert\":{\"organisation\":{\"id\":\"es/1\",\"name\":\"One, "
     "two\",\"sectors\":[\"0715\",\"02\"]}}}\n"
     "3 {\"upsert\":{\"organisation\":{\"id\":\"es/2\"}}}\n",
     ""},
    {"offer.id;offer.duration.min_days;offer.duration.maxDays\nes/1;5;10\n",
     "2 {\"upsert\":{\"offer\":{\"id\":\"es/1\",\"duration\":{\"minDays\":5,\"maxDays\":10}}}}\n", ""},
    {"organisation.roles,organisation.themes\n\"hosting | ROLE_SENDING\",Green\n",
     "2 "
     "{\"upsert\":{\"organisation\":{\"roles\":[\"ROLE_HOSTING\",\"ROLE_SENDING\"],\"themes\":[\"THEME_"
     "GREEN\"]}}}\n",
     ""},
    {"offer.languages.language,offer.languages.level,offer.recognition.validated_by_host\nen|de|fr,B1||c2,"
     "yes\n",
     "2 "
     "{\"upsert\":{\"offer\":{\"languages\":[{\"language\":\"en\",\"level\":\"CEFR_LEVEL_B1\"},{\"language\":"
     "\"de\"},"
     "{\"language\":\"fr\",\"level\":\"CEFR_LEVEL_C2\"}],\"recognition\":{\"validatedByHost\":true}}}}\n",
     ""},
    {"offer.windows.period.start_date,offer.windows.places\n|2027-01-01,1|2\n",
     "2 "
     "{\"upsert\":{\"offer\":{\"windows\":[{\"places\":1},{\"period\":{\"startDate\":\"2027-01-01\"},"
     "\"places\":2}]}}}\n",
     ""},
    {"organisation.location.latitude,organisation.location.longitude\n41.5,-2\n",
     "2 {\"upsert\":{\"organisation\":{\"location\":{\"latitude\":41.5,\"longitude\":-2}}}}\n", ""},
    {"partnership.organisation_ids,partnership.mobilities\nes/1|de/2,7\n",
     "2 {\"upsert\":{\"partnership\":{\"organisationIds\":[\"es/1\",\"de/2\"],\"mobilities\":7}}}\n", ""},

    /* several kinds */
    {"organisation.id,offer.id,offer.organisation_id,delete_id\nes/1,es/o1,es/1,\n,es/o2,es/1,es/"
     "old\n,,,\n,,,es/x\n",
     "2 {\"upsert\":{\"organisation\":{\"id\":\"es/1\"}}}\n"
     "2 {\"upsert\":{\"offer\":{\"id\":\"es/o1\",\"organisationId\":\"es/1\"}}}\n"
     "3 {\"upsert\":{\"offer\":{\"id\":\"es/o2\",\"organisationId\":\"es/1\"}}}\n"
     "3 {\"deleteId\":\"es/old\"}\n5 {\"deleteId\":\"es/x\"}\n",
     ""},
    {"kind,id,organisation_id,sectors\norganisation,es/1,,0715\noffer,es/2,es/1,\n",
     "2 {\"upsert\":{\"organisation\":{\"id\":\"es/1\",\"sectors\":[\"0715\"]}}}\n"
     "3 {\"upsert\":{\"offer\":{\"id\":\"es/2\",\"organisationId\":\"es/1\"}}}\n",
     ""},

    /* faults of the header: nothing is read */
    {"organisation.id,organisation.nme\nes/1,x\n", "",
     "1 organisation.nme: there is no field 'nme'; there are: id, roles"},
    {"id,name\nes/1,x\n", "",
     "1 name: has no kind in front (as organisation.name), and there is no column 'kind'"},
    {"kind,idd\noffer,x\n", "", "1 idd: there is no field 'idd'"},
    {"organisation.id,organisation.id\nes/1,es/2\n", "", "1 organisation.id: is there twice"},
    {"organisation\nx\n", "", "1 organisation: names a kind of record and no field of it"},
    {"offer.duration\n5\n", "", "1 offer.duration: 'duration' has parts: min_days, max_days"},
    {"offer.title.x\n5\n", "", "1 offer.title.x: there is nothing below 'title'"},

    /* faults of a row: it alone is passed over */
    {"offer.id,offer.duration.min_days\nes/1,x\nes/2,5\n",
     "3 {\"upsert\":{\"offer\":{\"id\":\"es/2\",\"duration\":{\"minDays\":5}}}}\n",
     "2 offer.duration.min_days: 'x' is no number from 0 to 4294967295"},
    {"need.learners\n4294967296\n-1\n", "", "3 need.learners: '-1' is no number"},
    {"organisation.roles\nhost\n", "",
     "2 organisation.roles: 'host' is none of SENDING, HOSTING, EMPLOYER, INTERMEDIARY"},
    {"organisation.sectors\n02||03\n", "", "2 organisation.sectors: has an empty item"},
    {"organisation.location.latitude\n\"41,5\"\n", "",
     "2 organisation.location.latitude: '41,5' is no number"},
    {"organisation.location.latitude\nnan\n", "", "2 organisation.location.latitude: 'nan' is no number"},
    {"offer.recognition.validated_by_host\nperhaps\n", "", "'perhaps' is neither true nor false"},
    {"kind,id,learners\nhost,es/1,\noffer,es/2,3\n,es/3,\n", "",
     "2 kind: is none of organisation, offer, need, partnership"},
    {"kind,id,learners\noffer,es/2,3\n", "", "2 learners: is no field of kind offer"},
    {"kind,id,learners\n,es/2,\n", "", "2 id: has a value in a row of no kind"},

    {"", "", ""},
    {" \n", "", "is empty"},
};

static void files_become_changes(void **state)
{
    struct folder *folder = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading reading = {0};
        bool good = read(folder, &reading, "f", rows[i].content);
        const char *said = *rows[i].said ? strstr(folder->said.bytes, rows[i].said) : folder->said.bytes;
        if (!said || !text_equal(reading.changes.bytes, rows[i].changes) || good != !*rows[i].said)
            print_message("%s\nsaid: %s\n", rows[i].content, folder->said.bytes);
        assert_string_equal(reading.changes.bytes, rows[i].changes);
        assert_non_null(said);
        assert_int_equal(good, !*rows[i].said);
        assert_true(*rows[i].said || !*folder->said.bytes);
        text_buffer_fini(&reading.changes);
    }
}

static void gzip_reads_like_plain(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    assert_true(read(folder, &reading, "f.jsonl.gz", "{\"deleteId\":\"es/1\"}\n"));
    assert_string_equal(reading.changes.bytes, "1 {\"deleteId\":\"es/1\"}\n");
    text_buffer_fini(&reading.changes);
    reading = (struct reading){0};
    assert_true(read(folder, &reading, "f.csv.gz", "delete_id\nes/1\n"));
    assert_string_equal(reading.changes.bytes, "2 {\"deleteId\":\"es/1\"}\n");
    text_buffer_fini(&reading.changes);
}

static void the_sink_may_take_another_arena_after_each_change(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {.changes_arena = true};
    assert_true(read(folder, &reading, "f",
                     "organisation.id,offer.id,offer.support,delete_id\nes/1,es/2,a|b,es/3\nes/4,,,\n"));
    assert_string_equal(reading.changes.bytes,
                        "2 {\"upsert\":{\"organisation\":{\"id\":\"es/1\"}}}\n"
                        "2 {\"upsert\":{\"offer\":{\"id\":\"es/2\",\"support\":[\"a\",\"b\"]}}}\n"
                        "2 {\"deleteId\":\"es/3\"}\n"
                        "3 {\"upsert\":{\"organisation\":{\"id\":\"es/4\"}}}\n");
    text_buffer_fini(&reading.changes);
}

static void a_reader_may_stop(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {.left = 1};
    assert_true(read(folder, &reading, "f", "{\"deleteId\":\"es/1\"}\n{\"deleteId\":\"es/2\"}\n"));
    assert_string_equal(reading.changes.bytes, "1 {\"deleteId\":\"es/1\"}\n");
    text_buffer_fini(&reading.changes);
    reading = (struct reading){.left = 1};
    assert_true(read(folder, &reading, "f", "organisation.id,offer.id\nes/1,es/2\nes/3,es/4\n"));
    assert_string_equal(reading.changes.bytes, "2 {\"upsert\":{\"organisation\":{\"id\":\"es/1\"}}}\n");
    text_buffer_fini(&reading.changes);
}

static void a_line_that_is_too_long_is_named_and_the_next_one_is_read(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    struct text_buffer content = {0};
    text_buffer_add(&content, "{\"deleteId\":\"");
    for (int i = 0; i < 5 * 1024; i++)
        text_buffer_format(&content, "%01024d", i);
    text_buffer_add(&content, "\"}\n{\"deleteId\":\"es/2\"}\n");
    assert_false(read(folder, &reading, "f", content.bytes));
    assert_string_equal(folder->said.bytes, "f:1 -: is longer than 4194304 bytes\n");
    assert_string_equal(reading.changes.bytes, "2 {\"deleteId\":\"es/2\"}\n");
    text_buffer_fini(&reading.changes);
    text_buffer_fini(&content);
}

static void lines_that_lie_across_pieces_are_whole(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    struct text_buffer content = {0}, expected = {0};
    for (int i = 0; i < 20000; i++) {
        text_buffer_format(&content, "{\"deleteId\":\"es/%d\"}\n", i);
        text_buffer_format(&expected, "%d {\"deleteId\":\"es/%d\"}\n", i + 1, i);
    }
    assert_true(read(folder, &reading, "f", content.bytes));
    assert_string_equal(reading.changes.bytes, expected.bytes);
    text_buffer_fini(&reading.changes);
    text_buffer_fini(&content);
    text_buffer_fini(&expected);
}

static void what_is_not_there_is_a_fault(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {.sink = {.change = on_change}};
    assert_false(import_records("/nonexistent/f", &folder->report, &reading.sink));
    assert_string_equal(folder->said.bytes, "f:0 -: can't be opened: No such file or directory\n");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_become_changes),
        IN_FOLDER(gzip_reads_like_plain),
        IN_FOLDER(the_sink_may_take_another_arena_after_each_change),
        IN_FOLDER(a_reader_may_stop),
        IN_FOLDER(a_line_that_is_too_long_is_named_and_the_next_one_is_read),
        IN_FOLDER(lines_that_lie_across_pieces_are_whole),
        IN_FOLDER(what_is_not_there_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
