#include <signal.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "client/client.h"
#include "client/exit.h"
#include "client/help.h"

/* `partner help find` is `partner find --help`. */
static void take_help_word(int *argc, char **argv, bool *ret_help)
{
    *ret_help = *argc > 1 && text_equal(argv[1], "help");
    if (!*ret_help)
        return;
    for (int i = 1; i + 1 < *argc; i++)
        argv[i] = argv[i + 1];
    argv[--*argc] = NULL;
}

static int usage_error(const struct flags *flags)
{
    const char *name = flags->command ? flags->command->name : flags->group;
    fprintf(stderr, "error: %s\nsee: partner %s%s--help\n", flags->error, name ? name : "", name ? " " : "");
    return EXIT_USAGE;
}

static int run(struct client *client, bool help)
{
    const struct flags *flags = &client->flags;
    if (help || flags_has(flags, "help")) {
        help_write(stdout, client->set, flags->command, flags->group);
        return EXIT_DONE;
    }
    if (flags_has(flags, "version")) {
        puts("partner " PARTNERD_VERSION);
        return EXIT_DONE;
    }
    if (flags->error)
        return usage_error(flags);
    if (!flags->command) {
        help_write(stderr, client->set, NULL, flags->group);
        return EXIT_USAGE;
    }
    struct status status = settings_read(client->arena, flags, &client->settings);
    if (!status_ok(status))
        return client_fail(EXIT_USAGE, NULL, "%s", status.message);
    output_init(&client->output, client->arena, flags, &client->settings);
    client->verbose = flags_has(flags, "verbose");
    return flags->command->run(client);
}

int main(int argc, char **argv)
{
    struct client client = {.arena = arena_new(0), .set = &client_commands};
    bool help;
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen when writing */
    log_set_level(LOG_ERROR);
    take_help_word(&argc, argv, &help);
    client.flags = flags_parse(client.arena, client.set, argc, (const char *const *)argv);
    int code = run(&client, help);
    if (!output_end() && code == EXIT_DONE)
        code = EXIT_FAILED;
    client_close(&client);
    arena_free(client.arena);
    return code;
}
