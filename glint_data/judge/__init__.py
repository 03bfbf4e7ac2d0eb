"""The judge that ships: a finished training run's `run.json` and `model.safetensors`, beside this file."""

from pathlib import Path

from glint_data.errors import GlintError

NAME = "judge"
"""How the shipped run is named where a run is asked for, as in `train --start-from judge`."""


def folder() -> Path:
    """The folder of the run that ships. Raises `GlintError` where the installation carries none."""
    here = Path(__file__).parent
    if not (here / "model.safetensors").is_file():
        raise GlintError(
            "this installation carries no judge; name a run of your own, --run RUN, made by 'glint-data train'"
        )
    return here


def is_shipped(folder: Path) -> bool:
    """Whether a folder is the one that ships."""
    return folder.resolve() == Path(__file__).parent.resolve()
