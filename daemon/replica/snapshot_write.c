#include "replica/snapshot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "replica/snapshot.h"
#include "replica/snapshot_layout.h"

struct writing {
    int descriptor; /* -1: an error has come */
    int error;
    struct snapshot_head head;
    struct text_buffer items;
    uint32_t item_count;
};

void snapshot_block_checksum(const struct snapshot_block *block, uint64_t seal, const void *items,
                             unsigned char checksum[SHA256_DIGEST_LENGTH])
{
    unsigned char all[SHA256_DIGEST_LENGTH + sizeof seal + offsetof(struct snapshot_block, checksum)];
    SHA256(items, block->bytes, all);
    memcpy(all + SHA256_DIGEST_LENGTH, &seal, sizeof seal);
    memcpy(all + SHA256_DIGEST_LENGTH + sizeof seal, block, offsetof(struct snapshot_block, checksum));
    SHA256(all, sizeof all, checksum);
}

void snapshot_head_checksum(const struct snapshot_head *head, unsigned char checksum[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)head, offsetof(struct snapshot_head, checksum), checksum);
}

static void put_bytes(struct writing *writing, const void *bytes, size_t size)
{
    while (size && !writing->error) {
        ssize_t written = write(writing->descriptor, bytes, size);
        if (written < 0 && errno != EINTR)
            writing->error = errno;
        if (written > 0) {
            bytes = (const char *)bytes + written;
            size -= (size_t)written;
            writing->head.bytes += (uint64_t)written;
        }
    }
}

static void end_block(struct writing *writing)
{
    struct snapshot_block block = {.bytes = (uint32_t)writing->items.size,
                                   .items = writing->item_count,
                                   .number = writing->head.block_count};
    if (!block.items)
        return;
    snapshot_block_checksum(&block, writing->head.seal, writing->items.bytes, block.checksum);
    put_bytes(writing, &block, sizeof block);
    put_bytes(writing, writing->items.bytes, writing->items.size);
    writing->head.block_count++;
    writing->item_count = 0;
    writing->items.size = 0;
}

static void begin_item(struct writing *writing, const struct snapshot_item *item)
{
    if (writing->items.size + sizeof *item + item->bytes > SNAPSHOT_BLOCK_BYTES)
        end_block(writing);
    text_buffer_append(&writing->items, item, sizeof *item);
    writing->item_count++;
}

static void put_registries(struct writing *writing, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->registry_count; i++) {
        const struct registry_state *registry = &snapshot->registries[i];
        size_t id_bytes = strlen(registry->id) + 1, title_bytes = strlen(registry->title) + 1;
        begin_item(writing, &(struct snapshot_item){.bytes = (uint32_t)(id_bytes + title_bytes),
                                                    .time_us = registry->last_change_us});
        text_buffer_append(&writing->items, registry->id, id_bytes);
        text_buffer_append(&writing->items, registry->title, title_bytes);
    }
}

static void put_records(struct writing *writing, const struct snapshot *snapshot)
{
    struct record_cursor cursor = record_cursor_at(&snapshot->records, "", RECORD_NONE);
    for (const struct stored_record *entry;
         !writing->error && (entry = record_cursor_next_record(&cursor)) != NULL;) {
        begin_item(writing, &(struct snapshot_item){.kind = entry->kind,
                                                    .bytes = entry->packed_bytes,
                                                    .revision = entry->revision,
                                                    .time_us = entry->update_time_us});
        text_buffer_append(&writing->items, stored_record_packed(entry), entry->packed_bytes);
        writing->head.record_count++;
    }
    end_block(writing);
}

/* Only now is it a snapshot file. */
static void put_head(struct writing *writing)
{
    snapshot_head_checksum(&writing->head, writing->head.checksum);
    if (writing->error)
        return;
    if (pwrite(writing->descriptor, &writing->head, sizeof writing->head, 0) != sizeof writing->head ||
        fsync(writing->descriptor))
        writing->error = errno ? errno : EIO;
}

static void put_all(struct writing *writing, const struct snapshot *snapshot)
{
    static const struct snapshot_head none = {0};
    writing->head = (struct snapshot_head){.magic = SNAPSHOT_MAGIC,
                                           .format = SNAPSHOT_FORMAT,
                                           .head_bytes = sizeof writing->head,
                                           .version = PARTNERD_VERSION,
                                           .revision = snapshot->revision,
                                           .change_set = snapshot->change_set};
    snprintf(writing->head.epoch, sizeof writing->head.epoch, "%s", snapshot->epoch);
    if (getrandom(&writing->head.seal, sizeof writing->head.seal, 0) != sizeof writing->head.seal)
        writing->error = EIO;
    put_bytes(writing, &none, sizeof none);
    put_registries(writing, snapshot);
    put_records(writing, snapshot);
    put_head(writing);
    free(writing->items.bytes);
}

/* The folder's entry, too, is to outlast a loss of power. */
static void sync_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

struct status snapshot_file_write(struct arena *arena, const char *path, const struct snapshot *snapshot)
{
    const char *beside = arena_format(arena, "%s.new", path);
    struct writing writing = {0};
    unlink(beside);
    writing.descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (writing.descriptor < 0)
        writing.error = errno;
    else
        put_all(&writing, snapshot);
    if (writing.descriptor >= 0)
        close(writing.descriptor);
    if (!writing.error && rename(beside, path))
        writing.error = errno;
    if (writing.error) {
        unlink(beside);
        return status_format(arena, STATUS_UNAVAILABLE, NULL, "%.500s can't be written: %s", path,
                             strerror(writing.error));
    }
    sync_folder(arena, path);
    return STATUS_NONE;
}
