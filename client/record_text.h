#pragma once

#include <stddef.h>

#include "partner/v1/registry.pb-c.h"

struct arena;

/* Parts of records as a person reads them. Pure; results in the arena. */

/* "hosting, employer" of a repeated enum: the lower-case ends of its names. */
const char *record_enums(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, const void *values,
                         size_t count);
const char *record_strings(struct arena *arena, char *const *values, size_t count);
const char *record_languages(struct arena *arena, Partner__V1__LanguageLevel *const *levels, size_t count);
const char *record_days(struct arena *arena, const Partner__V1__DayRange *days);
/* "2026-09-01T10:00:00Z", "" for none. */
const char *record_time(struct arena *arena, const Google__Protobuf__Timestamp *time);
