"""The `rolefit-server` command.

It stays free of grpc until it is clear that this very process is to serve.
"""

import inspect
import sys
from importlib import metadata
from typing import Annotated, Any, NoReturn

import typer

from rolefit.server import exposure, log, log_commands, rules_commands, token_command
from rolefit.server.config import ConfigError, ServerConfig, Setting, settings
from rolefit.server.ports import PortError
from rolefit.server.supervisor import run_workers, usable_cores
from rolefit.server.worker_process import WorkerError

_PLAIN: dict[str, Any] = {"rich_markup_mode": None}
app = typer.Typer(
    help="Says over gRPC which path in machine learning fits a person, and why.",
    add_completion=False,
    pretty_exceptions_enable=False,
    **_PLAIN,
)
app.add_typer(rules_commands.app, name="rules")
app.add_typer(token_command.app, name="token")
app.add_typer(log_commands.app, name="log")
app.command("replay")(log_commands.replay)

# Typer exports BadParameter but not its base, which every mistake in a command line has.
_UsageError: Any = typer.BadParameter.__base__


def main() -> NoReturn:
    """Run the command; a mistake of the caller is one line on stderr and exit code 2."""
    try:
        sys.exit(app(prog_name="rolefit-server", standalone_mode=False))
    except _UsageError as error:
        message = " ".join(error.format_message().split()).removesuffix(".")
        command = error.ctx.command_path if error.ctx else "rolefit-server"
        _fail(f"{message}; see {command} --help", code=2)
    except ConfigError as error:
        _fail(str(error), code=2)
    except typer.Abort:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rolefit-server {metadata.version('rolefit')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


def serve(**values: Any) -> None:
    """Serve until SIGTERM or SIGINT.

    A flag outranks its environment variable, which outranks the default.
    """
    config = ServerConfig(**values)
    exposure.check(config)
    log.configure(config.log_format)
    count = config.workers or usable_cores()
    if config.verify_rules:
        # Here and not in the workers, which would all prove the same.
        rules_commands.verify_rules(config.rules)
    try:
        if count == 1:
            _serve_alone(config)
        else:
            run_workers(config, count)
    except (PortError, WorkerError) as error:
        _fail(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{error.filename}: {error.strerror}")


def _serve_alone(config: ServerConfig) -> None:
    from rolefit.server.alone import run_alone
    from rolefit.server.serving import StartError

    try:
        run_alone(config)
    except StartError as error:
        _fail(str(error))


def _fail(message: str, code: int = 1) -> NoReturn:
    for line in message.splitlines():
        typer.echo(f"rolefit-server: {line}", err=True)
    sys.exit(code)


def _parameter(setting: Setting) -> inspect.Parameter:
    about = setting.about
    flag = f"{setting.flag}/--no-{setting.flag[2:]}" if setting.type is bool else setting.flag
    option = typer.Option(
        flag, envvar=setting.variable, help=about.text, min=about.least, max=about.most
    )
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=setting.default,
        annotation=Annotated[setting.type, option],
    )


def _with_settings(command: Any) -> Any:
    """Give `command` the parameters of ServerConfig, for typer to read."""
    parameters = [_parameter(setting) for setting in settings()]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


app.command()(_with_settings(serve))

if __name__ == "__main__":
    main()
