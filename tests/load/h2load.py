"""Runs h2load against a server and says what came of it: requests a second, percentiles, the server's CPU per request."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import statistics
import struct
import subprocess
import time

import harness

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
GRPC_HEADERS = ("content-type: application/grpc", "te: trailers")


def grpc_frame(message: bytes) -> bytes:
    """A message as it lies in a gRPC body: not compressed, its length, itself."""
    return struct.pack(">BI", 0, len(message)) + message


def cpu_us(pid: int) -> float:
    """User and system time of a process with all its threads, in microseconds (to the tick, 10 ms)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def memory_bytes(pid: int, name: str = "VmRSS") -> int:
    """What a process holds in memory now (VmRSS), or held at most (VmHWM)."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no {name} of process {pid}")


@dataclasses.dataclass
class Figures:
    """Of one run, or the medians of several."""

    requests: int
    failed: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float  # of the server, per request

    @staticmethod
    def median(runs: list["Figures"]) -> "Figures":
        names = [field.name for field in dataclasses.fields(Figures)]
        return Figures(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def percentile(ordered: list[int], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclasses.dataclass
class Target:
    """A server, a path on it, and what is posted there."""

    url: str
    pid: int
    body: pathlib.Path
    headers: tuple = GRPC_HEADERS

    def run(self, connections: int, streams: int, seconds: float) -> Figures:
        """As many requests as go in that time, `streams` at once on each connection."""
        log = self.body.with_suffix(".log")
        command = ["h2load", "-t", "1", "-c", str(connections), "-m", str(streams), "-D", f"{int(seconds * 1000)}ms",
                   "-d", str(self.body), "--log-file", str(log)]
        for header in self.headers:
            command += ["-H", header]
        before, begun = cpu_us(self.pid), time.monotonic()
        done = subprocess.run([*command, self.url], capture_output=True, text=True, timeout=seconds + 30, check=False,
                              env=harness.plain_environment())
        spent, took = cpu_us(self.pid) - before, time.monotonic() - begun
        if done.returncode != 0:
            raise AssertionError(f"h2load failed: {done.stdout}{done.stderr}")
        rows = [line.split("\t") for line in log.read_text(encoding="ascii").splitlines()]
        log.unlink()
        waits = sorted(int(row[2]) for row in rows if row[1] == "200")
        if not waits:
            raise AssertionError(f"no answer from {self.url} in {took:.1f} s: {done.stdout}")
        return Figures(len(waits), len(rows) - len(waits), len(waits) / seconds, percentile(waits, 0.5) / 1000,
                       percentile(waits, 0.99) / 1000, spent / len(waits))


class Nghttpd:
    """nghttpd over a folder, in cleartext on a loopback port, with as many threads as partnerd has event loops."""

    def __init__(self, folder: pathlib.Path, threads: int):
        self.port = harness.free_port()
        self.process = subprocess.Popen(
            ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-n", str(threads), "-d", str(folder), str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.atexit.register(self.stop)
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_ready(self) -> None:
        def answers():
            try:
                with harness.socket.create_connection(("127.0.0.1", self.port), 1):
                    return True
            except OSError:
                return False
        harness.wait_until(answers, 5, "nghttpd doesn't listen")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)
