#include "store/epoch.h"

#include <string.h>

#include <libpq-fe.h>

#include "base/arena.h"

static const char renew_epoch[] =
    "UPDATE revision_line SET epoch = gen_random_uuid()::text, place = database_place() RETURNING epoch";

struct status store_new_epoch(struct arena *arena, const char *conninfo, const char **ret_epoch)
{
    const char *const names[] = {"application_name", "connect_timeout", "dbname", NULL};
    const char *const values[] = {"partnerd", "3", conninfo, NULL};
    PGconn *pg = PQconnectdbParams(names, values, 1);
    struct status status = STATUS_NONE;
    if (PQstatus(pg) != CONNECTION_OK) {
        PQfinish(pg);
        return status_make(STATUS_UNAVAILABLE, "the database can't be reached");
    }
    PGresult *result = PQexec(pg, renew_epoch);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        *ret_epoch = arena_strdup(arena, PQgetvalue(result, 0, 0));
    else
        status = status_format(arena, STATUS_INTERNAL, NULL, "the epoch can't be renewed: %s",
                               PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                                   ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                                   : "the database was lost");
    PQclear(result);
    PQfinish(pg);
    return status;
}
