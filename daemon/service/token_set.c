#include "service/token_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/owners.h"

struct token_set {
    struct arena *arena;
    struct token_entry *entries; /* in order of the hash */
    size_t count;
    uint64_t version;
    _Atomic unsigned references;
};

static int compare(const void *left, const void *right)
{
    const struct token_entry *a = left, *b = right;
    return memcmp(a->secret_hash, b->secret_hash, SECRET_HASH_BYTES);
}

static void fill(struct arena *arena, const struct token *token, struct token_entry *entry)
{
    memcpy(entry->secret_hash, token->secret_hash, SECRET_HASH_BYTES);
    entry->id = arena_strdup(arena, token->id);
    entry->scope = arena_strdup(arena, token->scope);
    entry->caller = (enum caller)token->access;
    entry->expire_time_us = token->expire_time_us;
    entry->revoked = token->revoked;
    atomic_init(&entry->noted_us, token->last_use_time_us);
}

struct token_set *token_set_new(const struct token *tokens, size_t count, uint64_t version)
{
    struct token_set *set = heap_zalloc(sizeof *set);
    set->arena = arena_new(0);
    set->entries = arena_array(set->arena, count, sizeof *set->entries);
    set->count = count;
    set->version = version;
    atomic_init(&set->references, 1);
    for (size_t i = 0; i < count; i++)
        fill(set->arena, &tokens[i], &set->entries[i]);
    if (count)
        qsort(set->entries, count, sizeof *set->entries, compare);
    return set;
}

struct token_set *token_set_acquire(struct token_set *set)
{
    owners_add(&set->references);
    return set;
}

void token_set_release(struct token_set *set)
{
    if (!set || !owners_drop(&set->references))
        return;
    arena_free(set->arena);
    free(set);
}

uint64_t token_set_version(const struct token_set *set)
{
    return set->version;
}

size_t token_set_count(const struct token_set *set)
{
    return set->count;
}

struct token_entry *token_set_find(struct token_set *set, const unsigned char hash[SECRET_HASH_BYTES])
{
    struct token_entry wanted;
    memcpy(wanted.secret_hash, hash, SECRET_HASH_BYTES);
    return set->count ? bsearch(&wanted, set->entries, set->count, sizeof *set->entries, compare) : NULL;
}
