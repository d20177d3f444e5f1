#include "replica/change_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "replica/change_form.h"

enum { WATCH_RESPONSE_CHANGES = 1, FIRST_CAPACITY = 4 };

/* Neighbours mostly share theirs. */
static uint32_t registry_place(struct change_list *list, const char *id)
{
    size_t bytes = strcspn(id, "/");
    if (list->count) {
        uint32_t at = list->entries[list->count - 1].registry_at;
        const char *last = list->data.bytes + at;
        if (strncmp(last, id, bytes) == 0 && last[bytes] == '\0')
            return at;
    }
    uint32_t at = (uint32_t)list->data.size;
    text_buffer_append(&list->data, id, bytes);
    text_buffer_append(&list->data, "", 1);
    return at;
}

void change_list_add(struct change_list *list, const struct record_form *form)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
        list->entries = heap_realloc(list->entries, list->capacity * sizeof *list->entries);
    }
    struct change_entry entry = {.registry_at = registry_place(list, form->id)};
    entry.at = entry.bare_at = (uint32_t)list->data.size;
    change_form_add(&list->data, WATCH_RESPONSE_CHANGES, form, true);
    entry.bytes = entry.bare_bytes = (uint32_t)list->data.size - entry.at;
    if (record_form_has_contact(form)) {
        entry.bare_at = (uint32_t)list->data.size;
        change_form_add(&list->data, WATCH_RESPONSE_CHANGES, form, false);
        entry.bare_bytes = (uint32_t)list->data.size - entry.bare_at;
    }
    list->entries[list->count++] = entry;
}

void change_list_clear(struct change_list *list)
{
    list->count = 0;
    text_buffer_clear(&list->data);
}

void change_list_fini(struct change_list *list)
{
    free(list->entries);
    text_buffer_fini(&list->data);
    *list = (struct change_list){0};
}

size_t change_list_bytes(const struct change_list *list)
{
    return list->capacity * sizeof *list->entries + list->data.capacity;
}
