#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "partner/v1/agreement.pb-c.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "partner/v1/vocabulary.pb-c.h"
#include "rpc/guard.h"

enum { MEMORY_BYTES = 1 << 20 };

/* The first byte chooses the type, the others are a message. What passes is decoded in the memory foretold, and what it is packed
 * to passes again, and is packed alike. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const ProtobufCMessageDescriptor *const types[] = {
        &partner__v1__find_hosts_request__descriptor,
        &partner__v1__apply_request__descriptor,
        &partner__v1__push_request__descriptor,
        &partner__v1__propose_request__descriptor,
        &partner__v1__concept__descriptor,
    };
    if (!size)
        return 0;
    const ProtobufCMessageDescriptor *type = types[*bytes % (sizeof types / sizeof *types)];
    struct arena *arena = arena_new(0), *decoded = arena_new(0);
    struct guard_limits limits = {.memory_bytes = MEMORY_BYTES, .enums_open = *bytes >= 128};
    size_t memory_bytes = 0;
    if (status_ok(guard_check(arena, type, bytes + 1, size - 1, limits, &memory_bytes))) {
        FUZZ_CHECK(memory_bytes <= MEMORY_BYTES);
        const ProtobufCMessage *message = guard_decode(decoded, type, bytes + 1, size - 1);
        FUZZ_CHECK(arena_used(decoded) <= memory_bytes);
        size_t packed_size = protobuf_c_message_get_packed_size(message);
        unsigned char *packed = arena_alloc(arena, packed_size), *again = arena_alloc(arena, packed_size);
        protobuf_c_message_pack(message, packed);
        ProtobufCMessage *second = NULL;
        FUZZ_CHECK(status_ok(guard_unpack(arena, type, packed, packed_size, limits, &second)));
        FUZZ_CHECK(protobuf_c_message_get_packed_size(second) == packed_size);
        protobuf_c_message_pack(second, again);
        FUZZ_CHECK(memcmp(packed, again, packed_size) == 0);
    }
    arena_free(decoded);
    arena_free(arena);
    return 0;
}
