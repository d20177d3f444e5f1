#include "model/validate.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/field.h"
#include "base/text.h"
#include "model/identifier.h"
#include "model/limit.h"
#include "vocab/industry.h"
#include "vocab/language.h"
#include "vocab/place.h"
#include "vocab/sector.h"

enum { CODE_SHOWN_BYTES = 40 };

/* One walk over one record, led by the descriptors, fields in their order. */
struct walk {
    struct arena *arena;
    const struct vocabulary *vocabulary;
    struct faults *faults;
    bool first_only, in_request;
    const char *prefix; /* of all paths */
};

/* One value of one field. */
struct place {
    struct walk *walk;
    const struct place *up;                /* the value that the message is; NULL: the record itself */
    const ProtobufCMessage *message;       /* that holds the field */
    const ProtobufCFieldDescriptor *field; /* of the message */
    bool listed;                           /* an item of a list, the `item`th */
    size_t item;
};

/* What is wrong with a value, said of the field ("is no date"); NULL: nothing. */
typedef const char *rule_fn(const struct place *place, const void *value);

/* ---- rules ---- */

static const char *say_code(const struct place *place, const char *code, const char *what)
{
    size_t shown = text_cut(code, CODE_SHOWN_BYTES);
    return arena_format(place->walk->arena, "is no %s: \"%.*s\"", what, (int)shown, code);
}

/* An empty text is a fault in a list only. */
static bool is_unstated(const struct place *place, const char *text)
{
    return !*text && !place->listed;
}

static const char *rule_id(const struct place *place, const void *value)
{
    if (is_unstated(place, value) && place->walk->in_request)
        return NULL;
    return id_is_valid(value) ? NULL : "has not the form registry/key";
}

static const char *rule_organisation_id(const struct place *place, const void *value)
{
    const char *id = value;
    bool may_be_empty =
        place->walk->in_request && place->message->descriptor == &partner__v1__need__descriptor;
    if (!*id)
        return may_be_empty ? NULL : "is empty";
    return id_is_valid(id) ? NULL : "has not the form registry/key";
}

static const char *rule_two_organisations(const struct place *, const void *message)
{
    const pb_partnership *partnership = message;
    for (size_t i = 1; i < partnership->n_organisation_ids; i++)
        if (!text_equal(partnership->organisation_ids[0], partnership->organisation_ids[i]))
            return NULL;
    return "has fewer than two organisations";
}

static const char *rule_country(const struct place *place, const void *value)
{
    return is_unstated(place, value) || country_is_known(value) ? NULL
                                                                : say_code(place, value, "ISO 3166-1 code");
}

static bool is_listed(const struct place *place, enum scheme scheme, const char *code)
{
    const struct vocabulary *vocabulary = place->walk->vocabulary;
    return !vocabulary || !vocabulary_scheme_count(vocabulary, scheme) ||
           vocabulary_find(vocabulary, scheme, code) != CONCEPT_NONE;
}

static const char *rule_region(const struct place *place, const void *value)
{
    if (is_unstated(place, value))
        return NULL;
    bool known = region_is_valid(value) && is_listed(place, SCHEME_REGION, value);
    return known ? NULL : say_code(place, value, "NUTS code");
}

/* A whole country may be asked for too, and need not be in a list of regions. */
static const char *rule_wanted_region(const struct place *place, const void *value)
{
    const char *code = region_is_wanted(value) ? region_normalise_wanted(place->walk->arena, value) : NULL;
    bool known = code && (strlen(code) == 2 || is_listed(place, SCHEME_REGION, code));
    return known ? NULL : say_code(place, value, "NUTS code");
}

static const char *rule_sector(const struct place *place, const void *value)
{
    return sector_is_known(value) ? NULL : say_code(place, value, "ISCED-F 2013 code");
}

static const char *rule_industry(const struct place *place, const void *value)
{
    if (is_unstated(place, value))
        return NULL;
    bool known = industry_is_valid(value) && is_listed(place, SCHEME_INDUSTRY, value);
    return known ? NULL : say_code(place, value, "NACE code");
}

