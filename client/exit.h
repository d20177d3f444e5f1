#pragma once

/* What `partner` ends with. */
enum exit_code {
    EXIT_DONE = 0, /* also with no match */
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_NOT_ALLOWED = 4,
    EXIT_CONFLICT = 5, /* or a precondition */
    EXIT_INVALID = 6,
    EXIT_NO_SERVER = 7, /* unavailable, or out of time */
    EXIT_PARTLY = 8,    /* some records were rejected */
    EXIT_INTERRUPTED = 130,
};
