#pragma once

#include <stddef.h>

struct arena;

/* Links between codes while a vocabulary is read: the lists of a vocabulary's relation files, by the code they start from. */
struct import_links;

enum import_link { IMPORT_LINK_BROADER, IMPORT_LINK_RELATED, IMPORT_LINK_COUNT };

struct import_links *import_links_new(void);
void import_links_free(struct import_links *links);
/* Codes are copied. */
void import_links_add(struct import_links *links, enum import_link kind, const char *from, const char *to);
/* The codes that one leads to, distinct, in the order they came, in the arena. */
size_t import_links_of(const struct import_links *links, struct arena *arena, enum import_link kind,
                       const char *from, char ***ret_codes);
