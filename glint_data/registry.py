"""Named things: one small table for each sort of thing that can be added."""

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from glint_data.errors import GlintError

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by name, in the order of registration."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register an entry. Raises `GlintError` where the name is taken."""
        if name in self._entries:
            raise GlintError(f"{self.noun} {name!r}: there is one of that name already")
        self._entries[name] = entry
        return entry

    def register(self, name: str) -> Callable[[T], T]:
        """`add` as a decorator."""
        return lambda entry: self.add(name, entry)

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            near = difflib.get_close_matches(name, self._entries, 3)
            hint = f"near it: {', '.join(near)}; " if near else ""
            raise GlintError(
                f"{self.noun} {name!r}: there is none; {hint}choose one of {', '.join(self._entries)}"
            )
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def names(self) -> list[str]:
        """All names."""
        return list(self._entries)

    def items(self) -> Iterator[tuple[str, T]]:
        """(name, entry) in order."""
        return iter(self._entries.items())
