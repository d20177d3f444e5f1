#include <signal.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"
#include "client/client.h"
#include "client/exit.h"
#include "client/help.h"

static int usage_error(const struct flags *flags)
{
    const char *name = flags->command ? flags->command->name : flags->group;
    fprintf(stderr, "error: %s\nsee: partner %s%s--help\n", flags->error, name ? name : "", name ? " " : "");
    return EXIT_USAGE;
}

static int run(struct client *client)
{
    const struct flags *flags = &client->flags;
    bool unknown = flags->error && !flags->command;
    if (flags_has(flags, "help") && !unknown) {
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
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is seen when writing */
    log_set_level(LOG_ERROR);
    client.flags = flags_parse(client.arena, client.set, argc, (const char *const *)argv);
    int code = run(&client);
    if (!output_end() && code == EXIT_DONE)
        code = EXIT_FAILED;
    client_close(&client);
    arena_free(client.arena);
    return code;
}
