"""The code in figures, this checkout's beside another commit's: lengths, parameters, types, examples, files a folder.

    python -m benchmarks.house --commit 003c446 [--without-mypy]

Counted is what is shipped (`distortions`, `glint_data`, `manifests`), as Git tracks it. A function's lines are those of
its body without the docstring; a lambda is none. mypy judges each by its own settings, with the same packages.
"""

import argparse
import ast
import doctest
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.unpacked import unpacked

SHIPPED = ("distortions", "glint_data", "manifests")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def files_of(root: Path) -> list[Path]:
    """The Python files that are shipped."""
    return sorted(file for part in SHIPPED for file in (root / part).rglob("*.py") if not file.is_symlink())


def functions_of(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods, those within others too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameters(function: Function) -> int:
    """Parameters, without `self` or `cls`."""
    each = function.args
    named = [entry.arg for entry in (*each.posonlyargs, *each.args, *each.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")])


def examples_in(text: str) -> int:
    """Lines of a module's docstrings that a doctest runs."""
    return len(doctest.DocTestParser().get_examples(text))


def types_wrong(root: Path) -> int:
    """Errors that mypy finds in the tree, by the tree's own settings."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--no-incremental"]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return sum(": error:" in line for line in answer.stdout.splitlines())


def figures(root: Path, with_mypy: bool) -> dict[str, str]:
    """The figures of a tree, by what they are called."""
    files = files_of(root)
    texts = [file.read_text(encoding="utf-8") for file in files]
    lines = [text.count("\n") for text in texts]
    functions = [function for text in texts for function in functions_of(ast.parse(text))]
    lengths, widths = [length(entry) for entry in functions], [parameters(entry) for entry in functions]
    folders = Counter(str(file.parent.relative_to(root)) for file in files)
    widest = functions[int(np.argmax(widths))].name
    return {
        "files": f"{len(files):,}",
        "lines": f"{sum(lines):,}",
        "lines of a file, median / 90 % / most": _three(lines),
        "functions": f"{len(functions):,}",
        "lines of a function, median / 90 % / most": _three(lengths),
        "parameters, median / 90 % / most": f"{_three(widths)} (`{widest}`)",
        "doctest lines": f"{sum(map(examples_in, texts)):,}",
        "mypy errors": f"{types_wrong(root)}" if with_mypy else "not run",
        "files on a floor, most": ", ".join(f"`{name}` {count}" for name, count in folders.most_common(3)),
    }


def _three(values: list[int]) -> str:
    return f"{np.median(values):.0f} / {np.percentile(values, 90):.0f} / {max(values)}"


def main() -> None:
    """Print the figures of both as a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--commit", required=True, help="the other commit")
    parser.add_argument("--without-mypy", action="store_true", help="it takes minutes")
    options = parser.parse_args()
    rows = []
    for commit in (options.commit, "HEAD"):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(figures(unpacked(commit, Path(folder)), not options.without_mypy))
    print(f"| | {options.commit[:7]} | now |\n|---|---|---|")
    for name, before in rows[0].items():
        print(f"| {name} | {before} | {rows[1][name]} |")


if __name__ == "__main__":
    main()
