#pragma once

#include "base/text.h"

/* The answer to a GET: a small page such as /livez. */
struct net_page {
    unsigned status;          /* 404 before it was filled */
    const char *content_type; /* static */
    struct text_buffer body;
};

/* Fills the page of a path, without its query; leaves it alone where there is none. On any loop's thread. */
typedef void net_page_fn(void *context, const char *path, struct net_page *page);

/* Finds the page for a request and puts a sentence where there would be no body: 405 for methods other than GET and HEAD. */
void net_page_make(net_page_fn *fill, void *context, const char *method, const char *path,
                   struct net_page *page);
/* A page that says no more than the status. */
void net_page_fault(unsigned status, struct net_page *page);
const char *net_page_reason(unsigned status);
