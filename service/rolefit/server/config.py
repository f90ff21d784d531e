"""What can be set: the one source for flags, environment variables and documentation."""

import enum
import functools
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints


class ConfigError(ValueError):
    """A setting has a value it does not accept; `str()` is one line that names the flag."""


class LogFormat(str, enum.Enum):
    """How log lines look."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class FactsLogged(str, enum.Enum):
    """What a decision log holds of the facts."""

    FULL = "full"
    HASH = "hash"
    NONE = "none"


@dataclass(frozen=True)
class About:
    """What a setting means, written beside its field.

    Attributes:
        text: The explanation, for `--help` and reference pages. It names the unit.
        least: Smallest value accepted, if the value is a number.
        most: Largest value accepted, likewise.
    """

    text: str
    least: float | None = None
    most: float | None = None


def _seconds(text: str, least: float = 0.0) -> About:
    return About(f"{text} Unit: seconds.", least, 86_400.0)


@dataclass(frozen=True, kw_only=True)
class ServerConfig:
    """Every setting of a server, with its default.

    The text beside a field is its documentation; `rolefit-server serve --help` prints it.

    Raises:
        ConfigError: A value is out of range.
    """

    host: Annotated[str, About("Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, About("TCP port to listen on; 0 takes a free one.", least=0, most=65_535)
    ] = 50_051
    workers: Annotated[
        int,
        About(
            "Worker processes, which share the port; 0 means one for each usable core. "
            "With 1 the server runs in this very process.",
            least=0,
            most=1_024,
        ),
    ] = 0
    rules: Annotated[
        Path | None, About("Folder with the rules; without it, those in the package.")
    ] = None
    verify_rules: Annotated[
        bool,
        About(
            "Prove the rules' properties before serving, and serve only if all hold; it takes "
            "some seconds, and the extra rolefit[verify]."
        ),
    ] = False
    max_message_bytes: Annotated[
        int, About("Largest request accepted. Unit: bytes.", least=1, most=2**30)
    ] = 256 * 1024
    max_in_flight: Annotated[
        int,
        About(
            "Calls a worker holds at once; more are refused with RESOURCE_EXHAUSTED.",
            least=1,
            most=1_000_000,
        ),
    ] = 256
    stall_seconds: Annotated[
        float,
        _seconds(
            "With all those places taken, a call that has waited this long for its own "
            "message loses its place to a new call."
        ),
    ] = 1.0
    max_concurrent_streams: Annotated[
        int,
        About(
            "Open HTTP/2 streams per connection. Bursts of ordinary clients need 1000.",
            least=1,
            most=2**31 - 1,
        ),
    ] = 1_000
    lame_duck_seconds: Annotated[
        float,
        _seconds(
            "After SIGTERM, time during which health says NOT_SERVING but everything is "
            "still accepted, so that load balancers can look elsewhere."
        ),
    ] = 2.0
    drain_seconds: Annotated[
        float,
        _seconds(
            "After that, longest time during which open connections are served but new "
            "ones refused; it ends when the last one is gone. Well above the connection "
            "age, every connection is asked to go in that time."
        ),
    ] = 10.0
    grace_seconds: Annotated[
        float, _seconds("After that, longest time an accepted call has left to finish.")
    ] = 10.0
    connection_age_seconds: Annotated[
        float,
        _seconds(
            "Age at which a connection is asked to go, so that clients spread over the "
            "workers again.",
            least=0.1,
        ),
    ] = 60.0
    connection_age_grace_seconds: Annotated[
        float, _seconds("Time the calls of such a connection have left to finish.")
    ] = 10.0
    connection_idle_seconds: Annotated[
        float, _seconds("Time without a call after which a connection is closed.", least=0.1)
    ] = 300.0
    keepalive_seconds: Annotated[
        float, _seconds("Interval of the server's pings.", least=1.0)
    ] = 30.0
    keepalive_timeout_seconds: Annotated[
        float, _seconds("Time a peer has left to answer such a ping.", least=0.1)
    ] = 10.0
    min_ping_interval_seconds: Annotated[
        float, _seconds("Clients that ping more often than this are disconnected.")
    ] = 10.0
    handshake_timeout_seconds: Annotated[
        float, _seconds("Time a new connection has left to speak HTTP/2.", least=0.1)
    ] = 5.0
    reflection: Annotated[
        bool, About("Serve gRPC reflection, from which grpcurl and buf learn the schema.")
    ] = True
    log_format: Annotated[
        LogFormat,
        About("JSON lines for machines, text for people; auto is text on a terminal."),
    ] = LogFormat.AUTO
    port_file: Annotated[
        Path | None,
        About(
            "File that holds the port while the server serves: written once it does, "
            "removed when it stops. For scripts."
        ),
    ] = None
    tls_certificate: Annotated[
        Path | None,
        About(
            "PEM file with the server's certificate, followed by those that vouch for it; "
            "turns TLS on. Read again when it changes, as are the two files below."
        ),
    ] = None
    tls_key: Annotated[
        Path | None, About("PEM file with the private key of that certificate.")
    ] = None
    tls_client_ca: Annotated[
        Path | None,
        About(
            "PEM file with the authorities of client certificates. With it, a client without "
            "a certificate from one of them cannot connect."
        ),
    ] = None
    tls_client_names: Annotated[
        str,
        About(
            "Names, separated by commas, of which a client certificate must bear one: as "
            "subject alternative name or, where it has none, as common name. Empty: any."
        ),
    ] = ""
    allow_plaintext: Annotated[
        bool, About("Serve without TLS on an address beyond loopback all the same.")
    ] = False
    tokens: Annotated[
        Path | None,
        About(
            "File with the bearer tokens accepted, as `rolefit-server token new` prints its "
            "lines. With it, calls need a token. Read again when it changes."
        ),
    ] = None
    jwks: Annotated[
        Path | None,
        About(
            "JWKS file with the public keys of JSON Web Tokens. With it, calls need such a "
            "token, or one of the tokens file. Read again when it changes."
        ),
    ] = None
    jwt_issuer: Annotated[str, About("Issuer (`iss`) a JSON Web Token must name.")] = ""
    jwt_audience: Annotated[str, About("Audience (`aud`) it must be meant for.")] = ""
    jwt_leeway_seconds: Annotated[
        float,
        About(
            "By how much its times (`exp`, `nbf`, `iat`) may be off. Unit: seconds.", 0.0, 600.0
        ),
    ] = 30.0
    open_health: Annotated[
        bool,
        About(
            "Answer health checks of anybody; otherwise they need what other calls need. "
            "Reflection always does."
        ),
    ] = True
    rate_per_second: Annotated[
        float,
        About(
            "Calls a second that a worker accepts from one caller, or from one address where "
            "nobody is asked who they are; 0 means any number.",
            0.0,
            1_000_000.0,
        ),
    ] = 0.0
    rate_burst: Annotated[
        int,
        About("Calls that a caller may make at once after a pause.", least=1, most=1_000_000),
    ] = 100
    http_port: Annotated[
        int,
        About(
            "TCP port for HTTP: /metrics for Prometheus, summed over the workers, and the "
            "probes /livez and /readyz. 0 serves none of them, and counts nothing.",
            least=0,
            most=65_535,
        ),
    ] = 0
    http_host: Annotated[
        str, About("Address that this port listens on. Everybody there may read metrics.")
    ] = "127.0.0.1"
    otlp_endpoint: Annotated[
        str,
        About(
            "Address of an OpenTelemetry collector that takes OTLP over HTTP, such as "
            "http://127.0.0.1:4318, to send traces to; it needs the extra "
            "rolefit[telemetry]. Without it, the variable OTEL_EXPORTER_OTLP_ENDPOINT counts."
        ),
    ] = ""
    trace_ratio: Annotated[
        float,
        About(
            "Share of the calls that are traced, among those whose caller has not decided. "
            "The variable OTEL_TRACES_SAMPLER outranks it.",
            least=0.0,
            most=1.0,
        ),
    ] = 0.1
    access_log: Annotated[
        bool,
        About(
            "Log a line for each call: method, code, caller, seconds and decision_id, and "
            "nothing of the request."
        ),
    ] = False
    decision_log: Annotated[
        Path | None,
        About(
            "Folder for the decision log, one file for each worker, or - for standard output; "
            "without it, none is kept. It holds the facts of profiles unless told otherwise."
        ),
    ] = None
    decision_log_max_bytes: Annotated[
        int,
        About("Size at which a file of the log is full. Unit: bytes.", least=4096, most=2**40),
    ] = 100 * 1024 * 1024
    decision_log_keep: Annotated[
        int,
        About("Full files that each worker keeps; older ones go.", least=1, most=1_000_000),
    ] = 10
    decision_log_queue: Annotated[
        int,
        About(
            "Decisions of a worker that may wait to be written, of some 2 KB each; more are "
            "left out, and the log says how many.",
            least=1,
            most=10_000_000,
        ),
    ] = 10_000
    decision_log_fsync: Annotated[
        bool, About("Have the disk confirm every write to the log.")
    ] = False
    decision_log_facts: Annotated[
        FactsLogged,
        About("What the log holds of the facts: all, a keyed hash of all, or nothing."),
    ] = FactsLogged.FULL
    decision_log_drop: Annotated[
        str,
        About(
            "What the log leaves out: fields of the profile or parts of it, caller, "
            "rules_fired; with commas between."
        ),
    ] = ""
    decision_log_hash: Annotated[
        str, About("What the log replaces by a keyed hash, likewise.")
    ] = ""
    decision_log_key: Annotated[
        Path | None, About("File with the key of these hashes, 16 to 64 bytes.")
    ] = None
    shadow_rules: Annotated[
        Path | None,
        About(
            "Folder with candidate rules, which are asked too, in processes of their own; "
            "differences are counted and logged, answers stay as they are."
        ),
    ] = None
    shadow_sample: Annotated[
        float, About("Share of the decisions that they are asked about.", least=0, most=1)
    ] = 0.1
    admin_port: Annotated[
        int | None,
        About(
            "TCP port of the admin service, on 127.0.0.1 alone; 0 takes a free one. Without "
            "it, there is none.",
            least=0,
            most=65_535,
        ),
    ] = None
    rules_poll_seconds: Annotated[
        float,
        _seconds(
            "How often the folder of --rules is looked at. Rules in it that have changed, "
            "and then not for one more look, are loaded; 0 leaves that to SIGHUP and the "
            "admin service."
        ),
    ] = 1.0
    rules_held: Annotated[
        int,
        About(
            "Rule sets held, the one that serves among them: requests may name them, and "
            "they can be rolled back to.",
            least=1,
            most=100,
        ),
    ] = 3
    rules_max_age_seconds: Annotated[
        float,
        _seconds(
            "Once the rules folder has held rules that cannot be used for this long, health "
            "says NOT_SERVING until it holds good ones; 0 is for ever."
        ),
    ] = 0.0
    hang_seconds: Annotated[
        float,
        _seconds(
            "A worker that gives no sign of life for this long is killed and replaced; 0 is "
            "for ever."
        ),
    ] = 10.0

    def __post_init__(self) -> None:
        for setting in settings():
            _check(setting, getattr(self, setting.name))

    def to_json(self) -> str:
        """Render the settings as one line, for a worker process to read."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> "ServerConfig":
        """Read what `to_json` wrote."""
        values: dict[str, Any] = json.loads(line)
        for setting in settings():
            if setting.type == Path | None and values[setting.name]:
                values[setting.name] = Path(values[setting.name])
        values["log_format"] = LogFormat(values["log_format"])
        values["decision_log_facts"] = FactsLogged(values["decision_log_facts"])
        return cls(**values)


@dataclass(frozen=True)
class Setting:
    """A field of `ServerConfig` as the outside names it."""

    name: str
    type: Any
    default: Any
    about: About

    @property
    def flag(self) -> str:
        """The command-line flag, such as `--port-file`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable, such as `ROLEFIT_PORT_FILE`. A flag outranks it."""
        return "ROLEFIT_" + self.name.upper()


@functools.cache
def settings() -> tuple[Setting, ...]:
    """Return every setting, in the order of the fields."""
    hints = get_type_hints(ServerConfig, include_extras=True)
    return tuple(
        Setting(
            name=field.name,
            type=hints[field.name].__origin__,
            default=field.default,
            about=hints[field.name].__metadata__[0],
        )
        for field in fields(ServerConfig)
    )


def _check(setting: Setting, value: object) -> None:
    if not isinstance(value, int | float):
        return
    least = -math.inf if setting.about.least is None else setting.about.least
    most = math.inf if setting.about.most is None else setting.about.most
    # Written so that NaN, which a flag can spell, fails too.
    if not least <= value <= most:
        raise ConfigError(f"{setting.flag} must be from {least:g} to {most:g}, was {value}")
