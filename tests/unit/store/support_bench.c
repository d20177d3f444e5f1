#include "store/support_bench.h"

#include "store/support_database.h"

struct bench bench;

int bench_setup(void **)
{
    bench_open(&bench, database_new_migrated());
    bench_create_registry(&bench, "es");
    return 0;
}

int bench_teardown(void **)
{
    bench_close(&bench);
    return 0;
}

int64_t bench_number(const char *sql)
{
    return database_number(bench.conninfo, sql);
}
