"""Loads a registry, measures FindHosts on it, prints tables. tests/load/run sets the environment; README.md explains."""
from __future__ import annotations

import argparse
import itertools
import os
import time

import harness
from google.protobuf import json_format
from partner.v1 import registry_pb2

import cases
import make_registry
from h2load import Figures, Nghttpd, Target, cpu_us, grpc_frame, memory_bytes, percentile

ROOT = harness.ROOT
APPLY_CHANGES = 10_000
APPLY_BYTES = 15 << 20  # the server takes 16 MiB
VISIBLE_CHANGES = 100
VISIBLE_SECONDS = 40.0
STREAMS = (1, 10)
NARROW_COUNTRIES = {"sample": ["DE", "PL"], "load": ["LU", "MT", "IS"]}  # few hosts, so that few fit among many
FIND = "/partner.v1.MatchService/FindHosts"


def say(text: str = "") -> None:
    print(text, flush=True)


def batches(changes):
    """Lists of changes that each fit a call of Apply."""
    batch, size = [], 0
    for change in changes:
        size += change.ByteSize() + 8
        if batch and (len(batch) == APPLY_CHANGES or size > APPLY_BYTES):
            yield batch
            batch, size = [], change.ByteSize() + 8
        batch.append(change)
    if batch:
        yield batch


def sample_changes():
    with open(ROOT / "sample" / "sample.jsonl", encoding="utf-8") as file:
        for line in file:
            yield json_format.Parse(line, registry_pb2.Change())


class Server:
    """A daemon on a fresh database with one registry in it."""

    def __init__(self, postgres: harness.Postgres, registry: str):
        self.daemon = harness.Daemon(postgres.conninfo(postgres.create_database())).start()
        self.client = harness.Client(self.daemon.target)
        self.registry = registry
        self.empty_bytes = memory_bytes(self.daemon.process.pid)
        self.client.call("CreateRegistry", {"id": registry, "title": registry})

    def load(self, changes) -> None:
        """Applies all, waits until it shows in answers, and says how long that took and what memory it takes."""
        count, seconds, answer = 0, 0.0, None
        published = self.published()
        for batch in batches(changes):
            request = registry_pb2.ApplyRequest(registry=self.registry, changes=batch)
            start = time.monotonic()
            answer = self.client.call("Apply", request, timeout=120)
            seconds += time.monotonic() - start
            if answer.rejections:
                raise AssertionError(f"rejected: {answer.rejections[0]}")
            count += len(batch)
        done = time.monotonic()
        self.client.call("ListRegistries", {"minRevision": answer.revision}, timeout=60)
        lag, publishes = time.monotonic() - done, self.published()
        status = self.client.call("GetStatus")
        pid, hosts = self.daemon.process.pid, status.organisations
        say(f"  {count:,} changes applied in {seconds:.2f} s ({count / seconds:,.0f} a second), the last in answers {1000 * lag:.0f} ms "
            f"later; {publishes[1] - published[1]:.0f} snapshots meanwhile, of {self.mean_publish_ms(published):.0f} ms on average")
        held = memory_bytes(pid)
        say(f"  memory {held / 1e6:,.0f} MB, at most {memory_bytes(pid, 'VmHWM') / 1e6:,.0f} MB, {self.empty_bytes / 1e6:,.0f} MB "
            f"when empty: {(held - self.empty_bytes) / max(1, hosts) / 1000:.2f} kB for each of {hosts:,} organisations")

    def published(self) -> tuple[float, float]:
        """Seconds spent on making snapshots since the start, and how many."""
        metrics = self.daemon.metrics()
        return metrics.get("partnerd_publish_seconds_sum", 0.0), metrics.get("partnerd_publish_seconds_count", 0.0)

    def mean_publish_ms(self, since: tuple[float, float]) -> float:
        now = self.published()
        return 1000 * (now[0] - since[0]) / max(1.0, now[1] - since[1])

    def not_ok(self) -> float:
        """FindHosts calls that ended in anything but OK or, as h2load's last ones may, CANCELLED."""
        return sum(value for name, value in self.daemon.metrics().items()
                   if name.startswith('partnerd_rpc_total{method="FindHosts"') and '"OK"' not in name and '"CANCELLED"' not in name)

    def stop(self) -> None:
        self.client.close()
        self.daemon.stop()


