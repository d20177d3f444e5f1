"""`partner export` and `partner watch`: files and pipes, states, restarts of the server, databases that are replaced, signals."""
from __future__ import annotations

import json
import os
import pathlib
import select
import signal
import subprocess

import harness
import sample


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


class Watcher:
    """A `partner watch` that runs."""

    def __init__(self, case: harness.Case, *arguments, server: str = "", stdout=subprocess.PIPE):
        self.process = subprocess.Popen(
            [str(harness.BUILD / "partner"), "--server", server or case.daemon.url, "watch", *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=case.daemon.environment, cwd=case.daemon.folder)
        self.pending = b""
        case.addCleanup(self.end)

    def line(self) -> dict:
        """The next one."""
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], 20 * harness.SLOW)
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not part:
                raise AssertionError(f"no line came: {self.end()}")
            self.pending += part
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def told(self, words: str) -> str:
        """Standard error's next line with these words."""
        while True:
            ready, _, _ = select.select([self.process.stderr], [], [], 20 * harness.SLOW)
            line = self.process.stderr.readline().decode() if ready else ""
            if not line:
                raise AssertionError(f"'{words}' was not told")
            if words in line:
                return line

    def end(self, number: int = signal.SIGINT) -> str:
        """What it told after what was read; its exit code is in `process`."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(20 * harness.SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        errors = "" if self.process.stderr.closed else self.process.stderr.read().decode()
        self.process.stderr.close()
        if self.process.stdout:
            self.process.stdout.close()
        if harness.SANITIZER.search(errors):
            raise AssertionError(errors)
        return errors


class Exporting(sample.Case):
    def export(self, *arguments, code: int = 0, **options) -> subprocess.CompletedProcess:
        done = self.partner("export", "--min-revision", str(self.revision), *arguments, **options)
        self.assertEqual(code, done.returncode, done.stderr)
        return done

    def test_each_record_is_a_line_and_organisations_come_first(self):
        done = self.export()
        kinds = [next(iter(record)) for record in lines_of(done.stdout)]
        self.assertEqual(2450, len(kinds))
        self.assertEqual(400, kinds.index(next(kind for kind in kinds if kind != "organisation")))
        self.assertRegex(done.stderr, r"^2450 records at revision \d+, epoch \S+\ngo on with: partner watch --after \d+ --epoch \S+\n$")

    def test_a_file_holds_it_and_apply_finds_it_unchanged(self):
        path = self.daemon.folder / "all.jsonl"
        self.assertEqual("", self.export("-o", path).stdout)
        self.assertEqual([], list(self.daemon.folder.glob("all.jsonl.*")))
        done = self.partner("apply", path, timeout=60)
        self.assertEqual({"unchanged": "2450"}, json.loads(done.stdout)["tally"], done.stderr)

    def test_a_dash_is_standard_output(self):
        self.assertEqual(2450, len(self.export("-o", "-").stdout.splitlines()))

    def test_a_file_keeps_its_mode_and_a_link_stays_a_link(self):
        path, link = self.daemon.folder / "private.jsonl", self.daemon.folder / "link.jsonl"
        path.write_text("old\n", encoding="ascii")
        os.chmod(path, 0o600)
        link.symlink_to(path)
        self.export("-o", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.assertEqual(2450, len(path.read_text(encoding="utf-8").splitlines()))

    def test_what_is_no_file_is_written_and_stays_what_it_is(self):
        self.export("-o", "/dev/null")
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def test_one_registry_alone_is_exported(self):
        self.apply("xb", [sample.organisation("one", "xb")])
        done = self.export("--registry", "xb", "--min-revision", str(self.partner_revision()))
        self.assertEqual(["xb/one"], [record["organisation"]["id"] for record in lines_of(done.stdout)])

    def partner_revision(self) -> int:
        return int(self.sql("SELECT max(revision) FROM revision"))

    def test_a_registry_that_is_not_there_is_told(self):
        done = self.export("--registry", "sampel")
        self.assertIn("there is no registry 'sampel' here yet; did you mean 'sample'?", done.stderr)
        self.assertIn("0 records", done.stderr)

    def test_a_server_that_is_away_leaves_the_old_file(self):
        path = self.daemon.folder / "kept.jsonl"
        path.write_text("old\n", encoding="ascii")
        self.export("-o", path, code=7, server=f"http://127.0.0.1:{harness.free_port()}")
        self.assertEqual("old\n", path.read_text(encoding="ascii"))
        self.assertEqual([], list(self.daemon.folder.glob("kept.jsonl.*")))

    def test_a_pipe_that_breaks_ends_quietly_and_leaves_no_state(self):
        state = self.daemon.folder / "broken.state"
        process = subprocess.Popen([harness.BUILD / "partner", "--server", self.daemon.url, "export", "--state-file", state],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.daemon.environment)
        process.stdout.read(10)
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual(0, process.wait(20 * harness.SLOW))
        self.assertEqual(b"", errors)
        self.assertFalse(state.exists())

    def test_an_interrupted_export_leaves_nothing(self):
        reading, writing = os.pipe()
        process = subprocess.Popen([harness.BUILD / "partner", "--server", self.daemon.url, "export"], stdout=writing,
                                   stderr=subprocess.PIPE, env=self.daemon.environment)
        os.close(writing)
        os.read(reading, 10)  # it has begun, and stands still: nobody reads on
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        process.stderr.close()
        self.assertEqual(130, process.wait(20 * harness.SLOW), errors)
        os.close(reading)
        self.assertEqual(b"", errors)

    def test_other_forms_are_wrong_usage(self):
        for arguments in (["--output", "csv"], ["--fields", "offer.id"], ["-o", "csv"]):
            with self.subTest(arguments=arguments):
                self.assertIn("error: ", self.export(*arguments, code=2).stderr)

    def test_a_folder_that_is_not_there_is_told(self):
        self.assertIn("No such file", self.export("-o", "no/where.jsonl", code=1).stderr)
        self.assertIn("No such file", self.export("--state-file", "no/where.state", code=1).stderr)


class Watching(harness.Case):
    def setUp(self):
        self.create_registry("xa")
        self.state = self.daemon.folder / f"{self._testMethodName}.state"
        self.begun = self.partner("export", "--state-file", self.state, "-o", "/dev/null")
        self.assertEqual(0, self.begun.returncode, self.begun.stderr)

    def place(self) -> dict:
        return json.loads(self.state.read_text(encoding="utf-8"))

    def write(self, name: str) -> int:
        return self.apply("xa", [sample.organisation(self._testMethodName.replace("_", "-")[:60], name=name)]).revision

    def test_changes_come_as_lines_and_the_state_follows(self):
        watcher = Watcher(self, "--state-file", self.state)
        revision = self.write("First")
        change = watcher.line()
        self.assertEqual((str(revision), "First"), (change["revision"], change["upsert"]["organisation"]["name"]))
        harness.wait_until(lambda: self.place()["afterRevision"] == str(revision), 10, "the state to be kept")
        name = change["upsert"]["organisation"]["id"]
        self.apply("xa", [], deletes=(name,))
        self.assertEqual(name, watcher.line()["deleteId"])
        watcher.end()
        self.assertEqual(130, watcher.process.returncode)

    def test_what_happened_meanwhile_comes_when_it_is_started_again(self):
        watcher = Watcher(self, "-v", "--state-file", self.state)
        watcher.told("heartbeat")
        watcher.end()
        revision = self.write("Meanwhile")
        watcher = Watcher(self, "--state-file", self.state)
        self.assertEqual(str(revision), watcher.line()["revision"])

    def test_from_a_revision_with_marks_and_heartbeats(self):
        place = self.place()
        revision = self.write("Marked")
        watcher = Watcher(self, "-v", "--after", place["afterRevision"], "--epoch", place["epoch"], "--marks", "--heartbeat", "1")
        self.assertEqual(str(revision), watcher.line()["revision"])
        self.assertEqual({"revision": str(revision)}, watcher.line())
        watcher.told(f"heartbeat at revision {revision}")

    def test_without_a_beginning_it_begins_now(self):
        before = self.write("Before")
        self.assertEqual(0, self.partner("list", "--min-revision", str(before)).returncode)
        watcher = Watcher(self, "-v")
        watcher.told("heartbeat")
        revision = self.write("After")
        self.assertEqual(str(revision), watcher.line()["revision"])

    def test_a_terminated_one_ends_by_the_signal(self):
        watcher = Watcher(self, "-v")
        watcher.told("heartbeat")
        self.assertEqual("", watcher.end(signal.SIGTERM))
        self.assertEqual(-signal.SIGTERM, watcher.process.returncode)

    def test_a_reader_that_goes_away_ends_it_quietly_without_a_change(self):
        watcher = Watcher(self, "-v")
        watcher.told("heartbeat")
        watcher.process.stdout.close()
        self.assertEqual(0, watcher.process.wait(20 * harness.SLOW))

    def test_a_state_that_is_not_there_is_told(self):
        done = self.partner("watch", "--state-file", "nowhere.state")
        self.assertEqual(3, done.returncode)
        self.assertIn("partner export --state-file", done.stderr)

    def test_a_spoilt_state_is_told(self):
        self.state.write_text("{", encoding="ascii")
        done = self.partner("watch", "--state-file", self.state)
        self.assertEqual(6, done.returncode)
        self.assertIn(str(self.state), done.stderr)

    def test_a_state_file_goes_before_after(self):
        watcher = Watcher(self, "--state-file", self.state, "--after", "0")
        revision = self.write("Later")
        self.assertEqual(str(revision), watcher.line()["revision"])

    def test_another_epoch_and_a_revision_to_come_are_a_conflict(self):
        for arguments in (["--after", "1", "--epoch", "another"], ["--after", "18446744073709551615"]):
            done = self.partner("watch", *arguments)
            self.assertEqual(5, done.returncode, done.stderr)
            self.assertIn("what to do: begin anew", done.stderr)

    def test_a_state_of_other_registries_is_a_conflict(self):
        done = self.partner("watch", "--state-file", self.state, "--registry", "xa")
        self.assertEqual(5, done.returncode)
        self.assertIn("other registries", done.stderr)

    def test_a_state_remembers_its_registries(self):
        self.create_registry("xb")
        state = self.daemon.folder / "xb.state"
        self.assertEqual(0, self.partner("export", "--registry", "xb", "--state-file", state, "-o", "-").returncode)
        watcher = Watcher(self, "--state-file", state)
        self.write("Not of this registry")
        self.apply("xb", [sample.organisation("one", "xb")])
        self.assertEqual("xb/one", watcher.line()["upsert"]["organisation"]["id"])

    def test_a_timeout_ends_it(self):
        self.assertEqual(7, self.partner("watch", "--timeout", "300ms").returncode)

    def test_what_is_no_revision_is_wrong_usage(self):
        for arguments in (["--after", "x"], ["--epoch", "e"], ["--output", "table"], ["--fields", "revision"]):
            self.assertEqual(2, self.partner("watch", *arguments).returncode)


class Restarting(harness.Case):
    """The server goes and comes, or stands still."""

    def test_a_server_that_restarts_is_found_again_and_nothing_is_missed(self):
        self.apply("xa", [sample.organisation("a")])
        daemon = harness.Daemon(self.postgres.conninfo(self.database)).start()
        watcher = Watcher(self, "-v", server=daemon.url)
        try:
            watcher.told("heartbeat")
            daemon.stop()
            watcher.told("trying again")
            revision = self.apply("xa", [sample.organisation("b")]).revision
            daemon.start()
            self.assertEqual(str(revision), watcher.line()["revision"])
            watcher.told("connected again")
        finally:
            watcher.end()
            daemon.stop()

    def test_a_server_that_stands_still_is_left_after_three_heartbeats(self):
        watcher = Watcher(self, "-v", "--heartbeat", "1")
        watcher.told("heartbeat")
        self.daemon.process.send_signal(signal.SIGSTOP)
        try:
            watcher.told("nothing comes any more")
        finally:
            self.daemon.process.send_signal(signal.SIGCONT)
        watcher.told("connected again")
