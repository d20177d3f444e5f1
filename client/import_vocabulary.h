#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client/import_report.h"
#include "partner/v1/vocabulary.pb-c.h"

/* Vocabularies in their publishers' own download formats, plain or gzip:
 * - ESCO: skills_xx.csv (any language), occupations_xx.csv, broaderRelationsSkillPillar.csv, broaderRelationsOccPillar.csv,
 *   skillSkillRelations.csv, occupationSkillRelations.csv. Skills are OUTCOME and occupations OCCUPATION, their code the URI.
 *   Broader relations become links, a group's URI too; a group of ISCED-F is also one of the concept's sectors. Skill-skill
 *   relations, and the skills essential to an occupation, become related links. The other files of the download are passed
 *   over with a note.
 * - NUTS: Eurostat's NUTS_AT_*.csv: REGION, the label being NUTS_NAME, broader the code without its last character.
 * A file is known by its header, not by its name, and files come in any order. */

/* One concept, borrowed for the call; `vocabulary` is empty. Concepts of one scheme come together: outcomes, occupations,
 * regions. False: stop. */
typedef bool import_concept_fn(void *context, const Partner__V1__Concept *concept);

/* True: all was read and nothing was wrong. A file that is of no known kind, and two files with concepts of one scheme, are faults
 * that come before the first concept, and then none does; a bad row is a fault and is passed over. */
bool import_vocabulary(const char *const *paths, size_t path_count, struct import_report *report,
                       import_concept_fn *concept, void *context);
