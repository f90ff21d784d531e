"""TLS, one-sided or mutual, with certificates that are replaced while the server serves."""

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from rolefit.server.watched_files import FileError, WatchedFiles

# grpc has this type without exporting it by name to its stubs.
_Configuration = Any


class Tls:
    """The server's side of TLS.

    gRPC asks for the certificates at each handshake; new ones hold for new connections, and
    old connections go when they reach their age.

    Args:
        certificate: PEM file with the certificate and those that vouch for it.
        key: PEM file with its private key.
        client_ca: PEM file with the authorities of client certificates. With it, clients
            need one.

    Attributes:
        files: What it was made from.
        credentials: What a gRPC server listens with.

    Raises:
        FileError: A file cannot be used.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None) -> None:
        self._paths = (certificate, key) if client_ca is None else (certificate, key, client_ca)
        self.files = WatchedFiles(self._paths, self._configuration)
        self._given = self.files.current
        self.credentials = grpc.dynamic_ssl_server_credentials(
            self._given,
            # None means that nothing has changed; the stubs do not know.
            cast(Callable[[], _Configuration], self._changed),
            require_client_authentication=client_ca is not None,
        )

    def _configuration(self, contents: Sequence[bytes]) -> _Configuration:
        chain, key, *authorities = contents
        certificate_path, key_path, *authorities_path = self._paths
        leaf = _certificates(certificate_path, chain)[0]
        if leaf.not_valid_after_utc < datetime.now(timezone.utc):
            raise FileError(certificate_path, "the certificate has expired")
        if _public_key(key_path, key) != _public_bytes(leaf.public_key()):
            raise FileError(key_path, f"not the key of the certificate in {certificate_path}")
        for path, content in zip(authorities_path, authorities, strict=True):
            _certificates(path, content)
        return grpc.ssl_server_certificate_configuration(
            [(key, chain)], authorities[0] if authorities else None
        )

    def _changed(self) -> _Configuration | None:
        """Return certificates that gRPC does not have yet; its own threads call this."""
        current = self.files.current
        if current is self._given:
            return None
        self._given = current
        return current


def _certificates(path: Path, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise FileError(path, "not a certificate in PEM form") from None


def _public_key(path: Path, content: bytes) -> bytes:
    try:
        return _public_bytes(load_pem_private_key(content, None).public_key())
    except TypeError:
        raise FileError(path, "encrypted; rolefit takes keys without a password") from None
    except Exception:
        # Nothing of the cause, which might quote the file.
        raise FileError(path, "not a private key in PEM form") from None


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded
