"""From a verb's function to its command: options, help and what is printed at the end."""

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from glint_data.api.verbs import VERBS, Parameter
from glint_data.errors import GlintError
from glint_data.progress import busy, printable

DONE_WITH_REFUSALS = 3

Closing = Callable[[Any, dict[str, Any]], tuple[str, int]]
"""From a verb's result and its options to the next step ("" for none) and the exit code."""


def command(
    app: typer.Typer,
    verb: str,
    panel: str,
    example: str = "",
    closing: Closing | None = None,
    name: str = "",
    instead: dict[str, tuple[Callable[..., Any], str]] | None = None,
) -> None:
    """Make a verb a command of `app`.

    `instead`: flags that call another function with the same options, each with its help.
    """
    function, parameters = VERBS[verb]
    flags = instead or {}

    def run(**words: Any) -> None:
        file = _writable(words.pop("json"))
        called = function
        for flag, (other, _) in flags.items():
            called = other if words.pop(flag) else called
        with busy():
            result = called(**_values(parameters, words), progress=True)
            text = result.text()
        if text:
            _print(text)
        if file is not None:
            _write(file, result.record())
        following, code = closing(result, words) if closing and called is function else ("", 0)
        if following:
            _print(following)
        if code:
            raise typer.Exit(code)

    entries = [_entry(parameter) for parameter in parameters if parameter.name != "progress"]
    entries += [_flag(flag, help) for flag, (_, help) in flags.items()]
    entries.append(_json_entry())
    entries.sort(key=lambda entry: entry.default is not inspect.Parameter.empty)
    run.__signature__ = inspect.Signature(entries)  # type: ignore[attr-defined]  # what Typer reads
    run.__doc__ = _help(function, example)
    app.command(name or verb.replace("_", "-"), rich_help_panel=panel)(run)


def _print(text: str) -> None:
    """Print a result. Raises `GlintError` where standard output is a file that cannot take it."""
    try:
        typer.echo(printable(text))
    except BrokenPipeError:  # whoever read it has seen enough; Typer ends quietly
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be flushed fails no second time
        raise GlintError(
            f"the work is done, but its result cannot be printed: standard output: {error.strerror or error}"
        ) from None


def _values(parameters: tuple[Parameter, ...], words: dict[str, Any]) -> dict[str, Any]:
    """Typer's values as those of the function: an option that was not given keeps the function's default."""
    known = {parameter.name: parameter for parameter in parameters}
    return {
        name: known[name].default if value is None and not known[name].option.position else value
        for name, value in words.items()
        if not (value is None and known[name].default is inspect.Parameter.empty)
    }


def _entry(parameter: Parameter) -> inspect.Parameter:
    option, default = parameter.option, parameter.default
    type_: Any = parameter.type
    if option.many:
        type_, default = list[str], None if default is not inspect.Parameter.empty else default
    elif type_ is str and not isinstance(default, str) and default is not inspect.Parameter.empty:
        default = None
    annotation = type_ if default is not None else type_ | None
    help = option.help.replace("[", "\\[")
    if option.position:
        info: Any = typer.Argument(metavar=option.metavar or None, help=help)
    else:
        flag = option.flag or f"--{parameter.name.replace('_', '-')}"
        shown = option.shown or default not in (None, "", False)
        info = typer.Option(flag, metavar=option.metavar or None, help=help, show_default=shown)
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, info],
    )


def _flag(name: str, help: str) -> inspect.Parameter:
    info = typer.Option(f"--{name.replace('_', '-')}", help=help)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, info]
    )


def _json_entry() -> inspect.Parameter:
    info = typer.Option("--json", metavar="FILE", help="Write the result's record to this file.")
    return inspect.Parameter(
        "json", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, info]
    )


def _help(function: Callable[..., Any], example: str) -> str:
    """The docstring up to what the options say themselves, and an example of the command."""
    text = (function.__doc__ or "").partition("\nArgs:")[0].rstrip()
    return f"{text}\n\nExample: {example}" if example else text


def _writable(text: str | None) -> Any:
    from glint_data.api.places import file_to_write

    return file_to_write(text)


def _write(file: Any, record: dict[str, Any]) -> None:
    from glint_data.records import as_json
    from glint_data.storage.files import write_atomically

    write_atomically(file, as_json(record))
    typer.echo(printable(f"  {file}"))
