"""Follows a million changes: 8 writers, 3 readers that come and go, a small memory and a log that is trimmed meanwhile.

    tests/load/watch_storm [--changes 1000000] [--writers 8] [--readers 3] [--seed 1]

The readers commit at whole revisions, and are checked as they go: revisions in order, none twice, none in part. At the end each
holds what an export gives, and what the writers were told. Prints what was done; exit code 0 when all held.
"""
import argparse
import random
import threading
import time

import grpc
from partner.v1 import registry_pb2

import harness
import test_watch


class Storm(test_watch.Watching):
    daemon_flags = (*test_watch.TRIMMED_SOON, "--log-keep-changes", "60000", "--watch-memory-bytes", str(2 << 20))
    arguments: argparse.Namespace

    def write(self, number: int, target: int) -> None:
        """Changes of whole groups: their three members are always written together, with one name."""
        client = harness.Client(self.daemon.target)
        chance = random.Random(f"{self.arguments.seed} {number}")
        registry, here, count = f"storm{number}", set(), 0
        client.call("CreateRegistry", {"id": registry, "title": registry})
        while count < target:
            groups = chance.sample(range(2000), chance.choice((1, 1, 1, 10, 100, 800)))
            changes = []
            for group in groups:
                gone = group in here and chance.random() < 0.2
                (here.discard if gone else here.add)(group)
                changes += [self.change(f"{registry}/{group}-{k}", "" if gone else f"{number} {count}") for k in range(3)]
            answer = self.apply_again(client, registry, changes)
            self.acknowledged.append((answer.revision, len(changes)))
            count += len(changes)
        client.close()

    @staticmethod
    def change(name: str, title: str):
        if not title:
            return registry_pb2.Change(delete_id=name)
        organisation = registry_pb2.Organisation(id=name, name=title, country="ES", roles=[2])
        return registry_pb2.Change(upsert=registry_pb2.Record(organisation=organisation))

    def apply_again(self, client, registry: str, changes: list):
        request = registry_pb2.ApplyRequest(registry=registry, changes=changes, request_id=f"{random.random()}")
        while True:
            try:
                return client.call("Apply", request, timeout=60)
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
                    raise
                time.sleep(0.2)

    def guard(self, target, *arguments) -> threading.Thread:
        def run():
            try:
                target(*arguments)
            except BaseException as error:
                self.failures.append(repr(error))
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def test_storm(self):
        arguments, self.acknowledged, self.failures = self.arguments, [], []
        began, ended = time.monotonic(), []
        clients = [harness.Client(self.daemon.target) for _ in range(arguments.readers)]
        mirrors = [test_watch.Mirror(self, client, arguments.seed + number) for number, client in enumerate(clients)]
        following = [self.guard(m.follow, lambda: ended[0] if ended else None) for m in mirrors]
        share = arguments.changes // arguments.writers
        writing = [self.guard(self.write, number, share) for number in range(arguments.writers)]
        while any(thread.is_alive() for thread in writing):
            time.sleep(5)
            print(f"{time.monotonic() - began:6.0f} s: {sum(n for _, n in list(self.acknowledged))} changes written,"
                  f" readers at {[m.revision for m in mirrors]} of {len(self.acknowledged) + arguments.writers},"
                  f" exports {[m.exports for m in mirrors]}", flush=True)
            self.assertEqual([], self.failures)
        written_s = time.monotonic() - began
        ended.append(max(revision for revision, _ in self.acknowledged))
        for thread in following:
            thread.join(600)
        self.assertEqual([], self.failures)
        self.assertFalse([t for t in following if t.is_alive()])
        revisions = [revision for revision, _ in self.acknowledged]
        self.assertEqual(len(revisions), len(set(revisions)))
        truth = {test_watch.record_id(r): test_watch.Mirror.name_of(r)
                 for m in self.export(minRevision=str(ended[0])) for r in m.records}
        for mirror in mirrors:
            self.assertEqual(truth, mirror.records)
        print({"changes": sum(n for _, n in self.acknowledged), "revisions": ended[0], "records": len(truth),
               "written_s": round(written_s, 1), "changes_by_reader": [m.changes for m in mirrors],
               "connections": [m.connections for m in mirrors], "exports": [m.exports for m in mirrors],
               "log_reads": self.daemon.metrics()["partnerd_watch_log_reads_total"], "trimmed": self.sql("SELECT trimmed FROM revision_line")})


if __name__ == "__main__":
    import unittest
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=1000000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    Storm.arguments = parser.parse_args()
    raise SystemExit(not unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Storm)).wasSuccessful())
