"""Training, evaluation and scoring of quality networks on labelled manifests.

`train` makes a run folder: `model.safetensors` (the best weights), `run.json` (settings, versions, origin of
the backbones, range of the scores), `split.csv`, `history.jsonl`, and `checkpoint.safetensors` to go on from.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glint_data.training.judge.evaluation import evaluate, evaluate_text
    from glint_data.training.judge.protocols import cross_table, cross_text, repeat_splits, repeat_text
    from glint_data.training.judge.scoring import score
    from glint_data.training.run.train import train
    from glint_data.training.switches import read_switches

_PLACES = {
    "cross_table": "judge.protocols",
    "cross_text": "judge.protocols",
    "evaluate": "judge.evaluation",
    "evaluate_text": "judge.evaluation",
    "read_switches": "switches",
    "repeat_splits": "judge.protocols",
    "repeat_text": "judge.protocols",
    "score": "judge.scoring",
    "train": "run.train",
}

__all__ = [
    "cross_table",
    "cross_text",
    "evaluate",
    "evaluate_text",
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
