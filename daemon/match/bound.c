#include "match/bound.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "match/bits.h"
#include "match/criterion/criterion.h"
#include "match/index_data.h"
#include "match/number.h"
#include "match/pair.h"
#include "match/rank.h"
#include "match/wide.h"

/* Four words at once. */
enum { LANE_WORDS = 4 };
typedef uint64_t lanes __attribute__((vector_size(LANE_WORDS * sizeof(uint64_t))));

static const double slack = 1e-6; /* beyond all rounding */

static uint16_t rounded_up(double part, double unit)
{
    double value = ceil(part * unit + slack);
    return (uint16_t)(value < BOUND_MOST ? value : BOUND_MOST);
}

/* A weight's share of the whole; 0 where the criterion doesn't apply. */
static double share_of(const struct weighing *weighing, const struct criterion *criterion)
{
    for (size_t i = 0; i < CRITERION_COUNT; i++)
        if (criterion_table[i] == criterion && weighing->applies[i])
            return weighing->weights[i] / weighing->sum;
    return 0;
}

static double most_by_sector(const struct match_query *query)
{
    unsigned most = 0;
    for (uint32_t i = 0; i < query->sectors.wanted.count; i++) {
        unsigned digits = number_sector_digits(query->sectors.wanted.items[i]);
        most = digits > most ? digits : most;
    }
    return most == 4 ? 1 : most == 3 ? 0.7 : 0.4;
}

/* What no posting tells; the network gives nothing to who is not tied. */
static double rest_of(const struct match_query *query, const struct weighing *weighing)
{
    double rest = share_of(weighing, &criterion_sector) * (most_by_sector(query) - 1);
    for (size_t i = 0; i < CRITERION_COUNT; i++) {
        const struct criterion *criterion = criterion_table[i];
        if (criterion != &criterion_outcomes && criterion != &criterion_transfer &&
            criterion != &criterion_recognition && criterion != &criterion_network)
            rest += share_of(weighing, criterion);
    }
    return rest;
}

static void term_init(struct bound *bound, struct bound_term *term, uint32_t number)
{
    const struct match_query *query = bound->scoring->query;
    const struct weighing *weighing = &bound->scoring->weighing;
    const struct wanted_concept *wanted = &query->wanted.items[number];
    double outcomes = share_of(weighing, &criterion_outcomes) * wanted->idf / query->wanted.idf_sum;
    double transfer = share_of(weighing, &criterion_transfer) / query->wanted.count;
    for (uint32_t i = 0; i < wanted->near_count; i++) {
        const struct near *near = &query->wanted.near[wanted->near_first + i];
        struct posting posting = posting_of(&query->segment->concept, near->concept);
        posting_union_add(&term->levels[near->fit], query->arena, posting);
        if (near->reusable)
            posting_union_add(&term->reusable, query->arena, posting);
    }
    for (enum fit fit = FIT_RELATED; fit < FIT_COUNT; fit++)
        term->value[fit] = rounded_up(outcomes * fit_value(fit), bound->unit);
    term->transfer = rounded_up(transfer, bound->unit);
}

/* Where adding up costs as much as scoring this many slots. */
static uint32_t least_slots(const struct bound *bound)
{
    enum { LIST_NS = 15, SCORE_NS = 60, CHUNK_NS = BOUND_LEAST_SLOTS * SCORE_NS };
    size_t items = 0, lists = 0;
    for (uint32_t i = 0; i < bound->term_count; i++)
        for (enum fit fit = FIT_RELATED; fit < FIT_COUNT; fit++) {
            lists += bound->terms[i].levels[fit].count;
            items += bound->terms[i].levels[fit].total;
        }
    size_t chunks = bound->scoring->query->segment->slot_count / CHUNK_SLOTS + 1;
    return (uint32_t)((CHUNK_NS + lists * LIST_NS + items / chunks / 4) / SCORE_NS);
}

void bound_init(struct bound *bound, const struct scoring *scoring)
{
    static const double recognition[] = {0.4, 0.3, 0.3};
    const struct match_query *query = scoring->query;
    const struct weighing *weighing = &scoring->weighing;
    *bound = (struct bound){.scoring = scoring, .term_count = query->wanted.count};
    bound->useful = weighing->sum > 0 && bound->term_count <= BOUND_MOST_TERMS &&
                    (!bound->term_count || query->wanted.idf_sum > 0);
    if (!bound->useful)
        return;
    bound->unit = BOUND_MOST - 2 * (2 * bound->term_count + RECOGNITION_TERMS);
    bound->terms = arena_array(query->arena, bound->term_count, sizeof *bound->terms);
    for (uint32_t i = 0; i < bound->term_count; i++)
        term_init(bound, &bound->terms[i], i);
    for (unsigned i = 0; i < RECOGNITION_TERMS; i++)
        bound->recognition[i] =
            rounded_up(share_of(weighing, &criterion_recognition) * recognition[i], bound->unit);
    bound->rest = rest_of(query, weighing);
    bound->duration = share_of(weighing, &criterion_duration);
    bound->least_slots = least_slots(bound);
    bound->rooms =
        arena_array(query->arena, bound->term_count * FIT_COUNT + RECOGNITION_TERMS, sizeof *bound->rooms);
    bound->sums = arena_alloc(query->arena, BOUND_BITS * CHUNK_WORDS * sizeof *bound->sums);
}

