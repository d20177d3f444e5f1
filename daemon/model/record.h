#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "partner/v1/registry.pb-c.h"

struct arena;
struct packer;

/* The records are the contract's own messages; these are their short names. Unset text is "", an unset part NULL. */
typedef Partner__V1__Organisation pb_organisation;
typedef Partner__V1__Offer pb_offer;
typedef Partner__V1__Need pb_need;
typedef Partner__V1__Partnership pb_partnership;
typedef Partner__V1__Record pb_record;
typedef Partner__V1__Change pb_change;
typedef Partner__V1__Outcome pb_outcome;
typedef Partner__V1__LanguageLevel pb_language_level;
typedef Partner__V1__DayRange pb_day_range;
typedef Partner__V1__DateRange pb_date_range;
typedef Partner__V1__Window pb_window;
typedef Partner__V1__Identifier pb_identifier;

/* Numbers as in the oneof of partner.v1.Record; also those of the kind column in the database. */
enum record_kind {
    RECORD_NONE = 0,
    RECORD_ORGANISATION = 1,
    RECORD_OFFER = 2,
    RECORD_NEED = 3,
    RECORD_PARTNERSHIP = 4,
    RECORD_KIND_COUNT
};

/* One record of any kind; borrows the message. */
struct record {
    enum record_kind kind;
    union {
        const ProtobufCMessage *message;
        const pb_organisation *organisation;
        const pb_offer *offer;
        const pb_need *need;
        const pb_partnership *partnership;
    };
};

/* The record in a message's oneof; kind RECORD_NONE where nothing is set. */
struct record record_of(const pb_record *message);
const ProtobufCMessageDescriptor *record_descriptor(enum record_kind kind);
/* "organisation", "offer", ...: the oneof's field names. */
const char *record_kind_name(enum record_kind kind);
const char *record_id(const struct record *record);
/* The organisations that it names: an offer's or need's one, a partnership's all; an organisation names none. */
size_t record_references(const struct record *record, const char *const **ret_ids, const char *scratch[1]);

/* ---- packed records: how they are kept and logged ---- */

/* Packs into the arena, output fields (revision, update_time, same_as) cleared. The same record gives the same bytes. */
void *record_pack(struct arena *arena, const struct record *record, size_t *ret_bytes);
/* The same bytes, in front of what the packer has: in one pass instead of two, and in more memory. */
void record_pack_into(struct packer *packer, const struct record *record);
/* Unpacks what record_pack gave, into the arena; false: not such bytes. */
bool record_unpack(struct arena *arena, enum record_kind kind, const void *bytes, size_t size,
                   struct record *ret_record);

/* ---- ids ---- */

/* `registry/key` as in semantics: registry [a-z][a-z0-9-]{0,31}, key 1 to 128 of [A-Za-z0-9._:-]. */
bool id_is_valid(const char *id);
bool registry_id_is_valid(const char *registry);
/* Bytes before the '/'; of a valid id. */
size_t id_registry_bytes(const char *id);
bool id_is_of_registry(const char *id, const char *registry);
