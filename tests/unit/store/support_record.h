#pragma once

#include <stdint.h>

#include "model/record.h"

struct arena;

/* A record with all fields set at random, sometimes left empty, such as validation lets pass. Its id and organisations have
 * the keys given. */
struct record random_record(struct arena *arena, uint64_t *seed, enum record_kind kind, const char *id,
                            const char *organisation_id);

uint64_t random_next(uint64_t *seed);

bool field_is_output(const ProtobufCFieldDescriptor *field);
