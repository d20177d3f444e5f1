#include "store/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "base/embedded.h"
#include "base/log.h"
#include "store/seed.h"
#include "store/store.h"

extern const struct embedded_file embedded_migrations[];

enum { SERVER_VERSION_LEAST = 140000, CONNECT_SECONDS = 3, SEED_STATEMENT_MS = 60000, SEED_LOCK_MS = 30000 };

struct migration_run {
    struct arena *arena;
    PGconn *pg;
};

/* Held from before the look to the end of each transaction: of several programs one migrates, the others find it done. */
static const char lock_migrations[] =
    "SELECT pg_advisory_xact_lock(hashtextextended('partnerd migrations', 0))";

static const char create_table[] = "CREATE TABLE IF NOT EXISTS migration ("
                                   "number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
                                   "time timestamptz NOT NULL DEFAULT now())";

static const char newest_number[] = "SELECT coalesce(max(number), 0) FROM migration";

static const char find_table[] = "SELECT to_regclass('migration')::text";

static const char find_checksum[] = "SELECT checksum FROM migration WHERE number = $1::integer";

static const char note_migration[] =
    "INSERT INTO migration (number, name, checksum) VALUES ($1::integer, $2::text, $3::text)";

static void log_failure(const struct migration_run *run, enum log_level level, const char *what)
{
    char reason[200];
    snprintf(reason, sizeof reason, "%s", PQerrorMessage(run->pg));
    reason[strcspn(reason, "\n")] = '\0';
    log_event(level, "store.migration_failed", "a migration can't be applied", LOG_TEXT("step", what),
              LOG_TEXT("reason", reason));
}

/* Clears the result. */
static struct status run_status(const struct migration_run *run, PGresult *result, const char *what)
{
    ExecStatusType outcome = PQresultStatus(result);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool is_standby = sqlstate && strcmp(sqlstate, "25006") == 0;
    PQclear(result);
    if (outcome == PGRES_COMMAND_OK || outcome == PGRES_TUPLES_OK)
        return STATUS_NONE;
    bool is_lost = PQstatus(run->pg) == CONNECTION_BAD;
    log_failure(run, is_standby || is_lost ? LOG_WARN : LOG_ERROR, what);
    if (is_standby)
        return status_make(STATUS_UNAVAILABLE, "the database takes no writes now");
    if (is_lost)
        return status_make(STATUS_UNAVAILABLE, "the database was lost while it was migrated");
    return status_format(run->arena, STATUS_INTERNAL, NULL,
                         "the database can't be migrated: %s failed; see the log", what);
}

/* One or more statements without parameters. */
static struct status execute(const struct migration_run *run, const char *sql, const char *what)
{
    return run_status(run, PQexec(run->pg, sql), what);
}

/* The first value of the first row, in the arena; NULL where there is none. */
static struct status query(const struct migration_run *run, const char *sql, int count,
                           const char *const *values, const char *what, const char **ret_value)
{
    PGresult *result = PQexecParams(run->pg, sql, count, NULL, values, NULL, NULL, 0);
    bool has_value = PQntuples(result) > 0 && PQnfields(result) > 0 && !PQgetisnull(result, 0, 0);
    *ret_value = has_value ? arena_strdup(run->arena, PQgetvalue(result, 0, 0)) : NULL;
    return run_status(run, result, what);
}

static const char *checksum_of(struct arena *arena, const struct embedded_file *file)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char *text = arena_alloc(arena, 2 * sizeof hash + 1);
    SHA256((const unsigned char *)file->bytes, file->size, hash);
    for (size_t i = 0; i < sizeof hash; i++)
        sprintf(text + 2 * i, "%02x", hash[i]);
    return text;
}

static struct status check_age(const struct migration_run *run)
{
    int newest_known = 0;
    for (const struct embedded_file *file = embedded_migrations; file->name; file++)
        newest_known = atoi(file->name);
    const char *newest;
    struct status status = query(run, newest_number, 0, NULL, "the look at the schema", &newest);
    if (status_ok(status) && atoi(newest) > newest_known)
        return status_format(
            run->arena, STATUS_FAILED_PRECONDITION, NULL,
            "the database is newer than this program: it has migration %s, the program knows %d", newest,
            newest_known);
    return status;
}

/* Whether it has been applied, in this very form; another form is refused. */
static struct status check_file(const struct migration_run *run, const struct embedded_file *file,
                                bool *ret_is_applied)
{
    const char *number = arena_format(run->arena, "%d", atoi(file->name)), *stored;
    struct status status = query(run, find_checksum, 1, &number, "the look at the schema", &stored);
    if (!status_ok(status))
        return status;
    if (stored && strcmp(stored, checksum_of(run->arena, file)) != 0)
        return status_format(run->arena, STATUS_FAILED_PRECONDITION, NULL,
                             "the database was made by another text of migration %s than the program's",
                             file->name);
    *ret_is_applied = stored != NULL;
    return STATUS_NONE;
}

