#include "store/parameter.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "store/binary.h"

enum {
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_TEXT = 25,
    ARRAY_HEADER_BYTES = 20,
    ARRAY_EMPTY_BYTES = 12
};

static void add(struct parameters *parameters, const void *bytes, size_t size)
{
    assert(parameters->count < COLUMN_COUNT_MOST);
    parameters->values[parameters->count] = bytes;
    parameters->lengths[parameters->count++] = (int)size;
}

void parameters_text(struct parameters *parameters, const char *text)
{
    add(parameters, text, strlen(text));
}

void parameters_bytes(struct parameters *parameters, const void *bytes, size_t size)
{
    add(parameters, bytes, bytes ? size : 0);
}

void parameters_bool(struct parameters *parameters, bool value)
{
    add(parameters, value ? "\1" : "\0", 1);
}

void parameters_int2(struct parameters *parameters, int16_t number)
{
    unsigned char *bytes = arena_alloc(parameters->arena, sizeof number);
    binary_put_u16(bytes, (uint16_t)number);
    add(parameters, bytes, sizeof number);
}

void parameters_int4(struct parameters *parameters, int32_t number)
{
    unsigned char *bytes = arena_alloc(parameters->arena, sizeof number);
    binary_put_u32(bytes, (uint32_t)number);
    add(parameters, bytes, sizeof number);
}

void parameters_int8(struct parameters *parameters, int64_t number)
{
    unsigned char *bytes = arena_alloc(parameters->arena, sizeof number);
    binary_put_u64(bytes, (uint64_t)number);
    add(parameters, bytes, sizeof number);
}

void parameters_value(struct parameters *parameters, struct column_value value)
{
    if (value.size < 0)
        add(parameters, NULL, 0);
    else
        add(parameters, value.bytes ? value.bytes : "", (size_t)value.size);
}

/* The head of a one-dimensional array; the items come behind it. */
static unsigned char *array_begin(struct arena *arena, uint32_t oid, size_t count, bool has_null,
                                  size_t item_bytes)
{
    unsigned char *array = arena_alloc(arena, ARRAY_HEADER_BYTES + item_bytes);
    binary_put_u32(array, count ? 1 : 0);
    binary_put_u32(array + 4, has_null);
    binary_put_u32(array + 8, oid);
    binary_put_u32(array + 12, (uint32_t)count);
    binary_put_u32(array + 16, 1);
    return array;
}

static void array_add(struct parameters *parameters, uint32_t oid, const struct column_value *items,
                      size_t count)
{
    size_t item_bytes = 0;
    bool has_null = false;
    for (size_t i = 0; i < count; i++) {
        item_bytes += 4 + (items[i].size > 0 ? (size_t)items[i].size : 0);
        has_null |= items[i].size < 0;
    }
    unsigned char *array = array_begin(parameters->arena, oid, count, has_null, item_bytes);
    unsigned char *at = array + ARRAY_HEADER_BYTES;
    for (size_t i = 0; i < count; i++) {
        binary_put_u32(at, (uint32_t)items[i].size);
        if (items[i].size > 0)
            memcpy(at + 4, items[i].bytes, (size_t)items[i].size);
        at += 4 + (items[i].size > 0 ? items[i].size : 0);
    }
    add(parameters, array, count ? (size_t)(at - array) : ARRAY_EMPTY_BYTES);
}

void parameters_texts(struct parameters *parameters, const char *const *texts, size_t count)
{
    struct column_value *items = arena_array(parameters->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct column_value){texts[i], (int32_t)strlen(texts[i])};
    array_add(parameters, OID_TEXT, items, count);
}

void parameters_blobs(struct parameters *parameters, const struct column_value *blobs, size_t count)
{
    array_add(parameters, OID_BYTEA, blobs, count);
}

void parameters_int2s(struct parameters *parameters, const int16_t *numbers, size_t count)
{
    struct column_value *items = arena_array(parameters->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        unsigned char *bytes = arena_alloc(parameters->arena, 2);
        binary_put_u16(bytes, (uint16_t)numbers[i]);
        items[i] = (struct column_value){bytes, 2};
    }
    array_add(parameters, OID_INT2, items, count);
}

void parameters_int8s(struct parameters *parameters, const int64_t *numbers, size_t count)
{
    struct column_value *items = arena_array(parameters->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        unsigned char *bytes = arena_alloc(parameters->arena, 8);
        binary_put_u64(bytes, (uint64_t)numbers[i]);
        items[i] = (struct column_value){bytes, 8};
    }
    array_add(parameters, OID_INT8, items, count);
}

/* ---- results ---- */

int64_t result_int8(const PGresult *result, int row, int column)
{
    assert(PQgetlength(result, row, column) == 8);
    return (int64_t)binary_get_u64(PQgetvalue(result, row, column));
}

int32_t result_int4(const PGresult *result, int row, int column)
{
    assert(PQgetlength(result, row, column) == 4);
    return (int32_t)binary_get_u32(PQgetvalue(result, row, column));
}

int16_t result_int2(const PGresult *result, int row, int column)
{
    assert(PQgetlength(result, row, column) == 2);
    return (int16_t)binary_get_u16(PQgetvalue(result, row, column));
}

char *result_text(struct arena *arena, const PGresult *result, int row, int column)
{
    return arena_strndup(arena, PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

struct column_value result_blob(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return (struct column_value){NULL, -1};
    return (struct column_value){PQgetvalue(result, row, column), PQgetlength(result, row, column)};
}

bool result_is_true(const PGresult *result, int row, int column)
{
    return PQgetlength(result, row, column) == 1 && *PQgetvalue(result, row, column) != 0;
}

int64_t result_time_us(const PGresult *result, int row, int column)
{
    assert(PQgetlength(result, row, column) == 8);
    return binary_get_time_us(PQgetvalue(result, row, column));
}

struct text_list result_texts(struct arena *arena, const PGresult *result, int row, int column)
{
    struct column_value value = result_blob(result, row, column);
    const unsigned char *at = value.bytes, *end = at + (value.size > 0 ? value.size : 0);
    if (value.size < ARRAY_HEADER_BYTES || binary_get_u32(at) != 1 || binary_get_u32(at + 8) != OID_TEXT)
        return (struct text_list){0};
    size_t count = binary_get_u32(at + 12), taken = 0;
    if (count > (size_t)value.size / 4)
        return (struct text_list){0};
    const char **items = arena_array(arena, count, sizeof *items);
    for (at += ARRAY_HEADER_BYTES; taken < count && end - at >= 4; taken++) {
        int32_t size = (int32_t)binary_get_u32(at);
        if (size < 0 || size > end - at - 4)
            break;
        items[taken] = arena_strndup(arena, (const char *)at + 4, (size_t)size);
        at += 4 + size;
    }
    return (struct text_list){items, taken};
}
