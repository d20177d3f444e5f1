#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "client/import_vocabulary.h"
#include "import/support.h"

#define SKILL      "http://data.europa.eu/esco/skill/"
#define OCCUPATION "http://data.europa.eu/esco/occupation/"
#define GROUP      "http://data.europa.eu/esco/isced-f/"
#define ISCO       "http://data.europa.eu/esco/isco/"

static const char skills[] =
    "conceptType,conceptUri,skillType,reuseLevel,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,"
    "scopeNote,"
    "definition,inScheme,description\n"
    "KnowledgeSkillCompetence," SKILL
    "weld,skill/competence,sector-specific,weld steel,\"join steel\nweld steel\n\n"
    " steel welding \",,released,2016,,,\"a\nb\",Joins steel parts.\n"
    "KnowledgeSkillCompetence," SKILL
    "steel,knowledge,cross-sector,kinds of steel,,,released,2016,,What steel is.,x,\n";

static const char occupations[] =
    "conceptType,conceptUri,iscoGroup,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,"
    "regulatedProfessionNote,"
    "scopeNote,definition,inScheme,description,code\n"
    "Occupation," OCCUPATION "welder,7212,welder,welding worker,,released,2016,,,,x,Welds.,7212.1\n";

static const char skill_broader[] =
    "conceptType,conceptUri,broaderType,broaderUri\n"
    "SkillGroup," GROUP "071,SkillGroup," GROUP "07\n"
    "KnowledgeSkillCompetence," SKILL "weld,KnowledgeSkillCompetence," SKILL "join\n"
    "KnowledgeSkillCompetence," SKILL "steel,SkillGroup," GROUP "0715\n"
    "KnowledgeSkillCompetence," SKILL "steel,SkillGroup," SKILL "group\n"
    "KnowledgeSkillCompetence," SKILL "steel,SkillGroup," GROUP "0715\n";

static const char occupation_broader[] = "conceptType,conceptUri,broaderType,broaderUri\n"
                                         "Occupation," OCCUPATION "welder,ISCOGroup," ISCO "C7212\n";

static const char skill_skill[] =
    "originalSkillUri,originalSkillType,relationType,relatedSkillType,relatedSkillUri\n" SKILL
    "weld,skill/competence,optional,knowledge," SKILL "steel\n" SKILL
    "weld,skill/competence,essential,knowledge," SKILL "gas\n";

static const char occupation_skill[] =
    "occupationUri,relationType,skillType,skillUri\n" OCCUPATION "welder,essential,skill/competence," SKILL
    "weld\n" OCCUPATION "welder,optional,knowledge," SKILL "steel\n";

static const char regions[] =
    "CNTR_CODE,NUTS_ID,NAME_LATN,NUTS_NAME,MOUNT_TYPE,URBN_TYPE,COAST_TYPE\n"
    "EL,EL30,Attiki,\xce\x91\xcf\x84\xcf\x84\xce\xb9\xce\xba\xce\xae,\"3\",\"1\",\"1\"\n"
    "DE,DE,Deutschland,Deutschland,0,0,0\n";

/* Concepts as text, one a line: "scheme code 'label' other/... 'description' broader: ... related: ... sectors: ... reuse". */
struct reading {
    struct text_buffer concepts;
    size_t left; /* concepts until it stops; 0: never */
};

static void add_list(struct text_buffer *out, const char *title, char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_buffer_format(out, "%s%s", i ? " " : title, items[i]);
}

static bool on_concept(void *context, const Partner__V1__Concept *concept)
{
    struct reading *reading = context;
    struct text_buffer *out = &reading->concepts;
    text_buffer_format(out, "%d %s '%s'", concept->scheme, concept->code, concept->label);
    for (size_t i = 0; i < concept->n_other_labels; i++)
        text_buffer_format(out, " /%s/", concept->other_labels[i]);
    text_buffer_format(out, " '%s'", concept->description);
    add_list(out, " broader: ", concept->broader, concept->n_broader);
    add_list(out, " related: ", concept->related, concept->n_related);
    add_list(out, " sectors: ", concept->sectors, concept->n_sectors);
    text_buffer_format(out, " %s\n", concept->reuse);
    return reading->left != 1 && (!reading->left || reading->left--);
}

static bool read(struct folder *folder, struct reading *reading, const char *const *paths, size_t count)
{
    text_buffer_add(&reading->concepts, "");
    return import_vocabulary(paths, count, &folder->report, on_concept, reading);
}

static const char weld_line[] =
    "2 " SKILL "weld 'weld steel' /join steel/ /steel welding/ 'Joins steel parts.' broader: " SKILL
    "join related: " SKILL "steel " SKILL "gas sector-specific\n";
static const char steel_line[] = "2 " SKILL "steel 'kinds of steel' 'What steel is.' broader: " GROUP
                                 "0715 " SKILL "group sectors: 0715 cross-sector\n";
static const char welder_line[] = "3 " OCCUPATION "welder 'welder' /welding worker/ 'Welds.' broader: " ISCO
                                  "C7212 related: " SKILL "weld \n";
static const char region_lines[] =
    "5 EL30 '\xce\x91\xcf\x84\xcf\x84\xce\xb9\xce\xba\xce\xae' /Attiki/ '' broader: EL3 \n"
    "5 DE 'Deutschland' '' \n";

