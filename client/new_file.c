#include "client/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

static char *join(const char *path, const char *end)
{
    size_t size = strlen(path), more = strlen(end) + 1;
    char *joined = heap_alloc(size + more);
    memcpy(joined, path, size);
    memcpy(joined + size, end, more);
    return joined;
}

static mode_t usual_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* An existing file keeps its mode: an export that was made private stays so. */
static int open_descriptor(struct new_file *file)
{
    struct stat facts;
    bool there = stat(file->path, &facts) == 0;
    if (there && !S_ISREG(facts.st_mode))
        return open(file->path, O_WRONLY | O_CLOEXEC);
    file->temporary = join(file->path, ".XXXXXX");
    int descriptor = mkostemp(file->temporary, O_CLOEXEC);
    if (descriptor >= 0)
        (void)!fchmod(descriptor, there ? facts.st_mode & 0777 : usual_mode());
    return descriptor;
}

static void forget(struct new_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct new_file){0};
}

struct status new_file_open(struct arena *arena, const char *path, struct new_file *ret_file)
{
    char *real = realpath(path, NULL);
    struct new_file file = {.path = real ? real : join(path, "")};
    int descriptor = open_descriptor(&file);
    if (descriptor >= 0)
        file.file = fdopen(descriptor, "w");
    if (!file.file) {
        const char *why = strerror(errno);
        forget(&file);
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "%s can't be written: %s", path, why);
    }
    *ret_file = file;
    return STATUS_NONE;
}

/* A name is on the disk when its folder is. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = join(path, "");
    folder[slash ? (size_t)(slash - path) + (slash == path) : 0] = '\0';
    int descriptor = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

struct status new_file_commit(struct arena *arena, struct new_file *file)
{
    bool ok = fflush(file->file) == 0 && !ferror(file->file);
    ok = ok && (!file->temporary || fsync(fileno(file->file)) == 0);
    ok = fclose(file->file) == 0 && ok;
    file->file = NULL;
    ok = ok && (!file->temporary || rename(file->temporary, file->path) == 0);
    if (!ok) {
        struct status status = status_format(arena, STATUS_INTERNAL, NULL, "%s can't be written: %s",
                                             file->path, strerror(errno));
        new_file_discard(file);
        return status;
    }
    if (file->temporary)
        sync_folder(file->path);
    forget(file);
    return STATUS_NONE;
}

void new_file_discard(struct new_file *file)
{
    if (file->file)
        fclose(file->file);
    if (file->temporary)
        unlink(file->temporary);
    forget(file);
}
