#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "partner/v1/agreement.pb-c.h"
#include "partner/v1/match.pb-c.h"
#include "partner/v1/registry.pb-c.h"
#include "rpc/json.h"

/* The first byte chooses the type, the others are JSON. What was read and written is read again, and is written alike. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const ProtobufCMessageDescriptor *const types[] = {
        &partner__v1__find_hosts_request__descriptor,
        &partner__v1__apply_request__descriptor,
        &partner__v1__agreement__descriptor,
    };
    if (!size)
        return 0;
    const ProtobufCMessageDescriptor *type = types[*bytes % (sizeof types / sizeof *types)];
    struct arena *arena = arena_new(0);
    struct text_buffer first = {0}, second = {0};
    ProtobufCMessage *message = NULL, *again = NULL;
    if (status_ok(json_to_message(arena, type, (const char *)bytes + 1, size - 1, &message))) {
        json_from_message(&first, message, *bytes / 100);
        FUZZ_CHECK(status_ok(json_to_message(arena, type, first.bytes, first.size, &again)));
        json_from_message(&second, again, *bytes / 100);
        FUZZ_CHECK(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
    }
    text_buffer_fini(&first);
    text_buffer_fini(&second);
    arena_free(arena);
    return 0;
}
