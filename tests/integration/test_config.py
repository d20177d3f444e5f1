"""partnerd's command line: where settings come from, what is refused and how it says so, and what the actions do."""
import os
import re
import stat
import subprocess

import harness
from harness import SLOW


class Settings(harness.Case):
    def run_daemon(self, *flags: str, environment: dict | None = None) -> subprocess.CompletedProcess:
        return subprocess.run([harness.BUILD / "partnerd", *map(str, flags)], capture_output=True, text=True, check=False,
                              timeout=30 * SLOW, stdin=subprocess.DEVNULL, cwd=self.daemon.folder,
                              env={**self.daemon.environment, **(environment or {})})

    def file(self, text: str) -> str:
        path = self.daemon.folder / "partnerd.ini"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def printed(self, *flags: str, environment: dict | None = None) -> dict[str, tuple[str, str]]:
        """--print-config: value and source by name."""
        done = self.run_daemon("--print-config", *flags, environment=environment)
        self.assertEqual(0, done.returncode, done.stderr)
        found, source = {}, ""
        for line in done.stdout.splitlines():
            if line.startswith(";"):
                source = re.search(r"\(([a-z ]+)\)$", line).group(1)
            elif "=" in line:
                name, value = (part.strip() for part in line.split("=", 1))
                found[name] = (value, source)
        return found

    def refused(self, *flags: str, environment: dict | None = None) -> str:
        """Ends with code 2 and nothing on stdout; gives the message."""
        done = self.run_daemon(*flags, environment=environment)
        self.assertEqual(2, done.returncode, done.stdout + done.stderr)
        self.assertEqual("", done.stdout)
        self.assertRegex(done.stderr, r"^partnerd: ")
        return done.stderr

    # ---- sources ----

    def test_a_flag_goes_before_the_environment_and_that_before_the_file(self):
        config = self.file("threads = 3\nworkers = 3\nlog-level = debug\n")
        found = self.printed("--config", config, "--threads", "5", environment={"PARTNERD_THREADS": "4", "PARTNERD_WORKERS": "4"})
        self.assertEqual([("5", "flag"), ("4", "environment"), ("debug", "file"), ("no", "default")],
                         [found[name] for name in ("threads", "workers", "log-level", "open")])

    def test_flags_take_their_value_behind_a_blank_or_an_equals_sign(self):
        self.assertEqual(("7", "flag"), self.printed("--threads=7")["threads"])
        self.assertEqual(("yes", "flag"), self.printed("--open")["open"])
        self.assertEqual(("no", "flag"), self.printed("--open=no")["open"])

    def test_listen_addresses_add_up_within_a_source_and_replace_the_former_one(self):
        config = self.file("listen = 127.0.0.1:1001, 127.0.0.1:1002\n")
        self.assertEqual("127.0.0.1:1001, 127.0.0.1:1002", self.printed("--config", config)["listen"][0])
        found = self.printed("--config", config, "--listen", "127.0.0.1:1003", "--listen", "[::1]:1004")
        self.assertEqual("127.0.0.1:1003, [::1]:1004", found["listen"][0])

    def test_comments_and_blank_lines_say_nothing(self):
        config = self.file("; a comment\n# another\n\nthreads = 3\n")
        self.assertEqual(("3", "file"), self.printed("--config", config)["threads"])

    def test_what_is_printed_can_be_read_again(self):
        first = self.run_daemon("--print-config", "--threads", "3", "--database", "dbname=x")
        config = self.file(first.stdout)
        again = self.printed("--config", config)
        self.assertEqual(("3", "file"), again["threads"])
        self.assertEqual({name: value for name, (value, _) in self.printed("--threads", "3", "--database", "dbname=x").items()},
                         {name: value for name, (value, _) in again.items()})

    # ---- what is refused ----

    def test_an_unknown_key_names_file_and_line(self):
        message = self.refused("--config", self.file("threads = 3\n\nthreds = 4\n"))
        self.assertIn("partnerd.ini, line 3", message)
        self.assertIn("threds", message)

    def test_an_unknown_flag_is_named(self):
        for flag in ("--threds", "-x", "stray", "--"):
            with self.subTest(flag=flag):
                self.assertIn(flag, self.refused(flag))

    def test_a_section_or_a_line_that_is_none_names_its_line(self):
        for text in ("threads = 3\n[more]\nworkers = 1\n", "threads = 3\nnonsense\n"):
            with self.subTest(text=text):
                self.assertRegex(self.refused("--config", self.file(text)), r"partnerd\.ini, line [23]")

    def test_a_file_that_is_not_there_is_named(self):
        self.assertIn("/nonexistent/x.ini", self.refused("--config", "/nonexistent/x.ini"))

    def test_bad_values_name_their_setting_and_what_is_asked(self):
        for name, value in (("threads", "many"), ("threads", "-1"), ("threads", "257"), ("threads", "1.5"), ("threads", ""),
                            ("threads", "1e99"), ("threads", "0x"), ("threads", "NaN"), ("log-level", "loud"), ("public-read", "maybe"),
                            ("open", "perhaps"), ("idle-ms", "1"), ("header-bytes", "60001"), ("pings-per-second", "-0.1"),
                            ("database-connections", "0"), ("listen", "")):
            with self.subTest(name=name, value=value):
                self.assertIn(name, self.refused(f"--{name}={value}", "--print-config"))
                variable = "PARTNERD_" + name.upper().replace("-", "_")
                self.assertIn(variable, self.refused("--print-config", environment={variable: value}))
                if value:
                    self.assertRegex(self.refused("--config", self.file(f"{name} = {value}\n"), "--print-config"), r"line 1: ")

    def test_a_flag_without_its_value_is_refused(self):
        self.assertIn("--threads", self.refused("--threads"))
        self.assertIn("--config", self.refused("--config"))

    def test_cleartext_beyond_loopback_must_be_asked_for(self):
        for address in ("0.0.0.0:8470", "[::]:8470", "192.0.2.1:8470", "example.org:8470", "*:8470", ":8470"):
            with self.subTest(address=address):
                message = self.refused("--listen", address)
                self.assertIn("listen", message)
        self.assertIn("insecure", self.refused("--listen", "0.0.0.0:8470"))
        self.assertIn("insecure", self.refused("--listen", "127.0.0.1:1, 0.0.0.0:8470"))
        self.assertEqual("0.0.0.0:8470", self.printed("--listen", "0.0.0.0:8470", "--insecure")["listen"][0])
        for address in ("127.0.0.1:1", "127.8.9.10:1", "[::1]:1", "localhost:1"):
            with self.subTest(address=address):
                self.assertEqual(address, self.printed("--listen", address)["listen"][0])

    # ---- actions ----

    def test_passwords_are_masked(self):
        for conninfo in ("host=h password=geheim dbname=d", "postgresql://user:geheim@host/d", "password='ge heim' host=h",
                         "host=h password = geheim", "host=h passfile=/x password=geheim", "postgres://host/d?user=u&password=geheim",
                         "host=h password=geheim sslpassword=geheim2", "host=h sslpassword=geheim2 password=geheim",
                         "password='gehe\\'im' host=h", "postgresql://user:ge%40heim@host/d?sslpassword=geheim"):
            with self.subTest(conninfo=conninfo):
                done = self.run_daemon("--print-config", "--database", conninfo)
                self.assertEqual(0, done.returncode)
                self.assertNotIn("heim", done.stdout + done.stderr)
                self.assertIn("***", done.stdout)

    def test_a_password_is_in_no_log(self):
        done = self.run_daemon("--check", "--database", "host=/nonexistent password=geheim dbname=d")
        self.assertEqual(1, done.returncode)
        self.assertNotIn("geheim", done.stdout + done.stderr)

    def test_version_names_the_libraries(self):
        done = self.run_daemon("--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"^partnerd \d+\.\d+\.\d+\n")
        for library in ("libevent", "nghttp2", "protobuf-c", "libpq"):
            self.assertIn(library, done.stdout)
        self.assertEqual(done.stdout.split()[1], self.client.call("GetStatus").version)

    def test_help_names_every_setting_and_begins_with_what_it_is(self):
        done = self.run_daemon("--help")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for name in self.printed():
            self.assertIn(f"--{name}", done.stdout)
        for action in ("--config", "--check", "--migrate", "--print-config", "--version", "--help"):
            self.assertIn(action, done.stdout)
        self.assertTrue(all(len(line) <= 120 for line in done.stdout.splitlines()))

    def test_check_tells_whether_it_could_start_and_changes_nothing(self):
        empty = self.postgres.create_database()
        done = self.run_daemon("--check", "--database", self.postgres.conninfo(empty))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual("0", self.postgres.psql(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
        self.assertEqual(0, self.run_daemon("--check", "--database", self.postgres.conninfo(self.database)).returncode)
        self.assertEqual(1, self.run_daemon("--check", "--database", self.postgres.conninfo("nothing")).returncode)
        self.assertEqual(2, self.run_daemon("--check", "--threads", "many").returncode)

    def test_migrate_makes_the_schema_and_ends(self):
        empty = self.postgres.create_database()
        self.assertEqual(0, self.run_daemon("--migrate", "--database", self.postgres.conninfo(empty)).returncode)
        count = len(list((harness.ROOT / "sql" / "migrations").glob("*.sql")))
        self.assertEqual(str(count), self.postgres.psql(empty, "SELECT count(*) FROM migration"))
        self.assertEqual(1, self.run_daemon("--migrate", "--database", self.postgres.conninfo("nothing")).returncode)

    def test_the_log_is_a_json_object_a_line(self):
        events = self.daemon.log_events("start.serving")
        self.assertEqual(1, len(events))
        self.assertLessEqual({"ts", "level", "event", "msg"}, set(events[0]))
        lines = self.daemon.log_text().splitlines()
        self.assertTrue(all(line.startswith("{") and line.endswith("}") for line in lines), lines)

    def test_one_daemon_listens_on_several_addresses(self):
        daemon = harness.Daemon(self.postgres.conninfo(self.database), "--listen", f"127.0.0.2:{harness.free_port()}")
        daemon.start()
        second = daemon.flags[1]
        try:
            client = harness.Client(second)
            self.assertTrue(client.call("GetStatus").version)
            client.close()
        finally:
            daemon.stop()

    def test_settings_of_a_file_reach_the_daemon(self):
        config = self.file("public-read = none\nopen = no\n")
        daemon = harness.Daemon(self.postgres.conninfo(self.database), "--config", config, opened=False).start()
        client = harness.Client(daemon.target)
        try:
            own, self.client = self.client, client
            with self.assertRaises(harness.grpc.RpcError) as caught:
                client.call("GetStatus")
            self.assertEqual("UNAUTHENTICATED", caught.exception.code().name)
            self.client = own
        finally:
            client.close()
            daemon.stop()

    def test_a_file_with_secrets_needs_no_rights_for_others(self):
        path = self.file("database = dbname=x password=geheim\n")
        os.chmod(path, 0o600)
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        self.assertEqual(("password=*** dbname=x", "file"), self.printed("--config", path)["database"])
