"""Which published form of a set a folder holds: known by its tables, and shown as a tree where none fits."""

from pathlib import Path
from typing import Any

from glint_data.errors import GlintError

ENTRIES_SHOWN = 12


def find_layout(description: dict[str, Any], root: Path, table: Path | None = None) -> dict[str, Any]:
    """The first layout of the set whose tables are all there.

    Args:
        table: a score table that lies elsewhere; it takes the place of a layout's own, if it has its name or is
            the only one of its kind.

    Raises:
        GlintError: the folder is none, or holds the set in no known layout; the sentence shows what was expected
            and what was found.
    """
    if not root.is_dir():
        raise GlintError(f"{root}: no such folder; name the folder that holds {description['title']}")
    if table is not None:
        return _with_table(description, table)
    layouts: list[dict[str, Any]] = description["layouts"]
    for layout in layouts:
        if _fits(layout, root):
            return layout
    raise GlintError(_unknown(description, root))


def _fits(layout: dict[str, Any], root: Path) -> bool:
    return all(any(root.glob(pattern)) for pattern in layout["tables"])


def _with_table(description: dict[str, Any], table: Path) -> dict[str, Any]:
    if not table.is_file():
        raise GlintError(f"{table}: no such file; --table names the set's score table")
    known: list[dict[str, Any]] = [
        layout
        for layout in description["layouts"]
        if len(layout["tables"]) == 1 and Path(layout["tables"][0]).name == table.name
    ]
    if not known:
        names = [layout["tables"][0] for layout in description["layouts"] if len(layout["tables"]) == 1]
        raise GlintError(
            f"{table}: not a score table of {description['title']} by its name; known are {', '.join(names)}"
        )
    return known[0]


def table_files(layout: dict[str, Any], root: Path, table: Path | None) -> list[Path]:
    """The layout's tables, in the order of their names."""
    if table is not None:
        return [table]
    return sorted(file for pattern in layout["tables"] for file in root.glob(pattern))


def _unknown(description: dict[str, Any], root: Path) -> str:
    lines = [f"{root}: does not hold {description['title']} as it is published. Expected one of:"]
    layouts: list[dict[str, Any]] = description["layouts"]
    for layout in layouts:
        lines.append(f"  {layout['name']}")
        lines += [f"    {line}" for line in expected_tree(description, layout)]
    lines.append("Found:")
    entries = sorted(root.iterdir(), key=lambda entry: (entry.is_file(), entry.name))
    lines += [f"    {entry.name}{'/' if entry.is_dir() else ''}" for entry in entries[:ENTRIES_SHOWN]]
    if len(entries) > ENTRIES_SHOWN:
        lines.append(f"    ... and {len(entries) - ENTRIES_SHOWN:,} more")
    if not entries:
        lines.append("    nothing")
    inner = [entry for entry in entries if entry.is_dir() and _any_fits(description, entry)]
    if inner:
        lines.append(f"{inner[0]} holds such a table: name that folder.")
    else:
        lines.append(
            "Name the folder that holds these; a score table that lies elsewhere is named with --table."
        )
    return "\n".join(lines)


def _any_fits(description: dict[str, Any], root: Path) -> bool:
    return any(_fits(layout, root) for layout in description["layouts"])


def expected_tree(description: dict[str, Any], layout: dict[str, Any]) -> list[str]:
    """The layout as lines of a tree: tables with what they hold, folders with an example."""
    lines = [f"{table:34s} {_columns_text(layout)}" for table in layout["tables"]]
    example = description["example"]
    images = description["images"]
    lines.append(f"{images['distorted'][0] or '.'}/".ljust(35) + example["image"])
    if images.get("pristine") and images["pristine"] != images["distorted"]:
        lines.append(f"{images['pristine'][0] or '.'}/".ljust(35) + example["reference"])
    return lines


def _columns_text(layout: dict[str, Any]) -> str:
    named = [f"{meaning} ({column})" for meaning, column in layout["columns"].items()]
    return ", ".join(named)
