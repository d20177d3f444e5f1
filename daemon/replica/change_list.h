#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct record_form;

/* Changes ready to be sent: each as a field `changes` of a WatchResponse, with and without its contact. */
struct change_entry {
    uint32_t at, bytes;           /* in the list's data */
    uint32_t bare_at, bare_bytes; /* the same without the contact */
    uint32_t registry_at;         /* its registry, ended by NUL */
};

/* A zeroed one is empty. */
struct change_list {
    struct change_entry *entries;
    size_t count, capacity;
    struct text_buffer data;
};

void change_list_add(struct change_list *list, const struct record_form *form);
void change_list_clear(struct change_list *list);
void change_list_fini(struct change_list *list);
/* Of all that it holds. */
size_t change_list_bytes(const struct change_list *list);
