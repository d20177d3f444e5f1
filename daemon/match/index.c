#include "match/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "match/bits.h"
#include "match/index_data.h"
#include "match/need_set.h"
#include "match/query.h"
#include "vocab/vocabulary.h"

struct match_index *match_index_acquire(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    atomic_fetch_add_explicit(&own->references, 1, memory_order_relaxed);
    return own;
}

static void release_entries(const struct entry *const *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        entry_release(entries[i]);
}

void match_index_release(const struct match_index *index)
{
    struct match_index *own = (struct match_index *)(uintptr_t)index;
    if (!own || atomic_fetch_sub_explicit(&own->references, 1, memory_order_acq_rel) != 1)
        return;
    release_entries((const struct entry *const *)own->organisations, own->organisation_count);
    release_entries((const struct entry *const *)own->offers, own->all_offers_count);
    release_entries((const struct entry *const *)own->needs, own->need_count);
    release_entries((const struct entry *const *)own->partnership_entries, own->partnership_count);
    need_view_release(own->needs_view);
    concept_names_fini(&own->names);
    if (own->vocabulary)
        vocabulary_release(own->vocabulary);
    arena_free(own->arena);
    free(own);
}

/* ---- finding by id ---- */

static uint32_t find(const struct id_table *table, const struct entry *const *entries, const char *id)
{
    uint64_t hash = hash_text(id);
    for (uint32_t row = (uint32_t)hash & table->mask; table->rows[row] != PLACE_NONE;
         row = (row + 1) & table->mask) {
        const struct entry *entry = entries[table->rows[row]];
        if (entry->hash == hash && strcmp(entry->id, id) == 0)
            return table->rows[row];
    }
    return PLACE_NONE;
}

uint32_t index_find_organisation(const struct match_index *index, const char *id)
{
    return find(&index->organisation_table, (const struct entry *const *)index->organisations, id);
}

uint32_t index_find_offer(const struct match_index *index, const char *id)
{
    return find(&index->offer_table, (const struct entry *const *)index->offers, id);
}

uint32_t index_find_need(const struct match_index *index, const char *id)
{
    return find(&index->need_table, (const struct entry *const *)index->needs, id);
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
    return index->need_count;
}

size_t match_index_bytes(const struct match_index *index)
{
    return index->bytes;
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
    uint64_t count = posting_of(&index->concept, concept).count;
    if (concept == CONCEPT_NONE || index->offer_count == index->all_offers_count)
        return count;
    for (uint32_t i = 0; i < index->all_offers_count; i++)
        count += index->offer_slot[i] == SLOT_NONE && holds(&index->offers[i]->concepts, concept);
    return count;
}

size_t match_index_same_as(const struct match_index *index, const char *organisation_id,
                           const char *const **ret_ids)
{
    uint32_t place = index_find_organisation(index, organisation_id);
    *ret_ids = place == PLACE_NONE ? NULL : index->same_as[place];
    if (!*ret_ids)
        return 0;
    uint32_t body = index->bodies.of_organisation[place];
    return index->bodies.first[body + 1] - index->bodies.first[body] - 1;
}

const pb_need *match_index_need(const struct match_index *index, struct arena *arena, const char *id)
{
    uint32_t place = index_find_need(index, id);
    return place == PLACE_NONE ? NULL : entry_record(&index->needs[place]->entry, arena).need;
}
