#include "client/import_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/arena.h"
#include "base/text.h"

enum { BUFFER_BYTES = 1 << 17, HEAD_BYTES = 256 };

struct import_input {
    const char *path;
    struct import_report *report;
    gzFile file;
    bool failed;
    char head[HEAD_BYTES]; /* what was peeked at and not yet read */
    size_t head_at, head_bytes;
};

struct import_input *import_input_open(const char *path, struct import_report *report)
{
    bool is_standard = text_equal(path, "-");
    int descriptor = is_standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    gzFile file = descriptor < 0 ? NULL : gzdopen(descriptor, "rb");
    if (!file) {
        import_report_fault(report, path, 0, NULL, "can't be opened: %s", strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    gzbuffer(file, BUFFER_BYTES);
    struct import_input *input = heap_zalloc(sizeof *input);
    *input = (struct import_input){.path = path, .report = report, .file = file};
    return input;
}

static size_t read_file(struct import_input *input, void *bytes, size_t size)
{
    if (input->failed)
        return 0;
    int count = gzread(input->file, bytes, (unsigned)size), code;
    if (count > 0)
        return (size_t)count;
    const char *message = gzerror(input->file, &code), *named = strstr(message, ">: ");
    if (code != Z_OK && code != Z_STREAM_END) {
        input->failed = true;
        import_report_fault(input->report, input->path, 0, NULL, "can't be read: %s",
                            code == Z_ERRNO ? strerror(errno)
                            : named         ? named + 3 /* zlib names the file "<fd:3>" */
                                            : message);
    }
    return 0;
}

size_t import_input_read(struct import_input *input, void *bytes, size_t size)
{
    size_t kept = input->head_bytes - input->head_at;
    if (!kept)
        return read_file(input, bytes, size);
    size_t given = kept < size ? kept : size;
    memcpy(bytes, input->head + input->head_at, given);
    input->head_at += given;
    return given;
}

char import_input_peek(struct import_input *input)
{
    input->head_bytes = read_file(input, input->head, HEAD_BYTES);
    size_t at = input->head_bytes >= 3 && memcmp(input->head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < input->head_bytes && memchr(" \t\r\n", input->head[at], 4))
        at++;
    if (at == input->head_bytes)
        return at ? ' ' : '\0';
    return input->head[at];
}

const char *import_input_path(const struct import_input *input)
{
    return input->path;
}

bool import_input_failed(const struct import_input *input)
{
    return input->failed;
}

void import_input_close(struct import_input *input)
{
    gzclose(input->file);
    free(input);
}
