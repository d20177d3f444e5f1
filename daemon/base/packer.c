#include "base/packer.h"

#include <string.h>

#include "base/arena.h"
#include "base/field.h"

enum { FIRST_BYTES = 4096 };

/* ---- bytes ---- */

[[gnu::noinline]] static void grow(struct packer *packer, size_t size)
{
    size_t written = packer_size(packer), capacity = packer->capacity ? packer->capacity * 2 : FIRST_BYTES;
    while (capacity < written + size)
        capacity *= 2;
    unsigned char *bytes = arena_alloc(packer->arena, capacity);
    if (written)
        memcpy(bytes + capacity - written, packer_bytes(packer), written);
    *packer = (struct packer){packer->arena, bytes, capacity - written, capacity};
}

unsigned char *packer_take(struct packer *packer, size_t size)
{
    if (packer->at < size)
        grow(packer, size);
    packer->at -= size;
    return packer->bytes + packer->at;
}

void packer_put(struct packer *packer, const void *bytes, size_t size)
{
    if (size)
        memcpy(packer_take(packer, size), bytes, size);
}

void packer_put_varint(struct packer *packer, uint64_t value)
{
    if (value < 0x80) { /* most are short */
        *packer_take(packer, 1) = (unsigned char)value;
        return;
    }
    unsigned bits = 64 - (unsigned)__builtin_clzll(value);
    unsigned char *to = packer_take(packer, (bits + 6) / 7);
    for (; value >= 0x80; value >>= 7)
        *to++ = (unsigned char)(value | 0x80);
    *to = (unsigned char)value;
}

void packer_put_tag(struct packer *packer, uint32_t number, enum wire_type type)
{
    packer_put_varint(packer, (uint64_t)number << 3 | type);
}

void packer_close(struct packer *packer, uint32_t number, size_t before)
{
    packer_put_varint(packer, packer_size(packer) - before);
    packer_put_tag(packer, number, WIRE_BYTES);
}

void packer_put_bytes(struct packer *packer, uint32_t number, const void *bytes, size_t size)
{
    if (size < 0x80 && number < 0x10) { /* most are: length and tag in a byte each */
        unsigned char *to = packer_take(packer, size + 2);
        to[0] = (unsigned char)(number << 3 | WIRE_BYTES);
        to[1] = (unsigned char)size;
        if (size)
            memcpy(to + 2, bytes, size);
        return;
    }
    size_t before = packer_size(packer);
    packer_put(packer, bytes, size);
    packer_close(packer, number, before);
}

/* ---- one value ---- */

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static uint64_t varint_of(const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        return *(const uint64_t *)value;
    case PROTOBUF_C_TYPE_SINT64:
        return zigzag(*(const int64_t *)value);
    case PROTOBUF_C_TYPE_SINT32:
        return (uint32_t)zigzag(*(const int32_t *)value);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        return (uint64_t)(int64_t) * (const int32_t *)value;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value != 0;
    default:
        return *(const uint32_t *)value;
    }
}

static void put_message(struct packer *packer, uint32_t number, const ProtobufCMessage *message)
{
    size_t before = packer_size(packer);
    if (message)
        packer_put_message(packer, message);
    packer_close(packer, number, before);
}

static void put_number(struct packer *packer, const ProtobufCFieldDescriptor *field, const void *value)
{
    if (field_wire_type(field) == WIRE_VARINT)
        packer_put_varint(packer, varint_of(field, value));
    else
        packer_put(packer, value, field_element_bytes(field)); /* little endian, as this machine */
}

static void put_value(struct packer *packer, const ProtobufCFieldDescriptor *field, const void *value)
{
    const ProtobufCBinaryData *data = value;
    const char *text;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        put_message(packer, field->id, *(const ProtobufCMessage *const *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        text = *(const char *const *)value;
        packer_put_bytes(packer, field->id, text, text ? strlen(text) : 0);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        packer_put_bytes(packer, field->id, data->data, data->len);
        break;
    default:
        put_number(packer, field, value);
        packer_put_tag(packer, field->id, field_wire_type(field));
        break;
    }
}

/* ---- fields ---- */

static void put_list(struct packer *packer, const ProtobufCMessage *message,
                     const ProtobufCFieldDescriptor *field)
{
    size_t count = *field_count(message, field), size = field_element_bytes(field);
    const char *items = *(const char *const *)field_at(message, field);
    if (!count)
        return;
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED)) {
        while (count--)
            put_value(packer, field, items + count * size);
        return;
    }
    size_t before = packer_size(packer);
    while (count--)
        put_number(packer, field, items + count * size);
    packer_close(packer, field->id, before);
}

static void put_unknown(struct packer *packer, const ProtobufCMessage *message)
{
    for (unsigned i = message->n_unknown_fields; i-- > 0;) {
        const ProtobufCMessageUnknownField *field = &message->unknown_fields[i];
        packer_put(packer, field->data, field->len); /* with its length, where it has one */
        packer_put_tag(packer, field->tag, (enum wire_type)field->wire_type);
    }
}

void packer_put_message(struct packer *packer, const ProtobufCMessage *message)
{
    put_unknown(packer, message);
    for (unsigned i = message->descriptor->n_fields; i-- > 0;) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (field_is_unset(message, field))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_list(packer, message, field);
        else
            put_value(packer, field, field_at(message, field));
    }
}
