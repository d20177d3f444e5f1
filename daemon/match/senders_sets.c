#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/senders_judge.h"

/* Rows under way to be found by one filter. */
struct finding {
    uint64_t *rows;
    size_t words;
};

static void join(struct finding *finding, const struct posting_table *table, uint32_t value)
{
    struct posting posting = posting_of(table, value);
    posting_join(&posting, finding->rows, finding->words);
}

static void join_all(struct finding *finding)
{
    for (size_t i = 0; i < finding->words; i++)
        finding->rows[i] = ~(uint64_t)0;
}

static void find_sectors(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    join(finding, &set->sector_exact, 0);
    for (uint32_t i = 0; i < offering->sectors.count; i++) {
        uint16_t sector = offering->sectors.items[i];
        join(finding, &set->sector_under, sector);
        for (unsigned digits = 2; digits < number_sector_digits(sector); digits++)
            join(finding, &set->sector_exact, number_sector_prefix(sector, digits));
    }
}

static void find_countries(struct finding *finding, const struct offering *offering,
                           const struct need_set *set)
{
    join(finding, &set->country, 0);
    join(finding, &set->country, offering->host->country);
}

static void find_languages(struct finding *finding, const struct offering *offering,
                           const struct need_set *set)
{
    if (!offering->languages.count) {
        join_all(finding);
        return;
    }
    join(finding, &set->language, 0);
    for (uint32_t i = 0; i < offering->languages.count; i++) {
        struct spoken used = offering->languages.items[i];
        join(finding, &set->language, used.language * LEVEL_VALUES);
        for (unsigned level = used.level ? used.level : 1; level < LEVEL_VALUES; level++)
            join(finding, &set->language, used.language * LEVEL_VALUES + level);
    }
}

static void find_levels(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    if (!offering->facts.eqf_levels) {
        join_all(finding);
        return;
    }
    join(finding, &set->eqf, 0);
    for (uint32_t levels = offering->facts.eqf_levels; levels; levels &= levels - 1)
        join(finding, &set->eqf, (uint32_t)__builtin_ctz(levels));
}

static void find_modes(struct finding *finding, const struct offering *offering, const struct need_set *set)
{
    join(finding, &set->mode, 0);
    for (uint32_t modes = offering->modes; modes; modes &= modes - 1)
        join(finding, &set->mode, (uint32_t)__builtin_ctz(modes));
}

void senders_find_rows(const struct senders_query *query, int part, struct need_rows *ret_rows)
{
    static void (*const find[SENDERS_SETS])(struct finding *, const struct offering *,
                                            const struct need_set *) = {
        find_sectors, find_countries, find_languages, find_levels, find_modes};
    const struct need_part *from = &query->index->needs_view->parts[part];
    struct finding finding = {.words = bits_words(from->set->count)};
    size_t bytes = finding.words * sizeof *finding.rows;
    ret_rows->all = memcpy(arena_alloc(query->arena, bytes), from->live, bytes);
    for (int i = 0; i < SENDERS_SETS; i++) {
        finding.rows = ret_rows->sets[i] = arena_array(query->arena, finding.words, sizeof *finding.rows);
        find[i](&finding, &query->offering, from->set);
        bits_and(ret_rows->all, finding.rows, finding.words);
    }
}
