#include "store/column.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/binary.h"

enum { PATH_STEPS_MOST = 3, ARRAY_HEADER_BYTES = 20 };

/* A column's way through the descriptors; at most one step is repeated. */
struct column_path {
    const ProtobufCFieldDescriptor *steps[PATH_STEPS_MOST];
    unsigned step_count;
    int repeated_step; /* -1: none, a plain value */
    enum column_type type;
};

struct column_codec {
    struct column_path paths[RECORD_KIND_COUNT][COLUMN_COUNT_MOST];
};

static const struct {
    uint32_t oid, array_oid;
    int32_t size; /* -1: as long as it is */
} types[COLUMN_TYPE_COUNT] = {
    [COLUMN_TEXT] = {25, 1009, -1},  [COLUMN_BOOL] = {16, 1000, 1}, [COLUMN_INT2] = {21, 1005, 2},
    [COLUMN_INT4] = {23, 1007, 4},   [COLUMN_INT8] = {20, 1016, 8}, [COLUMN_FLOAT8] = {701, 1022, 8},
    [COLUMN_DATE] = {1082, 1182, 4},
};

/* ---- paths ---- */

static bool is_repeated(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool type_carries(enum column_type type, const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return type == COLUMN_TEXT || type == COLUMN_DATE;
    case PROTOBUF_C_TYPE_BOOL:
        return type == COLUMN_BOOL;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
        return type == COLUMN_INT2 || type == COLUMN_INT4 || type == COLUMN_INT8;
    case PROTOBUF_C_TYPE_DOUBLE:
        return type == COLUMN_FLOAT8;
    default:
        return false;
    }
}

/* The tables are the program's own: what doesn't resolve is a bug. */
static void path_resolve(struct column_path *path, const ProtobufCMessageDescriptor *message,
                         const struct column *column)
{
    *path = (struct column_path){.repeated_step = -1, .type = column->type};
    const char *at = column->path;
    while (*at) {
        char name[64];
        size_t bytes = strcspn(at, ".");
        assert(message && bytes < sizeof name && path->step_count < PATH_STEPS_MOST);
        memcpy(name, at, bytes);
        name[bytes] = '\0';
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message, name);
        assert(field && !(is_repeated(field) && path->repeated_step >= 0));
        if (is_repeated(field))
            path->repeated_step = (int)path->step_count;
        path->steps[path->step_count++] = field;
        message = field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
        at += bytes + (at[bytes] == '.');
    }
    assert(!message && path->step_count > 0 && type_carries(column->type, path->steps[path->step_count - 1]));
}

struct column_codec *column_codec_new(void)
{
    struct column_codec *codec = heap_zalloc(sizeof *codec);
    for (enum record_kind kind = RECORD_NONE + 1; kind < RECORD_KIND_COUNT; kind++) {
        const struct record_table *table = record_table_of(kind);
        assert(table->column_count <= COLUMN_COUNT_MOST);
        for (size_t i = 0; i < table->column_count; i++)
            path_resolve(&codec->paths[kind][i], record_descriptor(kind), &table->columns[i]);
    }
    return codec;
}

void column_codec_free(struct column_codec *codec)
{
    free(codec);
}

uint32_t column_codec_oid(const struct column_codec *codec, enum record_kind kind, size_t column)
{
    const struct column_path *path = &codec->paths[kind][column];
    return path->repeated_step < 0 ? types[path->type].oid : types[path->type].array_oid;
}

/* ---- one value ---- */

/* A number of the column's size, cut to its range. */
static void put_number(unsigned char *to, enum column_type type, int64_t number)
{
    if (type == COLUMN_INT2)
        binary_put_u16(to, (uint16_t)(number > INT16_MAX   ? INT16_MAX
                                      : number < INT16_MIN ? INT16_MIN
                                                           : number));
    else if (type == COLUMN_INT4)
        binary_put_u32(to, (uint32_t)(number > INT32_MAX   ? INT32_MAX
                                      : number < INT32_MIN ? INT32_MIN
                                                           : number));
    else
        binary_put_u64(to, (uint64_t)number);
}

static int64_t get_number(const void *from, enum column_type type)
{
    if (type == COLUMN_INT2)
        return (int16_t)binary_get_u16(from);
    if (type == COLUMN_INT4)
        return (int32_t)binary_get_u32(from);
    return (int64_t)binary_get_u64(from);
}

/* The bytes of one leaf; text stays where it is, the rest goes to `scratch`. */
static struct column_value leaf_encode(const ProtobufCFieldDescriptor *field, enum column_type type,
                                       const void *member, unsigned char scratch[8])
{
    struct column_value value = {scratch, types[type].size};
    int32_t day;
    double real;
    uint64_t bits;
    switch (type) {
    case COLUMN_TEXT:
        value.bytes = *(char *const *)member;
        value.size = (int32_t)strlen(value.bytes);
        break;
    case COLUMN_DATE:
        if (date_parse(*(char *const *)member, &day))
            binary_put_u32(scratch, (uint32_t)(day - BINARY_EPOCH_DAY));
        else
            value.size = -1;
        break;
    case COLUMN_BOOL:
        scratch[0] = *(const protobuf_c_boolean *)member != 0;
        break;
    case COLUMN_FLOAT8:
        real = *(const double *)member;
        memcpy(&bits, &real, sizeof bits);
        binary_put_u64(scratch, bits);
        break;
    default:
        put_number(scratch, type,
                   field->type == PROTOBUF_C_TYPE_UINT32 ? (int64_t) * (const uint32_t *)member
                                                         : (int64_t) * (const int32_t *)member);
    }
    return value;
}

