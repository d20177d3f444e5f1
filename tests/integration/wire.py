"""Bytes on the wire that no proper client sends: HTTP/2 frames, gRPC bodies and HTTP/1.1 heads through a socket."""
from __future__ import annotations

import socket
import struct

import harness

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def message(body: bytes, compressed: bool = False, length: int | None = None) -> bytes:
    """A gRPC message with its prefix, whose length may be a lie."""
    return struct.pack(">BI", compressed, len(body) if length is None else length) + body


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, content: bytes | int) -> bytes:
    """A protobuf field: bytes by length, a number as a varint."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def literal(name: str, value: str | bytes) -> bytes:
    """A header field in HPACK, without index and without Huffman."""
    parts = [part if isinstance(part, bytes) else part.encode() for part in (name, value)]
    out = b"\x00"
    for part in parts:
        if len(part) < 127:
            out += bytes([len(part)])
        else:
            out += b"\x7f" + varint(len(part) - 127)
        out += part
    return out


class Http2:
    """A connection that speaks in frames. Answers are read as (type, flags, stream, payload), their headers not decoded."""

    def __init__(self, daemon: harness.Daemon, settings: bytes = b""):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port), timeout=10 * harness.SLOW)
        self.target = daemon.target
        self.buffer = b""
        self.stream = -1
        self.socket.sendall(PREFACE)
        self.send(SETTINGS, 0, 0, settings)

    def __enter__(self) -> "Http2":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, kind: int, flags: int, stream: int, payload: bytes = b"", length: int | None = None) -> None:
        size = len(payload) if length is None else length
        self.socket.sendall(size.to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def request(self, path: str, *more: tuple[str, str | bytes], end: bool = False, **instead: str) -> int:
        """Opens a stream with a gRPC request's headers; gives its number. instead: method="GET", content_type="" (none)."""
        self.stream += 2
        content_type = instead.get("content_type", "application/grpc")
        block = b"".join(literal(name, value) for name, value in (
            (":method", instead.get("method", "POST")), (":scheme", "http"), (":path", path), (":authority", self.target),
            *([("content-type", content_type)] if content_type else []), ("te", "trailers"), *more))
        pieces = [block[i:i + 16000] for i in range(0, len(block), 16000)]
        for i, piece in enumerate(pieces):
            flags = (END_HEADERS if i == len(pieces) - 1 else 0) | (END_STREAM if end and i == 0 else 0)
            self.send(CONTINUATION if i else HEADERS, flags, self.stream, piece)
        return self.stream

    def data(self, stream: int, payload: bytes, end: bool = True) -> None:
        self.send(DATA, END_STREAM if end else 0, stream, payload)

    def frame(self) -> tuple[int, int, int, bytes] | None:
        """The next frame; None at the connection's end."""
        head = self._take(9)
        if head is None:
            return None
        payload = self._take(int.from_bytes(head[:3], "big"))
        if payload is None:
            return None
        return head[3], head[4], struct.unpack(">I", head[5:9])[0] & 0x7FFFFFFF, payload

    def _take(self, size: int) -> bytes | None:
        while len(self.buffer) < size:
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return None
            self.buffer += more
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def until(self, stream: int) -> list[tuple[int, int, int, bytes]]:
        """All frames up to the stream's end, by END_STREAM or RST_STREAM, or up to the connection's."""
        found = []
        while True:
            frame = self.frame()
            if frame is None:
                return found
            found.append(frame)
            kind, flags, number, _ = frame
            if number == stream and (kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)):
                return found

    def end(self) -> int | None:
        """Reads up to the connection's end; the error code of the GOAWAY, if there was one."""
        code = None
        while (frame := self.frame()) is not None:
            if frame[0] == GOAWAY:
                code = struct.unpack(">I", frame[3][4:8])[0]
        return code

    def lives(self) -> bool:
        """A PING comes back."""
        self.send(PING, 0, 0, b"stillon?")
        while (frame := self.frame()) is not None:
            if frame[0] == PING and frame[1] & ACK and frame[3] == b"stillon?":
                return True
        return False


# "grpc-status" in HPACK's Huffman code, as nghttp2 writes it the first time on a connection; its value stands plain behind it.
STATUS_NAME = bytes([0x88, 0x9A, 0xCA, 0xC8, 0xB2, 0x12, 0x34, 0xDA, 0x8F])


class Answer:
    """What came on a stream: `status` is gRPC's number (None without), `http_ok` whether :status is 200, `reset` the code of a
    RST_STREAM, `body` the DATA."""

    def __init__(self, frames: list[tuple[int, int, int, bytes]]):
        self.frames = frames
        self.body = b"".join(frame[3] for frame in frames if frame[0] == DATA)
        blocks = [frame[3] for frame in frames if frame[0] == HEADERS]
        self.http_ok = bool(blocks) and blocks[0].lstrip(b"\x20\x3f\xe1\x1f")[:1] == b"\x88"
        self.status = None
        for block in blocks:
            at = block.find(STATUS_NAME)
            if at >= 0:
                at += len(STATUS_NAME)
                self.status = int(block[at + 1:at + 1 + block[at]])
        resets = [struct.unpack(">I", frame[3])[0] for frame in frames if frame[0] == RST_STREAM]
        self.reset = resets[0] if resets else None

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, http_ok={self.http_ok}, reset={self.reset}, frames={self.frames})"


def post(daemon: harness.Daemon, path: str, body: bytes, *headers: tuple[str, str | bytes], **instead: str) -> Answer:
    """One gRPC request on a connection of its own."""
    with Http2(daemon) as connection:
        stream = connection.request(path, *headers, **instead)
        for i in range(0, len(body), 16384):
            connection.data(stream, body[i:i + 16384], end=False)
        connection.data(stream, b"")
        return Answer(connection.until(stream))


def raw(daemon: harness.Daemon, request: bytes, shut: bool = False) -> bytes:
    """Sends bytes, reads up to the connection's end, and gives all that came."""
    found = b""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=15 * harness.SLOW) as connection:
        try:
            connection.sendall(request)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(65536):
                found += more
        except ConnectionError:
            pass  # reset: the end too
    return found
