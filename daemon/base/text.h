#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Unicode text, UTF-8, by utf8proc. All results are in the arena and end in NUL. */

/* Valid UTF-8 without NUL. */
bool text_is_utf8(const char *bytes, size_t size);
/* Printable ASCII alone. */
bool text_is_plain(const char *text);
/* Normal form C. The text is valid UTF-8. */
char *text_nfc(struct arena *arena, const char *text);
/* For comparing as people do: no accents, one case, compatibility forms made plain, every run of anything that is
 * neither letter nor digit one blank, none at the ends. "Čeština, I." gives "cestina i"; "ß" gives "ss". */
char *text_fold(struct arena *arena, const char *text);
/* Without blanks at both ends (ASCII and U+00A0). */
char *text_trim(struct arena *arena, const char *text);
/* Makes each CR LF one newline, in place; a CR alone stays. Returns the text. */
char *text_unify_newlines(char *text);
/* Has a control character other than, where allowed, a newline or tab. */
bool text_has_control(const char *text, bool newlines_allowed);
/* Columns it takes on a terminal; valid UTF-8. */
size_t text_width(const char *text);
/* At most so many bytes, cut before a character that would not fit whole. */
size_t text_cut(const char *text, size_t bytes);

/* Compares as bytes; for qsort over `const char *`. */
int text_compare(const void *left, const void *right);
bool text_equal(const char *left, const char *right);
bool text_equal_ascii_case(const char *left, const char *right);
bool text_starts_with(const char *text, const char *prefix);

/* A number in decimal digits alone, no sign; false on anything else or beyond `most`. */
bool text_to_u64(const char *text, unsigned long long most, unsigned long long *ret_number);

/* Text that grows on the heap. A zeroed struct is empty; `bytes` is NULL until something was added, then ends in NUL. */
struct text_buffer {
    char *bytes;
    size_t size, capacity;
};

void text_buffer_fini(struct text_buffer *buffer);
void text_buffer_clear(struct text_buffer *buffer);
void text_buffer_append(struct text_buffer *buffer, const void *bytes, size_t size);
void text_buffer_add(struct text_buffer *buffer, const char *text);
[[gnu::format(printf, 2, 3)]] void text_buffer_format(struct text_buffer *buffer, const char *format, ...);
/* A JSON string with its quotes: control characters, quotes and backslashes escaped. The text is cut at `most` bytes
 * (0: not cut); invalid UTF-8 becomes U+FFFD. */
void text_buffer_add_json(struct text_buffer *buffer, const char *text, size_t most);
