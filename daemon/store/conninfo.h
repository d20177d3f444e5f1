#pragma once

#include <libpq-fe.h>

struct arena;

enum { CONNINFO_WORDS_MOST = 64 };

/* A connection string taken apart, for PQconnectStartParams; ends with NULLs. */
struct conninfo {
    const char *names[CONNINFO_WORDS_MOST];
    const char *values[CONNINFO_WORDS_MOST];
};

/* What the program wants by itself stands in front, and may be said otherwise by the string. Of several hosts another one
 * is the first at each turn: an attempt that ends while the first host is silent is followed by one that begins with the
 * next. All in the arena. A string that can't be read is left for libpq to complain of. */
void conninfo_parse(struct arena *arena, const char *text, unsigned turn, struct conninfo *ret_conninfo);
