"""The TCP port: claimed before gRPC binds it, watched and closed while a server drains.

Everything here is plain sockets, so that the supervisor can use it without grpc.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager


class PortError(Exception):
    """The address cannot be listened on; `str()` is one line that names host and port."""


def claim(host: str, port: int, shared: bool) -> socket.socket:
    """Bind an address that nobody else listens on, without listening on it yet.

    gRPC's own check is not enough: with SO_REUSEPORT, which workers need in order to share
    a port, a second server of the same user binds a taken port without an error and
    receives a part of the connections.

    Args:
        host: Name or address.
        port: 0 takes a free one.
        shared: Let other sockets of this user bind the port while this one is open, and
            keep everybody else out.

    Raises:
        PortError: The host does not resolve, or the port is taken or not allowed.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # First alone, which fails if anybody listens there; only then to be shared.
        claimed = _bound(family, (host, *address[1:]), reuse_port=False)
        if not shared:
            return claimed
        with claimed:
            taken = claimed.getsockname()
        return _bound(family, taken, reuse_port=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PortError(f"cannot listen on {address_of(host, port)}: {reason}") from None


def address_of(host: str, port: int) -> str:
    """Join host and port as gRPC and people write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def stop_listening(port: int) -> None:
    """Refuse new connections to `port` from now on; open ones go on.

    gRPC has no call for that, but its listening sockets are this process's, and the kernel
    closes them for new connections when asked. gRPC notes one line about it on stderr.
    """
    for sock in _sockets_on(port):
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            sock.shutdown(socket.SHUT_RDWR)


def open_connections(port: int) -> int:
    """Count this process's open connections to `port`."""
    return sum(_has_peer(sock) for sock in _sockets_on(port))


def _bound(family: int, address: tuple[object, ...], reuse_port: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port whose old connections linger in TIME_WAIT is free.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _sockets_on(port: int) -> Iterator[socket.socket]:
    for name in os.listdir("/dev/fd"):
        with _borrowed(int(name)) as sock:
            if sock is not None and sock.getsockname()[1] == port:
                yield sock


def _has_peer(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket | None]:
    """Lend a TCP socket over a copy of `descriptor`; None if it is something else."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            yield None
            return
        sock = socket.socket(fileno=os.dup(descriptor))
    except OSError:  # closed since it was listed
        yield None
        return
    with sock:
        yield sock if sock.family in (socket.AF_INET, socket.AF_INET6) else None
