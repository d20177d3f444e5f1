#include "client/follow.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "client/client.h"
#include "client/exit.h"
#include "loop/descriptor.h"
#include "loop/timer.h"
#include "net/channel.h"

/* One stream or pause. */
struct follow_run {
    struct follow *follow;
    struct timer timer; /* of silence or the pause */
    struct descriptor signals;
    struct descriptor reader; /* of standard output, where it is a pipe */
    struct arena *arena;
    bool done, ended; /* ended: the call is gone */
    enum follow_end end, timer_end;
    struct status status;
};

static void finish(struct follow_run *run, enum follow_end end)
{
    if (run->done)
        return;
    run->done = true;
    run->end = end;
}

/* Whether SIGINT or SIGTERM has come. */
static bool signal_came(struct follow *follow)
{
    struct signalfd_siginfo facts;
    if (!follow->signal && read(follow->signals, &facts, sizeof facts) == (ssize_t)sizeof facts)
        follow->signal = (int)facts.ssi_signo;
    return follow->signal != 0;
}

static void on_signal(void *context)
{
    struct follow_run *run = context;
    if (signal_came(run->follow))
        finish(run, FOLLOW_SIGNAL);
}

static void on_timer(void *context)
{
    struct follow_run *run = context;
    finish(run, run->timer_end);
}

static void on_reader(void *context)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = 0};
    if (poll(&output, 1, 0) == 1 && (output.revents & POLLERR))
        finish(context, FOLLOW_NOBODY);
}

static void set_timer(struct follow_run *run, int64_t ms)
{
    if (ms)
        timer_set(&run->timer, ms);
}

int follow_open(struct follow *follow)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, &follow->before);
    follow->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    follow->signal = 0;
    if (follow->signals >= 0)
        return EXIT_DONE;
    sigprocmask(SIG_SETMASK, &follow->before, NULL);
    return client_fail(EXIT_FAILED, NULL, "the system gives no descriptor for signals");
}

void follow_close(struct follow *follow)
{
    client_close(follow->client);
    close(follow->signals);
    sigprocmask(SIG_SETMASK, &follow->before, NULL);
}

/* So much at a time as a pipe that is ready takes without standing still: what keeps it waiting is seen, and a signal too. */
bool follow_write(struct follow *follow, int output, const char *bytes, size_t size)
{
    while (size) {
        struct pollfd ready[2] = {{.fd = output, .events = POLLOUT},
                                  {.fd = follow->signals, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return false;
        if (ready[1].revents && signal_came(follow)) {
            errno = EINTR;
            return false;
        }
        if (!ready[0].revents)
            continue;
        ssize_t written = write(output, bytes, size < PIPE_BUF ? size : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static void begin_run(struct follow_run *run)
{
    struct loop *loop = run->follow->client->loop;
    struct stat facts;
    timer_init(&run->timer, loop, on_timer, run);
    descriptor_init(&run->signals, loop, run->follow->signals, on_signal, run);
    if (fstat(STDOUT_FILENO, &facts) == 0 && S_ISFIFO(facts.st_mode))
        descriptor_init(&run->reader, loop, STDOUT_FILENO, on_reader, run);
}

static enum follow_end end_run(struct follow_run *run)
{
    timer_fini(&run->timer);
    descriptor_fini(&run->signals);
    descriptor_fini(&run->reader);
    return run->end;
}

static void on_message(void *context, const ProtobufCMessage *message)
{
    struct follow_run *run = context;
    if (run->done)
        return;
    if (!run->follow->message(run->follow->context, message))
        finish(run, run->follow->signal ? FOLLOW_SIGNAL : FOLLOW_ENOUGH);
    set_timer(run, run->follow->silence_ms);
}

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static void on_end(void *context, struct status status)
{
    struct follow_run *run = context;
    run->ended = true;
    if (run->done)
        return;
    status.field = keep(run->arena, status.field);
    status.message = keep(run->arena, status.message);
    status.reason = keep(run->arena, status.reason);
    status.more = NULL;
    run->status = status;
    finish(run, FOLLOW_STATUS);
}

enum follow_end follow_stream(struct follow *follow, struct arena *arena, const ProtobufCMessage *request,
                              int64_t timeout_ms, struct status *ret_status)
{
    struct follow_run run = {.follow = follow, .arena = arena, .timer_end = FOLLOW_SILENCE};
    client_close(follow->client);
    client_channel(follow->client);
    begin_run(&run);
    struct channel *channel = client_channel(follow->client);
    struct channel_call *call = channel_call_begin(channel, &(struct channel_call_settings){
                                                                .path = follow->path,
                                                                .response = follow->response,
                                                                .timeout_ms = timeout_ms,
                                                                .message = on_message,
                                                                .end = on_end,
                                                                .context = &run,
                                                            });
    channel_call_send(call, request);
    channel_call_half_close(call);
    set_timer(&run, follow->silence_ms);
    channel_wait(channel, &run.done);
    if (!run.ended)
        channel_call_cancel(call);
    *ret_status = run.status;
    return end_run(&run);
}

enum follow_end follow_pause(struct follow *follow, int64_t ms)
{
    struct follow_run run = {.follow = follow, .timer_end = FOLLOW_ENOUGH};
    begin_run(&run);
    set_timer(&run, ms > 0 ? ms : 1);
    channel_wait(client_channel(follow->client), &run.done);
    return end_run(&run);
}

int follow_exit_code(const struct follow *follow)
{
    if (follow->signal == SIGINT)
        return EXIT_INTERRUPTED;
    sigprocmask(SIG_SETMASK, &follow->before, NULL);
    raise(SIGTERM);
    return EXIT_FAILED;
}
