#include "replica/record_node.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/owners.h"

/* A change copies one leaf and a branch a level, and counts each child of these anew: so leaves are long and branches short. */
enum { LEAF_MOST = 512, BRANCH_MOST = 32 };

static size_t most_of(uint32_t level)
{
    return level ? BRANCH_MOST : LEAF_MOST;
}

int record_row_compare(const struct record_row *left, const struct record_row *right)
{
    int order = strcmp(left->owner, right->owner);
    if (order)
        return order;
    if (left->entry->kind != right->entry->kind)
        return left->entry->kind < right->entry->kind ? -1 : 1;
    return strcmp(stored_record_id(left->entry), stored_record_id(right->entry));
}

/* ---- one node ---- */

static size_t node_bytes(uint32_t level, size_t count)
{
    return sizeof(struct record_node) +
           count * (sizeof(struct record_row) + (level ? sizeof(struct record_node *) : 0));
}

static struct record_node *node_new(uint32_t level, size_t count)
{
    struct record_node *node = heap_alloc(node_bytes(level, count));
    atomic_init(&node->references, 1);
    node->level = level;
    node->count = (uint32_t)count;
    return node;
}

struct record_node *record_node_acquire(struct record_node *node)
{
    if (node)
        owners_add(&node->references);
    return node;
}

void record_node_release(struct record_node *node)
{
    if (!node || !owners_drop(&node->references))
        return;
    for (uint32_t i = 0; node->level && i < node->count; i++)
        record_node_release(record_node_children(node)[i]);
    free(node);
}

/* The first row at or behind `from` that is not before the key. */
static size_t rows_before(const struct record_node *node, size_t from, const struct record_row *key)
{
    for (size_t end = node->count; from < end;) {
        size_t middle = from + (end - from) / 2;
        if (record_row_compare(&node->rows[middle], key) < 0)
            from = middle + 1;
        else
            end = middle;
    }
    return from;
}

/* ---- nodes of one level, in order ---- */

struct node_list {
    struct record_node **items;
    size_t count, capacity;
};

/* Takes over the reference. */
static void add_node(struct node_list *list, struct record_node *node)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 2 * BRANCH_MOST;
        list->items = heap_realloc(list->items, list->capacity * sizeof(struct record_node *));
    }
    list->items[list->count++] = node;
}

/* How many nodes are made of so many rows or children: one, or several with room for more to come. */
static size_t parts_of(uint32_t level, size_t count)
{
    size_t most = most_of(level), usual = most * 3 / 4;
    return count <= most ? count > 0 : (count + usual - 1) / usual;
}

static void add_leaves(struct node_list *list, const struct record_row *rows, size_t count)
{
    size_t parts = parts_of(0, count);
    for (size_t part = 0; part < parts; part++) {
        size_t from = count * part / parts, end = count * (part + 1) / parts;
        struct record_node *leaf = node_new(0, end - from);
        memcpy(leaf->rows, rows + from, (end - from) * sizeof *rows);
        add_node(list, leaf);
    }
}

static void add_branches(struct node_list *list, uint32_t level, const struct node_list *children)
{
    size_t parts = parts_of(level, children->count);
    for (size_t part = 0; part < parts; part++) {
        size_t from = children->count * part / parts, end = children->count * (part + 1) / parts;
        struct record_node *branch = node_new(level, end - from);
        for (size_t i = from; i < end; i++) {
            branch->rows[i - from] = children->items[i]->rows[0];
            record_node_children(branch)[i - from] = children->items[i];
        }
        add_node(list, branch);
    }
}

static struct record_node *join(struct record_node *left, struct record_node *right)
{
    struct record_node *joined = node_new(left->level, (size_t)left->count + right->count);
    memcpy(joined->rows, left->rows, left->count * sizeof *left->rows);
    memcpy(joined->rows + left->count, right->rows, right->count * sizeof *right->rows);
    for (uint32_t i = 0; joined->level && i < joined->count; i++)
        record_node_children(joined)[i] = record_node_acquire(
            i < left->count ? record_node_children(left)[i] : record_node_children(right)[i - left->count]);
    record_node_release(left);
    record_node_release(right);
    return joined;
}

/* Of two neighbours of which one has become small, one is made: so the tree stays low. */
static void join_small(struct node_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct record_node *node = list->items[i], *before = kept ? list->items[kept - 1] : NULL;
        size_t most = most_of(node->level), small = most / 4;
        if (before && (node->count < small || before->count < small) && before->count + node->count <= most)
            list->items[kept - 1] = join(before, node);
        else
            list->items[kept++] = node;
    }
    list->count = kept;
}

