#include "store/column.h"

#include <assert.h>

#define COLUMNS(array) .columns = (array), .column_count = sizeof(array) / sizeof *(array)

static const struct column organisation_columns[] = {
    {"id", "id", COLUMN_TEXT},
    {"roles", "roles", COLUMN_INT2},
    {"name", "name", COLUMN_TEXT},
    {"other_name_languages", "other_names.language", COLUMN_TEXT},
    {"other_name_values", "other_names.value", COLUMN_TEXT},
    {"country", "country", COLUMN_TEXT},
    {"region", "region", COLUMN_TEXT},
    {"city", "city", COLUMN_TEXT},
    {"latitude", "location.latitude", COLUMN_FLOAT8},
    {"longitude", "location.longitude", COLUMN_FLOAT8},
    {"identifier_schemes", "identifiers.scheme", COLUMN_TEXT},
    {"identifier_values", "identifiers.value", COLUMN_TEXT},
    {"identifier_formers", "identifiers.former", COLUMN_BOOL},
    {"website", "website", COLUMN_TEXT},
    {"sectors", "sectors", COLUMN_TEXT},
    {"industry", "industry", COLUMN_TEXT},
    {"employees", "employees", COLUMN_INT8},
    {"languages", "languages.language", COLUMN_TEXT},
    {"language_levels", "languages.level", COLUMN_INT2},
    {"themes", "themes", COLUMN_INT2},
    {"accreditation_code", "accreditation.code", COLUMN_TEXT},
    {"accreditation_valid_until", "accreditation.valid_until", COLUMN_DATE},
    {"strategy_summary", "strategy.summary", COLUMN_TEXT},
    {"strategy_url", "strategy.url", COLUMN_TEXT},
    {"strategy_target_countries", "strategy.target_countries", COLUMN_TEXT},
    {"strategy_target_sectors", "strategy.target_sectors", COLUMN_TEXT},
    {"strategy_priorities", "strategy.priorities", COLUMN_INT2},
    {"contact_name", "contact.name", COLUMN_TEXT},
    {"contact_email", "contact.email", COLUMN_TEXT},
    {"contact_phone", "contact.phone", COLUMN_TEXT},
    {"contact_retain_until", "contact.retain_until", COLUMN_DATE},
};

static const struct column offer_columns[] = {
    {"id", "id", COLUMN_TEXT},
    {"organisation_id", "organisation_id", COLUMN_TEXT},
    {"title", "title", COLUMN_TEXT},
    {"sectors", "sectors", COLUMN_TEXT},
    {"min_days", "duration.min_days", COLUMN_INT4},
    {"max_days", "duration.max_days", COLUMN_INT4},
    {"outcome_concepts", "outcomes.concept", COLUMN_TEXT},
    {"outcome_texts", "outcomes.text", COLUMN_TEXT, .is_sparse = true},
    {"outcome_eqf_levels", "outcomes.eqf_level", COLUMN_INT2, .is_sparse = true},
    {"outcome_essentials", "outcomes.essential", COLUMN_BOOL, .is_sparse = true},
    {"eqf_levels", "eqf_levels", COLUMN_INT2},
    {"languages", "languages.language", COLUMN_TEXT},
    {"language_levels", "languages.level", COLUMN_INT2},
    {"window_starts", "windows.period.start_date", COLUMN_DATE},
    {"window_ends", "windows.period.end_date", COLUMN_DATE},
    {"window_places", "windows.places", COLUMN_INT8},
    {"modes", "modes", COLUMN_INT2},
    {"themes", "themes", COLUMN_INT2},
    {"recognition_assessment", "recognition.assessment", COLUMN_TEXT},
    {"recognition_documents", "recognition.documents", COLUMN_TEXT},
    {"recognition_validated_by_host", "recognition.validated_by_host", COLUMN_BOOL},
    {"support", "support", COLUMN_TEXT},
    {"valid_until", "valid_until", COLUMN_DATE},
};

static const struct column need_columns[] = {
    {"id", "id", COLUMN_TEXT},
    {"organisation_id", "organisation_id", COLUMN_TEXT},
    {"title", "title", COLUMN_TEXT},
    {"sectors", "sectors", COLUMN_TEXT},
    {"min_days", "duration.min_days", COLUMN_INT4},
    {"max_days", "duration.max_days", COLUMN_INT4},
    {"outcome_concepts", "outcomes.concept", COLUMN_TEXT},
    {"outcome_texts", "outcomes.text", COLUMN_TEXT, .is_sparse = true},
    {"outcome_eqf_levels", "outcomes.eqf_level", COLUMN_INT2, .is_sparse = true},
    {"outcome_essentials", "outcomes.essential", COLUMN_BOOL, .is_sparse = true},
    {"countries", "countries", COLUMN_TEXT},
    {"regions", "regions", COLUMN_TEXT},
    {"languages", "languages.language", COLUMN_TEXT},
    {"language_levels", "languages.level", COLUMN_INT2},
    {"eqf_level", "eqf_level", COLUMN_INT2},
    {"period_start", "period.start_date", COLUMN_DATE},
    {"period_end", "period.end_date", COLUMN_DATE},
    {"learners", "learners", COLUMN_INT8},
    {"max_absent", "max_absent", COLUMN_INT8},
    {"themes", "themes", COLUMN_INT2},
    {"modes", "modes", COLUMN_INT2},
    {"valid_until", "valid_until", COLUMN_DATE},
};

static const struct column partnership_columns[] = {
    {"id", "id", COLUMN_TEXT},           {"organisation_ids", "organisation_ids", COLUMN_TEXT},
    {"since", "since", COLUMN_DATE},     {"until", "until", COLUMN_DATE},
    {"sectors", "sectors", COLUMN_TEXT}, {"mobilities", "mobilities", COLUMN_INT8},
};

static const struct record_table tables[RECORD_KIND_COUNT] = {
    [RECORD_ORGANISATION] = {RECORD_ORGANISATION, "organisation", COLUMNS(organisation_columns)},
    [RECORD_OFFER] = {RECORD_OFFER, "offer", COLUMNS(offer_columns)},
    [RECORD_NEED] = {RECORD_NEED, "need", COLUMNS(need_columns)},
    [RECORD_PARTNERSHIP] = {RECORD_PARTNERSHIP, "partnership", COLUMNS(partnership_columns)},
};

const struct record_table *record_table_of(enum record_kind kind)
{
    assert(kind > RECORD_NONE && kind < RECORD_KIND_COUNT);
    return &tables[kind];
}
