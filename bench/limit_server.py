"""The limit: gRPC alone. Parses each request and returns the same bytes to all.

    python -m bench.limit_server PORT_FILE ANSWER_BYTES

The flavour is that of rolefit-server, asyncio on uvloop, with the same options.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop
from grpc import aio

from rolefit.server.config import ServerConfig
from rolefit.server.serving import options
from rolefit.v1.recommendation_service_pb2 import RecommendRequest

SERVICE = "rolefit.v1.RecommendationService"


async def serve(port_file: Path, answer_bytes: int) -> None:
    """Serve until killed."""
    answer = bytes(answer_bytes)

    async def recommend(request: bytes, _context: object) -> bytes:
        RecommendRequest.FromString(request)
        return answer

    server = aio.server(options=options(ServerConfig(), shared=True))
    handlers: dict[str, Any] = {"Recommend": grpc.unary_unary_rpc_method_handler(recommend)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    port_file.write_text(str(port), encoding="utf-8")
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
