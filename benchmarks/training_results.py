"""Real results: networks trained on real human scores, at the scale that the machine allows.

    python -m benchmarks.training_results within      --kadid DATASET --out DIR [--model ahiq]
    python -m benchmarks.training_results pretraining --kadid DATASET --photos DATASET --out DIR
    python -m benchmarks.training_results authentic   --biq FOLDER --photos DATASET --out DIR

`--kadid`: a dataset that `glint-data synthesize` made of KADID-10k's references (sources I01, I02, ...);
`--scores` its dmos.csv. Its human scores are joined by (reference, type, level). `--photos`: any other
synthesized dataset with the same suite. Its labels are made here, from the human scores of those references
alone that are trained on, so that nothing of a test reference reaches a network by way of a label.
Everything is seeded; runs that exist are gone on with. Sizes and epochs are options: the defaults suit two
CPU cores and the tiny networks from scratch, and their numbers are those of tiny networks from scratch.
"""

import argparse
import csv
import json
import shutil
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glint_data import images, manifest, training
from glint_data.errors import GlintError
from glint_data.progress import say

if TYPE_CHECKING:
    import pandas


def human_scores(file: Path) -> dict[tuple[str, int, int], tuple[float, float]]:
    """(reference, type, level) -> mean opinion on [0, 1] and its standard deviation."""
    scores = {}
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            source, kind, level = Path(row["dist_img"]).stem.split("_")
            scores[source, int(kind), int(level)] = ((float(row["dmos"]) - 1) / 4, float(row["var"]) / 4)
    return scores


def with_human_scores(dataset: Path, scores: dict) -> Path:
    """A second manifest beside KADID's own, labelled by the people who rated it."""
    frame = finished(dataset)
    found = [scores[key] for key in zip(frame["source"], frame["type"], frame["level"], strict=True)]
    frame["mos"], frame["mos_std"] = np.array(found, dtype=np.float32).T
    frame["label_set"], frame["label_method"] = "kadid10k", "human"
    frame["label_references"] = [[source] for source in frame["source"]]
    return write_beside(dataset, "human", frame)


def with_cell_means(dataset: Path, scores: dict, references: set[str], name: str) -> Path:
    """Photos labelled with the mean score of their cell over the given references, and its spread."""
    frame = finished(dataset)
    cells: dict[tuple[int, int], list[float]] = {}
    for (source, kind, level), (mos, _) in scores.items():
        if source in references:
            cells.setdefault((kind, level), []).append(mos)
    labels = [cells[key] for key in zip(frame["type"], frame["level"], strict=True)]
    frame["mos"] = [statistics.mean(values) for values in labels]
    frame["mos_std"] = [statistics.pstdev(values) for values in labels]
    frame["label_set"], frame["label_method"] = "kadid10k", "mean of training references"
    frame["label_references"] = None
    return write_beside(dataset, name, frame)


def finished(dataset: Path) -> "pandas.DataFrame":
    """A dataset's rendered rows."""
    frame = manifest.read(dataset)
    return frame[frame["status"] == "ok"].copy()


def write_beside(dataset: Path, name: str, frame: "pandas.DataFrame") -> Path:
    """Another manifest of the same images: its paths stay relative to the dataset's folder."""
    return manifest.write_table(
        manifest.dataset_folder(dataset) / f"labels_{name}.parquet", manifest.to_table(frame)
    )


def deal(sources: list[str], seed: int, train: int = 0) -> dict[str, str]:
    """60/20/20 by reference; `train` keeps only so many training references, the rest stay unused."""
    order = [sources[place] for place in np.random.default_rng(seed).permutation(len(sources))]
    fifth = len(order) // 5
    part = dict.fromkeys(order, "train") | dict.fromkeys(order[:fifth], "test")
    part |= dict.fromkeys(order[fifth : 2 * fifth], "val")
    if train:
        part |= dict.fromkeys(order[2 * fifth + train :], "unused")
    return part


def write_split(file: Path, part: dict[str, str]) -> str:
    """Write the CSV that `glint-data train --split-file` reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("source,part\n" + "".join(f"{source},{side}\n" for source, side in part.items()))
    return str(file)


def test_srocc(run: Path, dataset: Path, crops: int) -> float:
    """SROCC on the run's test photos, from its evaluation file where there is one."""
    done = run / f"evaluation_{dataset.name.removesuffix('.parquet')}_test.json"
    found = json.loads(done.read_text()) if done.is_file() else training.evaluate(run, dataset, "test", crops)
    say(
        f"  {run.name}: test SROCC {found['srocc']:.3f}, PLCC {found['plcc_logistic']:.3f}, {found['samples']} samples"
    )
    return found["srocc"]


def table(rows: dict[str, list[float]]) -> None:
    """One line a protocol: median, spread and the single results."""
    print(f"{'':34s} {'median':>7s} {'min':>6s} {'max':>6s}   test SROCC of each seed")
    for name, values in rows.items():
        each = " ".join(f"{value:.3f}" for value in values)
        print(f"{name:34s} {statistics.median(values):7.3f} {min(values):6.3f} {max(values):6.3f}   {each}")


def within(asked: argparse.Namespace) -> None:
    """(a) Train and test on KADID's own references and scores."""
    kadid = with_human_scores(asked.kadid, human_scores(asked.scores))
    sources = sorted(set(manifest.read(kadid, ["source"])["source"]))
    found = []
    for seed in asked.seeds:
        run = asked.out / f"within_{asked.model}_{seed}"
        split = write_split(asked.out / f"split_{seed}.csv", deal(sources, seed))
        training.train(
            [kadid], asked.model, run, seed=seed, split_file=split, epochs=asked.epochs, **common(asked)
        )
        found.append(test_srocc(run, kadid, asked.crops))
    table({f"{asked.model}, {asked.size}, within KADID-10k": found})


