"""Real results: networks trained on real human scores, at the scale that the machine allows.

    python -m benchmarks.training_results within      --kadid DATASET --scores CSV --out DIR [--model ahiq]
    python -m benchmarks.training_results pretraining --kadid DATASET --scores CSV --photos DATASET --out DIR
    python -m benchmarks.training_results authentic   --biq FOLDER [--pretrained DIR] --out DIR

`--kadid`: a dataset that `glint-data synthesize` made of KADID-10k's references (sources I01, I02, ...);
`--scores` its dmos.csv, joined by (reference, type, level). `--photos`: any other synthesized dataset with the
same suite; it is labelled here by `glint-data label` with the references left out that validate or test, so
that nothing of an examined reference reaches a network by way of a label. `--pretrained`: the `--out` of
`pretraining`, whose pre-trained networks `authentic` begins with.

Everything is seeded; runs that exist are gone on with; `DIR/PROTOCOL_MODEL.json` holds all numbers after every
seed. Sizes and epochs are options: the defaults suit a CPU core and the tiny networks from scratch; `--size lite`
begins with a pretrained CNN and needs fewer epochs (README has the commands).
"""

import argparse
import json
import statistics
from pathlib import Path

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
from glint_data.errors import GlintError
from glint_data.progress import say
from glint_data.storage.files import write_atomically

Rows = dict[str, list[float]]


def test_srocc(run: Path, dataset: Path, crops: int, split: str = "test") -> float:
    """SROCC on the run's test photos, from its evaluation file where there is one."""
    done = run / f"evaluation_{dataset.name.removesuffix('.parquet')}_{split}.json"
    evaluation = (
        json.loads(done.read_text()) if done.is_file() else training.evaluate(run, dataset, split, crops)
    )
    say(
        f"  {run.name}: test SROCC {evaluation['srocc']:.3f}, PLCC {evaluation['plcc_logistic']:.3f}, "
        f"{evaluation['samples']} samples"
    )
    return evaluation["srocc"]


def show(arguments: argparse.Namespace, rows: Rows) -> None:
    """One line a row: median, spread and the single results; the same as JSON."""
    print(f"{'':38s} {'median':>7s} {'min':>6s} {'max':>6s}   test SROCC of each seed")
    for name, values in rows.items():
        each = " ".join(f"{value:.3f}" for value in values)
        print(f"{name:38s} {statistics.median(values):7.3f} {min(values):6.3f} {max(values):6.3f}   {each}")
    settings = {
        key: str(value) if isinstance(value, Path) else value for key, value in vars(arguments).items()
    }
    file = arguments.out / f"{arguments.protocol}_{arguments.model}.json"
    write_atomically(file, (json.dumps({"settings": settings, "srocc": rows}, indent=1) + "\n").encode())


def sources_of(dataset: Path) -> list[str]:
    """Names of a dataset's photos, sorted."""
    return sorted(set(manifest.read(dataset, ["source"])["source"]))


def within(arguments: argparse.Namespace) -> None:
    """(a) Train and test on KADID's own references and scores."""
    kadid = with_human_scores(arguments.kadid, human_scores(arguments.scores))
    rows: Rows = {f"{arguments.model}, {arguments.size}, within KADID-10k": []}
    for seed in arguments.seeds:
        run = arguments.out / f"within_{arguments.model}_{seed}"
        split = write_split(arguments.out / f"split_{seed}.csv", deal(sources_of(kadid), seed))
        options = {"seed": seed, "split_file": split, "epochs": arguments.epochs}
        options["epoch_samples"] = arguments.epoch_samples
        training.train([kadid], arguments.model, run, **options, **common(arguments))
        rows[next(iter(rows))].append(test_srocc(run, kadid, arguments.crops))
        show(arguments, rows)


