#include "store/support_record.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

bool field_is_output(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "revision") == 0 || strcmp(field->name, "update_time") == 0 ||
           strcmp(field->name, "same_as") == 0;
}

static const char *const words[] = {
    "",     "a",    "Škoda, \"Plzeň\"", "back\\slash", "{curly,NULL}", "NULL", "line\nbreak",
    "日本", "it's", "x; DROP"};

static char *random_text(struct arena *arena, uint64_t *seed, const ProtobufCFieldDescriptor *field)
{
    bool is_date = strstr(field->name, "_date") || strcmp(field->name, "since") == 0 ||
                   strcmp(field->name, "until") == 0 || strstr(field->name, "_until");
    if (!is_date)
        return arena_strdup(arena, words[random_next(seed) % (sizeof words / sizeof *words)]);
    if (random_next(seed) % 4 == 0)
        return arena_strdup(arena, "");
    /* Starts come before ends. */
    int32_t day = strcmp(field->name, "start_date") == 0 || strcmp(field->name, "since") == 0 ? 10000 : 20000;
    char *text = arena_alloc(arena, 11);
    date_format(day + (int32_t)(random_next(seed) % 9000), text);
    return text;
}

static uint32_t random_number(uint64_t *seed, const ProtobufCFieldDescriptor *field)
{
    if (strstr(field->name, "eqf_level"))
        return (uint32_t)(1 + random_next(seed) % 8);
    if (strcmp(field->name, "min_days") == 0)
        return (uint32_t)(1 + random_next(seed) % 100);
    if (strcmp(field->name, "max_days") == 0)
        return (uint32_t)(100 + random_next(seed) % 3560);
    return random_next(seed) % 4 ? (uint32_t)(random_next(seed) % 1000) : (uint32_t)random_next(seed);
}

static void fill_message(struct arena *arena, uint64_t *seed, ProtobufCMessage *message);

static void fill_value(struct arena *arena, uint64_t *seed, const ProtobufCFieldDescriptor *field,
                       void *member)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = random_text(arena, seed, field);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = random_next(seed) % 2;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)member = (int)(1 + random_next(seed) % 3);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)member = random_number(seed, field);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)member = (double)(random_next(seed) % 18000) / 100.0 - 90;
        break;
    default: {
        const ProtobufCMessageDescriptor *descriptor = field->descriptor;
        ProtobufCMessage *part = arena_zalloc(arena, descriptor->sizeof_message);
        descriptor->message_init(part);
        fill_message(arena, seed, part);
        *(ProtobufCMessage **)member = part;
    }
    }
}

/* A part that says nothing is not there, as normalisation has it. */
static void drop_if_empty(const ProtobufCFieldDescriptor *field, void *member)
{
    ProtobufCMessage **part = member;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && *part && strcmp(field->name, "location") != 0 &&
        protobuf_c_message_get_packed_size(*part) == 0)
        *part = NULL;
}

static void fill_field(struct arena *arena, uint64_t *seed, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message)
{
    void *member = (char *)message + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        fill_value(arena, seed, field, member);
        drop_if_empty(field, member);
        return;
    }
    size_t count = random_next(seed) % 4;
    size_t bytes =
        field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *) : 4;
    char *items = arena_array(arena, count, bytes);
    for (size_t i = 0; i < count; i++)
        fill_value(arena, seed, field, items + i * bytes);
    *(void **)member = items;
    *(size_t *)((char *)message + field->quantifier_offset) = count;
}

static void fill_message(struct arena *arena, uint64_t *seed, ProtobufCMessage *message)
{
    bool is_range = message->descriptor == &partner__v1__day_range__descriptor;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (!field_is_output(&message->descriptor->fields[i]) && (is_range || random_next(seed) % 5))
            fill_field(arena, seed, &message->descriptor->fields[i], message);
}

struct record random_record(struct arena *arena, uint64_t *seed, enum record_kind kind, const char *id,
                            const char *organisation_id)
{
    const ProtobufCMessageDescriptor *descriptor = record_descriptor(kind);
    ProtobufCMessage *message = arena_zalloc(arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    fill_message(arena, seed, message);
    struct record record = {.kind = kind, .message = message};
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(descriptor, "id");
    *(char **)((char *)message + field->offset) = arena_strdup(arena, id);
    if (kind == RECORD_OFFER)
        ((pb_offer *)message)->organisation_id = arena_strdup(arena, organisation_id);
    if (kind == RECORD_NEED)
        ((pb_need *)message)->organisation_id = arena_strdup(arena, organisation_id);
    if (kind == RECORD_PARTNERSHIP) {
        pb_partnership *partnership = (pb_partnership *)message;
        partnership->n_organisation_ids = 2;
        partnership->organisation_ids = arena_array(arena, 2, sizeof(char *));
        partnership->organisation_ids[0] = arena_strdup(arena, organisation_id);
        partnership->organisation_ids[1] = arena_strdup(arena, "other/1");
    }
    return record;
}
