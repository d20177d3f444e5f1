#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"

struct arena;

/* The request_id of a write: 1 to 64 printable ASCII, or "" for none. */
void request_id_check(struct faults *faults, const char *request_id);

/* A BCP 47 tag, or "": letters, digits and hyphens, at most 35. */
void request_language_check(struct faults *faults, const char *prefix, const char *language);

enum { REQUEST_CONTENT_HASH_BYTES = 32 };

/* SHA-256 over the request but for its request_id: the same content gives the same hash. Before the request is changed. */
void request_hash(struct arena *arena, const ProtobufCMessage *request,
                  unsigned char ret_hash[REQUEST_CONTENT_HASH_BYTES]);
