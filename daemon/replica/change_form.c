#include "replica/change_form.h"

#include <string.h>

#include "base/text.h"

enum {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
    VARINT_BYTES = 10,
    CONTACT = 18,
    SAME_AS = 19,
    CHANGE_UPSERT = 1,
    CHANGE_DELETE_ID = 2,
    CHANGE_REVISION = 3
};

/* The numbers of each kind's output fields. */
static const struct {
    uint32_t revision, update_time;
} outputs[RECORD_KIND_COUNT] = {
    [RECORD_ORGANISATION] = {20, 21},
    [RECORD_OFFER] = {14, 15},
    [RECORD_NEED] = {16, 17},
    [RECORD_PARTNERSHIP] = {7, 8},
};

/* ---- wire form ---- */

static size_t varint_bytes(uint64_t number)
{
    size_t bytes = 1;
    for (; number >= 0x80; number >>= 7)
        bytes++;
    return bytes;
}

static void add_varint(struct text_buffer *out, uint64_t number)
{
    unsigned char bytes[VARINT_BYTES];
    size_t count = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[count++] = (unsigned char)(number | 0x80);
    bytes[count++] = (unsigned char)number;
    text_buffer_append(out, bytes, count);
}

static size_t head_bytes(uint32_t field, size_t size)
{
    return varint_bytes((uint64_t)field << 3) + varint_bytes(size);
}

static void add_head(struct text_buffer *out, uint32_t field, size_t size)
{
    add_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
    add_varint(out, size);
}

static size_t number_bytes(uint32_t field, uint64_t number)
{
    return number ? varint_bytes((uint64_t)field << 3) + varint_bytes(number) : 0;
}

void form_add_number(struct text_buffer *out, uint32_t field, uint64_t number)
{
    if (!number)
        return;
    add_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
    add_varint(out, number);
}

static void add_text(struct text_buffer *out, uint32_t field, const char *text)
{
    size_t size = strlen(text);
    add_head(out, field, size);
    text_buffer_append(out, text, size);
}

void form_add_text(struct text_buffer *out, uint32_t field, const char *text)
{
    if (*text)
        add_text(out, field, text);
}

static bool take_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* Past a field's value; false where the bytes end before it. */
static bool skip_value(const unsigned char **at, const unsigned char *end, unsigned type)
{
    uint64_t size = type == WIRE_FIXED64 ? 8 : 4;
    if (type == WIRE_VARINT)
        return take_varint(at, end, &size);
    if (type == WIRE_BYTES && !take_varint(at, end, &size))
        return false;
    if (size > (uint64_t)(end - *at))
        return false;
    *at += size;
    return true;
}

/* ---- records ---- */

/* Where an organisation's contact stands in the packed bytes; both 0 where it has none. */
struct range {
    size_t start, end;
};

static struct range contact_range(const struct record_form *form)
{
    const unsigned char *start = form->packed, *at = start, *end = start + form->packed_bytes;
    if (form->kind != RECORD_ORGANISATION)
        return (struct range){0};
    while (at < end) {
        const unsigned char *field = at;
        uint64_t tag;
        if (!take_varint(&at, end, &tag) || !skip_value(&at, end, tag & 7))
            break;
        if (tag >> 3 == CONTACT)
            return (struct range){(size_t)(field - start), (size_t)(at - start)};
    }
    return (struct range){0};
}

bool record_form_has_contact(const struct record_form *form)
{
    return form->packed && contact_range(form).end > 0;
}

static size_t time_bytes(const struct record_form *form)
{
    return number_bytes(1, (uint64_t)(form->update_time_us / 1000000)) +
           number_bytes(2, (uint64_t)(form->update_time_us % 1000000 * 1000));
}

/* Sizes from the inside out. */
struct sizes {
    struct range left_out;
    size_t time, record, wrapped;
};

static struct sizes sizes_of(const struct record_form *form, bool with_contact)
{
    struct sizes sizes = {.time = time_bytes(form)};
    if (!with_contact)
        sizes.left_out = contact_range(form);
    sizes.record = form->packed_bytes - (sizes.left_out.end - sizes.left_out.start);
    for (size_t i = 0; i < form->same_as_count; i++)
        sizes.record += head_bytes(SAME_AS, strlen(form->same_as[i])) + strlen(form->same_as[i]);
    sizes.record += number_bytes(outputs[form->kind].revision, form->revision);
    sizes.record += head_bytes(outputs[form->kind].update_time, sizes.time) + sizes.time;
    sizes.wrapped = head_bytes(form->kind, sizes.record) + sizes.record;
    return sizes;
}

static void add_record(struct text_buffer *out, const struct record_form *form, const struct sizes *sizes)
{
    const char *packed = form->packed;
    add_head(out, form->kind, sizes->record);
    text_buffer_append(out, packed, sizes->left_out.start);
    text_buffer_append(out, packed + sizes->left_out.end, form->packed_bytes - sizes->left_out.end);
    for (size_t i = 0; i < form->same_as_count; i++)
        add_text(out, SAME_AS, form->same_as[i]);
    form_add_number(out, outputs[form->kind].revision, form->revision);
    add_head(out, outputs[form->kind].update_time, sizes->time);
    form_add_number(out, 1, (uint64_t)(form->update_time_us / 1000000));
    form_add_number(out, 2, (uint64_t)(form->update_time_us % 1000000 * 1000));
}

void record_form_add(struct text_buffer *out, uint32_t field, const struct record_form *form,
                     bool with_contact)
{
    struct sizes sizes = sizes_of(form, with_contact);
    add_head(out, field, sizes.wrapped);
    add_record(out, form, &sizes);
}

void change_form_add(struct text_buffer *out, uint32_t field, const struct record_form *form,
                     bool with_contact)
{
    size_t revision = number_bytes(CHANGE_REVISION, form->revision);
    if (!form->packed) {
        size_t id = strlen(form->id);
        add_head(out, field, head_bytes(CHANGE_DELETE_ID, id) + id + revision);
        add_text(out, CHANGE_DELETE_ID, form->id);
    } else {
        struct sizes sizes = sizes_of(form, with_contact);
        add_head(out, field, head_bytes(CHANGE_UPSERT, sizes.wrapped) + sizes.wrapped + revision);
        add_head(out, CHANGE_UPSERT, sizes.wrapped);
        add_record(out, form, &sizes);
    }
    form_add_number(out, CHANGE_REVISION, form->revision);
}
