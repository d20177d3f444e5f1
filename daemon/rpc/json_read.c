#include "rpc/json.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/text.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/base64.h"
#include "base/field.h"
#include "rpc/guard.h"
#include "rpc/json_name.h"
#include "rpc/json_time.h"

enum { NAME_BYTES = 128, SHOWN_BYTES = 100 };

/* Where in the text we are, outermost last. */
struct place {
    const struct place *up;
    const char *name; /* in snake_case, as the contract has it */
    long index;       /* within a list, else -1 */
};

struct reader {
    struct arena *arena;
    struct status fault;
};

static void write_path(struct text_buffer *path, const struct place *place)
{
    if (!place)
        return;
    write_path(path, place->up);
    if (path->size)
        text_buffer_add(path, ".");
    text_buffer_add(path, place->name);
    if (place->index >= 0)
        text_buffer_format(path, "[%ld]", place->index);
}

static bool fail(struct reader *reader, const struct place *place, const char *message)
{
    struct text_buffer path = {0};
    write_path(&path, place);
    const char *field = path.size ? arena_strdup(reader->arena, path.bytes) : NULL;
    text_buffer_fini(&path);
    reader->fault = status_invalid(field, message);
    return false;
}

static bool read_signed(const json_t *json, int64_t least, int64_t most, int64_t *ret_number)
{
    int64_t number;
    if (json_is_integer(json)) {
        number = json_integer_value(json);
    } else if (json_is_real(json)) {
        double real = json_real_value(json);
        if (real != floor(real) || real < -9223372036854775808.0 || real >= 9223372036854775808.0)
            return false;
        number = (int64_t)real;
    } else {
        const char *text = json_string_value(json);
        char *end;
        if (!text || !((*text >= '0' && *text <= '9') || (*text == '-' && text[1] >= '0' && text[1] <= '9')))
            return false;
        errno = 0;
        number = strtoll(text, &end, 10);
        if (errno || *end)
            return false;
    }
    *ret_number = number;
    return number >= least && number <= most;
}

static bool read_unsigned(const json_t *json, uint64_t most, uint64_t *ret_number)
{
    unsigned long long number;
    if (json_is_string(json)) {
        if (!text_to_u64(json_string_value(json), most, &number))
            return false;
        *ret_number = number;
        return true;
    }
    int64_t signed_number;
    if (json_is_real(json) && json_real_value(json) >= 9223372036854775808.0) {
        double real = json_real_value(json);
        if (real >= 18446744073709551616.0 || (uint64_t)real > most)
            return false;
        *ret_number = (uint64_t)real;
        return true;
    }
    if (!read_signed(json, 0, INT64_MAX, &signed_number) || (uint64_t)signed_number > most)
        return false;
    *ret_number = (uint64_t)signed_number;
    return true;
}

static bool read_double(const json_t *json, double *ret_number)
{
    if (json_is_number(json)) {
        *ret_number = json_number_value(json);
        return true;
    }
    const char *text = json_string_value(json);
    if (!text || !*text)
        return false;
    if (text_equal(text, "NaN"))
        *ret_number = (double)NAN;
    else if (text_equal(text, "Infinity"))
        *ret_number = (double)INFINITY;
    else if (text_equal(text, "-Infinity"))
        *ret_number = -(double)INFINITY;
    else {
        char *end;
        if (!strchr("-0123456789", *text) || strpbrk(text, "xXpPnN"))
            return false;
        double number = strtod(text, &end);
        if (*end || isinf(number))
            return false;
        *ret_number = number;
    }
    return true;
}

static bool read_float(const json_t *json, float *ret_number)
{
    double number;
    if (!read_double(json, &number) || (!isinf(number) && fabs(number) > (double)FLT_MAX))
        return false;
    *ret_number = (float)number;
    return true;
}

static bool read_enum(const json_t *json, const ProtobufCEnumDescriptor *descriptor, int *ret_number)
{
    const ProtobufCEnumValue *value = NULL;
    int64_t number;
    if (json_is_string(json))
        value = protobuf_c_enum_descriptor_get_value_by_name(descriptor, json_string_value(json));
    else if (read_signed(json, INT32_MIN, INT32_MAX, &number))
        value = protobuf_c_enum_descriptor_get_value(descriptor, (int)number);
    if (value)
        *ret_number = value->value;
    return value != NULL;
}

static bool read_integer(const ProtobufCFieldDescriptor *field, const json_t *json, void *to)
{
    int64_t number;
    uint64_t unsigned_number;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (!read_signed(json, INT32_MIN, INT32_MAX, &number))
            return false;
        *(int32_t *)to = (int32_t)number;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!read_unsigned(json, UINT32_MAX, &unsigned_number))
            return false;
        *(uint32_t *)to = (uint32_t)unsigned_number;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return read_unsigned(json, UINT64_MAX, to);
    default:
        return read_signed(json, INT64_MIN, INT64_MAX, to);
    }
}

static bool read_text(struct reader *reader, const json_t *json, const char **to)
{
    if (!json_is_string(json))
        return false;
    size_t size = json_string_length(json);
    *to = size ? arena_strndup(reader->arena, json_string_value(json), size) : protobuf_c_empty_string;
    return true;
}

