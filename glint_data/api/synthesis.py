"""Verbs that render: photos to datasets, recipes to pixels."""

import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, cast

from glint_data import defaults, plugins
from glint_data.api import choices
from glint_data.api.options import (
    AnyDataset,
    Choices,
    Engine,
    Option,
    Plugins,
    Progress,
    SuiteOption,
    Where,
    Workers,
    argument,
)
from glint_data.api.places import anywhere, opened_engine, place_of, processes
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import several, verb
from glint_data.errors import GlintError

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset
    from glint_data.storage.places import Place
    from glint_data.synthesis.settings import Settings

Sources = Annotated[
    Where | Sequence[Where], argument("SOURCES", "Folders of photos, .txt lists, or files.", many=True)
]
Types = Annotated[
    Choices, Option("Only these types, such as 1,10-12 or jpeg,gaussian_blur.", "TYPES", shown="all")
]
Levels = Annotated[Choices, Option("Only these levels, such as 1-3.", "LEVELS", shown="all")]
Strengths = Annotated[
    str | float | Iterable[float],
    Option("These strengths in place of a suite's levels, for the one type named.", "S,S,...", shown="none"),
]
MaxSide = Annotated[int, Option("Scale larger photos to this longer side, px; 0: as they are.", least=0)]
Crop = Annotated[
    str | tuple[int, int],
    Option("Then cut WxH pixels from the middle, such as 512x384.", "WxH", shown="none"),
]
Regions = Annotated[
    int, Option("Distort so many soft-edged regions of a photo, not all of it; 0: all.", least=0)
]
Seed = Annotated[int, Option("Seed of the whole run.", least=0)]
Limit = Annotated[int, Option("Only the first so many photos; 0: all.", least=0)]


