#include "client/field_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/suggest.h"
#include "rpc/json.h"

struct field_path {
    const char *text;
    bool repeated; /* goes through a repeated field */
    size_t step_count;
    const ProtobufCFieldDescriptor *steps[];
};

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

static struct status no_such_field(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                   const char *name)
{
    struct suggestion best = suggestion_start(name);
    const char *all = "";
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        suggestion_offer(&best, descriptor->fields[i].name);
        all = arena_format(arena, "%s%s%s", all, i ? ", " : "", descriptor->fields[i].name);
    }
    const char *nearest = suggestion_word(&best);
    if (nearest)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL,
                             "there is no field '%s'; did you mean '%s'?", name, nearest);
    return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "there is no field '%s'; there are: %s", name,
                         all);
}

struct status field_path_parse(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                               const char *text, const struct field_path **ret_path)
{
    size_t most = 1;
    for (const char *at = text; *at; at++)
        most += *at == '.';
    struct field_path *path = arena_zalloc(arena, sizeof *path + most * sizeof path->steps[0]);
    path->text = text;
    for (const char *at = text;;) {
        size_t size = strcspn(at, ".");
        const char *name = arena_strndup(arena, at, size);
        if (!descriptor)
            return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "'%s': there is nothing below '%.*s'",
                                 text, (int)(at - text - 1), text);
        const ProtobufCFieldDescriptor *field = find_field(arena, descriptor, name);
        if (!field)
            return no_such_field(arena, descriptor, name);
        path->steps[path->step_count++] = field;
        path->repeated |= field->label == PROTOBUF_C_LABEL_REPEATED;
        descriptor = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        if (!at[size])
            break;
        at += size + 1;
    }
    *ret_path = path;
    return STATUS_NONE;
}

struct writer {
    struct text_buffer *out;
    const struct field_path *path;
    bool json;
    size_t count; /* values written */
};

static void write_separator(struct writer *writer)
{
    if (writer->count++)
        text_buffer_add(writer->out, writer->json ? "," : "; ");
}

static void write_enum(struct writer *writer, const ProtobufCFieldDescriptor *field, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    const char *quote = writer->json ? "\"" : "";
    if (value)
        text_buffer_format(writer->out, "%s%s%s", quote, value->name, quote);
    else
        text_buffer_format(writer->out, "%d", number);
}

/* Times and durations are strings in JSON, and plain ones (no escapes): as text they are without their quotes. */
static void write_message(struct writer *writer, const ProtobufCMessage *message)
{
    struct text_buffer json = {0};
    json_from_message(&json, message, 0);
    bool quoted = !writer->json && json.bytes[0] == '"';
    text_buffer_append(writer->out, json.bytes + quoted, json.size - 2 * quoted);
    text_buffer_fini(&json);
}

/* The value of a field at its place in memory, as protobuf-c lays it out. */
static void write_value(struct writer *writer, const ProtobufCFieldDescriptor *field, const void *at)
{
    struct text_buffer *out = writer->out;
    const char *quote = writer->json ? "\"" : "";
    write_separator(writer);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (writer->json)
            text_buffer_add_json(out, *(const char *const *)at, 0);
        else
            text_buffer_add(out, *(const char *const *)at);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        text_buffer_format(out, "%s%zu bytes%s", quote, ((const ProtobufCBinaryData *)at)->len, quote);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        text_buffer_add(out, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(writer, field, *(const int *)at);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        write_message(writer, *(const ProtobufCMessage *const *)at);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        text_buffer_format(out, "%.12g", *(const double *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        text_buffer_format(out, "%.7g", (double)*(const float *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        text_buffer_format(out, "%s%" PRIu64 "%s", quote, *(const uint64_t *)at, quote);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        text_buffer_format(out, "%s%" PRId64 "%s", quote, *(const int64_t *)at, quote);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        text_buffer_format(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    default:
        text_buffer_format(out, "%" PRId32, *(const int32_t *)at);
        break;
    }
}

static size_t element_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return 8;
    default:
        return 4;
    }
}

static void write_from(struct writer *writer, size_t step, const ProtobufCMessage *message);

static void write_step(struct writer *writer, size_t step, const void *at)
{
    const ProtobufCFieldDescriptor *field = writer->path->steps[step];
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && !*(const ProtobufCMessage *const *)at)
        return;
    if (step + 1 == writer->path->step_count)
        write_value(writer, field, at);
    else
        write_from(writer, step + 1, *(const ProtobufCMessage *const *)at);
}

static void write_from(struct writer *writer, size_t step, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = writer->path->steps[step];
    const char *base = (const char *)message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        const char *elements = *(const char *const *)(const void *)(base + field->offset);
        for (size_t i = 0; i < count; i++)
            write_step(writer, step, elements + i * element_bytes(field));
        return;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
        *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id)
        return;
    write_step(writer, step, base + field->offset);
}

void field_path_text(struct text_buffer *out, const struct field_path *path, const ProtobufCMessage *message)
{
    struct writer writer = {.out = out, .path = path};
    write_from(&writer, 0, message);
}

void field_path_json(struct text_buffer *out, const struct field_path *path, const ProtobufCMessage *message)
{
    struct writer writer = {.out = out, .path = path, .json = true};
    if (path->repeated)
        text_buffer_add(out, "[");
    write_from(&writer, 0, message);
    if (path->repeated)
        text_buffer_add(out, "]");
    else if (!writer.count)
        text_buffer_add(out, "null");
}
