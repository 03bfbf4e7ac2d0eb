"""Verbs around datasets that are there, or come from elsewhere."""

from typing import TYPE_CHECKING, Annotated, Any

from glint_data import defaults
from glint_data.api.options import (
    AnyDataset,
    DatasetArgument,
    Engine,
    Option,
    Plugins,
    Progress,
    SuiteOption,
    Where,
    Workers,
    argument,
)
from glint_data.api.places import anywhere, here, opened_engine, place_of, processes
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import several, verb
from glint_data.errors import GlintError
from glint_data.exports.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glint_data.dataset.dataset import Dataset


def open(path: AnyDataset) -> "Dataset":
    """A dataset that is there: a folder, its manifest's file, or an address such as s3://bucket/dataset.

    Nothing is read but the manifest's footer.

    Raises:
        GlintError: there is no manifest, or none that can be read.

    >>> import glint_data as glint
    >>> dataset = glint.open("dataset")
    >>> len(dataset), dataset[0].id
    (10, 'cat_01_01')
    """
    from glint_data.dataset.dataset import Dataset

    return Dataset(path if isinstance(path, Dataset) else anywhere(path))


@verb
def import_set(
    name: Annotated[str, argument("NAME", "A scored set; 'glint-data references' lists them.")],
    root: Annotated[Where, argument("ROOT", "Folder that the set was unpacked in.")],
    out: Annotated[Where, Option("Folder of the dataset.", "FOLDER")],
    *,
    table: Annotated[
        Where | None, Option("The set's score table, where it does not lie in ROOT.", "FILE")
    ] = None,
    strip: Annotated[
        bool, Option("Leave out what cameras wrote beside the pixels: position, serial numbers, dates.")
    ] = False,
    workers: Workers = 0,
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Make a dataset of a public scored set: its images, and what people said of them.

    Images are linked or copied as they were published, so the dataset can be
    moved. Scores are brought to 0 to 1, higher is better; the set's own range
    stands in the manifest. Missing images are named in failures.csv.

    Returns:
        The dataset, with labels of the method "rated".

    Raises:
        GlintError: no such set, no known layout in the folder, a table that cannot be right, or no image.
    """
    from distortions.lookup import unknown
    from glint_data.dataset.dataset import Dataset
    from glint_data.importing import import_dataset
    from glint_data.importing.importers import IMPORTERS, import_published
    from glint_data.reference_sets.scored_sets import SETS

    if name not in SETS and name not in IMPORTERS:
        raise GlintError(unknown("scored set", name, [*SETS, *IMPORTERS]))
    folder, set_folder = here(out), here(root)
    if name not in SETS:
        return Dataset(folder, import_published(name, set_folder, folder, processes(workers), strip))
    named = None if table is None else here(table)
    return Dataset(folder, import_dataset(name, set_folder, folder, processes(workers), named, strip))


@verb
def import_table(
    table: Annotated[Where, argument("TABLE", "CSV or .xlsx: a line a picture, paths relative to it.")],
    out: Annotated[Where, Option("Folder of the dataset.", "FOLDER")],
    *,
    range: Annotated[
        str | tuple[float, float] | None,
        Option("Lowest and highest possible score, such as 1,5; needed with scores.", "LOW,HIGH"),
    ] = None,
    lower_is_better: Annotated[bool, Option("The scores are of impairment.")] = False,
    resize: Annotated[bool, Option("Scale a picture to its reference's size, where it has another.")] = False,
    strip: Annotated[
        bool, Option("Leave out what cameras wrote beside the pixels: position, serial numbers, dates.")
    ] = False,
    workers: Workers = 0,
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Make a dataset of your own pictures, with the scores that people gave them, if any.

    Columns: distorted (or image) and, where there are any, reference, mos,
    mos_std, type, level, source, split, licence. Pictures are taken over byte
    for byte. With scores the dataset is a reference set like any other.

    Returns:
        The dataset; its labels, where the table has scores, are of the method "rated".

    Raises:
        GlintError: a table that cannot be meant, or none of its pictures could be taken over.

    >>> import glint_data as glint
    >>> from pathlib import Path
    >>> _ = Path("pairs.csv").write_text("distorted,mos\\nphotos/cat.png,4.5\\nphotos/coffee.png,2\\n")
    >>> dataset = glint.import_table("pairs.csv", "rated", range=(1, 5), workers=1)
    >>> [(sample.id, sample.label.mos) for sample in dataset]
    [('cat', 0.875), ('coffee', 0.25)]
    """
    from glint_data.dataset.dataset import Dataset
    from glint_data.importing import import_table as run

    folder = here(out)
    return Dataset(
        folder,
        run(anywhere(table), folder, range, lower_is_better, resize, strip, workers=processes(workers)),
    )


@verb(settings=Options)
def export(
    dataset: Annotated[
        "AnyDataset | Sequence[AnyDataset]",
        argument(
            "DATASET...", "Datasets, each a folder or a manifest; several go into one export.", many=True
        ),
    ],
    to: Annotated[str, Option("The other tool's layout; a wrong name lists them.")],
    out: Annotated[Where, Option("A new or empty folder.", "FOLDER")],
    *,
    split_file: Annotated[
        Where | None, Option("CSV of source,part (train, val, test), as a run's split.csv.", "FILE")
    ] = None,
    split: Annotated[
        str, Option("Shares of train, val and test, such as 80,10,10; all of a photo in one part.")
    ] = "",
    split_seed: Annotated[int, Option("Seed that assigns the photos.", least=0)] = 0,
    licence: Annotated[
        str | None, Option("Licence of photos that have none recorded, such as cc-by-4.0.")
    ] = None,
    workers: Workers = 0,
    progress: Progress = False,
    plugin: Plugins = (),
    **options: Any,
) -> Result:
    """Write a dataset in the layout of another tool.

    A virtual dataset is rendered on the way out. The folder is there when it
    is finished, and not before.

    Returns:
        What was written and what was not.

    Raises:
        GlintError: no such format, nothing in the dataset that it takes, or a folder in use.
    """
    from glint_data.exports import export_dataset

    named = None if split_file is None else here(split_file)
    return export_dataset(
        [place_of(one) for one in several(dataset)],
        to,
        here(out),
        processes(workers),
        named,
        licence,
        Options(**options),
        split,
        split_seed,
    )


@verb
def verify(
    dataset: DatasetArgument,
    *,
    sources: Annotated[
        bool, Option("Compare the photos' own files too with what the samples were made of.")
    ] = False,
    workers: Workers = 0,
    engine: Engine = "local",
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Check schema, keys, files, hashes, labels, and drift; repair nothing.

    Exit code 3 when something is not as the manifest says.

    Returns:
        The findings; `problems` lists them, a sentence each.

    Raises:
        GlintError: there is no manifest to check, or it is of another version.

    >>> import glint_data as glint
    >>> glint.verify("dataset", workers=1).problems
    []
    """
    from glint_data.dataset.verify import verify as run

    path = place_of(dataset)
    with opened_engine(engine, workers, path, writes=False) as chosen:
        return run(path, chosen, sources=sources)


@verb
def distortions(
    suite: SuiteOption = defaults.SUITE,
    *,
    image: Annotated[Where | None, Option("A photo to show the suite on.", "PLACE")] = None,
    sheet: Annotated[Where | None, Option("Contact sheet to write (PNG).", "FILE")] = None,
    whole: Annotated[bool, Option("Photos reduced, not their most changed part at true scale.")] = False,
    labels: Annotated[
        Where | None,
        Option("Dataset whose labels stand on the sheet: the photo's own, or the means.", "DATASET"),
    ] = None,
    seed: Annotated[int, Option("Seed of the random types on the sheet.", least=0)] = 0,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """List a suite's types with their levels and units, or draw them all on a photo.

    Returns:
        The types; with `image` and `sheet` the size of the sheet written.

    Raises:
        GlintError: no such suite, one of `image` and `sheet` without the other, or a picture that is refused.

    >>> import glint_data as glint
    >>> glint.distortions("live").record()["types"][0]["distortion"]
    'jpeg2000_at_rate'
    """
    from glint_data.api.places import file_to_write
    from glint_data.api.suites import suite_named
    from glint_data.reports import listing

    if (image is None) != (sheet is None):
        raise GlintError("--image and --sheet go together: the photo to distort and the PNG to write")
    if labels is not None and sheet is None:
        raise GlintError(
            "--labels goes with --image and --sheet: it writes labels under the sheet's pictures"
        )
    name = suite_named(suite).name
    if image is None or sheet is None:
        return Answer(listing.suite_record(name), lambda: listing.suite_table(name))
    target = file_to_write(sheet)
    named = None if labels is None else place_of(labels)
    made = listing.write_sheet(name, anywhere(image), target, seed, whole, named)
    text = f"contact sheet of {name}, {made.width}x{made.height}: {target}"
    return Answer(
        {"suite": name, "sheet": target, "width": made.width, "height": made.height, "labels": made.labels},
        f"{text}\n  {made.labels}" if made.labels else text,
    )
