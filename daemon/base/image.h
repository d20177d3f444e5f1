#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Data with pointers in a file that is mapped where it was written for, so that it can be read at once, however large it is.
 * What is written into an image points to nothing but the image. A mapped image is read-only, is never unmapped while anything
 * in it may be read, and nothing in it is ever freed or counted: owners ask image_has first. At most one is mapped. */

/* Where every image is mapped: far from where systems put programs, heaps and libraries. */
#ifdef __SANITIZE_THREAD__
#define IMAGE_ADDRESS    ((uintptr_t)0x4000000000)
#define IMAGE_MOST_BYTES ((size_t)1 << 37)
#else
#define IMAGE_ADDRESS    ((uintptr_t)0x200000000000)
#define IMAGE_MOST_BYTES ((size_t)1 << 40)
#endif

/* Whether a pointer points into a mapped image. */
static inline bool image_has(const void *pointer)
{
    return (uintptr_t)pointer - IMAGE_ADDRESS < IMAGE_MOST_BYTES;
}

/* ---- writing: one thread ---- */

struct arena;
struct image_writer;

/* Writes to the path, which must not exist. */
struct image_writer *image_writer_new(const char *path);
/* Copies a block to the image's end, and tells where it will be once mapped; aligned to 16 bytes. Errors are kept until the end. */
const void *image_put(struct image_writer *writer, const void *bytes, size_t size);
/* The same, and remembers where the block at `key` went: image_at. */
const void *image_put_as(struct image_writer *writer, const void *key, const void *bytes, size_t size);
/* Where a block went; NULL: it was not put. NULL gives NULL. */
const void *image_at(const struct image_writer *writer, const void *key);
/* Where the next block will be: for pointers of a block into itself. */
uintptr_t image_next(const struct image_writer *writer);
const char *image_put_text(struct image_writer *writer, const char *text);
/* Ends the file: `root` is where image_map's caller finds its way, `label` what image_open's caller compares. All is on the disk
 * when it returns. Frees the writer in any case; what failed is UNAVAILABLE, its text in the arena, and the file is gone. */
struct status image_writer_finish(struct image_writer *writer, struct arena *arena, const void *root,
                                  const void *label, size_t label_bytes);
/* Gives up: removes the file. */
void image_writer_abort(struct image_writer *writer); /* NULL is fine */

/* ---- reading ---- */

struct image;

enum { IMAGE_LABEL_BYTES = 4016 };

/* Reads the head alone. NULL: there is none, or its head is not to be relied on, which *ret_reason says; NULL without a file. */
struct image *image_open(const char *path, const char **ret_reason);
/* As it was written; IMAGE_LABEL_BYTES of them, zeroes behind. */
const void *image_label(const struct image *image);
/* Maps it and verifies all of it, on some threads. The root, or NULL with a reason. */
const void *image_map(struct image *image, const char **ret_reason);
size_t image_bytes(const struct image *image);
/* Unmaps it. */
void image_close(struct image *image); /* NULL is fine */
