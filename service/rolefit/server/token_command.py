"""`rolefit-server token`: makes bearer tokens."""

from typing import Annotated, Any

import typer

from rolefit.server.tokens import new_token

_PLAIN: dict[str, Any] = {"rich_markup_mode": None}
app = typer.Typer(
    help="Make bearer tokens for callers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    **_PLAIN,
)


@app.callback()
def _root() -> None:
    pass


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Whose token, as logs and limits show it.")],
) -> None:
    """Print a new token, kept nowhere, and the line to add to the tokens file."""
    try:
        token, line = new_token(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from None
    typer.echo("For the caller; it is shown this once:")
    typer.echo(f"  {token}")
    typer.echo("For the file that --tokens names:")
    typer.echo(f"  {line}")
