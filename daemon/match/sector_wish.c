#include "match/sector_wish.h"

#include "base/arena.h"
#include "match/bits.h"
#include "match/number.h"

enum { MOST_DIGITS = 4 };
enum { PREFIX_VALUES = 1 + 100 + 1000 }; /* codes of 2 and 3 digits come first */

void sector_wish_init(struct sector_wish *wish, struct arena *arena, struct numbers wanted)
{
    *wish = (struct sector_wish){.wanted = wanted, .least_digits = MOST_DIGITS};
    if (!wanted.count)
        return;
    uint64_t *marks = arena_array(arena, bits_words(SECTOR_VALUES), sizeof *marks);
    uint64_t *prefixes = arena_array(arena, bits_words(PREFIX_VALUES), sizeof *prefixes);
    for (uint32_t i = 0; i < wanted.count; i++) {
        unsigned own = number_sector_digits(wanted.items[i]);
        wish->least_digits = own < wish->least_digits ? own : wish->least_digits;
        bits_set(marks, wanted.items[i]);
        for (unsigned digits = 2; digits < own; digits++)
            bits_set(prefixes, number_sector_prefix(wanted.items[i], digits));
    }
    wish->marks = marks;
    wish->prefixes = prefixes;
}

static bool goes_with_wanted(const struct sector_wish *wish, uint16_t offered)
{
    return bits_has(wish->marks, offered) || (offered < PREFIX_VALUES && bits_has(wish->prefixes, offered));
}

unsigned sector_wish_digits(const struct sector_wish *wish, struct numbers offered)
{
    unsigned best = 0;
    for (uint32_t i = 0; wish->marks && best < MOST_DIGITS && i < offered.count; i++) {
        unsigned digits = number_sector_digits(offered.items[i]);
        if (digits > best && goes_with_wanted(wish, offered.items[i]))
            best = digits;
        while (--digits > best && digits >= wish->least_digits)
            if (bits_has(wish->marks, number_sector_prefix(offered.items[i], digits)))
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
