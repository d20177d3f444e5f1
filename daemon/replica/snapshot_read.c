#include "replica/snapshot_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "replica/record_set.h"
#include "replica/snapshot_layout.h"
#include "replica/working_set.h"

struct snapshot_file {
    const unsigned char *bytes;
    size_t size;
    struct snapshot_head head;
};

/* ---- the head ---- */

static bool is_ended(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* Why it is not to be used, or NULL. */
static const char *head_fault(const struct snapshot_file *file)
{
    unsigned char checksum[SHA256_DIGEST_LENGTH];
    const struct snapshot_head *head = &file->head;
    if (file->size < sizeof *head || memcmp(head->magic, SNAPSHOT_MAGIC, sizeof head->magic) != 0)
        return "it is no snapshot";
    if (head->format != SNAPSHOT_FORMAT || head->head_bytes != sizeof *head)
        return "it has another form";
    snapshot_head_checksum(head, checksum);
    if (memcmp(checksum, head->checksum, sizeof checksum) != 0)
        return "its head is damaged";
    if (!is_ended(head->version, sizeof head->version) || strcmp(head->version, PARTNERD_VERSION) != 0)
        return "another version wrote it";
    if (!is_ended(head->epoch, sizeof head->epoch) || !head->revision)
        return "it says no revision";
    return head->bytes == file->size ? NULL : "it is not whole";
}

static struct snapshot_file *refuse(struct snapshot_file *file, const char *path, const char *reason)
{
    log_event(LOG_WARN, "replica.snapshot_refused", "the snapshot file is not used", LOG_TEXT("file", path),
              LOG_TEXT("reason", reason));
    snapshot_file_close(file);
    return NULL;
}

struct snapshot_file *snapshot_file_open(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    struct snapshot_file *file = heap_zalloc(sizeof *file);
    struct stat stat;
    void *bytes = MAP_FAILED;
    if (fstat(descriptor, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0)
        bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (bytes == MAP_FAILED)
        return refuse(file, path, "it can't be read");
    file->bytes = bytes;
    file->size = (size_t)stat.st_size;
    madvise(bytes, file->size, MADV_SEQUENTIAL);
    if (file->size >= sizeof file->head)
        memcpy(&file->head, bytes, sizeof file->head);
    const char *fault = head_fault(file);
    return fault ? refuse(file, path, fault) : file;
}

void snapshot_file_close(struct snapshot_file *file)
{
    if (file && file->bytes)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    free(file);
}

const char *snapshot_file_epoch(const struct snapshot_file *file)
{
    return file->head.epoch;
}

uint64_t snapshot_file_revision(const struct snapshot_file *file)
{
    return file->head.revision;
}

int64_t snapshot_file_change_set(const struct snapshot_file *file)
{
    return file->head.change_set;
}

/* ---- blocks, each decoded by one thread ---- */

enum { DECODERS = 2, BLOCKS_AHEAD = 16 };

struct decoded {
    struct record record; /* kind RECORD_NONE: a registry, in `text` */
    struct stored_record *entry;
    const char *text;
    int64_t time_us;
};

/* A block's place in the ring; blocks n, n + BLOCKS_AHEAD, ... use it in turn. */
struct slot {
    struct arena *arena;
    struct decoded *items;
    uint32_t count;
    bool is_done, is_good;
};

struct loading {
    const struct snapshot_file *file;
    const struct snapshot_block *const *blocks;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t next, taken; /* the next block to be decoded; those put into the set */
    bool is_cancelled;
    struct slot slots[BLOCKS_AHEAD];
};

static bool decode_item(struct slot *slot, struct decoded *decoded, const struct snapshot_item *item,
                        const unsigned char *bytes)
{
    decoded->time_us = item->time_us;
    if (item->kind == RECORD_NONE) {
        decoded->text = (const char *)bytes;
        return item->bytes >= 2 && bytes[item->bytes - 1] == '\0' && strlen(decoded->text) + 1 < item->bytes;
    }
    enum record_kind kind = (enum record_kind)item->kind;
    if (kind >= RECORD_KIND_COUNT || !record_unpack(slot->arena, kind, bytes, item->bytes, &decoded->record))
        return false;
    decoded->record.kind = kind;
    decoded->entry = stored_record_new(&decoded->record, bytes, item->bytes, item->revision, item->time_us);
    return true;
}

static bool decode_items(struct slot *slot, const unsigned char *at, size_t bytes, uint32_t items)
{
    const unsigned char *end = at + bytes;
    for (; slot->count < items; slot->count++) {
        struct snapshot_item item;
        if ((size_t)(end - at) < sizeof item)
            return false;
        memcpy(&item, at, sizeof item);
        at += sizeof item;
        if (item.bytes > (size_t)(end - at) || !decode_item(slot, &slot->items[slot->count], &item, at))
            return false;
        at += item.bytes;
    }
    return at == end;
}

static void decode_block(const struct loading *loading, struct slot *slot, uint64_t number)
{
    struct snapshot_block block;
    unsigned char checksum[SHA256_DIGEST_LENGTH];
    memcpy(&block, loading->blocks[number], sizeof block);
    const unsigned char *items = (const unsigned char *)loading->blocks[number] + sizeof block;
    snapshot_block_checksum(&block, loading->file->head.seal, items, checksum);
    arena_reset(slot->arena);
    slot->items = arena_array(slot->arena, block.items, sizeof *slot->items);
    slot->count = 0;
    slot->is_good = block.number == number && memcmp(checksum, block.checksum, sizeof checksum) == 0 &&
                    decode_items(slot, items, block.bytes, block.items);
}

static void *run_decoder(void *context)
{
    struct loading *loading = context;
    pthread_mutex_lock(&loading->lock);
    while (!loading->is_cancelled && loading->next < loading->file->head.block_count) {
        uint64_t number = loading->next;
        if (number >= loading->taken + BLOCKS_AHEAD) {
            pthread_cond_wait(&loading->moved, &loading->lock);
            continue;
        }
        struct slot *slot = &loading->slots[number % BLOCKS_AHEAD];
        loading->next++;
        pthread_mutex_unlock(&loading->lock);
        decode_block(loading, slot, number);
        pthread_mutex_lock(&loading->lock);
        slot->is_done = true;
        pthread_cond_broadcast(&loading->moved);
    }
    pthread_mutex_unlock(&loading->lock);
    return NULL;
}

/* ---- loading ---- */

/* Where the blocks begin; NULL: they don't end with the file. */
static const struct snapshot_block **find_blocks(const struct snapshot_file *file)
{
    size_t at = sizeof file->head;
    uint64_t count = file->head.block_count;
    if (count > file->size / sizeof(struct snapshot_block))
        return NULL;
    const struct snapshot_block **blocks = heap_alloc((count + 1) * sizeof *blocks);
    for (uint64_t i = 0; i < count; i++) {
        struct snapshot_block block;
        blocks[i] = (const struct snapshot_block *)(const void *)(file->bytes + at);
        if (file->size - at >= sizeof block)
            memcpy(&block, blocks[i], sizeof block);
        if (file->size - at < sizeof block || block.bytes > file->size - at - sizeof block ||
            block.items > block.bytes / sizeof(struct snapshot_item)) {
            free(blocks);
            return NULL;
        }
        at += sizeof block + block.bytes;
    }
    if (at == file->size)
        return blocks;
    free(blocks);
    return NULL;
}

static void put_items(struct slot *slot, struct working_set *set, _Atomic uint64_t *count)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        struct decoded *item = &slot->items[i];
        if (item->entry) {
            working_set_take(set, &item->record, item->entry);
            atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
        } else {
            working_set_registry(set, item->text, item->text + strlen(item->text) + 1, item->time_us);
        }
    }
}

