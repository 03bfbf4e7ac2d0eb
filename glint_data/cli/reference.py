"""The page of all commands, from the commands themselves: `python -m glint_data.cli.reference FILE`."""

import sys
from pathlib import Path
from typing import Any

from glint_data.api.verbs import VERBS, Parameter
from glint_data.cli import app, table

_HEAD = """# Command line

Made from the commands themselves by `python -m glint_data.cli.reference docs/command-line.md`; every command is
also [a function](python.md). Every command takes `--json FILE`, to write its result's record, and
`--plugin FILE.py`, for [things of your own](extending.md). Exit codes: 0 all done, 1 wrong use or nothing done,
3 done with refusals. `glint-data --install-completion` has your shell complete commands and options.
"""


def page() -> str:
    """Every command with its arguments and options, as Markdown."""
    import typer

    table.register(app)
    root: Any = typer.main.get_command(app)
    lines = [_HEAD]
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            for inner, below in command.commands.items():
                shown = "import" if inner == "set" else f"{name} {inner}"
                lines += _section(shown, f"{name}_{inner}", below)
        else:
            lines += _section(name, name.replace("-", "_"), command)
    return "\n".join(lines).rstrip() + "\n"


def _section(shown: str, verb: str, command: Any) -> list[str]:
    parameters = [entry for entry in VERBS[verb][1] if entry.name not in ("progress", "plugin")]
    arguments = " ".join(entry.option.metavar for entry in parameters if entry.option.position)
    text = (command.help or "").strip()
    body, _, example = text.partition("\n\nExample: ")
    lines = [f"## {shown}", "", f"    glint-data {shown} {arguments}".rstrip() + " [OPTIONS]", ""]
    lines += [_escaped(body), ""]
    if example:
        lines += ["Example:", "", f"    {example.strip()}", ""]
    lines += ["| | | default |", "|---|---|---|"]
    lines += [_row(entry) for entry in parameters]
    lines += [
        f"| `{option.opts[0]}` | {_escaped(option.help)} | |"
        for option in command.params
        if option.name not in {entry.name for entry in parameters} | {"json", "plugin", "help"}
    ]
    return [*lines, ""]


def _row(entry: Parameter) -> str:
    from glint_data.api.verbs import shown_name

    is_needed = entry.default is entry.empty
    default = "needed" if is_needed else entry.option.shown or _default(entry.default)
    return f"| `{shown_name(entry)}` | {_escaped(entry.option.help)} | {default} |"


def _default(value: Any) -> str:
    if value is None or value is False or value in ("", ()):
        return ""
    return "yes" if value is True else f"`{value}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\\[", "[")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
