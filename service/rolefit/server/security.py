"""What a server's settings ask for in transport and identity, ready to be wired in."""

from typing import TYPE_CHECKING, Any

from rolefit.server import exposure
from rolefit.server.caller_gate import CallerGate
from rolefit.server.config import ServerConfig
from rolefit.server.guarded_services import GuardedServices
from rolefit.server.identification import (
    BearerTokens,
    CertificateNames,
    Identification,
    TokenCheck,
)
from rolefit.server.rate_limit import RateLimit
from rolefit.server.refusal_log import RefusalLog
from rolefit.server.tokens import read_tokens
from rolefit.server.watched_files import WatchedFiles

if TYPE_CHECKING:
    from rolefit.server.json_web_tokens import JsonWebTokens
    from rolefit.server.tls import Tls


class Security:
    """Everything about who may connect and call.

    Args:
        config: The settings, of which `exposure.check` has found nothing bad.

    Attributes:
        gate: Decides who may call; None if everybody may, as often as they like.
        watched: Files to be kept fresh while the server serves.

    Raises:
        FileError: A file that the settings name cannot be used.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self.watched: list[WatchedFiles[Any]] = []
        self._tls = self._transport()
        self._identification = self._identified()
        rate = None
        if config.rate_per_second:
            rate = RateLimit(config.rate_per_second, config.rate_burst)
        self.gate: CallerGate | None = None
        if self._identification is not None or rate is not None:
            self.gate = CallerGate(self._identification, rate)

    def listen(self, server: Any, address: str) -> int:
        """Let a gRPC server listen; return its port.

        Raises:
            RuntimeError: It cannot.
        """
        port: int
        if self._tls is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, self._tls.credentials)
        return port

    def for_health(self, server: Any) -> Any:
        """Return where the health service is to be registered."""
        identification = None if self._config.open_health else self._identification
        return GuardedServices(server, identification)

    def for_reflection(self, server: Any) -> Any:
        """Return where reflection is to be registered."""
        return GuardedServices(server, self._identification)

    def _transport(self) -> "Tls | None":
        config = self._config
        if config.tls_certificate is None or config.tls_key is None:
            return None
        # Here and below, what costs a tenth of a second and 10 MB only if it is asked for.
        from rolefit.server.tls import Tls

        tls = Tls(config.tls_certificate, config.tls_key, config.tls_client_ca)
        self.watched.append(tls.files)
        return tls

    def _identified(self) -> Identification | None:
        config = self._config
        refusals = RefusalLog()
        certificates = None
        if config.tls_client_ca:
            certificates = CertificateNames(exposure.client_names(config), refusals)
        bearer = self._bearer(refusals)
        if certificates is None and bearer is None:
            return None
        return Identification(certificates, bearer)

    def _bearer(self, refusals: RefusalLog) -> BearerTokens | None:
        tokens_path, jwks_path = self._config.tokens, self._config.jwks
        tokens: WatchedFiles[TokenCheck] | None = None
        keys: WatchedFiles[TokenCheck] | None = None
        if tokens_path is not None:
            path = tokens_path
            tokens = WatchedFiles([path], lambda contents: read_tokens(path, contents[0]))
            self.watched.append(tokens)
        if jwks_path is not None:
            keys = WatchedFiles([jwks_path], lambda contents: self._checker(contents[0]))
            self.watched.append(keys)
        if tokens is None and keys is None:
            return None
        return BearerTokens(
            None if tokens is None else lambda: tokens.current,
            None if keys is None else lambda: keys.current,
            refusals,
        )

    def _checker(self, content: bytes) -> "JsonWebTokens":
        from rolefit.server.json_web_tokens import JsonWebTokens, read_keys

        config = self._config
        assert config.jwks is not None
        return JsonWebTokens(
            read_keys(config.jwks, content),
            config.jwt_issuer,
            config.jwt_audience,
            config.jwt_leeway_seconds,
        )