@verb
def synthesize(
    sources: Sources,
    out: Annotated[Where, Option("Folder of the dataset; an unfinished one is resumed.", "PLACE")],
    *,
    suite: SuiteOption = defaults.SUITE,
    types: Types = (),
    levels: Levels = (),
    strengths: Strengths = (),
    max_side: MaxSide = 0,
    crop: Crop = "",
    regions: Regions = 0,
    virtual: Annotated[bool, Option("Recipes only: no pixels on disk.")] = False,
    format: Annotated[str, Option("Lossless image format: png or webp.")] = defaults.FORMAT,
    seed: Seed = 0,
    workers: Workers = 0,
    engine: Engine = "local",
    limit: Limit = 0,
    shard: Annotated[str, Option("Only this share of the photos, I/N; then 'merge'.")] = "",
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Render photos through every type and level of a distortion suite.

    Writes images/, references/ (the pristine photos), manifest.parquet,
    run.json and, where something was refused, failures.csv.
    Stopped half-way, the same call resumes where it was.
    Both may be addresses such as s3://bucket/folder.

    Returns:
        The dataset; `text()` and `record()` say what this run made, kept and refused. With `shard` these alone:
        `merge` makes the dataset when all shards are done.

    Raises:
        GlintError: no photo was admitted, a type or level that the suite does not have, a folder that holds
            something else or a run with other settings.

    >>> import glint_data as glint
    >>> dataset = glint.synthesize("photos", "new", types=["gaussian_blur", 10], levels=[1, 5], workers=1)
    >>> dataset[0].distortion, dataset[0].pixels().shape
    ('gaussian_blur', (64, 96, 3))
    """
    from glint_data.synthesis import shards
    from glint_data.synthesis.synthesize import synthesize as run

    photos, folder = [anywhere(source) for source in several(sources)], anywhere(out)
    settings = settings_of(suite, types, levels, strengths, max_side, crop, regions, seed, format, virtual)
    with opened_engine(engine, workers, folder, photos) as chosen:
        if shard:
            part = shards.parse(shard)
            summary = shards.synthesize_shard(photos, folder, settings, chosen, part, limit)
            return cast("Dataset", Shard(summary))
        return _made(folder, run(photos, folder, settings, chosen, limit))


class Shard(Answer):
    """What one of several shards made; a dataset comes of them by `merge`."""

    def __init__(self, result: Any) -> None:
        super().__init__(result, result.text)
        self.result = result


def estimate(*arguments: Any, **words: Any) -> Result:
    """What `synthesize` with these arguments would cost; writes nothing. For the command line's --dry-run."""
    from glint_data.synthesis.estimate import estimate as run

    call = inspect.signature(synthesize).bind(*arguments, **words)
    call.apply_defaults()
    chosen = call.arguments
    plugins.use(several(chosen["plugin"]))
    settings = settings_of(**{name: chosen[name] for name in inspect.signature(settings_of).parameters})
    photos = [anywhere(source) for source in several(chosen["sources"])]
    text = run(photos, settings, processes(chosen["workers"]), chosen["limit"])
    return Answer({"estimate": text}, text)


def settings_of(
    suite: str,
    types: Choices,
    levels: Choices,
    strengths: Strengths,
    max_side: int,
    crop: Crop,
    regions: int,
    seed: int,
    format: str,
    virtual: bool,
) -> "Settings":
    """The settings of a run. Raises `GlintError` for what they cannot be."""
    from glint_data.api.suites import in_regions
    from glint_data.synthesis.settings import Settings

    wanted = choices.entries("--levels", levels, least=0)  # 0: the control of a suite of regions
    words = [level for level in wanted if isinstance(level, str)]
    if words:
        raise GlintError(f"--levels {words[0]}: is no number or range; write for example 1,3-5")
    version = record = None
    if regions:
        if strengths:
            raise GlintError("--regions and --strengths: give one of them")
        suite, version, record = in_regions(suite, regions)
    return Settings(
        suite,
        choices.entries("--types", types),
        tuple(int(level) for level in wanted),
        seed,
        format,
        virtual,
        choices.numbers("--strengths", strengths),
        max_side,
        choices.width_and_height("--crop", crop),
        version,
        record,
    )


@verb
def merge(
    dataset: Annotated[AnyDataset, argument("DATASET", "Folder that all shards were rendered into.")],
    *,
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Make the parts of all shards one dataset, the same as a single run's.

    Returns:
        The dataset.

    Raises:
        GlintError: a shard is missing or unfinished, or there are none.
    """
    from glint_data.synthesis import shards

    folder = place_of(dataset)
    return _made(folder, shards.merge(folder))


@verb
def materialize(
    dataset: Annotated[AnyDataset, argument("DATASET", "Folder of a virtual dataset.")],
    out: Annotated[Where, Option("Folder of the dataset with pixels.", "PLACE")],
    *,
    where: Annotated[
        str | Iterable[str],
        Option("Only these, as column=value,value; repeatable, all must hold.", "COLUMN=VALUES", many=True),
    ] = (),
    workers: Workers = 0,
    engine: Engine = "local",
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Render a virtual dataset, or part of it; its labels come along.

    Returns:
        The dataset with pixels.

    Raises:
        GlintError: not a virtual dataset, photos that changed since it was planned, or no sample meets `where`.

    >>> import glint_data as glint
    >>> recipes = glint.synthesize("photos", "recipes", types=[1, 10], virtual=True)
    >>> len(glint.materialize(recipes, "some", where=["type=10", "level=4,5"], workers=1))
    4
    """
    from glint_data.sources import folders_of
    from glint_data.synthesis.materialize import materialize as run

    virtual, folder = place_of(dataset), anywhere(out)
    with opened_engine(engine, workers, folder, folders_of(virtual)) as chosen:
        return _made(folder, run(virtual, folder, several(where), chosen))


def _made(folder: "Place", result: object) -> "Dataset":
    from glint_data.dataset.dataset import Dataset

    return Dataset(folder, result)
