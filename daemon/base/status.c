#include "base/status.h"

#include <stdarg.h>

#include "base/arena.h"

enum { FAULTS_KEPT = 50 };

struct status status_make(enum status_code code, const char *message)
{
    return (struct status){.code = code, .message = message};
}

struct status status_invalid(const char *field, const char *message)
{
    return (struct status){.code = STATUS_INVALID_ARGUMENT, .field = field, .message = message};
}

struct status status_format(struct arena *arena, enum status_code code, const char *field, const char *format,
                            ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_vformat(arena, format, arguments);
    va_end(arguments);
    return (struct status){.code = code, .field = field, .message = message};
}

const char *status_code_name(enum status_code code)
{
    static const char *const names[STATUS_CODE_COUNT] = {
        "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED",
    };
    return (unsigned)code < STATUS_CODE_COUNT ? names[code] : names[STATUS_UNKNOWN];
}

void faults_add(struct faults *faults, const char *prefix, const char *field, const char *format, ...)
{
    if (faults->count >= FAULTS_KEPT)
        return;
    va_list arguments;
    va_start(arguments, format);
    struct fault *fault = arena_alloc(faults->arena, sizeof *fault);
    *fault = (struct fault){
        .field = arena_format(faults->arena, "%s%s", prefix, field),
        .message = arena_vformat(faults->arena, format, arguments),
    };
    va_end(arguments);
    if (faults->last)
        faults->last->next = fault;
    else
        faults->first = fault;
    faults->last = fault;
    faults->count++;
}

struct status faults_status(const struct faults *faults)
{
    if (!faults->first)
        return STATUS_NONE;
    return (struct status){
        .code = STATUS_INVALID_ARGUMENT,
        .field = faults->first->field,
        .message = faults->first->message,
        .more = faults->first->next,
    };
}
