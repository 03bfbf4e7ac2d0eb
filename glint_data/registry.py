"""Named things that others can add to: `distortions`' own Registry, with errors for a person.

Label methods, evidence, embedders, export formats, importers, networks and losses each have one; a plug-in
(`glint_data.plugins`) adds to them by the same decorator that our own files use.
"""

from typing import TypeVar

from distortions import lookup
from glint_data import plugins
from glint_data.errors import GlintError

Entry = TypeVar("Entry")


class Registry(lookup.Registry[Entry]):
    """Entries by name, loaded with their plug-ins at the first look-up; a wrong name raises `GlintError`.

    >>> formats = Registry[type]("export format")
    >>> @formats.register("text")
    ... class Text: ...
    >>> formats["txt"]
    Traceback (most recent call last):
    glint_data.errors.GlintError: there is no export format 'txt' (did you mean text?): choose one of text
    """

    error = GlintError

    def _load_plugins(self) -> None:
        plugins.load()
