"""Kills daemons and databases while others write, and holds what is there at the end against a record of what was acknowledged.

Writers apply and push with request ids, and send again, the same with the same id, until they have an answer; each notes the
answer in a file of its own before it goes on. A second server follows the first. Every write makes records that no other one
makes, so that the change log tells whether it happened once.
"""
from __future__ import annotations

import json
import os
import pathlib
import random
import threading
import time

import grpc

import harness
from sample import offer, organisation
from test_federation import Server, records_of

KEPT = 15  # writes of which the records stay; those before are deleted
WORTH_ANOTHER = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "UNKNOWN", "CANCELLED", "RESOURCE_EXHAUSTED", "ABORTED"}


class Writer(threading.Thread):
    """One write after the other, each until it is answered."""

    def __init__(self, server: Server, name: str, seed: str):
        super().__init__(name=name)
        self.server, self.dice = server, random.Random(seed + name)
        self.registry = name
        self.file = harness.work_folder() / f"acknowledged-{os.getpid()}-{name}.jsonl"
        self.over = threading.Event()
        self.client = harness.Client(server.daemon.target)
        self.number = self.retries = 0
        self.fault: str | None = None

    def keys(self, number: int) -> list[str]:
        return [f"{number}-{part}" for part in range(1 + number % 7)]

    def changes(self, number: int) -> list[dict]:
        made = [{"upsert": organisation(key, self.registry, city=f"write {number}")} for key in self.keys(number)]
        made.append({"upsert": offer(f"{number}-offer", self.keys(number)[0], self.registry)})
        if number >= KEPT:
            old = number - KEPT
            made += [{"deleteId": f"{self.registry}/{key}"} for key in [f"{old}-offer", *self.keys(old)]]
        return made

    def content(self, number: int):
        raise NotImplementedError

    def run(self) -> None:
        with open(self.file, "w", encoding="utf-8") as record:
            while not self.over.is_set() and not self.fault:
                answer = self.write(self.number)
                if answer is None:
                    break
                self.check(answer)
                record.write(json.dumps({"number": self.number, "revision": answer.revision}) + "\n")
                record.flush()
                os.fsync(record.fileno())
                self.number += 1
        self.client.close()

    def check(self, answer) -> None:
        made = len(self.keys(self.number)) + 1
        gone = len(self.keys(self.number - KEPT)) + 1 if self.number >= KEPT else 0
        tally = answer.tally
        if (tally.created, tally.deleted, tally.updated, tally.rejected) != (made, gone, 0, 0):
            self.fault = f"write {self.number} of {self.name} was answered {tally}, not {made} created and {gone} deleted"

    def write(self, number: int):
        method, content = self.content(number)
        while True:
            try:
                return self.client.call(method, content, timeout=10)
            except grpc.RpcError as error:
                self.retries += 1
                if error.code().name not in WORTH_ANOTHER:
                    self.fault = f"write {number} of {self.name}: {error.code().name}: {error.details()}"
                    return None
                time.sleep(self.dice.uniform(0.02, 0.1))


class Applier(Writer):
    def content(self, number: int):
        return "Apply", {"registry": self.registry, "changes": self.changes(number), "requestId": f"{self.name} {number}"}


class Pusher(Writer):
    def content(self, number: int):
        options = {"registry": self.registry, "requestId": f"{self.name} {number}"}
        return "Push", [{"options": options}] + [{"change": change} for change in self.changes(number)]


