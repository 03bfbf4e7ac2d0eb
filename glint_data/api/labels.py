"""Verbs that give labels and tell how good they are."""

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from glint_data import defaults
from glint_data.api.options import (
    AnyDataset,
    DatasetArgument,
    Device,
    Embedder,
    Engine,
    Option,
    Plugins,
    Progress,
    Reference,
    ReferenceRoot,
    Where,
    Workers,
    argument,
)
from glint_data.api.places import anywhere, here, opened_engine, place_of
from glint_data.api.results import Answer, Result
from glint_data.api.verbs import several, verb

if TYPE_CHECKING:
    from glint_data.dataset.dataset import Dataset


@verb
def label(
    dataset: DatasetArgument,
    reference: Reference = defaults.REFERENCE,
    *,
    reference_root: ReferenceRoot = None,
    embedder: Embedder = None,
    method: Annotated[
        str | None, Option("Label method; a wrong name lists them.", shown="the best by audit")
    ] = None,
    leave_out: Annotated[
        str | Iterable[str],
        Option("A reference whose scores play no part (repeatable).", "NAME", many=True),
    ] = (),
    viewing: Annotated[
        str,
        Option("How pictures larger than the references' are seen: auto, fit (seen whole) or pixels (1:1)."),
    ] = "auto",
    ratings: Annotated[
        Where | Iterable[Where],
        Option(
            "CSV of your own raters (sample_id, score 1 to 5, rater): labels on their scale.",
            "FILE",
            many=True,
        ),
    ] = (),
    monotone: Annotated[
        bool, Option("Smooth levels that rise where they should fall, within a photo and a type.")
    ] = False,
    scale: Annotated[
        str, Option("Scale of widths in the summary: unit (0 to 1) or own (the set's).")
    ] = "unit",
    device: Device = "auto",
    workers: Workers = 0,
    engine: Engine = "local",
    progress: Progress = False,
    plugin: Plugins = (),
) -> "Dataset":
    """Give every sample a score with an interval, from the scored references its photo resembles.

    Writes mos, mos_std, mos_low and mos_high (on 0 to 1, higher is better)
    and the evidence for them into the dataset's manifest. Distortions that
    nobody rated are labelled from what is measured of the pair; scores that
    people gave stay.

    Returns:
        The dataset; `text()` and `record()` say what was labelled and by what.

    Raises:
        GlintError: nothing can be labelled. A sample that cannot be labelled beside others that can has no score
            and a `label_note`.

    >>> import glint_data as glint
    >>> dataset = glint.label("dataset", reference="kadid", workers=1)
    >>> 0 <= dataset[0].label.low <= dataset[0].label.mos <= dataset[0].label.high <= 1
    True
    """
    from glint_data.dataset.dataset import Dataset
    from glint_data.labels import label_dataset
    from glint_data.labels.scales import checked

    path, scale = place_of(dataset), checked(scale)
    with opened_engine(engine, workers, path, writes=False) as chosen:
        summary = label_dataset(
            path,
            reference,
            None if reference_root is None else anywhere(reference_root),
            embedder,
            method,
            device,
            workers=chosen,
            leave_out=several(leave_out),
            viewing=viewing,
            ratings=[here(file) for file in several(ratings)],
            monotone=monotone,
        )
    return Dataset(path, replace(summary, said_on=scale))


