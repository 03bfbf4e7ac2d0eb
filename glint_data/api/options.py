"""What a verb's parameter is besides its type: the words of its help, its bounds, its name on the command line."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset

Where: TypeAlias = str | os.PathLike[str]
"""A path of this machine, or an address such as s3://bucket/folder."""
AnyDataset: TypeAlias = "str | os.PathLike[str] | Dataset"
"""A dataset by its folder, its manifest's file, its address, or opened."""
Choices: TypeAlias = int | str | Iterable[int | str]
"""Numbers or names, or a text that joins them by commas, as "1,10-12,gaussian_blur"."""


@dataclass(frozen=True)
class Option:
    """A parameter's help for a person, and what the command line must know beside name, type and default.

    `metavar` stands for the value in help; `flag` where the option is not called like the parameter; `shown` for a
    default that is worked out later. `many`: may be given several times. `position`: an argument, not an option.
    `least` and `most` bound numbers, here and in Python alike. `text`: what a parameter that is text alone must be.
    """

    help: str
    metavar: str = ""
    flag: str = ""
    shown: str = ""
    many: bool = False
    position: bool = False
    least: float | None = None
    most: float | None = None
    text: str = "text"


def argument(metavar: str, help: str, many: bool = False) -> Option:
    """A parameter that the command line takes by its position."""
    return Option(help, metavar, many=many, position=True)


DatasetArgument = Annotated[AnyDataset, argument("DATASET", "Folder of a dataset, or its manifest.")]
SuiteOption = Annotated[
    str,
    Option(
        "Distortion suite, or a file SUITE.toml of your own; 'glint-data distortions' lists them.",
        text="text: a suite's name, which is known after distortions.add_suite(suite), or its TOML file",
    ),
]
Workers = Annotated[
    int, Option("Processes that work; 0: one a core, of all machines.", flag="--workers", least=0)
]
Engine = Annotated[str, Option("local, or ray: a Ray cluster ($RAY_ADDRESS, or the one that runs here).")]
Device = Annotated[str, Option("auto, cpu, cuda or cuda:N.")]
Crops = Annotated[int, Option("Crops an image is judged by; always the same ones.", least=1)]
Reference = Annotated[
    str,
    Option("Scored reference set: a name ('glint-data references' lists them), or a dataset with scores."),
]
ReferenceRoot = Annotated[
    Where | None,
    Option("Folder of the reference set's images; without it, what the package carries.", "PLACE"),
]
Embedder = Annotated[
    str | None,
    Option(
        "descriptor, open_clip:MODEL@TAG_OR_FILE, timm:MODEL or timm:MODEL@FILE.", shown="the best at hand"
    ),
]
Progress = Annotated[bool, Option("Say on standard error how far it is; the command line always does.")]
Plugins = Annotated[
    Where | Sequence[Where],
    Option("Python file with distortions, methods, formats ... of your own (repeatable).", "FILE", many=True),
]
