"""Training, evaluation and scoring of quality networks on labelled manifests.

`train` makes a run folder: `model.safetensors` (the best weights), `run.json` (settings, versions, origin of
the backbones, range of the scores, result), `split.csv`, `history.jsonl`, `checkpoint.safetensors` to go on from, and
`baseline/`, a frozen network on the same samples. `feed/` makes batches, `run/` trains, `judge/` scores and compares.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glint_data.training.judge.evaluation import evaluate, evaluate_text
    from glint_data.training.judge.protocols import cross_table, cross_text, repeat_splits, repeat_text
    from glint_data.training.judge.scores_file import evaluate_scores, scores_text
    from glint_data.training.judge.scoring import about, run_and_images, score, scorer
    from glint_data.training.run.train import train
    from glint_data.training.switches import read_switches

_MODULES = {
    "about": "judge.scoring",
    "cross_table": "judge.protocols",
    "cross_text": "judge.protocols",
    "evaluate": "judge.evaluation",
    "evaluate_scores": "judge.scores_file",
    "evaluate_text": "judge.evaluation",
    "read_switches": "switches",
    "repeat_splits": "judge.protocols",
    "repeat_text": "judge.protocols",
    "run_and_images": "judge.scoring",
    "score": "judge.scoring",
    "scorer": "judge.scoring",
    "scores_text": "judge.scores_file",
    "train": "run.train",
}

__all__ = [
    "about",
    "cross_table",
    "cross_text",
    "evaluate",
    "evaluate_scores",
    "evaluate_text",
    "read_switches",
    "repeat_splits",
    "repeat_text",
    "run_and_images",
    "score",
    "scorer",
    "scores_text",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a verb, and torch with it, when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
