"""The daemon comes up on an empty database, says how it is, and goes away when told."""
import signal

import harness


class Status(harness.Case):
    def test_a_fresh_daemon_is_live_and_ready(self):
        self.assertEqual(200, self.daemon.http("/livez")[0])
        self.assertEqual(200, self.daemon.http("/readyz")[0])

    def test_status_tells_the_version_and_that_the_database_is_there(self):
        status = self.client.call("GetStatus")
        self.assertRegex(status.version, r"^\d+\.\d+\.\d+")
        self.assertTrue(status.database_reachable)
        self.assertTrue(any(name.startswith("ISCED-F") for name in status.vocabularies), status.vocabularies)

    def test_metrics_are_prometheus_text(self):
        metrics = self.daemon.metrics()
        self.assertTrue(metrics)
        self.assertTrue(all(name.startswith("partnerd_") for name in metrics), metrics)

    def test_an_organisation_that_was_applied_can_be_read(self):
        answer = self.apply("xa", [{"organisation": {
            "id": "xa/1", "name": "Escola de Soldadura", "roles": ["ROLE_SENDING"], "country": "PT"}}])
        self.assertEqual(1, answer.tally.created)
        got = self.client.call("GetOrganisation", {"id": "xa/1", "minRevision": answer.revision})
        self.assertEqual("Escola de Soldadura", got.organisation.name)
        self.assertEqual(answer.revision, got.organisation.revision)

    def test_an_unknown_organisation_is_not_found(self):
        self.refused("NOT_FOUND", "GetOrganisation", {"id": "xa/none"})


class Stopping(harness.Case):
    def test_sighup_without_tls_changes_nothing(self):
        self.daemon.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: self.daemon.log_events("reload.nothing"), 10, "the daemon to say so")
        self.assertEqual(200, self.daemon.http("/readyz")[0])

    def test_sigterm_ends_the_daemon_with_code_0(self):
        self.assertEqual(0, self.daemon.stop())
