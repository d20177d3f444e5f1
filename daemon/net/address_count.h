#pragma once

/* How many connections each address has open. One thread. */
struct address_count;

struct address_count *address_count_new(void);
void address_count_free(struct address_count *count);

/* Both give what the address has afterwards. The key is copied. */
unsigned address_count_add(struct address_count *count, const char *key);
unsigned address_count_remove(struct address_count *count, const char *key);
