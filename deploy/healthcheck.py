"""Exits with 0 if the server of this container says that it serves.

Asks grpc.health.v1 in plaintext, or /readyz where the server has its HTTP port, which it needs
with TLS and where health is not open to everybody: this has no certificate or token to show.
"""

import os
import sys
import urllib.request

SECONDS = 4.0


def main() -> int:
    """Ask the port that the settings name; print the answer, or what is wrong."""
    http_port = os.environ.get("ROLEFIT_HTTP_PORT", "0")
    try:
        if http_port != "0":
            print(_ready(http_port))
        else:
            print(_serving(os.environ.get("ROLEFIT_PORT", "50051")))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _ready(port: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=SECONDS) as answer:
        return str(answer.read().decode().strip())


def _serving(port: str) -> str:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=SECONDS
            )
        except grpc.RpcError as error:
            raise ValueError(error.details()) from None
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    if status != "SERVING":
        raise ValueError(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
