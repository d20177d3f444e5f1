"""The snapshot file: a restart starts from it, follows what came since, and throws it away when in doubt."""
from __future__ import annotations

import os
import pathlib
import shutil
import tempfile

import harness


def organisation(name: str, **fields) -> dict:
    return {"organisation": {"id": name, "name": name, "country": "ES", "roles": ["ROLE_HOSTING"], **fields}}


def offer(name: str, owner: str, **fields) -> dict:
    return {"offer": {"id": name, "organisationId": owner, "title": name, **fields}}


class Snapshots(harness.Case):
    """Each test starts and stops daemons of its own on a database of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        super(harness.Case, cls).setUpClass()
        cls.postgres = harness.shared_postgres()

    @classmethod
    def tearDownClass(cls) -> None:
        super(harness.Case, cls).tearDownClass()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=harness.work_folder()))
        self.file = self.folder / "records.snapshot"
        self.database = self.postgres.create_database()
        self.daemon = self.client = None

    def tearDown(self):
        if self.daemon:
            self.stop()

    def start(self, *flags: str, database: str = "", file: bool = True) -> harness.Daemon:
        flags = (*flags, "--snapshot-file", str(self.file)) if file else flags
        self.daemon = harness.Daemon(self.postgres.conninfo(database or self.database), *flags).start()
        self.client = harness.Client(self.daemon.target)
        return self.daemon

    def stop(self) -> None:
        self.client.close()
        daemon, self.daemon = self.daemon, None
        self.assertEqual(0, daemon.stop())
        self.stopped = daemon

    def fill(self) -> None:
        """Starts, writes and stops."""
        self.start()
        self.apply("a", [organisation("a/one", contact={"name": "Ana"}), organisation("a/two"), offer("a/o", "a/one")])
        answer = self.apply("b", [organisation("b/one")])
        self.client.call("ListRegistries", {"minRevision": answer.revision})
        self.stop()

    def exported(self) -> dict:
        answers = list(self.client.call("Export", {}, timeout=30))
        found = [getattr(record, record.WhichOneof("kind")) for answer in answers for record in answer.records]
        return {record.id: record.SerializeToString(deterministic=True) for record in found}

    def registries(self) -> list:
        return [registry.SerializeToString(deterministic=True)
                for registry in self.client.call("ListRegistries", {"minRevision": self.sql("SELECT newest FROM revision_line")}).registries]

    def assert_as_from_the_database(self) -> None:
        """What the running daemon holds is what one without a file reads."""
        newest = self.sql("SELECT newest FROM revision_line")
        self.client.call("ListRegistries", {"minRevision": newest})
        held, registries = self.exported(), self.registries()
        self.stop()
        self.start(file=False)
        self.assertEqual(self.exported(), held)
        self.assertEqual(self.registries(), registries)

    def events(self, name: str) -> list:
        return self.daemon.log_events(f"replica.{name}")

    def test_a_clean_stop_writes_it_for_its_owner_alone(self):
        self.fill()
        self.assertEqual(0o600, os.stat(self.file).st_mode & 0o777)
        self.assertEqual([self.file], list(self.folder.iterdir()))
        self.assertEqual(1, len(self.stopped.log_events("replica.snapshot_written")))

    def test_a_restart_starts_from_it(self):
        self.fill()
        self.start()
        read, = self.events("snapshot_read")
        self.assertEqual(4, read["records"])
        self.assert_as_from_the_database()

    def test_an_unchanged_registry_is_not_written_again(self):
        self.fill()
        self.start()
        self.stop()
        self.assertEqual([], self.stopped.log_events("replica.snapshot_written"))

    def test_changes_made_meanwhile_are_followed(self):
        self.fill()
        kept = self.file.read_bytes()
        self.start()
        self.apply("a", [organisation("a/two", city="Madrid"), organisation("a/three")], deletes=("a/o",))
        self.apply("c", [organisation("c/one")])
        self.stop()
        self.file.write_bytes(kept)
        self.start()
        self.assertEqual(1, len(self.events("snapshot_read")))
        self.assertEqual("Madrid", self.client.call("GetOrganisation", {
            "id": "a/two", "minRevision": self.sql("SELECT newest FROM revision_line")}).organisation.city)
        self.assert_as_from_the_database()

    def test_a_stop_while_new_bases_are_made_loses_nothing(self):
        self.start()
        for city in ("Madrid", "Sevilla"):  # so many that the index and the directory get new bases
            for name in "abcd":
                answer = self.apply(name, [organisation(f"{name}/{number}", city=city) for number in range(900)])
            self.client.call("ListRegistries", {"minRevision": answer.revision})
            self.stop()
            self.start()
        self.assertEqual(3600, self.events("snapshot_read")[0]["records"])
        self.assert_as_from_the_database()

    def test_a_damaged_file_is_thrown_away(self):
        self.fill()
        kept = bytearray(self.file.read_bytes())
        for at in (3, 100, len(kept) // 2, len(kept) - 1):
            damaged = bytearray(kept)
            damaged[at] ^= 0x10
            self.file.write_bytes(damaged)
            self.start()
            self.assertEqual(1, len(self.events("snapshot_refused")), f"byte {at}")
            self.assertEqual({"a/one", "a/two", "a/o", "b/one"}, set(self.exported()))
            self.stop()
            self.assertEqual(1, len(self.stopped.log_events("replica.snapshot_written")), "a good one takes its place")

    def test_a_cut_file_and_one_of_something_else_are_thrown_away(self):
        self.fill()
        kept = self.file.read_bytes()
        for content in (kept[:-1], kept[:50], b"", b"something else\n" * 100):
            self.file.write_bytes(content)
            self.start()
            self.assertEqual(1, len(self.events("snapshot_refused")))
            self.assertEqual({"a/one", "a/two", "a/o", "b/one"}, set(self.exported()))
            self.stop()

    def test_another_databases_file_is_thrown_away(self):
        self.fill()
        other = self.postgres.create_database()
        self.start(database=other)
        self.assertEqual([], self.events("snapshot_read"))
        self.assertEqual({}, self.exported())

    def test_a_file_of_a_former_epoch_is_thrown_away(self):
        self.fill()
        self.sql("UPDATE revision_line SET epoch = 'another'")
        self.start()
        self.assertEqual([], self.events("snapshot_read"))
        self.assert_as_from_the_database()

    def test_a_database_that_went_back_in_time_gets_a_new_epoch(self):
        self.fill()
        epoch = self.sql("SELECT epoch FROM revision_line")
        self.sql("DELETE FROM revision WHERE revision = (SELECT newest FROM revision_line)")
        self.sql("UPDATE revision_line SET newest = newest - 1")
        self.start()
        self.assertEqual([], self.events("snapshot_read"))
        self.assertNotEqual(epoch, self.sql("SELECT epoch FROM revision_line"))

    def test_a_log_that_does_not_reach_back_is_no_reason_for_a_new_epoch(self):
        self.fill()
        kept, epoch = self.file.read_bytes(), self.sql("SELECT epoch FROM revision_line")
        self.start()
        self.apply("a", [organisation("a/two", city="Madrid")])
        self.stop()
        self.file.write_bytes(kept)
        self.sql("UPDATE revision_line SET trimmed = newest")
        self.start()
        self.assertEqual([], self.events("snapshot_read"))
        self.assertEqual(epoch, self.sql("SELECT epoch FROM revision_line"))
        self.assert_as_from_the_database()

    def test_after_a_vocabulary_has_changed_all_is_loaded(self):
        self.fill()
        kept = self.file.read_bytes()
        self.start()
        self.apply("a", [organisation("a/two", city="Madrid")])
        self.stop()
        self.sql("UPDATE revision SET vocabulary = true WHERE revision = (SELECT newest FROM revision_line)")
        self.file.write_bytes(kept)
        self.start()
        self.assertEqual([], self.events("snapshot_read"))
        self.assert_as_from_the_database()

    def test_a_folder_that_is_not_there_does_not_keep_it_from_serving(self):
        shutil.rmtree(self.folder)
        self.start()
        self.apply("a", [organisation("a/one")])
        self.stop()
        self.assertEqual(1, len(self.stopped.log_events("replica.snapshot_failed")))