static void files_of_any_order_give_concepts_with_their_links_by_scheme(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {
        folder_write(folder, "a.csv", regions),          folder_write(folder, "b.csv.gz", occupations),
        folder_write(folder, "c.csv", skills),           folder_write(folder, "d.csv", occupation_broader),
        folder_write(folder, "e.csv.gz", skill_broader), folder_write(folder, "f.csv", skill_skill),
        folder_write(folder, "g.csv", occupation_skill),
    };
    assert_true(read(folder, &reading, paths, sizeof paths / sizeof *paths));
    assert_string_equal(folder->said.bytes, "");
    char *expected =
        arena_format(folder->arena, "%s%s%s%s", weld_line, steel_line, welder_line, region_lines);
    assert_string_equal(reading.concepts.bytes, expected);
    text_buffer_fini(&reading.concepts);
}

static void concepts_alone_have_no_links(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {folder_write(folder, "c.csv", occupations)};
    assert_true(read(folder, &reading, paths, 1));
    assert_string_equal(reading.concepts.bytes,
                        "3 " OCCUPATION "welder 'welder' /welding worker/ 'Welds.' \n");
    text_buffer_fini(&reading.concepts);
}

static void files_that_are_not_needed_are_passed_over_with_a_note(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {
        folder_write(folder, "skillGroups_en.csv",
                     "conceptType,conceptUri,preferredLabel,altLabels,hiddenLabels,status,modifiedDate,"
                     "scopeNote,inScheme,"
                     "description,code\nSkillGroup,x,y,,,,,,,,\n"),
        folder_write(
            folder, "greenSkillsCollection_en.csv",
            "conceptType,conceptUri,preferredLabel,status,skillType,reuseLevel,altLabels,description,"
            "broaderConceptUri,broaderConceptPT\nSkill,x,y,,,,,,,\n"),
        folder_write(folder, "skillsHierarchy_en.csv",
                     "Level 0 URI,Level 0 preferred term,Level 1 URI\nx,y,z\n"),
        folder_write(folder, "NUTS.csv", regions),
    };
    assert_true(read(folder, &reading, paths, 4));
    assert_string_equal(folder->said.bytes, "skillGroups_en.csv is not needed and is passed over\n"
                                            "greenSkillsCollection_en.csv is not needed and is passed over\n"
                                            "skillsHierarchy_en.csv is not needed and is passed over\n");
    assert_string_equal(reading.concepts.bytes, region_lines);
    text_buffer_fini(&reading.concepts);
}

static void an_unknown_file_stops_all_before_the_first_concept(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {folder_write(folder, "c.csv", skills),
                           folder_write(folder, "x.csv", "id,name\n1,2\n"), "/nonexistent/y.csv", "-"};
    assert_false(read(folder, &reading, paths, 4));
    assert_string_equal(folder->said.bytes,
                        "x.csv:1 -: is no vocabulary file of ESCO or NUTS by its header\n"
                        "y.csv:0 -: can't be opened: No such file or directory\n"
                        "-:0 -: a vocabulary is read twice, so it can't come from standard input\n");
    assert_string_equal(reading.concepts.bytes, "");
    text_buffer_fini(&reading.concepts);
}

static void two_languages_are_not_read_at_once(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {folder_write(folder, "skills_en.csv", skills),
                           folder_write(folder, "skills_de.csv", skills)};
    assert_false(read(folder, &reading, paths, 2));
    const char *expected =
        arena_format(folder->arena, "skills_de.csv:0 -: has concepts of the same kind as %s\n", paths[0]);
    assert_string_equal(folder->said.bytes, expected);
    assert_string_equal(reading.concepts.bytes, "");
    text_buffer_fini(&reading.concepts);
}

static void links_without_concepts_are_a_fault(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {folder_write(folder, "b.csv", skill_broader)};
    assert_false(read(folder, &reading, paths, 1));
    assert_string_equal(folder->said.bytes, "b.csv:0 -: there is no file with concepts\n");
    assert_false(read(folder, &reading, NULL, 0));
    text_buffer_fini(&reading.concepts);
}

static void a_row_without_code_or_label_is_named_and_passed_over(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {0};
    const char *paths[] = {folder_write(folder, "n.csv",
                                        "NUTS_ID,NUTS_NAME,NAME_LATN\n,x,x\nDE2,,x\nDE1,Baden-"
                                        "W\xc3\xbcrttemberg,Baden-W\xc3\xbcrttemberg\n")};
    assert_false(read(folder, &reading, paths, 1));
    assert_string_equal(folder->said.bytes, "n.csv:2 NUTS_ID: is empty\nn.csv:3 NUTS_NAME: is empty\n");
    assert_string_equal(reading.concepts.bytes, "5 DE1 'Baden-W\xc3\xbcrttemberg' '' broader: DE \n");
    text_buffer_fini(&reading.concepts);
}

static void a_reader_may_stop(void **state)
{
    struct folder *folder = *state;
    struct reading reading = {.left = 1};
    const char *paths[] = {folder_write(folder, "c.csv", skills), folder_write(folder, "a.csv", regions)};
    assert_true(read(folder, &reading, paths, 2));
    assert_int_equal(strspn(reading.concepts.bytes, "2"), 1);
    assert_null(strstr(reading.concepts.bytes, "steel '"));
    assert_null(strstr(reading.concepts.bytes, "DE"));
    text_buffer_fini(&reading.concepts);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_of_any_order_give_concepts_with_their_links_by_scheme),
        IN_FOLDER(concepts_alone_have_no_links),
        IN_FOLDER(files_that_are_not_needed_are_passed_over_with_a_note),
        IN_FOLDER(an_unknown_file_stops_all_before_the_first_concept),
        IN_FOLDER(two_languages_are_not_read_at_once),
        IN_FOLDER(links_without_concepts_are_a_fault),
        IN_FOLDER(a_row_without_code_or_label_is_named_and_passed_over),
        IN_FOLDER(a_reader_may_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