/* The list's one root; frees the list. */
static struct record_node *root_of(struct node_list list)
{
    while (list.count > 1) {
        struct node_list above = {0};
        add_branches(&above, list.items[0]->level + 1, &list);
        free(list.items);
        list = above;
    }
    struct record_node *root = list.count ? list.items[0] : NULL;
    free(list.items);
    while (root && root->level && root->count == 1) {
        struct record_node *child = record_node_acquire(record_node_children(root)[0]);
        record_node_release(root);
        root = child;
    }
    assert(!root || root->level < RECORD_LEVELS);
    return root;
}

struct record_node *record_node_of_rows(const struct record_row *rows, size_t count)
{
    struct node_list leaves = {0};
    add_leaves(&leaves, rows, count);
    return root_of(leaves);
}

/* ---- changes ---- */

/* Lists what a leaf becomes. */
static void change_leaf(const struct record_node *leaf, const struct record_delta *delta, size_t count,
                        struct node_list *list)
{
    struct record_row *rows = heap_alloc((leaf->count + count) * sizeof *rows);
    size_t written = 0, from = 0;
    for (size_t i = 0; i <= count; i++) {
        size_t end = i < count ? rows_before(leaf, from, &delta[i].row) : leaf->count;
        memcpy(rows + written, leaf->rows + from, (end - from) * sizeof *rows);
        written += end - from;
        from = end;
        if (i == count)
            break;
        from += end < leaf->count && record_row_compare(&leaf->rows[end], &delta[i].row) == 0;
        if (!delta[i].gone)
            rows[written++] = delta[i].row;
    }
    add_leaves(list, rows, written);
    free(rows);
}

/* The child, none before `from`, in whose range the key is. */
static size_t child_of(const struct record_node *branch, size_t from, const struct record_row *key)
{
    size_t at = rows_before(branch, from, key);
    bool is_its_first = at < branch->count && record_row_compare(&branch->rows[at], key) == 0;
    return is_its_first || at == from ? at : at - 1;
}

/* How many changes come before the child behind that one. */
static size_t end_of_child(const struct record_node *branch, size_t child, const struct record_delta *delta,
                           size_t count)
{
    size_t end = 0;
    while (end < count &&
           (child + 1 == branch->count || record_row_compare(&delta[end].row, &branch->rows[child + 1]) < 0))
        end++;
    return end;
}

/* Lists what a node becomes, in nodes of its level. */
static void change_node(const struct record_node *node, const struct record_delta *delta, size_t count,
                        struct node_list *list)
{
    if (!node->level) {
        change_leaf(node, delta, count, list);
        return;
    }
    struct record_node *const *old = record_node_children(node);
    struct node_list children = {0};
    for (size_t child = 0; child < node->count; child++) {
        size_t next = count ? child_of(node, child, &delta->row) : node->count;
        for (; child < next; child++)
            add_node(&children, record_node_acquire(old[child]));
        if (child == node->count)
            break;
        size_t its = end_of_child(node, child, delta, count);
        change_node(old[child], delta, its, &children);
        delta += its;
        count -= its;
    }
    join_small(&children);
    add_branches(list, node->level, &children);
    free(children.items);
}

struct record_node *record_node_change(const struct record_node *root, const struct record_delta *delta,
                                       size_t count)
{
    struct node_list list = {0};
    change_node(root, delta, count, &list);
    return root_of(list);
}

/* ---- images ---- */

const struct record_node *record_node_put(const struct record_node *node, struct image_writer *image)
{
    struct record_node *copy = node_new(node->level, node->count);
    for (uint32_t i = 0; i < node->count; i++) {
        const struct record_row *row = &node->rows[i];
        const struct stored_record *put = image_at(image, row->entry);
        size_t offset =
            (size_t)(row->owner - (const char *)row->entry); /* the owner's id is within the record */
        copy->rows[i] = (struct record_row){(const char *)put + offset, put};
        if (node->level)
            record_node_children(copy)[i] =
                (struct record_node *)(uintptr_t)record_node_put(record_node_children(node)[i], image);
    }
    const struct record_node *put = image_put(image, copy, node_bytes(node->level, node->count));
    free(copy);
    return put;
}