int bound_sum_of(const struct bound *bound, int64_t billionths)
{
    return (int)floor(((double)billionths / 1e9 - bound->rest) * bound->unit - slack);
}

/* ---- adding up ---- */

/* One word group's number: of each wanted concept the best level that it has. */
#define ADD_NUMBER(sums, number)                                                \
    do {                                                                        \
        lanes carry_ = {0};                                                     \
        for (unsigned bit_ = 0; bit_ < BOUND_BITS; bit_++) {                    \
            lanes either_ = (sums)[bit_] ^ (number)[bit_];                      \
            lanes next_ = ((sums)[bit_] & (number)[bit_]) | (carry_ & either_); \
            (sums)[bit_] = either_ ^ carry_;                                    \
            carry_ = next_;                                                     \
        }                                                                       \
    } while (0)

/* The same number for all that are in a set. */
#define ADD_VALUE(sums, set, value)                              \
    do {                                                         \
        lanes number_[BOUND_BITS] = {0}, has_;                   \
        memcpy(&has_, set, sizeof has_);                         \
        for (unsigned place_ = 0; place_ < BOUND_BITS; place_++) \
            if ((value) >> place_ & 1)                           \
                number_[place_] = has_;                          \
        ADD_NUMBER(sums, number_);                               \
    } while (0)

struct summing {
    const struct bound *bound;
    const uint64_t *slots, *more;
    const uint64_t *recognises[RECOGNITION_TERMS];
};

WIDE static void add_up(const struct summing *summing)
{
    const struct bound *bound = summing->bound;
    size_t first = bound->stretch.first / LANE_WORDS * LANE_WORDS;
    for (size_t at = first; at < bound->stretch.end; at += LANE_WORDS) {
        lanes slots, more;
        memcpy(&slots, summing->slots + at, sizeof slots);
        memcpy(&more, summing->more + at, sizeof more);
        slots |= more;
        if (!(slots[0] | slots[1] | slots[2] | slots[3]))
            continue;
        lanes sums[BOUND_BITS] = {0};
        for (uint32_t i = 0; i < bound->term_count; i++) {
            const struct bound_term *term = &bound->terms[i];
            lanes number[BOUND_BITS] = {0}, left = ~(lanes){0};
            for (int fit = FIT_SAME; fit > FIT_NONE; fit--) {
                if (!term->chunk[fit])
                    continue;
                lanes has;
                memcpy(&has, term->chunk[fit] + at, sizeof has);
                has &= left;
                left &= ~has;
                for (unsigned bit = 0; bit < BOUND_BITS; bit++)
                    if (term->value[fit] >> bit & 1)
                        number[bit] |= has;
            }
            ADD_NUMBER(sums, number);
            if (term->reusable_chunk)
                ADD_VALUE(sums, term->reusable_chunk + at, term->transfer);
        }
        for (unsigned i = 0; i < RECOGNITION_TERMS; i++)
            ADD_VALUE(sums, summing->recognises[i] + at, bound->recognition[i]);
        for (unsigned bit = 0; bit < BOUND_BITS; bit++)
            memcpy(bound->sums + bit * CHUNK_WORDS + at, &sums[bit], sizeof sums[bit]);
    }
}

static uint64_t *room(struct bound *bound, uint32_t number)
{
    if (number == bound->room_count)
        bound->rooms[bound->room_count++] =
            arena_alloc(bound->scoring->query->arena, CHUNK_WORDS * sizeof(uint64_t));
    return bound->rooms[number];
}

static const uint64_t *read_union(struct bound *bound, struct posting_union *all, uint32_t *used)
{
    uint64_t *scratch = room(bound, *used);
    const uint64_t *read = posting_union_read(all, &bound->stretch, scratch);
    *used += read == scratch;
    return read;
}

void bound_read(struct bound *bound, const struct stretch *stretch, const uint64_t *slots,
                const uint64_t *more)
{
    const struct segment *segment = bound->scoring->query->segment;
    size_t word = stretch->chunk * CHUNK_WORDS, words = bits_words(segment->slot_count) - word;
    uint32_t used = 0;
    bound->stretch = *stretch;
    for (struct bound_term *term = bound->terms; term < bound->terms + bound->term_count; term++) {
        for (enum fit fit = FIT_RELATED; fit < FIT_COUNT; fit++)
            term->chunk[fit] = read_union(bound, &term->levels[fit], &used);
        term->reusable_chunk = read_union(bound, &term->reusable, &used);
    }
    struct summing summing = {.bound = bound, .slots = slots, .more = more};
    for (unsigned i = 0; i < RECOGNITION_TERMS; i++) {
        summing.recognises[i] = segment->recognises[i] + word;
        if (words >= CHUNK_WORDS)
            continue;
        uint64_t *copy = room(bound, used++);
        memset(copy, 0, CHUNK_WORDS * sizeof *copy);
        summing.recognises[i] = memcpy(copy, segment->recognises[i] + word, words * sizeof *copy);
    }
    add_up(&summing);
}

