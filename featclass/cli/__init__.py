"""The command line: what the page does, from a shell."""

from __future__ import annotations

import sys

import typer

from featclass.base import FeatclassError
from featclass.cli import commands, embedding, learning, predicting
from featclass.cli.output import replace_what_cannot_be_shown, tell
from featclass.cli.serve import serve

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train an image classifier from a handful of labelled pictures.",
)
app.command(name="app")(serve)
for _command in (
    learning.train,
    learning.evaluate,
    learning.audit,
    predicting.predict,
    embedding.embed,
    commands.encoders,
    commands.cache,
):
    app.command()(_command)


def main() -> None:
    """Run the command; a `FeatclassError` becomes one sentence and exit code 1."""
    replace_what_cannot_be_shown()
    try:
        app()
    except FeatclassError as error:
        tell(str(error), style="red")
        sys.exit(1)
    except OSError as error:
        where = f" {error.filename}:" if error.filename else ""
        tell(f"Could not do it:{where} {error.strerror or error}.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
