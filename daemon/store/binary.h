#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Numbers in network byte order, as PostgreSQL's binary formats have them. */

static inline void binary_put_u16(unsigned char *to, uint16_t number)
{
    number = htobe16(number);
    memcpy(to, &number, sizeof number);
}

static inline void binary_put_u32(unsigned char *to, uint32_t number)
{
    number = htobe32(number);
    memcpy(to, &number, sizeof number);
}

static inline void binary_put_u64(unsigned char *to, uint64_t number)
{
    number = htobe64(number);
    memcpy(to, &number, sizeof number);
}

static inline uint16_t binary_get_u16(const void *from)
{
    uint16_t number;
    memcpy(&number, from, sizeof number);
    return be16toh(number);
}

static inline uint32_t binary_get_u32(const void *from)
{
    uint32_t number;
    memcpy(&number, from, sizeof number);
    return be32toh(number);
}

static inline uint64_t binary_get_u64(const void *from)
{
    uint64_t number;
    memcpy(&number, from, sizeof number);
    return be64toh(number);
}

/* Seconds between 1970-01-01 and PostgreSQL's own epoch, 2000-01-01. */
enum { BINARY_EPOCH_DAY = 10957, BINARY_EPOCH_SECONDS = 946684800 };

/* A timestamptz, since 1970-01-01 UTC. */
static inline int64_t binary_get_time_us(const void *from)
{
    return (int64_t)binary_get_u64(from) + (int64_t)BINARY_EPOCH_SECONDS * 1000000;
}
