"""A client that speaks as much HTTP/2 as it takes to send what no gRPC client would."""

from __future__ import annotations

import re
import socket
import struct

from .processes import PATIENCE_SECONDS

_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_STREAM = 1


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
        headers: Besides those every call has.
        end: Whether to end the stream after the body.
    """
    every = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "127.0.0.1"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    )
    block = b"".join(_literal(name, value) for name, value in (*every, *headers))
    with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as sock:
        sock.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            + _frame(_SETTINGS, 0, 0, b"")
            + _frame(_HEADERS, _END_HEADERS, _STREAM, block)
            + _frame(_DATA, _END_STREAM if end else 0, _STREAM, body)
        )
        return _read_status(sock)


def _read_status(sock: socket.socket) -> int:
    with sock.makefile("rb") as stream:
        while True:
            head = stream.read(9)
            assert len(head) == 9, "the server closed the connection without a status"
            payload = stream.read(int.from_bytes(head[:3], "big"))
            kind, flags = head[3], head[4]
            if kind == _SETTINGS and not flags & _ACK:
                sock.sendall(_frame(_SETTINGS, _ACK, 0, b""))
            # gRPC writes header names and short values plainly, without Huffman codes.
            found = re.search(rb"grpc-status[\x01\x02](\d+)", payload)
            if kind == _HEADERS and found:
                return int(found[1])


def _literal(name: str, value: str) -> bytes:
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    head = struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
    return head + struct.pack(">I", stream) + payload