static const char *rule_language(const struct place *place, const void *value)
{
    return language_is_known(value) ? NULL : say_code(place, value, "ISO 639-1 code");
}

static const char *rule_date(const struct place *place, const void *value)
{
    int32_t day;
    return is_unstated(place, value) || date_parse(value, &day) ? NULL : "is no date YYYY-MM-DD";
}

static const char *rule_end_date(const struct place *place, const void *value)
{
    const pb_date_range *range = (const pb_date_range *)place->message;
    int32_t start, end;
    const char *fault = rule_date(place, value);
    if (fault)
        return fault;
    bool ordered =
        !date_parse(range->start_date, &start) || !date_parse(range->end_date, &end) || start <= end;
    return ordered ? NULL : "is before start_date";
}

static const char *rule_min_days(const struct place *place, const void *value)
{
    const pb_day_range *range = (const pb_day_range *)place->message;
    return *(const uint32_t *)value || !range->max_days ? NULL : "is below 1";
}

static const char *rule_max_days(const struct place *place, const void *value)
{
    const pb_day_range *range = (const pb_day_range *)place->message;
    uint32_t max_days = *(const uint32_t *)value;
    if (max_days < range->min_days)
        return "is below min_days";
    return max_days <= LIMIT_STAY_DAYS ? NULL
                                       : arena_format(place->walk->arena, "is above %d", LIMIT_STAY_DAYS);
}

static const char *rule_eqf_level(const struct place *place, const void *value)
{
    uint32_t level = *(const uint32_t *)value;
    bool known = level <= LIMIT_EQF_LEVEL && (level || !place->listed);
    return known ? NULL : arena_format(place->walk->arena, "is not from 1 to %d", LIMIT_EQF_LEVEL);
}

static const char *rule_concept(const struct place *place, const void *value)
{
    const pb_outcome *outcome = (const pb_outcome *)place->message;
    return *(const char *)value || *outcome->text ? NULL : "is empty, and so is text";
}

static const char *rule_latitude(const struct place *, const void *value)
{
    return fabs(*(const double *)value) <= 90 ? NULL : "is not from -90 to 90"; /* nor is NaN */
}

static const char *rule_longitude(const struct place *, const void *value)
{
    return fabs(*(const double *)value) <= 180 ? NULL : "is not from -180 to 180";
}

static const char *rule_identifier(const struct place *place, const void *value)
{
    const pb_identifier *identifier = (const pb_identifier *)place->message;
    char normal[STRONG_IDENTIFIER_BYTES + 1];
    if (!identifier_is_strong(identifier->scheme) ||
        strong_identifier_normalise(identifier->scheme, value, normal))
        return NULL;
    return arena_format(place->walk->arena, "has not the form of scheme %s", identifier->scheme);
}

/* Which field follows which rule. Rules of a list are asked of each item. A message's rows stand together, in the order of its
 * fields; in front are messages of which a question has many. */
