"""HTTP beside gRPC: /metrics, /livez and /readyz.

The protocol is h11's; around it there are few connections, each for one short request.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import h11

from rolefit.server import ports
from rolefit.server.metrics_exposition import CONTENT_TYPE, exposition
from rolefit.server.probed import Probed

_MOST_CONNECTIONS = 32
_REQUEST_SECONDS = 5.0
_EXCHANGE_SECONDS = 10.0
_LARGEST_HEAD_BYTES = 8 * 1024
_TEXT = "text/plain; charset=utf-8"


@contextlib.asynccontextmanager
async def serve_probes(host: str, port: int, probed: Probed) -> AsyncIterator[None]:
    """Answer as long as the context is open.

    Raises:
        PortError: The address cannot be listened on.
    """
    probes = _Probes(probed)
    claimed = ports.claim(host, port, shared=False)
    server = await asyncio.start_server(probes.connected, sock=claimed)
    try:
        yield
    finally:
        server.close()
        await probes.close()


class _Probes:
    def __init__(self, probed: Probed) -> None:
        self._probed = probed
        self._connections: set[asyncio.Task[None]] = set()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.close()
            return
        serving = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(serving)
        serving.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        """Let answers that are on their way out finish."""
        if self._connections:
            await asyncio.wait(self._connections, timeout=1.0)
        for connection in self._connections:
            connection.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.wait_for(self._exchange(reader, writer), _EXCHANGE_SECONDS)
        except (ConnectionError, asyncio.TimeoutError):
            pass
        finally:
            # A client that does not read must not keep what it is sent in memory.
            writer.transport.abort()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._respond(reader, writer)
        writer.close()
        await writer.wait_closed()

    async def _respond(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD_BYTES)
        try:
            request = await asyncio.wait_for(_request(connection, reader), _REQUEST_SECONDS)
        except h11.RemoteProtocolError as error:
            answer = error.error_status_hint, _TEXT, b"not an HTTP request\n"
        else:
            if request is None:
                return
            answer = await self._answer(request.method, request.target)
        status, content_type, body = answer
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
            *([("Allow", "GET")] if status == 405 else []),
        ]
        for event in (
            h11.Response(
                status_code=status, reason=HTTPStatus(status).phrase.encode(), headers=headers
            ),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            writer.write(connection.send(event) or b"")
        await writer.drain()

    async def _answer(self, method: bytes, target: bytes) -> tuple[int, str, bytes]:
        path = target.partition(b"?")[0]
        if path not in (b"/metrics", b"/livez", b"/readyz"):
            return 404, _TEXT, b"there are /metrics, /livez and /readyz\n"
        if method != b"GET":
            return 405, _TEXT, b"only GET\n"
        if path == b"/metrics":
            return 200, CONTENT_TYPE, await exposition(await self._probed.readings())
        alive = path == b"/livez"
        problem = await (
            self._probed.why_not_alive() if alive else self._probed.why_not_ready()
        )
        if problem:
            return 503, _TEXT, problem.encode() + b"\n"
        return 200, _TEXT, b"ok\n"


async def _request(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> h11.Request | None:
    """Return the head of a request; None if the client leaves before it is whole.

    Raises:
        RemoteProtocolError: It is none.
    """
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            return event
        if event is not h11.NEED_DATA:
            return None
        connection.receive_data(await reader.read(_LARGEST_HEAD_BYTES))
