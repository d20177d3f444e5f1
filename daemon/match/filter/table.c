#include "match/filter/filter.h"

#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/index_data.h"

const struct filter *const filter_table[FILTER_COUNT] = {
    &filter_role,      &filter_sectors,   &filter_countries, &filter_regions, &filter_duration,
    &filter_languages, &filter_eqf_level, &filter_modes,     &filter_period,  &filter_learners,
    &filter_outcomes,  &filter_validity,  &filter_network,
};

bool filter_always(const struct match_query *)
{
    return true;
}

bool filter_holds(const struct filter *filter, const struct match_query *query, uint32_t slot)
{
    return !filter->stated(query) || filter->holds(query, slot);
}

bool filter_met(const struct filter *filter, const struct match_query *query, uint32_t slot)
{
    return filter->met ? filter->met(query, slot) : filter_holds(filter, query, slot);
}