static struct status apply_file(const struct migration_run *run, const struct embedded_file *file)
{
    bool is_applied;
    struct status status = check_file(run, file, &is_applied);
    if (!status_ok(status) || is_applied)
        return status;
    status = execute(run, file->bytes, file->name);
    if (!status_ok(status))
        return status;
    const char *number = arena_format(run->arena, "%d", atoi(file->name)), *nothing;
    log_event(LOG_INFO, "store.migrated", "a migration has been applied", LOG_TEXT("name", file->name));
    return query(run, note_migration, 3,
                 (const char *const[]){number, file->name, checksum_of(run->arena, file)}, file->name,
                 &nothing);
}

static struct status prepare(const struct migration_run *run)
{
    struct status status = execute(run, create_table, "the table of migrations");
    return status_ok(status) ? check_age(run) : status;
}

/* A transaction under the lock; `file` NULL: the table of migrations itself. */
static struct status in_transaction(const struct migration_run *run, const struct embedded_file *file)
{
    struct status status = execute(run, "BEGIN", "BEGIN");
    if (status_ok(status))
        status = execute(run, lock_migrations, "the lock");
    if (status_ok(status))
        status = file ? apply_file(run, file) : prepare(run);
    if (status_ok(status))
        return execute(run, "COMMIT", "COMMIT");
    PQclear(PQexec(run->pg, "ROLLBACK"));
    return status;
}

/* "already exists, skipping" */
static void ignore_notice(void *, const char *) {}

/* The schema has functions in standard SQL's form and stores every text that the contract allows. */
static struct status check_server(const struct migration_run *run)
{
    const char *encoding = PQparameterStatus(run->pg, "server_encoding");
    if (PQserverVersion(run->pg) < SERVER_VERSION_LEAST)
        return status_make(STATUS_FAILED_PRECONDITION, "the database is older than PostgreSQL 14");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return status_make(STATUS_FAILED_PRECONDITION, "the database's encoding is not UTF8");
    return STATUS_NONE;
}

/* Opens run->pg, which is to be finished in any case. */
static struct status open_run(struct migration_run *run, const char *conninfo)
{
    char seconds[8];
    snprintf(seconds, sizeof seconds, "%d", CONNECT_SECONDS);
    const char *const names[] = {"application_name", "connect_timeout", "dbname", "client_encoding", NULL};
    const char *const values[] = {"partnerd", seconds, conninfo, "UTF8", NULL};
    run->pg = PQconnectdbParams(names, values, 1);
    PQsetNoticeProcessor(run->pg, ignore_notice, NULL);
    if (PQstatus(run->pg) == CONNECTION_OK)
        return check_server(run);
    log_failure(run, LOG_WARN, "connect");
    return status_make(STATUS_UNAVAILABLE, "the database can't be reached");
}

static struct status migrate_schema(struct arena *arena, const char *conninfo)
{
    struct migration_run run = {.arena = arena};
    struct status status = open_run(&run, conninfo);
    if (status_ok(status))
        status = in_transaction(&run, NULL);
    for (const struct embedded_file *file = embedded_migrations; status_ok(status) && file->name; file++)
        status = in_transaction(&run, file);
    PQfinish(run.pg);
    return status;
}

static struct status check_schema(const struct migration_run *run, uint64_t *ret_missing)
{
    const char *table;
    struct status status = query(run, find_table, 0, NULL, "the look at the schema", &table);
    for (const struct embedded_file *file = embedded_migrations; file->name; file++)
        ++*ret_missing;
    if (!status_ok(status) || !table)
        return status;
    status = check_age(run);
    for (const struct embedded_file *file = embedded_migrations; status_ok(status) && file->name; file++) {
        bool is_applied = false; /* nor is it, where the look fails */
        status = check_file(run, file, &is_applied);
        *ret_missing -= is_applied;
    }
    return status;
}

struct status store_check(struct arena *arena, const char *conninfo, uint64_t *ret_missing)
{
    struct migration_run run = {.arena = arena};
    struct status status = open_run(&run, conninfo);
    *ret_missing = 0;
    if (status_ok(status))
        status = check_schema(&run, ret_missing);
    PQfinish(run.pg);
    return status;
}

struct status store_migrate(struct arena *arena, const char *conninfo)
{
    struct status status = migrate_schema(arena, conninfo);
    struct store_settings settings = {.conninfo = conninfo,
                                      .connection_count = 1,
                                      .statement_timeout_ms = SEED_STATEMENT_MS,
                                      .lock_timeout_ms = SEED_LOCK_MS};
    return status_ok(status) ? seed_vocabularies(arena, &settings) : status;
}
