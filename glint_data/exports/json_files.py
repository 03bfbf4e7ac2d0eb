"""JSON that grows row by row: a list in one file, or a line a row. No NaN: it would not be JSON."""

import json
from pathlib import Path
from typing import Any


def text_of(value: Any) -> str:
    """A value as JSON. Raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class JsonList:
    """One JSON list, an element a line; a context manager."""

    def __init__(self, file: Path) -> None:
        self._stream = file.open("w", encoding="utf-8")
        self._count = 0

    def __enter__(self) -> "JsonList":
        return self

    def add(self, value: Any) -> None:
        """Append one element."""
        self._stream.write(("[\n" if self._count == 0 else ",\n") + text_of(value))
        self._count += 1

    def __exit__(self, *_exception: object) -> None:
        self._stream.write("\n]\n" if self._count else "[]\n")
        self._stream.close()


class JsonLines:
    """One JSON value a line; a context manager."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._stream = file.open("w", encoding="utf-8")

    def __enter__(self) -> "JsonLines":
        return self

    def add(self, value: Any) -> None:
        """Write one line."""
        self._stream.write(text_of(value) + "\n")

    def close(self) -> None:
        """Write what is buffered."""
        self._stream.close()

    def __exit__(self, *_exception: object) -> None:
        self.close()
