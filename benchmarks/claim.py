"""Does a better label make a better network? GlintIQA of size lite, on few scored references and on labelled photos.

    python -m benchmarks.claim --kadid DATASET --scores CSV --photos DATASET --others DATA --out DIR [--jobs main]

`--kadid`: a dataset that `glint-data synthesize` made of KADID-10k's references (sources I01, I02, ...), joined to
`--scores` (dmos.csv) by (reference, type, level). `--photos`: another dataset of the same suite, labelled here by each
method with all references left out that validate or test. `--others`: a folder with biq2021, pristine/kodak and
scores/meta_info_TID2013Dataset.csv, which are judged only.

A row is: trained on N references alone, or first on photos labelled by a method and then on the references; all rows
of a seed take the same number of steps, see the same crops of the same references, and keep the best epoch by two other
references. `--frozen-stages 3` freezes the CNN as a whole, so what it makes of a crop is computed once; with
`--input-size` and `--samples` that decides what a machine can do in an hour.
`--jobs search` varies one habit of the training at a time and looks at validation only. Every finished job is a line of
`DIR/claim.jsonl`, a job under way goes on from its checkpoint, and the tables are printed of the lines there are.
"""

import argparse
import functools
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import glint_data as glint
from benchmarks import judge_others
from benchmarks.training_results import sources_of
from benchmarks.training_sets import (
    deal,
    human_scores,
    with_biq_scores,
    with_human_scores,
    with_labels,
    write_beside,
    write_split,
)
from glint_data import training
from glint_data.dataset import manifest
from glint_data.progress import say, track
from glint_data.training.feed.crops import crop, grid_corners, pad_to
from glint_data.training.feed.loader import to_unit
from glint_data.training.judge import metrics
from glint_data.training.run.trained import open_trained
from glint_data.training.samples import read_samples

FEW, PHOTOS = 4, 32
EPOCHS = {"before": 2, "after": 2, "alone": 4}
METHODS = ("nearest", "mean", "deep")
CROPS = 1200
"""Crops of the references that a run may see, however many references there are."""
HABITS: dict[str, dict[str, Any]] = {
    "default": {},
    "learning rate 3e-4": {"learning_rate": 3e-4},
    "learning rate 3e-3": {"learning_rate": 3e-3},
    "loss l1": {"loss": "l1"},
    "loss huber+plcc+rank": {"loss": "huber+plcc+rank"},
    "ema 0.99": {"ema": 0.99},
    "4 crops of a picture": {"crop_places": 4},
}


@dataclass(frozen=True)
class Job:
    """One row at one seed. `method`: how the photos were labelled; "" for references alone."""

    seed: int
    method: str = ""
    references: int = FEW
    photos: int = PHOTOS
    habit: str = ""
    others: bool = False  # judged on other laboratories' pictures too

    @property
    def row(self) -> str:
        """What stands at the table's left."""
        if self.habit:
            return self.habit
        before = f"{self.photos} photos labelled by {self.method}, then " if self.method else ""
        return f"{before}{self.references} references"


def jobs(chosen: str, seeds: list[int]) -> Iterator[Job]:
    """The jobs of a part, in the order in which they are worth most."""
    for seed in seeds:
        if chosen == "main":
            yield Job(seed, others=True)
            yield from (Job(seed, method, others=True) for method in METHODS)
        elif chosen == "curves":
            for references in (16, 48):
                yield from (Job(seed, references=references), Job(seed, "deep", references))
            yield from (Job(seed, "deep", photos=photos) for photos in (8, 64))
        else:
            yield from (Job(seed, references=16, habit=habit) for habit in HABITS)


