"""The two scales on which scores are said: 0 to 1 as in manifests (unit), or the reference set's own (own)."""

from typing import Any

from glint_data.errors import GlintError

OWN, UNIT = "own", "unit"
_DIFFERENCES = ("rmse", "width_90", "bias")
"""Numbers of a certificate that are differences of scores."""


def checked(name: str) -> str:
    """The name of a scale. Raises `GlintError` for another one."""
    if name not in (OWN, UNIT):
        raise GlintError(f"--scale {name}: choose own (the reference set's) or unit (0 to 1)")
    return name


def on_unit_scale(certificate: dict[str, Any]) -> dict[str, Any]:
    """A certificate whose differences of scores are on 0 to 1, higher is better, instead of the set's own scale."""
    scale = certificate["scale"]
    per_unit = float(scale["high"]) - float(scale["low"])
    sign = 1 if scale.get("higher_is_better", True) else -1

    def converted(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: converted(entry, name) for name, entry in value.items()}
        if key not in _DIFFERENCES or value is None:
            return value
        return value / per_unit * (sign if key == "bias" else 1)

    return {**converted(certificate), "scale": {"low": 0.0, "high": 1.0, "higher_is_better": True}}
