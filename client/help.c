#include "client/help.h"

#include <string.h>

#include "base/text.h"
#include "client/table.h"

#define HELP_WIDTH 100

/* A letter is shown where it is meant: a command may have one of every command's for its own. */
static void write_flags(FILE *file, const struct command_set *set, const struct command *command,
                        const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        char name[80], letter = flags->letter;
        if (letter && flag_find_letter(set, command, letter) != flags)
            letter = '\0';
        int size = snprintf(name, sizeof name, "%c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
                            letter ? "," : " ", flags->name, flags->value ? " " : "",
                            flags->value && flags->kind != FLAG_CHOICE ? flags->value : "");
        if (flags->kind == FLAG_CHOICE)
            snprintf(name + size, sizeof name - (size_t)size, "%s", flags->value);
        if (strlen(name) > 30)
            fprintf(file, "  %s\n  %-30s  %s\n", name, "", flags->help);
        else
            fprintf(file, "  %-30s  %s\n", name, flags->help);
    }
}

static void write_examples(FILE *file, const char *examples)
{
    fputs("\nexamples:\n", file);
    while (*examples) {
        size_t size = strcspn(examples, "\n");
        fprintf(file, "  %.*s\n", (int)size, examples);
        examples += size + (examples[size] != '\0');
    }
}

static void write_codes(FILE *file)
{
    fputs("\nexit codes:\n"
          "  0 done, also with no match    1 other failure         2 wrong usage       3 not found\n"
          "  4 not allowed                 5 conflict              6 invalid input     7 no server, or out "
          "of time\n"
          "  8 some records were rejected  130 interrupted\n",
          file);
}

static void write_command(FILE *file, const struct command_set *set, const struct command *command)
{
    struct text_buffer text = {0};
    fprintf(file, "partner %s: %s\n\nusage: partner %s [flags]%s%s\n", command->name, command->summary,
            command->name, command->arguments ? " " : "", command->arguments ? command->arguments : "");
    write_examples(file, command->examples);
    if (command->text) {
        table_wrap(&text, command->text, 0, HELP_WIDTH);
        fprintf(file, "\n%s", text.bytes);
        text_buffer_fini(&text);
    }
    if (command->flags[0])
        fputs("\nflags:\n", file);
    for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
        write_flags(file, set, command, command->flags[i]);
    fputs("\nflags of every command:\n", file);
    write_flags(file, set, command, set->global);
    write_codes(file);
}

static void write_all(FILE *file, const struct command_set *set, const char *group)
{
    size_t size = group ? strlen(group) : 0;
    if (group)
        fprintf(file, "usage: partner %s COMMAND [flags] [arguments]\n\n", group);
    else
        fputs("partner: find hosts for learners abroad, and keep the registry of them\n\n"
              "usage: partner [flags] COMMAND [flags] [arguments]\n",
              file);
    if (!group)
        write_examples(file, set->commands[0].examples);
    fputs(group ? "commands:\n" : "\ncommands:\n", file);
    for (const struct command *command = set->commands; command->name; command++)
        if (!group || (text_starts_with(command->name, group) && command->name[size] == ' '))
            fprintf(file, "  %-22s  %s\n", command->name, command->summary);
    if (!group) {
        fputs("\nflags of every command:\n", file);
        write_flags(file, set, NULL, set->global);
        write_codes(file);
    }
    fputs("\nmore on one: partner COMMAND --help\n", file);
}

void help_write(FILE *file, const struct command_set *set, const struct command *command, const char *group)
{
    if (command)
        write_command(file, set, command);
    else
        write_all(file, set, group);
}
