#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The head of an HTTP/1.1 request, read strictly: CR LF ends each line, no line goes on in the next, one length at most.
 * What two readers could take in two ways is refused. Pure. */
struct http1_head {
    const char *method; /* all of it in the bytes that were parsed */
    const char *path;   /* without the query */
    bool is_http10;
    bool keep_alive;
    bool expects_continue;
    uint64_t body_bytes;
    unsigned fault; /* the HTTP status to refuse with; 0: none */
};

/* Looks for the head's end. Gives its size with the empty line, or 0 when more bytes are needed, with `*scanned` to be
 * given again (0 at first). A fault is found at once: *ret_fault is an HTTP status then. */
size_t http1_head_size(const char *bytes, size_t size, size_t most_bytes, size_t *scanned,
                       unsigned *ret_fault);

/* Takes a whole head apart, which it changes: strings end in NUL then. */
void http1_head_parse(char *bytes, size_t size, unsigned most_fields, struct http1_head *head);
