"""A daemon on a filled database, and load on it: what compare and steady stand on."""
from __future__ import annotations

import json
import pathlib
import subprocess
import time

import harness

import world
from h2load import cpu_us, grpc_frame, memory_bytes

FIND = "/partner.v1.MatchService/FindHosts"
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

    def count_hosts(self) -> int:
        """Those that make_registry was asked for."""
        return int(self.query("SELECT count(*) FROM organisation WHERE id LIKE 'load/h%'")[0][0])


class Start:
    """A daemon on the database, and how long it took to its first answer."""

    def __init__(self, database: Database, file: pathlib.Path, request=None, flags: tuple = ()):
        begun = time.monotonic()
        self.daemon = harness.Daemon(database.conninfo, "--snapshot-file", str(file), *flags).start(ready=False)
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


class Job:
    """A program of the build under way that will print one line of JSON."""

    def __init__(self, program: str, *arguments):
        self.name, self.failure = program, ""
        self.process = subprocess.Popen([str(part) for part in (harness.BUILD / program, *arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        harness.atexit.register(self.stop)

    def figures(self, seconds: float) -> dict:
        """Waits for them; a program that says an answer failed fails the run."""
        figures = self.figures_or_failed(seconds)
        if self.failure:
            raise AssertionError(self.failure)
        return figures

    def figures_or_failed(self, seconds: float) -> dict:
        """The same, but the caller looks whether `failure` says something."""
        out, errors = self.process.communicate(timeout=seconds)
        if self.process.returncode != 0:
            self.failure = f"{self.name}: {out}{errors}".strip()
            if not out:
                raise AssertionError(self.failure)
        return json.loads(out)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def begin_load(port: int, path: str, file: pathlib.Path, pid: int, *options) -> Job:
    return Job("load_client", port, path, file, "--pid", pid, *options)


def load(*arguments) -> dict:
    return begin_load(*arguments).figures(3600)


def times(figures: dict) -> str:
    return f"p50 {figures['p50_ms']:.2f}, p90 {figures['p90_ms']:.2f}, p99 {figures['p99_ms']:.2f} (median second {figures['p99_second_ms']:.2f}), p99.9 {figures['p999_ms']:.2f} ms"


def work_folder(name: str) -> pathlib.Path:
    """The command's own, with the world in it."""
    folder = harness.work_folder() / name
    folder.mkdir(exist_ok=True)
    with open(folder / "world.tsv", "w", encoding="utf-8") as file:
        world.write(file)
    return folder


def write_requests(file: pathlib.Path, requests) -> pathlib.Path:
    with open(file, "wb") as out:
        for request in requests:
            out.write(grpc_frame(request.SerializeToString()))
    return file


def make_postgres() -> harness.Postgres:
    return harness.Postgres(shared_buffers="'2GB'", max_wal_size="'8GB'", wal_level="minimal", max_wal_senders="0", work_mem="'64MB'")


def make(postgres: harness.Postgres, hosts: int, folder: pathlib.Path) -> Database:
    database = Database(postgres.conninfo(postgres.create_database()), folder)
    run(harness.BUILD / "partnerd", "--database", database.conninfo, "--migrate")
    begun = time.monotonic()
    run("nice", harness.BUILD / "make_registry", database.conninfo, folder / "world.tsv", hosts)
    say(f"  made in {time.monotonic() - begun:.0f} s")
    return database
