#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/image_layout.h"

struct image {
    int descriptor;
    uint64_t file_bytes;
    struct image_head head;
    const unsigned char *bytes; /* NULL: not mapped */
};

/* ---- the head ---- */

/* Why it is not to be used, or NULL. */
static const char *head_fault(const struct image_head *head, uint64_t file_bytes)
{
    if (memcmp(head->magic, IMAGE_MAGIC, sizeof head->magic) != 0)
        return "it is no image";
    if (head->format != IMAGE_FORMAT || head->head_bytes != sizeof *head || head->address != IMAGE_ADDRESS)
        return "it has another form";
    if (head->checksum != image_head_checksum(head))
        return "its head is damaged";
    if (head->body_bytes > IMAGE_MOST_BYTES - IMAGE_HEAD_BYTES ||
        head->block_count != image_block_count(head->body_bytes) ||
        file_bytes != IMAGE_HEAD_BYTES + head->body_bytes + head->block_count * sizeof(uint64_t))
        return "it is not whole";
    return head->root - IMAGE_ADDRESS - IMAGE_HEAD_BYTES < head->body_bytes ? NULL : "it has no root";
}

static const char *read_head(struct image *image)
{
    struct stat stat;
    if (fstat(image->descriptor, &stat) || !S_ISREG(stat.st_mode))
        return "it can't be read";
    image->file_bytes = (uint64_t)stat.st_size;
    if (pread(image->descriptor, &image->head, sizeof image->head, 0) != sizeof image->head)
        return "it is no image";
    return head_fault(&image->head, image->file_bytes);
}

struct image *image_open(const char *path, const char **ret_reason)
{
    *ret_reason = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return NULL;
    struct image *image = heap_zalloc(sizeof *image);
    image->descriptor = descriptor;
    *ret_reason = read_head(image);
    if (!*ret_reason)
        return image;
    image_close(image);
    return NULL;
}

const void *image_label(const struct image *image)
{
    return image->head.label;
}

size_t image_bytes(const struct image *image)
{
    return image->head.body_bytes;
}

void image_close(struct image *image)
{
    if (!image)
        return;
    if (image->bytes)
        munmap((void *)(uintptr_t)image->bytes, image->file_bytes);
    close(image->descriptor);
    free(image);
}

/* ---- the body ---- */

enum { VERIFIERS = 4 };

struct verifying {
    const struct image *image;
    const uint64_t *checksums;
    _Atomic uint64_t next;
    _Atomic bool is_damaged;
};

static void *verify(void *context)
{
    struct verifying *verifying = context;
    const struct image_head *head = &verifying->image->head;
    for (uint64_t block; (block = atomic_fetch_add(&verifying->next, 1)) < head->block_count;) {
        const unsigned char *at = verifying->image->bytes + image_block_begin(block);
        size_t size = image_block_bytes(head, block);
#ifdef MADV_POPULATE_READ
        madvise((void *)(uintptr_t)at, size, MADV_POPULATE_READ);
#endif
        if (image_checksum(at, size, head->seal) != verifying->checksums[block])
            atomic_store(&verifying->is_damaged, true);
    }
    return NULL;
}

/* The blocks' checksums stand behind the body, at any place. */
static uint64_t *copy_checksums(const struct image *image)
{
    size_t size = image->head.block_count * sizeof(uint64_t);
    return memcpy(heap_alloc(size), image->bytes + IMAGE_HEAD_BYTES + image->head.body_bytes, size);
}

static bool is_sound(const struct image *image)
{
    const struct image_head *head = &image->head;
    uint64_t *checksums = copy_checksums(image);
    size_t size = head->block_count * sizeof *checksums;
    struct verifying verifying = {.image = image, .checksums = checksums};
    if (image_checksum(checksums, size, head->seal) != head->blocks_checksum)
        verifying.is_damaged = true;
    pthread_t threads[VERIFIERS];
    unsigned count = 0;
    while (count < VERIFIERS && pthread_create(&threads[count], NULL, verify, &verifying) == 0)
        count++;
    verify(&verifying);
    while (count)
        pthread_join(threads[--count], NULL);
    free(checksums);
    return !verifying.is_damaged;
}

const void *image_map(struct image *image, const char **ret_reason)
{
    void *address = (void *)IMAGE_ADDRESS; // NOLINT: the same for every image
    void *bytes =
        mmap(address, image->file_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, image->descriptor, 0);
    *ret_reason = NULL;
    if (bytes != MAP_FAILED && bytes != address) /* a kernel that doesn't know the flag */
        munmap(bytes, image->file_bytes);
    if (bytes != address) {
        *ret_reason = "its address is taken";
        return NULL;
    }
    image->bytes = bytes;
    if (is_sound(image))
        return (const void *)image->head.root; // NOLINT
    munmap(bytes, image->file_bytes);
    image->bytes = NULL;
    *ret_reason = "it is damaged";
    return NULL;
}
