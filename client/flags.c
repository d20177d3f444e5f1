#include "client/flags.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/suggest.h"

struct parser {
    struct arena *arena;
    const struct command_set *set;
    struct flags *flags;
    int argc;
    const char *const *argv;
    int next;
};

static const struct flag *table_find(const struct flag *table, const char *name, char letter)
{
    for (; table && table->name; table++)
        if (name ? text_equal(table->name, name) : table->letter == letter)
            return table;
    return NULL;
}

static const struct flag *find_flag(const struct command_set *set, const struct command *command,
                                    const char *name, char letter)
{
    const struct flag *found = NULL;
    for (unsigned i = 0; !found && command && i < COMMAND_FLAG_TABLES; i++)
        found = table_find(command->flags[i], name, letter);
    return found ? found : table_find(set->global, name, letter);
}

const struct flag *flag_find(const struct command_set *set, const struct command *command, const char *name)
{
    return find_flag(set, command, name, 0);
}

const struct flag *flag_find_letter(const struct command_set *set, const struct command *command, char letter)
{
    return find_flag(set, command, NULL, letter);
}

static void fail(struct parser *parser, const char *error)
{
    if (!parser->flags->error)
        parser->flags->error = error;
}

static void add_setting(struct parser *parser, const struct flag *flag, const char *value)
{
    struct flag_setting *setting = arena_zalloc(parser->arena, sizeof *setting);
    *setting = (struct flag_setting){.flag = flag, .value = value};
    if (parser->flags->last)
        parser->flags->last->next = setting;
    else
        parser->flags->first = setting;
    parser->flags->last = setting;
}

static void add_list(struct parser *parser, const struct flag *flag, const char *value)
{
    for (;;) {
        size_t size = strcspn(value, ",");
        char *part = text_trim(parser->arena, arena_strndup(parser->arena, value, size));
        if (*part)
            add_setting(parser, flag, part);
        if (!value[size])
            return;
        value += size + 1;
    }
}

static bool choice_has(const char *choices, const char *value)
{
    size_t size = strlen(value);
    if (strchr(value, '|'))
        return false;
    while (choices) {
        if (strncmp(choices, value, size) == 0 && (choices[size] == '|' || !choices[size]) && size)
            return true;
        choices = strchr(choices, '|');
        choices = choices ? choices + 1 : NULL;
    }
    return false;
}

static void set_value(struct parser *parser, const struct flag *flag, const char *value)
{
    unsigned long long number;
    if (!text_is_utf8(value, strlen(value))) {
        fail(parser, arena_format(parser->arena, "--%s: the value is not UTF-8", flag->name));
        return;
    }
    switch (flag->kind) {
    case FLAG_NUMBER:
        if (!text_to_u64(value, UINT32_MAX, &number))
            fail(parser, arena_format(parser->arena, "--%s takes a number, not '%s'", flag->name, value));
        break;
    case FLAG_CHOICE:
        if (!choice_has(flag->value, value))
            fail(parser, arena_format(parser->arena, "--%s takes one of %s, not '%s'", flag->name,
                                      flag->value, value));
        break;
    case FLAG_LIST:
        add_list(parser, flag, value);
        return;
    case FLAG_SWITCH:
    case FLAG_TEXT:
    case FLAG_REPEAT:
        break;
    }
    add_setting(parser, flag, value);
}

static const char *nearest_flag(const struct parser *parser, const char *name)
{
    struct suggestion best = suggestion_start(name);
    for (const struct flag *flag = parser->set->global; flag->name; flag++)
        suggestion_offer(&best, flag->name);
    for (unsigned i = 0; parser->flags->command && i < COMMAND_FLAG_TABLES; i++)
        for (const struct flag *flag = parser->flags->command->flags[i]; flag && flag->name; flag++)
            suggestion_offer(&best, flag->name);
    return suggestion_word(&best);
}

static void unknown_flag(struct parser *parser, const char *name)
{
    const char *nearest = nearest_flag(parser, name);
    if (nearest)
        fail(parser, arena_format(parser->arena, "there is no flag --%s; did you mean --%s?", name, nearest));
    else if (!parser->flags->command)
        fail(parser, arena_format(parser->arena, "there is no flag --%s before a command", name));
    else
        fail(parser, arena_format(parser->arena, "there is no flag --%s", name));
}

static void parse_long(struct parser *parser, const char *argument)
{
    size_t size = strcspn(argument, "=");
    const char *name = arena_strndup(parser->arena, argument, size);
    const char *value = argument[size] ? argument + size + 1 : NULL;
    const struct flag *flag = find_flag(parser->set, parser->flags->command, name, 0);
    if (!flag) {
        unknown_flag(parser, name);
    } else if (flag->kind == FLAG_SWITCH) {
        if (value)
            fail(parser, arena_format(parser->arena, "--%s takes no value", name));
        add_setting(parser, flag, "");
    } else if (value) {
        set_value(parser, flag, value);
    } else if (parser->next < parser->argc) {
        set_value(parser, flag, parser->argv[parser->next++]);
    } else {
        fail(parser, arena_format(parser->arena, "--%s needs a value: %s", name, flag->value));
    }
}

