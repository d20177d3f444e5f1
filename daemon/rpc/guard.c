#include "rpc/guard.h"

#include "base/arena.h"
#include "base/text.h"
#include "base/field.h"
#include "base/wire.h"

enum { FAULTS_NAMED = 50 };

/* One message on the way down. */
struct level {
    const struct level *up;
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCFieldDescriptor *field; /* the one being read */
    uint32_t seen[GUARD_FIELDS];           /* elements so far, by the field's place */
    uint64_t lists;                        /* of which places lists have been seen: a bit each */
    unsigned depth;
};
static_assert(GUARD_FIELDS <= 64);

struct check {
    struct arena *arena;
    struct guard_limits limits;
    size_t memory_bytes;
    struct faults faults;
    struct status fatal; /* ends the pass */
};

static void level_init(struct level *level, const struct level *up,
                       const ProtobufCMessageDescriptor *descriptor)
{
    level->up = up;
    level->descriptor = descriptor;
    level->field = NULL;
    level->lists = 0;
    level->depth = up ? up->depth + 1 : 0;
    size_t field_count = descriptor->n_fields < GUARD_FIELDS ? descriptor->n_fields : GUARD_FIELDS;
    memset(level->seen, 0, field_count * sizeof *level->seen);
}

static void write_path(struct text_buffer *path, const struct level *level)
{
    if (!level)
        return;
    write_path(path, level->up);
    if (path->size)
        text_buffer_add(path, ".");
    text_buffer_add(path, level->field ? level->field->name : "");
    if (level->field && level->field->label == PROTOBUF_C_LABEL_REPEATED)
        text_buffer_format(path, "[%u]", level->seen[level->field - level->descriptor->fields]);
}

static const char *path_of(struct check *check, const struct level *level)
{
    struct text_buffer path = {0};
    write_path(&path, level->field ? level : level->up);
    const char *text = path.size ? arena_strdup(check->arena, path.bytes) : NULL;
    text_buffer_fini(&path);
    return text;
}

/* The rest can be read: goes on. */
static void add_fault(struct check *check, const struct level *level, const char *message)
{
    if (check->faults.count < FAULTS_NAMED)
        faults_add(&check->faults, "", path_of(check, level), "%s", message);
}

static bool fail(struct check *check, const struct level *level, const char *message)
{
    check->fatal = status_invalid(path_of(check, level), message);
    return false;
}

/* Memory is counted as guard_decode takes it from an arena, in blocks of 16 bytes. */
static bool take(struct check *check, size_t bytes)
{
    check->memory_bytes += (bytes + 15) & ~(size_t)15;
    if (check->memory_bytes <= check->limits.memory_bytes)
        return true;
    check->fatal =
        status_format(check->arena, STATUS_RESOURCE_EXHAUSTED, NULL,
                      "the message would take more than %zu bytes of memory", check->limits.memory_bytes);
    check->fatal.reason = "MESSAGE_TOO_LARGE";
    return false;
}

static void check_number(struct check *check, const struct level *level, uint64_t value)
{
    const ProtobufCFieldDescriptor *field = level->field;
    int64_t number = (int64_t)value;
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        if (value > UINT32_MAX)
            add_fault(check, level, "is out of the range of a 32-bit number");
        break;
    case PROTOBUF_C_TYPE_INT32:
        if (number != (int32_t)number)
            add_fault(check, level, "is out of the range of a 32-bit number");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        if (number != (int32_t)number || (!check->limits.enums_open && !protobuf_c_enum_descriptor_get_value(
                                                                           field->descriptor, (int)number)))
            add_fault(check, level, "is none of the values that this field has");
        break;
    default:
        break;
    }
}

/* One number of the field's type, also from within a packed list. */
static bool check_scalar(struct check *check, const struct level *level, struct wire *wire)
{
    enum wire_type type = field_wire_type(level->field);
    uint64_t value;
    if (type != WIRE_VARINT)
        return wire_fixed(wire, &value, type == WIRE_32BIT ? 4 : 8) || fail(check, level, "is cut short");
    if (!wire_varint(wire, &value))
        return fail(check, level, "is not a number");
    check_number(check, level, value);
    return true;
}

static bool check_message(struct check *check, struct level *level, struct wire wire);

static bool check_bytes(struct check *check, struct level *level, struct wire bytes)
{
    const ProtobufCFieldDescriptor *field = level->field;
    size_t size = wire_left(&bytes);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (level->depth + 1 >= GUARD_DEPTH)
            return fail(check, level, "is nested too deeply");
        struct level below;
        level_init(&below, level, field->descriptor);
        return check_message(check, &below, bytes);
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        if (!text_is_utf8((const char *)bytes.at, size))
            add_fault(check, level, "is not UTF-8 text without a zero character");
        size += size > 0;
    }
    return take(check, size);
}

