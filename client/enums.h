#pragma once

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

struct client;

/* The values of a list flag as numbers of an enum, by the ends of its names: "digital" for THEME_DIGITAL. What is none of
 * them is reported, with an exit code other than EXIT_DONE. */
int enums_of_flag(struct client *client, const char *flag, const ProtobufCEnumDescriptor *descriptor,
                  int **ret_values, size_t *ret_count);
