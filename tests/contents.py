"""What is in a folder, for tests that compare datasets byte for byte."""

import csv
import hashlib
from pathlib import Path


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, hidden ones too, but the lock."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def csv_lines(file: Path) -> list[dict[str, str]]:
    """The lines of a table, by column."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