static bool check_packed(struct check *check, struct level *level, struct wire numbers)
{
    uint32_t *seen = &level->seen[level->field - level->descriptor->fields];
    while (wire_left(&numbers)) {
        if (!check_scalar(check, level, &numbers))
            return false;
        ++*seen;
    }
    return true;
}

/* A submessage given twice would be merged, at quadratic cost; of a oneof no encoder gives two. */
static bool check_once(struct check *check, struct level *level)
{
    const ProtobufCFieldDescriptor *field = level->field, *fields = level->descriptor->fields;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return true;
    bool again = field->type == PROTOBUF_C_TYPE_MESSAGE && level->seen[field - fields];
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        for (unsigned i = 0; i < level->descriptor->n_fields && !again; i++)
            again = level->seen[i] && (fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                    fields[i].quantifier_offset == field->quantifier_offset;
    return !again || fail(check, level, "is given twice, or beside another member of its choice");
}

static bool check_field(struct check *check, struct level *level, struct wire *wire, enum wire_type type)
{
    const ProtobufCFieldDescriptor *field = level->field;
    uint32_t *seen = &level->seen[field - level->descriptor->fields];
    enum wire_type wanted = field_wire_type(field);
    bool packed = type == WIRE_BYTES && wanted != WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED;
    if (type != wanted && !packed)
        return fail(check, level, "has another type on the wire");
    if (!check_once(check, level))
        return false;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        level->lists |= (uint64_t)1 << (field - level->descriptor->fields);
    struct wire bytes;
    if (type != WIRE_BYTES) {
        if (!check_scalar(check, level, wire))
            return false;
    } else if (!wire_bytes(wire, &bytes)) {
        return fail(check, level, "is cut short");
    } else if (packed) {
        return check_packed(check, level, bytes);
    } else if (!check_bytes(check, level, bytes)) {
        return false;
    }
    ++*seen;
    return true;
}

static bool take_lists(struct check *check, const struct level *level)
{
    for (uint64_t left = level->lists; left; left &= left - 1) {
        unsigned place = (unsigned)__builtin_ctzll(left);
        if (!take(check, level->seen[place] * field_element_bytes(&level->descriptor->fields[place])))
            return false;
    }
    return true;
}

static bool check_message(struct check *check, struct level *level, struct wire wire)
{
    const ProtobufCMessageDescriptor *descriptor = level->descriptor;
    if (descriptor->n_fields > GUARD_FIELDS)
        return fail(check, level, "is of a type with too many fields");
    if (!take(check, descriptor->sizeof_message))
        return false;
    while (wire_left(&wire)) {
        uint32_t number;
        enum wire_type type;
        level->field = NULL;
        if (!wire_tag(&wire, &number, &type))
            return fail(check, level, "is not a protobuf message");
        level->field = field_find(descriptor, number);
        if (!level->field) {
            if (!wire_skip(&wire, number, type))
                return fail(check, level, "is not a protobuf message");
        } else if (!check_field(check, level, &wire, type)) {
            return false;
        }
    }
    return take_lists(check, level);
}

struct status guard_check(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                          const void *bytes, size_t size, struct guard_limits limits,
                          size_t *ret_memory_bytes)
{
    struct check check = {.arena = arena, .limits = limits, .faults = {.arena = arena}};
    struct level level;
    level_init(&level, NULL, descriptor);
    if (!check_message(&check, &level, wire_of(bytes, size)))
        return check.fatal;
    struct status status = faults_status(&check.faults);
    if (status_ok(status))
        *ret_memory_bytes = check.memory_bytes;
    return status;
}

struct status guard_unpack(struct arena *arena, const ProtobufCMessageDescriptor *descriptor,
                           const void *bytes, size_t size, struct guard_limits limits,
                           ProtobufCMessage **ret_message)
{
    size_t memory_bytes;
    struct status status = guard_check(arena, descriptor, bytes, size, limits, &memory_bytes);
    if (status_ok(status))
        *ret_message = guard_decode(arena, descriptor, bytes, size);
    return status;
}

static bool holds_itself(const ProtobufCMessageDescriptor *descriptor,
                         const ProtobufCMessageDescriptor **path, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        if (path[i] == descriptor)
            return true;
    if (depth == GUARD_DEPTH)
        return true;
    path[depth] = descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            holds_itself(descriptor->fields[i].descriptor, path, depth + 1))
            return true;
    return false;
}

bool guard_is_recursive(const ProtobufCMessageDescriptor *descriptor)
{
    const ProtobufCMessageDescriptor *path[GUARD_DEPTH];
    return holds_itself(descriptor, path, 0);
}
