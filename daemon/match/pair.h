#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "match/entry.h"
#include "match/network.h"
#include "match/number.h"
#include "partner/v1/types.pb-c.h"

/* One offer against one need: what filters and criteria compute, whichever side asks. Day counts of 0 are not stated. */

/* An organisation that takes learners from others. */
static inline bool pair_role_hosts(uint32_t roles)
{
    return roles &
           (number_bit(PARTNER__V1__ROLE__ROLE_HOSTING) | number_bit(PARTNER__V1__ROLE__ROLE_EMPLOYER) |
            number_bit(PARTNER__V1__ROLE__ROLE_INTERMEDIARY));
}

/* Two stated ranges have a day count in common. */
static inline bool pair_days_meet(uint32_t offer_min, uint32_t offer_max, uint32_t need_min,
                                  uint32_t need_max)
{
    return offer_min <= need_max && need_min <= offer_max;
}

/* The day count in both ranges, which meet, nearest to the middle of the offer's; the smaller of two. */
static inline uint32_t pair_nearest_days(uint32_t offer_min, uint32_t offer_max, uint32_t need_min,
                                         uint32_t need_max)
{
    uint32_t low = offer_min > need_min ? offer_min : need_min,
             high = offer_max < need_max ? offer_max : need_max;
    uint32_t middle = (offer_min + offer_max) / 2;
    return middle < low ? low : middle > high ? high : middle;
}

/* The criterion of a need that states its days. */
static inline double pair_duration_value(uint32_t offer_min, uint32_t offer_max, uint32_t need_min,
                                         uint32_t need_max)
{
    if (!offer_max)
        return 0.5;
    if (!pair_days_meet(offer_min, offer_max, need_min, need_max))
        return 0;
    double middle = (offer_min + offer_max) / 2.0;
    return 1 - fabs(pair_nearest_days(offer_min, offer_max, need_min, need_max) - middle) /
                   (offer_max - offer_min + 1);
}

/* Whether a stated region begins with one that is wanted. */
static inline bool pair_region_holds(const struct region_list *wanted, uint64_t region)
{
    for (uint32_t i = 0; i < wanted->count; i++)
        if ((region & wanted->items[i].mask) == wanted->items[i].code)
            return true;
    return false;
}

/* By the digits of the shorter code of the best pair, 0 or 2 to 4. */
static inline double pair_sector_value(unsigned digits)
{
    static const double by_digits[] = {0, 0, 0.4, 0.7, 1};
    return by_digits[digits];
}

/* NULL: neither partner nor near. `partners_in` is how many of the sender's partners are in the host's country. */
static inline double pair_network_value(const struct tie *tie, uint32_t partners_in)
{
    if (!tie)
        return 0;
    double m = (double)tie->mobilities, between = (double)tie->between;
    double x = tie->nearness * sqrt((1 + between) * (1.0 + partners_in)), near = x / (1 + x);
    return tie->partner ? 0.5 + 0.25 * (m / (m + 5)) + 0.25 * near : 0.5 * near;
}

/* Of an offer's bits. */
static inline double pair_recognition_value(uint8_t has)
{
    return (has & RECOGNITION_ASSESSED ? 0.4 : 0) + (has & RECOGNITION_VALIDATED ? 0.3 : 0) +
           (has & RECOGNITION_DOCUMENTED ? 0.3 : 0);
}

/* What the sender and the need state, and how the host and its offer stand to it. */
struct pair_strategy {
    bool states_countries, in_country;
    bool states_sectors, in_sector;
    uint32_t themes, has; /* wanted themes and priorities; what host and offer have */
};
static inline double pair_strategy_value(const struct pair_strategy *strategy)
{
    double sum = 0;
    unsigned parts = 0;
    if (strategy->states_countries) {
        sum += strategy->in_country;
        parts++;
    }
    if (strategy->states_sectors) {
        sum += strategy->in_sector;
        parts++;
    }
    if (strategy->themes) {
        sum += (double)__builtin_popcount(strategy->themes & strategy->has) /
               __builtin_popcount(strategy->themes);
        parts++;
    }
    return parts ? sum / parts : 0;
}

/* s: the least days that a stay takes. */
static inline uint32_t pair_stay_days(uint32_t offer_min, uint32_t need_min)
{
    uint32_t days = need_min > offer_min ? need_min : offer_min;
    return days ? days : 1;
}

/* w: the places that a window must have. */
static inline uint32_t pair_places(uint32_t learners, uint32_t max_absent)
{
    uint32_t places = learners ? learners : 1;
    return max_absent && max_absent < places ? max_absent : places;
}

/* Days of a window within a period; below 1: none. */
static inline int64_t pair_window_days(const struct window *window, int32_t start, int32_t end)
{
    int32_t first = window->start > start ? window->start : start;
    int32_t last = window->end < end ? window->end : end;
    return (int64_t)last - first + 1;
}

/* The largest places among the windows that hold; 0: none does. */
static inline uint32_t pair_free_places(struct window_list windows, int32_t start, int32_t end, uint32_t days,
                                        uint32_t places)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < windows.count; i++) {
        const struct window *window = &windows.items[i];
        if (window->places >= places && window->places > most && pair_window_days(window, start, end) >= days)
            most = window->places;
    }
    return most;
}
