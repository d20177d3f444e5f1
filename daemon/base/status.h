#pragma once

#include <stdbool.h>

/* How an operation ended, in gRPC's codes, with what its caller can mend. Passed by value. */

enum status_code {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
    STATUS_CODE_COUNT
};

struct arena;

/* One further fault of the same request. */
struct fault {
    const char *field;
    const char *message;
    const struct fault *next;
};

struct [[nodiscard]] status {
    enum status_code code;    /* STATUS_OK is 0 */
    const char *field;        /* path of the field that the caller can mend, or NULL */
    const char *message;      /* one sentence for that caller, lower case; static or in the call's arena */
    const char *reason;       /* UPPER_SNAKE for programs, or NULL: the code's own name */
    const struct fault *more; /* the request's other faults, or NULL */
    unsigned retry_ms;        /* when trying again helps: after so long; 0: not said */
};

#define STATUS_NONE ((struct status){.code = STATUS_OK})

/* A failure with a static message. */
struct status status_make(enum status_code code, const char *message);
/* INVALID_ARGUMENT naming the field; both static or in the call's arena. */
struct status status_invalid(const char *field, const char *message);
/* The same with a message formatted into the arena; field may be NULL. */
[[gnu::format(printf, 4, 5)]] struct status status_format(struct arena *arena, enum status_code code,
                                                          const char *field, const char *format, ...);

static inline bool status_ok(struct status status)
{
    return status.code == STATUS_OK;
}

/* "OK", "CANCELLED", ...; "UNKNOWN" for a number out of range. */
const char *status_code_name(enum status_code code);

/* Collects all faults of one request, and makes one status of them at the end. Memory: the arena's.
 * At most 50 are kept. */
struct faults {
    struct arena *arena;
    struct fault *first, *last;
    unsigned count;
};

/* Field and message are formatted and kept in the arena. The prefix may be "" or end in ".". */
[[gnu::format(printf, 4, 5)]] void faults_add(struct faults *faults, const char *prefix, const char *field,
                                              const char *format, ...);
/* OK where none was added, else INVALID_ARGUMENT with the first fault in front. */
struct status faults_status(const struct faults *faults);
