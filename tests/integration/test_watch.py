"""Export and Watch: a consistent snapshot, then every change after it, in order, each once, whole transactions."""
from __future__ import annotations

import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import threading
import time

import grpc

import harness

MIB = 1024 * 1024
TRIMMED_SOON = ("--log-least-hours", "0", "--log-trim-seconds", "1")


def organisation(name: str, **fields) -> dict:
    return {"organisation": {"id": name, "name": name, "country": "ES", "roles": ["ROLE_HOSTING"], **fields}}


def offer(name: str, owner: str, **fields) -> dict:
    return {"offer": {"id": name, "organisationId": owner, "title": name, **fields}}


def record_id(record) -> str:
    return getattr(record, record.WhichOneof("kind")).id


def changed_id(change) -> str:
    return change.delete_id or record_id(change.upsert)


class Watching(harness.Case):
    """Streams of the class's daemon."""

    streams: list

    def setUp(self):
        self.streams = []

    def tearDown(self):
        for stream in self.streams:
            stream.cancel()

    def watch(self, after: int = 0, client: harness.Client | None = None, timeout: float = 30, **fields):
        stream = (client or self.client).call("Watch", {"afterRevision": after, **fields}, timeout=timeout)
        self.streams.append(stream)
        return stream

    def take(self, stream, until: int) -> list:
        """Messages up to the one with which that revision is whole."""
        taken = []
        for answer in stream:
            taken.append(answer)
            if answer.revision >= until:
                return taken
        raise AssertionError(f"the stream ended before revision {until}")

    def changes(self, after: int, until: int, **fields) -> list:
        return [change for answer in self.take(self.watch(after, **fields), until) for change in answer.changes]

    def ended(self, stream) -> grpc.RpcError:
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in stream:
                pass
        return caught.exception

    def export(self, client: harness.Client | None = None, **fields) -> list:
        return list((client or self.client).call("Export", fields, timeout=60))

    def newest(self) -> int:
        return int(self.sql("SELECT newest FROM revision_line"))


