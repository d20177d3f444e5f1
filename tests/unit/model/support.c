#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const full_organisation =
    "organisation; id=es/E10000001; roles[0]=1; roles[1]=2; name=Escola del Treball; "
    "other_names[0].language=en; "
    "other_names[0].value=School of Work; country=ES; region=ES511; city=Barcelona; location.latitude=41.39; "
    "location.longitude=2.15; identifiers[0].scheme=oid; identifiers[0].value=E10000001; "
    "identifiers[1].scheme=erasmus; "
    "identifiers[1].value=E  BARCELO99; identifiers[2].scheme=pic; identifiers[2].value=999999999; "
    "identifiers[2].former=1; "
    "website=https://example.org; sectors[0]=0715; sectors[1]=02; industry=85.32; employees=120; "
    "languages[0].language=ca; languages[1].language=es; languages[1].level=4; themes[0]=2; "
    "accreditation.code=2021-1; "
    "accreditation.valid_until=2027-12-31; strategy.summary=Two lines\nof text; "
    "strategy.url=https://example.org/s; "
    "strategy.target_countries[0]=DE; strategy.target_sectors[0]=071; strategy.priorities[0]=1; "
    "contact.name=Office; "
    "contact.email=mobility@example.org; contact.phone=+34 1; contact.retain_until=2030-01-01";

const char *const full_offer =
    "offer; id=es/o1; organisation_id=es/E10000001; title=Welding shop; sectors[0]=0715; "
    "duration.min_days=14; "
    "duration.max_days=90; outcomes[0].concept=urn:partner:outcome:weld; outcomes[1].text=read a drawing; "
    "outcomes[1].eqf_level=4; eqf_levels[0]=3; eqf_levels[1]=4; languages[0].language=en; "
    "languages[0].level=2; "
    "windows[0].period.start_date=2027-01-01; windows[0].period.end_date=2027-06-30; windows[0].places=4; "
    "windows[1].places=1; "
    "modes[0]=1; themes[0]=1; recognition.assessment[0]=observation; "
    "recognition.documents[0]=europass-mobility; "
    "recognition.validated_by_host=1; support[0]=mentor; valid_until=2028-02-29";

const char *const full_need = "need; id=es/n1; organisation_id=es/E10000001; title=Welders; sectors[0]=071; "
                              "duration.min_days=21; duration.max_days=21; "
                              "outcomes[0].concept=urn:partner:outcome:weld; outcomes[0].essential=1; "
                              "countries[0]=DE; countries[1]=GR; regions[0]=DE2; "
                              "regions[1]=EL30; languages[0].language=de; languages[0].level=3; eqf_level=4; "
                              "period.start_date=2027-03-01; learners=6; "
                              "max_absent=2; themes[0]=3; modes[0]=1; valid_until=2027-12-31";

const char *const full_partnership = "partnership; id=es/p1; organisation_ids[0]=es/E10000001; "
                                     "organisation_ids[1]=de/42; since=2015-01-01; until=2030-01-01; "
                                     "sectors[0]=0715; mobilities=12";

/* ---- one value ---- */

static size_t item_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_UINT64:
        return 8;
    default:
        return 4;
    }
}

static ProtobufCMessage *message_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *message = arena_zalloc(arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    return message;
}

static char *value_text(struct arena *arena, const char *value)
{
    const char *star = strchr(value, '*');
    if (!star)
        return arena_strdup(arena, value);
    size_t bytes = (size_t)(star - value), count = strtoul(star + 1, NULL, 10);
    char *text = arena_zalloc(arena, bytes * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * bytes, value, bytes);
    return text;
}

static void set_scalar(struct arena *arena, const ProtobufCFieldDescriptor *field, void *member,
                       const char *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = value_text(arena, value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)member = strtod(value, NULL);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)member = strtoull(value, NULL, 10);
        break;
    default:
        *(uint32_t *)member = (uint32_t)strtoul(value, NULL, 10);
        break;
    }
}

/* ---- the way to it ---- */

static void *list_item(struct arena *arena, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                       size_t index)
{
    char *base = (char *)message;
    size_t *count = (size_t *)(base + field->quantifier_offset), bytes = item_bytes(field);
    char **items = (char **)(base + field->offset);
    if (index >= *count) {
        *items = arena_grow(arena, *items, *count * bytes, (index + 1) * bytes);
        memset(*items + *count * bytes, 0, (index + 1 - *count) * bytes);
        for (size_t i = *count; i <= index; i++) {
            if (field->type == PROTOBUF_C_TYPE_STRING)
                ((const char **)*items)[i] = protobuf_c_empty_string;
            else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
                ((ProtobufCMessage **)*items)[i] = message_new(arena, field->descriptor);
        }
        *count = index + 1;
    }
    return *items + index * bytes;
}

static void set(struct arena *arena, ProtobufCMessage *message, const char *path, const char *value)
{
    size_t name_bytes = strcspn(path, ".[");
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
        message->descriptor, arena_strndup(arena, path, name_bytes));
    if (!field) {
        fprintf(stderr, "no field %s\n", path);
        abort();
    }
    const char *rest = path + name_bytes;
    char *member = (char *)message + field->offset;
    if (*rest == '[') {
        member = list_item(arena, field, message, strtoul(rest + 1, NULL, 10));
        rest = strchr(rest, ']') + 1;
    }
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        set_scalar(arena, field, member, value);
        return;
    }
    ProtobufCMessage **part = (ProtobufCMessage **)member;
    if (!*part)
        *part = message_new(arena, field->descriptor);
    if (*rest == '.')
        set(arena, *part, rest + 1, value);
}

/* ---- scripts ---- */

void record_set(struct arena *arena, pb_record *record, const char *assignments)
{
    ProtobufCMessage *message = (ProtobufCMessage *)record_of(record).message;
    for (const char *at = assignments; *at;) {
        const char *end = strstr(at, "; ");
        char *one = end ? arena_strndup(arena, at, (size_t)(end - at)) : arena_strdup(arena, at);
        char *equals = strchr(one, '=');
        if (equals) {
            *equals = '\0';
            set(arena, message, one, equals + 1);
        }
        at = end ? end + 2 : at + strlen(at);
    }
}

pb_record *record_make(struct arena *arena, const char *script)
{
    pb_record *record = arena_alloc(arena, sizeof *record);
    partner__v1__record__init(record);
    const char *end = strstr(script, "; ");
    char *kind = end ? arena_strndup(arena, script, (size_t)(end - script)) : arena_strdup(arena, script);
    set(arena, &record->base, kind, "");
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(record->base.descriptor, kind);
    record->kind_case = (Partner__V1__Record__KindCase)field->id;
    record_set(arena, record, end ? end + 2 : "");
    return record;
}
