"""HTTP/1.1 on the same port: the pages for machines, and what is no request at all."""
import contextlib
import re
import socket

import harness
import wire
from harness import SLOW, wait_until


def status_of(answer: bytes) -> int:
    """Of the first response; 0 where there is none."""
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found.group(1)) if found else 0


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


class Pages(harness.Case):
    def ask(self, path: str, *headers: str, method: str = "GET") -> bytes:
        return wire.raw(self.daemon, request(path, "Connection: close", *headers, method=method))

    def test_livez_and_readyz_answer_ok(self):
        for path in ("/livez", "/readyz"):
            with self.subTest(path=path):
                answer = self.ask(path)
                self.assertEqual(200, status_of(answer))
                self.assertRegex(answer.decode(), r"(?i)content-type: text/plain")

    def test_an_unknown_path_is_404(self):
        for path in ("/", "/livez/", "/livezz", "/LIVEZ", "/metrics/more", "/../etc/passwd", "/%6civez%00", "//livez",
                     "/partner.v1.Nothing/At"):
            with self.subTest(path=path):
                self.assertEqual(404, status_of(self.ask(path)))

    def test_another_method_is_405_and_says_which_are_allowed(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            with self.subTest(method=method):
                answer = self.ask("/livez", "Content-Length: 0", method=method)
                self.assertEqual(405, status_of(answer))
                self.assertRegex(answer.decode(), r"(?i)allow: GET, HEAD")

    def test_head_has_the_length_and_no_body(self):
        get, head = self.ask("/livez"), self.ask("/livez", method="HEAD")
        self.assertEqual(200, status_of(head))
        self.assertTrue(head.endswith(b"\r\n\r\n"))
        self.assertEqual(re.findall(rb"(?i)content-length: \d+", get), re.findall(rb"(?i)content-length: \d+", head))

    def test_a_connection_takes_many_requests_also_in_one_piece(self):
        answer = wire.raw(self.daemon, request("/livez") * 20 + request("/nothing") + request("/livez", "Connection: close"))
        self.assertEqual([b"200"] * 20 + [b"404", b"200"], re.findall(rb"HTTP/1\.1 (\d{3}) ", answer))

    def test_http_1_0_is_answered_and_closed(self):
        self.assertEqual(200, status_of(wire.raw(self.daemon, b"GET /livez HTTP/1.0\r\n\r\n")))

    def test_the_pages_are_there_over_http2_too(self):
        with wire.Http2(self.daemon) as connection:
            stream = connection.request("/livez", method="GET", content_type="", end=True)
            answer = wire.Answer(connection.until(stream))
        self.assertTrue(answer.http_ok)
        self.assertEqual(b"alive\n", answer.body)

    def test_metrics_are_well_formed(self):
        self.client.call("FindHosts", {"need": {"title": "x"}})
        status, body = self.daemon.http("/metrics")
        self.assertEqual(200, status)
        text = body.decode()
        self.assertTrue(text.endswith("\n"))
        helped, typed, seen, family = [], {}, [], ""
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split(" ", 3)[2]
                helped.append(family)
                self.assertTrue(line.split(" ", 3)[3].strip())
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertEqual(family, name)
                self.assertNotIn(name, typed)
                self.assertIn(kind, ("counter", "gauge", "histogram"))
                typed[name] = kind
            else:
                found = re.fullmatch(r'([a-z0-9_]+)(\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? (-?[0-9.e+-]+|\+Inf|NaN)', line)
                self.assertTrue(found, line)
                name = found.group(1)
                self.assertTrue(name == family or (typed[family] == "histogram" and name[len(family):] in ("_bucket", "_sum", "_count")), line)
                seen.append(found.group(1) + (found.group(2) or ""))
        self.assertEqual(len(set(helped)), len(helped), "HELP twice")
        self.assertEqual(set(helped), set(typed))
        self.assertEqual(len(set(seen)), len(seen), "a series twice")
        for name, kind in typed.items():
            self.assertTrue(name.startswith("partnerd_"), name)
            self.assertEqual(kind == "counter", name.endswith("_total"), name)

    def test_metrics_count_calls_by_method_and_code(self):
        def count(code: str) -> float:
            return sum(value for name, value in self.daemon.metrics().items()
                       if name.startswith("partnerd_rpc_total{") and 'method="GetOrganisation"' in name and f'code="{code}"' in name)
        before = count("NOT_FOUND")
        for _ in range(3):
            self.refused("NOT_FOUND", "GetOrganisation", {"id": "no/body"})
        self.assertEqual(before + 3, count("NOT_FOUND"))

    def test_what_clients_say_makes_no_labels(self):
        for name in ("FindEvil", 'x",y="1', "x\ny"):
            wire.post(self.daemon, f"/partner.v1.MatchService/{name}", wire.message(b""))
        text = self.daemon.http("/metrics")[1].decode()
        self.assertNotIn("FindEvil", text)
        self.assertNotIn('y="1', text)

    # ---- what is no proper request ----

    def test_bad_heads_are_refused_and_the_connection_closed(self):
        for head, codes in (
                (b"garbage\r\n\r\n", (400,)), (b"\r\n\r\n\r\n\r\n", (400, 0)), (b"GET\r\n\r\n", (400,)), (b"GET /livez\r\n\r\n", (400,)),
                (b"GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n", (400,)), (b"GET /livez HTTP/1.1\r\n\r\n", (400,)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", (400,)), (b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n", (505, 400)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", (400,)), (b"GET /livez HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", (400,)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\nName : blank\r\n\r\n", (400,)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", (400,)), (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", (400,)),
                (b"GET /li\x00vez HTTP/1.1\r\nHost: x\r\n\r\n", (400,)), (b"GET /l\xffvez HTTP/1.1\r\nHost: x\r\n\r\n", (400, 404)),
                (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414, 431)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", (431,)),
                (b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 500 + b"\r\n", (431,)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", (400,)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", (400,)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", (400, 413)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0x10\r\n\r\n", (400,)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 411)),
                (b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, 411, 501)),
                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60), (400, 0)), (bytes(100), (400,)), (b"\xff" * 100, (400, 0))):
            with self.subTest(head=head[:70]):
                answer = wire.raw(self.daemon, head, shut=True)
                self.assertIn(status_of(answer), codes, answer[:200])
                self.assertNotIn(b"alive", answer)
        self.assertEqual(200, self.daemon.http("/livez")[0])

    def test_nothing_hides_behind_a_refused_request(self):
        smuggled = b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + request("/metrics")
        self.assertNotIn(b"partnerd_", wire.raw(self.daemon, smuggled, shut=True))

    def test_a_wrong_preface_of_http2_is_no_request(self):
        for preface in (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", b"PRI"):
            with self.subTest(preface=preface):
                answer = wire.raw(self.daemon, preface + bytes(40), shut=True)
                self.assertNotEqual(200, status_of(answer))
        self.assertEqual(200, self.daemon.http("/livez")[0])

    def test_a_peer_that_leaves_at_any_byte_does_no_harm(self):
        whole = request("/metrics")
        for size in range(0, len(whole), 3):
            with socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
                connection.sendall(whole[:size])
        framed = wire.PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
        for size in range(0, len(framed), 2):
            with socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
                connection.sendall(framed[:size])
        wait_until(lambda: self.daemon.metrics()["partnerd_connections"] <= 2, 10, "connections stay open that were left")


class Slow(harness.Case):
    """Peers that take their time, with times that are short."""

    daemon_flags = ("--first-bytes-ms", "300", "--idle-ms", "1000", "--progress-after-ms", "1000")

    def wait_for_end(self, connection: socket.socket) -> bytes:
        connection.settimeout(20 * SLOW)
        found = b""
        try:
            while more := connection.recv(65536):
                found += more
        except ConnectionError:
            pass
        return found

    def test_a_peer_that_says_nothing_is_let_go(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
            self.assertIn(status_of(self.wait_for_end(connection)), (0, 408))

    def test_half_a_request_is_not_waited_for_without_end(self):
        for half in (b"G", b"GET /livez HTTP/1.1\r\nHost: x\r\n", wire.PREFACE[:10]):
            with self.subTest(half=half), socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
                connection.sendall(half)
                self.assertIn(status_of(self.wait_for_end(connection)), (0, 400, 408))

    def test_a_byte_now_and_then_does_not_keep_a_connection(self):
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as connection:
            connection.settimeout(0.05)
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n")

            def drip():
                try:
                    connection.sendall(b"A: b\r\n")
                    return connection.recv(65536) == b"" or False
                except TimeoutError:
                    return False
                except ConnectionError:
                    return True
            wait_until(drip, 20, "the connection is kept")

    def test_an_idle_connection_is_let_go_by_http2s_own_word(self):
        with wire.Http2(self.daemon) as connection:
            connection.socket.settimeout(20 * SLOW)
            self.assertEqual(0, connection.end())

    def test_a_body_that_does_not_progress_is_let_go(self):
        with wire.Http2(self.daemon) as connection:
            connection.socket.settimeout(20 * SLOW)
            stream = connection.request("/partner.v1.AdminService/GetStatus")
            connection.data(stream, b"\x00\x00", end=False)
            frames = connection.until(stream)
            self.assertTrue(frames)
            answer = wire.Answer(frames)
            self.assertTrue(answer.reset is not None or answer.status, answer)

    def test_others_are_served_meanwhile(self):
        slow = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(50)]
        try:
            for connection in slow:
                with contextlib.suppress(ConnectionError):  # some may be let go already
                    connection.sendall(b"GET /live")
            self.assertTrue(self.client.call("GetStatus").version)
            self.assertEqual(200, self.daemon.http("/readyz")[0])
        finally:
            for connection in slow:
                connection.close()


class Full(harness.Case):
    daemon_flags = ("--connections", "5", "--threads", "1")

    def test_beyond_the_limit_newcomers_are_turned_away_and_the_others_stay(self):
        self.assertTrue(self.client.call("GetStatus").version)
        others = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(20)]
        try:
            wait_until(lambda: sum(self.is_ended(connection) for connection in others) >= 15, 10, "newcomers are not turned away")
            self.assertTrue(self.client.call("GetStatus").version)
        finally:
            for connection in others:
                connection.close()
        wait_until(lambda: self.daemon.http("/livez")[0] == 200, 10, "no newcomer is taken though there is room")
        refused = sum(value for name, value in self.daemon.metrics().items() if name.startswith("partnerd_connections_refused_total"))
        self.assertGreaterEqual(refused, 15)

    def is_ended(self, connection: socket.socket) -> bool:
        """Whether the daemon has closed it by now."""
        connection.settimeout(0)
        try:
            return connection.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
