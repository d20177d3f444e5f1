#include "client/import_column.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "rpc/json.h"

struct import_column {
    size_t step_count;
    const ProtobufCFieldDescriptor *steps[];
};

/* ---- the path ---- */

static const ProtobufCFieldDescriptor *find_field(struct arena *arena,
                                                  const ProtobufCMessageDescriptor *descriptor,
                                                  const char *name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (text_equal(descriptor->fields[i].name, name) ||
            text_equal(json_field_name(arena, &descriptor->fields[i]), name))
            return &descriptor->fields[i];
    return NULL;
}

static const char *list_fields(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    const char *all = "";
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        all = arena_format(arena, "%s%s%s", all, i ? ", " : "", descriptor->fields[i].name);
    return all;
}

static bool is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

struct status import_column_parse(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                  const char *path, const struct import_column **ret_column)
{
    size_t most = 1, lists = 0;
    for (const char *at = path; *at; at++)
        most += *at == '.';
    struct import_column *column = arena_zalloc(arena, sizeof *column + most * sizeof column->steps[0]);
    for (const char *at = path; descriptor;) {
        size_t bytes = strcspn(at, ".");
        const char *name = arena_strndup(arena, at, bytes);
        const ProtobufCFieldDescriptor *field = find_field(arena, descriptor, name);
        if (!field)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                                 "there is no field '%s'; there are: %s", name,
                                 list_fields(arena, descriptor));
        column->steps[column->step_count++] = field;
        lists += is_list(field);
        descriptor = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        if (!at[bytes] && descriptor)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s' has parts: %s", name,
                                 list_fields(arena, descriptor));
        if (at[bytes] && !descriptor)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "there is nothing below '%s'", name);
        at += bytes + 1;
    }
    if (lists > 1)
        return status_make(STATUS_INVALID_ARGUMENT, "goes through two lists");
    *ret_column = column;
    return STATUS_NONE;
}

/* ---- one value ---- */

/* "CEFR_LEVEL_" of CefrLevel. */
static const char *enum_prefix(struct arena *arena, const ProtobufCEnumDescriptor *descriptor)
{
    const char *prefix = "";
    for (const char *at = descriptor->short_name; *at; at++)
        prefix = arena_format(arena, "%s%s%c", prefix,
                              at != descriptor->short_name && isupper(*at) ? "_" : "", toupper(*at));
    return arena_format(arena, "%s_", prefix);
}

static struct status set_enum(struct arena *arena, const ProtobufCFieldDescriptor *field, int *member,
                              const char *value)
{
    const ProtobufCEnumDescriptor *descriptor = field->descriptor;
    const char *prefix = enum_prefix(arena, descriptor), *all = "";
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *name = descriptor->values[i].name;
        const char *short_name = text_starts_with(name, prefix) ? name + strlen(prefix) : name;
        if (text_equal_ascii_case(name, value) || text_equal_ascii_case(short_name, value)) {
            *member = descriptor->values[i].value;
            return STATUS_NONE;
        }
        if (descriptor->values[i].value)
            all = arena_format(arena, "%s%s%s", all, *all ? ", " : "", short_name);
    }
    return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s' is none of %s", value, all);
}

static struct status set_bool(struct arena *arena, protobuf_c_boolean *member, const char *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};
    for (int i = 0; i < 6; i++) {
        if (text_equal_ascii_case(words[i], value)) {
            *member = i % 2;
            return STATUS_NONE;
        }
    }
    return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s' is neither true nor false", value);
}

/* A decimal point, whatever the user's language writes. */
static struct status set_double(struct arena *arena, double *member, const char *value)
{
    char *end;
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    double number = plain ? strtod_l(value, &end, plain) : strtod(value, &end);
    if (plain)
        freelocale(plain);
    if (end == value || *end || !isfinite(number))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s' is no number", value);
    *member = number;
    return STATUS_NONE;
}

