#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/image.h"
#include "match/base_image.h"
#include "match/builder.h"
#include "model/stored_record.h"
#include "vocab/fingerprint.h"
#include "vocab/vocabulary.h"

/* An index in an image: one base, and what its concepts' numbers mean. */

/* Raised where the meaning of what is written changes, and the sizes below do not. */
enum { FORM = 1 };

struct index_image {
    uint64_t form,
        vocabulary; /* which form, which concepts: where another one is expected, it is of no use */
    struct base_set base;
    uint32_t outside_count;
    const char *const *outside; /* codes outside the vocabulary, in the order of their numbers */
};

static uint64_t form(void)
{
    static const size_t sizes[] = {
        FORM,
        sizeof(struct stored_record),
        sizeof(struct organisation_entry),
        sizeof(struct offer_entry),
        sizeof(struct need_entry),
        sizeof(struct partnership_entry),
        sizeof(struct segment),
        sizeof(struct several),
        sizeof(struct window_column),
        sizeof(struct posting_row),
        sizeof(struct posting_chunk),
        sizeof(struct partnership_set),
        sizeof(struct partnership),
        sizeof(struct text_map_slot),
        sizeof(struct need_set),
        sizeof(struct need_brief),
        sizeof(struct need_owner),
        CHUNK_WORDS,
        POSTING_MANY,
        DAY_MIDDLE,
    };
    return hash_bytes(sizes, sizeof sizes);
}

/* ---- writing ---- */

static struct base_set base_of(const struct match_index *index)
{
    const struct base_set own = {index->segments[BASE], index->partnerships[BASE],
                                 index->needs_view->parts[BASE].set};
    return index->segment_count == 1 ? base_set_acquire(&own) : base_set_of_index(index);
}

static const char *const *put_outside(const struct match_index *index, struct image_writer *image,
                                      uint32_t *ret_count)
{
    const struct text_map *map = &index->names.map;
    uint32_t first = index->names.limit - (uint32_t)map->count;
    const char **codes = heap_alloc(map->count * sizeof *codes + 1);
    for (size_t i = 0; i < map->slot_count; i++)
        if (map->slots[i].key)
            codes[map->slots[i].value - first] = image_put_text(image, map->slots[i].key);
    const void *at = image_put(image, codes, map->count * sizeof *codes);
    free(codes);
    *ret_count = (uint32_t)map->count;
    return at;
}

const void *match_index_write(const struct match_index *index, struct image_writer *image)
{
    struct base_set base = base_of(index);
    struct index_image root = {.form = form(), .vocabulary = vocabulary_fingerprint(index->vocabulary)};
    root.base = base_set_write(&base, image);
    root.outside = put_outside(index, image, &root.outside_count);
    base_set_release(&base);
    return image_put(image, &root, sizeof root);
}

/* ---- reading ---- */

bool match_builder_set_image(struct match_builder *builder, const void *from)
{
    const struct index_image *root = from;
    if (root->form != form() || root->vocabulary != vocabulary_fingerprint(builder->vocabulary))
        return false;
    concepts_add_outside(builder->concepts, root->outside, root->outside_count);
    builder_set_base(builder, &root->base, builder->sequence);
    return true;
}
