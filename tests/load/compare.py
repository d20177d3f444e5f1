"""One table: start, memory and FindHosts of generated registries of several sizes, beside SQL and nghttpd.

    tests/load/compare [--hosts 10000,100000 | --database CONNINFO] [--seconds 5] [--needs 100]

For each size: fills a database by make_registry, starts a daemon from it and again from its snapshot file, checks that SQL gives
the same pages, and measures. --database takes one that make_registry has filled already (it gets a schema "compare").
"""
from __future__ import annotations

import argparse
import os
import pathlib
import re
import time

import harness

import compare_sql
import needs
from bench import FIND, HOSTS_EACH_SENDER, Database, Start, load, make, make_postgres, run, say, times, work_folder, write_requests
from h2load import Nghttpd

SCRIPTS_MOST = 100  # of pgbench


def make_flat(database: Database) -> None:
    begun = time.monotonic()
    database.psql("-v", "outcome_scheme=2", "-f", harness.ROOT / "tests" / "load" / "compare_sql.sql")
    say(f"  SQL's tables and indexes made in {time.monotonic() - begun:.0f} s")


def pgbench(database: Database, scripts: list, connections: int, seconds: float) -> tuple:
    """Queries a second and their mean in milliseconds, each client taking scripts by chance, all prepared."""
    options = [option for script in scripts[:SCRIPTS_MOST] for option in ("-f", script)]
    text = run("pgbench", "-n", "-M", "prepared", "-c", connections, "-j", connections, "-T", max(1, int(seconds)),
               "--random-seed", "1", *options, database.conninfo)
    return (float(re.search(r"tps = ([\d.]+)", text)[1]), float(re.search(r"latency average = ([\d.]+)", text)[1]))


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


def measure_mix(start: Start, folder: pathlib.Path, name: str, requests: list, seconds: float) -> dict:
    """The highest rate, then times at half of it, then the same of nghttpd with as many bytes, and at our half."""
    file = write_requests(folder / f"{name.replace(' ', '-')}.requests", requests)
    answers = [start.client.call("FindHosts", request, timeout=60) for request in requests]
    size = sum(answer.ByteSize() for answer in answers) // len(answers) + 5
    most = load(start.daemon.port, FIND, file, start.pid, "--streams", 2, "--seconds", seconds)
    half = load(start.daemon.port, FIND, file, start.pid, "--rate", max(1, most["answers_per_second"] / 2), "--seconds", seconds)
    nghttpd = Nghttpd(folder, os.cpu_count() or 1)
    nghttpd.wait_ready()
    (folder / "answer").write_bytes(os.urandom(size))
    def wire_load(*options) -> dict:
        return load(nghttpd.port, "/answer", file, nghttpd.process.pid, *options, "--seconds", min(2, seconds), "--plain")
    wire = wire_load("--streams", 2)
    wire_half = wire_load("--rate", wire["answers_per_second"] / 2)
    wire_same = wire_load("--rate", half["rate"])
    nghttpd.stop()
    say(f"  {name}: {len(requests)} needs, {sum(answer.eligible for answer in answers) / len(answers):,.0f} eligible and {size:,} bytes on average")
    say(f"    at most {most['answers_per_second']:,.0f} answers a second, {most['cpu_us']:.1f} us of CPU each; nghttpd "
        f"{wire['answers_per_second']:,.0f} and {wire['cpu_us']:.1f} us: ratio of CPU {most['cpu_us'] / wire['cpu_us']:.1f}")
    say(f"    at {half['rate']:,.0f} a second: {times(half)}, {half['cpu_us']:.1f} us of CPU")
    say(f"    nghttpd at the same rate: {times(wire_same)}, {wire_same['cpu_us']:.1f} us: ratio of CPU "
        f"{half['cpu_us'] / wire_same['cpu_us']:.1f}; at half of its own, {wire_half['rate']:,.0f}: {times(wire_half)}")
    return most


def measure(database: Database, hosts: int, options) -> None:
    say(f"\n{hosts:,} hosts")
    file = database.folder / "records.snapshot"
    if not options.skip_cold:
        file.unlink(missing_ok=True)  # of the size before, which would be read and thrown away first
        cold = Start(database, file, needs.Needs(7, 1).draw(False))
        say(cold.text("from PostgreSQL", hosts))
        cold.stop()
    start = Start(database, file, needs.Needs(7, 1).draw(False))
    how = "from the snapshot file" if start.daemon.log_events("replica.snapshot_read") else "from PostgreSQL"
    say(start.text(how, hosts))
    mixes = needs.mixes(start.client, hosts // HOSTS_EACH_SENDER, options.needs)
    rates = {name: measure_mix(start, database.folder, name, requests, options.seconds) for name, requests in mixes.items() if requests}
    if options.checked:
        measure_sql(start, database, mixes["full page"][:options.checked], rates["full page"]["answers_per_second"], options.seconds)
    start.stop()


def measure_sql(start: Start, database: Database, requests: list, ours: float, seconds: float) -> None:
    make_flat(database)
    scripts = check_pages(start, database, compare_sql.Knowledge(database.query), requests)
    say(f"  SQL gives the same pages, scores and numbers of eligible hosts for {len(scripts)} needs with a full page")
    for connections in (1, 2):
        rate, mean_ms = pgbench(database, scripts, connections, seconds)
        say(f"    PostgreSQL, {connections} connection{'s' if connections > 1 else ''}: {rate:,.1f} a second, {mean_ms:.1f} ms each; "
            f"partnerd has {ours / rate:,.0f} times as many")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", default="10000,100000", help="sizes, separated by commas")
    parser.add_argument("--seconds", type=float, default=5, help="of one measurement")
    parser.add_argument("--needs", type=int, default=100, help="of each mix")
    parser.add_argument("--checked", type=int, default=100, help="needs put to SQL, at most 100; 0: no SQL")
    parser.add_argument("--skip-cold", action="store_true", help="one start, from the snapshot file if there is one, which is kept")
    parser.add_argument("--database", help="conninfo of a filled one, reached by a superuser")
    options = parser.parse_args()
    folder = work_folder("compare")
    say(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start; {options.seconds:g} s each")
    if options.database:
        database = Database(options.database, folder)
        measure(database, database.count_hosts(), options)
    else:
        postgres = make_postgres()
        for hosts in map(int, options.hosts.split(",")):
            measure(make(postgres, hosts, folder), hosts, options)
    say(f"\nload {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
