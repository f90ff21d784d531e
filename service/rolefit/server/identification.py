"""Who calls: by the name in a client certificate, by a bearer token, or by both."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from rolefit.server import errors
from rolefit.server.refusal_log import RefusalLog
from rolefit.server.tokens import InvalidToken

_HEADER = "authorization"
_SCHEME = "bearer"


class TokenCheck(Protocol):
    """Knows the tokens of one kind."""

    def name_of(self, token: str) -> str:
        """Return whose token it is.

        Raises:
            InvalidToken: It is not valid.
        """


class CertificateNames:
    """Reads the caller's name from the certificate that the handshake has checked.

    Args:
        allowed: Names of which it must bear one; none if any will do.
        refusals: Is told of those turned away.
    """

    def __init__(self, allowed: frozenset[str], refusals: RefusalLog) -> None:
        self._allowed = allowed
        self._refusals = refusals

    def caller_of(self, context: Any) -> str:
        """Return the first name of the certificate that is allowed.

        Raises:
            CallError: There is none.
        """
        # gRPC gives the subject alternative names or, where there are none, the common name.
        names: Iterable[bytes] = context.peer_identities() or ()
        for each in names:
            name = each.decode(errors="replace")
            if not self._allowed or name in self._allowed:
                return name
        self._refusals.note("client certificate without an allowed name", context.peer())
        raise errors.caller_not_allowed()


class BearerTokens:
    """Reads the caller's name from the header `authorization`.

    Args:
        tokens: Returns the tokens of the tokens file as it is now; None without one.
        json_web_tokens: Returns what checks JSON Web Tokens, likewise.
        refusals: Is told of those turned away.
    """

    def __init__(
        self,
        tokens: Callable[[], TokenCheck] | None,
        json_web_tokens: Callable[[], TokenCheck] | None,
        refusals: RefusalLog,
    ) -> None:
        self._tokens = tokens
        self._json_web_tokens = json_web_tokens
        self._refusals = refusals

    def caller_of(self, context: Any) -> str:
        """Return whose token it is.

        Raises:
            CallError: There is no token, or it is not valid.
        """
        given = [value for key, value in context.invocation_metadata() if key == _HEADER]
        if not given:
            self._refusals.note("no token", context.peer())
            raise errors.credential_missing()
        try:
            return self._name_in(given)
        except InvalidToken as invalid:
            self._refusals.note(str(invalid), context.peer())
            raise errors.credential_rejected() from None

    def _name_in(self, given: list[str]) -> str:
        scheme, _, token = given[0].partition(" ")
        if len(given) > 1 or scheme.lower() != _SCHEME or not token:
            raise InvalidToken("malformed authorization header")
        # A token of ours has no dot, and a JSON Web Token has two.
        check = self._json_web_tokens if token.count(".") == 2 else self._tokens
        if check is None:
            raise InvalidToken("unknown kind of token")
        return check().name_of(token)


class Identification:
    """Asks for all that is configured.

    Args:
        certificates: Reads names in certificates, if clients need one.
        bearer: Reads tokens, if calls need one. A token's name goes before a certificate's,
            which may be that of a proxy.
    """

    def __init__(
        self, certificates: CertificateNames | None, bearer: BearerTokens | None
    ) -> None:
        self._sources = [each for each in (certificates, bearer) if each is not None]

    def caller_of(self, context: Any) -> str:
        """Return the caller's name.

        Raises:
            CallError: The caller is unknown or not allowed.
        """
        name = ""
        for source in self._sources:
            name = source.caller_of(context)
        return name