static bool read_bytes(struct reader *reader, const json_t *json, ProtobufCBinaryData *to)
{
    return json_is_string(json) && base64_decode(reader->arena, json_string_value(json),
                                                 json_string_length(json), &to->data, &to->len);
}

static bool read_message(struct reader *reader, const struct place *place, const json_t *json,
                         const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret_message);

static bool read_scalar(struct reader *reader, const struct place *place,
                        const ProtobufCFieldDescriptor *field, const json_t *json, void *to)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)to = json_is_true(json);
        return json_is_boolean(json) || fail(reader, place, "must be true or false");
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(json, field->descriptor, to) ||
               fail(reader, place, "is none of the values that this field has");
    case PROTOBUF_C_TYPE_FLOAT:
        return read_float(json, to) || fail(reader, place, "must be a number");
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(json, to) || fail(reader, place, "must be a number");
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, json, to) || fail(reader, place, "must be a string");
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, json, to) || fail(reader, place, "must be a string in base64");
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(reader, place, json, field->descriptor, to);
    default:
        return read_integer(field, json, to) ||
               fail(reader, place, "must be a whole number in the range of its type");
    }
}

static bool read_list(struct reader *reader, const struct place *up, const ProtobufCFieldDescriptor *field,
                      const json_t *json, ProtobufCMessage *message)
{
    struct place place = {up, field->name, -1};
    if (!json_is_array(json))
        return fail(reader, &place, "must be a list");
    size_t count = json_array_size(json), element_bytes = field_element_bytes(field);
    if (!count)
        return true;
    char *elements = arena_array(reader->arena, count, element_bytes);
    for (size_t i = 0; i < count; i++) {
        place.index = (long)i;
        if (!read_scalar(reader, &place, field, json_array_get(json, i), elements + i * element_bytes))
            return false;
    }
    *(char **)field_at(message, field) = elements;
    *field_count(message, field) = count;
    return true;
}

static bool read_field(struct reader *reader, const struct place *up, const ProtobufCFieldDescriptor *field,
                       const json_t *json, ProtobufCMessage *message)
{
    struct place place = {up, field->name, -1};
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reader, up, field, json, message);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        if (*field_case(message, field))
            return fail(reader, &place, "stands beside another member of its choice");
        *field_case(message, field) = (int)field->id;
    }
    return read_scalar(reader, &place, field, json, field_at(message, field));
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *key)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(descriptor, key);
    for (unsigned i = 0; i < descriptor->n_fields && !field; i++) {
        char name[NAME_BYTES];
        json_name_format(descriptor->fields[i].name, name, sizeof name);
        if (text_equal(name, key))
            field = &descriptor->fields[i];
    }
    return field;
}

static bool read_fields(struct reader *reader, const struct place *place, const json_t *json,
                        ProtobufCMessage *message)
{
    bool seen[GUARD_FIELDS] = {false};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        const ProtobufCFieldDescriptor *field = find_field(message->descriptor, key);
        if (!field) {
            struct place unknown = {place, arena_strndup(reader->arena, key, text_cut(key, SHOWN_BYTES)), -1};
            return fail(reader, &unknown, "is no field of this message");
        }
        struct place known = {place, field->name, -1};
        bool *again = &seen[field - message->descriptor->fields];
        if (*again)
            return fail(reader, &known, "is given twice, under both its names");
        *again = true;
        if (!json_is_null(value) && !read_field(reader, place, field, value, message))
            return false;
    }
    return true;
}

static bool read_time(struct reader *reader, const struct place *place, const json_t *json,
                      ProtobufCMessage *message)
{
    const char *text = json_string_value(json);
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        Google__Protobuf__Timestamp *time = (void *)message;
        return (text && json_timestamp_parse(text, &time->seconds, &time->nanos)) ||
               fail(reader, place, "must be a time such as \"2026-01-31T12:00:00Z\"");
    }
    Google__Protobuf__Duration *duration = (void *)message;
    return (text && json_duration_parse(text, &duration->seconds, &duration->nanos)) ||
           fail(reader, place, "must be a duration such as \"1.5s\"");
}

static bool read_message(struct reader *reader, const struct place *place, const json_t *json,
                         const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = arena_alloc(reader->arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    *ret_message = message;
    if (descriptor == &google__protobuf__timestamp__descriptor ||
        descriptor == &google__protobuf__duration__descriptor)
        return read_time(reader, place, json, message);
    if (!json_is_object(json))
        return fail(reader, place, "must be an object");
    if (descriptor->n_fields > GUARD_FIELDS)
        return fail(reader, place, "is of a type with too many fields");
    return read_fields(reader, place, json, message);
}

struct status json_to_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                              const char *text, size_t size, ProtobufCMessage **ret_message)
{
    struct reader reader = {.arena = arena};
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "this is not JSON: line %d, column %d: %s",
                             error.line, error.column, error.text);
    ProtobufCMessage *message;
    bool good = read_message(&reader, NULL, json, descriptor, &message);
    json_decref(json);
    if (!good)
        return reader.fault;
    *ret_message = message;
    return STATUS_NONE;
}