/* Sets one leaf from a value that is not NULL; false: it isn't of the type. */
static bool leaf_decode(const ProtobufCFieldDescriptor *field, enum column_type type, struct arena *arena,
                        struct column_value value, void *member)
{
    if (types[type].size >= 0 && value.size != types[type].size)
        return false;
    uint64_t bits;
    switch (type) {
    case COLUMN_TEXT:
        *(char **)member = arena_strndup(arena, value.bytes, (size_t)value.size);
        return true;
    case COLUMN_DATE:
        *(char **)member = arena_alloc(arena, 11);
        date_format((int32_t)binary_get_u32(value.bytes) + BINARY_EPOCH_DAY, *(char **)member);
        return true;
    case COLUMN_BOOL:
        *(protobuf_c_boolean *)member = *(const unsigned char *)value.bytes != 0;
        return true;
    case COLUMN_FLOAT8:
        bits = (uint64_t)get_number(value.bytes, COLUMN_INT8);
        memcpy(member, &bits, sizeof bits);
        return true;
    default:
        if (field->type == PROTOBUF_C_TYPE_UINT32)
            *(uint32_t *)member = (uint32_t)get_number(value.bytes, type);
        else
            *(int32_t *)member = (int32_t)get_number(value.bytes, type);
        return true;
    }
}

/* ---- messages ---- */

static void *member_of(const void *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

/* The part at the end of steps [from, to), or NULL where one on the way is not there. */
static const void *part_find(const struct column_path *path, const void *message, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && message; i++)
        message = *(void *const *)member_of(message, path->steps[i]->offset);
    return message;
}

static void *message_new(struct arena *arena, const ProtobufCMessageDescriptor *descriptor)
{
    void *message = arena_zalloc(arena, descriptor->sizeof_message);
    descriptor->message_init(message);
    return message;
}

/* The same, made where it isn't there. */
static void *part_make(const struct column_path *path, struct arena *arena, void *message, unsigned from,
                       unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        void **part = member_of(message, path->steps[i]->offset);
        if (!*part)
            *part = message_new(arena, path->steps[i]->descriptor);
        message = *part;
    }
    return message;
}

static size_t item_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(void *);
    default: /* of enums, uint32 and bools; no repeated field has wider ones */
        return 4;
    }
}

/* ---- encoding ---- */

static struct column_value item_encode(const struct column_path *path, const char *items, size_t index,
                                       unsigned char scratch[8])
{
    const ProtobufCFieldDescriptor *leaf = path->steps[path->step_count - 1];
    unsigned repeated = (unsigned)path->repeated_step;
    const void *member = items + index * item_bytes(path->steps[repeated]);
    if (repeated + 1 < path->step_count) {
        const void *part = part_find(path, *(void *const *)member, repeated + 1, path->step_count - 1);
        if (!part)
            return (struct column_value){NULL, -1};
        member = member_of(part, leaf->offset);
    }
    return leaf_encode(leaf, path->type, member, scratch);
}

static struct column_value array_encode(const struct column_path *path, struct arena *arena,
                                        const void *owner)
{
    const ProtobufCFieldDescriptor *field = path->steps[path->repeated_step];
    size_t count = *(size_t *)member_of(owner, field->quantifier_offset);
    const char *items = *(char **)member_of(owner, field->offset);
    size_t bytes = count ? ARRAY_HEADER_BYTES : 12;
    unsigned char scratch[8];
    bool has_null = false;
    for (size_t i = 0; i < count; i++) {
        struct column_value value = item_encode(path, items, i, scratch);
        has_null |= value.size < 0;
        bytes += 4 + (value.size > 0 ? (size_t)value.size : 0);
    }
    unsigned char *array = arena_alloc(arena, bytes), *at = array + ARRAY_HEADER_BYTES;
    binary_put_u32(array, count ? 1 : 0);
    binary_put_u32(array + 4, has_null);
    binary_put_u32(array + 8, types[path->type].oid);
    if (count) {
        binary_put_u32(array + 12, (uint32_t)count);
        binary_put_u32(array + 16, 1);
    }
    for (size_t i = 0; i < count; i++) {
        struct column_value value = item_encode(path, items, i, scratch);
        binary_put_u32(at, (uint32_t)value.size);
        if (value.size > 0)
            memcpy(at + 4, value.bytes, (size_t)value.size);
        at += 4 + (value.size > 0 ? value.size : 0);
    }
    return (struct column_value){array, (int32_t)bytes};
}