def pretraining(arguments: argparse.Namespace) -> None:
    """(b) A few KADID references alone, against pre-training on labelled photos first."""
    kadid = with_human_scores(arguments.kadid, human_scores(arguments.scores))
    sources = sources_of(kadid)
    rows: Rows = {"references alone": [], "pre-trained, then references": [], "pre-trained alone": []}
    for seed in arguments.seeds:
        whole, part = deal(sources, seed), deal(sources, seed, arguments.few)
        few = write_split(arguments.out / f"few_{seed}.csv", part)
        examined = [source for source, side in whole.items() if side != "train"]
        photos = with_labels(arguments.photos, examined, f"references_{seed}", arguments.label_method)
        alone, before, after = (arguments.out / f"{name}_{seed}" for name in ("alone", "before", "after"))
        fine = {
            "seed": seed,
            "split_file": few,
            "epochs": arguments.epochs,
            "epoch_samples": arguments.epoch_samples,
        }
        training.train([kadid], arguments.model, alone, **fine, **common(arguments))
        first = {"epochs": arguments.pretrain_epochs, "epoch_samples": arguments.pretrain_samples}
        training.train([photos], arguments.model, before, seed=seed, **first, **common(arguments))
        training.train([kadid], arguments.model, after, start_from=str(before), **fine, **gentle(arguments))
        frame = manifest.read(kadid)
        test = frame[[part[source] == "test" for source in frame["source"]]]
        test = write_beside(arguments.kadid, f"test_{seed}", test)
        rows["references alone"].append(test_srocc(alone, kadid, arguments.crops))
        rows["pre-trained, then references"].append(test_srocc(after, kadid, arguments.crops))
        rows["pre-trained alone"].append(test_srocc(before, test, arguments.crops, "all"))
        print(f"{arguments.few} training references, {arguments.model}, {arguments.size}")
        show(arguments, rows)


def authentic(arguments: argparse.Namespace) -> None:
    """(c) BIQ2021's authentic photos, from scratch and after pre-training on synthetic distortions."""
    biq, sides = with_biq_scores(arguments.biq, arguments.out / "biq2021", arguments.limit)
    split = write_split(arguments.out / "biq_split.csv", sides)
    rows: Rows = {"BIQ2021 alone": []}
    for seed in arguments.seeds:
        fine = {"seed": seed, "split_file": split, "epochs": arguments.epochs}
        alone = arguments.out / f"biq_alone_{seed}"
        training.train([biq], arguments.model, alone, **fine, **common(arguments))
        rows["BIQ2021 alone"].append(test_srocc(alone, biq, arguments.crops))
        if arguments.pretrained:
            before, after = arguments.pretrained / f"before_{seed}", arguments.out / f"biq_after_{seed}"
            training.train([biq], arguments.model, after, start_from=str(before), **fine, **gentle(arguments))
            rows.setdefault("pre-trained, then BIQ2021", []).append(test_srocc(after, biq, arguments.crops))
        show(arguments, rows)


def common(arguments: argparse.Namespace) -> dict:
    """Options that all runs share."""
    named = ("size", "learning_rate", "device", "validation_crops", "crop_places", "cache_features", "cache")
    switched = training.read_switches(arguments.model, arguments.set, named)
    return {name: getattr(arguments, name) for name in named} | switched | {"baseline": False}


def gentle(arguments: argparse.Namespace) -> dict:
    """The same for a network that has learned already."""
    return common(arguments) | {"learning_rate": arguments.learning_rate * arguments.gentle}


def main() -> None:
    """Read the options and run one protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("protocol", choices=("within", "pretraining", "authentic"))
    parser.add_argument("--kadid", type=Path)
    parser.add_argument("--scores", type=Path, help="KADID-10k's dmos.csv")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--label-method", help="as of 'label --method'; the results in README used pair")
    parser.add_argument("--biq", type=Path)
    parser.add_argument("--pretrained", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="glintiqa")
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--few", type=int, default=4, help="training references of the pretraining protocol")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--epoch-samples", type=int, default=0)
    parser.add_argument("--pretrain-epochs", type=int, default=10)
    parser.add_argument("--pretrain-samples", type=int, default=4096)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument(
        "--gentle", type=float, default=0.3, help="factor on the learning rate after pre-training"
    )
    parser.add_argument("--validation-crops", type=int, default=2)
    parser.add_argument("--crops", type=int, default=6)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--crop-places", type=int, default=0)
    parser.add_argument("--cache-features", default="", help="float16 or float32; needs --crop-places")
    parser.add_argument("--cache", type=Path, help="folder of these features, for several runs")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="as of 'train'")
    arguments = parser.parse_args()
    needed = {
        "within": ("kadid", "scores"),
        "pretraining": ("kadid", "scores", "photos"),
        "authentic": ("biq",),
    }
    for name in needed[arguments.protocol]:
        if getattr(arguments, name) is None:
            raise GlintError(f"{arguments.protocol} needs --{name}")
    {"within": within, "pretraining": pretraining, "authentic": authentic}[arguments.protocol](arguments)


if __name__ == "__main__":
    main()
