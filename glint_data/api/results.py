"""What verbs return: something with `text()` for a person and `record()` for a machine."""

from collections.abc import Callable
from typing import Any, Protocol

from glint_data.records import as_mapping


class Result(Protocol):
    """What every verb returns."""

    def text(self) -> str:
        """For a person: lines without a last line break."""
        ...

    def record(self) -> dict[str, Any]:
        """The same for a machine: plain JSON, null where a number does not exist."""
        ...


class Answer:
    """A result made of its record, and of the words that are made from it when they are wanted."""

    def __init__(self, record: Any, text: Callable[[], str] | str) -> None:
        self._record, self._text = record, text

    def text(self) -> str:
        """For a person."""
        return self._text if isinstance(self._text, str) else self._text()

    def record(self) -> dict[str, Any]:
        """For a machine: plain JSON, null where a number does not exist."""
        return as_mapping(self._record)

    def __repr__(self) -> str:
        return self.text()
