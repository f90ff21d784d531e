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
        for name in ("rules", "port_file"):
            values[name] = Path(values[name]) if values[name] else None
        values["log_format"] = LogFormat(values["log_format"])
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