static struct column_value path_encode(const struct column_path *path, struct arena *arena,
                                       const void *message)
{
    unsigned owner_steps = path->repeated_step < 0 ? path->step_count - 1 : (unsigned)path->repeated_step;
    const void *owner = part_find(path, message, 0, owner_steps);
    if (!owner)
        return (struct column_value){NULL, -1};
    if (path->repeated_step >= 0)
        return array_encode(path, arena, owner);
    const ProtobufCFieldDescriptor *leaf = path->steps[path->step_count - 1];
    unsigned char scratch[8];
    struct column_value value = leaf_encode(leaf, path->type, member_of(owner, leaf->offset), scratch);
    if (value.size > 0 && value.bytes == scratch)
        value.bytes = arena_copy(arena, scratch, (size_t)value.size);
    return value;
}

void column_encode(const struct column_codec *codec, struct arena *arena, const struct record *record,
                   struct column_value *values)
{
    size_t count = record_table_of(record->kind)->column_count;
    for (size_t i = 0; i < count; i++)
        values[i] = path_encode(&codec->paths[record->kind][i], arena, record->message);
}

/* ---- decoding ---- */

/* Where in the message an item's value goes; makes the parts on the way. */
static void *item_member(const struct column_path *path, struct arena *arena, char *items, size_t index)
{
    unsigned repeated = (unsigned)path->repeated_step;
    void *member = items + index * item_bytes(path->steps[repeated]);
    if (repeated + 1 == path->step_count)
        return member;
    void *part = part_make(path, arena, *(void **)member, repeated + 1, path->step_count - 1);
    return member_of(part, path->steps[path->step_count - 1]->offset);
}

/* Takes the value's items one by one. */
static bool items_decode(const struct column_path *path, struct arena *arena, struct column_value value,
                         char *items, size_t count)
{
    const ProtobufCFieldDescriptor *leaf = path->steps[path->step_count - 1];
    const unsigned char *at = (const unsigned char *)value.bytes + ARRAY_HEADER_BYTES;
    const unsigned char *end = (const unsigned char *)value.bytes + value.size;
    bool is_plain = path->repeated_step + 1 == (int)path->step_count;
    for (size_t i = 0; i < count; i++) {
        if (end - at < 4)
            return false;
        struct column_value item = {at + 4, (int32_t)binary_get_u32(at)};
        if (item.size < -1 || item.size > end - at - 4 || (item.size < 0 && is_plain))
            return false;
        if (item.size >= 0 && !leaf_decode(leaf, path->type, arena, item, item_member(path, arena, items, i)))
            return false;
        at += 4 + (item.size > 0 ? item.size : 0);
    }
    return at == end;
}

/* The column's items in its owner: as many as another column has made, else new ones. */
static bool items_make(const struct column_path *path, struct arena *arena, void *owner, size_t count,
                       char **ret_items)
{
    const ProtobufCFieldDescriptor *field = path->steps[path->repeated_step];
    size_t *quantity = member_of(owner, field->quantifier_offset);
    char **items = member_of(owner, field->offset);
    if (!*quantity && count) {
        *items = arena_array(arena, count, item_bytes(field));
        *quantity = count;
        for (size_t i = 0; i < count && field->type == PROTOBUF_C_TYPE_MESSAGE; i++)
            ((void **)*items)[i] = message_new(arena, field->descriptor);
    }
    *ret_items = *items;
    return *quantity == count;
}

static bool array_decode(const struct column_path *path, struct arena *arena, struct column_value value,
                         void *owner)
{
    const unsigned char *bytes = value.bytes;
    if (value.size < 12 || binary_get_u32(bytes) > 1 || binary_get_u32(bytes + 8) != types[path->type].oid)
        return false;
    char *items;
    if (binary_get_u32(bytes) == 0)
        return value.size == 12 && items_make(path, arena, owner, 0, &items);
    if (value.size < ARRAY_HEADER_BYTES)
        return false;
    size_t count = binary_get_u32(bytes + 12);
    if (count > (size_t)(value.size - ARRAY_HEADER_BYTES) / 4)
        return false;
    return items_make(path, arena, owner, count, &items) && items_decode(path, arena, value, items, count);
}

static bool path_decode(const struct column_path *path, struct arena *arena, struct column_value value,
                        void *message)
{
    if (value.size < 0)
        return true;
    unsigned owner_steps = path->repeated_step < 0 ? path->step_count - 1 : (unsigned)path->repeated_step;
    void *owner = part_make(path, arena, message, 0, owner_steps);
    if (path->repeated_step >= 0)
        return array_decode(path, arena, value, owner);
    const ProtobufCFieldDescriptor *leaf = path->steps[path->step_count - 1];
    return leaf_decode(leaf, path->type, arena, value, member_of(owner, leaf->offset));
}

bool column_decode(const struct column_codec *codec, struct arena *arena, enum record_kind kind,
                   const struct column_value *values, struct record *ret_record)
{
    size_t count = record_table_of(kind)->column_count;
    void *message = message_new(arena, record_descriptor(kind));
    for (size_t i = 0; i < count; i++)
        if (!path_decode(&codec->paths[kind][i], arena, values[i], message))
            return false;
    *ret_record = (struct record){.kind = kind, .message = message};
    return true;
}
