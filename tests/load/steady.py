"""FindHosts while the registry changes, memory over time, threads, and broad needs beside cheap ones.

    tests/load/steady [--hosts 100000 | --database CONNINFO] [--seconds 60] [--changes 200] [--rate R]

Fills a database by make_registry, or copies one that it has filled: nothing is written to the original, which nobody may be
connected to when the copy begins; the copy is dropped at the end. Ends with 1 where an answer failed or a change was rejected.
"""
from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import time

import harness

import needs
from bench import (FIND, HOSTS_EACH_SENDER, Database, Job, Start, begin_load, make, make_postgres, say, work_folder,
                   write_requests)
from changes import Changes
from process_samples import Samples

QUIET_SECONDS_MOST = 30
HIGHEST_SECONDS_MOST = 10
BEFORE_S, AFTER_S = 2, 2  # of changes, around what is measured
CHEAP_ONE_IN = 4
BROAD_COUNT, BROAD_PAGE = 10, 1000
BROAD_ROUNDS, BROAD_SECONDS_MOST = 5, 5
WATCH_MEMORY = ("--watch-memory-bytes", str(4 << 20))  # full within half a minute, so that memory is level from then on
ONE_THREAD = ("--threads", "1", "--workers", "1")


def mb(held: float) -> str:
    return f"{held / 1e6:,.1f}"


