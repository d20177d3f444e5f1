"""How fast pushes are.

    tests/load/push_rate [--count N] [--restart]

Starts a throw-away PostgreSQL and a daemon, pushes N organisations with an offer each (a tenth of a million where nothing is
said) into an empty registry, pushes the same once more as the registry's whole content, then copies the same rows by COPY,
binary, into the same tables of a fresh database, keys and constraints with them, and compares the two. The time of each step is
what the daemon logs. With --restart the daemon's memory after the push is compared with that of one that has just loaded the same.
The answer is JSON on standard output. Readers ask all the while; their slowest answer is told.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import threading
import time

import harness

TABLES = {"record": "id, kind, change_set, content_hash, by_institution", "identifier": "organisation_id, scheme, value"}


def columns(postgres, database: str, table: str) -> str:
    if table in TABLES:
        return TABLES[table]
    return postgres.psql(database, "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid ="
                         f" '{table}'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped")


def psql(postgres, database: str, sql: str) -> None:
    subprocess.run([harness.PG_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", postgres.conninfo(database)],
                   input=sql, text=True, check=True, env=harness.plain_environment())


DROP_FOREIGN_KEYS = """DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
        AND conrelid::regclass::text IN ('record', 'organisation', 'identifier', 'offer') LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
    END LOOP; END $$;
"""


def copy_rate(postgres, database: str, folder: pathlib.Path, rows: int, foreign_keys: bool) -> dict:
    """The same rows by COPY: out of what was pushed, into a database that has nothing but the registry. Without foreign keys it
    does less than has to be done, and is told for comparison."""
    target = postgres.create_database()
    subprocess.run([harness.BUILD / "partnerd", "--database", postgres.conninfo(target), "--migrate"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=harness.plain_environment())
    tables = ["record", "organisation", "identifier", "offer"]
    lists = {table: columns(postgres, database, table) for table in tables}
    psql(postgres, database, "".join(
        f"\\copy (SELECT {lists[table]} FROM {table}) TO '{folder}/{table}' (FORMAT binary)\n" for table in tables))
    psql(postgres, target, "INSERT INTO registry (id, title, change_set) VALUES ('load', 'load', 0);"
         + ("" if foreign_keys else DROP_FOREIGN_KEYS))
    start = time.monotonic()
    psql(postgres, target, "BEGIN;\n" + "".join(
        f"\\copy {table} ({lists[table]}) FROM '{folder}/{table}' (FORMAT binary)\n" for table in tables) + "COMMIT;\n")
    seconds = time.monotonic() - start
    for table in tables:
        (folder / table).unlink()
    return {"seconds": round(seconds, 2), "records_per_s": round(rows / seconds)}


def push(daemon, count: int, *words: str) -> dict:
    done = subprocess.run([harness.BUILD / "push_stream", daemon.url, "load", str(count), *words], capture_output=True,
                          text=True, check=False, env=harness.plain_environment())
    if done.returncode:
        raise SystemExit(f"push_stream: {done.stderr}")
    answer = json.loads(done.stdout)
    steps = {key: value for key, value in daemon.log_events("store.push")[-1].items() if key.endswith("_ms")}
    answer["steps"] = steps
    answer["records_per_s"] = round(2 * count * 1000 / answer["all_ms"])
    return answer


def memory_kib(daemon) -> int:
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


class Reader(threading.Thread):
    """Lists organisations all the while; keeps the slowest answer's time."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.slowest, self.answers, self.over = client, 0.0, 0, False

    def run(self) -> None:
        while not self.over:
            start = time.monotonic()
            self.client.call("ListOrganisations", {"pageSize": 20}, timeout=60)
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.answers += 1
            time.sleep(0.02)


def wait_loaded(client, revision: int) -> None:
    """Readers may have to wait for more than the 30 s that one question may."""
    def reached():
        return client.call("ListRegistries").revision >= revision
    harness.wait_until(reached, 600, "the replica has not come so far")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--restart", action="store_true")
    options = parser.parse_args()
    postgres = harness.Postgres(shared_buffers="'256MB'", max_wal_size="'4GB'", fsync="off", synchronous_commit="off")
    database = postgres.create_database()
    daemon = harness.Daemon(postgres.conninfo(database)).start()
    client = harness.Client(daemon.target)
    client.call("CreateRegistry", {"id": "load", "title": "load"})
    reader = Reader(harness.Client(daemon.target))
    reader.start()
    report = {"count": options.count, "first": push(daemon, options.count)}
    wait_loaded(client, report["first"]["revision"])
    report["unchanged"] = push(daemon, options.count, "full")
    reader.over = True
    reader.join()
    report["reader"] = {"answers": reader.answers, "slowest_ms": round(1000 * reader.slowest)}
    for name, foreign_keys in (("copy", True), ("copy_without_foreign_keys", False)):
        report[name] = copy_rate(postgres, database, harness.work_folder(), 2 * options.count, foreign_keys)
        report[name]["push_has_of_it"] = round(report[name]["seconds"] * 1000 / report["first"]["all_ms"], 3)
    if options.restart:
        report["memory_after_push_mib"] = memory_kib(daemon) // 1024
        daemon.stop(60)
        daemon.start()
        wait_loaded(harness.Client(daemon.target), report["first"]["revision"])
        report["memory_after_restart_mib"] = memory_kib(daemon) // 1024
    daemon.stop(60)
    json.dump(report, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