class Streams(Watching):
    def test_an_export_gives_organisations_before_what_names_them(self):
        self.apply("order", [organisation("order/z"), offer("order/a", "order/z"), organisation("order/b"),
                             {"partnership": {"id": "order/p", "organisationIds": ["order/z", "order/b"]}},
                             {"need": {"id": "order/n", "organisationId": "order/b", "title": "n"}}])
        answer, = self.export(registries=["order"], minRevision=str(self.newest()))
        self.assertEqual(["order/b", "order/z", "order/a", "order/n", "order/p"], [record_id(r) for r in answer.records])
        self.assertEqual(self.newest(), answer.revision)
        self.assertEqual(self.sql("SELECT epoch FROM revision_line"), answer.epoch)
        self.assertTrue(all(getattr(r, r.WhichOneof("kind")).update_time.seconds > 0 for r in answer.records))

    def test_an_export_of_nothing_is_one_message(self):
        answer, = self.export(registries=["nobody"])
        self.assertEqual([], list(answer.records))
        self.assertGreaterEqual(self.newest(), answer.revision)
        self.assertTrue(answer.epoch)

    def test_a_large_export_comes_in_messages_of_at_most_a_mebibyte_and_one_revision(self):
        text = "x" * 1900
        names = [f"large/{i:04}" for i in range(3000)]
        for start in range(0, 3000, 1000):
            answer = self.apply("large", [organisation(name, strategy={"summary": text}) for name in names[start:start + 1000]])
        messages = self.export(registries=["large", "large"], minRevision=str(answer.revision))
        self.assertGreater(len(messages), 5)
        self.assertEqual(1, len({(m.revision, m.epoch) for m in messages}))
        self.assertLessEqual(max(m.ByteSize() for m in messages), MIB)
        self.assertEqual(names, [record_id(r) for m in messages for r in m.records])
        # The same of the log and of memory: a revision of several messages is whole with its last one.
        for changes in self.take(self.watch(answer.revision - 1), answer.revision), self.from_log(answer.revision - 1):
            self.assertGreater(len(changes), 3)
            self.assertLessEqual(max(m.ByteSize() for m in changes), MIB)
            self.assertEqual({answer.revision - 1}, {m.revision for m in changes[:-1]})
            self.assertEqual(names[2000:], [record_id(c.upsert) for m in changes for c in m.changes])
            self.assertEqual({answer.revision}, {c.revision for m in changes for c in m.changes})

    def from_log(self, after: int) -> list:
        """The same by a daemon that has nothing in memory yet."""
        other = harness.Daemon(self.postgres.conninfo(self.database)).start()
        client = harness.Client(other.target)
        try:
            taken = self.take(self.watch(after, client), after + 1)
            self.assertGreater(other.metrics()["partnerd_watch_log_reads_total"], 0)
            return taken
        finally:
            client.close()
            other.stop()

    def test_contacts_are_shown_to_those_who_may_see_them(self):
        contact = {"name": "Office", "email": "office@example.org"}
        revision = self.apply("contact", [organisation("contact/1", contact=contact)]).revision
        closed = harness.Daemon(self.postgres.conninfo(self.database), opened=False).start()
        nobody = harness.Client(closed.target)
        try:
            for client, shown in (self.client, "Office"), (nobody, ""):
                record, = self.export(client, registries=["contact"], minRevision=str(revision))[0].records
                self.assertEqual(shown, record.organisation.contact.name)
                change, = [c for m in self.take(self.watch(revision - 1, client), revision) for c in m.changes]
                self.assertEqual(shown, change.upsert.organisation.contact.name)
                self.assertEqual(bool(shown), change.upsert.organisation.HasField("contact"))
                self.assertEqual("contact/1", change.upsert.organisation.name)
            # And from memory, while it comes.
            streams = [self.watch(revision, client) for client in (self.client, nobody)]
            for stream in streams:
                next(stream)
            self.apply("contact", [organisation("contact/1", contact=contact, city="Vigo")])
            shown = [[c for m in self.take(s, revision + 1) for c in m.changes][0].upsert.organisation for s in streams]
            self.assertEqual(["Office", ""], [o.contact.name for o in shown])
            self.assertEqual(["Vigo", "Vigo"], [o.city for o in shown])
        finally:
            nobody.close()
            closed.stop()

    def test_same_as_is_in_an_export(self):
        self.apply("twin", [organisation("twin/1", identifiers=[{"scheme": "oid", "value": "E77777777"}])])
        revision = self.apply("other", [organisation("other/1", identifiers=[{"scheme": "oid", "value": "E77777777"}])]).revision
        record, = self.export(registries=["twin"], minRevision=str(revision))[0].records
        self.assertEqual(["other/1"], list(record.organisation.same_as))

    def test_a_watch_begins_with_a_heartbeat_and_gives_each_change_once(self):
        after = self.newest()
        stream = self.watch(after)
        first = next(stream)
        self.assertEqual((after, 0), (first.revision, len(first.changes)))
        self.assertEqual(self.sql("SELECT epoch FROM revision_line"), first.epoch)
        self.create_registry("once")
        for i in range(20):
            last = self.apply("once", [organisation(f"once/{i}"), organisation("once/a", city=f"c{i}")]).revision
        last = self.apply("once", [], deletes=("once/3",)).revision
        given = [c for m in self.take(stream, last) for c in m.changes]
        self.assertEqual([name for i in range(20) for name in (f"once/{i}", "once/a")] + ["once/3"],
                         [changed_id(c) for c in given])
        self.assertEqual("delete_id", given[-1].WhichOneof("kind"))
        self.assertEqual(sorted(c.revision for c in given), [c.revision for c in given])
        self.assertEqual(given, self.changes(after, last))  # again, from memory at once
        self.assertEqual(given, [c for m in self.from_log_until(after, last) for c in m.changes])

    def from_log_until(self, after: int, until: int) -> list:
        other = harness.Daemon(self.postgres.conninfo(self.database)).start()
        client = harness.Client(other.target)
        try:
            return self.take(self.watch(after, client), until)
        finally:
            client.close()
            other.stop()

    def test_a_filter_hides_the_others_whose_revisions_pass_in_heartbeats(self):
        self.create_registry("seen")
        self.create_registry("hidden")
        after = self.newest()
        stream = self.watch(after, registries=["seen"], heartbeatSeconds=1)
        self.apply("hidden", [organisation("hidden/1")])
        self.apply("seen", [organisation("seen/1")])
        hidden = self.apply("hidden", [organisation("hidden/2")]).revision
        taken = self.take(stream, hidden)
        self.assertEqual(["seen/1"], [changed_id(c) for m in taken for c in m.changes])
        self.create_registry("later")  # shows as a revision that has passed
        self.assertEqual([], [c for m in self.take(stream, hidden + 1) for c in m.changes])

    def test_what_no_longer_or_not_yet_is_there_is_out_of_range(self):
        newest = self.newest()
        refused = self.refused("OUT_OF_RANGE", "Watch", {"afterRevision": str(newest + 1)})
        self.assertEqual("REVISION_UNKNOWN", refused["reason"])
        self.assertIn(f"oldest that is taken is 0, the newest {newest}", refused["message"])
        refused = self.refused("OUT_OF_RANGE", "Watch", {"afterRevision": "1", "epoch": "another"})
        self.assertEqual("EPOCH_CHANGED", refused["reason"])
        self.refused("INVALID_ARGUMENT", "Watch", {"registries": ["Not One"]})
        self.refused("INVALID_ARGUMENT", "Watch", {"heartbeatSeconds": 3601})
        self.refused("INVALID_ARGUMENT", "Export", {"registries": ["x" * 33]})
        self.refused("DEADLINE_EXCEEDED", "Export", {"minRevision": str(newest + 1000)}, timeout=0.5)

    def test_a_transaction_held_open_while_later_ones_commit_is_not_lost(self):
        self.create_registry("held")
        after = self.newest()
        stream = self.watch(after)
        held = subprocess.Popen([harness.PG_BIN / "psql", "-X", "-q", "-A", "-t", "-d", self.postgres.conninfo(self.database)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=harness.plain_environment())
        held.stdin.write("BEGIN; SELECT nextval('change_set') AS c \\gset\n"
                         "INSERT INTO change_log (change_set, ordinal, kind, id) VALUES (:c, 0, 1, 'held/gone');\n\\echo begun\n")
        held.stdin.flush()
        self.assertEqual("begun", held.stdout.readline().strip())
        later = self.apply("held", [organisation("held/1")]).revision
        self.assertEqual(["held/1"], [changed_id(c) for m in self.take(stream, later) for c in m.changes])
        held.stdin.write("WITH line AS (UPDATE revision_line SET newest = newest + 1, changes = changes + 1 RETURNING newest, changes)\n"
                         "INSERT INTO revision (revision, change_set, time, change_count, vocabulary, total)\n"
                         "SELECT newest, :c, now(), 1, false, changes FROM line; COMMIT;\n")
        held.stdin.close()
        held.wait(10)
        held.stdout.close()
        last = self.apply("held", [organisation("held/2")]).revision
        self.assertEqual(["held/gone", "held/2"], [changed_id(c) for m in self.take(stream, last) for c in m.changes])

    def test_a_stop_of_the_daemon_ends_watches_at_once(self):
        other = harness.Daemon(self.postgres.conninfo(self.database), "--drain-ms", "3600000").start()
        client = harness.Client(other.target)
        stream = self.watch(self.newest(), client)
        next(stream)
        ends: list[int] = []
        stopper = threading.Thread(target=lambda: ends.append(other.stop()))
        stopper.start()
        error = self.ended(stream)
        stopper.join()
        client.close()
        self.assertEqual(grpc.StatusCode.UNAVAILABLE, error.code())
        self.assertEqual([0], ends)


class SlowReaders(Watching):
    daemon_flags = ("--stream-stalled-ms", "1500", "--watch-memory-bytes", "1048576")

    def test_a_reader_that_takes_nothing_costs_little_and_is_told_where_to_go_on(self):
        text = "x" * 1900
        for start in range(0, 6000, 1000):
            last = self.apply("slow", [organisation(f"slow/{i}", strategy={"summary": text})
                                       for i in range(start, start + 1000)]).revision
        streams = [self.watch(1) for _ in range(20)]
        first = [next(stream) for stream in streams]
        self.assertEqual({1}, {m.revision for m in first})
        harness.wait_until(lambda: self.daemon.metrics()["partnerd_watchers"] == 0, 10, "slow readers are not ended")
        error = self.ended(streams[0])
        self.assertEqual(grpc.StatusCode.RESOURCE_EXHAUSTED, error.code())
        self.assertEqual("READER_TOO_SLOW", harness.fault_details(error)["reason"])
        after = int(error.details().rsplit(" ", 1)[1])
        self.assertEqual(last - after, len({c.revision for c in self.changes(after, last)}))
        with open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii") as status:
            peak = [int(line.split()[1]) for line in status if line.startswith("VmHWM")][0]
        if harness.PRESET == "release":
            self.assertLess(peak, 250 * 1024)

    def test_a_slow_export_is_ended(self):
        self.apply("still", [organisation(f"still/{i}", strategy={"summary": "x" * 1900}) for i in range(2000)])
        narrow = harness.Client(self.daemon.target, options=(("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536)))
        stream = narrow.call("Export", {"registries": ["still"], "minRevision": str(self.newest())}, timeout=30)
        next(stream)
        ended = 'partnerd_rpc_total{method="Export",code="RESOURCE_EXHAUSTED"}'
        harness.wait_until(lambda: self.daemon.metrics().get(ended), 10, "it is not ended")
        self.assertEqual(grpc.StatusCode.RESOURCE_EXHAUSTED, self.ended(stream).code())
        narrow.close()


class Trimmed(Watching):
    daemon_flags = (*TRIMMED_SOON, "--log-keep-changes", "100", "--watch-memory-bytes", "65536")

    def test_a_trimmed_revision_is_out_of_range_and_the_rest_goes_on(self):
        for i in range(60):
            last = self.apply("trim", [organisation(f"trim/{j}", city=f"c{i}") for j in range(5)]).revision
        harness.wait_until(lambda: int(self.sql("SELECT trimmed FROM revision_line")) == last - 20, 10, "it is not trimmed")
        refused = self.refused("OUT_OF_RANGE", "Watch", {"afterRevision": str(last - 21)})
        self.assertEqual("REVISION_TRIMMED", refused["reason"])
        self.assertIn(f"oldest that is taken is {last - 20}, the newest {last}", refused["message"])
        self.assertEqual(100, len(self.changes(last - 20, last)))
        harness.wait_until(lambda: int(self.sql("SELECT count(*) FROM change_log")) == 100, 10, "rows stay in the log")
        metrics = self.daemon.metrics()
        self.assertEqual((last - 20, 100), (metrics["partnerd_log_trimmed_revision"], metrics["partnerd_log_changes"]))
        # Records keep revision and time though their log is gone, also after a new load.
        other = harness.Daemon(self.postgres.conninfo(self.database)).start()
        client = harness.Client(other.target)
        self.assertEqual([last] * 5, [r.organisation.revision for m in self.export(client, registries=["trim"])
                                      for r in m.records])
        client.close()
        other.stop()

    def test_a_long_revision_is_removed_in_steps(self):
        self.apply("long", [organisation(f"long/{i}") for i in range(9000)])
        for i in range(30):
            last = self.apply("long", [organisation(f"long/{j}", city=f"c{i}") for j in range(5)]).revision
        harness.wait_until(lambda: int(self.sql("SELECT emptied FROM log_trim")) == last - 20, 20, "it is not emptied")
        self.assertEqual("100", self.sql("SELECT count(*) FROM change_log"))


class Promised(Watching):
    daemon_flags = ("--log-trim-seconds", "1", "--log-keep-changes", "0", "--log-keep-days", "0")

    def test_what_is_promised_is_never_trimmed(self):
        last = self.apply("keep", [organisation("keep/1")]).revision
        harness.wait_until(lambda: self.daemon.metrics()["partnerd_log_changes"] >= 2, 10, "the trimmer has not looked")
        self.sql("UPDATE revision SET time = now() - interval '169 hours' WHERE revision = 1")
        harness.wait_until(lambda: self.sql("SELECT trimmed FROM revision_line") == "1", 10, "it is not trimmed")
        self.assertEqual(["keep/1"], [changed_id(c) for c in self.changes(1, last)])


class Epochs(Watching):
    def test_another_epoch_ends_streams_and_refuses_cursors(self):
        revision = self.apply("epoch", [organisation("epoch/1")]).revision
        old = self.export(minRevision=str(revision))[0].epoch
        stream = self.watch(revision, epoch=old)
        next(stream)
        done = subprocess.run([str(harness.BUILD / "partnerd"), "--database", self.daemon.conninfo, "--new-epoch"],
                              capture_output=True, text=True, timeout=30, check=True, env=harness.plain_environment())
        error = self.ended(stream)
        self.assertEqual(grpc.StatusCode.OUT_OF_RANGE, error.code())
        self.assertEqual("EPOCH_CHANGED", harness.fault_details(error)["reason"])
        self.assertEqual("EPOCH_CHANGED",
                         self.refused("OUT_OF_RANGE", "Watch", {"afterRevision": str(revision), "epoch": old})["reason"])
        harness.wait_until(lambda: self.export()[0].epoch == done.stdout.strip() != old, 10, "the epoch stays")

    def test_a_copy_of_the_database_has_another_epoch(self):
        self.apply("copy", [organisation("copy/1")])
        old = self.sql("SELECT epoch FROM revision_line")
        self.daemon.stop()
        try:
            self.postgres.psql("postgres", f"CREATE DATABASE {self.database}_copy TEMPLATE {self.database}")
            other = harness.Daemon(self.postgres.conninfo(self.database + "_copy")).start()
            client = harness.Client(other.target)
            self.assertNotEqual(old, self.export(client)[0].epoch)
            client.close()
            other.stop()
        finally:
            self.daemon.start()
        self.assertEqual(old, self.export()[0].epoch)  # a restart is no other history


class Outages(Watching):
    own_postgres = True

    def setUp(self):
        super().setUp()
        harness.wait_until(lambda: self.daemon.metrics()["partnerd_database_reachable"] == 1, 10, "not back")
        harness.wait_until(self.writes, 10, "no writes")

    def test_an_older_state_under_a_running_daemon_is_another_history(self):
        revision = self.apply("older", [organisation("older/1")]).revision
        old = self.export(minRevision=str(revision))[0].epoch
        # The last revision is undone and another one takes its number, while nobody looks.
        self.postgres.stop("immediate")
        self.postgres.start()
        self.sql("UPDATE revision SET change_set = nextval('change_set') WHERE revision = (SELECT newest FROM revision_line)")
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'partnerd'")
        harness.wait_until(lambda: self.sql("SELECT epoch FROM revision_line") != old, 15, "nobody has found it out")

    def test_a_recovery_is_another_history(self):
        revision = self.apply("recovered", [organisation("recovered/1")]).revision
        old = self.export(minRevision=str(revision))[0].epoch
        stream = self.watch(revision, epoch=old)
        next(stream)
        self.postgres.stop()
        signal_file = self.postgres.data / "recovery.signal"
        signal_file.touch()
        owner = self.postgres.data.stat()
        os.chown(signal_file, owner.st_uid, owner.st_gid)
        with open(self.postgres.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write("restore_command = 'false'\n")
        self.postgres.start()  # goes through its own log, and comes up on a timeline of its own
        error = self.ended(stream)
        # A stream that was about to read the log itself has lost the database first; the next one is told why.
        self.assertIn(harness.fault_details(error)["reason"], ("EPOCH_CHANGED", "UNAVAILABLE"), error.details())
        harness.wait_until(lambda: self.sql("SELECT epoch FROM revision_line") != old, 10, "the epoch is the old one")
        harness.wait_until(lambda: self.daemon.metrics()["partnerd_database_reachable"] == 1, 10, "not back")
        fault = self.refused("OUT_OF_RANGE", "Watch", {"afterRevision": str(revision), "epoch": old})
        self.assertEqual("EPOCH_CHANGED", fault["reason"], fault["message"])

    def test_a_short_outage_is_not_noticed_and_a_long_one_ends_the_stream(self):
        after = self.apply("away", [organisation("away/1")]).revision
        stream = self.watch(after)
        next(stream)
        self.postgres.stop()
        self.postgres.start()
        harness.wait_until(lambda: self.daemon.metrics()["partnerd_database_reachable"] == 1, 10, "not back")
        harness.wait_until(self.writes, 10, "no writes")
        last = self.apply("away", [organisation("away/2")]).revision
        self.assertEqual("away/2", [changed_id(c) for m in self.take(stream, last) for c in m.changes][-1])
        self.postgres.stop()
        try:
            harness.wait_until(lambda: self.daemon.metrics()["partnerd_database_reachable"] == 0, 10, "still there")
            self.refused("UNAVAILABLE", "Export")
            self.refused("UNAVAILABLE", "Watch", {"afterRevision": str(after)})
            error = self.ended(stream)
        finally:
            self.postgres.start()
        self.assertEqual(grpc.StatusCode.UNAVAILABLE, error.code())
        self.assertIn(f"go on after revision {last}", error.details())
        harness.wait_until(self.writes, 10, "no writes")
        newest = self.newest()
        self.assertIn("away/2", [changed_id(c) for c in self.changes(last - 1, newest)])

    def writes(self) -> bool:
        try:
            self.apply("away", [organisation("away/w", city=str(time.monotonic()))])
            return True
        except grpc.RpcError:
            return False


class Mirror:
    """A reader that keeps what it is given at whole revisions, and begins anew where it is told to."""

    def __init__(self, case: Watching, client: harness.Client, seed: int):
        self.case, self.client, self.random = case, client, random.Random(seed)
        self.records: dict[str, bytes] = {}
        self.revision, self.epoch = -1, ""
        self.exports = self.connections = self.changes = 0

    def export(self):
        self.exports += 1
        records = {}
        for answer in self.client.call("Export", {}, timeout=60):
            for record in answer.records:
                records[record_id(record)] = self.name_of(record)
        self.records, self.revision, self.epoch = records, answer.revision, answer.epoch
        self.check_groups()

    @staticmethod
    def name_of(record) -> tuple:
        return record.organisation.name, record.organisation.revision

    def check_groups(self):
        """The members of a group are always written together, with one name."""
        groups: dict[str, set] = {}
        for name, content in self.records.items():
            groups.setdefault(name.rsplit("-", 1)[0], set()).add(content)
        torn = {group: contents for group, contents in groups.items() if len(contents) != 1}
        if torn:
            raise AssertionError(f"in part at revision {self.revision}: {torn}")

    def take(self, answer, pending: list):
        for change in answer.changes:
            last = pending[-1].revision if pending else self.revision
            if change.revision < last or change.revision <= self.revision:
                raise AssertionError(f"revision {change.revision} comes after {max(last, self.revision)}")
            pending.append(change)
        if answer.revision < self.revision or (pending and pending[-1].revision > answer.revision + 1):  # one at a time unfinished
            raise AssertionError(f"at revision {answer.revision} after {self.revision}")
        if answer.revision == self.revision:
            return
        self.revision = answer.revision
        for change in pending:
            if change.revision > self.revision:
                raise AssertionError(f"revision {change.revision} in part")
            self.changes += 1
            if change.WhichOneof("kind") == "delete_id":
                self.records.pop(change.delete_id)
            else:
                self.records[record_id(change.upsert)] = self.name_of(change.upsert)
        if pending:
            self.check_groups()
        pending.clear()

    def follow(self, done):
        """Until `done()` gives a revision and it has been reached."""
        while True:
            if self.revision < 0:
                self.export()
            self.connections += 1
            most = self.random.randint(1, 20)
            stream = self.client.call("Watch", {"afterRevision": str(self.revision), "epoch": self.epoch, "heartbeatSeconds": 1},
                                      timeout=60)
            pending: list = []
            try:
                for count, answer in enumerate(stream, 1):
                    self.take(answer, pending)
                    if done() is not None and self.revision >= done():
                        return
                    if count == most:
                        break
                    if self.random.random() < 0.01:
                        time.sleep(self.random.uniform(0, 0.5))
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.OUT_OF_RANGE:
                    self.revision = -1
                elif error.code() not in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE):
                    raise
            finally:
                stream.cancel()


class Storm(Watching):
    """Writers, readers that come and go, a log that is trimmed meanwhile, memory too small for all; and no NOTIFY arrives."""

    daemon_flags = (*TRIMMED_SOON, "--log-keep-changes", "900", "--watch-memory-bytes", "100000")
    writers, readers, transactions = 4, 3, 150

    def setUp(self):
        super().setUp()
        self.last = [0]
        self.running = 0
        self.failures: list[BaseException] = []

    def run_thread(self, target, *arguments):
        def guarded():
            try:
                target(*arguments)
            except BaseException as error:
                self.failures.append(error)
        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def write(self, number: int):
        client = harness.Client(self.daemon.target)
        chance = random.Random(number)
        here: set[int] = set()
        for i in range(self.transactions):
            group, name = chance.randrange(10), f"w{number} t{i}"
            ids = [f"storm/{number}.{group}-{k}" for k in range(3)]
            if group in here and chance.random() < 0.2:
                changes = [{"deleteId": one} for one in ids]
                here.discard(group)
            else:
                changes = [{"upsert": {"organisation": {"id": one, "name": name, "country": "ES", "roles": ["ROLE_HOSTING"]}}}
                           for one in ids]
                here.add(group)
            self.last.append(client.call("Apply", {"registry": "storm", "changes": changes}, timeout=60).revision)
        client.close()

    def storm(self) -> list[Mirror]:
        self.create_registry("storm")
        ended: list[int] = []
        clients = [harness.Client(self.daemon.target) for _ in range(self.readers)]
        mirrors = [Mirror(self, client, number) for number, client in enumerate(clients)]
        following = [self.run_thread(m.follow, lambda: ended[0] if ended else None) for m in mirrors]
        harness.wait_until(lambda: all(m.connections for m in mirrors) or self.failures, 60, "the readers do not begin")
        writing = [self.run_thread(self.write, number) for number in range(self.writers)]
        for thread in writing:
            thread.join(120 * harness.SLOW)
        ended.append(max(self.last))
        for thread in following:
            thread.join(60 * harness.SLOW)
        self.assertEqual([], self.failures)
        self.assertFalse([t for t in writing + following if t.is_alive()])
        self.assertEqual(self.writers * self.transactions, len(set(self.last)) - 1)
        truth = {record_id(r): Mirror.name_of(r) for m in self.export(minRevision=str(ended[0])) for r in m.records}
        for mirror in mirrors:
            self.assertEqual(truth, mirror.records)
        for client in clients:
            client.close()
        return mirrors

    def test_a_readers_copy_is_right_through_it_all(self):
        mirrors = self.storm()
        self.assertGreater(sum(m.connections for m in mirrors), len(mirrors))
        self.assertGreater(sum(m.changes for m in mirrors), 100)

    def test_b_with_every_notify_dropped_it_converges(self):
        self.sql(f"ALTER DATABASE {self.database} SET search_path = public, pg_catalog;"
                 "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT'")
        ours = "FROM pg_stat_activity WHERE application_name = 'partnerd' AND datname = current_database()"
        ended = self.sql(f"SELECT CASE WHEN pg_terminate_backend(pid) THEN pid END {ours}").split()
        harness.wait_until(lambda: len(set(self.sql(f"SELECT pid {ours}").split()) - set(ended)) >= len(ended), 20, "not back")
        self.transactions = 40
        self.storm()


class Example(Watching):
    """docs/examples/follow.py, as its reader would run it."""

    def follow(self, state: pathlib.Path, until: int) -> None:
        done = subprocess.run([sys.executable, str(harness.ROOT / "docs/examples/follow.py"), "--server", self.daemon.target,
                               "--state", str(state), "--until", str(until)],
                              capture_output=True, text=True, timeout=60 * harness.SLOW, check=False)
        self.assertEqual(0, done.returncode, done.stderr)

    def copied(self, state: pathlib.Path) -> dict:
        return dict(sqlite3.connect(state).execute("SELECT id, message FROM record"))

    def exported(self) -> dict:
        return {record_id(r): r.SerializeToString() for m in self.export(minRevision=str(self.newest())) for r in m.records}

    def test_the_example_keeps_a_copy(self):
        state = self.daemon.folder / "follow.db"
        last = self.apply("follow", [organisation(f"follow/{i}") for i in range(50)]).revision
        self.follow(state, last)
        self.assertEqual(self.exported(), self.copied(state))
        self.apply("follow", [organisation("follow/1", city="Vigo"), offer("follow/o", "follow/1")])
        last = self.apply("follow", [], deletes=("follow/2",)).revision
        self.follow(state, last)
        self.assertEqual(self.exported(), self.copied(state))
        self.sql("UPDATE revision_line SET epoch = 'other'")
        last = self.apply("follow", [organisation("follow/3", city="Lugo")]).revision
        harness.wait_until(lambda: self.export()[0].epoch == "other", 10, "the epoch stays")
        self.follow(state, last + 0)
        self.follow(state, self.apply("follow", [organisation("follow/3", city="Baza")]).revision)
        self.assertEqual(self.exported(), self.copied(state))
