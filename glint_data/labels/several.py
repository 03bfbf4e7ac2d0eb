"""Several reference sets together: beside the set of the dataset's suite, others in the cells they share with it.

Where a cell is shared, a method is fitted on the references of all sets that have it; elsewhere on the first set
alone. What the others change is measured on the first set's own references, each left out, and reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.embedding.match import Matches
from glint_data.errors import GlintError
from glint_data.labels.calibration import Label
from glint_data.labels.method import Method, Photos, Scored
from glint_data.labels.rows import Decision
from glint_data.labels.samples import Samples
from glint_data.reference_sets import references
from glint_data.reference_sets.alignment import Alignment, align, together
from glint_data.reference_sets.references import ReferenceSet
from glint_data.reference_sets.scored_sets import description_of
from glint_data.storage.places import place

METHOD = "content"
"""The best method by audit that needs nothing of a reference's distorted images, which other sets do not ship."""


@dataclass(frozen=True)
class Other:
    """A further set: its references, how its scores were laid on the first set's, and those scores."""

    loaded: ReferenceSet
    alignment: Alignment
    scores: np.ndarray


def set_names(reference: str | Sequence[str]) -> list[str]:
    """The sets that are named, by one text with commas or by several."""
    texts = [reference] if isinstance(reference, str) else list(reference)
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    return list(dict.fromkeys(names)) or ["kadid"]


def roots_of(places: Sequence[str | Path], names: list[str]) -> dict[str, Path]:
    """The folder of each set: FOLDER where one set is named, NAME=FOLDER for one of several.

    Raises:
        GlintError: a folder for a set that is not asked for, or without a name where it needs one.
    """
    roots = {}
    for given in map(str, places):
        name, equals, folder = given.partition("=")
        if not (equals and name in names):
            if len(names) > 1:
                raise GlintError(
                    f"--reference-root {given}: with several sets, say whose folder it is, such as {names[-1]}=FOLDER"
                )
            name, folder = names[0], given
        roots[name] = place(folder)
    return roots


def load_sets(
    names: list[str], roots: dict[str, Path], samples: Samples, embedder: str | None, device: str, cache: Path
) -> tuple[ReferenceSet, list[Other]]:
    """The set of the dataset's suite (or the first named), and the others aligned with it.

    Raises:
        GlintError: a set that cannot be had or cannot be aligned.
    """
    own = next((name for name in names if description_of(name).get("suite") in samples.suites), names[0])
    first = references.load(own, roots.get(own), embedder, device, cache)
    others = []
    for name in names:
        if name != own:
            loaded = references.load(name, roots.get(name), embedder, device, cache)
            others.append(Other(loaded, *align(first, loaded)))
    return first, others


def require_no_pairs(chosen: Method) -> None:
    """Refuse methods that look at distorted images of every reference."""
    if chosen.needs_pairs:
        raise GlintError(
            f"method {chosen.name}: looks at the distorted images of every reference, which only one of the sets "
            f"has; with several sets choose --method {METHOD}"
        )


def groups(first: ReferenceSet, others: list[Other]) -> list[tuple[np.ndarray, ReferenceSet]]:
    """(columns of the first set, all references that were rated there) for each combination of others."""
    sharing: dict[tuple[int, ...], list[int]] = {}
    for column, cell in enumerate(map(tuple, first.cells.tolist())):
        having = tuple(index for index, other in enumerate(others) if cell in other.alignment.cells)
        if having:
            sharing.setdefault(having, []).append(column)
    found = []
    for having, columns in sharing.items():
        few = replace(
            first,
            cells=first.cells[columns],
            mos=first.mos[:, columns],
            rating_sd=first.rating_sd[:, columns],
        )
        chosen = [(others[index].loaded, others[index].alignment, others[index].scores) for index in having]
        found.append((np.array(columns), together(few, chosen)))
    return found


def columns_within(columns: np.ndarray, taken: np.ndarray, width: int) -> np.ndarray:
    """Columns of the first set as columns of a group that has `taken` of its `width`; -1 outside."""
    place = np.full(width, -1)
    place[taken] = np.arange(len(taken))
    return np.where(columns >= 0, place[columns], -1)


