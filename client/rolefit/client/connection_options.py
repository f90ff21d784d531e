"""The command's options for TLS and tokens."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rolefit.client.bearer_token import is_bearer_token
from rolefit.client.options import TlsConfig


def add_connection_options(parser: argparse.ArgumentParser) -> None:
    """Add how to encrypt and how to say who calls."""
    group = parser.add_argument_group("TLS and identity")
    group.add_argument(
        "--tls", action="store_true", help="encrypt, and trust the authorities gRPC ships"
    )
    group.add_argument(
        "--ca", metavar="FILE", help="encrypt, and trust the authorities in a PEM file"
    )
    group.add_argument(
        "--cert", metavar="FILE", help="encrypt, with this client certificate; needs --key"
    )
    group.add_argument("--key", metavar="FILE", help="private key of --cert")
    # No option takes the token itself: every user of a machine sees command lines.
    group.add_argument(
        "--token-file",
        metavar="FILE",
        help="file with the bearer token (default: the token is in $ROLEFIT_TOKEN, if any)",
    )


def tls_of(parsed: argparse.Namespace) -> TlsConfig | None:
    """Read what the options say of TLS; None for plaintext.

    Raises:
        OSError: A file cannot be read.
        ValueError: A certificate was given without its key, or the other way round, or a file
            does not hold what it should.

    """
    if not (parsed.tls or parsed.ca or parsed.cert or parsed.key):
        return None
    if (parsed.cert is None) != (parsed.key is None):
        raise ValueError("--cert and --key go together: give both or none")
    return TlsConfig.from_files(
        root_certificates=parsed.ca, private_key=parsed.key, certificate_chain=parsed.cert
    )


def token_of(parsed: argparse.Namespace) -> str | None:
    """Read the token, if there is one.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no token.

    """
    if parsed.token_file is None:
        token = os.environ.get("ROLEFIT_TOKEN", "").strip()
        return _checked(token, "$ROLEFIT_TOKEN") if token else None
    try:
        token = Path(parsed.token_file).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{parsed.token_file}: is no text, so it holds no token") from None
    if not token:
        raise ValueError(f"{parsed.token_file}: holds no token")
    return _checked(token, parsed.token_file)


def _checked(token: str, source: str) -> str:
    if not is_bearer_token(token):
        # Unquoted: an error message is no place for it.
        raise ValueError(
            f"{source}: must hold the token and nothing else; it has spaces, line breaks or "
            "characters that no token has"
        )
    return token
