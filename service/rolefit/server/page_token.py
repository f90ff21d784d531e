"""Page tokens: opaque, and good only for the listing that they were made for."""

import base64
import binascii
import hashlib

from google.protobuf.message import Message

_PLACE_BYTES = 4
_TAG_BYTES = 12


class WrongTokenError(Exception):
    """A text that is no page token of this listing."""


def listing_tag(request: Message, digest: str) -> bytes:
    """Return what marks the tokens of one listing.

    It depends on the kind of request, its filters and the content listed, and not on the
    size of a page, which a client may change on its way.

    Args:
        request: A request with `page_size` and `page_token`.
        digest: Of the rule set.
    """
    filters = type(request)()
    filters.CopyFrom(request)
    filters.DiscardUnknownFields()
    filters.ClearField("page_size")
    filters.ClearField("page_token")
    sha = hashlib.sha256()
    for part in (request.DESCRIPTOR.full_name, digest):
        sha.update(part.encode() + b"\0")
    sha.update(filters.SerializeToString(deterministic=True))
    return sha.digest()[:_TAG_BYTES]


def write_token(place: int, tag: bytes) -> str:
    """Return the token of the page that begins at `place`."""
    return base64.urlsafe_b64encode(place.to_bytes(_PLACE_BYTES, "big") + tag).decode()


def read_token(token: str, tag: bytes) -> int:
    """Return where the page begins; 0 without a token.

    Raises:
        WrongTokenError: It is no token, or one of another listing.
    """
    if not token:
        return 0
    try:
        data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise WrongTokenError from None
    if len(data) != _PLACE_BYTES + _TAG_BYTES or data[_PLACE_BYTES:] != tag:
        raise WrongTokenError
    return int.from_bytes(data[:_PLACE_BYTES], "big")
