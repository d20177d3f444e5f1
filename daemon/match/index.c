#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"
#include "match/index_data.h"
#include "match/need_set.h"
#include "match/query.h"
#include "vocab/vocabulary.h"

struct match_index *match_index_acquire(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    owners_add(&own->references);
    return own;
}

void match_index_release(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    if (!own || !owners_drop(&own->references))
        return;
    segment_release(own->segments[own->segment_count - 1]);
    partnership_set_release(own->partnerships[own->segment_count - 1]);
    need_view_release(own->needs_view);
    concept_names_fini(&own->names);
    if (own->vocabulary)
        vocabulary_release(own->vocabulary);
    arena_free(own->arena);
    match_index_release(own->below);
    free(own);
}

/* ---- finding ---- */

uint32_t index_find_organisation(const struct match_index *index, const char *id)
{
    for (int i = index->segment_count - 1; i >= BASE; i--) {
        uint32_t place = segment_find_organisation(index->segments[i], id);
        if (place != PLACE_NONE && !bits_has(index->dead_organisations[i], place))
            return index_organisation(index, i, place);
    }
    return PLACE_NONE;
}

uint32_t index_find_node(const struct match_index *index, const char *id)
{
    uint32_t node = PLACE_NONE;
    for (int i = BASE; node == PLACE_NONE && i < index->segment_count; i++)
        node = partnership_set_node(index->partnerships[i], index->segments[i], id);
    return node;
}

/* Whether an offer of a segment, there or waiting, is as it was. */
static bool is_live(const struct match_index *index, int i, uint32_t offer, uint32_t *ret_slot)
{
    const struct segment *segment = index->segments[i];
    *ret_slot = SLOT_NONE;
    if (offer >= segment->offer_count)
        return !bits_has(index->dead_waiting[i], offer - segment->offer_count);
    *ret_slot = segment_slot_of_offer(segment, offer);
    return !bits_has(index->dead_organisations[i], segment->slot_organisation[*ret_slot]);
}

bool index_find_offer(const struct match_index *index, const char *id, int *ret_segment, uint32_t *ret_slot)
{
    for (int i = index->segment_count - 1; i >= BASE; i--) {
        uint32_t offer = segment_find_offer(index->segments[i], id);
        if (offer == PLACE_NONE || !is_live(index, i, offer, ret_slot))
            continue;
        *ret_segment = i;
        return true;
    }
    return false;
}

uint32_t index_body(const struct match_index *index, uint32_t organisation)
{
    uint32_t place = organisation;
    int segment = index_locate(index, &place);
    return index_organisation(index, segment, bodies_first(&index->segments[segment]->bodies, place));
}

void index_members(const struct match_index *index, uint32_t body, struct members *ret_members)
{
    ret_members->single = body;
    ret_members->segment = index_locate(index, &ret_members->single);
    const struct bodies *bodies = &index->segments[ret_members->segment]->bodies;
    const struct several *several = bodies_find(bodies, ret_members->single);
    ret_members->count = several ? several->count : 1;
    ret_members->places = several ? bodies->members + several->first : &ret_members->single;
}

uint32_t index_concept_count(const struct match_index *index, uint32_t concept)
{
    uint32_t count = 0;
    for (int i = BASE; i < index->segment_count; i++)
        count += posting_of(&index->segments[i]->concept, concept).count -
                 concept_counts_of(&index->dead_concepts[i], concept);
    return count;
}

/* ---- what others ask ---- */

const struct vocabulary *match_index_vocabulary(const struct match_index *index)
{
    return index->vocabulary;
}

size_t match_index_organisation_count(const struct match_index *index)
{
    return index->organisation_count;
}

size_t match_index_offer_count(const struct match_index *index)
{
    return index->all_offers_count;
}

size_t match_index_need_count(const struct match_index *index)
{
    const struct need_view *view = index->needs_view;
    size_t count = 0;
    for (int i = 0; i < view->count; i++)
        count += bits_count(view->parts[i].live, bits_words(view->parts[i].set->count));
    return count;
}

/* With those that it stands on. */
static size_t own_bytes(const struct match_index *index)
{
    size_t bytes = 0;
    for (; index; index = index->below)
        bytes += arena_used(index->arena);
    return bytes;
}

size_t match_index_bytes(const struct match_index *index)
{
    size_t bytes = own_bytes(index);
    for (int i = BASE; i < index->segment_count; i++)
        bytes += index->segments[i]->bytes + index->segments[i]->record_bytes + index->partnerships[i]->bytes;
    return bytes;
}

size_t match_index_column_bytes(const struct match_index *index)
{
    size_t bytes = own_bytes(index);
    for (int i = BASE; i < index->segment_count; i++)
        bytes += segment_column_bytes(index->segments[i]);
    return bytes;
}

static bool holds(const struct concept_numbers *concepts, uint32_t concept)
{
    for (uint32_t i = 0; i < concepts->count; i++)
        if (concepts->items[i] == concept)
            return true;
    return false;
}

uint64_t match_index_used_by(const struct match_index *index, const char *concept_code)
{
    uint32_t concept = concept_names_find(&index->names, index->vocabulary, concept_code);
    if (concept == CONCEPT_NONE)
        return 0;
    uint64_t count = index_concept_count(index, concept);
    for (int i = BASE; i < index->segment_count; i++)
        for (uint32_t j = 0; j < index->segments[i]->waiting_count; j++)
            count += !bits_has(index->dead_waiting[i], j) &&
                     holds(&index->segments[i]->waiting[j]->concepts, concept);
    return count;
}

size_t match_index_same_as(const struct match_index *index, const char *organisation_id,
                           const char *const **ret_ids)
{
    *ret_ids = NULL;
    uint32_t place = index_find_organisation(index, organisation_id);
    if (place == PLACE_NONE)
        return 0;
    int segment = index_locate(index, &place);
    const struct several *several = bodies_find(&index->segments[segment]->bodies, place);
    if (!several)
        return 0;
    *ret_ids = several->same_as;
    return several->count - 1;
}

const pb_need *match_index_need(const struct match_index *index, struct arena *arena, const char *id)
{
    const struct need_entry *need = need_view_find(index->needs_view, id);
    return need ? entry_record(&need->entry, arena).need : NULL;
}
