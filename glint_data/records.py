"""Records: what a machine reads. Plain JSON, with null where a number does not exist."""

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from enum import Enum
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON has it: paths as text, arrays as lists, dataclasses by field, null for NaN and the infinite.

    >>> plain({"low": float("nan"), "sides": (3, 4)})
    {'low': None, 'sides': [3, 4]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers
        return plain(value.tolist())
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value if value is None or isinstance(value, (bool, int, float, str)) else os.fspath(value)


def as_mapping(value: Any) -> dict[str, Any]:
    """A mapping or a dataclass as a record."""
    record = plain(value)
    if not isinstance(record, dict):
        raise TypeError(f"{type(value).__name__} is no record")
    return record


def as_json(record: Mapping[str, Any]) -> bytes:
    """A record as the bytes of a JSON file."""
    return (json.dumps(plain(record), indent=1, allow_nan=False) + "\n").encode()
