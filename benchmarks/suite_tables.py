"""Every suite and type as Markdown: the tables of docs/distortions.md.

python -m benchmarks.suite_tables          print them
python -m benchmarks.suite_tables --write  put them into docs/distortions.md, between its two marks
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# run as a file, this folder comes first and its distortions.py would be taken for the package
if Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import distortions

PAGE = Path(__file__).resolve().parents[1] / "docs" / "distortions.md"
BEGIN, END = "<!-- tables: python -m benchmarks.suite_tables --write -->", "<!-- end of tables -->"
BUNDLED = (
    *("kadid10k", "tid2013", "csiq", "live", "modern"),
    *("imagenet_c", "restoration", "camera", "platform", "video"),
)


def table(name: str) -> str:
    """One suite: heading, and a row a type with levels, unit, what it needs, and the source of its levels."""
    suite = distortions.suite(name)
    stretched = "photo and result are stretched to the full range" if suite.stretched else "applied as it is"
    lines = [
        f"### {suite.title}: `{name}`, version {suite.version}",
        "",
        f"{len(suite.types)} types, {len(suite.cells())} cells; {stretched}.",
        "",
        "| # | type | distortion | levels | unit | random | needs | source of the levels |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in suite.types.values():
        made_by = distortions.distortion_named(entry.distortion)
        levels = ", ".join(f"{level:g}" for level in entry.levels)
        needs = ", ".join(p for p in made_by.needs.values() if p.split(">")[0] != "pillow")
        cells = (
            *(
                str(entry.number),
                f"`{entry.name}` {entry.title}",
                f"`{entry.distortion}`",
                levels,
                entry.unit,
            ),
            *("yes" if entry.random else "", needs, entry.source),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ranges() -> str:
    """Every distortion with the strengths it takes and what it does."""
    lines = ["| distortion | takes | what it does |", "|---|---|---|"]
    for name in distortions.names():
        entry = distortions.distortion_named(name)
        lines.append(f"| `{name}` | {entry.strengths} | {entry.summary} |")
    return "\n".join(lines)


def tables() -> str:
    """All of it, as it stands in the page."""
    heading = "### Every distortion and the strengths it takes"
    return "\n\n".join([*map(table, BUNDLED), heading, ranges()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--write", action="store_true", help="into docs/distortions.md")
    if not parser.parse_args().write:
        print(tables())
        return
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