static void parse_letters(struct parser *parser, const char *letters)
{
    for (; *letters; letters++) {
        const struct flag *flag = find_flag(parser->set, parser->flags->command, NULL, *letters);
        if (!flag) {
            fail(parser, arena_format(parser->arena, "there is no flag -%c", *letters));
            return;
        }
        if (flag->kind == FLAG_SWITCH) {
            add_setting(parser, flag, "");
            continue;
        }
        if (letters[1])
            set_value(parser, flag, letters + 1);
        else if (parser->next < parser->argc)
            set_value(parser, flag, parser->argv[parser->next++]);
        else
            fail(parser, arena_format(parser->arena, "-%c needs a value: %s", *letters, flag->value));
        return;
    }
}

/* The next word of each command of a group is what could have been meant. */
static void unknown_command(struct parser *parser, const char *word)
{
    const char *group = parser->flags->group;
    size_t skip = group ? strlen(group) + 1 : 0;
    struct suggestion best = suggestion_start(word);
    for (const struct command *command = parser->set->commands; command->name; command++)
        if (!group || (text_starts_with(command->name, group) && command->name[skip - 1] == ' '))
            suggestion_offer(&best, arena_strndup(parser->arena, command->name + skip,
                                                  strcspn(command->name + skip, " ")));
    const char *nearest = suggestion_word(&best);
    if (nearest)
        fail(parser, arena_format(parser->arena, "there is no command '%s%s%s'; did you mean '%s'?",
                                  group ? group : "", group ? " " : "", word, nearest));
    else
        fail(parser, arena_format(parser->arena, "there is no command '%s%s%s'", group ? group : "",
                                  group ? " " : "", word));
}

static void parse_word(struct parser *parser, const char *word)
{
    struct flags *flags = parser->flags;
    if (flags->command) {
        flags->words[flags->word_count++] = word;
        return;
    }
    if (!flags->group && text_equal(word, "help")) { /* `help find` is `find --help` */
        add_setting(parser, flag_find(parser->set, NULL, "help"), "");
        return;
    }
    const char *name = flags->group ? arena_format(parser->arena, "%s %s", flags->group, word) : word;
    size_t size = strlen(name);
    for (const struct command *command = parser->set->commands; command->name; command++) {
        if (!text_starts_with(command->name, name))
            continue;
        if (!command->name[size])
            flags->command = command;
        if (!command->name[size] || command->name[size] == ' ') {
            flags->group = name;
            return;
        }
    }
    unknown_command(parser, word);
}

static void check_words(struct parser *parser)
{
    const struct flags *flags = parser->flags;
    const struct command *command = flags->command;
    if (!command || flags_has(flags, "help"))
        return;
    if (flags->word_count < command->words_min)
        fail(parser, arena_format(parser->arena, "partner %s needs %s", command->name, command->arguments));
    if (flags->word_count > command->words_max)
        fail(parser,
             arena_format(parser->arena, "'%s' is one word too many", flags->words[command->words_max]));
}

struct flags flags_parse(struct arena *arena, const struct command_set *set, int argc,
                         const char *const *argv)
{
    struct flags flags = {.words = arena_array(arena, (size_t)argc + 1, sizeof *flags.words)};
    struct parser parser = {
        .arena = arena, .set = set, .flags = &flags, .argc = argc, .argv = argv, .next = 1};
    bool flags_over = false;
    while (parser.next < argc && !flags.error) {
        const char *argument = argv[parser.next++];
        if (!flags_over && text_equal(argument, "--"))
            flags_over = true;
        else if (!flags_over && text_starts_with(argument, "--"))
            parse_long(&parser, argument + 2);
        else if (!flags_over && argument[0] == '-' && argument[1])
            parse_letters(&parser, argument + 1);
        else
            parse_word(&parser, argument);
    }
    if (!flags.error)
        check_words(&parser);
    return flags;
}

bool flags_has(const struct flags *flags, const char *name)
{
    return flags_text(flags, name) != NULL;
}

const char *flags_text(const struct flags *flags, const char *name)
{
    const char *value = NULL;
    for (const struct flag_setting *setting = flags->first; setting; setting = setting->next)
        if (text_equal(setting->flag->name, name))
            value = setting->value;
    return value;
}

uint32_t flags_number(const struct flags *flags, const char *name)
{
    unsigned long long number = 0;
    const char *text = flags_text(flags, name);
    if (text && !text_to_u64(text, UINT32_MAX, &number))
        return 0;
    return (uint32_t)number;
}

size_t flags_list(const struct flags *flags, struct arena *arena, const char *name, const char ***ret_values)
{
    size_t count = 0;
    for (const struct flag_setting *setting = flags->first; setting; setting = setting->next)
        count += text_equal(setting->flag->name, name);
    const char **values = arena_array(arena, count + 1, sizeof *values);
    count = 0;
    for (const struct flag_setting *setting = flags->first; setting; setting = setting->next)
        if (text_equal(setting->flag->name, name))
            values[count++] = setting->value;
    *ret_values = values;
    return count;
}
