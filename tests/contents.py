"""What is in a folder, for tests that compare datasets byte for byte."""

import hashlib
from pathlib import Path


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, hidden ones too, but the lock."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
