#include "client/import_vocabulary.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/import_csv.h"
#include "client/import_links.h"

typedef Partner__V1__Concept pb_concept;

enum { COLUMNS_MOST = 6 };

struct file_format;

struct vocabulary_import {
    struct import_report *report;
    import_concept_fn *concept;
    void *context;
    const char *const *paths;
    const struct file_format **formats; /* of each path */
    size_t path_count;
    struct import_links *links;
    struct arena *arena; /* a row's */
    bool stopped;
    /* The file that is read. */
    const struct file_format *format;
    size_t at[COLUMNS_MOST]; /* where the format's columns are */
};

/* ---- formats ---- */

/* A format is the columns that it is known by; a row's function finds them by their place in this list. */
struct file_format {
    const char *columns[COLUMNS_MOST];
    Partner__V1__Scheme scheme; /* of its concepts; UNSPECIFIED: it has links, or is not needed */
    void (*read_row)(struct vocabulary_import *import, const struct import_row *row); /* NULL: not needed */
};

static const char *cell(const struct vocabulary_import *import, const struct import_row *row, size_t column)
{
    return row->cells[import->at[column]];
}

/* ---- rows with links ---- */

enum { BROADER_FROM, BROADER_TO };

static void read_broader(struct vocabulary_import *import, const struct import_row *row)
{
    import_links_add(import->links, IMPORT_LINK_BROADER, cell(import, row, BROADER_FROM),
                     cell(import, row, BROADER_TO));
}

enum { SKILL_FROM, SKILL_TO };

static void read_skill_skill(struct vocabulary_import *import, const struct import_row *row)
{
    import_links_add(import->links, IMPORT_LINK_RELATED, cell(import, row, SKILL_FROM),
                     cell(import, row, SKILL_TO));
}

enum { OCCUPATION_FROM, OCCUPATION_RELATION, OCCUPATION_TO };

static void read_occupation_skill(struct vocabulary_import *import, const struct import_row *row)
{
    if (text_equal(cell(import, row, OCCUPATION_RELATION), "essential"))
        import_links_add(import->links, IMPORT_LINK_RELATED, cell(import, row, OCCUPATION_FROM),
                         cell(import, row, OCCUPATION_TO));
}

/* ---- rows with concepts ---- */

/* ESCO's texts have a control character here and there, which the server refuses: blanks, but for ends of lines. */
static char *clean_text(struct arena *arena, const char *text)
{
    char *copy = text_unify_newlines(arena_strdup(arena, text));
    for (unsigned char *at = (unsigned char *)copy; *at; at++) {
        bool two_bytes = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        if (two_bytes)
            *at++ = ' ';
        if (two_bytes || (*at < 0x20 && *at != '\n') || *at == 0x7f)
            *at = ' ';
    }
    return text_trim(arena, copy);
}

/* One a line, without the label itself. */
static void split_labels(struct arena *arena, const char *lines, pb_concept *concept)
{
    size_t most = 1;
    for (const char *at = lines; *at; at++)
        most += *at == '\n';
    concept->other_labels = arena_array(arena, most, sizeof *concept->other_labels);
    while (*lines) {
        size_t bytes = strcspn(lines, "\n");
        char *label = clean_text(arena, arena_strndup(arena, lines, bytes));
        if (*label && !text_equal(label, concept->label))
        concept->other_labels[concept->n_other_labels++] = label;
        lines += bytes + (lines[bytes] == '\n');
    }
}

static bool has_digits(const char *text, size_t least, size_t most)
{
    size_t digits = strspn(text, "0123456789");
    return digits >= least && digits <= most && text[digits] == '\0';
}

/* ESCO hangs knowledge under groups that are ISCED-F's fields. */
static void take_sectors(struct arena *arena, pb_concept *concept)
{
    static const char group[] = "/isced-f/";
    concept->sectors = arena_array(arena, concept->n_broader, sizeof *concept->sectors);
    for (size_t i = 0; i < concept->n_broader; i++) {
        const char *at = strstr(concept->broader[i], group);
        if (at && has_digits(at + sizeof group - 1, 2, 4))
        concept->sectors[concept->n_sectors++] = (char *)at + sizeof group - 1;
    }
}

