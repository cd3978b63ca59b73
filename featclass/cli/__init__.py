"""The command line: what the page does, from a shell."""

from __future__ import annotations

import sys

import typer

from featclass.cli import commands, predicting
from featclass.cli.output import messages
from featclass.cli.serve import serve
from featclass.errors import FeatclassError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train an image classifier from a handful of labelled pictures.",
)
app.command(name="app")(serve)
for _command in (
    commands.train,
    commands.evaluate,
    commands.audit,
    predicting.predict,
    commands.embed,
    commands.encoders,
    commands.cache,
):
    app.command()(_command)


def main() -> None:
    """Run the command; a `FeatclassError` becomes one sentence and exit code 1."""
    try:
        app()
    except FeatclassError as error:
        messages.print(str(error), style="red", markup=False)
        sys.exit(1)
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        messages.print(f"Could not do it:{where} {error.strerror or error}.", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
