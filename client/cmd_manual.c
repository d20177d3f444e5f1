#include <stdio.h>
#include <string.h>

#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"

/* The manual page, from the tables: in man's macros, for `man -l -`. */

/* Text that man would take for a macro, an escape or a typographic hyphen is written so that it isn't. */
static void write_text(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool line_start = !i || text[i - 1] == '\n';
        if (line_start && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", stdout);
        if (text[i] == '-')
            fputs("\\-", stdout);
        else if (text[i] == '\\')
            fputs("\\e", stdout);
        else
            putchar(text[i]);
    }
}

static void write_line(const char *text)
{
    write_text(text, strlen(text));
    putchar('\n');
}

static void write_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        fputs(".TP\n\\fB", stdout);
        if (flags->letter)
            printf("\\-%c\\fR, \\fB", flags->letter);
        fputs("\\-\\-", stdout);
        write_text(flags->name, strlen(flags->name));
        fputs("\\fR", stdout);
        if (flags->value) {
            fputs(" \\fI", stdout);
            write_text(flags->value, strlen(flags->value));
            fputs("\\fR", stdout);
        }
        putchar('\n');
        write_line(flags->help);
    }
}

static void write_command(const struct command *command)
{
    fputs(".SS partner ", stdout);
    write_text(command->name, strlen(command->name));
    if (command->arguments) {
        putchar(' ');
        write_text(command->arguments, strlen(command->arguments));
    }
    putchar('\n');
    write_line(command->summary);
    if (command->text) {
        puts(".PP");
        write_line(command->text);
    }
    puts(".PP\n.EX");
    write_line(command->examples);
    puts(".EE");
    for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
        write_flags(command->flags[i]);
}

int cmd_manual(struct client *client)
{
    static const char *const codes[] = {"0 done, also with no match",
                                        "1 other failure",
                                        "2 wrong usage",
                                        "3 not found",
                                        "4 not allowed",
                                        "5 conflict or precondition",
                                        "6 invalid input",
                                        "7 no server, or out of time",
                                        "8 some records were rejected",
                                        "130 interrupted"};
    puts(".TH PARTNER 1 \"\" \"partnerd " PARTNERD_VERSION "\"\n"
         ".SH NAME\npartner \\- find hosts for learners abroad, and keep the registry of them\n"
         ".SH SYNOPSIS\n\\fBpartner\\fR [flags] \\fICOMMAND\\fR [flags] [arguments]\n.SH COMMANDS");
    for (const struct command *command = client->set->commands; command->name; command++)
        write_command(command);
    puts(".SH FLAGS OF EVERY COMMAND");
    write_flags(client->set->global);
    puts(".SH EXIT CODES");
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        printf("%s\n.br\n", codes[i]);
    puts(".SH SEE ALSO\npartnerd(1)");
    return EXIT_DONE;
}