static struct status set_number(struct arena *arena, const ProtobufCFieldDescriptor *field, void *member,
                                const char *value)
{
    bool is_wide = field->type == PROTOBUF_C_TYPE_UINT64;
    unsigned long long most = is_wide ? UINT64_MAX : UINT32_MAX, number;
    if (!text_to_u64(value, most, &number))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s' is no number from 0 to %llu", value,
                             most);
    if (is_wide)
        *(uint64_t *)member = number;
    else
        *(uint32_t *)member = (uint32_t)number;
    return STATUS_NONE;
}

static struct status set_value(struct arena *arena, const ProtobufCFieldDescriptor *field, void *member,
                               const char *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = arena_strdup(arena, value);
        return STATUS_NONE;
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(arena, field, member, value);
    case PROTOBUF_C_TYPE_BOOL:
        return set_bool(arena, member, value);
    case PROTOBUF_C_TYPE_DOUBLE:
        return set_double(arena, member, value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
        return set_number(arena, field, member, value);
    default:
        return status_make(STATUS_INVALID_ARGUMENT, "is not set by a file");
    }
}

/* ---- the way to it ---- */

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

static ProtobufCMessage *part_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *part = arena_alloc(arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, part);
    return part;
}

/* Item k of a list; the list grows by parts that say nothing. */
static void *list_item(struct arena *arena, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                       size_t k)
{
    char *base = (char *)message;
    size_t *count = (size_t *)(base + field->quantifier_offset), bytes = item_bytes(field);
    char **items = (char **)(base + field->offset);
    if (k >= *count) {
        char *longer = arena_zalloc(arena, (k + 1) * bytes);
        if (*count)
            memcpy(longer, *items, *count * bytes);
        *items = longer;
        for (size_t i = *count; i <= k && field->type == PROTOBUF_C_TYPE_MESSAGE; i++)
            ((ProtobufCMessage **)longer)[i] = part_new(arena, field->descriptor);
        *count = k + 1;
    }
    return *items + k * bytes;
}

static struct status set_from(struct arena *arena, const struct import_column *column, size_t step,
                              ProtobufCMessage *message, const char *cell);

static struct status set_at(struct arena *arena, const struct import_column *column, size_t step,
                            void *member, const char *value)
{
    const ProtobufCFieldDescriptor *field = column->steps[step];
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return set_value(arena, field, member, value);
    ProtobufCMessage **part = member;
    if (!*part)
        *part = part_new(arena, field->descriptor);
    return set_from(arena, column, step + 1, *part, value);
}

static struct status set_items(struct arena *arena, const struct import_column *column, size_t step,
                               ProtobufCMessage *message, const char *cell)
{
    const ProtobufCFieldDescriptor *field = column->steps[step];
    size_t k = 0;
    for (const char *at = cell;; k++) {
        size_t bytes = strcspn(at, "|");
        const char *value = text_trim(arena, arena_strndup(arena, at, bytes));
        if (!*value && field->type != PROTOBUF_C_TYPE_MESSAGE)
            return status_make(STATUS_INVALID_ARGUMENT, "has an empty item");
        void *item = list_item(arena, field, message, k);
        struct status status = *value ? set_at(arena, column, step, item, value) : STATUS_NONE;
        if (!status_ok(status) || !at[bytes])
            return status;
        at += bytes + 1;
    }
}

static struct status set_from(struct arena *arena, const struct import_column *column, size_t step,
                              ProtobufCMessage *message, const char *cell)
{
    const ProtobufCFieldDescriptor *field = column->steps[step];
    if (is_list(field))
        return set_items(arena, column, step, message, cell);
    return set_at(arena, column, step, (char *)message + field->offset, cell);
}

struct status import_column_set(struct arena *arena, const struct import_column *column,
                                ProtobufCMessage *message, const char *cell)
{
    return *cell ? set_from(arena, column, 0, message, cell) : STATUS_NONE;
}