def pretraining(asked: argparse.Namespace) -> None:
    """(b) A few KADID references alone, against pre-training on labelled photos first."""
    scores = human_scores(asked.scores)
    kadid = with_human_scores(asked.kadid, scores)
    sources = sorted(set(manifest.read(kadid, ["source"])["source"]))
    rows: dict[str, list[float]] = {
        "references alone": [],
        "pre-trained, then references": [],
        "pre-trained alone": [],
    }
    for seed in asked.seeds:
        part = deal(sources, seed, asked.few)
        few = write_split(asked.out / f"few_{seed}.csv", part)
        known = {source for source, side in part.items() if side == "train"}
        photos = with_cell_means(asked.photos, scores, known, f"references_{seed}")
        alone, before, after = (asked.out / f"{name}_{seed}" for name in ("alone", "before", "after"))
        fine = {"seed": seed, "split_file": few, "epochs": asked.epochs, "epoch_samples": asked.epoch_samples}
        training.train([kadid], asked.model, alone, **fine, **common(asked))
        training.train(
            [photos], asked.model, before, seed=seed, epochs=asked.pretrain_epochs, **common(asked)
        )
        gentle = common(asked) | {"learning_rate": asked.learning_rate * asked.gentle}
        training.train([kadid], asked.model, after, start_from=str(before), **fine, **gentle)
        rows["references alone"].append(test_srocc(alone, kadid, asked.crops))
        rows["pre-trained, then references"].append(test_srocc(after, kadid, asked.crops))
        frame = manifest.read(kadid)
        examined = frame[[part[source] == "test" for source in frame["source"]]]
        rows["pre-trained alone"].append(
            training.evaluate(
                before, write_beside(asked.kadid, f"test_{seed}", examined), "all", asked.crops
            )["srocc"]
        )
    print(f"{asked.few} training references, {asked.model}, {asked.size}")
    table(rows)


def authentic(asked: argparse.Namespace) -> None:
    """(c) BIQ2021's authentic photos: its own validation part is the test, a fifth of the rest validates."""
    import pandas

    with (asked.biq / "mos.csv").open(newline="", encoding="utf-8") as stream:
        listed = list(csv.DictReader(stream))[: asked.limit or None]
    rows, sides = [], {}
    rng = np.random.default_rng(0)
    biq = asked.out / "biq2021"
    (biq / "images").mkdir(parents=True, exist_ok=True)
    for entry in listed:
        file = biq / "images" / entry["image"]
        if not file.is_file():
            shutil.copy(asked.biq / "images" / entry["image"], file)
        pixels = images.read_rgb(file)
        identity = {"sample_id": file.stem, "source": file.stem, "source_hash": images.pixel_hash(pixels)}
        shape = {"width": pixels.shape[1], "height": pixels.shape[0], "status": "ok"}
        rows.append(identity | shape | {"path": f"images/{file.name}", "mos": float(entry["mos"])})
        sides[file.stem] = "test" if entry["split"] == "val" else "val" if rng.random() < 0.2 else "train"
    manifest.write(biq, pandas.DataFrame(rows))
    split = write_split(asked.out / "biq_split.csv", sides)
    photos = None
    if asked.photos:
        scores = human_scores(asked.scores)
        photos = with_cell_means(asked.photos, scores, {source for source, _, _ in scores}, "all_references")
    found: dict[str, list[float]] = {"BIQ2021 alone": []} | (
        {"pre-trained, then BIQ2021": []} if photos else {}
    )
    for seed in asked.seeds:
        fine = {"seed": seed, "split_file": split, "epochs": asked.epochs}
        alone = asked.out / f"biq_alone_{seed}"
        training.train([biq], asked.model, alone, **fine, **common(asked))
        found["BIQ2021 alone"].append(test_srocc(alone, biq, asked.crops))
        if photos:
            before, after = asked.out / f"biq_before_{seed}", asked.out / f"biq_after_{seed}"
            training.train(
                [photos], asked.model, before, seed=seed, epochs=asked.pretrain_epochs, **common(asked)
            )
            gentle = common(asked) | {"learning_rate": asked.learning_rate * asked.gentle}
            training.train([biq], asked.model, after, start_from=str(before), **fine, **gentle)
            found["pre-trained, then BIQ2021"].append(test_srocc(after, biq, asked.crops))
    table(found)


def common(asked: argparse.Namespace) -> dict:
    """Options that all runs share."""
    return {"size": asked.size, "learning_rate": asked.learning_rate, "device": asked.device}


def main() -> None:
    """Read the options and run one protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("protocol", choices=("within", "pretraining", "authentic"))
    parser.add_argument("--kadid", type=Path)
    parser.add_argument("--scores", type=Path, help="KADID-10k's dmos.csv")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--biq", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="glintiqa")
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--few", type=int, default=4, help="training references of the pretraining protocol")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--epoch-samples", type=int, default=1024)
    parser.add_argument("--pretrain-epochs", type=int, default=15)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument(
        "--gentle", type=float, default=0.5, help="factor on the learning rate after pre-training"
    )
    parser.add_argument("--crops", type=int, default=6)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--device", default="auto")
    asked = parser.parse_args()
    needed = {
        "within": ("kadid", "scores"),
        "pretraining": ("kadid", "scores", "photos"),
        "authentic": ("biq",),
    }
    for name in needed[asked.protocol]:
        if getattr(asked, name) is None:
            raise GlintError(f"{asked.protocol} needs --{name}")
    {"within": within, "pretraining": pretraining, "authentic": authentic}[asked.protocol](asked)


if __name__ == "__main__":
    main()
