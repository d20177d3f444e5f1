#pragma once

#include <stddef.h>

/* A file that the program carries in itself; tables of them end with a row of NULLs. */
struct embedded_file {
    const char *name; /* without folders */
    const char *bytes;
    size_t size;
};
