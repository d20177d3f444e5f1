#pragma once

#include <stdio.h>

#include "client/flags.h"

/* Help from the tables of commands. */

/* Of the command, of a group of commands ("admin"), or of all. */
void help_write(FILE *file, const struct command_set *set, const struct command *command, const char *group);
