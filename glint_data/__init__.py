"""Builds image-quality datasets with labels: distortions, transferred scores, training.

A dataset is made by `synthesize` or `import_table`, gets scores by `label`, teaches a network by `train`, and is
looked at sample by sample through `open`. Each function is a verb of the command line, with the same options.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glint_data.api.datasets import distortions, export, import_set, import_table, open, verify
    from glint_data.api.labels import audit, label, rate, references, report
    from glint_data.api.looks import doctor, explain, quickstart
    from glint_data.api.networks import evaluate, score, scorer, train
    from glint_data.api.synthesis import materialize, merge, synthesize
    from glint_data.dataset.dataset import Dataset
    from glint_data.dataset.sample import Label, Sample
    from glint_data.errors import GlintError

__version__ = "0.1.0"

_ROOMS = {
    "open": "api.datasets",
    "synthesize": "api.synthesis",
    "merge": "api.synthesis",
    "materialize": "api.synthesis",
    "import_set": "api.datasets",
    "import_table": "api.datasets",
    "label": "api.labels",
    "audit": "api.labels",
    "references": "api.labels",
    "explain": "api.looks",
    "rate": "api.labels",
    "train": "api.networks",
    "evaluate": "api.networks",
    "score": "api.networks",
    "scorer": "api.networks",
    "export": "api.datasets",
    "verify": "api.datasets",
    "report": "api.labels",
    "distortions": "api.datasets",
    "quickstart": "api.looks",
    "doctor": "api.looks",
    "Dataset": "dataset.dataset",
    "Sample": "dataset.sample",
    "Label": "dataset.sample",
    "GlintError": "errors",
}

__all__ = [
    "Dataset",
    "GlintError",
    "Label",
    "Sample",
    "audit",
    "distortions",
    "doctor",
    "evaluate",
    "explain",
    "export",
    "import_set",
    "import_table",
    "label",
    "materialize",
    "merge",
    "open",
    "quickstart",
    "rate",
    "references",
    "report",
    "score",
    "scorer",
    "synthesize",
    "train",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import a verb's room when the verb is first used."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