@dataclass(frozen=True)
class Part:
    """A group of shared cells: the first set's `columns`, all references rated there, what was decided by them, and
    what they change (see `gain`)."""

    columns: np.ndarray
    joint: ReferenceSet
    decision: Decision
    gain: dict[str, float]


def stacked(alone: Decision, parts: list[Part], photos: int) -> Decision:
    """One decision out of several: rows in shared cells look at their own group's labels and matches.

    A photo's row of the g-th part stands g x `photos` further down, so that everything a row is given comes from
    the references that decided it.
    """
    width = alone.labels.mos.shape[1]
    blocks = [Label(*(np.array(part, np.float32) for part in alone.labels.parts()))]
    photo, names = alone.photo.copy(), list(alone.references)
    positions, similarities = [alone.matches.positions], [alone.matches.similarities]
    novel = [alone.novel]
    for number, part in enumerate(parts, 1):
        block = Label(*(np.full((photos, width), np.nan, np.float32) for _ in range(4)))
        theirs = part.decision.labels.parts()
        for mine, decided, first in zip(block.parts(), theirs, blocks[0].parts(), strict=True):
            mine[:, part.columns] = decided
            first[:, part.columns] = np.nan
        blocks.append(block)
        photo[np.isin(alone.column, part.columns) & (alone.photo >= 0)] += number * photos
        names += [name for name in part.decision.references if name not in names]
        place = np.array([names.index(name) for name in part.decision.references])
        positions.append(place[part.decision.matches.positions])
        similarities.append(part.decision.matches.similarities)
        novel.append(part.decision.novel)
    joined = (np.concatenate(arrays) for arrays in zip(*(block.parts() for block in blocks), strict=True))
    sets = dict.fromkeys(name.split(":")[0] for name in names[len(alone.references) :])
    return replace(
        alone,
        labels=Label(*joined),
        matches=Matches(np.concatenate(positions), np.concatenate(similarities)),
        references=tuple(names),
        photo=photo,
        novel=np.concatenate(novel),
        label_set="+".join([alone.label_set, *sets]),
    )


def gain(chosen: Method, first: ReferenceSet, taken: np.ndarray, joint: ReferenceSet) -> dict[str, float]:
    """RMSE on the first set's own references, each left out, in these cells: by themselves and with the others.

    On the first set's own scale. What the others are worth, measured where it can be.
    """
    photos = Photos(first.vectors, first.descriptors, first.vectors_are_unit)
    truth = first.mos[:, taken]
    everyone = Photos(joint.vectors, joint.descriptors, joint.vectors_are_unit)
    alone = chosen.fit(Scored(photos, truth, joint.cells)).left_out().mos
    both = chosen.fit(Scored(everyone, joint.mos, joint.cells)).left_out().mos[: len(truth)]
    return {
        name: float(np.sqrt(np.nanmean((found - truth) ** 2)) * first.span)
        for name, found in (("alone", alone), ("together", both))
    }


def facts(first: ReferenceSet, others: list[Other], parts: list[Part]) -> dict[str, Any]:
    """What the manifest remembers: how the sets were aligned, and what that was worth."""
    about: dict[str, Any] = {}
    if others:
        about["aligned"] = [other.alignment.record() for other in others]
        about["shared"] = [
            {"sets": part.joint.name, "cells": len(part.columns)} | part.gain for part in parts
        ]
    if description_of(first.name).get("cells_note"):
        about["cells_note"] = description_of(first.name)["cells_note"]
    return about


def notes(first: ReferenceSet, others: list[Other], parts: list[Part]) -> tuple[str, ...]:
    """The same for a person."""
    found = [other.alignment.text() for other in others]
    for part in parts:
        worse = part.gain["together"] > part.gain["alone"]
        verdict = f"worse: {first.name} alone labels these cells better" if worse else "better"
        found.append(
            f"{part.joint.name}, {len(part.columns)} cells: RMSE on left-out references of {first.name} "
            f"{part.gain['together']:.3f} together, {part.gain['alone']:.3f} alone ({verdict})"
        )
    about = description_of(first.name)
    if about.get("cells_note"):
        found.append(f"note: {about['cells_note']}")
    found += [f"no label for type {kind}: {why}" for kind, why in about.get("cells_refused", {}).items()]
    return tuple(found)
