"""The gate of a server that asks who calls, limits how often, or both."""

import ipaddress
from typing import Any
from urllib.parse import unquote

from rolefit.server import errors
from rolefit.server.call import NOBODY, Call
from rolefit.server.identification import Identification
from rolefit.server.rate_limit import RateLimit


class CallerGate:
    """Admits known callers as often as they may call.

    Args:
        identification: Says who calls; None if nobody is asked.
        rate: Limits each caller, or each address where nobody is asked; None for no limit.
    """

    def __init__(self, identification: Identification | None, rate: RateLimit | None) -> None:
        self._identification = identification
        self._rate = rate

    def admit(self, call: Call, context: Any) -> None:
        """Set `call.caller`.

        Raises:
            CallError: The caller is unknown, not allowed or calls too often.
        """
        if self._identification is not None:
            call.caller = self._identification.caller_of(context)
        if self._rate is not None:
            limited = call.caller if call.caller != NOBODY else address_of(context.peer())
            wait = self._rate.wait(limited)
            if wait > 0:
                raise errors.rate_exceeded(wait)


def address_of(peer: str) -> str:
    """Return what stands for one caller in gRPC's name of a peer, such as `ipv4:1.2.3.4:5`.

    The port is left out, and of IPv6 all but the first 64 bits: whoever has one such
    address has all of them.
    """
    family, _, address = peer.partition(":")
    host = unquote(address).rpartition(":")[0]
    if family != "ipv6":
        return host or peer
    try:
        found = ipaddress.IPv6Address(host.strip("[]").partition("%")[0])
    except ValueError:
        return host
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))
