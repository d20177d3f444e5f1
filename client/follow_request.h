#pragma once

#include <stddef.h>

struct client;

/* What `export` and `watch` have in common. Each returns an exit code; what is wrong has been told. */

/* They write JSON lines, whole: other forms are refused. */
int follow_check_output(struct client *client);
/* Of --registry. One that the server doesn't have is told, and no fault: it may come. */
int follow_read_registries(struct client *client, char ***ret_registries, size_t *ret_count);
/* What went wrong with the state file; INVALID_ARGUMENT is not the server's here. */
int follow_state_fault(const char *message);
