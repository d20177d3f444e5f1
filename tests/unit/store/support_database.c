#include "store/support_database.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "base/arena.h"
#include "base/embedded.h"
#include "base/log.h"

#define PROGRAMS "/usr/lib/postgresql/15/bin/"

extern const struct embedded_file embedded_migrations[];

static char folder[] = "/tmp/store-test-XXXXXX";
static bool is_running;

/* PostgreSQL refuses to run as root. */
static const char *as_user(void)
{
    return geteuid() == 0 ? "runuser -u postgres -- " : "";
}

[[gnu::format(printf, 1, 2)]] static int shell(const char *format, ...)
{
    char command[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command);
}

static void start(const char *wait)
{
    int result = shell(
        "%s" PROGRAMS "pg_ctl -D %s/data -l %s/log %s -o \"-c listen_addresses='' -c fsync=off"
        " -c unix_socket_directories=%s -c max_connections=40 -c shared_buffers=32MB\" start >/dev/null",
        as_user(), folder, folder, wait, folder);
    if (result != 0)
        abort();
    is_running = true;
}

void database_server_start(void)
{
    start("-w");
}

void database_server_start_soon(void)
{
    start("-W");
}

void database_server_stop(void)
{
    if (!is_running)
        return;
    is_running = false;
    shell("%s" PROGRAMS "pg_ctl -D %s/data -m immediate -w stop >/dev/null 2>&1", as_user(), folder);
}

static void remove_all(void)
{
    database_server_stop();
    shell("rm -rf %s", folder);
}

/* Ends when the test does, however that ends, and cleans up behind it. */
static int guard_fd = -1;
static pid_t guard;

static void start_guard(void)
{
    int fds[2];
    char byte;
    if (pipe(fds) != 0)
        abort();
    guard = fork();
    if (guard == 0) {
        setpgid(0, 0);
        close(fds[1]);
        while (read(fds[0], &byte, 1) > 0)
            ;
        is_running = true;
        remove_all();
        _exit(0);
    }
    close(fds[0]);
    fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    guard_fd = fds[1];
}

int database_group_setup(void **)
{
    log_set_level(getenv("STORE_TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
    if (!mkdtemp(folder))
        return -1;
    start_guard();
    if (geteuid() == 0) {
        const struct passwd *user = getpwnam("postgres");
        if (!user || chown(folder, user->pw_uid, user->pw_gid) != 0)
            return -1;
    }
    if (shell("cd / && %s" PROGRAMS
              "initdb -D %s/data -A trust -U postgres -E UTF8 --locale=C -N --no-instructions >/dev/null",
              as_user(), folder) != 0)
        return -1;
    database_server_start();
    return 0;
}

int database_group_teardown(void **)
{
    close(guard_fd);
    return waitpid(guard, NULL, 0) == guard ? 0 : -1;
}

static PGconn *connect_to(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    if (PQstatus(pg) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(pg));
    return pg;
}

void database_run(const char *conninfo, const char *sql)
{
    PGconn *pg = connect_to(conninfo);
    PQclear(PQexec(pg, "SET client_min_messages = warning"));
    PGresult *result = PQexec(pg, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s", PQerrorMessage(pg));
    PQclear(result);
    PQfinish(pg);
}

int64_t database_number(const char *conninfo, const char *sql)
{
    PGconn *pg = connect_to(conninfo);
    PGresult *result = PQexec(pg, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    int64_t number = atoll(PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(pg);
    return number;
}

const char *database_new(void)
{
    static unsigned count;
    static char conninfos[64][100];
    char server[100], sql[100];
    assert_true(count < 64);
    char *conninfo = conninfos[count++];
    snprintf(server, sizeof server, "host=%s user=postgres dbname=postgres", folder);
    snprintf(sql, sizeof sql, "CREATE DATABASE test_%u", count);
    snprintf(conninfo, sizeof conninfos[0], "host=%s user=postgres dbname=test_%u", folder, count);
    database_run(server, sql);
    return conninfo;
}

const char *database_new_migrated(void)
{
    const char *conninfo = database_new();
    for (const struct embedded_file *file = embedded_migrations; file->name; file++)
        database_run(conninfo, file->bytes);
    return conninfo;
}
