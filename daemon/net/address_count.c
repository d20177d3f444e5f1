#include "net/address_count.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

/* As many entries as there are connections at the most: chains stay short without growing. */
enum { CHAIN_COUNT = 4096 };

struct entry {
    struct entry *next;
    unsigned count;
    char key[];
};

struct address_count {
    struct entry *chains[CHAIN_COUNT];
};

struct address_count *address_count_new(void)
{
    return heap_zalloc(sizeof(struct address_count));
}

void address_count_free(struct address_count *count)
{
    for (unsigned i = 0; count && i < CHAIN_COUNT; i++) {
        while (count->chains[i]) {
            struct entry *entry = count->chains[i];
            count->chains[i] = entry->next;
            free(entry);
        }
    }
    free(count);
}

/* The link to the entry, or to the end of its chain. */
static struct entry **find(struct address_count *count, const char *key)
{
    struct entry **link = &count->chains[hash_text(key) % CHAIN_COUNT];
    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    return link;
}

unsigned address_count_add(struct address_count *count, const char *key)
{
    struct entry **link = find(count, key);
    if (!*link) {
        size_t size = strlen(key) + 1;
        *link = heap_zalloc(sizeof **link + size);
        memcpy((*link)->key, key, size);
    }
    return ++(*link)->count;
}

unsigned address_count_remove(struct address_count *count, const char *key)
{
    struct entry **link = find(count, key), *entry = *link;
    if (!entry)
        return 0;
    unsigned left = --entry->count;
    if (!left) {
        *link = entry->next;
        free(entry);
    }
    return left;
}