static const struct row {
    const ProtobufCMessageDescriptor *message;
    size_t offset; /* of the field in the message */
    rule_fn *rule;
    rule_fn *whole; /* asked once, of the message, before the items */
    bool is_output; /* the server fills it in; ignored where it is sent */
} rows[] = {
#define FIELD(MESSAGE, TYPE, NAME) &partner__v1__##MESSAGE##__descriptor, offsetof(Partner__V1__##TYPE, NAME)
    {FIELD(outcome, Outcome, concept), rule_concept},
    {FIELD(outcome, Outcome, eqf_level), rule_eqf_level},
    {FIELD(language_level, LanguageLevel, language), rule_language},
    {FIELD(day_range, DayRange, min_days), rule_min_days},
    {FIELD(day_range, DayRange, max_days), rule_max_days},
    {FIELD(date_range, DateRange, start_date), rule_date},
    {FIELD(date_range, DateRange, end_date), rule_end_date},
    {FIELD(need, Need, id), rule_id},
    {FIELD(need, Need, organisation_id), rule_organisation_id},
    {FIELD(need, Need, sectors), rule_sector},
    {FIELD(need, Need, countries), rule_country},
    {FIELD(need, Need, regions), rule_wanted_region},
    {FIELD(need, Need, eqf_level), rule_eqf_level},
    {FIELD(need, Need, revision), .is_output = true},
    {FIELD(need, Need, update_time), .is_output = true},
    {FIELD(need, Need, valid_until), rule_date},
    {FIELD(offer, Offer, id), rule_id},
    {FIELD(offer, Offer, organisation_id), rule_organisation_id},
    {FIELD(offer, Offer, sectors), rule_sector},
    {FIELD(offer, Offer, eqf_levels), rule_eqf_level},
    {FIELD(offer, Offer, revision), .is_output = true},
    {FIELD(offer, Offer, update_time), .is_output = true},
    {FIELD(offer, Offer, valid_until), rule_date},
    {FIELD(geo_point, GeoPoint, latitude), rule_latitude},
    {FIELD(geo_point, GeoPoint, longitude), rule_longitude},
    {FIELD(organisation, Organisation, id), rule_id},
    {FIELD(organisation, Organisation, country), rule_country},
    {FIELD(organisation, Organisation, region), rule_region},
    {FIELD(organisation, Organisation, sectors), rule_sector},
    {FIELD(organisation, Organisation, industry), rule_industry},
    {FIELD(organisation, Organisation, same_as), .is_output = true},
    {FIELD(organisation, Organisation, revision), .is_output = true},
    {FIELD(organisation, Organisation, update_time), .is_output = true},
    {FIELD(accreditation, Accreditation, valid_until), rule_date},
    {FIELD(strategy, Strategy, target_countries), rule_country},
    {FIELD(strategy, Strategy, target_sectors), rule_sector},
    {FIELD(contact, Contact, retain_until), rule_date},
    {FIELD(partnership, Partnership, id), rule_id},
    {FIELD(partnership, Partnership, organisation_ids), rule_organisation_id, rule_two_organisations},
    {FIELD(partnership, Partnership, since), rule_date},
    {FIELD(partnership, Partnership, until), rule_date},
    {FIELD(partnership, Partnership, sectors), rule_sector},
    {FIELD(partnership, Partnership, revision), .is_output = true},
    {FIELD(partnership, Partnership, update_time), .is_output = true},
    {FIELD(identifier, Identifier, value), rule_identifier},
#undef FIELD
};

/* The first of a message's rows, which stand together; `rows_end` where it has none. */
static const struct row *const rows_end = rows + sizeof rows / sizeof *rows;

static const struct row *rows_of(const ProtobufCMessageDescriptor *message)
{
    const struct row *row = rows;
    while (row < rows_end && row->message != message)
        row++;
    return row;
}

/* ---- what holds for any value of a type ---- */

static const char *check_text(const struct place *place, const char *text)
{
    const char *name = place->field->name;
    if (strlen(text) > LIMIT_ANY_TEXT_BYTES && strlen(text) > limit_text_bytes(name))
        return arena_format(place->walk->arena, "is longer than %zu bytes", limit_text_bytes(name));
    if (!text_has_control(text, false))
        return NULL;
    return limit_allows_newlines(name) && !text_has_control(text, true) ? NULL : "has a control character";
}

static const char *check_enum(const struct place *place, int value)
{
    bool may_be_unspecified = place->message->descriptor == &partner__v1__language_level__descriptor;
    if (value == 0 && !may_be_unspecified)
        return "is unspecified";
    if (!protobuf_c_enum_descriptor_get_value(place->field->descriptor, value))
        return arena_format(place->walk->arena, "is no value of its kind: %d", value);
    return NULL;
}

/* ---- the walk ---- */

static bool walk_is_over(const struct walk *walk)
{
    return walk->first_only && walk->faults->count;
}

/* Made for faults alone: most records have none. */
static const char *path_of(const struct place *place)
{
    struct arena *arena = place->walk->arena;
    const char *before = place->up ? arena_format(arena, "%s.", path_of(place->up)) : place->walk->prefix;
    if (place->listed)
        return arena_format(arena, "%s%s[%zu]", before, place->field->name, place->item);
    return arena_format(arena, "%s%s", before, place->field->name);
}

