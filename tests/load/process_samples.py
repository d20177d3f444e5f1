"""What a process does second by second: its memory, and each thread's time on a processor and in the line for one."""
from __future__ import annotations

import dataclasses
import os
import pathlib
import threading
import time

from h2load import TICK_US, memory_bytes


def thread_times(pid: int) -> dict[str, tuple[int, int]]:
    """Nanoseconds on a processor and waiting for one, by the thread's name."""
    times, names = {}, []
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir(), key=lambda path: int(path.name)):
        try:
            name = (task / "comm").read_text(encoding="ascii").strip()
            on, waiting = (task / "schedstat").read_text(encoding="ascii").split()[:2]
        except OSError:  # it has ended
            continue
        while name in times:
            name += "'"
        names.append(name)
        times[name] = (int(on), int(waiting))
    workers = [name for name in names if name.startswith("worker-")]
    if workers:  # the replica's, which makes new bases, is the last one to start
        times["bases"] = times.pop(workers[-1])
    return times


def idle_seconds() -> float:
    """Of all processors since the machine began."""
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) * TICK_US / 1e6


@dataclasses.dataclass
class Spent:
    """Shares of a processor."""

    on: float
    waiting: float


class Samples(threading.Thread):
    """One a second, from start() to stop()."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid, self.ended = pid, threading.Event()
        self.times: list[float] = []
        self.bytes: list[int] = []
        self.threads: list[dict] = []
        self.idle: list[float] = []

    def take(self) -> None:
        self.times.append(time.monotonic())
        self.bytes.append(memory_bytes(self.pid))
        self.threads.append(thread_times(self.pid))
        self.idle.append(idle_seconds())

    def run(self) -> None:
        self.take()
        while not self.ended.wait(max(0.0, self.times[0] + len(self.times) - time.monotonic())):
            self.take()

    def stop(self) -> "Samples":
        self.ended.set()
        self.join()
        self.take()
        return self

    def spent(self) -> dict[str, Spent]:
        """By thread, over the whole time; those that worked."""
        first, last, ns = self.threads[0], self.threads[-1], (self.times[-1] - self.times[0]) * 1e9
        spent = {name: Spent((on - first[name][0]) / ns, (waiting - first[name][1]) / ns)
                 for name, (on, waiting) in last.items() if name in first}
        return {name: share for name, share in spent.items() if share.on >= 0.005}

    def idle_share(self) -> float:
        """Of the whole machine's processors."""
        return (self.idle[-1] - self.idle[0]) / (self.times[-1] - self.times[0]) / (os.cpu_count() or 1)

    def minutes(self) -> list[list[int]]:
        """Bytes of each minute's samples."""
        minutes: list[list[int]] = []
        for when, held in zip(self.times, self.bytes):
            place = int((when - self.times[0]) / 60)
            while len(minutes) <= place:
                minutes.append([])
            minutes[place].append(held)
        return [minute for minute in minutes if len(minute) > 1]

    def slope(self, skip_s: float) -> float:
        """Bytes a minute, the line of least squares, without the first seconds."""
        points = [(when - self.times[0], held) for when, held in zip(self.times, self.bytes) if when - self.times[0] >= skip_s]
        middle = sum(when for when, _ in points) / len(points)
        spread = sum((when - middle) ** 2 for when, _ in points)
        return 60 * sum((when - middle) * held for when, held in points) / spread if spread else 0.0
