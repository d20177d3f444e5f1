#include "store/followed.h"

#include "base/arena.h"
#include "base/text.h"
#include "store/parameter.h"

const char followed_lock_sql[] =
    "SELECT upstream, change_set, upstream_epoch, upstream_revision FROM registry"
    " WHERE id = $1 FOR NO KEY UPDATE";

const char followed_place_sql[] =
    "UPDATE registry SET upstream_epoch = $2, upstream_revision = $3 WHERE id = $1";

enum { COLUMN_UPSTREAM, COLUMN_CHANGE_SET, COLUMN_EPOCH, COLUMN_REVISION };

static struct status say_unknown(void)
{
    struct status status = status_make(STATUS_NOT_FOUND, "registry is not known");
    status.field = "registry";
    return status;
}

static struct status say_followed(struct arena *arena, const char *upstream)
{
    struct status status = status_format(arena, STATUS_FAILED_PRECONDITION, "registry",
                                         "registry is followed from %s, and read-only here", upstream);
    status.reason = "REGISTRY_FOLLOWED";
    return status;
}

static struct status say_moved(struct arena *arena, const char *upstream)
{
    struct status status = *upstream
                               ? status_format(arena, STATUS_ABORTED, "registry",
                                               "registry is followed from %s, and not from there", upstream)
                               : status_make(STATUS_ABORTED, "registry is this server's own");
    status.reason = "PLACE_MOVED";
    return status;
}

struct status followed_check(struct arena *arena, const struct store_followed *followed,
                             const PGresult *result)
{
    if (PQntuples(result) == 0)
        return say_unknown();
    const char *upstream = result_text(arena, result, 0, COLUMN_UPSTREAM);
    if (!followed)
        return *upstream ? say_followed(arena, upstream) : STATUS_NONE;
    if (!text_equal(upstream, followed->upstream))
        return say_moved(arena, upstream);
    uint64_t revision = (uint64_t)result_int8(result, 0, COLUMN_REVISION);
    if (text_equal(result_text(arena, result, 0, COLUMN_EPOCH), followed->from_epoch) &&
        revision >= followed->from_revision && revision <= followed->from_reached)
        return STATUS_NONE;
    struct status status = status_make(STATUS_ABORTED, "another daemon has followed the registry further");
    status.reason = "PLACE_MOVED";
    return status;
}

void followed_add_place(const struct store_followed *followed, const char *registry,
                        struct parameters *parameters)
{
    parameters_text(parameters, registry);
    parameters_text(parameters, followed->epoch);
    parameters_int8(parameters, (int64_t)followed->revision);
}
