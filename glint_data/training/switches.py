"""NAME=VALUE from the command line to options of `train`: every field of a network and of the training."""

import types
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any, get_args, get_origin

from glint_data import models
from glint_data.errors import GlintError
from glint_data.models.shapes import refuse_gone
from glint_data.training.settings import TrainSettings

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def read_switches(model: str, assignments: Sequence[str], taken: Collection[str]) -> dict[str, Any]:
    """Options of `train` from texts such as `mixing_reshape=true`, `vit_taps=6,7,8,9`, `weight_decay=0`.

    A name is a field of the network's configuration or of `TrainSettings`. `taken` are settings that have an
    option of their own.

    Raises:
        GlintError: no such network, a name that is neither (the sentence lists those there are), a value of
            another kind, or a name given twice.
    """
    own = {field.name: field.type for field in fields(models.configuration_class(model))}
    shared = {
        field.name: field.type
        for field in fields(TrainSettings)
        if field.name not in {*taken, "model", "model_options"}
    }
    chosen: dict[str, Any] = {}
    switched: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = (piece.strip() for piece in assignment.partition("="))
        if not equals or not name:
            raise GlintError(
                f"--set {assignment}: write NAME=VALUE, for example {next(iter(own))}={text or '...'}"
            )
        refuse_gone([name])
        if name in chosen or name in switched:
            raise GlintError(f"--set {name}: given twice; give it once")
        if name in own:
            switched[name] = _read(name, text, own[name])
        elif name in shared:
            chosen[name] = _read(name, text, shared[name])
        elif name in taken:
            raise GlintError(f"--set {name}: has an option of its own, --{name.replace('_', '-')}")
        else:
            raise GlintError(
                f"--set {name}: no such switch; {model} has {', '.join(sorted(own))}; "
                f"training has {', '.join(sorted(shared))}"
            )
    return chosen | ({"model_options": switched} if switched else {})


def _read(name: str, text: str, wanted_type: Any) -> Any:
    """A text as the value of a field. Raises `GlintError` naming what is expected."""
    if isinstance(wanted_type, types.UnionType):
        if text.lower() == "none":
            return None
        wanted_type = next(part for part in get_args(wanted_type) if part is not types.NoneType)
    if wanted_type is bool:
        if text.lower() not in _WORDS:
            raise GlintError(f"--set {name}={text}: must be true or false")
        return _WORDS[text.lower()]
    listed = get_origin(wanted_type) is tuple
    one = get_args(wanted_type)[0] if listed else wanted_type
    try:
        return tuple(one(piece) for piece in text.split(",")) if listed else one(text)
    except ValueError:
        expected = {int: "a whole number", float: "a number"}[one]
        expected = f"{expected.removeprefix('a ')}s joined by commas" if listed else expected
        raise GlintError(f"--set {name}={text}: must be {expected}") from None
