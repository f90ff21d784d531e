"""A client that speaks as much HTTP/2 as it takes to send what no gRPC client would."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Mapping

from .processes import PATIENCE_SECONDS

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS = 1, 4
_ACK = 1
_CANCEL = 8
_STREAM = 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def grpc_status(
    port: int,
    path: str,
    body: bytes,
    headers: tuple[tuple[str, str], ...] = (),
    end: bool = True,
) -> int:
    """Sends one request with `body` as it is and returns the grpc-status of the answer.

    Args:
        port: On 127.0.0.1.
        path: Such as /package.Service/Method.
        body: With gRPC's five-byte prefix, if it is to have one.
        headers: Besides those every call has, or in their place.
        end: Whether to end the stream after the body.
    """
    with Connection(port) as connection:
        connection.begin(_STREAM, path, dict(headers))
        connection.data(_STREAM, body, end)
        return connection.status(_STREAM)


class ConnectionClosed(Exception):  # noqa: N818
    """The server closed the connection."""


class Connection:
    """A connection that sends what it is told and acknowledges what it must."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self._stream = self._socket.makefile("rb")
        # Statuses by stream, as they have come.
        self._statuses: dict[int, int] = {}
        self._ended: set[int] = set()
        self._told_to_go = False
        self.send(_PREFACE + frame(SETTINGS, 0, 0, b""))

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, content: bytes) -> None:
        """Sends bytes as they are.

        Raises:
            ConnectionClosed: Nobody takes them any more.
        """
        try:
            self._socket.sendall(content)
        except OSError as error:
            raise ConnectionClosed(str(error)) from None

    def begin(self, stream: int, path: str, headers: Mapping[str, str] | None = None) -> None:
        """Sends the headers of a call; `headers` add to the usual ones or replace them."""
        self.send(frame(HEADERS, END_HEADERS, stream, header_block(path, headers)))

    def data(self, stream: int, body: bytes, end: bool = True) -> None:
        """Sends a piece of a body."""
        self.send(frame(DATA, END_STREAM if end else 0, stream, body))

    def reset(self, stream: int) -> None:
        """Gives a call up."""
        self.send(frame(RST_STREAM, 0, stream, struct.pack(">I", _CANCEL)))

    def status(self, stream: int) -> int:
        """Waits for the grpc-status of a call.

        Raises:
            ConnectionClosed: The server closed the connection without one.
        """
        while stream not in self._statuses:
            self._read_frame()
        return self._statuses[stream]

    def ended(self, stream: int) -> None:
        """Waits until the server ends a call, whether with a status or not.

        Raises:
            ConnectionClosed: The server closed the connection instead.
        """
        while stream not in self._ended:
            self._read_frame()

    def wait_for_goaway(self) -> None:
        """Waits until the server says that it takes no more calls here."""
        while not self._told_to_go:
            self._read_frame()

    def _read_frame(self) -> None:
        try:
            head = self._stream.read(9)
            payload = self._stream.read(int.from_bytes(head[:3], "big"))
        except ConnectionError as error:
            raise ConnectionClosed(str(error)) from None
        if len(head) < 9:
            raise ConnectionClosed("the server closed the connection without a status")
        kind, flags = head[3], head[4]
        if kind in (SETTINGS, PING) and not flags & _ACK:
            self.send(frame(kind, _ACK, 0, payload if kind == PING else b""))
        stream = int.from_bytes(head[5:], "big")
        if kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM):
            self._ended.add(stream)
        self._told_to_go = self._told_to_go or kind == GOAWAY
        # gRPC writes header names and short values plainly, without Huffman codes.
        found = re.search(rb"grpc-status[\x01\x02](\d+)", payload)
        if kind == HEADERS and found:
            self._statuses[stream] = int(found[1])


def header_block(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The headers of a call, as HPACK literals."""
    every = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": "127.0.0.1",
        "te": "trailers",
        "content-type": "application/grpc",
        **(headers or {}),
    }
    return b"".join(_literal(name, value) for name, value in every.items())


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One HTTP/2 frame."""
    head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
    return head + struct.pack(">I", stream) + payload


def message(content: bytes) -> bytes:
    """A gRPC message with its prefix."""
    return b"\x00" + struct.pack(">I", len(content)) + content


def _literal(name: str, value: str) -> bytes:
    content = value.encode("latin1")
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(content)]) + content
