#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client/client.h"
#include "client/commands.h"
#include "client/exit.h"

/* Scripts for shells, from the tables: what may follow each command. */

static void write_flag_words(const struct flag *flags)
{
    for (; flags && flags->name; flags++)
        printf(" --%s", flags->name);
}

/* The next words after `group` ("" for none), each once. */
static void write_next_words(const struct command_set *set, const char *group)
{
    const char *last = "";
    size_t skip = strlen(group) + (*group != '\0'), last_size = 0;
    for (const struct command *command = set->commands; command->name; command++) {
        if (*group && (!text_starts_with(command->name, group) || command->name[skip - 1] != ' '))
            continue;
        const char *word = command->name + skip;
        size_t size = strcspn(word, " ");
        if (size != last_size || strncmp(word, last, size) != 0)
            printf(" %.*s", (int)size, word);
        last = word;
        last_size = size;
    }
}

/* Each group of commands, such as "admin" and "admin registry", once. */
static void each_group(const struct command_set *set,
                       void (*write)(const struct command_set *set, const char *group))
{
    char before[64] = "";
    for (const struct command *command = set->commands; command->name; command++)
        for (const char *blank = strchr(command->name, ' '); blank; blank = strchr(blank + 1, ' ')) {
            char group[64];
            snprintf(group, sizeof group, "%.*s", (int)(blank - command->name), command->name);
            if (text_starts_with(before, group))
                continue;
            write(set, group);
            snprintf(before, sizeof before, "%s", group);
        }
}

static void write_bash_group(const struct command_set *set, const char *group)
{
    printf("    '%s') words='", group);
    write_next_words(set, group);
    puts("' ;;");
}

static void write_bash(const struct command_set *set)
{
    puts("# partner: completion for bash\n"
         "_partner() {\n"
         "    local command='' word words choices=''\n"
         "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "        case $word in -*) ;; *) command=\"${command:+$command }$word\" ;; esac\n"
         "    done\n"
         "    case ${COMP_WORDS[COMP_CWORD-1]} in");
    for (const struct flag *flag = set->global; flag->name; flag++)
        if (flag->kind == FLAG_CHOICE)
            printf("    --%s) choices='%s' ;;\n", flag->name, flag->value);
    for (const struct command *command = set->commands; command->name; command++)
        for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
            for (const struct flag *flag = command->flags[i]; flag && flag->name; flag++)
                if (flag->kind == FLAG_CHOICE)
                    printf("    --%s) choices='%s' ;;\n", flag->name, flag->value);
    puts("    esac\n"
         "    if [ -n \"$choices\" ]; then\n"
         "        COMPREPLY=($(compgen -W \"${choices//|/ }\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "        return\n"
         "    fi\n"
         "    case $command in");
    printf("    '') words='");
    write_next_words(set, "");
    puts("' ;;");
    each_group(set, write_bash_group);
    for (const struct command *command = set->commands; command->name; command++) {
        printf("    '%s'*) words='", command->name);
        for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
            write_flag_words(command->flags[i]);
        puts("' ;;");
    }
    printf("    esac\n    words=\"$words");
    write_flag_words(set->global);
    puts("\"\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _partner partner");
}

static void write_zsh(const struct command_set *set)
{
    puts("#compdef partner\nautoload -U +X bashcompinit && bashcompinit");
    write_bash(set);
}

static void write_fish_group(const struct command_set *set, const char *group)
{
    printf("complete -c partner -f -n '__partner_at \"%s\"' -a '", group);
    write_next_words(set, group);
    puts("'");
}

static void write_fish_flag(const char *command, const struct flag *flag)
{
    printf("complete -c partner%s%s%s -l %s", command ? " -n '__partner_in \"" : "", command ? command : "",
           command ? "\"'" : "", flag->name);
    if (flag->letter)
        printf(" -s %c", flag->letter);
    if (flag->kind != FLAG_SWITCH)
        fputs(flag->kind == FLAG_CHOICE ? " -x" : " -r", stdout);
    if (flag->kind == FLAG_CHOICE) {
        fputs(" -a '", stdout);
        for (const char *at = flag->value; *at; at++)
            putchar(*at == '|' ? ' ' : *at);
        putchar('\'');
    }
    fputs(" -d \"", stdout);
    for (const char *at = flag->help; *at; at++)
        printf(strchr("\"$\\", *at) ? "\\%c" : "%c", *at);
    puts("\"");
}

static void write_fish(const struct command_set *set)
{
    puts("# partner: completion for fish\n"
         "function __partner_words\n"
         "    string join ' ' (string match -v -- '-*' (commandline -opc)[2..-1])\n"
         "end\n"
         "function __partner_at\n"
         "    set -l words (__partner_words)\n"
         "    test \"$words\" = \"$argv[1]\"\n"
         "end\n"
         "function __partner_in\n"
         "    string match -q -- \"$argv[1]*\" (__partner_words)\n"
         "end");
    write_fish_group(set, "");
    each_group(set, write_fish_group);
    for (const struct flag *flag = set->global; flag->name; flag++)
        write_fish_flag(NULL, flag);
    for (const struct command *command = set->commands; command->name; command++)
        for (unsigned i = 0; i < COMMAND_FLAG_TABLES; i++)
            for (const struct flag *flag = command->flags[i]; flag && flag->name; flag++)
                write_fish_flag(command->name, flag);
}

int cmd_completion(struct client *client)
{
    const char *shell = client->flags.words[0];
    if (text_equal(shell, "bash"))
        write_bash(client->set);
    else if (text_equal(shell, "zsh"))
        write_zsh(client->set);
    else if (text_equal(shell, "fish"))
        write_fish(client->set);
    else
        return client_fail(EXIT_USAGE, NULL, "there is completion for bash, zsh and fish, not for '%s'",
                           shell);
    return EXIT_DONE;
}
