#include "match/builder.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/owners.h"
#include "model/stored_record.h"
#include "vocab/vocabulary.h"

struct match_builder *match_builder_new(void)
{
    struct match_builder *builder = heap_zalloc(sizeof *builder);
    builder->scratch = arena_new(0);
    builder->concepts = concepts_new(NULL);
    builder->sequence = 1;
    overlay_init(&builder->overlay, &builder->base);
    return builder;
}

void match_builder_free(struct match_builder *builder)
{
    if (!builder)
        return;
    for (size_t i = 0; i < builder->loaded_count; i++)
        entry_release(builder->loaded[i]);
    free(builder->loaded);
    match_index_release(builder->last);
    match_index_release(builder->settled);
    match_index_release(builder->base_index);
    builder_let_go(builder);
    for (size_t i = 0; i < builder->retired_count; i++)
        match_index_release(builder->retired[i]);
    free(builder->retired);
    overlay_fini(&builder->overlay);
    base_set_release(&builder->base);
    concepts_free(builder->concepts);
    if (builder->vocabulary)
        vocabulary_release(builder->vocabulary);
    arena_free(builder->scratch);
    free(builder);
}

/* ---- former indexes ---- */

void builder_retire(struct match_builder *builder, struct match_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < builder->retired_count; i++)
        if (builder->retired[i] == index) { /* it was settled and published */
            match_index_release(index);
            return;
        }
    if (builder->retired_count == builder->retired_capacity) {
        builder->retired_capacity = builder->retired_capacity ? builder->retired_capacity * 2 : 16;
        builder->retired =
            heap_realloc(builder->retired, builder->retired_capacity * sizeof(struct match_index *));
    }
    builder->retired[builder->retired_count++] = index;
}

size_t former_let_go(struct match_index **former, size_t count)
{
    size_t kept = count, before;
    do { /* again, for one may have been all that stood on another */
        before = kept;
        kept = 0;
        for (size_t i = 0; i < before; i++)
            if (owners_is_alone(&former[i]->references))
                match_index_release(former[i]);
            else
                former[kept++] = former[i];
    } while (kept < before);
    return kept;
}

void builder_let_go(struct match_builder *builder)
{
    builder->retired_count = former_let_go(builder->retired, builder->retired_count);
}

/* ---- bases ---- */

void builder_set_base(struct match_builder *builder, const struct base_set *base, uint64_t sequence)
{
    struct base_set old = builder->base;
    builder->base = *base;
    builder->base_number++;
    overlay_rebase(&builder->overlay, &builder->base, sequence);
    builder_retire(builder, builder->settled);
    builder_retire(builder, builder->base_index);
    builder_retire(builder, builder->last);
    builder->settled = builder->base_index = builder->last = NULL;
    base_set_release(&old);
}

void builder_make_base(struct match_builder *builder)
{
    struct base_set base =
        base_set_of_entries(builder->loaded, builder->loaded_count, concepts_limit(builder->concepts));
    builder->loaded = NULL;
    builder->loaded_count = builder->loaded_capacity = 0;
    builder_set_base(builder, &base, builder->sequence);
}

static void load(struct match_builder *builder, const struct entry *entry)
{
    if (builder->loaded_count == builder->loaded_capacity) {
        builder->loaded_capacity = builder->loaded_capacity ? builder->loaded_capacity * 2 : 1024;
        builder->loaded = heap_realloc(builder->loaded, builder->loaded_capacity * sizeof *builder->loaded);
    }
    builder->loaded[builder->loaded_count++] = entry;
}

/* What the base has of a kind and what is as it was. */
static void load_kept(struct match_builder *builder, enum record_kind kind, uint32_t count)
{
    for (uint32_t number = 0; number < count; number++) {
        const struct entry *entry = base_set_entry(&builder->base, (struct base_place){kind, number});
        if (!overlay_keeps(&builder->overlay, entry->id))
            continue;
        entry_acquire(entry);
        load(builder, entry);
    }
}

void builder_drop_base(struct match_builder *builder)
{
    const struct base_set none = {0};
    struct overlay *overlay = &builder->overlay;
    load_kept(builder, RECORD_ORGANISATION, builder->base.segment->organisation_count);
    load_kept(builder, RECORD_OFFER,
              builder->base.segment->offer_count + builder->base.segment->waiting_count);
    load_kept(builder, RECORD_NEED, builder->base.needs->count);
    load_kept(builder, RECORD_PARTNERSHIP, builder->base.partnerships->count);
    for (uint32_t row = 0; row < overlay->row_count; row++)
        if (overlay->rows[row].entry) {
            entry_acquire(overlay->rows[row].entry);
            load(builder, overlay->rows[row].entry);
        }
    builder_set_base(builder, &none, builder->sequence);
}

/* ---- records ---- */

void match_builder_put(struct match_builder *builder, const struct record *record)
{
    if (record->kind == RECORD_NONE)
        return;
    struct arena *arena = arena_new(0);
    size_t bytes;
    const void *packed = record_pack(arena, record, &bytes);
    const struct stored_record *stored = stored_record_new(record, packed, bytes, 0, 0);
    match_builder_put_stored(builder, record, stored);
    stored_record_release(stored);
    arena_free(arena);
}

void match_builder_put_stored(struct match_builder *builder, const struct record *record,
                              const struct stored_record *stored)
{
    arena_reset(builder->scratch);
    const struct entry *entry = entry_new(builder->scratch, record, stored, builder->concepts);
    if (builder->base.segment)
        overlay_put(&builder->overlay, entry, builder->sequence);
    else
        load(builder, entry);
}

void match_builder_remove(struct match_builder *builder, const char *id)
{
    if (!builder->base.segment && !builder->loaded_count)
        return;
    if (!builder->base.segment)
        builder_make_base(builder);
    overlay_remove(&builder->overlay, id, builder->sequence);
}

/* ---- words ---- */

static void read_anew(struct match_builder *builder, struct arena *arena, const struct entry **at)
{
    const struct entry *old = *at;
    if (old->kind != RECORD_OFFER && old->kind != RECORD_NEED)
        return;
    struct record record = entry_record(old, arena);
    arena_reset(builder->scratch);
    *at = entry_new(builder->scratch, &record, old->stored, builder->concepts);
    entry_release(old);
    arena_reset(arena);
}

void match_builder_set_vocabulary(struct match_builder *builder, const struct vocabulary *vocabulary)
{
    struct vocabulary *old = builder->vocabulary;
    builder->vocabulary = vocabulary ? vocabulary_acquire(vocabulary) : NULL;
    if (old)
        vocabulary_release(old);
    concepts_free(builder->concepts);
    builder->concepts = concepts_new(vocabulary);
    if (builder->base.segment)
        builder_drop_base(builder);
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < builder->loaded_count; i++)
        read_anew(builder, arena, &builder->loaded[i]);
    arena_free(arena);
}
