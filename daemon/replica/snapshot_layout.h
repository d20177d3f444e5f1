#pragma once

#include <stdint.h>

#include <openssl/sha.h>

/* The form of a snapshot file, in the machine's own numbers: a head, then blocks, each with its items one after the other. The
 * head is written last; each block's checksum takes in the head's `seal`, so that blocks of another file don't pass. */

#define SNAPSHOT_MAGIC "partnerd records"

enum { SNAPSHOT_FORMAT = 1, SNAPSHOT_BLOCK_BYTES = 1 << 20 };

struct snapshot_head {
    char magic[16];
    uint32_t format, head_bytes;
    char version[32], epoch[64];
    uint64_t revision;
    int64_t change_set;
    uint64_t block_count, record_count, bytes;    /* of the whole file */
    uint64_t seal;                                /* by chance */
    unsigned char checksum[SHA256_DIGEST_LENGTH]; /* of all above */
};

struct snapshot_block {
    uint32_t bytes, items;
    uint64_t number;                              /* from 0 */
    unsigned char checksum[SHA256_DIGEST_LENGTH]; /* of seal, all above and the items */
};

/* Kind 0: a registry; its bytes are id and title, each ended by NUL, its time that of its last change. */
struct snapshot_item {
    uint32_t kind, bytes;
    uint64_t revision;
    int64_t time_us;
};

void snapshot_block_checksum(const struct snapshot_block *block, uint64_t seal, const void *items,
                             unsigned char checksum[SHA256_DIGEST_LENGTH]);
void snapshot_head_checksum(const struct snapshot_head *head, unsigned char checksum[SHA256_DIGEST_LENGTH]);
