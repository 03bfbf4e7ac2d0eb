"""The command line: verbs made from the functions of `glint_data.api`; what is heavy is imported inside those."""

import os
import sys
from typing import Annotated

import typer

from glint_data import __version__
from glint_data.errors import GlintError
from glint_data.progress import say

INTERRUPTED = 130

app = typer.Typer(
    name="glint-data",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"glint-data {__version__}")
        raise typer.Exit


@app.callback()
def glint_data(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Image-quality datasets with labels that say how far they can be trusted.

    Pristine photos in; distorted samples, labels, a trained quality network
    and a report out. Begin with [bold]glint-data quickstart[/bold], or with your photos:

      [bold]glint-data synthesize PHOTOS --out DATASET[/bold]
      [bold]glint-data label DATASET --reference kadid[/bold]
      [bold]glint-data train DATASET --model glintiqa --out RUN[/bold]

    Exit codes: 0 all done, 1 wrong use or nothing done, 3 done with refusals.
    """


def main() -> None:
    """Run the command line; every error a person can mend is one sentence and an exit code."""
    from glint_data.cli import table

    _open_streams()
    table.register(app)
    try:
        app()
    except GlintError as error:
        say(f"glint-data: {error}")
        sys.exit(error.exit_code)
    except Exception as error:
        from glint_data.storage.places import is_of_a_server, reason

        if not is_of_a_server(error):
            raise
        say(f"glint-data: a remote place failed: {reason(error)}")
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as end:
        code = end.code if isinstance(end, SystemExit) else INTERRUPTED
        if code == INTERRUPTED:
            say("\nStopped. What was finished is kept; the same command resumes there.")
        # Typer says 2 for wrong use; here 1 is wrong use and 3 is done with refusals.
        sys.exit(1 if code == 2 else code)


def _open_streams() -> None:
    """Where a standard stream is closed, the next file that is opened would take its number and what is said."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
