#include "model/record.h"

#include <string.h>

#include "base/arena.h"
#include "base/packer.h"
#include "base/text.h"

enum { ID_KEY_BYTES = 128, REGISTRY_BYTES = 32 };

/* ---- kinds ---- */

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
} kinds[RECORD_KIND_COUNT] = {
    [RECORD_NONE] = {"record", NULL},
    [RECORD_ORGANISATION] = {"organisation", &partner__v1__organisation__descriptor},
    [RECORD_OFFER] = {"offer", &partner__v1__offer__descriptor},
    [RECORD_NEED] = {"need", &partner__v1__need__descriptor},
    [RECORD_PARTNERSHIP] = {"partnership", &partner__v1__partnership__descriptor},
};

struct record record_of(const pb_record *message)
{
    switch (message->kind_case) {
    case PARTNER__V1__RECORD__KIND_ORGANISATION:
        return (struct record){RECORD_ORGANISATION, {.organisation = message->organisation}};
    case PARTNER__V1__RECORD__KIND_OFFER:
        return (struct record){RECORD_OFFER, {.offer = message->offer}};
    case PARTNER__V1__RECORD__KIND_NEED:
        return (struct record){RECORD_NEED, {.need = message->need}};
    case PARTNER__V1__RECORD__KIND_PARTNERSHIP:
        return (struct record){RECORD_PARTNERSHIP, {.partnership = message->partnership}};
    default:
        return (struct record){.kind = RECORD_NONE};
    }
}

const ProtobufCMessageDescriptor *record_descriptor(enum record_kind kind)
{
    return (unsigned)kind < RECORD_KIND_COUNT ? kinds[kind].descriptor : NULL;
}

const char *record_kind_name(enum record_kind kind)
{
    return kinds[(unsigned)kind < RECORD_KIND_COUNT ? kind : RECORD_NONE].name;
}

const char *record_id(const struct record *record)
{
    switch (record->kind) {
    case RECORD_ORGANISATION:
        return record->organisation->id;
    case RECORD_OFFER:
        return record->offer->id;
    case RECORD_NEED:
        return record->need->id;
    case RECORD_PARTNERSHIP:
        return record->partnership->id;
    default:
        return "";
    }
}

size_t record_references(const struct record *record, const char *const **ret_ids, const char *scratch[1])
{
    switch (record->kind) {
    case RECORD_OFFER:
        scratch[0] = record->offer->organisation_id;
        break;
    case RECORD_NEED:
        scratch[0] = record->need->organisation_id;
        break;
    case RECORD_PARTNERSHIP:
        *ret_ids = (const char *const *)record->partnership->organisation_ids;
        return record->partnership->n_organisation_ids;
    default:
        *ret_ids = scratch;
        return 0;
    }
    *ret_ids = scratch;
    return 1;
}

/* ---- packed records ---- */

union any_record {
    ProtobufCMessage message;
    pb_organisation organisation;
    pb_offer offer;
    pb_need need;
    pb_partnership partnership;
};

/* A shallow copy, whose output fields can be cleared without touching the caller's. */
static void copy_without_output(const struct record *record, union any_record *ret_copy)
{
    memcpy(ret_copy, record->message, record->message->descriptor->sizeof_message);
    ret_copy->message.n_unknown_fields = 0;
    ret_copy->message.unknown_fields = NULL;
    switch (record->kind) {
    case RECORD_ORGANISATION:
        ret_copy->organisation.n_same_as = 0;
        ret_copy->organisation.revision = 0;
        ret_copy->organisation.update_time = NULL;
        break;
    case RECORD_OFFER:
        ret_copy->offer.revision = 0;
        ret_copy->offer.update_time = NULL;
        break;
    case RECORD_NEED:
        ret_copy->need.revision = 0;
        ret_copy->need.update_time = NULL;
        break;
    case RECORD_PARTNERSHIP:
        ret_copy->partnership.revision = 0;
        ret_copy->partnership.update_time = NULL;
        break;
    default:
        break;
    }
}

void *record_pack(struct arena *arena, const struct record *record, size_t *ret_bytes)
{
    union any_record copy;
    copy_without_output(record, &copy);
    *ret_bytes = protobuf_c_message_get_packed_size(&copy.message);
    void *bytes = arena_alloc(arena, *ret_bytes);
    protobuf_c_message_pack(&copy.message, bytes);
    return bytes;
}

void record_pack_into(struct packer *packer, const struct record *record)
{
    union any_record copy;
    copy_without_output(record, &copy);
    packer_put_message(packer, &copy.message);
}

bool record_unpack(struct arena *arena, enum record_kind kind, const void *bytes, size_t size,
                   struct record *ret_record)
{
    const ProtobufCMessageDescriptor *descriptor = record_descriptor(kind);
    if (!descriptor)
        return false;
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, arena_protobuf(arena), size, bytes);
    if (!message)
        return false;
    *ret_record = (struct record){kind, {.message = message}};
    return true;
}

/* ---- ids ---- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the registry's name at the start, 0 where none stands there. */
static size_t registry_bytes(const char *text)
{
    if (!is_lower(text[0]))
        return 0;
    size_t bytes = 1;
    while (is_lower(text[bytes]) || is_digit(text[bytes]) || text[bytes] == '-')
        bytes++;
    return bytes <= REGISTRY_BYTES ? bytes : 0;
}

static bool is_key(char c)
{
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == ':' ||
           c == '-';
}

bool registry_id_is_valid(const char *registry)
{
    size_t bytes = registry_bytes(registry);
    return bytes && registry[bytes] == '\0';
}

bool id_is_valid(const char *id)
{
    size_t start = registry_bytes(id), bytes = 0;
    if (!start || id[start] != '/')
        return false;
    const char *key = id + start + 1;
    while (is_key(key[bytes]))
        bytes++;
    return key[bytes] == '\0' && bytes >= 1 && bytes <= ID_KEY_BYTES;
}

size_t id_registry_bytes(const char *id)
{
    return strcspn(id, "/");
}

bool id_is_of_registry(const char *id, const char *registry)
{
    size_t bytes = id_registry_bytes(id);
    return id[bytes] == '/' && strncmp(id, registry, bytes) == 0 && registry[bytes] == '\0';
}