class Bench:
    """A daemon, the mix, and where the figures go."""

    def __init__(self, database: Database, hosts: int, options):
        self.database, self.hosts, self.options = database, hosts, options
        self.folder, self.failures = database.folder, []
        self.start = self.begin()
        say(self.start.text("start", hosts))
        self.requests = needs.mixes(self.start.client, hosts // HOSTS_EACH_SENDER, options.needs)["full page"]
        self.mix = write_requests(self.folder / "mix.requests", self.requests)

    def begin(self, *flags: str) -> Start:
        return Start(self.database, self.folder / "records.snapshot", needs.Needs(7, 1).draw(False), (*WATCH_MEMORY, *flags))

    def begin_load(self, *options, file: pathlib.Path | None = None) -> Job:
        return begin_load(self.start.daemon.port, FIND, file or self.mix, self.start.pid, *options)

    def figures(self, job: Job) -> dict:
        """A failure is said now and fails the run at its end."""
        figures = job.figures_or_failed(3600)
        if job.failure:
            self.failures.append(job.failure)
            say(f"  FAILED: {job.failure}")
        return figures

    def load(self, *options, file: pathlib.Path | None = None) -> dict:
        return self.figures(self.begin_load(*options, file=file))

    def highest(self, file: pathlib.Path | None = None) -> dict:
        return self.load("--streams", 2, "--seconds", min(self.options.seconds, HIGHEST_SECONDS_MOST), file=file)


def heading(text: str) -> None:
    say(f"\n  {text:34} {'answers/s':>9} {'p50':>8} {'p90':>8} {'p99':>8} {'a second':>9} {'p99.9 ms':>9} {'CPU us':>8}")


def row(name: str, figures: dict) -> None:
    say(f"  {name:34} {figures['answers_per_second']:9,.0f} {figures['p50_ms']:8.2f} {figures['p90_ms']:8.2f} "
        f"{figures['p99_ms']:8.2f} {figures['p99_second_ms']:9.2f} {figures['p999_ms']:9.2f} {figures['cpu_us']:8.1f}")


def say_threads(samples: Samples) -> None:
    spent = samples.spent()
    say("    processor of each thread, % (and in line for one): "
        + ", ".join(f"{name} {100 * share.on:.0f} ({100 * share.waiting:.0f})" for name, share in spent.items())
        + f"; {100 * samples.idle_share():.0f} % of the machine idle")


# ---- beside changes -------------------------------------------------------------------------------------------------------

def histogram(before: dict, after: dict, name: str) -> str:
    """What a histogram of seconds in /metrics took up between two readings."""
    gained = {key: after[key] - before.get(key, 0) for key in after if key.startswith(name)}
    count, total = gained.get(f"{name}_count", 0), gained.get(f"{name}_sum", 0)
    if not count:
        return "none"
    bounds = sorted((float(key.split('le="')[1].split('"')[0]), value) for key, value in gained.items() if 'le="' in key)
    most = next((bound for bound, value in bounds if value >= 0.99 * count), 0)
    return f"{count:,.0f} of {1000 * total / count:.2f} ms on average, 99 % within {1000 * most:g} ms"


def with_changes(bench: Bench, rate: float) -> tuple[dict, Samples]:
    """The same load while changes are applied at fixed times by a process of their own."""
    options = bench.options
    seconds = options.seconds + BEFORE_S + AFTER_S
    changes = Changes(bench.start.client, bench.hosts, options.changes, seconds)
    file = write_requests(bench.folder / "changes.requests", changes.requests())
    before, samples = bench.start.daemon.metrics(), Samples(bench.start.pid)
    job = Job("change_client", bench.start.daemon.url, file, options.changes, seconds)
    time.sleep(BEFORE_S)
    samples.start()
    figures = bench.load("--rate", rate, "--seconds", options.seconds)
    samples.stop()
    written = bench.figures(job)
    after = bench.start.daemon.metrics()
    row(f"{options.changes:g} changes a second", figures)
    say(f"    changes: {written['applied']:,} applied, p50 {written['apply_p50_ms']:.2f}, p99 {written['apply_p99_ms']:.2f} ms; "
        f"in answers after p50 {written['visible_p50_ms']:.2f}, p99 {written['visible_p99_ms']:.2f} ms more")
    say(f"    snapshots: {histogram(before, after, 'partnerd_publish_seconds')}; "
        f"new bases: {histogram(before, after, 'partnerd_rebuild_seconds')}; "
        f"of the directory: {histogram(before, after, 'partnerd_directory_fold_seconds')}")
    say_threads(samples)
    return figures, samples


def measure_changes(bench: Bench, rate: float) -> Samples:
    heading("full pages" if bench.options.rate else "full pages, half of the highest")
    quiet_seconds = min(bench.options.seconds, QUIET_SECONDS_MOST)
    first = bench.load("--rate", rate, "--seconds", quiet_seconds)
    row("quiet", first)
    changed, samples = with_changes(bench, rate)
    last = bench.load("--rate", rate, "--seconds", quiet_seconds)
    row("quiet again", last)
    ratios = [2 * changed[name] / (first[name] + last[name]) for name in ("p50_ms", "p99_ms", "p99_second_ms")]
    say(f"    with changes by quiet (both times): p50 {ratios[0]:.2f}, p99 {ratios[1]:.2f}, p99 of the median second {ratios[2]:.2f}")
    return samples


def say_memory(samples: Samples) -> None:
    minutes = samples.minutes()
    say(f"\n  resident, MB, {'each minute' if len(minutes) > 1 else 'less than two minutes'}, reads and changes together")
    say(f"  {'minute':>8} {'least':>10} {'mean':>10} {'most':>10}")
    for number, held in enumerate(minutes, 1):
        say(f"  {number:8} {mb(min(held)):>10} {mb(sum(held) / len(held)):>10} {mb(max(held)):>10}")
    slope = f"; slope {samples.slope(60) / 1e6:+.2f} MB a minute after the first" if len(minutes) > 2 else ""
    say(f"    highest {mb(max(samples.bytes))}{slope}")


# ---- broad beside cheap ---------------------------------------------------------------------------------------------------

def quickest(bench: Bench) -> list:
    """A quarter of the mix, those answered first."""
    def seconds(request) -> float:
        begun = time.monotonic()
        bench.start.client.call("FindHosts", request, timeout=60)
        return time.monotonic() - begun
    times = [(min(seconds(request) for _ in range(3)), number) for number, request in enumerate(bench.requests)]
    return [bench.requests[number] for _, number in sorted(times)[:max(1, len(times) // CHEAP_ONE_IN)]]


def broad_needs(bench: Bench) -> list:
    """Of all sectors and countries, with a page of a thousand."""
    drawn, found = needs.Needs(3, bench.hosts // HOSTS_EACH_SENDER), []
    for _ in range(20 * BROAD_COUNT):
        request = drawn.draw(False)
        request.page_size = BROAD_PAGE
        for name in ("sectors", "countries", "period", "learners"):
            request.need.ClearField(name)
        if len(bench.start.client.call("FindHosts", request, timeout=60).matches) == BROAD_PAGE:
            found.append(request)
        if len(found) == BROAD_COUNT:
            return found
    raise AssertionError(f"no need has a page of {BROAD_PAGE:,}: there are too few hosts")


def measure_broad(bench: Bench) -> None:
    cheap = write_requests(bench.folder / "cheap.requests", quickest(bench))
    broad = write_requests(bench.folder / "broad.requests", broad_needs(bench))
    seconds = min(bench.options.seconds, BROAD_SECONDS_MOST)
    rate = max(1, bench.highest(cheap)["answers_per_second"] / 4)
    heading("cheap needs, a quarter of the most")
    later = {"p50_ms": [], "p99_ms": []}
    for _ in range(BROAD_ROUNDS):
        alone = bench.load("--rate", rate, "--seconds", seconds, file=cheap)
        job = bench.begin_load("--streams", 1, "--connections", 1, "--seconds", seconds + 1, file=broad)
        beside = bench.load("--rate", rate, "--seconds", seconds, file=cheap)
        row("alone", alone)
        row(f"beside a broad one, of {BROAD_PAGE:,}", beside)
        row("the broad one, again and again", bench.figures(job))
        for name, values in later.items():
            values.append(beside[name] - alone[name])
    say("    delayed by, in the median round, p50 {p50_ms:.2f}, p99 {p99_ms:.2f} ms".format(
        **{name: statistics.median(values) for name, values in later.items()}))


# ---- the run --------------------------------------------------------------------------------------------------------------

def measure_highest(bench: Bench, name: str) -> float:
    samples = Samples(bench.start.pid)
    samples.start()
    figures = bench.highest()
    row(name, figures)
    say_threads(samples.stop())
    return figures["answers_per_second"]


def measure(database: Database, hosts: int, options) -> None:
    bench = Bench(database, hosts, options)
    eligible = [bench.start.client.call("FindHosts", request, timeout=60).eligible for request in bench.requests]
    say(f"  {len(eligible)} needs with a full page of 20, {sum(eligible) / len(eligible):,.0f} eligible on average")
    heading("the highest rate")
    every = measure_highest(bench, "all threads")
    say_memory(measure_changes(bench, options.rate or max(1, every / 2)))
    measure_broad(bench)
    bench.start.stop()
    bench.start = bench.begin(*ONE_THREAD)
    heading("the highest rate")
    one = measure_highest(bench, "one loop, one worker")
    say(f"    all threads have {every / one:.2f} times as many")
    bench.start.stop()
    if bench.failures:
        raise SystemExit(f"{len(bench.failures)} of the measurements had answers that failed")


def copy(conninfo: str, folder: pathlib.Path) -> Database:
    """A database of its own with the same in it; gone when the program ends."""
    original, name = Database(conninfo, folder), f"steady_{os.getpid()}"
    source = original.query("SELECT current_database()")[0][0]
    original.query(f'CREATE DATABASE {name} TEMPLATE "{source}" STRATEGY file_copy')  # fails while others are connected
    harness.atexit.register(original.query, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    return Database(f"{conninfo} dbname={name}", folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100_000, help="generated, on a throw-away PostgreSQL")
    parser.add_argument("--database", help='"host=... dbname=..." of a filled one, reached by a superuser; it is copied')
    parser.add_argument("--seconds", type=float, default=60, help="of reads and changes together; 600 to see what memory does")
    parser.add_argument("--changes", type=float, default=200, help="a second")
    parser.add_argument("--rate", type=float, help="answers a second, instead of half of the highest")
    parser.add_argument("--needs", type=int, default=100, help="in the mix")
    options = parser.parse_args()
    folder = work_folder("steady")
    if options.database:
        database = copy(options.database, folder)
        hosts = database.count_hosts()
    else:
        database, hosts = make(make_postgres(), options.hosts, folder), options.hosts
    say(f"{hosts:,} hosts; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    measure(database, hosts, options)
    say(f"\n  load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
