"""Labelled sets for `benchmarks.training_results`: human scores joined by key, labels without examined references."""

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glint_data.dataset import manifest
from glint_data.importing import import_dataset
from glint_data.labels import label_dataset

if TYPE_CHECKING:
    import pandas


def human_scores(file: Path) -> dict[tuple[str, int, int], tuple[float, float]]:
    """(reference, type, level) -> mean opinion on [0, 1] and its standard deviation."""
    scores = {}
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            source, type_number, level = Path(row["dist_img"]).stem.split("_")
            scores[source, int(type_number), int(level)] = (
                (float(row["dmos"]) - 1) / 4,
                float(row["var"]) / 4,
            )
    return scores


def with_human_scores(dataset: Path, scores: dict, label_set: str = "kadid10k") -> Path:
    """A second manifest beside a dataset's own, labelled by the people who rated its pictures."""
    frame = manifest.read(dataset)
    frame = frame[frame["status"] == "ok"].copy()
    found = [scores[key] for key in zip(frame["source"], frame["type"], frame["level"], strict=True)]
    frame["mos"], frame["mos_std"] = np.array(found, dtype=np.float32).T
    frame["label_set"], frame["label_method"] = label_set, "human"
    frame["label_references"] = [[source] for source in frame["source"]]
    return write_beside(dataset, "human", frame)


def with_labels(dataset: Path, leave_out: list[str], name: str, method: str | None = None) -> Path:
    """A second manifest beside the photos' own, labelled as `glint-data label --leave-out ...` does."""
    file = manifest.dataset_folder(dataset) / f"labels_{name}.parquet"
    if not file.is_file():
        unlabelled = file.with_name(f"unlabelled_{name}.parquet")
        shutil.copy(manifest.manifest_file(dataset), unlabelled)
        label_dataset(unlabelled, "kadid", method=method, workers=1, leave_out=leave_out)
        unlabelled.rename(file)
    return file


def with_biq_scores(folder: Path, out: Path, limit: int) -> tuple[Path, dict[str, str]]:
    """BIQ2021 as a dataset, and its split: the set's own validation part is the test, a fifth of the rest validates.

    `limit` uses only so many photos (0: all).
    """
    import_dataset("biq2021", folder, out)
    rng, sides = np.random.default_rng(0), {}
    with (out / "split.csv").open(newline="", encoding="utf-8") as stream:
        for index, entry in enumerate(csv.DictReader(stream)):
            side = "test" if entry["part"] == "val" else "val" if rng.random() < 0.2 else "train"
            sides[entry["source"]] = "unused" if limit and index >= limit else side
    return out, sides


def write_beside(dataset: Path, name: str, frame: "pandas.DataFrame") -> Path:
    """Another manifest of the same images: its paths stay relative to the dataset's folder."""
    return manifest.write_table(
        manifest.dataset_folder(dataset) / f"labels_{name}.parquet", manifest.to_table(frame)
    )


def deal(sources: list[str], seed: int, few: int = 0) -> dict[str, str]:
    """60/20/20 by reference; with `few` only so many train and as many validate, the rest stay unused."""
    order = [sources[index] for index in np.random.default_rng(seed).permutation(len(sources))]
    fifth = len(order) // 5
    test, val, train = order[:fifth], order[fifth : 2 * fifth], order[2 * fifth :]
    part = dict.fromkeys(order, "unused") if few else {}
    part |= dict.fromkeys(test, "test") | dict.fromkeys(val[: few or None], "val")
    return part | dict.fromkeys(train[: few or None], "train")


def write_split(file: Path, part: dict[str, str]) -> str:
    """Write the CSV that `glint-data train --split-file` reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("source,part\n" + "".join(f"{source},{side}\n" for source, side in part.items()))
    return str(file)
