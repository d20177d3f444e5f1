#pragma once

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/wire.h"

/* Fields of generated messages, reached through their descriptors. */

/* NULL: the message has none of that number. Most messages have them from 1 on without a gap. */
static inline const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *descriptor,
                                                         uint32_t number)
{
    if (descriptor->n_field_ranges != 1)
        return protobuf_c_message_descriptor_get_field(descriptor, number);
    uint32_t place = number - (uint32_t)descriptor->field_ranges->start_value;
    return place < descriptor->n_fields ? &descriptor->fields[place] : NULL;
}

static inline void *field_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)message + field->offset;
}

/* A repeated field's count. */
static inline size_t *field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (size_t *)((char *)message + field->quantifier_offset);
}

/* Of a field in a oneof: the number of the member that is set, 0: none. */
static inline int *field_case(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (int *)((char *)message + field->quantifier_offset);
}

/* One value of the field takes so many bytes in its message or list. */
static inline size_t field_element_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

static inline enum wire_type field_wire_type(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_BYTES;
    default:
        return WIRE_VARINT;
    }
}

/* One value of the field, as proto3 leaves it out. */
static inline bool field_is_zero(const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)value;
        return !text || !*text;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(const void *const *)value;
    case PROTOBUF_C_TYPE_BYTES:
        return !((const ProtobufCBinaryData *)value)->len;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)value == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)value == 0;
    default:
        return field_element_bytes(field) == 8 ? !*(const uint64_t *)value : !*(const uint32_t *)value;
    }
}

/* The field takes no byte where the message is packed. */
static inline bool field_is_unset(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *value = field_at(message, field);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return !*field_count(message, field);
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return field_is_zero(field, value);
    bool is_pointer = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
    return *field_case(message, field) != (int)field->id || (is_pointer && !*(const void *const *)value);
}
