"""What integration tests stand on: a throw-away PostgreSQL, real daemons on free ports, a gRPC client, and `partner`.

Everything lives in a private folder under /tmp (PARTNER_WORK, which tests/run makes and removes), listens on loopback or
on a unix socket, and is ended by its process number when the tests are over.

    class Finds(harness.Case):              # a fresh database and a daemon for the class
        def test_a_sentence(self):
            self.apply("es", [{"organisation": {...}}])
            answer = self.client.call("FindHosts", {"need": {...}})
"""
from __future__ import annotations

import atexit
import importlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import grpc
from google.protobuf import json_format

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("PARTNER_BUILD", ROOT / "build" / "release"))
PRESET = os.environ.get("PARTNER_PRESET", "release")
SLOW = 1 if PRESET == "release" else 4  # how much longer things take under sanitizers
NODE_MODULES = ROOT / "build" / "node" / "node_modules"  # tests/run puts npm's stock clients there
needs_node = unittest.skipUnless((NODE_MODULES / "@grpc" / "grpc-js").exists(), "npm did not give @grpc/grpc-js")
PG_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")

SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:|FATAL: ThreadSanitizer")


def work_folder() -> pathlib.Path:
    """The run's own folder; without tests/run one that goes with this process."""
    if "PARTNER_WORK" not in os.environ:
        folder = tempfile.mkdtemp(prefix="partner-tests-", dir="/tmp")
        os.chmod(folder, 0o755)
        os.environ["PARTNER_WORK"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(os.environ["PARTNER_WORK"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds: float, what: str):
    """Asks until the answer is true, and gives it; fails with `what` after so long (longer under sanitizers)."""
    end = time.monotonic() + seconds * SLOW
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * SLOW:g} s in vain: {what}")
        time.sleep(0.01)


class Postgres:
    """A cluster of its own on a unix socket. Loses nothing when it is killed, and says so little that it is quick."""

    SETTINGS = {
        "listen_addresses": "''", "unix_socket_permissions": "0777", "fsync": "off", "full_page_writes": "off",
        "shared_buffers": "'32MB'", "max_connections": "100", "log_min_messages": "warning",
    }

    def __init__(self, **settings: str):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg-", dir=work_folder()))
        self.data = self.folder / "data"
        self.databases = 0
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        os.chmod(self.folder, 0o755)
        self._run("initdb", "-D", self.data, "-U", "partner", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "--no-sync")
        lines = [f"{name} = {value}" for name, value in {**self.SETTINGS, **settings}.items()]
        lines.append(f"unix_socket_directories = '{self.folder}'")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write("\n".join(lines) + "\n")
        atexit.register(self.remove)
        self.start()

    def _run(self, program: str, *arguments) -> str:
        command = [str(PG_BIN / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=120, check=False, env=plain_environment())
        if done.returncode != 0:
            raise AssertionError(f"{program} failed: {done.stdout}")
        return done.stdout

    def start(self) -> None:
        # Its output goes to a file: a pipe would stay open as long as the server runs.
        self._run("pg_ctl", "start", "-w", "-s", "-t", "60", "-D", self.data, "-l", self.folder / "log")

    def stop(self, mode: str = "fast") -> None:
        """smart waits for all to leave, fast cuts their connections, immediate is like a crash."""
        self._run("pg_ctl", "stop", "-w", "-s", "-t", "60", "-m", mode, "-D", self.data)

    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def remove(self) -> None:
        if self.is_running():
            try:
                self.stop("immediate")
            except AssertionError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} user=partner dbname={database}"

    def create_database(self) -> str:
        self.databases += 1
        name = f"test_{self.databases}"
        self.psql("postgres", f"CREATE DATABASE {name}")
        return name

    def psql(self, database: str, sql: str) -> str:
        """Runs SQL, gives its rows, columns by tabs."""
        done = subprocess.run([PG_BIN / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d",
                               self.conninfo(database)], input=sql, capture_output=True, text=True, timeout=60, check=False,
                              env=plain_environment())
        if done.returncode != 0:
            raise AssertionError(f"psql: {done.stderr}")
        return done.stdout.rstrip("\n")


class Psql:
    """An open session of psql."""

    def __init__(self, conninfo: str):
        self.process = subprocess.Popen([PG_BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", conninfo],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=plain_environment())

    def run(self, sql: str) -> None:
        """Runs it, and comes back when it is done."""
        self.process.stdin.write(f"{sql};\n\\echo done\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "done\n":
                return
        raise AssertionError(f"psql ended: {sql}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def plain_environment() -> dict:
    """The environment without settings of PostgreSQL or of partner, so that a test says all it needs."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PG", "PARTNERD_", "PARTNER_SERVER", "PARTNER_TOKEN"))}


class Daemon:
    """A partnerd. Its log is kept; a sanitizer's report in it is a failure when it stops."""

    number = 0

    def __init__(self, conninfo: str, *flags: str, opened: bool = True, environment: dict | None = None,
                 port: int | None = None):
        Daemon.number += 1
        self.folder = work_folder() / f"daemon-{os.getpid()}-{Daemon.number}"
        self.folder.mkdir()
        self.log_file = self.folder / "log"
        self.conninfo = conninfo
        self.flags = list(flags) + (["--open"] if opened else [])
        self.environment = {**plain_environment(), "HOME": str(self.folder), **(environment or {})}
        self.port = port or free_port()
        self.process: subprocess.Popen | None = None
        atexit.register(self._end)

    def start(self, ready: bool = True) -> "Daemon":
        command = [str(BUILD / "partnerd"), "--listen", f"127.0.0.1:{self.port}", "--database", self.conninfo, *self.flags]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        (self.folder / "daemon.pid").write_text(f"{self.process.pid}\n", encoding="ascii")
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds: float = 20) -> None:
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"partnerd ended with {self.process.returncode}:\n{self.log_tail()}")
            return self.http("/readyz")[0] == 200
        wait_until(ready, seconds, f"partnerd is not ready:\n{self.log_tail()}")

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM, waits, and gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self._end()
            raise AssertionError(f"partnerd did not stop within {seconds * SLOW:g} s:\n{self.log_tail()}") from None
        self.check_log()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        (self.folder / "daemon.pid").unlink(missing_ok=True)

    def check_log(self) -> None:
        if SANITIZER.search(self.log_text()):
            raise AssertionError(f"a sanitizer spoke:\n{self.log_tail()}")

    def log_text(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def log_tail(self) -> str:
        """What to look at first: a sanitizer's report, else the end."""
        report = SANITIZER.search(self.log_text())
        if report:
            return self.log_text()[report.start():][:6000]
        return "\n".join(self.log_text().splitlines()[-30:])

    def log_events(self, event: str) -> list[dict]:
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.target}"

    def http(self, path: str, body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
        """Status and body; 0 where nobody answers."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=5 * SLOW) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (urllib.error.URLError, OSError):
            return 0, b""

    def metrics(self) -> dict[str, float]:
        """By name with labels: {'partnerd_calls_total{...}': 3.0}."""
        lines = self.http("/metrics")[1].decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}


def create_token(conninfo: str, title: str) -> str:
    """An admin's token by `partnerd --create-token`: its secret."""
    done = subprocess.run([BUILD / "partnerd", "--database", conninfo, "--create-token", title], capture_output=True, text=True,
                          timeout=60 * SLOW, check=False, env=plain_environment())
    if done.returncode != 0 or SANITIZER.search(done.stderr):
        raise AssertionError(f"partnerd --create-token failed: {done.stderr}")
    return done.stdout.strip()


# ---- the contract in python -----------------------------------------------------------------------------------------------

def contract_methods() -> dict:
    """By name ("FindHosts"): path, request class, response class, and which sides stream."""
    from google.protobuf import symbol_database
    database = symbol_database.Default()
    methods = {}
    for name in ("match", "registry", "vocabulary", "admin", "agreement", "evidence"):
        module = importlib.import_module(f"partner.v1.{name}_pb2")
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                methods[method.name] = (
                    f"/{service.full_name}/{method.name}", database.GetPrototype(method.input_type),
                    database.GetPrototype(method.output_type), method)
    return methods


class Client:
    """Calls by the method's name, with a message or a dict; python's own gRPC, nothing of ours."""

    methods: dict = {}
    CLIENT_STREAM = {"Push", "LoadConcepts"}
    SERVER_STREAM = {"Export", "Watch", "WatchAgreements"}

    def __init__(self, target: str, token: str | None = None, options: tuple = ()):
        if not Client.methods:
            Client.methods = contract_methods()
        self.channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0), *options])
        self.metadata = [("authorization", f"Bearer {token}")] if token else []

    def close(self) -> None:
        self.channel.close()

    def message(self, name: str, content):
        """The request of a method from a dict (proto JSON)."""
        if content is None:
            content = {}
        return json_format.ParseDict(content, self.methods[name][1]()) if isinstance(content, dict) else content

    def stub(self, name: str):
        path, request, response, _ = self.methods[name]
        kind = "unary_unary"
        if name in self.CLIENT_STREAM:
            kind = "stream_unary"
        if name in self.SERVER_STREAM:
            kind = "unary_stream"
        return getattr(self.channel, kind)(path, request_serializer=request.SerializeToString,
                                           response_deserializer=response.FromString)

    def call(self, name: str, content=None, timeout: float = 10, metadata: list | None = None):
        """Unary: the answer. A client stream takes a list of messages; a server stream gives an iterator."""
        if name in self.CLIENT_STREAM:
            content = iter([self.message(name, part) for part in content])
        else:
            content = self.message(name, content)
        return self.stub(name)(content, timeout=timeout * SLOW, metadata=self.metadata + (metadata or []))

    def future(self, name: str, content=None, timeout: float = 10):
        return self.stub(name).future(self.message(name, content), timeout=timeout * SLOW, metadata=self.metadata)


def fault_details(error: grpc.RpcError) -> dict:
    """{"reason": ..., "fields": {field: description}, "retry_ms": ...} of a failed call."""
    from google.rpc import error_details_pb2, status_pb2
    found = {"reason": "", "fields": {}, "retry_ms": 0}
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            if detail.type_url.endswith("google.rpc.ErrorInfo"):
                found["reason"] = error_details_pb2.ErrorInfo.FromString(detail.value).reason
            elif detail.type_url.endswith("google.rpc.BadRequest"):
                for fault in error_details_pb2.BadRequest.FromString(detail.value).field_violations:
                    found["fields"][fault.field] = fault.description
            elif detail.type_url.endswith("google.rpc.RetryInfo"):
                delay = error_details_pb2.RetryInfo.FromString(detail.value).retry_delay
                found["retry_ms"] = delay.seconds * 1000 + delay.nanos // 1000000
    return found


# ---- test cases -----------------------------------------------------------------------------------------------------------

_shared: Postgres | None = None


def shared_postgres() -> Postgres:
    """One cluster for all classes that leave it alone; whoever stops it takes one of its own."""
    global _shared
    if _shared is None:
        _shared = Postgres()
    return _shared


class Case(unittest.TestCase):
    """A class of tests with one fresh database, one daemon and one client."""

    daemon_flags: tuple = ()
    own_postgres = False  # True: a cluster that this class may stop
    postgres: Postgres
    daemon: Daemon
    client: Client

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.postgres = Postgres() if cls.own_postgres else shared_postgres()
        cls.database = cls.postgres.create_database()
        cls.daemon = Daemon(cls.postgres.conninfo(cls.database), *cls.daemon_flags).start()
        cls.client = Client(cls.daemon.target)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.client.close()
        try:
            if cls.daemon.process.poll() is None:
                cls.daemon.stop()
            else:
                cls.daemon.check_log()
        finally:
            if cls.own_postgres:
                cls.postgres.remove()
        super().tearDownClass()

    def sql(self, text: str) -> str:
        return self.postgres.psql(self.database, text)

    def create_registry(self, name: str) -> None:
        """Makes it; one that is there is fine."""
        try:
            self.client.call("CreateRegistry", {"id": name, "title": name})
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.ALREADY_EXISTS:
                raise

    def apply(self, registry: str, records: list[dict], deletes: tuple = (), **options):
        """Makes the registry where it is missing, applies records ({"offer": {...}}), and fails if one is rejected."""
        self.create_registry(registry)
        changes = [{"upsert": record} for record in records] + [{"deleteId": name} for name in deletes]
        answer = self.client.call("Apply", {"registry": registry, "changes": changes, **options}, timeout=60)
        self.assertEqual([], list(answer.rejections))
        return answer

    def refused(self, code: str, method: str, content=None, **options) -> dict:
        """The call fails with this code ("INVALID_ARGUMENT"); gives its details with the text as "message"."""
        with self.assertRaises(grpc.RpcError) as caught:
            answer = self.client.call(method, content, **options)
            if method in Client.SERVER_STREAM:
                list(answer)
        self.assertEqual(code, caught.exception.code().name, caught.exception.details())
        return {**fault_details(caught.exception), "message": caught.exception.details()}

    def partner(self, *arguments: str, text: str = "", server: str | None = None, timeout: float = 30,
                environment: dict | None = None) -> subprocess.CompletedProcess:
        """Runs the client against the daemon; stdout and stderr as text, returncode."""
        done = subprocess.run(
            [str(BUILD / "partner"), "--server", server or self.daemon.url, *map(str, arguments)], input=text, text=True,
            capture_output=True, timeout=timeout * SLOW, check=False, cwd=self.daemon.folder,
            env={**self.daemon.environment, **(environment or {})})
        if SANITIZER.search(done.stderr):
            raise AssertionError(f"a sanitizer spoke:\n{done.stderr[:6000]}")
        return done