class Crashes:
    """The servers, the writers, and whoever kills."""

    def __init__(self, seed: str):
        self.dice = random.Random(seed)
        self.clusters = [harness.Postgres(), harness.Postgres()]
        self.first = Server("first", self.clusters[0])
        self.second = Server("second", self.clusters[1]).follows("first", self.first)
        self.servers = [self.first, self.second]
        self.first.start()
        self.writers = [Applier(self.first, "apply-a", seed), Applier(self.first, "apply-b", seed),
                        Pusher(self.first, "push-a", seed)]
        for writer in self.writers:
            self.first.create(writer.registry)
        self.second.start()

    def close(self) -> None:
        for writer in self.writers:
            writer.over.set()
        for server in self.servers:
            server.close()
        for cluster in self.clusters:
            cluster.remove()

    def run(self, kills: int, stops: int) -> None:
        """So many kills of a daemon, and immediate stops of a database, in a random order."""
        blows = ["kill"] * kills + ["stop"] * stops
        self.dice.shuffle(blows)
        for writer in self.writers:
            writer.start()
        for number, blow in enumerate(blows):
            self.wait_for_progress()
            server = self.dice.choice(self.servers)
            time.sleep(self.dice.uniform(0, 0.15))
            if blow == "kill":
                server.daemon.kill()
                server.daemon.start(ready=False)
            else:
                server.postgres.stop("immediate")
                server.postgres.start()
            if number % 25 == 24:
                print(f"        {number + 1} of {len(blows)}: {self.count()} writes, {sum(w.retries for w in self.writers)} sent"
                      " again", flush=True)
        self.wait_for_progress()
        for writer in self.writers:
            writer.over.set()
        for writer in self.writers:
            writer.join(120)

    def count(self) -> int:
        return sum(writer.number for writer in self.writers)

    def wait_for_progress(self) -> None:
        """Writes go on; what is killed is at work."""
        before = self.count()
        harness.wait_until(lambda: self.count() > before or any(writer.fault for writer in self.writers), 60, "writes go on")

    # ---- what is there at the end ----

    def check(self) -> dict:
        faults = [writer.fault for writer in self.writers if writer.fault]
        assert not faults, faults[0]
        for server in self.servers:
            server.daemon.wait_ready(60)
        for writer in self.writers:
            self.check_writer(writer)
        self.check_line(self.first)
        self.check_line(self.second)
        self.check_follower()
        return {"writes": self.count(), "sent again": sum(writer.retries for writer in self.writers)}

    def check_writer(self, writer: Writer) -> None:
        """Each acknowledged write is in the log once, whole, at the revision that was answered."""
        noted = {entry["number"]: entry["revision"] for entry in
                 map(json.loads, pathlib.Path(writer.file).read_text(encoding="utf-8").splitlines())}
        assert sorted(noted) == list(range(writer.number)), f"{writer.name} noted {len(noted)} of {writer.number}"
        rows = self.first.sql("SELECT v.revision, l.id, l.message IS NULL FROM change_log l JOIN revision v USING (change_set)"
                              f" WHERE l.kind < 10 AND l.id LIKE '{writer.registry}/%' ORDER BY 1, 2").splitlines()
        found: dict[int, list[tuple[str, bool]]] = {}
        for row in rows:
            revision, name, is_gone = row.split("\t")
            found.setdefault(int(revision), []).append((name.split("/")[1], is_gone == "t"))
        assert sorted(found) == sorted(noted.values()), f"{writer.name}: revisions that nobody was told of, or that are lost: " \
            f"{set(found) ^ set(noted.values())}"
        for number, revision in noted.items():
            made = [(key, False) for key in [*writer.keys(number), f"{number}-offer"]]
            if number >= KEPT:
                made += [(key, True) for key in [*writer.keys(number - KEPT), f"{number - KEPT}-offer"]]
            assert sorted(made) == sorted(found[revision]), f"{writer.name}: write {number} is not whole at {revision}"
        left = {f"{writer.registry}/{key}" for number in range(max(0, writer.number - KEPT), writer.number)
                for key in [*writer.keys(number), f"{number}-offer"]}
        assert left == set(self.first.sql(f"SELECT id FROM record WHERE registry = '{writer.registry}'").split()), writer.name

    def check_line(self, server: Server) -> None:
        """Revisions without gaps, and the log as long as they say."""
        counts = server.sql("SELECT newest, (SELECT count(*) FROM revision), (SELECT sum(change_count) FROM revision),"
                            " (SELECT count(*) FROM change_log), changes FROM revision_line").split("\t")
        assert counts[0] == counts[1] and counts[2] == counts[3] == counts[4], f"{server.name}: {counts}"

    def check_follower(self) -> None:
        harness.wait_until(lambda: records_of(self.first) == records_of(self.second), 90, "the follower has all")
        twice = self.second.sql("SELECT id FROM change_log WHERE kind < 10 AND message IS NOT NULL GROUP BY id"
                                " HAVING count(*) > 1 LIMIT 3")
        assert not twice, f"the follower has written twice: {twice}"


def run(kills: int, stops: int, seed: str) -> dict:
    crashes = Crashes(seed)
    try:
        crashes.run(kills, stops)
        return crashes.check()
    finally:
        crashes.close()