static void drop_items(struct slot *slot)
{
    for (uint32_t i = 0; i < slot->count; i++)
        stored_record_release(slot->items[i].entry);
    slot->count = 0;
}

/* In the order of the file. */
static bool take_blocks(struct loading *loading, struct working_set *set, _Atomic uint64_t *count)
{
    bool is_good = true;
    for (uint64_t i = 0; i < loading->file->head.block_count && is_good; i++) {
        struct slot *slot = &loading->slots[i % BLOCKS_AHEAD];
        pthread_mutex_lock(&loading->lock);
        while (!slot->is_done)
            pthread_cond_wait(&loading->moved, &loading->lock);
        pthread_mutex_unlock(&loading->lock);
        is_good = slot->is_good;
        if (is_good) {
            put_items(slot, set, count);
            slot->count = 0;
        }
        pthread_mutex_lock(&loading->lock);
        slot->is_done = false;
        loading->taken = i + 1;
        loading->is_cancelled = !is_good;
        pthread_cond_broadcast(&loading->moved);
        pthread_mutex_unlock(&loading->lock);
    }
    return is_good;
}

bool snapshot_file_load(const struct snapshot_file *file, struct working_set *set, _Atomic uint64_t *count)
{
    struct loading *loading = heap_zalloc(sizeof *loading);
    pthread_t threads[DECODERS];
    const struct snapshot_block **blocks = find_blocks(file);
    loading->file = file;
    loading->blocks = blocks;
    pthread_mutex_init(&loading->lock, NULL);
    pthread_cond_init(&loading->moved, NULL);
    bool is_good = blocks != NULL;
    unsigned started = 0;
    for (unsigned i = 0; i < BLOCKS_AHEAD; i++)
        loading->slots[i].arena = arena_new(0);
    while (is_good && started < DECODERS &&
           pthread_create(&threads[started], NULL, run_decoder, loading) == 0)
        started++;
    is_good = started && take_blocks(loading, set, count);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < BLOCKS_AHEAD; i++) {
        drop_items(&loading->slots[i]);
        arena_free(loading->slots[i].arena);
    }
    pthread_cond_destroy(&loading->moved);
    pthread_mutex_destroy(&loading->lock);
    free(blocks);
    free(loading);
    return is_good;
}
