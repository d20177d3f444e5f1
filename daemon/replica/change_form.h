#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/record.h"

struct text_buffer;

/* Stored records as the contract shows them, in wire form. The stored bytes are copied with what is added behind them, never
 * unpacked: proto3 takes fields in any order. */

/* A record as it stands after a revision. All borrowed. */
struct record_form {
    enum record_kind kind;
    const char *id;
    const void *packed; /* record_pack's bytes; NULL: deleted */
    size_t packed_bytes;
    uint64_t revision;
    int64_t update_time_us;     /* since 1970-01-01 UTC */
    const char *const *same_as; /* of an organisation */
    size_t same_as_count;
};

bool record_form_has_contact(const struct record_form *form);

/* Appends a field of that number that holds the record as a partner.v1.Record, with its output fields. */
void record_form_add(struct text_buffer *out, uint32_t field, const struct record_form *form,
                     bool with_contact);
/* Appends a field that holds it as a partner.v1.Change: an upsert, or the id that was deleted. */
void change_form_add(struct text_buffer *out, uint32_t field, const struct record_form *form,
                     bool with_contact);

/* Parts of a message: a number (0 is left out), a text ("" is left out). */
void form_add_number(struct text_buffer *out, uint32_t field, uint64_t number);
void form_add_text(struct text_buffer *out, uint32_t field, const char *text);
