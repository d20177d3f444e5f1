#include "match/sector_wish.h"

#include "base/arena.h"
#include "match/number.h"

/* A code is wanted itself; a longer one is. */
enum { MARK_WANTED = 1, MARK_PREFIX = 2 };

void sector_wish_init(struct sector_wish *wish, struct arena *arena, struct numbers wanted)
{
    *wish = (struct sector_wish){.wanted = wanted};
    if (!wanted.count)
        return;
    uint8_t *marks = arena_array(arena, SECTOR_VALUES, sizeof *marks);
    for (uint32_t i = 0; i < wanted.count; i++) {
        marks[wanted.items[i]] |= MARK_WANTED;
        for (unsigned digits = 2; digits < number_sector_digits(wanted.items[i]); digits++)
            marks[number_sector_prefix(wanted.items[i], digits)] |= MARK_PREFIX;
    }
    wish->marks = marks;
}

unsigned sector_wish_digits(const struct sector_wish *wish, struct numbers offered)
{
    unsigned best = 0;
    for (uint32_t i = 0; wish->marks && i < offered.count; i++) {
        unsigned digits = number_sector_digits(offered.items[i]);
        if (digits > best && wish->marks[offered.items[i]])
            best = digits;
        while (--digits > best && digits >= 2)
            if (wish->marks[number_sector_prefix(offered.items[i], digits)] & MARK_WANTED)
                best = digits;
    }
    return best;
}

bool sector_wish_pair(const struct sector_wish *wish, struct numbers offered, uint16_t *ret_wanted,
                      uint16_t *ret_offered)
{
    unsigned best = sector_wish_digits(wish, offered);
    for (uint32_t i = 0; best && i < wish->wanted.count; i++)
        for (uint32_t j = 0; j < offered.count; j++)
            if (number_sector_common(wish->wanted.items[i], offered.items[j]) == best) {
                *ret_wanted = wish->wanted.items[i];
                *ret_offered = offered.items[j];
                return true;
            }
    return false;
}
