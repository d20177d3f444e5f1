#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <protobuf-c/protobuf-c.h>

struct arena;

/* All messages of the contract, and which of them are requests of a method. */
struct contract_type {
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCServiceDescriptor *service; /* of a request */
};
size_t contract_types(const struct contract_type **ret_types);
extern const ProtobufCServiceDescriptor *const contract_services[];

/* A message with all kinds of values, the same for the same seed; half of the fields are set. */
ProtobufCMessage *random_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                 uint64_t *seed);
uint64_t random_number(uint64_t *seed);

unsigned char *pack(struct arena *arena, const void *message, size_t *ret_size);
