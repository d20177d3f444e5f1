#include "base/wire.h"

enum { GROUPS_WITHIN = 16 };

bool wire_skip_group(struct wire *wire, uint32_t number)
{
    uint32_t open[GROUPS_WITHIN] = {number};
    enum wire_type type;
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
        } else if (!wire_skip(wire, number, type)) {
            return false;
        }
    }
    return true;
}
