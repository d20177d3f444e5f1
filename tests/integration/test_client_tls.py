"""`partner` and a daemon that speaks TLS: whom it trusts, and how it says that it doesn't."""
import harness
import test_tls


class OverTls(harness.Case):
    @classmethod
    def setUpClass(cls) -> None:
        cls.postgres = harness.shared_postgres()
        cls.database = cls.postgres.create_database()
        cls.files = test_tls.Certificates()
        cls.daemon = test_tls.TlsDaemon(cls.files, cls.postgres.conninfo(cls.database)).start()
        cls.client = test_tls.TlsClient(cls.daemon.target, cls.files.ca)

    def test_a_ca_file_comes_from_flag_environment_or_profile(self):
        self.assertEqual(0, self.partner("--ca-file", self.files.ca, "status").returncode)
        self.assertEqual(0, self.partner("status", environment={"PARTNER_CA_FILE": str(self.files.ca)}).returncode)
        folder = self.daemon.folder / "config" / "partner"
        folder.mkdir(parents=True)
        (folder / "config.ini").write_text(f"[default]\nca-file = {self.files.ca}\n", encoding="utf-8")
        place = {"XDG_CONFIG_HOME": str(folder.parent)}
        self.assertEqual(0, self.partner("status", environment=place).returncode)
        self.assertIn(str(self.files.ca), self.partner("config", "--output", "table", environment=place).stdout)

    def test_a_server_that_nobody_vouches_for_is_refused_with_what_to_do(self):
        for arguments in ([], ["--ca-file", self.files.other_ca]):
            done = self.partner(*arguments, "status")
            self.assertEqual(7, done.returncode)
            self.assertIn("--ca-file", done.stderr)

    def test_a_ca_file_that_can_not_be_read_is_named(self):
        done = self.partner("--ca-file", "nowhere.pem", "status")
        self.assertEqual(6, done.returncode, done.stderr)
        self.assertIn("nowhere.pem", done.stderr)

    def test_cleartext_to_it_fails_with_what_to_do(self):
        done = self.partner("status", server=f"http://{self.daemon.target}")
        self.assertEqual(7, done.returncode, done.stderr)
        self.assertIn("https://", done.stderr)

    def test_export_and_watch_go_over_tls(self):
        self.create_registry("xa")
        state = self.daemon.folder / "tls.state"
        trust = ("--ca-file", self.files.ca)
        done = self.partner(*trust, "export", "--state-file", state)
        self.assertEqual(0, done.returncode, done.stderr)
        done = self.partner(*trust, "watch", "--state-file", state, "--timeout", "300ms")
        self.assertEqual(7, done.returncode, done.stderr)
        self.assertNotIn("trying again", done.stderr)
