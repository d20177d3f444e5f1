#include "rpc/support.h"

#include "base/arena.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "partner/v1/admin.pb-c.h"
#include "partner/v1/agreement.pb-c.h"
#include "partner/v1/evidence.pb-c.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "base/field.h"

enum { MOST_TYPES = 256 };

const ProtobufCServiceDescriptor *const contract_services[] = {
    &partner__v1__admin_service__descriptor,
    &partner__v1__agreement_service__descriptor,
    &partner__v1__evidence_service__descriptor,
    &partner__v1__match_service__descriptor,
    &partner__v1__registry_service__descriptor,
    &partner__v1__vocabulary_service__descriptor,
    NULL,
};

static struct contract_type types[MOST_TYPES];
static size_t type_count;

static void add_type(const ProtobufCMessageDescriptor *descriptor, const ProtobufCServiceDescriptor *service)
{
    for (size_t i = 0; i < type_count; i++)
        if (types[i].descriptor == descriptor)
            return;
    assert_true(type_count < MOST_TYPES);
    types[type_count++] = (struct contract_type){descriptor, service};
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            add_type(descriptor->fields[i].descriptor, NULL);
}

size_t contract_types(const struct contract_type **ret_types)
{
    for (size_t i = 0; contract_services[i] && !type_count; i++) {
        /* Requests first, so that those of several methods are known as such. */
        for (const ProtobufCServiceDescriptor *const *service = contract_services; *service; service++)
            for (unsigned j = 0; j < (*service)->n_methods; j++)
                add_type((*service)->methods[j].input, *service);
        for (const ProtobufCServiceDescriptor *const *service = contract_services; *service; service++)
            for (unsigned j = 0; j < (*service)->n_methods; j++)
                add_type((*service)->methods[j].output, NULL);
    }
    *ret_types = types;
    return type_count;
}

/* splitmix64 */
uint64_t random_number(uint64_t *seed)
{
    uint64_t mixed = *seed += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
}

static void random_value(struct arena *arena, const ProtobufCFieldDescriptor *field, void *to, uint64_t *seed)
{
    static const char *const texts[] = {
        "a", "Žilina \"x\"", "\xf0\x9f\x8c\x8d", "line\nbreak\\", "oid:E10000001", "</b>"};
    uint64_t number = random_number(seed) >> (random_number(seed) % 64);
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)to = random_message(arena, field->descriptor, seed);
        break;
    case PROTOBUF_C_TYPE_STRING:
        *(const char **)to = texts[number % 6];
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)to = (ProtobufCBinaryData){number % 8 + 1, arena_copy(arena, texts[1], 9)};
        break;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *values = field->descriptor;
        *(int *)to = values->values[number % values->n_values].value;
        break;
    }
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)to = number & 1;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)to = (double)(int64_t)number / (number % 3 ? 1.0 : 3.0);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *)to = (float)(int64_t)number / 3.0F;
        break;
    default:
        memcpy(to, &number, field_element_bytes(field));
        break;
    }
}

static void random_list(struct arena *arena, const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
                        uint64_t *seed)
{
    size_t count = random_number(seed) % 4, element_bytes = field_element_bytes(field);
    char *elements = arena_array(arena, count, element_bytes);
    for (size_t i = 0; i < count; i++)
        random_value(arena, field, elements + i * element_bytes, seed);
    *(char **)field_at(message, field) = elements;
    *field_count(message, field) = count;
}

ProtobufCMessage *random_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                 uint64_t *seed)
{
    ProtobufCMessage *message = arena_zalloc(arena, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    if (descriptor == &google__protobuf__timestamp__descriptor) {
        Google__Protobuf__Timestamp *time = (void *)message;
        time->seconds = (int64_t)(random_number(seed) % 315537897600) - 62135596800;
        time->nanos = (int32_t)(random_number(seed) % 1000) * (random_number(seed) & 1 ? 1 : 1000000);
        return message;
    }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool choice = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
        if (random_number(seed) & 1 || (choice && *field_case(message, field)))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            random_list(arena, field, message, seed);
            continue;
        }
        if (choice)
            *field_case(message, field) = (int)field->id;
        random_value(arena, field, field_at(message, field), seed);
    }
    return message;
}

unsigned char *pack(struct arena *arena, const void *message, size_t *ret_size)
{
    unsigned char *bytes = arena_alloc(arena, protobuf_c_message_get_packed_size(message));
    *ret_size = protobuf_c_message_pack(message, bytes);
    return bytes;
}
