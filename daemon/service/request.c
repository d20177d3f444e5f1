#include "service/request.h"

#include <openssl/evp.h>

#include <string.h>

#include "base/arena.h"

enum { REQUEST_ID_BYTES = 64, LANGUAGE_BYTES = 35 };

void request_id_check(struct faults *faults, const char *request_id)
{
    size_t size = strlen(request_id);
    if (size > REQUEST_ID_BYTES) {
        faults_add(faults, "", "request_id", "has %zu bytes; at most %d are taken", size, REQUEST_ID_BYTES);
        return;
    }
    for (const char *at = request_id; *at; at++) {
        if (*at < ' ' || *at > '~') {
            faults_add(faults, "", "request_id", "has a character that is not printable ASCII");
            return;
        }
    }
}

void request_language_check(struct faults *faults, const char *prefix, const char *language)
{
    size_t size = strlen(language);
    if (size > LANGUAGE_BYTES ||
        strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != size)
        faults_add(faults, prefix, "language", "is not a language tag such as \"de\" or \"pt-BR\"");
}

void request_hash(struct arena *arena, const ProtobufCMessage *request,
                  unsigned char ret_hash[REQUEST_CONTENT_HASH_BYTES])
{
    ProtobufCMessage *bare = arena_copy(arena, request, request->descriptor->sizeof_message);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(bare->descriptor, "request_id");
    *(char **)((char *)bare + field->offset) = (char *)protobuf_c_empty_string;
    size_t size = protobuf_c_message_get_packed_size(bare);
    void *packed = arena_alloc(arena, size);
    protobuf_c_message_pack(bare, packed);
    unsigned int length = REQUEST_CONTENT_HASH_BYTES;
    EVP_Digest(packed, size, ret_hash, &length, EVP_sha256(), NULL);
}