@verb
def audit(
    reference: Reference = defaults.REFERENCE,
    *,
    reference_root: ReferenceRoot = None,
    embedder: Embedder = None,
    method: Annotated[
        str | Iterable[str], Option("Only these methods (repeatable).", "NAME", shown="all", many=True)
    ] = (),
    leave_type_out: Annotated[
        bool, Option("Also the method for unrated distortions: each type left out with its reference.")
    ] = False,
    scale: Annotated[
        str, Option("Scale of RMSE, widths and bias in the tables: own (the set's) or unit.")
    ] = "own",
    device: Device = "auto",
    workers: Workers = 0,
    figures: Annotated[
        Where | None, Option("Write the certificate's figures into this folder.", "FOLDER")
    ] = None,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Certify the labels: leave one reference out, predict its scores, compare.

    Every method beside the baselines `mean` (content ignored) and `nearest`
    (the published transfer). The record's RMSE and width are on the set's own scale.

    Returns:
        The certificate: `record()["methods"][NAME]` holds a method's measures.

    Raises:
        GlintError: no such set, method or embedder.
    """
    from glint_data.api.places import file_to_write
    from glint_data.labels import audit_reference, write_figures
    from glint_data.labels.certificate import Audit
    from glint_data.labels.scales import checked
    from glint_data.work import default_workers

    folder, scale = file_to_write(figures), checked(scale)
    result = audit_reference(
        reference,
        None if reference_root is None else anywhere(reference_root),
        embedder,
        several(method) or None,
        device,
        leave_type_out=leave_type_out,
        workers=workers or default_workers(),
    )
    result = Audit(result.record(), scale)
    pictures = [] if folder is None else write_figures(result.record(), folder)
    return Answer(
        result.record(), lambda: "\n".join([result.text(), *(f"figure: {picture}" for picture in pictures)])
    )


@verb
def rate(
    dataset: DatasetArgument,
    out: Annotated[Where, Option("The page to write.", "PAGE.html")],
    *,
    samples: Annotated[int, Option("How many samples to rate.", least=1)] = defaults.RATED_SAMPLES,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Write one offline page on which your own raters rate samples.

    Samples are spread over the labels, those with narrow intervals first,
    each beside its photo. The page saves a CSV for 'label --ratings'.

    Returns:
        Where the page lies, and which samples are on it.

    Raises:
        GlintError: the dataset has no labels, or none of its pictures can be read.
    """
    from glint_data.api.places import file_to_write
    from glint_data.labels.rating_page import write_page

    return write_page(place_of(dataset), file_to_write(out), samples)


@verb
def references(
    name: Annotated[
        str | None, argument("NAME", "A set, or a dataset with people's scores; none: list all sets.")
    ] = None,
    *,
    build: Annotated[
        Where | None, Option("Make the set's bundled descriptors from its own folder.", "PLACE")
    ] = None,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """List the scored reference sets, or say what there is of one.

    A dataset whose scores people gave is one too: which labels it can give,
    by which methods, and what it takes for more.

    Returns:
        `record()` maps each set's name to its description, or describes the one.

    Raises:
        GlintError: no such set, or a dataset that cannot be one.

    >>> import glint_data as glint
    >>> glint.references("kadid").record()["references"]
    80
    """
    import json

    from glint_data.labels.describing import describe
    from glint_data.records import plain
    from glint_data.reference_sets import references as known

    if name is None:
        sets = known.known_sets()
        lines = [
            f"{key:10s} {'reference set' if 'bundled_scores' in about else 'to import':14s} "
            f"{about['title']}: {about['citation']}"
            for key, about in sets.items()
        ]
        return Answer(sets, "\n".join(lines))
    if build is not None:
        return Answer({"built": name}, str(known.build(name, anywhere(build))))
    if str(name) not in known.known_sets():
        return describe(name)
    details = known.inspect(name)
    return Answer(details, lambda: json.dumps(plain(details), indent=1))


@verb
def report(
    where: Annotated[AnyDataset, argument("DATASET_OR_RUN", "Folder of a dataset or of a run.")],
    *,
    run: Annotated[Where | None, Option("Add this training run to a dataset's page.", "RUN")] = None,
    audit: Annotated[Where | None, Option("Add the certificate that 'audit --json' wrote.", "FILE")] = None,
    predictions: Annotated[
        Where | None,
        Option(
            "Add a network's scores, as 'evaluate --predictions' wrote them.",
            "FILE",
            shown="those that evaluate kept in RUN",
        ),
    ] = None,
    reference_root: Annotated[
        Where | None,
        Option("Show the references that labels lean on: folder of the set, or a dataset.", "PLACE"),
    ] = None,
    progress: Progress = False,
    plugin: Plugins = (),
) -> Result:
    """Write report.html: samples, labels, training and evaluation on one page.

    Returns:
        Where the page lies.

    Raises:
        GlintError: `where` is neither a dataset nor a run, `run` is none, or `audit` is no certificate.
    """
    import json
    from functools import partial

    from glint_data.errors import GlintError
    from glint_data.labels.in_short import evidence_in_short
    from glint_data.reports import write_report

    certificate = None
    if audit is not None:
        try:
            certificate = json.loads(here(audit).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GlintError(
                f"{audit}: not a certificate as 'glint-data audit --json FILE' writes it ({error})"
            ) from None
    scores = None if predictions is None else here(predictions)
    folder = None if run is None else here(run)
    root = None if reference_root is None else anywhere(reference_root)
    path = anywhere(where) if isinstance(where, (str, os.PathLike)) else where.folder
    page = write_report(
        path,
        folder,
        certificate,
        predictions=scores,
        reference_root=root,
        explain=partial(evidence_in_short, reference_root=root),
    )
    return Answer({"report": page}, f"report: {page}")
