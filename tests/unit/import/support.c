#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/arena.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void on_fault(void *context, const struct import_fault *fault)
{
    struct folder *folder = context;
    text_buffer_format(&folder->said, "%s:%zu %s: %s\n", base_name(fault->path), fault->line,
                       fault->column ? fault->column : "-", fault->message);
}

static void on_note(void *context, const char *path, const char *message)
{
    struct folder *folder = context;
    text_buffer_format(&folder->said, "%s %s\n", base_name(path), message);
}

int make_folder(void **state)
{
    struct folder *folder = heap_zalloc(sizeof *folder);
    strcpy(folder->path, "/tmp/test-import-XXXXXX");
    if (!mkdtemp(folder->path))
        return -1;
    folder->arena = arena_new(0);
    folder->report = (struct import_report){.fault = on_fault, .note = on_note, .context = folder};
    text_buffer_add(&folder->said, "");
    *state = folder;
    return 0;
}

int remove_folder(void **state)
{
    struct folder *folder = *state;
    DIR *directory = opendir(folder->path);
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (*entry->d_name != '.')
            unlink(arena_format(folder->arena, "%s/%s", folder->path, entry->d_name));
    if (directory)
        closedir(directory);
    rmdir(folder->path);
    text_buffer_fini(&folder->said);
    arena_free(folder->arena);
    free(folder);
    return 0;
}

const char *folder_write_bytes(struct folder *folder, const char *name, const void *bytes, size_t size)
{
    const char *path = arena_format(folder->arena, "%s/%s", folder->path, name);
    bool compressed = strlen(name) > 3 && text_equal(name + strlen(name) - 3, ".gz");
    gzFile file = gzopen(path, compressed ? "wb" : "wbT");
    if (!file || (size && gzwrite(file, bytes, (unsigned)size) != (int)size) || gzclose(file) != Z_OK)
        abort();
    return path;
}

const char *folder_write(struct folder *folder, const char *name, const char *content)
{
    return folder_write_bytes(folder, name, content, strlen(content));
}
