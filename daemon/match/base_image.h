#pragma once

#include "match/base_set.h"

struct image_writer;

/* Copies a base to an image, entries and all. What it will be, once mapped. Any thread. */
struct base_set base_set_write(const struct base_set *base, struct image_writer *image);
