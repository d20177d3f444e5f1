#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct client;

/* Commands and their flags as const tables (commands.c), from which reading the command line, help, completion and the
 * manual all come; and a command line that was read. Pure, but for what the commands do. */

enum flag_kind {
    FLAG_SWITCH, /* no value */
    FLAG_TEXT,
    FLAG_NUMBER, /* decimal digits, at most 4,294,967,295 */
    FLAG_CHOICE, /* one of the words in `value`, as "keep|extend" */
    FLAG_LIST,   /* repeats or takes commas */
    FLAG_REPEAT, /* repeats; a comma is part of the value */
};

struct flag {
    const char *name; /* "country", without dashes; a table ends with NULL */
    char letter;      /* 'o' for -o; 0: none */
    enum flag_kind kind;
    const char *value; /* how help calls the value: "CODE"; the words of a choice */
    const char *help;  /* one line, lower case */
};

#define COMMAND_FLAG_TABLES 4

struct command {
    const char *name;      /* "find", "admin registry create"; the table ends with NULL */
    const char *summary;   /* one line, lower case */
    const char *arguments; /* "[WORD...]"; NULL: none */
    unsigned words_min, words_max;
    const char *examples;                          /* lines, the first one first */
    const char *text;                              /* more, or NULL */
    const struct flag *flags[COMMAND_FLAG_TABLES]; /* tables; the rest NULL */
    int (*run)(struct client *client);             /* an exit code (exit.h) */
};

struct command_set {
    const struct command *commands;
    const struct flag *global; /* flags of every command */
};

/* What a command line says. Texts are argv's or the arena's. */
struct flags {
    const struct command *command; /* NULL: none was named */
    const char *group;             /* the words of a command so far where it is not whole: "admin registry" */
    const char **words;
    size_t word_count;
    struct flag_setting *first, *last;
    const char *error; /* what is wrong with it, for a person; NULL: nothing */
};

struct flag_setting {
    const struct flag *flag;
    const char *value;
    struct flag_setting *next;
};

/* Reads argv[1..]. The rest is still filled in where `error` is set, as far as it was read. */
struct flags flags_parse(struct arena *arena, const struct command_set *set, int argc,
                         const char *const *argv);

bool flags_has(const struct flags *flags, const char *name);
/* The last value, or NULL. */
const char *flags_text(const struct flags *flags, const char *name);
/* 0 where it is not set. */
uint32_t flags_number(const struct flags *flags, const char *name);
/* All values; returns how many. */
size_t flags_list(const struct flags *flags, struct arena *arena, const char *name, const char ***ret_values);

/* The flag of a command (NULL: of every command) by name, or NULL. A command's own letter goes before the same one of every
 * command. */
const struct flag *flag_find(const struct command_set *set, const struct command *command, const char *name);
const struct flag *flag_find_letter(const struct command_set *set, const struct command *command,
                                    char letter);
