#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* What most sentences are made of, many times as fast as vsnprintf: plain text, %s, %u, %d, %llu, %zu. Writes no end. False: the
 * format has something else, or the room is too small; what was written means nothing then. */
bool format_plain(char *to, size_t room, const char *format, va_list arguments, size_t *ret_length);