/* Bit by bit from the highest: those that have it come before those that don't. */
WIDE int bound_highest(const struct bound *bound, const uint64_t *slots, size_t count)
{
    uint64_t alike[CHUNK_WORDS];
    const struct stretch in = bound->stretch;
    int sum = 0;
    memcpy(alike + in.first, slots + in.first, stretch_words(&in) * sizeof *alike);
    for (unsigned bit = BOUND_BITS; bit-- > 0;) {
        const uint64_t *has = bound->sums + bit * CHUNK_WORDS;
        size_t have = 0;
        for (size_t at = in.first; at < in.end; at++)
            have += (size_t)__builtin_popcountll(alike[at] & has[at]);
        bool enough = have >= count;
        sum |= enough << bit;
        count -= enough ? 0 : have;
        for (size_t at = in.first; at < in.end; at++)
            alike[at] &= enough ? has[at] : ~has[at];
    }
    return sum;
}

WIDE size_t bound_reach(const struct bound *bound, const uint64_t *slots, int sum, uint64_t *ret_slots)
{
    size_t count = 0;
    for (size_t at = bound->stretch.first; at < bound->stretch.end; at++) {
        ret_slots[at] = 0;
        if (!slots[at] || sum > BOUND_MOST)
            continue;
        uint64_t reach = ~(uint64_t)0;
        for (unsigned bit = 0; sum > 0 && bit < BOUND_BITS; bit++) {
            uint64_t has = bound->sums[bit * CHUNK_WORDS + at];
            reach = sum >> bit & 1 ? has & reach : has | reach;
        }
        ret_slots[at] = slots[at] & reach;
        count += (size_t)__builtin_popcountll(ret_slots[at]);
    }
    return count;
}

static int sum_of(const struct bound *bound, size_t at, unsigned place, uint32_t slot)
{
    const struct match_query *query = bound->scoring->query;
    int sum = 0;
    for (unsigned bit = 0; bit < BOUND_BITS; bit++)
        sum |= (int)(bound->sums[bit * CHUNK_WORDS + at] >> place & 1) << bit;
    if (bound->duration == 0)
        return sum;
    uint32_t min, max;
    segment_days(query->segment, slot, &min, &max);
    double days = pair_duration_value(min, max, query->min_days, query->max_days);
    int less = (int)((1 - days) * bound->duration * bound->unit - slack); /* rounded down */
    return sum > less ? sum - less : 0;
}

int bound_sum_at(const struct bound *bound, uint32_t slot)
{
    size_t at = slot % CHUNK_SLOTS;
    return sum_of(bound, at / 64, at % 64, slot);
}

void bound_order(struct bound *bound, const uint64_t *slots, size_t count)
{
    if (count > bound->capacity) {
        enum { LEAST = 256 };
        bound->capacity = (uint32_t)(count < LEAST ? LEAST : count * 2);
        bound->found = arena_alloc(bound->scoring->query->arena, 2 * bound->capacity * sizeof *bound->found);
        bound->ordered = bound->found + bound->capacity;
    }
    uint32_t next[BOUND_MOST + 2], found = 0;
    int least = BOUND_MOST, most = 0;
    for (size_t at = bound->stretch.first; at < bound->stretch.end; at++)
        for (uint64_t rest = slots[at]; rest; rest &= rest - 1) {
            unsigned place = (unsigned)__builtin_ctzll(rest);
            uint32_t slot = stretch_slot(&bound->stretch, at) + place;
            int sum = sum_of(bound, at, place, slot);
            bound->found[found++] = (struct bounded){slot, sum};
            least = sum < least ? sum : least;
            most = sum > most ? sum : most;
        }
    assert(least <= most);
    memset(next, 0, (size_t)(most - least + 2) * sizeof *next);
    for (uint32_t i = 0; i < found; i++)
        next[most - bound->found[i].sum + 1]++;
    for (int i = 0; i < most - least; i++)
        next[i + 1] += next[i];
    for (uint32_t i = 0; i < found; i++)
        bound->ordered[next[most - bound->found[i].sum]++] = bound->found[i];
}

void bound_fill(const struct bound *bound, struct match_block *block)
{
    const struct wanted *wanted = &bound->scoring->query->wanted;
    for (uint32_t i = 0; i < block->count; i++) {
        size_t at = block->slots[i] % CHUNK_SLOTS;
        double sum = 0;
        uint32_t reusable = 0;
        for (uint32_t j = 0; j < bound->term_count; j++) {
            const struct bound_term *term = &bound->terms[j];
            int fit = FIT_SAME;
            while (fit > FIT_NONE && !(term->chunk[fit] && bits_has(term->chunk[fit], at)))
                fit--;
            sum += wanted->items[j].idf * fit_value((enum fit)fit);
            reusable += term->reusable_chunk && bits_has(term->reusable_chunk, at);
        }
        block->outcome_sum[i] = sum;
        block->reusable_count[i] = reusable;
    }
}
