#pragma once

struct faults;

/* What people call a registry or a token: at most 500 bytes, no control characters. Adds faults of the field `title`. */
void title_check(struct faults *faults, const char *title);
