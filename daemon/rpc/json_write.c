#include "rpc/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/base64.h"
#include "base/field.h"
#include "rpc/json_name.h"
#include "rpc/json_time.h"

enum { NAME_BYTES = 128 };

struct writer {
    struct text_buffer *out;
    unsigned indent, level;
};

void json_name_format(const char *field_name, char *name, size_t name_bytes)
{
    char *last = name + name_bytes - 1;
    for (bool upper = false; *field_name && name < last; field_name++) {
        if (*field_name == '_') {
            upper = true;
            continue;
        }
        bool raise = upper && *field_name >= 'a' && *field_name <= 'z';
        *name++ = raise ? (char)(*field_name - 'a' + 'A') : *field_name;
        upper = false;
    }
    *name = '\0';
}

const char *json_field_name(struct arena *arena, const ProtobufCFieldDescriptor *field)
{
    char name[NAME_BYTES];
    json_name_format(field->name, name, sizeof name);
    return arena_strdup(arena, name);
}

static void new_line(struct writer *writer)
{
    if (writer->indent)
        text_buffer_format(writer->out, "\n%*s", (int)(writer->indent * writer->level), "");
}

/* The shortest decimals that read back as the same number. */
static void write_real(struct text_buffer *out, double value, bool is_float)
{
    if (isnan(value)) {
        text_buffer_add(out, "\"NaN\"");
    } else if (isinf(value)) {
        text_buffer_add(out, value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    } else if (value == 0 && signbit(value)) {
        text_buffer_add(out, "-0.0"); /* "-0" would be read as a whole number, which has no such zero */
    } else {
        char text[32];
        for (int digits = is_float ? 6 : 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            double again = strtod(text, NULL);
            if (again == value || (is_float && (float)again == (float)value))
                break;
        }
        text_buffer_add(out, text);
    }
}

static void write_enum(struct text_buffer *out, const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    if (value)
        text_buffer_format(out, "\"%s\"", value->name);
    else
        text_buffer_format(out, "%d", number);
}

static void write_bytes(struct text_buffer *out, const ProtobufCBinaryData *bytes)
{
    struct arena *arena = arena_new(0);
    text_buffer_add(out, "\"");
    text_buffer_add(out, base64_encode(arena, bytes->data, bytes->len, true));
    text_buffer_add(out, "\"");
    arena_free(arena);
}

static bool write_time(struct text_buffer *out, const ProtobufCMessage *message)
{
    char text[JSON_TIME_BYTES];
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        const Google__Protobuf__Timestamp *time = (const void *)message;
        if (!json_timestamp_format(time->seconds, time->nanos, text))
            return false;
    } else if (message->descriptor == &google__protobuf__duration__descriptor) {
        const Google__Protobuf__Duration *duration = (const void *)message;
        if (!json_duration_format(duration->seconds, duration->nanos, text))
            return false;
    } else {
        return false;
    }
    text_buffer_format(out, "\"%s\"", text);
    return true;
}

static void write_message(struct writer *writer, const ProtobufCMessage *message);

static void write_value(struct writer *writer, const ProtobufCFieldDescriptor *field, const void *value)
{
    struct text_buffer *out = writer->out;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        text_buffer_format(out, "%" PRId32, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        text_buffer_format(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        text_buffer_format(out, "\"%" PRId64 "\"", *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        text_buffer_format(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        write_real(out, (double)*(const float *)value, true);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        write_real(out, *(const double *)value, false);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        text_buffer_add(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(out, field->descriptor, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)value;
        text_buffer_add_json(out, text ? text : "", 0);
        break;
    }
    case PROTOBUF_C_TYPE_BYTES:
        write_bytes(out, value);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(writer, *(ProtobufCMessage *const *)value);
        break;
    }
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const char zeros[8];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)value;
        return !text || !*text;
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(ProtobufCMessage *const *)value;
    default:
        return memcmp(value, zeros, field_element_bytes(field)) == 0;
    }
}

static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *field_count(message, field) > 0;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *field_case(message, field) == (int)field->id;
    return !is_default(field, field_at(message, field));
}

static void write_list(struct writer *writer, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    const char *value = *(char **)field_at(message, field);
    text_buffer_add(writer->out, "[");
    writer->level++;
    for (size_t i = 0; i < *field_count(message, field); i++, value += field_element_bytes(field)) {
        if (i)
            text_buffer_add(writer->out, ",");
        new_line(writer);
        write_value(writer, field, value);
    }
    writer->level--;
    new_line(writer);
    text_buffer_add(writer->out, "]");
}

static void write_field(struct writer *writer, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    char name[NAME_BYTES];
    json_name_format(field->name, name, sizeof name);
    new_line(writer);
    text_buffer_format(writer->out, writer->indent ? "\"%s\": " : "\"%s\":", name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        write_list(writer, message, field);
    else
        write_value(writer, field, field_at(message, field));
}

static void write_message(struct writer *writer, const ProtobufCMessage *message)
{
    if (!message) {
        text_buffer_add(writer->out, "{}");
        return;
    }
    if (write_time(writer->out, message))
        return;
    bool any = false;
    text_buffer_add(writer->out, "{");
    writer->level++;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_set(message, field))
            continue;
        if (any)
            text_buffer_add(writer->out, ",");
        any = true;
        write_field(writer, message, field);
    }
    writer->level--;
    if (any)
        new_line(writer);
    text_buffer_add(writer->out, "}");
}

void json_from_message(struct text_buffer *out, const ProtobufCMessage *message, unsigned indent)
{
    struct writer writer = {.out = out, .indent = indent};
    write_message(&writer, message);
}