static void give_concept(struct vocabulary_import *import, const struct import_row *row, pb_concept *concept)
{
    if (!*concept->code || !*concept->label) {
        size_t column = *concept->code ? 1 : 0;
        import_report_fault(import->report, row->path, row->line, import->format->columns[column],
                            "is empty");
        return;
    }
    import->stopped = !import->concept(import->context, concept);
}

enum { ESCO_CODE, ESCO_LABEL, ESCO_OTHER_LABELS, ESCO_DESCRIPTION, ESCO_DEFINITION, ESCO_OWN };

static void fill_esco(struct vocabulary_import *import, const struct import_row *row, pb_concept *concept)
{
    struct arena *arena = import->arena;
    partner__v1__concept__init(concept);
    concept->scheme = import->format->scheme;
    concept->code = text_trim(arena, cell(import, row, ESCO_CODE));
    concept->label = clean_text(arena, cell(import, row, ESCO_LABEL));
    concept->description = clean_text(arena, cell(import, row, ESCO_DESCRIPTION));
    if (!*concept->description)
    concept->description = clean_text(arena, cell(import, row, ESCO_DEFINITION));
    split_labels(arena, cell(import, row, ESCO_OTHER_LABELS), concept);
    concept->n_broader =
        import_links_of(import->links, arena, IMPORT_LINK_BROADER, concept->code, &concept->broader);
    concept->n_related =
        import_links_of(import->links, arena, IMPORT_LINK_RELATED, concept->code, &concept->related);
}

static void read_skill(struct vocabulary_import *import, const struct import_row *row)
{
    pb_concept concept;
    fill_esco(import, row, &concept);
    concept.reuse = (char *)cell(import, row, ESCO_OWN);
    take_sectors(import->arena, &concept);
    give_concept(import, row, &concept);
}

static void read_occupation(struct vocabulary_import *import, const struct import_row *row)
{
    pb_concept concept;
    fill_esco(import, row, &concept);
    give_concept(import, row, &concept);
}

enum { NUTS_CODE, NUTS_NAME, NUTS_LATIN_NAME };

/* The code without its last character is the region around it; two letters are a country. */
static void read_region(struct vocabulary_import *import, const struct import_row *row)
{
    struct arena *arena = import->arena;
    pb_concept concept = PARTNER__V1__CONCEPT__INIT;
    concept.scheme = import->format->scheme;
    concept.code = text_trim(arena, cell(import, row, NUTS_CODE));
    concept.label = text_trim(arena, cell(import, row, NUTS_NAME));
    split_labels(arena, cell(import, row, NUTS_LATIN_NAME), &concept);
    size_t bytes = strlen(concept.code);
    char *around = bytes > 2 ? arena_strndup(arena, concept.code, bytes - 1) : NULL;
    concept.n_broader = around ? 1 : 0;
    concept.broader = &around;
    give_concept(import, row, &concept);
}

