"""A dataset in the layouts that other tools read; virtual ones are rendered on the way out.

Each format is one file and registers itself in `FORMATS`; `export_dataset` writes one.
"""

from typing import TYPE_CHECKING, Any

from glint_data.exports.options import Options

if TYPE_CHECKING:
    from glint_data.exports.bundled import FORMATS
    from glint_data.exports.stage import ExportSummary, export_dataset

__all__ = ["FORMATS", "ExportSummary", "Options", "export_dataset"]

_MODULES = {"FORMATS": "bundled", "ExportSummary": "stage", "export_dataset": "stage"}


def __getattr__(name: str) -> Any:
    """Formats are imported when one is wanted: the options alone are light, and stand in every --help."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
