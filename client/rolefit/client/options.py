"""How a client calls: what the two client classes have in common to be told."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

DEFAULT_SERVER = "localhost:50051"
DEFAULT_TIMEOUT = 5.0
DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024
LONGEST_TIMEOUT = 1e9
"""Unit: seconds. gRPC takes a much longer one for none at all, and the call fails at once."""

# gRPC lowers a larger number to this one without a word.
_MOST_ATTEMPTS = 5

# gRPC counts the wait in whole milliseconds and varies it by a fifth. A wait that comes out
# below one is never over: the call hangs until its deadline (seen with grpcio 1.85).
_SHORTEST_BACKOFF = 0.01


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a call that found no server is tried again.

    A call is tried again after UNAVAILABLE (no connection) and after CANCELLED (the server
    was shutting down); a recommendation stores nothing, so trying again is always safe. The
    timeout of a call covers all its attempts.
    """

    max_attempts: int = 5
    """Calls in all, the first one included: 1 to 5. 1 means no retry."""
    initial_backoff: float = 0.1
    """Wait before the second attempt, in seconds, at least 0.01. gRPC varies every wait by
    up to a fifth, so that many clients of one server do not come back at one moment."""
    max_backoff: float = 1.0
    """Longest wait before any attempt, in seconds, at least 0.01."""
    multiplier: float = 2.0
    """Factor from one wait to the next."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_attempts <= _MOST_ATTEMPTS:
            raise ValueError(
                f"max_attempts must be from 1 to {_MOST_ATTEMPTS}, not {self.max_attempts}"
            )
        for name in ("initial_backoff", "max_backoff"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds >= _SHORTEST_BACKOFF):
                raise ValueError(f"{name} must be at least {_SHORTEST_BACKOFF}, not {seconds}")
        if not (math.isfinite(self.multiplier) and self.multiplier > 0):
            raise ValueError(f"multiplier must be positive, not {self.multiplier}")

    @classmethod
    def none(cls) -> RetryPolicy:
        """Make the policy of a caller that does its own retries: one attempt."""
        return cls(max_attempts=1)


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """Encryption of the connection, and who proves what to whom. All values are PEM."""

    root_certificates: bytes | None = None
    """Authorities that the server's certificate may come from. None: those gRPC ships."""
    private_key: bytes | None = field(default=None, repr=False)
    """Key of this client, if the server asks clients for a certificate."""
    certificate_chain: bytes | None = None
    """Certificate of this client, followed by those that vouch for it."""

    def __post_init__(self) -> None:
        if (self.private_key is None) != (self.certificate_chain is None):
            raise ValueError("private_key and certificate_chain go together: give both or none")

    @classmethod
    def from_files(
        cls,
        *,
        root_certificates: str | PathLike[str] | None = None,
        private_key: str | PathLike[str] | None = None,
        certificate_chain: str | PathLike[str] | None = None,
    ) -> TlsConfig:
        """Read the PEM files once, now.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file does not hold what it should, or the key is not that of the
                certificate.

        """

        def content(path: str | PathLike[str] | None) -> bytes | None:
            return None if path is None else Path(path).read_bytes()

        config = cls(
            content(root_certificates), content(private_key), content(certificate_chain)
        )
        _check_pem_files(root_certificates, private_key, certificate_chain)
        return config


def _check_pem_files(
    root_certificates: str | PathLike[str] | None,
    private_key: str | PathLike[str] | None,
    certificate_chain: str | PathLike[str] | None,
) -> None:
    """Have OpenSSL read the files: of bad ones gRPC says only that no server answers.

    Raises:
        ValueError: OpenSSL cannot use them.

    """
    import ssl  # importing the client is to be quick, and few need this

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in (root_certificates, certificate_chain):
        if file is not None:
            try:
                context.load_verify_locations(cafile=file)
            except ssl.SSLError:
                raise ValueError(f"{file}: holds no certificate in PEM") from None
    if private_key is not None and certificate_chain is not None:
        if b"PRIVATE KEY-----" not in Path(private_key).read_bytes():
            raise ValueError(f"{private_key}: holds no private key in PEM")
        try:
            # An empty password, or OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate_chain, private_key, password="")
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                problem = f"is not the key of the certificate in {certificate_chain}"
            else:
                problem = f"cannot be used: {error.reason or error}"
            raise ValueError(f"{private_key}: {problem}") from None


def checked_timeout(seconds: float) -> float:
    """Return the timeout if a call can have it.

    Raises:
        TypeError: It is no number.
        ValueError: It is not positive, or longer than `LONGEST_TIMEOUT`.

    """
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"timeout must be a number of seconds, not {seconds!r}")
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(
            f"timeout must be a positive number of seconds, at most {LONGEST_TIMEOUT:g}, "
            f"not {seconds}"
        )
    return seconds
