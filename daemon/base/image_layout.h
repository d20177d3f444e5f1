#pragma once

#include <assert.h>
#include <stdint.h>

#include "base/image.h"

/* The form of an image's file, in the machine's own numbers: a head, which is written last; the body, which is the image; and a
 * checksum of each of the body's blocks. All checksums take in the head's `seal`, so that blocks of another file don't pass.
 * A block begins at a multiple of its size, but for the head before the first, and is written at once: so the page cache can hold it in
 * huge pages, where its file system knows them, and what it holds so is mapped so. */

#define IMAGE_MAGIC "partnerd's image" /* without its NUL */

enum { IMAGE_FORMAT = 2, IMAGE_HEAD_BYTES = 4096, IMAGE_BLOCK_BYTES = 16 << 20, IMAGE_ALIGNMENT = 16 };
static_assert(IMAGE_ADDRESS % IMAGE_BLOCK_BYTES == 0, "in memory it lies as in the file");

struct image_head {
    char magic[16];
    uint32_t format, head_bytes;
    uint64_t address, root;
    uint64_t body_bytes, block_count;
    uint64_t seal; /* by chance */
    unsigned char label[IMAGE_LABEL_BYTES];
    uint64_t blocks_checksum; /* of the checksums */
    uint64_t checksum;        /* of all above */
};
static_assert(sizeof(struct image_head) == IMAGE_HEAD_BYTES, "no byte of the file is without a checksum");

static inline uint64_t image_block_count(uint64_t body_bytes)
{
    return (IMAGE_HEAD_BYTES + body_bytes + IMAGE_BLOCK_BYTES - 1) / IMAGE_BLOCK_BYTES;
}

/* In the file, and in memory from IMAGE_ADDRESS on. */
static inline uint64_t image_block_begin(uint64_t block)
{
    return block ? block * IMAGE_BLOCK_BYTES : IMAGE_HEAD_BYTES;
}

static inline uint64_t image_block_bytes(const struct image_head *head, uint64_t block)
{
    uint64_t end = (block + 1) * IMAGE_BLOCK_BYTES, most = IMAGE_HEAD_BYTES + head->body_bytes;
    return (end < most ? end : most) - image_block_begin(block);
}

uint64_t image_checksum(const void *bytes, size_t size, uint64_t seal);
uint64_t image_head_checksum(const struct image_head *head);
