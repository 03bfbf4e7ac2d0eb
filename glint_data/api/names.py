"""The page of everything that has a name, from the registries: `python -m glint_data.api.names FILE`."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HEAD = """# Names

Everything that can be called by its name, made from the registries by `python -m glint_data.api.names docs/names.md`.
How to add to them: [extending](extending.md).
"""


def page() -> str:
    """All names by what they are, each with a line about it, as Markdown."""
    from distortions.registry import DISTORTIONS
    from distortions.suites import SUITES
    from glint_data.embedding.embed import EMBEDDERS
    from glint_data.exports import FORMATS
    from glint_data.labels import METHODS
    from glint_data.labels.evidence.source import EVIDENCE
    from glint_data.models import NETWORKS, network_class
    from glint_data.reference_sets.scored_sets import known_sets
    from glint_data.training.run.losses import LOSSES

    network_class("glintiqa")  # our own register when one is asked for
    rooms: list[tuple[str, list[tuple[str, Any]], Callable[[Any], str]]] = [
        ("Distortions", DISTORTIONS.items(), lambda entry: str(entry.summary)),
        ("Suites", SUITES.items(), lambda entry: str(entry.title)),
        ("Label methods", METHODS.items(), lambda entry: str(entry.title)),
        ("Evidence", EVIDENCE.items(), lambda entry: f"{len(entry.columns)} columns"),
        ("Embedders", EMBEDDERS.items(), lambda entry: ""),
        ("Export formats", FORMATS.items(), lambda entry: str(entry.title)),
        # sorted: they register when first asked for, in whatever order that was
        ("Networks", sorted(NETWORKS.items(), key=lambda entry: entry[0]), _first_line),
        ("Losses", LOSSES.items(), _first_line),
        ("Scored sets", list(known_sets().items()), lambda entry: str(entry["title"])),
    ]
    lines = [_HEAD]
    for title, entries, about in rooms:
        lines += [f"## {title}", ""]
        lines += [f"- `{name}`: {about(entry)}".removesuffix(": ") for name, entry in entries]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _first_line(entry: Any) -> str:
    return (inspect.getdoc(entry) or "").partition("\n")[0]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