static void walk_fault(const struct place *place, const char *fault)
{
    const char *path = path_of(place), *dot = strrchr(path, '.');
    faults_add(place->walk->faults, "", path, "%s %s", dot ? dot + 1 : path, fault);
}

static void walk_message(struct walk *walk, const struct place *up, const ProtobufCMessage *message);

static void walk_value(const struct place *place, const struct row *row, const void *member)
{
    const void *value = member;
    const char *fault = NULL;
    switch (place->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        value = *(const char *const *)member;
        fault = check_text(place, value);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        fault = check_enum(place, *(const int *)member);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        value = *(const ProtobufCMessage *const *)member;
        if (value)
            walk_message(place->walk, place, value);
        return;
    default:
        break;
    }
    if (!fault && row && row->rule)
        fault = row->rule(place, value);
    if (fault)
        walk_fault(place, fault);
}

static void walk_list(struct place *place, const struct row *row)
{
    const struct walk *walk = place->walk;
    const ProtobufCFieldDescriptor *field = place->field;
    size_t count = *field_count(place->message, field);
    const char *items = *(const char *const *)field_at(place->message, field);
    const char *fault = NULL;
    if (count > LIMIT_ANY_LIST_ITEMS && count > limit_list_items(field->name))
        fault = arena_format(walk->arena, "has more than %zu items", limit_list_items(field->name));
    else if (row && row->whole)
        fault = row->whole(place, place->message);
    if (fault) {
        walk_fault(place, fault);
        return;
    }
    place->listed = true;
    for (; place->item < count && !walk_is_over(walk); place->item++)
        walk_value(place, row, items + place->item * field_element_bytes(field));
}

/* Most fields of most records say nothing, and no rule asks about them. */
static bool is_bare(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    const struct row *row)
{
    if (!field_is_unset(message, field))
        return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return !row || !row->whole;
    return !row && field->type != PROTOBUF_C_TYPE_ENUM;
}

static void walk_message(struct walk *walk, const struct place *up, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const struct row *next = rows_of(descriptor);
    for (unsigned i = 0; i < descriptor->n_fields && !walk_is_over(walk); i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool ruled = next < rows_end && next->message == descriptor && next->offset == field->offset;
        const struct row *row = ruled ? next++ : NULL;
        if ((row && row->is_output) || is_bare(message, field, row))
            continue;
        struct place place = {.walk = walk, .up = up, .message = message, .field = field};
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            walk_list(&place, row);
        else
            walk_value(&place, row, field_at(message, field));
    }
    assert(walk_is_over(walk) || next == rows_end ||
           next->message != descriptor); /* each rule had its field */
}

struct status record_validate(struct arena *arena, const struct vocabulary *vocabulary,
                              const struct record *record)
{
    const char *kind = record_kind_name(record->kind);
    struct faults faults = {.arena = arena};
    struct walk walk = {.arena = arena,
                        .vocabulary = vocabulary,
                        .faults = &faults,
                        .first_only = true,
                        .prefix = arena_format(arena, "%s.", kind)};
    walk_message(&walk, NULL, record->message);
    if (!faults.count && protobuf_c_message_get_packed_size(record->message) > LIMIT_RECORD_BYTES)
        faults_add(&faults, "", kind, "%s takes more than %d bytes", kind, LIMIT_RECORD_BYTES);
    return faults_status(&faults);
}

void need_validate(struct faults *faults, const struct vocabulary *vocabulary, const char *prefix,
                   const pb_need *need)
{
    struct walk walk = {.arena = faults->arena,
                        .vocabulary = vocabulary,
                        .faults = faults,
                        .in_request = true,
                        .prefix = prefix};
    walk_message(&walk, NULL, &need->base);
}

void offer_validate(struct faults *faults, const struct vocabulary *vocabulary, const char *prefix,
                    const pb_offer *offer)
{
    struct walk walk = {.arena = faults->arena,
                        .vocabulary = vocabulary,
                        .faults = faults,
                        .in_request = true,
                        .prefix = prefix};
    walk_message(&walk, NULL, &offer->base);
}
