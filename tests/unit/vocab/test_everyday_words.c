#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "vocab/lookup.h"
#include "vocab/support_vocab.h"

/* What a teacher or a company would type, and the field it is of; the narrow field around it will do. */
static const struct {
    const char *words, *sector;
} everyday[] = {
    {"welding", "0715"},
    {"welder", "0715"},
    {"nursing", "0913"},
    {"nurse", "0913"},
    {"cook", "1013"},
    {"cooking", "1013"},
    {"chef", "1013"},
    {"waiter", "1013"},
    {"hotel", "1013"},
    {"catering", "1013"},
    {"baker", "0721"},
    {"butcher", "0721"},
    {"hairdresser", "1012"},
    {"hairdressing", "1012"},
    {"beautician", "1012"},
    {"car mechanic", "0716"},
    {"automotive", "0716"},
    {"electrician", "0713"},
    {"plumber", "0732"},
    {"plumbing", "0732"},
    {"bricklayer", "0732"},
    {"carpenter", "0732"},
    {"carpentry", "0732"},
    {"painter and decorator", "0732"},
    {"mechatronics", "0714"},
    {"robotics", "0714"},
    {"electronics", "0714"},
    {"programming", "0613"},
    {"programmer", "0613"},
    {"web developer", "0613"},
    {"computer networks", "0612"},
    {"accounting", "0411"},
    {"bookkeeping", "0411"},
    {"secretary", "0415"},
    {"office work", "0415"},
    {"sales", "0416"},
    {"shop assistant", "0416"},
    {"retail", "0416"},
    {"marketing", "0414"},
    {"logistics", "0413"},
    {"truck driver", "1041"},
    {"tourism", "1015"},
    {"tour guide", "1015"},
    {"sports coach", "1014"},
    {"gardener", "0812"},
    {"gardening", "0812"},
    {"florist", "0214"},
    {"farming", "0811"},
    {"farmer", "0811"},
    {"forestry", "0821"},
    {"fishing", "0831"},
    {"veterinary", "0841"},
    {"childcare", "0922"},
    {"kindergarten teacher", "0112"},
    {"elderly care", "0921"},
    {"social work", "0923"},
    {"dental technician", "0911"},
    {"pharmacy", "0916"},
    {"fashion design", "0212"},
    {"tailor", "0723"},
    {"sewing", "0723"},
    {"joiner", "0722"},
    {"furniture", "0722"},
    {"photography", "0211"},
    {"graphic design", "0211"},
    {"jewellery", "0214"},
    {"security guard", "1032"},
    {"cleaning", "1011"},
    {"chemical engineering", "0711"},
    {"mining", "0724"},
};

static void everyday_words_find_their_field_of_education(void **)
{
    struct vocabulary *vocabulary = support_shipped("isced_f_2013.tsv", SCHEME_SECTOR);
    assert_non_null(vocabulary);
    struct arena *arena = arena_new(0);
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof everyday / sizeof *everyday; i++) {
        struct lookup_hit hit;
        size_t count = lookup_search(vocabulary, arena, SCHEME_SECTOR, everyday[i].words, "", &hit, 1);
        const char *found = count ? vocabulary_code(vocabulary, hit.concept) : "nothing";
        struct lookup_hit read = lookup_interpret(vocabulary, arena, SCHEME_SECTOR, everyday[i].words);
        bool same = read.concept != CONCEPT_NONE && count && read.concept == hit.concept && read.score >= 0.5;
        if (strlen(found) >= 3 && strncmp(found, everyday[i].sector, strlen(found)) == 0 && same)
            continue;
        print_error("%s: %s instead of %s, read with %f\n", everyday[i].words, found, everyday[i].sector,
                    read.score);
        wrong++;
    }
    arena_free(arena);
    vocabulary_release(vocabulary);
    assert_int_equal(wrong, 0);
}

static void each_starter_outcome_is_read_by_its_own_labels(void **)
{
    struct vocabulary *vocabulary = support_shipped("starter_outcomes.tsv", SCHEME_OUTCOME);
    assert_non_null(vocabulary);
    assert_true(vocabulary_concept_count(vocabulary) >= 400);
    struct arena *arena = arena_new(0);
    for (uint32_t i = 0; i < vocabulary_concept_count(vocabulary); i++) {
        const struct concept_words *words = vocabulary_words(vocabulary, i, "en");
        struct lookup_hit read = lookup_interpret(vocabulary, arena, SCHEME_OUTCOME, words->label);
        if (read.score != 1 || read.concept != i)
            fail_msg("%s is read as %s", words->label, vocabulary_code(vocabulary, read.concept));
    }
    arena_free(arena);
    vocabulary_release(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyday_words_find_their_field_of_education),
        cmocka_unit_test(each_starter_outcome_is_read_by_its_own_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
