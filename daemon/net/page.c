#include "net/page.h"

#include <string.h>

const char *net_page_reason(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Answer";
    }
}

void net_page_fault(unsigned status, struct net_page *page)
{
    page->status = status;
    page->content_type = "text/plain; charset=utf-8";
    text_buffer_format(&page->body, "%s\n", net_page_reason(status));
}

void net_page_make(net_page_fn *fill, void *context, const char *method, const char *path,
                   struct net_page *page)
{
    *page = (struct net_page){.status = 404, .content_type = "text/plain; charset=utf-8"};
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        page->status = 405;
    else if (fill)
        fill(context, path, page);
    if (!page->body.size)
        net_page_fault(page->status, page);
}
