#include "client/place.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "client/file.h"
#include "client/new_file.h"
#include "rpc/json.h"

#define PLACE_BYTES 65536

struct status place_read(struct arena *arena, const char *path, Partner__V1__WatchRequest **ret_place)
{
    struct text_buffer text = {0};
    ProtobufCMessage *message;
    if (access(path, F_OK) != 0)
        return status_format(arena, STATUS_NOT_FOUND, NULL, "there is no state file %s", path);
    struct status status = file_read_all(arena, path, PLACE_BYTES, &text);
    if (status_ok(status))
        status = json_to_message(arena, &partner__v1__watch_request__descriptor, text.bytes ? text.bytes : "",
                                 text.size, &message);
    text_buffer_fini(&text);
    if (!status_ok(status))
        return status_format(arena, STATUS_INVALID_ARGUMENT, NULL, "the state file %s: %s", path,
                             status.message);
    *ret_place = (void *)message;
    return STATUS_NONE;
}

struct status place_write(struct arena *arena, const char *path, const Partner__V1__WatchRequest *place)
{
    struct new_file file;
    struct text_buffer text = {0};
    struct status status = new_file_open(arena, path, &file);
    if (!status_ok(status))
        return status;
    json_from_message(&text, &place->base, 0);
    text_buffer_add(&text, "\n");
    fwrite(text.bytes, 1, text.size, file.file);
    text_buffer_fini(&text);
    return new_file_commit(arena, &file);
}
