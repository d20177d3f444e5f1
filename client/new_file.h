#pragma once

#include <stdio.h>

#include "base/status.h"

struct arena;

/* A file that is there whole or not at all: written under another name in the same folder, and renamed. What is no
 * regular file (a pipe, /dev/null) is written as it is. A zeroed struct is none. */
struct new_file {
    FILE *file;
    char *path;      /* where it is to be, links followed */
    char *temporary; /* NULL: written in place */
};

/* INVALID_ARGUMENT says why it can't be written; texts are the arena's. */
struct status new_file_open(struct arena *arena, const char *path, struct new_file *ret_file);
/* What was written is on the disk and has its name, or nothing has changed and INTERNAL says why. Either way it is closed. */
struct status new_file_commit(struct arena *arena, struct new_file *file);
/* Nothing has changed. Also after a commit, or of none. */
void new_file_discard(struct new_file *file);
