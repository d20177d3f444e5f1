#pragma once

#include "match/entry.h"

struct image_writer;

/* Copies an entry to an image, with its stored record where that is not there yet. Where it will be. Any thread. */
const struct entry *entry_write(const struct entry *entry, struct image_writer *image);
/* Where the image has the stored record's text that is at this place now. */
const char *entry_text_place(const struct entry *entry, const char *text, const struct image_writer *image);
/* A need's facts whose lists move with the entry that has them. */
struct need_facts need_facts_moved(const struct need_facts *facts, intptr_t by);
