#pragma once

#include <stddef.h>

/* Memory in huge pages, where the system gives any: for what is large, stays, and is read here and there, so that less of the time
 * goes into finding a page. Where it gives none nothing differs but the time. Any thread. */

enum { HUGE_PAGE_BYTES = 2 << 20 };

/* Zeroed, from where a huge page may begin; what is never touched takes no memory. Without memory the process stops. */
void *huge_alloc(size_t bytes);
void huge_free(void *memory, size_t bytes); /* as many as were asked for */
