"""Training, evaluation and scoring of quality networks on labelled manifests.

`train` makes a run folder: `model.safetensors` (the best weights), `run.json` (settings, versions, origin of
the backbones, range of the scores), `split.csv`, `history.jsonl`, and `checkpoint.safetensors` to go on from.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glint_data.training.evaluation import evaluate, evaluate_text
    from glint_data.training.prepare import train
    from glint_data.training.protocols import cross_table, cross_text, repeat_splits, repeat_text
    from glint_data.training.scoring import find_images, score
    from glint_data.training.switches import read_switches

_PLACES = {
    "cross_table": "protocols",
    "cross_text": "protocols",
    "evaluate": "evaluation",
    "evaluate_text": "evaluation",
    "find_images": "scoring",
    "read_switches": "switches",
    "repeat_splits": "protocols",
    "repeat_text": "protocols",
    "score": "scoring",
    "train": "prepare",
}

__all__ = [
    "cross_table",
    "cross_text",
    "evaluate",
    "evaluate_text",
    "find_images",
    "read_switches",
    "repeat_splits",
    "repeat_text",
    "score",
    "train",
]


def __getattr__(name: str):
    """Import a verb, and torch with it, when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
