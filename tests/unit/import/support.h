#pragma once

#include <stddef.h>

#include "base/text.h"
#include "client/import_report.h"

/* Files to read, and what was said of them. */

/* A folder of its own, made in the test's set-up and removed with its files after it. */
int make_folder(void **state);
int remove_folder(void **state);

struct folder {
    char path[64];
    struct arena *arena;
    struct text_buffer said; /* "name:line column: message\n" of each fault, "name message\n" of each note */
    struct import_report report; /* that writes there */
};

/* Writes a file of that content and gives its path; the name ends in ".gz": compressed. */
const char *folder_write(struct folder *folder, const char *name, const char *content);
const char *folder_write_bytes(struct folder *folder, const char *name, const void *bytes, size_t size);
