#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "match/base_set.h"
#include "match/index_data.h"
#include "match/support_world.h"

/* A base that was merged of another one and what is over it is as if it were made of all entries. */

enum { WORLDS = 12, TURNS = 12, MOST_PARTIES = 1000, OTHER_PARTNERSHIPS = 128 };

/* ---- the same made of all entries ---- */

struct entries {
    const struct entry **items;
    size_t count;
};

static void add_all(struct entries *all, const void *entries, uint32_t count)
{
    const struct entry *const *from = entries;
    all->items = heap_realloc(all->items, (all->count + count + 1) * sizeof *all->items);
    for (uint32_t i = 0; i < count; i++) {
        entry_acquire(from[i]);
        all->items[all->count++] = from[i];
    }
}

static struct base_set made_of_entries(const struct base_set *base, uint32_t concept_limit)
{
    struct entries all = {0};
    add_all(&all, base->segment->organisations, base->segment->organisation_count);
    add_all(&all, base->segment->offers, base->segment->offer_count);
    add_all(&all, base->segment->waiting, base->segment->waiting_count);
    add_all(&all, base->partnerships->entries, base->partnerships->count);
    add_all(&all, base->needs->needs, base->needs->count);
    return base_set_of_entries(all.items, all.count, concept_limit);
}

/* ---- comparing ---- */

#define SAME(member) assert_int_equal(one->member, other->member)
#define SAME_ARRAY(member, count) \
    assert_true((count) == 0 || !memcmp(one->member, other->member, (count) * sizeof *one->member))

static void compare_tables(const struct posting_table *one, const struct posting_table *other)
{
    SAME(value_count);
    for (uint32_t value = 0; value < one->value_count; value++) {
        struct posting left = posting_of(one, value), right = posting_of(other, value);
        uint64_t left_bits[CHUNK_WORDS] = {0}, right_bits[CHUNK_WORDS] = {0};
        assert_int_equal(left.count, right.count);
        assert_int_equal(left.chunk_count, right.chunk_count);
        posting_join(&left, left_bits, CHUNK_WORDS);
        posting_join(&right, right_bits, CHUNK_WORDS);
        assert_memory_equal(left_bits, right_bits, sizeof left_bits);
    }
}

static void compare_slots(const struct segment *one, const struct segment *other)
{
    size_t slots = one->slot_count, padded = bits_words(slots) * 64;
    SAME_ARRAY(first_slot, one->organisation_count + 1);
    SAME_ARRAY(slots_of, slots);
    SAME_ARRAY(slot_offer, slots);
    SAME_ARRAY(slot_organisation, slots);
    SAME_ARRAY(min_days, padded);
    SAME_ARRAY(max_days, padded);
    SAME_ARRAY(window_start, padded);
    SAME_ARRAY(window_end, padded);
    SAME_ARRAY(window_places, padded);
    SAME_ARRAY(valid_until, padded);
    SAME_ARRAY(themes, slots);
    SAME_ARRAY(recognition, slots);
    for (size_t slot = 0; slot < slots; slot++)
        assert_int_equal(one->region_codes[one->region[slot]], other->region_codes[other->region[slot]]);
    SAME_ARRAY(concept_first, slots + 1);
    for (uint32_t i = 0; i < one->concept_first[slots]; i++)
        assert_int_equal(segment_concept(one, i), segment_concept(other, i));
    SAME_ARRAY(sector_first, slots + 1);
    SAME_ARRAY(sectors, one->sector_first[slots]);
}

static void compare_sets(const struct segment *one, const struct segment *other)
{
    size_t words = bits_words(one->slot_count), several = bits_count(one->several_windows.bits, words);
    SAME_ARRAY(host_role, words);
    SAME_ARRAY(shared, words);
    SAME_ARRAY(second, words);
    SAME_ARRAY(apart, words);
    SAME_ARRAY(odd, words);
    for (int bit = 0; bit < RECOGNITION_BITS; bit++)
        SAME_ARRAY(recognises[bit], words);
    SAME_ARRAY(several_windows.bits, words);
    SAME_ARRAY(several_windows.before, words);
    if (several) {
        SAME_ARRAY(window_first, several + 1);
        SAME_ARRAY(windows, one->window_first[several]);
    }
    SAME_ARRAY(several_records.bits, words);
    SAME_ARRAY(several_bodies, bits_count(one->several_records.bits, words));
}

static void compare_bodies(const struct segment *one, const struct segment *other)
{
    SAME(identifiers.count);
    SAME_ARRAY(identifiers.rows, one->identifiers.count);
    SAME(bodies.several_count);
    SAME_ARRAY(bodies.members, one->bodies.several_count);
    for (uint32_t i = 0; i < one->bodies.several_count; i++) {
        SAME(bodies.several[i].place);
        SAME(bodies.several[i].first);
        SAME(bodies.several[i].count);
        SAME(bodies.several[i].preference);
        SAME_ARRAY(bodies.several[i].same_as, one->bodies.several[i].count - 1);
    }
}

