"""What the commands of `rolefit` have in common: options, profiles, exit codes, failures."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, cast

from rolefit.client.bundled import example_names, example_text
from rolefit.client.client import Client
from rolefit.client.connection_options import add_connection_options, tls_of, token_of
from rolefit.client.errors import (
    DeadlineExceeded,
    InvalidProfile,
    InvalidRequest,
    RolefitError,
    ServerUnavailable,
)
from rolefit.client.field_value import UnfitError, did_you_mean
from rolefit.client.options import (
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT,
    LONGEST_TIMEOUT,
    RetryPolicy,
    checked_timeout,
)
from rolefit.client.profile_field import ProfileField, named_field
from rolefit.client.vocabulary import Path

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import Console

Commands = argparse._SubParsersAction  # argparse has no public name for it

ANSWERED, UNWRITTEN, USAGE, UNDETERMINED, UNREACHABLE, SERVER_ERROR = range(6)

PATH_NAMES = {
    path.replace("_", "-").lower(): path
    for path in Path
    if path not in (Path.UNSPECIFIED, Path.UNDETERMINED, Path.UNRECOGNIZED)
}

EXIT_CODES = """\
exit codes:
  0  answered
  1  the answer could not be written, as to a full disk
  2  bad usage, or a profile or filter that is not valid
  3  recommend, prep, ask: answered, but the profile cannot decide;
     reach: not known
  4  the server cannot be reached or did not answer in time
  5  nothing of that name, or any other error of the server
"""

# A person at a terminal would rather hear at once that nothing listens.
_RETRY = RetryPolicy(max_attempts=3)


class Failure(Exception):  # noqa: N818
    """Why a command ends without an answer, and with which exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def add_command(
    commands: Commands[argparse.ArgumentParser], name: str, summary: str, description: str
) -> argparse.ArgumentParser:
    """Add a command that calls a server, with the options of all such commands."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=EXIT_CODES,
        formatter_class=help_formatter,
        allow_abbrev=False,
    )
    add_call_options(parser)
    return parser


def add_call_options(parser: argparse.ArgumentParser) -> None:
    """Add which server to ask, and how long to wait for it."""
    parser.add_argument(
        "--server",
        metavar="HOST:PORT",
        type=_address,
        default=os.environ.get("ROLEFIT_SERVER") or DEFAULT_SERVER,
        help=f"server to ask (default: $ROLEFIT_SERVER, else {DEFAULT_SERVER})",
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=DEFAULT_TIMEOUT,
        help=f"longest wait, in seconds (default: {DEFAULT_TIMEOUT:g})",
    )
    add_connection_options(parser)


def words_last(
    arguments: Sequence[str], commands: Mapping[str, argparse.ArgumentParser]
) -> list[str]:
    """Put the words of a command after its options, in the order given.

    argparse fills all positional arguments from the first words it meets, optional ones
    with nothing, and then takes a word behind an option for one too many.
    """
    if not arguments or arguments[0] not in commands:
        return list(arguments)
    known = commands[arguments[0]]._option_string_actions  # argparse has no public name
    options, words = [arguments[0]], list[str]()
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--":
            return [*options, "--", *words, *rest]
        if argument == "-" or not argument.startswith("-"):
            words.append(argument)
            continue
        options.append(argument)
        if argument in known and known[argument].nargs is None:  # its value comes next
            options.extend(islice(rest, 1))
    return [*options, *words]


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option to print for programs."""
    parser.add_argument("--json", action="store_true", help="print the answer as proto JSON")


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add where the one profile of a command comes from: a file or an example."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "file", nargs="?", metavar="FILE", help="profile in YAML or JSON; - is standard input"
    )
    source.add_argument("--example", metavar="NAME", help="take a bundled example instead")


def help_formatter(prog: str) -> argparse.HelpFormatter:
    """Make the formatter of the help of every command."""
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=23)


