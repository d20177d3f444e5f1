#include "net/http1.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "net/http1_head.h"
#include "net/page.h"
#include "net/shard.h"

struct http1 {
    struct connection *connection;
    size_t scanned;     /* of a head that is not all here */
    uint64_t body_left; /* to be thrown away before the next head */
    int64_t waiting_ms; /* since when for the head or body under way; 0: none is */
    int64_t last_ms;    /* when the last answer was given */
    bool is_draining;
};

static const struct net_common *common_of(const struct http1 *http1)
{
    return http1->connection->shard->common;
}

void *http1_new(struct connection *connection)
{
    struct http1 *http1 = heap_zalloc(sizeof *http1);
    http1->connection = connection;
    http1->last_ms = connection->opened_ms;
    /* The time for the first head runs from the start of the connection. */
    http1->waiting_ms = connection->opened_ms;
    return http1;
}

static void http1_free(void *self)
{
    free(self);
}

static void add_date(struct text_buffer *out)
{
    time_t now = (time_t)(clock_realtime_us() / 1000000);
    struct tm utc;
    gmtime_r(&now, &utc);
    char text[64];
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    text_buffer_format(out, "Date: %s\r\n", text);
}

static void answer(struct http1 *http1, struct net_page *page, bool with_body, bool keep_alive)
{
    struct text_buffer out = {0};
    text_buffer_format(&out, "HTTP/1.1 %u %s\r\n", page->status, net_page_reason(page->status));
    add_date(&out);
    text_buffer_format(&out, "Content-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n",
                       page->content_type, page->body.size);
    if (page->status == 405)
        text_buffer_add(&out, "Allow: GET, HEAD\r\n");
    text_buffer_add(&out, keep_alive ? "\r\n" : "Connection: close\r\n\r\n");
    if (with_body)
        text_buffer_append(&out, page->body.bytes, page->body.size);
    connection_write(http1->connection, out.bytes, out.size);
    text_buffer_fini(&out);
    text_buffer_fini(&page->body);
    http1->last_ms = clock_monotonic_ms();
    if (!keep_alive)
        connection_finish(http1->connection, http1->is_draining ? END_DRAINED : END_DONE);
}

static void refuse(struct http1 *http1, unsigned status)
{
    struct net_page page = {0};
    net_page_fault(status, &page);
    answer(http1, &page, true, false);
}

static void serve(struct http1 *http1, const struct http1_head *head)
{
    const struct net_common *common = common_of(http1);
    if (head->fault) {
        refuse(http1, head->fault);
        return;
    }
    if (head->body_bytes > common->limits.http1_body_bytes) {
        refuse(http1, 413);
        return;
    }
    struct net_page page;
    net_page_make(common->page, common->page_context, head->method, head->path, &page);
    /* A body that waits for our word does not come: there is no telling then where the next request begins. */
    bool keep_alive = head->keep_alive && !http1->is_draining && !head->expects_continue;
    http1->body_left = head->body_bytes;
    answer(http1, &page, strcmp(head->method, "HEAD") != 0, keep_alive);
}

static size_t take_head(struct http1 *http1, char *bytes, size_t size)
{
    const struct net_limits *limits = &common_of(http1)->limits;
    unsigned fault = 0;
    size_t head_size = http1_head_size(bytes, size, limits->header_bytes, &http1->scanned, &fault);
    if (fault) {
        refuse(http1, fault);
        return size;
    }
    if (!head_size)
        return 0;
    struct http1_head head;
    http1_head_parse(bytes, head_size, limits->header_fields, &head);
    http1->scanned = 0;
    serve(http1, &head);
    return head_size;
}

static size_t take_body(struct http1 *http1, size_t size)
{
    size_t taken = size < http1->body_left ? size : (size_t)http1->body_left;
    http1->body_left -= taken;
    return taken;
}

static size_t http1_input(void *self, char *bytes, size_t size)
{
    struct http1 *http1 = self;
    bool is_body = http1->body_left;
    size_t taken = is_body ? take_body(http1, size) : take_head(http1, bytes, size);
    bool is_waiting = http1->body_left || taken < size;
    if (!is_waiting)
        http1->waiting_ms = 0;
    else if (!http1->waiting_ms || (taken && !is_body))
        http1->waiting_ms = clock_monotonic_ms();
    return taken;
}

static void http1_flush(void *self)
{
    (void)self; /* all has been written at once */
}

static void http1_check(void *self, int64_t now_ms)
{
    struct http1 *http1 = self;
    const struct net_limits *limits = &common_of(http1)->limits;
    if (http1->waiting_ms && now_ms - http1->waiting_ms >= limits->first_bytes_ms) {
        if (http1->body_left)
            connection_finish(http1->connection, END_TIMEOUT);
        else
            refuse(http1, 408);
    } else if (now_ms - http1->last_ms >= limits->idle_ms) {
        connection_finish(http1->connection, END_IDLE);
    }
}

static void http1_drain(void *self)
{
    struct http1 *http1 = self;
    http1->is_draining = true;
    if (!http1->waiting_ms)
        connection_finish(http1->connection, END_DRAINED);
}

const struct protocol http1_protocol = {
    .input = http1_input,
    .flush = http1_flush,
    .check = http1_check,
    .drain = http1_drain,
    .free = http1_free,
    .wants_whole_input = true,
};
