#include "net/request_head.h"

#include <string.h>

#include "base/arena.h"

enum { FIELD_OVERHEAD_BYTES = 32 };

void request_head_init(struct request_head *head)
{
    request_head_fini(head);
    *head = (struct request_head){.arena = arena_new(0), .method = "", .path = ""};
}

void request_head_fini(struct request_head *head)
{
    arena_free(head->arena);
    *head = (struct request_head){0};
}

static void append(struct request_head *head, const char *name, const char *value)
{
    if (head->count == head->capacity) {
        size_t capacity = head->capacity ? head->capacity * 2 : 16;
        head->fields = arena_grow(head->arena, head->fields, head->count * sizeof *head->fields,
                                  capacity * sizeof *head->fields);
        head->capacity = capacity;
    }
    head->fields[head->count++] = (struct rpc_header){name, value};
}

void request_head_add(struct request_head *head, const struct net_limits *limits, const char *name,
                      size_t name_bytes, const char *value, size_t value_bytes)
{
    head->bytes += name_bytes + value_bytes + FIELD_OVERHEAD_BYTES;
    head->seen++;
    if (head->bytes > limits->header_bytes || head->seen > limits->header_fields)
        head->is_too_large = true;
    if (head->is_too_large)
        return;
    char *copy = arena_strndup(head->arena, value, value_bytes);
    if (name_bytes && name[0] != ':')
        append(head, arena_strndup(head->arena, name, name_bytes), copy);
    else if (strcmp(name, ":method") == 0)
        head->method = copy;
    else if (strcmp(name, ":path") == 0)
        head->path = copy;
}
