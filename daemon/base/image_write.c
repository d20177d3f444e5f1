#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/arena.h"
#include "base/image_layout.h"

uint64_t image_checksum(const void *bytes, size_t size, uint64_t seal)
{
    return XXH3_64bits_withSeed(bytes, size, seal);
}

uint64_t image_head_checksum(const struct image_head *head)
{
    return image_checksum(head, offsetof(struct image_head, checksum), head->seal);
}

/* Where blocks went: open addressing by the pointer. */
struct place {
    const void *key; /* NULL: free */
    const void *at;
};

struct image_writer {
    char *path;
    int descriptor, error; /* errno of the first failure */
    struct image_head head;
    unsigned char *block; /* the one at hand */
    size_t filled;        /* of it; the first begins behind the head */
    uint64_t *checksums;  /* of the blocks before */
    struct place *places;
    size_t place_count, place_slots;
};

struct image_writer *image_writer_new(const char *path)
{
    struct image_writer *writer = heap_zalloc(sizeof *writer);
    writer->path = heap_strdup(path);
    writer->block = heap_alloc(IMAGE_BLOCK_BYTES);
    writer->filled = IMAGE_HEAD_BYTES;
    writer->head = (struct image_head){.magic = IMAGE_MAGIC,
                                       .format = IMAGE_FORMAT,
                                       .head_bytes = sizeof writer->head,
                                       .address = IMAGE_ADDRESS};
    if (getrandom(&writer->head.seal, sizeof writer->head.seal, 0) != sizeof writer->head.seal)
        writer->error = EIO;
    writer->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (writer->descriptor < 0)
        writer->error = errno;
    return writer;
}

/* ---- bytes ---- */

static void write_at(struct image_writer *writer, const void *bytes, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size && !writer->error;) {
        ssize_t count =
            pwrite(writer->descriptor, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (count < 0 && errno != EINTR)
            writer->error = errno;
        done += count > 0 ? (size_t)count : 0;
    }
}

static void end_block(struct image_writer *writer)
{
    struct image_head *head = &writer->head;
    uint64_t number = head->block_count++;
    writer->checksums = heap_realloc(writer->checksums, head->block_count * sizeof *writer->checksums);
    uint64_t begin = image_block_begin(number);
    const unsigned char *bytes = writer->block + begin % IMAGE_BLOCK_BYTES;
    size_t size = writer->filled - begin % IMAGE_BLOCK_BYTES;
    writer->checksums[number] = image_checksum(bytes, size, head->seal);
    write_at(writer, bytes, size, begin);
    writer->filled = 0;
}

static void put_bytes(struct image_writer *writer, const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size) {
        size_t room = IMAGE_BLOCK_BYTES - writer->filled, part = size < room ? size : room;
        memcpy(writer->block + writer->filled, from, part);
        writer->filled += part;
        writer->head.body_bytes += part;
        from += part;
        size -= part;
        if (writer->filled == IMAGE_BLOCK_BYTES)
            end_block(writer);
    }
}

static size_t padding(const struct image_writer *writer)
{
    return -writer->head.body_bytes % IMAGE_ALIGNMENT;
}

uintptr_t image_next(const struct image_writer *writer)
{
    return IMAGE_ADDRESS + IMAGE_HEAD_BYTES + writer->head.body_bytes + padding(writer);
}

const void *image_put(struct image_writer *writer, const void *bytes, size_t size)
{
    static const unsigned char zeroes[IMAGE_ALIGNMENT] = {0};
    uintptr_t address = image_next(writer);
    put_bytes(writer, zeroes, padding(writer));
    put_bytes(writer, bytes, size);
    return (const void *)address; // NOLINT: an address of a mapping to come
}

const char *image_put_text(struct image_writer *writer, const char *text)
{
    return image_put(writer, text, strlen(text) + 1);
}

/* ---- where blocks went ---- */

static struct place *place_of(const struct image_writer *writer, const void *key)
{
    size_t mask = writer->place_slots - 1;
    size_t slot = (size_t)(((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (writer->places[slot].key && writer->places[slot].key != key)
        slot = (slot + 1) & mask;
    return &writer->places[slot];
}

static void grow_places(struct image_writer *writer)
{
    struct place *old = writer->places;
    size_t slots = writer->place_slots;
    writer->place_slots = slots ? slots * 2 : 1024;
    writer->places = heap_zalloc(writer->place_slots * sizeof *writer->places);
    for (size_t i = 0; i < slots; i++)
        if (old[i].key)
            *place_of(writer, old[i].key) = old[i];
    free(old);
}

const void *image_put_as(struct image_writer *writer, const void *key, const void *bytes, size_t size)
{
    if (writer->place_count * 3 >= writer->place_slots * 2)
        grow_places(writer);
    const void *at = image_put(writer, bytes, size);
    struct place *place = place_of(writer, key);
    writer->place_count += !place->key;
    *place = (struct place){key, at};
    return at;
}

const void *image_at(const struct image_writer *writer, const void *key)
{
    return key && writer->place_slots ? place_of(writer, key)->at : NULL;
}

/* ---- the end ---- */

static void writer_free(struct image_writer *writer)
{
    if (writer->descriptor >= 0)
        close(writer->descriptor);
    free(writer->path);
    free(writer->block);
    free(writer->checksums);
    free(writer->places);
    free(writer);
}

void image_writer_abort(struct image_writer *writer)
{
    if (!writer)
        return;
    if (writer->descriptor >= 0)
        unlink(writer->path);
    writer_free(writer);
}

static void sync_now(struct image_writer *writer)
{
    if (!writer->error && fsync(writer->descriptor))
        writer->error = errno;
}

/* The body is on the disk before the head that vouches for it. */
static void put_head(struct image_writer *writer)
{
    struct image_head *head = &writer->head;
    size_t size = head->block_count * sizeof *writer->checksums;
    write_at(writer, writer->checksums, size, IMAGE_HEAD_BYTES + head->body_bytes);
    sync_now(writer);
    head->blocks_checksum = image_checksum(writer->checksums, size, head->seal);
    head->checksum = image_head_checksum(head);
    write_at(writer, head, sizeof *head, 0);
    sync_now(writer);
}

struct status image_writer_finish(struct image_writer *writer, struct arena *arena, const void *root,
                                  const void *label, size_t label_bytes)
{
    if (writer->filled)
        end_block(writer);
    writer->head.root = (uintptr_t)root;
    memcpy(writer->head.label, label, label_bytes < IMAGE_LABEL_BYTES ? label_bytes : IMAGE_LABEL_BYTES);
    put_head(writer);
    struct status status = STATUS_NONE;
    if (writer->error) {
        status = status_format(arena, STATUS_UNAVAILABLE, NULL, "%.500s can't be written: %s", writer->path,
                               strerror(writer->error));
        image_writer_abort(writer);
    } else {
        writer_free(writer);
    }
    return status;
}
