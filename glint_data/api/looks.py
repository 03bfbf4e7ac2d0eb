"""Verbs for a look: explain, quickstart, doctor."""

from typing import Annotated

from glint_data.api.options import DatasetArgument, Option, Plugins, Progress, Where, argument
from glint_data.api.places import here, place_of
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import verb


@verb
def explain(
    dataset: DatasetArgument,
    sample: Annotated[str, argument("SAMPLE_ID", "Such as cat_10_03.")],
    *,
    reference: Annotated[
        Where | None,
        Option("The dataset that the label came from, if your own.", shown="the set its row names"),
    ] = None,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Say how one sample was made, what it scores, and on what evidence.

    A label is taken apart: the cell's mean, what the photo is like, and each
    measurement of the pair, by how much it moved the label; they add up to it.

    Returns:
        The explanation; `record()["evidence"]` holds the parts, None where there is no label to take apart.

    Raises:
        GlintError: no such dataset, or no such sample (near names are given).

    >>> import glint_data as glint
    >>> glint.explain("dataset", "cat_01_03").text().splitlines()[0]
    'cat_01_03'
    """
    from glint_data.errors import GlintError
    from glint_data.labels.explaining import evidence_of
    from glint_data.progress import printable
    from glint_data.reports.explain import explain as run

    path = place_of(dataset)
    text = run(path, sample)
    evidence = None
    try:
        evidence = evidence_of(path, sample, None if reference is None else str(reference))
        text += f"\n{printable(evidence.text())}" if evidence else ""
    except GlintError as refusal:
        text += printable(f"\n  evidence   not shown: {refusal}")
    record = None if evidence is None else evidence.record()
    return Answer({"sample_id": sample, "dataset": path, "text": text, "evidence": record}, text)


@verb
def quickstart(
    out: Annotated[Where, Option("Folder for everything it makes.", "FOLDER")] = "quickstart",
    *,
    seed: Annotated[int, Option("Seed of the whole run.", least=0)] = 0,
    small: Annotated[bool, Option("Three photos and six types: a first look in a minute.")] = False,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """The whole job on a few real photos, in minutes.

    Synthesize, label, audit, train, evaluate, score, report. Needs no network
    and no data: the photos are those that scikit-image carries.

    Returns:
        Where everything lies.

    Raises:
        GlintError: the folder cannot be used.
    """
    from glint_data.api.first_steps import quickstart as run

    folder = here(out)
    text = run(folder, seed, small)
    return Answer({"folder": folder}, text)


@verb
def doctor(*, progress: Progress = False, plugin: Plugins = ()) -> Result:
    """Say what this installation can do, and what would bring the rest.

    Versions, image formats, distortions, weights, optional packages. Nothing is
    fetched, written or started.

    Returns:
        The findings.

    Raises:
        GlintError: a plug-in that cannot be loaded.

    >>> import glint_data as glint
    >>> glint.doctor().record()["findings"][0]["name"]
    'glint-data'
    """
    from glint_data.installation import examine

    return examine()