static void compare_segments(const struct segment *one, const struct segment *other)
{
    SAME(organisation_count);
    SAME(offer_count);
    SAME(waiting_count);
    SAME(slot_count);
    SAME(record_bytes);
    SAME_ARRAY(organisations, one->organisation_count);
    SAME_ARRAY(offers, one->offer_count);
    SAME_ARRAY(waiting, one->waiting_count);
    for (uint32_t i = 0; i < one->organisation_count; i++)
        assert_int_equal(segment_find_organisation(one, one->organisations[i]->entry.id), i);
    for (uint32_t i = 0; i < one->offer_count + one->waiting_count; i++)
        assert_int_equal(segment_find_offer(one, segment_any_offer(one, i)->entry.id), i);
    compare_slots(one, other);
    compare_sets(one, other);
    compare_bodies(one, other);
    compare_tables(&one->country, &other->country);
    compare_tables(&one->sector_under, &other->sector_under);
    compare_tables(&one->sector_exact, &other->sector_exact);
    compare_tables(&one->language, &other->language);
    compare_tables(&one->eqf, &other->eqf);
    compare_tables(&one->mode, &other->mode);
    compare_tables(&one->concept, &other->concept);
}

static void compare_partnerships(const struct partnership_set *one, const struct partnership_set *other)
{
    SAME(count);
    SAME(node_count);
    SAME(row_count);
    SAME(outside.count);
    SAME_ARRAY(entries, one->count);
    for (uint32_t i = 0; i < one->count; i++) {
        assert_int_equal(partnership_set_find(one, one->entries[i]->entry.id), i);
        SAME(items[i].since);
        SAME(items[i].until);
        SAME(items[i].mobilities);
        SAME(items[i].first);
        SAME(items[i].count);
    }
    const struct partnership *last = one->count ? &one->items[one->count - 1] : NULL;
    size_t parties = last ? (size_t)last->first + last->count : 0;
    SAME_ARRAY(parties, parties);
    SAME_ARRAY(first, one->row_count + 1);
    SAME_ARRAY(of_node, parties);
    for (size_t i = 0; i < one->outside.slot_count; i++)
        if (one->outside.slots[i].key)
            assert_int_equal(text_map_get(&other->outside, one->outside.slots[i].key),
                             one->outside.slots[i].value);
}

/* ---- tests ---- */

static void compare_with_made(const struct match_index *index)
{
    struct base_set merged = base_set_of_index(index);
    struct base_set made = made_of_entries(&merged, index->names.limit);
    compare_segments(merged.segment, made.segment);
    compare_partnerships(merged.partnerships, made.partnerships);
    base_set_release(&made);
    base_set_release(&merged);
}

static void turn(struct world *world, unsigned number)
{
    world_turn(world, number);
    struct match_index *index = match_builder_publish(world->builder);
    if (index->segment_count > 1)
        compare_with_made(index);
    match_index_release(index);
}

static void a_merged_base_is_as_if_it_were_made_of_all_entries(void **)
{
    for (uint64_t seed = 0; seed < WORLDS; seed++) {
        struct world world;
        world_init(&world, seed, 60, 120, 30, seed % 3 != 0);
        world_add_needs(&world, 40);
        for (unsigned number = 0; number < TURNS; number++)
            turn(&world, number);
        world_fini(&world);
    }
}

static void put_organisation(struct match_builder *builder, const char *id, const char *name)
{
    pb_organisation organisation = PARTNER__V1__ORGANISATION__INIT;
    organisation.id = (char *)(uintptr_t)id;
    organisation.name = (char *)(uintptr_t)name;
    match_builder_put(builder, &(struct record){.kind = RECORD_ORGANISATION, .organisation = &organisation});
}

/* The second party again and again. */
static void put_partnership(struct match_builder *builder, unsigned number, size_t party_count)
{
    char one[] = "aa/a", other[] = "aa/b", *ids[MOST_PARTIES] = {one}, id[16];
    for (size_t i = 1; i < party_count; i++)
        ids[i] = other;
    snprintf(id, sizeof id, "aa/p%03u", number);
    pb_partnership partnership = PARTNER__V1__PARTNERSHIP__INIT;
    partnership.id = id;
    partnership.organisation_ids = ids;
    partnership.n_organisation_ids = party_count;
    match_builder_put(builder, &(struct record){.kind = RECORD_PARTNERSHIP, .partnership = &partnership});
}

/* The last of them names its parties most often; there are so many others that it may be at the end of its memory. */
static void a_merged_base_has_room_for_parties_that_are_named_again(void **)
{
    for (unsigned others = 0; others < OTHER_PARTNERSHIPS; others++) {
        struct match_builder *builder = match_builder_new();
        put_organisation(builder, "aa/a", "before");
        put_organisation(builder, "aa/b", "before");
        for (unsigned i = 0; i < others; i++)
            put_partnership(builder, i, 2);
        put_partnership(builder, others, MOST_PARTIES);
        match_index_release(match_builder_publish(builder));
        put_organisation(builder, "aa/a", "after");
        struct match_index *index = match_builder_publish(builder);
        assert_true(index->segment_count > 1);
        compare_with_made(index);
        match_index_release(index);
        match_builder_free(builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merged_base_is_as_if_it_were_made_of_all_entries),
        cmocka_unit_test(a_merged_base_has_room_for_parties_that_are_named_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
