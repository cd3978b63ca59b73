"""The command line, run in this process."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from featclass import cli


def run(*arguments: object) -> Result:
    """Run `featclass` with these arguments; what nobody expected is raised here."""
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
