#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/image.h"
#include "match/index.h"
#include "replica/directory.h"
#include "replica/snapshot.h"
#include "replica/snapshot_file.h"
#include "replica/snapshot_layout.h"

static const struct registry_state *put_registries(const struct snapshot *snapshot,
                                                   struct image_writer *image)
{
    size_t bytes = snapshot->registry_count * sizeof *snapshot->registries;
    struct registry_state *registries = heap_alloc(bytes);
    for (size_t i = 0; i < snapshot->registry_count; i++) {
        registries[i] = snapshot->registries[i];
        registries[i].id = (char *)(uintptr_t)image_put_text(image, snapshot->registries[i].id);
        registries[i].title = (char *)(uintptr_t)image_put_text(image, snapshot->registries[i].title);
    }
    const struct registry_state *put = image_put(image, registries, bytes);
    free(registries);
    return put;
}

/* The index comes last: it points to records. */
static const struct snapshot_root *put_all(const struct snapshot *snapshot, struct image_writer *image)
{
    struct snapshot_root root = {
        .registries = put_registries(snapshot, image),
        .registry_count = snapshot->registry_count,
        .records = record_set_put(&snapshot->records, image),
        .directory = directory_put(snapshot->directory, image),
    };
    root.index = match_index_write(snapshot->index, image);
    return image_put(image, &root, sizeof root);
}

static uint64_t count_records(const struct snapshot *snapshot)
{
    uint64_t count = 0;
    for (size_t i = 0; i < snapshot->registry_count; i++)
        for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
            count += snapshot->registries[i].counts[kind];
    return count;
}

static struct status write_image(struct arena *arena, const char *path, const struct snapshot *snapshot)
{
    struct snapshot_label label = {.magic = SNAPSHOT_MAGIC,
                                   .revision = snapshot->revision,
                                   .change_set = snapshot->change_set,
                                   .record_count = count_records(snapshot)};
    if (!build_id(label.build))
        return status_make(STATUS_UNAVAILABLE,
                           "this program has no build id that a snapshot file could name");
    snprintf(label.epoch, sizeof label.epoch, "%s", snapshot->epoch);
    struct image_writer *image = image_writer_new(path);
    return image_writer_finish(image, arena, put_all(snapshot, image), &label, sizeof label);
}

/* The folder's entry, too, is to outlast a loss of power. */
static void sync_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? arena_strndup(arena, path, (size_t)(slash - path) + 1) : ".";
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

struct status snapshot_file_write(struct arena *arena, const char *path, const struct snapshot *snapshot)
{
    const char *beside = arena_format(arena, "%s.new", path);
    unlink(beside);
    struct status status = write_image(arena, beside, snapshot);
    if (!status_ok(status))
        return status;
    if (rename(beside, path)) {
        status = status_format(arena, STATUS_UNAVAILABLE, NULL, "%.500s can't be written: %s", path,
                               strerror(errno));
        unlink(beside);
        return status;
    }
    sync_folder(arena, path);
    return STATUS_NONE;
}
