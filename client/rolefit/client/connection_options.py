"""The command's options for TLS and tokens."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

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
        ValueError: A certificate was given without its key, or the other way round.

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
        ValueError: It is empty or not text.

    """
    if parsed.token_file is None:
        return os.environ.get("ROLEFIT_TOKEN") or None
    try:
        token = Path(parsed.token_file).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        token = ""
    if not token:
        raise ValueError(f"{parsed.token_file}: holds no token")
    return token