/* The first that fits. */
static const struct file_format formats[] = {
    {{"conceptUri", "preferredLabel", "altLabels", "description", "definition", "reuseLevel"},
     PARTNER__V1__SCHEME__SCHEME_OUTCOME,
     read_skill},
    {{"conceptUri", "preferredLabel", "altLabels", "description", "definition", "iscoGroup"},
     PARTNER__V1__SCHEME__SCHEME_OCCUPATION,
     read_occupation},
    {{"NUTS_ID", "NUTS_NAME", "NAME_LATN"}, PARTNER__V1__SCHEME__SCHEME_REGION, read_region},
    {{"conceptUri", "broaderUri"}, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED, read_broader},
    {{"originalSkillUri", "relatedSkillUri"}, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED, read_skill_skill},
    {{"occupationUri", "relationType", "skillUri"},
     PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED,
     read_occupation_skill},
    /* groups of skills and occupations, collections of skills, concept schemes; the hierarchy */
    {{"conceptUri", "preferredLabel"}, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED, NULL},
    {{"conceptSchemeUri", "preferredLabel"}, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED, NULL},
    {{"Level 0 URI", "Level 1 URI"}, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED, NULL},
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

/* ---- files ---- */

/* Whether the header has all columns of a format, and where. */
static bool find_columns(const struct file_format *format, const struct import_row *header, size_t *at)
{
    for (size_t i = 0; i < COLUMNS_MOST && format->columns[i]; i++) {
        size_t k = 0;
        while (k < header->cell_count && !text_equal(header->cells[k], format->columns[i]))
            k++;
        if (k == header->cell_count)
            return false;
        at[i] = k;
    }
    return true;
}

static bool find_format(void *context, const struct import_row *header)
{
    struct vocabulary_import *import = context;
    import->format = NULL;
    for (size_t i = 0; i < FORMAT_COUNT && !import->format; i++)
        if (find_columns(&formats[i], header, import->at))
            import->format = &formats[i];
    if (!import->format)
        import_report_fault(import->report, header->path, header->line, NULL,
                            "is no vocabulary file of ESCO or NUTS by its header");
    else if (!import->format->read_row)
        import_report_note(import->report, header->path, "is not needed and is passed over");
    return false;
}

static bool find_columns_again(void *context, const struct import_row *header)
{
    struct vocabulary_import *import = context;
    return find_columns(import->format, header, import->at);
}

static bool read_row(void *context, const struct import_row *row)
{
    struct vocabulary_import *import = context;
    import->format->read_row(import, row);
    arena_reset(import->arena);
    return !import->stopped;
}

/* Leaves NULL for a file that can't be read or is unknown. */
static void find_formats(struct vocabulary_import *import)
{
    for (size_t i = 0; i < import->path_count; i++) {
        import->format = NULL;
        if (text_equal(import->paths[i], "-"))
            import_report_fault(import->report, "-", 0, NULL,
                                "a vocabulary is read twice, so it can't come from standard input");
        else
            import_csv_read(import->paths[i], import->report, find_format, find_format, import);
        import->formats[i] = import->format;
    }
}

/* One language a time: two files would say two things of one concept. */
static void check_concepts(struct vocabulary_import *import)
{
    const char *first[PARTNER__V1__SCHEME__SCHEME_LANGUAGE + 1] = {NULL}; /* by scheme */
    bool any = false;
    for (size_t i = 0; i < import->path_count; i++) {
        Partner__V1__Scheme scheme = import->formats[i]->scheme;
        if (scheme == PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED)
            continue;
        if (first[scheme])
            import_report_fault(import->report, import->paths[i], 0, NULL,
                                "has concepts of the same kind as %s", first[scheme]);
        first[scheme] = import->paths[i];
        any = true;
    }
    if (!any)
        import_report_fault(import->report, import->path_count ? import->paths[0] : "-", 0, NULL,
                            "there is no file with concepts");
}

static void read_files(struct vocabulary_import *import, Partner__V1__Scheme scheme)
{
    for (size_t i = 0; i < import->path_count && !import->stopped; i++) {
        import->format = import->formats[i];
        if (import->format->scheme == scheme && import->format->read_row)
            import_csv_read(import->paths[i], import->report, find_columns_again, read_row, import);
    }
}

static void read_all(struct vocabulary_import *import)
{
    read_files(import, PARTNER__V1__SCHEME__SCHEME_UNSPECIFIED);
    read_files(import, PARTNER__V1__SCHEME__SCHEME_OUTCOME);
    read_files(import, PARTNER__V1__SCHEME__SCHEME_OCCUPATION);
    read_files(import, PARTNER__V1__SCHEME__SCHEME_REGION);
}

bool import_vocabulary(const char *const *paths, size_t path_count, struct import_report *report,
                       import_concept_fn *concept, void *context)
{
    size_t faults_before = report->fault_count;
    struct arena *arena = arena_new(0);
    struct vocabulary_import import = {
        .report = report,
        .concept = concept,
        .context = context,
        .paths = paths,
        .formats = arena_array(arena, path_count, sizeof *import.formats),
        .path_count = path_count,
        .links = import_links_new(),
        .arena = arena_new(0),
    };
    find_formats(&import);
    if (report->fault_count == faults_before)
        check_concepts(&import);
    if (report->fault_count == faults_before)
        read_all(&import);
    import_links_free(import.links);
    arena_free(import.arena);
    arena_free(arena);
    return report->fault_count == faults_before;
}
