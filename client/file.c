#include "client/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct status file_read_all(struct arena *arena, const char *path, size_t most, struct text_buffer *text)
{
    char block[16384];
    size_t size;
    FILE *file = text_equal(path, "-") ? stdin : fopen(path, "re");
    if (!file)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "%s", strerror(errno));
    while ((size = fread(block, 1, sizeof block, file)) > 0 && text->size <= most)
        text_buffer_append(text, block, size);
    int why = ferror(file) ? errno : 0;
    if (file != stdin)
        fclose(file);
    if (why)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "%s", strerror(why));
    if (text->size > most)
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "longer than %zu bytes", most);
    if (text->size && !text_is_utf8(text->bytes, text->size))
        return status_make(STATUS_INVALID_ARGUMENT, "not UTF-8");
    return STATUS_NONE;
}
