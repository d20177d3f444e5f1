#include "service/page.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "model/record.h"

static void clear_field(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (!field)
        return;
    void *member = (char *)message + field->offset;
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)member = 0;
        break;
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)member = 0;
        break;
    default:
        *(char **)member = (char *)protobuf_c_empty_string;
        break;
    }
}

uint64_t page_request_hash(struct arena *arena, const ProtobufCMessage *request)
{
    ProtobufCMessage *bare = arena_copy(arena, request, request->descriptor->sizeof_message);
    clear_field(bare, "page_size");
    clear_field(bare, "page_token");
    clear_field(bare, "min_revision");
    size_t size = protobuf_c_message_get_packed_size(bare);
    void *packed = arena_alloc(arena, size);
    protobuf_c_message_pack(bare, packed);
    return hash_bytes(packed, size);
}

/* 16 digits of the request's hash, 16 of the score's bits, and the id. */
char *page_token_make(struct arena *arena, uint64_t request_hash, double score, const char *id)
{
    uint64_t bits;
    memcpy(&bits, &score, sizeof bits);
    return arena_format(arena, "%016llx%016llx%s", (unsigned long long)request_hash, (unsigned long long)bits,
                        id);
}

static bool read_hex(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (int i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef", *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return false;
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *ret_number = number;
    return true;
}

struct status page_token_read(struct arena *arena, const char *token, uint64_t request_hash,
                              double *ret_score, const char **ret_id)
{
    uint64_t hash, bits;
    double score;
    if (strnlen(token, 32) < 32 || !read_hex(token, &hash) || !read_hex(token + 16, &bits) ||
        !id_is_valid(token + 32))
        return status_invalid("page_token", "is not a token that this list has given");
    if (hash != request_hash)
        return status_invalid("page_token",
                              "belongs to another request: only page_size and min_revision may change");
    memcpy(&score, &bits, sizeof score);
    if (!(score >= 0 && score <= 1e9))
        return status_invalid("page_token", "is not a token that this list has given");
    *ret_score = score;
    *ret_id = arena_strdup(arena, token + 32);
    return STATUS_NONE;
}

uint32_t page_size_of(uint32_t asked, uint32_t usual, uint32_t most)
{
    if (asked == 0)
        return usual;
    return asked > most ? most : asked;
}
