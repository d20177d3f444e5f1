"""TLS with stock clients: gRPC of python, curl and openssl, certificates of the test's own."""
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

import grpc

import harness


def run(*command, text: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, errors="replace",
                          timeout=30 * harness.SLOW, check=False, env=harness.plain_environment())


class Certificates:
    """Two authorities, and a certificate of the first for localhost and 127.0.0.1."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tls-", dir=harness.work_folder()))
        self.ca = self.authority("ca")
        self.other_ca = self.authority("other-ca")
        self.certificate, self.key = self.server("server")

    def openssl(self, *arguments) -> None:
        done = run("openssl", *arguments)
        if done.returncode != 0:
            raise AssertionError(f"openssl {arguments}: {done.stderr}")

    def authority(self, name: str) -> pathlib.Path:
        certificate = self.folder / f"{name}.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                     f"/CN={name}", "-keyout", self.folder / f"{name}-key.pem", "-out", certificate)
        return certificate

    def server(self, name: str, names: str = "DNS:localhost,IP:127.0.0.1") -> tuple[pathlib.Path, pathlib.Path]:
        certificate, key, request = (self.folder / f"{name}{end}" for end in (".pem", "-key.pem", ".csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n", encoding="ascii")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", key, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca-key.pem", "-days", "2",
                     "-extfile", extensions, "-out", certificate)
        return certificate, key


class TlsDaemon(harness.Daemon):
    def __init__(self, certificates: Certificates, conninfo: str, *flags: str, **options):
        super().__init__(conninfo, "--tls-certificate", str(certificates.certificate), "--tls-key", str(certificates.key),
                         *flags, **options)
        self.context = ssl.create_default_context(cafile=str(certificates.ca))

    @property
    def url(self) -> str:
        return f"https://{self.target}"

    def http(self, path: str, body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=5 * harness.SLOW, context=self.context) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (urllib.error.URLError, OSError):
            return 0, b""


class TlsClient(harness.Client):
    def __init__(self, target: str, ca: pathlib.Path):
        super().__init__(target)
        super().close()
        self.channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(ca.read_bytes()),
                                           options=[("grpc.enable_http_proxy", 0)])


class Encrypted(harness.Case):
    @classmethod
    def setUpClass(cls) -> None:
        super(harness.Case, cls).setUpClass()
        cls.files = Certificates()
        cls.postgres = harness.shared_postgres()
        cls.database = cls.postgres.create_database()
        cls.daemon = TlsDaemon(cls.files, cls.postgres.conninfo(cls.database), "--log-level", "debug").start()
        cls.client = TlsClient(cls.daemon.target, cls.files.ca)

    def lives(self) -> None:
        self.assertEqual(200, self.daemon.http("/livez")[0])

    def curl(self, path: str, *flags, url: str | None = None) -> subprocess.CompletedProcess:
        return run("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", 20, *flags,
                   (url or f"https://localhost:{self.daemon.port}") + path)

    def s_client(self, *flags, text: str = "") -> subprocess.CompletedProcess:
        return run("openssl", "s_client", "-connect", self.daemon.target, "-CAfile", self.files.ca, "-servername", "localhost",
                   *flags, text=text)

    def serial_served(self) -> str:
        context = ssl.create_default_context(cafile=str(self.files.ca))
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=10 * harness.SLOW) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                return connection.getpeercert()["serialNumber"]

    # ---- what stock clients do ----

    def test_unary_calls_are_answered(self):
        self.assertRegex(self.client.call("GetStatus").version, r"^\d+\.\d+\.\d+")
        found = self.client.call("SearchConcepts", {"scheme": "SCHEME_SECTOR", "query": "welding"})
        self.assertTrue(found.concepts)

    def test_refusals_come_through(self):
        self.refused("NOT_FOUND", "GetOrganisation", {"id": "xa/none"})

    def test_a_stream_of_megabytes_goes_up(self):
        concepts = [{"concept": {"code": f"urn:tls:{i}", "label": f"skill {i}", "description": "x" * 300}}
                    for i in range(10000)]
        answer = self.client.call("LoadConcepts", [{"options": {"vocabulary": "tls 1", "scheme": "SCHEME_OUTCOME"}}] + concepts,
                                  timeout=60)
        self.assertGreater(answer.revision, 0)

    def test_parallel_calls_share_one_connection(self):
        def accepted():
            return self.daemon.metrics()["partnerd_tls_handshakes_total"]
        self.client.call("GetStatus")
        before = accepted()
        futures = [self.client.future("SearchConcepts", {"scheme": "SCHEME_OUTCOME", "query": f"weld {i}"}) for i in range(200)]
        self.assertEqual(200, sum(1 for future in futures if future.result()))
        self.assertEqual(before + 1, accepted())  # that of asking

    def test_curl_reads_pages_over_http2_and_http1(self):
        for flag, version in (("--http2", "2"), ("--http1.1", "1.1")):
            with self.subTest(flag=flag):
                done = self.curl("/readyz", flag, "--cacert", self.files.ca, "--write-out", " %{http_version} %{http_code}")
                self.assertEqual("", done.stderr)
                self.assertTrue(done.stdout.endswith(f" {version} 200"), done.stdout)

    # ---- who is not let in ----

    def test_a_client_that_trusts_another_authority_goes_away(self):
        client = TlsClient(self.daemon.target, self.files.other_ca)
        with self.assertRaises(grpc.RpcError) as caught:
            client.call("GetStatus")
        self.assertEqual("UNAVAILABLE", caught.exception.code().name)
        client.close()
        self.assertEqual(60, self.curl("/livez", "--cacert", self.files.other_ca).returncode)
        self.lives()

    def test_grpc_in_cleartext_is_unavailable(self):
        client = harness.Client(self.daemon.target)
        with self.assertRaises(grpc.RpcError) as caught:
            client.call("GetStatus")
        self.assertEqual("UNAVAILABLE", caught.exception.code().name)
        client.close()
        self.lives()

    def test_http_in_cleartext_is_told_to_use_tls(self):
        done = self.curl("/livez", "--write-out", "%{http_code}", url=f"http://127.0.0.1:{self.daemon.port}")
        self.assertEqual((0, "This port speaks TLS: use https://\n400"), (done.returncode, done.stdout))

    def test_bytes_that_are_no_tls_end_in_a_clean_close(self):
        for garbage in (b"\0" * 100, b"hello\r\n" * 10, os.urandom(5000), b"\x16\x03\x01\xff\xff" + b"x" * 3000,
                        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", b"\x15\x03\x03\x00\x02\x02\x28"):
            with self.subTest(garbage=garbage[:8]), \
                    socket.create_connection(("127.0.0.1", self.daemon.port), timeout=15 * harness.SLOW) as connection:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass
        self.lives()

    def test_tls_1_1_is_refused_and_1_2_and_1_3_are_not(self):
        self.assertNotEqual(0, self.s_client("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0").returncode)
        for flag, version in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            done = self.s_client(flag, "-alpn", "h2", "-verify_return_error")
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn(f"New, {version}", done.stdout)
            self.assertIn("ALPN protocol: h2", done.stdout)

    def test_weak_ciphers_are_refused(self):
        for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "NULL", "AES128-GCM-SHA256"):
            with self.subTest(cipher=cipher):
                self.assertNotEqual(0, self.s_client("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0").returncode)

    # ---- while it runs ----

    def reload(self) -> None:
        """The daemon has read its files again, well or not."""
        def count():
            return len(self.daemon.log_events("tls.certificate")) + len(self.daemon.log_events("tls.reload_failed"))
        before = count()
        self.daemon.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: count() > before, 10, "the certificate is not read again")

    def test_sighup_takes_a_new_certificate_and_leaves_calls_alone(self):
        first = self.serial_served()
        self.client.call("GetStatus")
        good = self.files.certificate.read_bytes()
        try:
            self.files.certificate.write_text("spoilt\n", encoding="ascii")
            self.reload()
            fault = self.daemon.log_events("tls.reload_failed")[-1]
            self.assertEqual("error", fault["level"].lower())
            self.assertIn(str(self.files.certificate), fault["msg"])
            self.assertEqual(first, self.serial_served())
        finally:
            self.files.certificate.write_bytes(good)
        certificate, key = self.files.server("newer")
        certificate.rename(self.files.certificate)
        key.rename(self.files.key)
        self.reload()
        self.assertNotEqual(first, self.serial_served())
        self.client.call("GetStatus")
        self.assertEqual(1, self.daemon.metrics()["partnerd_tls_failed_reloads_total"])

    def test_too_many_signals_while_clients_connect_harm_nobody(self):
        """After the tests that count what is read again: the last signals may be worked off when this one is over."""
        faults = []

        def connect():
            for _ in range(20):
                try:
                    self.serial_served()
                except OSError as error:
                    faults.append(error)
        threads = [threading.Thread(target=connect) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.daemon.process.send_signal(signal.SIGHUP)
            threads[0].join(0.005)
        for thread in threads:
            thread.join()
        self.assertEqual([], faults)


class Settings(harness.Case):
    def partnerd(self, *flags) -> subprocess.CompletedProcess:
        return run(harness.BUILD / "partnerd", "--database", self.postgres.conninfo(self.database), *flags)

    def test_a_certificate_needs_its_key_and_a_key_its_certificate(self):
        for flags, missing in ((("--tls-certificate", "/c.pem"), "tls-key"), (("--tls-key", "/k.pem"), "tls-certificate")):
            done = self.partnerd("--check", *flags)
            self.assertEqual(2, done.returncode)
            self.assertIn(missing, done.stderr)

    def test_check_reads_the_files(self):
        files = Certificates()
        wrong = self.partnerd("--check", "--tls-certificate", files.certificate, "--tls-key", files.folder / "ca-key.pem")
        self.assertEqual(1, wrong.returncode)
        self.assertIn("is not the certificate's", wrong.stderr)
        done = self.partnerd("--check", "--tls-certificate", files.certificate, "--tls-key", files.key)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_beyond_loopback_tls_is_enough_and_cleartext_is_not(self):
        files = Certificates()
        refused = self.partnerd("--check", "--listen", "0.0.0.0:0")
        self.assertEqual(2, refused.returncode)
        self.assertTrue(re.search("tls-certificate.*insecure", refused.stderr), refused.stderr)
        done = self.partnerd("--check", "--listen", "0.0.0.0:0", "--tls-certificate", files.certificate, "--tls-key", files.key)
        self.assertEqual(0, done.returncode, done.stderr)
