"""One table: start, memory and FindHosts of generated registries of several sizes, beside SQL and nghttpd.

    tests/load/compare [--hosts 10000,100000] [--seconds 5] [--needs 100] [--database CONNINFO]

For each size: fills a database by make_registry, starts a daemon from it and again from its snapshot file, checks that SQL gives
the same pages, and measures. --database takes one that make_registry has filled already (one size; it gets a schema "compare").
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import time

import harness

import compare_sql
import needs
import world
from h2load import Nghttpd, cpu_us, grpc_frame, memory_bytes

FIND = "/partner.v1.MatchService/FindHosts"
SCRIPTS_MOST = 100  # of pgbench
LOAD_CLIENT, MAKE_REGISTRY = harness.BUILD / "load_client", harness.BUILD / "make_registry"
HOSTS_EACH_SENDER = 50


def say(text: str = "") -> None:
    print(text, flush=True)


def run(*command, seconds: float = 3600) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds, check=False,
                          env=harness.plain_environment())
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Database:
    """A filled one, reached by psql and pgbench."""

    def __init__(self, conninfo: str, folder: pathlib.Path):
        self.conninfo, self.folder = conninfo, folder

    def psql(self, *arguments) -> str:
        return run(harness.PG_BIN / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", *arguments, self.conninfo)

    def query(self, sql: str) -> list:
        return [line.split("\t") for line in self.psql("-c", sql).splitlines() if line]

    def make_flat(self) -> None:
        begun = time.monotonic()
        self.psql("-v", "outcome_scheme=2", "-f", harness.ROOT / "tests" / "load" / "compare_sql.sql")
        say(f"  SQL's tables and indexes made in {time.monotonic() - begun:.0f} s")

    def bench(self, scripts: list, connections: int, seconds: float) -> tuple:
        """Queries a second and their mean in milliseconds, each client taking scripts by chance, all prepared."""
        options = [option for script in scripts[:SCRIPTS_MOST] for option in ("-f", script)]
        text = run("pgbench", "-n", "-M", "prepared", "-c", connections, "-j", connections, "-T", max(1, int(seconds)),
                   "--random-seed", "1", *options, self.conninfo)
        return (float(re.search(r"tps = ([\d.]+)", text)[1]), float(re.search(r"latency average = ([\d.]+)", text)[1]))


class Start:
    """A daemon on the database, and how long it took to its first answer."""

    def __init__(self, database: Database, file: pathlib.Path, request=None):
        begun = time.monotonic()
        self.daemon = harness.Daemon(database.conninfo, "--snapshot-file", str(file)).start(ready=False)
        self.daemon.wait_ready(600)
        self.client = harness.Client(self.daemon.target)
        if request:
            self.client.call("FindHosts", request, timeout=60)
        self.seconds = time.monotonic() - begun
        self.pid = self.daemon.process.pid
        self.cpu_seconds = cpu_us(self.pid) / 1e6
        self.bytes = memory_bytes(self.pid)
        self.index_bytes = self.daemon.metrics().get("partnerd_index_bytes", 0)

    def stop(self) -> None:
        self.client.close()
        self.daemon.stop(120)

    def text(self, how: str, hosts: int) -> str:
        return (f"  {how}: {self.seconds:.1f} s to the first answer ({self.cpu_seconds:.1f} s of CPU), {self.bytes / 1e6:,.0f} MB resident, "
                f"{self.bytes / hosts:,.0f} bytes a host; {self.index_bytes / hosts:,.0f} of them the index")


def page_of(answer) -> list:
    return [(match.organisation_id, match.offer_id, round(match.score * 1e9)) for match in answer.matches]


def check_pages(start: Start, database: Database, knowledge, requests: list) -> list:
    """SQL's page of each request is the daemon's; gives the scripts."""
    scripts = []
    for number, request in enumerate(requests):
        script = database.folder / f"need-{number}.sql"
        script.write_text(compare_sql.statement(knowledge, request), encoding="utf-8")
        rows = [line.split("\t") for line in database.psql("-f", script).splitlines() if line]
        answer = start.client.call("FindHosts", request, timeout=60)
        theirs = [(row[0], row[1], int(row[2])) for row in rows]
        if theirs != page_of(answer) or (rows and int(rows[0][7]) != answer.eligible):
            raise AssertionError(f"need {number} has other pages:\n{request}\n{theirs[:5]}\n{page_of(answer)[:5]}\n"
                                 f"{rows[0][7] if rows else 0} and {answer.eligible} eligible")
        scripts.append(script)
    return scripts


def load(port: int, path: str, file: pathlib.Path, pid: int, *options) -> dict:
    done = subprocess.run([str(part) for part in (LOAD_CLIENT, port, path, file, "--pid", pid, *options)], capture_output=True,
                          text=True, timeout=120, check=False)
    figures = json.loads(done.stdout or "{}")
    if done.returncode != 0 or figures["failed"]:
        raise AssertionError(f"load_client: {done.stdout}{done.stderr}")
    return figures


def times(figures: dict) -> str:
    return f"p50 {figures['p50_ms']:.2f}, p90 {figures['p90_ms']:.2f}, p99 {figures['p99_ms']:.2f}, p99.9 {figures['p999_ms']:.2f} ms"


def measure_mix(start: Start, folder: pathlib.Path, name: str, requests: list, seconds: float) -> dict:
    """The highest rate, then times at half of it, then nghttpd with as many bytes."""
    file = folder / f"{name.replace(' ', '-')}.requests"
    file.write_bytes(b"".join(grpc_frame(request.SerializeToString()) for request in requests))
    answers = [start.client.call("FindHosts", request, timeout=60) for request in requests]
    size = sum(answer.ByteSize() for answer in answers) // len(answers) + 5
    most = load(start.daemon.port, FIND, file, start.pid, "--streams", 2, "--seconds", seconds)
    half = load(start.daemon.port, FIND, file, start.pid, "--rate", max(1, most["answers_per_second"] / 2), "--seconds", seconds)
    nghttpd = Nghttpd(folder, os.cpu_count() or 1)
    nghttpd.wait_ready()
    (folder / "answer").write_bytes(os.urandom(size))
    wire = load(nghttpd.port, "/answer", file, nghttpd.process.pid, "--streams", 2, "--seconds", min(2, seconds), "--plain")
    nghttpd.stop()
    say(f"  {name}: {len(requests)} needs, {sum(answer.eligible for answer in answers) / len(answers):,.0f} eligible and {size:,} bytes on average")
    say(f"    at most {most['answers_per_second']:,.0f} answers a second, {most['cpu_us']:.1f} us of CPU each; nghttpd "
        f"{wire['answers_per_second']:,.0f} and {wire['cpu_us']:.1f} us: ratio of CPU {most['cpu_us'] / wire['cpu_us']:.1f}")
    say(f"    at {half['rate']:,.0f} a second: {times(half)}, {half['cpu_us']:.1f} us of CPU")
    return most


def measure(database: Database, hosts: int, options) -> None:
    file = database.folder / "records.snapshot"
    if not options.skip_cold:
        cold = Start(database, file, needs.Needs(7, 1).draw(False))
        say(cold.text("from PostgreSQL", hosts))
        cold.stop()
    start = Start(database, file, needs.Needs(7, 1).draw(False))
    how = "from the snapshot file" if start.daemon.log_events("replica.snapshot_read") else "from PostgreSQL"
    say(start.text(how, hosts))
    mixes = needs.mixes(start.client, hosts // HOSTS_EACH_SENDER, options.needs)
    rates = {name: measure_mix(start, database.folder, name, requests, options.seconds) for name, requests in mixes.items() if requests}
    database.make_flat()
    knowledge = compare_sql.Knowledge(database.query)
    scripts = check_pages(start, database, knowledge, mixes["full page"][:options.checked])
    say(f"  SQL gives the same pages, scores and numbers of eligible hosts for {len(scripts)} needs with a full page")
    for connections in (1, 2):
        rate, mean_ms = database.bench(scripts, connections, options.seconds)
        ours = rates["full page"]["answers_per_second"]
        say(f"    PostgreSQL, {connections} connection{'s' if connections > 1 else ''}: {rate:,.1f} a second, {mean_ms:.1f} ms each; "
            f"partnerd has {ours / rate:,.0f} times as many")
    start.stop()


def make(postgres: harness.Postgres, hosts: int, folder: pathlib.Path) -> Database:
    database = Database(postgres.conninfo(postgres.create_database()), folder)
    run(harness.BUILD / "partnerd", "--database", database.conninfo, "--migrate")
    begun = time.monotonic()
    run("nice", MAKE_REGISTRY, database.conninfo, folder / "world.tsv", hosts)
    say(f"  made in {time.monotonic() - begun:.0f} s")
    return database


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", default="10000,100000", help="sizes, separated by commas")
    parser.add_argument("--seconds", type=float, default=5, help="of one measurement")
    parser.add_argument("--needs", type=int, default=100, help="of each mix")
    parser.add_argument("--checked", type=int, default=100, help="needs put to SQL, at most 100")
    parser.add_argument("--skip-cold", action="store_true", help="one start, from the snapshot file if there is one, which is kept")
    parser.add_argument("--database", help="conninfo of a filled one, reached by a superuser")
    options = parser.parse_args()
    folder = harness.work_folder() / "compare"
    folder.mkdir(exist_ok=True)
    with open(folder / "world.tsv", "w", encoding="utf-8") as file:
        world.write(file)
    say(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start; {options.seconds:g} s each")
    postgres = None if options.database else harness.Postgres(
        shared_buffers="'2GB'", max_wal_size="'8GB'", wal_level="minimal", max_wal_senders="0", work_mem="'64MB'")
    for hosts in map(int, options.hosts.split(",")):
        say(f"\n{hosts:,} hosts")
        database = Database(options.database, folder) if options.database else make(postgres, hosts, folder)
        measure(database, hosts, options)
        if not options.skip_cold:
            (folder / "records.snapshot").unlink()
    say(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