class Bench:
    """The cases on one server, each beside nghttpd with a file of the answer's size."""

    def __init__(self, server: Server, options: argparse.Namespace):
        self.server, self.options = server, options
        self.folder = harness.work_folder() / server.registry
        self.folder.mkdir()
        self.nghttpd = Nghttpd(self.folder, os.cpu_count() or 1)
        self.nghttpd.wait_ready()

    def targets(self, number: int, name: str, request) -> tuple[Target, Target, object]:
        """Both servers' targets for a request, after one checked call."""
        answer = self.server.client.call("FindHosts", request)
        cases.check_answer(name, answer)
        body, file = self.folder / f"request-{number}", self.folder / f"answer-{number}"
        body.write_bytes(grpc_frame(request.SerializeToString()))
        file.write_bytes(os.urandom(answer.ByteSize() + 5))
        daemon = self.server.daemon
        return (Target(daemon.url + FIND, daemon.process.pid, body),
                Target(f"{self.nghttpd.url}/{file.name}", self.nghttpd.process.pid, body), answer)

    def measure(self, targets: tuple[Target, Target], streams: int) -> list[Figures]:
        """Medians of both, taken in turn so that both see the same machine."""
        connections, seconds = self.options.connections, self.options.seconds
        runs: list[list[Figures]] = [[], []]
        for target in targets:
            target.run(connections, streams, 0.2)
        for _ in range(self.options.repeats):
            for target, kept in zip(targets, runs):
                kept.append(target.run(connections, streams, seconds))
        return [Figures.median(kept) for kept in runs]

    def run(self, sender: str, countries: list[str]) -> None:
        say(f"  {'request':12} {'eligible':>8} {'bytes':>6} {'-m':>3} | {'req/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7} "
            f"| nghttpd: {'req/s':>8} {'p99 ms':>7} {'CPU us':>7} | CPU ratio")
        for number, (name, request) in enumerate(cases.requests(sender, countries).items()):
            ours, theirs, answer = self.targets(number, name, request)
            for streams in STREAMS:
                mine, file = self.measure((ours, theirs), streams)
                say(f"  {name:12} {answer.eligible:8,} {answer.ByteSize() + 5:6,} {streams:3} | {mine.per_second:8,.0f} {mine.p50_ms:7.2f} "
                    f"{mine.p99_ms:7.2f} {mine.cpu_us:7.1f} |          {file.per_second:8,.0f} {file.p99_ms:7.2f} {file.cpu_us:7.1f} "
                    f"| {mine.cpu_us / file.cpu_us:9.2f}")
                if mine.failed or self.server.not_ok():
                    raise AssertionError(f"{name}: {mine.failed} failed in h2load, {self.server.not_ok():.0f} calls not OK")
        self.nghttpd.stop()


def measure_visibility(server: Server) -> None:
    """How long a change takes from being sent to being in answers, on a server that answers nobody else.

    Each is sent as soon as the last one shows, so it may wait out the rest that the server takes between snapshots.
    """
    host = server.client.call("GetOrganisation", {"id": "load/h0000000"}).offers[0]
    total, after, begun, published = [], [], time.monotonic(), server.published()
    spent = cpu_us(server.daemon.process.pid)
    for number in range(VISIBLE_CHANGES):
        if time.monotonic() - begun > VISIBLE_SECONDS:
            break
        host.title = f"Placement, version {number}"
        request = registry_pb2.ApplyRequest(registry="load", changes=[{"upsert": {"offer": host}}])
        sent = time.monotonic()
        revision = server.client.call("Apply", request).revision
        written = time.monotonic()
        answer = server.client.call("GetOrganisation", {"id": "load/h0000000", "minRevision": revision}, timeout=30)
        seen = time.monotonic()
        if answer.offers[0].title != host.title:
            raise AssertionError(f"revision {answer.revision} doesn't show the change of {revision}")
        total.append(seen - sent)
        after.append(seen - written)
    total.sort(), after.sort()
    say(f"  a change is in answers {1000 * percentile(total, 0.5):.1f} ms (p50), {1000 * percentile(total, 0.99):.1f} ms (p99) after it was "
        f"sent, {1000 * percentile(after, 0.5):.1f} and {1000 * percentile(after, 0.99):.1f} ms after Apply answered ({len(total)} changes)")
    spent = cpu_us(server.daemon.process.pid) - spent
    say(f"  a snapshot takes {server.mean_publish_ms(published):.1f} ms; the server spends {spent / 1000 / len(total):.1f} ms of CPU on a change")


def first_sender(changes) -> str:
    """An organisation that sends and has a partnership."""
    for change in changes:
        if change.upsert.WhichOneof("kind") == "partnership":
            return change.upsert.partnership.organisation_ids[0]
    raise AssertionError("no partnership in the registry")


def run_registry(postgres: harness.Postgres, title: str, registry: str, changes, options) -> None:
    say(f"\n{title}")
    kept, changes = itertools.tee(changes) if registry == "sample" else (None, changes)
    sender = first_sender(kept) if kept else "load/s000000"
    server = Server(postgres, registry)
    server.load(changes)
    Bench(server, options).run(sender, NARROW_COUNTRIES[registry])
    if registry == "load":
        measure_visibility(server)
    server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=100_000, help="generated hosts")
    parser.add_argument("--seconds", type=float, default=1.6, help="of one measurement")
    parser.add_argument("--repeats", type=int, default=3, help="measurements whose median is taken")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--skip-sample", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()
    say(f"h2load -c {options.connections}, {options.repeats} x {options.seconds} s, medians; {os.cpu_count()} processors, load "
        f"{os.getloadavg()[0]:.1f} at the start")
    postgres = harness.Postgres(shared_buffers="'128MB'", max_wal_size="'2GB'")
    if not options.skip_sample:
        run_registry(postgres, "the sample", "sample", sample_changes(), options)
    run_registry(postgres, f"{options.hosts:,} generated hosts", "load", make_registry.changes(options.hosts), options)
    say(f"\nall in {time.monotonic() - begun:.0f} s, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
