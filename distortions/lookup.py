"""Names and what they stand for: one small table for distortions and suites, and for whatever others name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from distortions import plugins

Entry = TypeVar("Entry")


class Registry(Generic[Entry]):
    """Entries by name, in the order in which they were added; plug-ins are loaded at the first look-up.

    `noun` names what is registered, for sentences such as "there is no distortion 'jepg'". Adding never loads
    plug-ins, so that modules and plug-ins can register themselves while they are imported.

    >>> tools = Registry[str]("tool")
    >>> tools.add("hammer", "for nails")
    'for nails'
    >>> tools["hammer"], "saw" in tools, tools.names()
    ('for nails', False, ['hammer'])
    >>> tools["hamer"]
    Traceback (most recent call last):
    ValueError: there is no tool 'hamer' (did you mean hammer?): choose one of hammer
    """

    error: type[Exception] = ValueError
    """What a wrong name raises."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, Entry] = {}
        self._origins: dict[str, plugins.Plugin] = {}
        plugins.watch(self._entries)

    def add(self, name: str, entry: Entry) -> Entry:
        """Register `entry` under `name` and return it. Raises `error` where the name is taken."""
        if name in self._entries:
            raise self.error(f"two {self.noun}s are called {name!r}: rename one of them")
        self._entries[name] = entry
        origin = plugins.being_loaded()
        if origin is not None:
            self._origins[name] = origin
        else:
            self._origins.pop(name, None)
        return entry

    def register(self, name: str) -> Callable[[Entry], Entry]:
        """Decorator that registers a class or function under `name` and leaves it as it is."""
        return lambda entry: self.add(name, entry)

    def origin(self, name: str) -> plugins.Plugin | None:
        """The plug-in that brought an entry; None for what ships."""
        self[name]
        return self._origins.get(name)

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name. Raises `error` with near names and all there are."""
        self._load_plugins()
        if name not in self._entries:
            raise self.error(unknown(self.noun, name, self._entries))
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load_plugins()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def names(self) -> list[str]:
        """All names, in the order in which they were registered."""
        self._load_plugins()
        return list(self._entries)

    def items(self) -> list[tuple[str, Entry]]:
        """All names with their entries, in the order in which they were registered."""
        self._load_plugins()
        return list(self._entries.items())

    def values(self) -> list[Entry]:
        """All entries, in the order in which they were registered."""
        self._load_plugins()
        return list(self._entries.values())

    def _load_plugins(self) -> None:
        plugins.load()


def unknown(noun: str, name: object, known: Iterable[str]) -> str:
    """The sentence for a name that does not exist: the name, what is near, what exists."""
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=3)
    meant = f" (did you mean {' or '.join(near)}?)" if near else ""
    return f"there is no {noun} {name!r}{meant}: choose one of {', '.join(names)}"