def path_named(text: str) -> Path:
    """Read the name of a path in an argument, in whatever case, with ``-`` or ``_``.

    Raises:
        argparse.ArgumentTypeError: There is no such path.

    """
    name = text.replace("_", "-").lower().removeprefix("path-")
    if name not in PATH_NAMES:
        known = list(PATH_NAMES)
        raise argparse.ArgumentTypeError(
            f"there is no path {text!r}; there are {', '.join(known)}"
            f"{did_you_mean(name, known)}"
        )
    return PATH_NAMES[name]


def field_named(text: str) -> ProfileField:
    """Read the name of a field of the profile in an argument.

    Raises:
        argparse.ArgumentTypeError: There is no such field.

    """
    try:
        return named_field(text)
    except UnfitError as unfit:
        raise argparse.ArgumentTypeError(str(unfit)) from None


def _address(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("an address is needed, such as localhost:50051")
    return text


def _seconds(text: str) -> float:
    try:
        return checked_timeout(float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds from above 0 to {LONGEST_TIMEOUT:g}"
        ) from None


def given_profile(parsed: argparse.Namespace) -> Mapping[str, object] | str:
    """Read the profile that `add_source` had named.

    Raises:
        Failure: It cannot be read.

    """
    if parsed.example is not None:
        return example_profile(parsed.example)
    return file_profile(parsed.file)


def file_profile(file: str) -> Mapping[str, object] | str:
    """Read a profile file, or standard input for ``-``.

    Raises:
        Failure: It cannot be read.

    """
    from rolefit.client.profile_file import UnreadableProfileError, read_profile_file

    try:
        value = read_profile_file(file)
    except UnreadableProfileError as error:
        raise Failure(str(error), USAGE) from None
    # Whatever a file holds, the parser of profiles says what is wrong with it.
    return cast("Mapping[str, object] | str", value)


def example_profile(name: str) -> Mapping[str, object] | str:
    """Read a bundled example.

    Raises:
        Failure: There is none of that name.

    """
    from rolefit.client.profile_file import read_yaml

    return cast("Mapping[str, object]", read_yaml(example(name), name))


def example(name: str) -> str:
    """Return the text of a bundled example.

    Raises:
        Failure: There is none of that name.

    """
    try:
        return example_text(name)
    except KeyError:
        known = example_names()
        hint = did_you_mean(name, known)
        message = f"There is no example {name!r}; there are {', '.join(known)}{hint}"
        raise Failure(message, USAGE) from None


def _client(parsed: argparse.Namespace) -> Client:
    try:
        tls, token = tls_of(parsed), token_of(parsed)
        return Client(parsed.server, timeout=parsed.timeout, retry=_RETRY, tls=tls, token=token)
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}", USAGE) from None
    except ValueError as error:
        raise Failure(str(error), USAGE) from None


@contextmanager
def connected(parsed: argparse.Namespace) -> Iterator[Client]:
    """Open the client of a command; what its calls raise ends the command.

    Raises:
        Failure: A call brought no answer.

    """
    try:
        with _client(parsed) as client:
            yield client
    except InvalidProfile as error:
        lines = "\n".join(f"  {violation}" for violation in error.violations)
        raise Failure(f"The profile is not valid:\n{lines}", USAGE) from None
    except InvalidRequest as error:
        raise Failure(str(error), USAGE) from None
    except (ServerUnavailable, DeadlineExceeded) as error:
        raise Failure(str(error), UNREACHABLE) from None
    except RolefitError as error:
        raise Failure(str(error), SERVER_ERROR) from None


def code_for(path: Path) -> int:
    """Return the exit code of an answer."""
    return UNDETERMINED if path is Path.UNDETERMINED else ANSWERED


def print_json(message: Message) -> None:
    """Print a response for programs."""
    from google.protobuf.json_format import MessageToJson

    print(MessageToJson(message, ensure_ascii=False))


def console() -> Console:
    """Open the terminal for a report."""
    from rich.console import Console

    class PipeConsole(Console):
        """Leaves a reader who has enough to the command; rich itself would exit with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return PipeConsole(highlight=False)
