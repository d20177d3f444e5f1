#pragma once

#include <stddef.h>

/* The JSON name of a field: "page_token" is "pageToken". Cut where it does not fit. */
void json_name_format(const char *field_name, char *name, size_t name_bytes);
