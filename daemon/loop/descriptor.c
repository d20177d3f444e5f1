#include "loop/descriptor.h"

#include <stdlib.h>

#include <event2/event.h>

#include "loop/loop.h"

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct descriptor *descriptor = context;
    descriptor->run(descriptor->context);
}

void descriptor_init(struct descriptor *descriptor, struct loop *loop, int fd, void (*run)(void *context),
                     void *context)
{
    *descriptor = (struct descriptor){.run = run, .context = context};
    descriptor->event = event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, descriptor);
    if (!descriptor->event || event_add(descriptor->event, NULL) != 0)
        abort();
}

void descriptor_fini(struct descriptor *descriptor)
{
    if (descriptor->event)
        event_free(descriptor->event);
    descriptor->event = NULL;
}
