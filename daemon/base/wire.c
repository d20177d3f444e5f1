#include "base/wire.h"

enum { GROUPS_WITHIN = 16 };

static bool skip_plain(struct wire *wire, enum wire_type type)
{
    uint64_t ignored;
    struct wire bytes;
    switch (type) {
    case WIRE_VARINT:
        return wire_varint(wire, &ignored);
    case WIRE_64BIT:
        return wire_fixed(wire, &ignored, 8);
    case WIRE_32BIT:
        return wire_fixed(wire, &ignored, 4);
    case WIRE_BYTES:
        return wire_bytes(wire, &bytes);
    default:
        return false;
    }
}

bool wire_skip(struct wire *wire, uint32_t number, enum wire_type type)
{
    if (type != WIRE_GROUP)
        return skip_plain(wire, type);
    uint32_t open[GROUPS_WITHIN] = {number};
    unsigned depth = 1;
    while (depth) {
        if (!wire_tag(wire, &number, &type))
            return false;
        if (type == WIRE_GROUP) {
            if (depth == GROUPS_WITHIN)
                return false;
            open[depth++] = number;
        } else if (type == WIRE_GROUP_END) {
            if (open[--depth] != number)
                return false;
        } else if (!skip_plain(wire, type)) {
            return false;
        }
    }
    return true;
}
