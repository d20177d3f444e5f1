#include "base/huge.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/arena.h"

#ifdef __SANITIZE_ADDRESS__ /* which knows the heap, and looks for what is leaked in the heap alone */

void *huge_alloc(size_t bytes)
{
    return heap_zalloc(bytes);
}

void huge_free(void *memory, size_t)
{
    free(memory);
}

#else

static size_t whole_pages(size_t bytes)
{
    return (bytes + HUGE_PAGE_BYTES - 1) & ~((size_t)HUGE_PAGE_BYTES - 1);
}

/* Maps a page more, and gives back what is before the first one that may be huge, and behind the last. */
void *huge_alloc(size_t bytes)
{
    size_t size = whole_pages(bytes);
    char *mapped = mmap(NULL, size + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        heap_exhausted();
    size_t before = -(uintptr_t)mapped % HUGE_PAGE_BYTES;
    if (before)
        munmap(mapped, before);
    munmap(mapped + before + size, HUGE_PAGE_BYTES - before);
    madvise(mapped + before, size, MADV_HUGEPAGE); /* where it is refused, pages are small */
    return mapped + before;
}

void huge_free(void *memory, size_t bytes)
{
    munmap(memory, whole_pages(bytes));
}

#endif
