#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/log.h"
#include "replica/snapshot_file.h"
#include "replica/snapshot_layout.h"
#include "replica/working_set.h"

struct snapshot_file {
    char *path;
    struct image *image;
    struct snapshot_label label;
};

static void refuse(const char *path, const char *reason)
{
    log_event(LOG_WARN, "replica.snapshot_refused", "the snapshot file is not used", LOG_TEXT("file", path),
              LOG_TEXT("reason", reason));
}

/* Why it is not to be used, or NULL. */
static const char *label_fault(const struct snapshot_label *label)
{
    unsigned char build[BUILD_ID_BYTES];
    if (memcmp(label->magic, SNAPSHOT_MAGIC, sizeof label->magic) != 0)
        return "it is no snapshot";
    if (!build_id(build) || memcmp(label->build, build, sizeof build) != 0)
        return "another build of partnerd wrote it";
    if (!memchr(label->epoch, '\0', sizeof label->epoch) || !label->revision)
        return "it says no revision";
    return NULL;
}

struct snapshot_file *snapshot_file_open(const char *path)
{
    const char *reason;
    struct image *image = image_open(path, &reason);
    struct snapshot_file *file = heap_zalloc(sizeof *file);
    file->path = heap_strdup(path);
    file->image = image;
    if (image) {
        memcpy(&file->label, image_label(image), sizeof file->label);
        reason = label_fault(&file->label);
        if (!reason)
            return file;
    }
    if (reason)
        refuse(path, reason);
    snapshot_file_close(file);
    return NULL;
}

void snapshot_file_close(struct snapshot_file *file)
{
    if (!file)
        return;
    image_close(file->image);
    free(file->path);
    free(file);
}

const char *snapshot_file_epoch(const struct snapshot_file *file)
{
    return file->label.epoch;
}

uint64_t snapshot_file_revision(const struct snapshot_file *file)
{
    return file->label.revision;
}

int64_t snapshot_file_change_set(const struct snapshot_file *file)
{
    return file->label.change_set;
}

uint64_t snapshot_file_record_count(const struct snapshot_file *file)
{
    return file->label.record_count;
}

bool snapshot_file_load(struct snapshot_file *file, struct working_set *set)
{
    const char *reason;
    const struct snapshot_root *root = image_map(file->image, &reason);
    if (root && !working_set_stand_on(set, root, file->label.revision))
        reason = "it is of another vocabulary";
    if (reason)
        refuse(file->path, reason);
    return !reason;
}
