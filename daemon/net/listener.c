#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/metric.h"
#include "loop/loop.h"

enum { ACCEPTS_A_ROUND = 64, PAUSE_MS = 100 };

static int spare_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void pause_over(void *context)
{
    struct listener *listener = context;
    if (listener->spare_fd < 0)
        listener->spare_fd = spare_open();
    event_add(listener->event, NULL);
}

/* With no descriptor left, accept would fail and the socket stay readable: the loop would spin. The one that waits is
 * let in by the spare descriptor, and out again; then nobody is let in for a while. */
static void refuse_and_pause(struct listener *listener)
{
    log_event(LOG_WARN, "listener.descriptors", "no file descriptor is left for a connection",
              LOG_NUMBER("port", listener->port));
    metric_add(listener->refused, 1);
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        listener->spare_fd = spare_open();
    }
    event_del(listener->event);
    timer_set(&listener->pause, PAUSE_MS);
}

static void on_readable(evutil_socket_t socket, short what, void *context)
{
    (void)what;
    struct listener *listener = context;
    for (unsigned i = 0; i < ACCEPTS_A_ROUND; i++) {
        struct sockaddr_storage address = {0};
        socklen_t size = sizeof address;
        int fd = accept4(socket, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(listener->context, fd, (struct sockaddr *)&address);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            refuse_and_pause(listener);
        return;
    }
}

void listener_init(struct listener *listener, struct loop *loop, int fd, unsigned port)
{
    *listener = (struct listener){.fd = fd, .port = port, .spare_fd = spare_open(), .loop = loop};
    listener->event = event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, listener);
    if (!listener->event)
        abort();
    timer_init(&listener->pause, loop, pause_over, listener);
}

void listener_fini(struct listener *listener)
{
    if (!listener->event)
        return;
    event_free(listener->event);
    timer_fini(&listener->pause);
    close(listener->fd);
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    *listener = (struct listener){.fd = -1, .spare_fd = -1};
}

void listener_start(struct listener *listener)
{
    event_add(listener->event, NULL);
}
