#include <assert.h>

#include "base/arena.h"
#include "base/field.h"
#include "rpc/guard.h"
#include "base/wire.h"

/* The library's own unpacking keeps unknown fields and 40 bytes of notes for every field it meets. The bytes have passed
 * guard_check: what cannot be read any more is a fault of this program. */

static uint64_t unzigzag(uint64_t value)
{
    return (value >> 1) ^ -(value & 1);
}

static void read_varint(const ProtobufCFieldDescriptor *field, struct wire *wire, void *to)
{
    uint64_t value = 0;
    bool good = wire_varint(wire, &value);
    assert(good);
    switch (field->type) {
    case PROTOBUF_C_TYPE_SINT64:
        value = unzigzag(value);
        [[fallthrough]];
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)to = value;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)to = value != 0;
        break;
    case PROTOBUF_C_TYPE_SINT32:
        value = unzigzag(value);
        [[fallthrough]];
    default:
        *(uint32_t *)to = (uint32_t)value;
        break;
    }
}

static void read_number(const ProtobufCFieldDescriptor *field, struct wire *wire, void *to)
{
    if (field_wire_type(field) == WIRE_VARINT) {
        read_varint(field, wire, to);
        return;
    }
    bool good = wire_fixed(wire, to, field_element_bytes(field));
    assert(good);
}

static void read_bytes(struct arena *arena, const ProtobufCFieldDescriptor *field, struct wire bytes,
                       void *to)
{
    size_t size = wire_left(&bytes);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        *(ProtobufCMessage **)to = guard_decode(arena, field->descriptor, bytes.at, size);
    else if (field->type == PROTOBUF_C_TYPE_BYTES)
        *(ProtobufCBinaryData *)to =
            (ProtobufCBinaryData){size, size ? arena_copy(arena, bytes.at, size) : NULL};
    else
        *(const char **)to =
            size ? arena_strndup(arena, (const char *)bytes.at, size) : protobuf_c_empty_string;
}

static size_t packed_count(const ProtobufCFieldDescriptor *field, struct wire numbers)
{
    if (field_wire_type(field) != WIRE_VARINT)
        return wire_left(&numbers) / field_element_bytes(field);
    size_t count = 0;
    for (; numbers.at < numbers.end; numbers.at++)
        count += *numbers.at < 0x80;
    return count;
}

static void count_field(const ProtobufCFieldDescriptor *field, struct wire *wire, enum wire_type type,
                        size_t *count)
{
    struct wire packed;
    if (type == WIRE_BYTES && field_wire_type(field) != WIRE_BYTES && wire_bytes(wire, &packed)) {
        *count += packed_count(field, packed);
        return;
    }
    ++*count;
    wire_skip(wire, field->id, type);
}

static void fill_field(struct arena *arena, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       struct wire *wire, enum wire_type type)
{
    size_t element_bytes = field_element_bytes(field);
    bool listed = field->label == PROTOBUF_C_LABEL_REPEATED;
    struct wire bytes = {0};
    if (type == WIRE_BYTES)
        wire_bytes(wire, &bytes);
    bool packed = type == WIRE_BYTES && field_wire_type(field) != WIRE_BYTES;
    if (packed && !wire_left(&bytes))
        return; /* there may be no list */
    size_t *count = listed ? field_count(message, field) : NULL;
    char *to =
        listed ? *(char **)field_at(message, field) + *count * element_bytes : field_at(message, field);
    if (!listed && field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        *field_case(message, field) = (int)field->id;
    if (packed) {
        for (; wire_left(&bytes); to += element_bytes, ++*count)
            read_number(field, &bytes, to);
        return;
    }
    if (type == WIRE_BYTES)
        read_bytes(arena, field, bytes, to);
    else
        read_number(field, wire, to);
    if (listed)
        ++*count;
}

/* Makes room for all lists of the message: `wire` begins with the first element that any of them has. */
static void make_lists(struct arena *arena, ProtobufCMessage *message, struct wire wire)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    size_t counts[GUARD_FIELDS];
    memset(counts, 0, descriptor->n_fields * sizeof *counts);
    uint32_t number;
    enum wire_type type;
    while (wire_left(&wire) && wire_tag(&wire, &number, &type)) {
        const ProtobufCFieldDescriptor *field = field_find(descriptor, number);
        if (field && field->label == PROTOBUF_C_LABEL_REPEATED)
            count_field(field, &wire, type, &counts[field - descriptor->fields]);
        else
            wire_skip(&wire, number, type);
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (counts[i])
            *(void **)field_at(message, &descriptor->fields[i]) =
                arena_alloc(arena, counts[i] * field_element_bytes(&descriptor->fields[i]));
}

ProtobufCMessage *guard_decode(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                               const void *bytes, size_t size)
{
    ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    bool has_lists = false;
    for (struct wire wire = wire_of(bytes, size), from = wire; wire_left(&wire); from = wire) {
        uint32_t number;
        enum wire_type type;
        bool good = wire_tag(&wire, &number, &type);
        assert(good);
        const ProtobufCFieldDescriptor *field = field_find(descriptor, number);
        if (field && field->label == PROTOBUF_C_LABEL_REPEATED && !has_lists) {
            make_lists(arena, message, from);
            has_lists = true;
        }
        if (field)
            fill_field(arena, message, field, &wire, type);
        else
            wire_skip(&wire, number, type);
    }
    return message;
}