class Claim:
    """The data of all jobs, and how one is done."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked, self.out = asked, asked.out
        self.kadid = with_human_scores(asked.kadid, human_scores(asked.scores))
        self.sources = sources_of(self.kadid)
        self.cells = len(manifest.read(self.kadid, ["source"])) // len(self.sources)

    def split(self, job: Job) -> tuple[str, dict[str, str]]:
        """A file and what it says: 6 references test, 2 validate, so many train."""
        dealt, left = deal(self.sources, job.seed), {"train": job.references, "val": 2, "test": 6}
        sides = {}
        for source, side in dealt.items():
            sides[source] = side if left[side] > 0 else "unused"
            left[side] -= 1
        return write_split(self.out / f"split_{job.references}_{job.seed}.csv", sides), sides

    def labelled(self, job: Job) -> Path:
        """So many photos, labelled without the references that this seed examines."""
        examined = [source for source, side in deal(self.sources, job.seed).items() if side != "train"]
        file = with_labels(self.asked.photos, examined, f"{job.method}_{job.seed}", job.method)
        frame = manifest.read(file)
        names = sorted(set(frame["source"]))
        kept = {
            names[place] for place in np.random.default_rng(job.seed).permutation(len(names))[: job.photos]
        }
        return write_beside(
            self.asked.photos, f"{job.method}_{job.photos}_{job.seed}", frame[frame["source"].isin(kept)]
        )

    def train(self, name: str, datasets: Path, job: Job, **options: Any) -> Path:
        """A run's folder, finished."""
        asked = self.asked
        common = {"size": "lite", "seed": job.seed, "crop_places": 1, "batch_size": asked.batch_size}
        options = common | {"epoch_samples": asked.samples} | options
        if "start_from" not in options:
            sizes = {"frozen_cnn_stages": asked.frozen_stages, "input_size": asked.input_size}
            options["model_options"] = sizes
        cached = {"cache_features": "float16", "cache": self.out / "features", "baseline": False}
        run = self.out / "runs" / name
        training.train([datasets], "glintiqa", run, validation_crops=1, **options, **cached)
        return run

    def do(self, job: Job) -> dict[str, Any]:
        """The job's numbers."""
        began, splitted = time.process_time(), self.split(job)
        stage = "before" if job.method else "alone"
        fine: dict[str, Any] = {
            "split_file": splitted[0],
            "crop_places": max(CROPS // (self.cells * job.references), 1),
        }
        found: dict[str, Any] = {}
        if job.habit:
            name = f"search_{list(HABITS).index(job.habit)}_{job.seed}"
            run = self.train(name, self.kadid, job, **(fine | {"epochs": 2} | HABITS[job.habit]))
        elif job.method:
            shares = {"validation_share": 0.03, "test_share": 0.02}
            first = self.train(
                f"before_{job.method}_{job.photos}_{job.seed}",
                self.labelled(job),
                job,
                epochs=EPOCHS["before"],
                **shares,
            )
            found["photos alone"] = self.judged(first, job, others=False)
            stage = "after"
            name = f"after_{job.method}_{job.photos}_{job.references}_{job.seed}"
            run = self.train(name, self.kadid, job, start_from=str(first), epochs=EPOCHS[stage], **fine)
        else:
            run = self.train(
                f"alone_{job.references}_{job.seed}", self.kadid, job, epochs=EPOCHS["alone"], **fine
            )
        if not job.habit:
            found["test"] = self.judged(run, job)
        best = json.loads((run / "run.json").read_text())["best"]
        seconds = time.process_time() - began
        return {
            "row": job.row,
            "seed": job.seed,
            "validation": best["val_srocc"],
            **found,
            "cpu_seconds": round(seconds),
        }

    def judged(self, run: Path, job: Job, others: bool = True) -> dict[str, float]:
        """SROCC by set: KADID-10k's test references and, where asked for, other laboratories'; kept beside the run."""
        file = run / "judged.json"
        kept: dict[str, float] = json.loads(file.read_text()) if file.is_file() else {}
        sets = {"KADID-10k": self.examined} | (
            {"TID2013": self.tid, "BIQ2021": self.biq} if others and job.others else {}
        )
        for name in sets.keys() - kept.keys():
            kept[name] = srocc(run, sets[name](job))
        file.write_text(json.dumps(kept))
        return kept

    def examined(self, job: Job) -> Path:
        """The seed's test references."""
        sides, frame = self.split(job)[1], manifest.read(self.kadid)
        test = frame[[sides[source] == "test" for source in frame["source"]]]
        return write_beside(self.asked.kadid, f"test_{job.seed}", test)

    def tid(self, job: Job) -> Path:
        """Kodak's photos in the four types of TID2013 whose strengths mean the same everywhere, with its scores."""
        place = self.out / "tid2013"
        file = place / "labels_human.parquet"
        if file.is_file():
            return file
        photos = judge_others.tid_photos(self.asked.others / "pristine" / "kodak", self.out)
        types = tuple(judge_others.PLAIN.values())
        glint.synthesize(photos, place, suite="tid2013", types=types, levels=(1, 3, 5), workers=1)
        scores = judge_others.tid_scores(self.asked.others / "scores" / "meta_info_TID2013Dataset.csv")
        named = {(f"i{key[0]:02d}", *key[1:]): (score / 9, 0.1) for key, score in scores.items()}
        return with_human_scores(place, named, "tid2013")

    def biq(self, job: Job) -> Path:
        """The first 100 photos of BIQ2021's own validation part."""
        place = self.out / "biq2021"
        file = place / "labels_val.parquet"
        if file.is_file():
            return file
        dataset, sides = with_biq_scores(self.asked.others / "biq2021", place, 0)
        frame = manifest.read(dataset)
        return write_beside(
            dataset, "val", frame[[sides[source] == "test" for source in frame["source"]]][:100]
        )


@functools.cache
def seen(dataset: Path, size: int) -> tuple[torch.Tensor, np.ndarray]:
    """uint8 crops (pictures, 2, 3, S, S) of a set, and its labels."""
    samples = read_samples([dataset])
    crops = []
    for sample in track(samples, len(samples), f"pictures of {dataset.parent.name}"):
        pixels = pad_to(sample.pixels(), size)
        corners = grid_corners(pixels.shape, size, 2)
        crops.append(np.stack([crop(pixels, corner, size) for corner in corners]))
    return torch.from_numpy(np.stack(crops)).permute(0, 1, 4, 2, 3), samples.mos.astype(np.float64)


def srocc(run: Path, dataset: Path) -> float:
    """A run's SROCC on all of a set, by two crops of a picture, many pictures a batch."""
    network = open_trained(run, "cpu").network
    crops, labels = seen(dataset, network.input_size)
    with torch.inference_mode():
        scores = [network(to_unit(each.flatten(0, 1))).view(-1, 2).mean(1) for each in crops.split(16)]
    return metrics.srocc(torch.cat(scores).numpy(), labels)


def show(lines: list[dict[str, Any]]) -> None:
    """A line a row and set: median, spread, and every seed's SROCC."""
    columns: dict[tuple[str, str], list[float]] = {}
    for line in lines:
        if "test" not in line:
            columns.setdefault((line["row"], "validation"), []).append(line["validation"])
        for name, value in line.get("test", {}).items():
            columns.setdefault((line["row"], name), []).append(value)
        for name, value in line.get("photos alone", {}).items():
            columns.setdefault((line["row"].rpartition(", then")[0], name), []).append(value)
    print(f"{'':54s} {'':11s} {'median':>6s}   SROCC of each seed")
    for (row, name), values in sorted(columns.items(), key=lambda entry: entry[0][1]):
        each = " ".join(f"{value:.3f}" for value in values)
        print(f"{row:54s} {name:11s} {statistics.median(values):6.3f}   {each}")


def main() -> None:
    """Do the jobs that are not done yet, then print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kadid", type=Path, required=True, help="KADID-10k's references, synthesized")
    parser.add_argument("--scores", type=Path, required=True, help="KADID-10k's dmos.csv")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--others", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", nargs="*", default=["main", "search", "curves"])
    parser.add_argument("--input-size", type=int, default=128, help="lite's own is 128")
    parser.add_argument("--frozen-stages", type=int, default=2, help="of the CNN's three; lite's own is 2")
    parser.add_argument("--samples", type=int, default=1024, help="samples an epoch")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    file = asked.out / "claim.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    done, claim = {(line["row"], line["seed"]) for line in lines}, Claim(asked)
    for job in (job for part in asked.jobs for job in jobs(part, asked.seeds)):
        if (job.row, job.seed) in done:
            continue
        say(f"{job.row}, seed {job.seed}")
        lines.append(claim.do(job))
        with file.open("a") as stream:
            stream.write(json.dumps(lines[-1]) + "\n")
    show(lines)


if __name__ == "__main__":
    main()
