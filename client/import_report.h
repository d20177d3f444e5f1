#pragma once

#include <stddef.h>

/* What is wrong in the files that are read. */

struct import_fault {
    const char *path;
    size_t line;        /* from 1; 0: the file as a whole */
    const char *column; /* a CSV column's name or a message's field; NULL: none in particular */
    const char *message;
};

/* The caller's. Faults come in the order of reading and are borrowed for the call. */
struct import_report {
    void (*fault)(void *context, const struct import_fault *fault);
    /* What is good to know: "skillGroups_en.csv is not needed". May be NULL. */
    void (*note)(void *context, const char *path, const char *message);
    void *context;
    size_t fault_count; /* so far */
};

[[gnu::format(printf, 5, 6)]] void import_report_fault(struct import_report *report, const char *path,
                                                       size_t line, const char *column, const char *format,
                                                       ...);
void import_report_note(struct import_report *report, const char *path, const char *message);
