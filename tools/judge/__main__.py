"""Make the judge that ships, stage by stage; every stage goes on with what is there.

    python -m tools.judge --data DATA --out FOLDER

DATA holds kadid10k/ (images, dmos.csv), pristine/ (cid22, cbsd68, kodak) and scores/. What ships is FOLDER/judge.
"""

import argparse
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glint_data.dataset import runs
from glint_data.models.network import QualityNetwork
from glint_data.progress import say
from glint_data.training.run.checkpoints import read_tensors
from tools.judge import (
    described,
    finetune,
    first,
    heads,
    held,
    network,
    order,
    pictures,
    pretrain,
    ship,
    splits,
)

STAGES = ("render", "pretrain", "kadid", "label", "describe", "splits", "first", "finetune", "order")
CROPS = 4


def main() -> None:
    """Read the options and run the stages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--steps", type=int, default=1700, help="of pre-training, 32 crops each")
    parser.add_argument("--finetune-steps", type=int, default=1600, help="16 crops each")
    parser.add_argument("--order-steps", type=int, default=800, help="16 crops and 2 series of 6 each")
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.workers)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for stage in STAGES:
        if stage in arguments.stages:
            globals()[f"_{stage}"](arguments)


def _render(arguments: argparse.Namespace) -> None:
    pictures.measured(
        pictures.rendered_windows(arguments.data, arguments.out, arguments.workers), arguments.out
    )
    pictures.rendered_further(arguments.data, arguments.out, arguments.workers)


def _pretrain(arguments: argparse.Namespace) -> None:
    datasets = pictures.rendered_windows(arguments.data, arguments.out, arguments.workers)
    pretrain.pretrained(pictures.measured(datasets, arguments.out), arguments.out, arguments.steps)


def _kadid(arguments: argparse.Namespace) -> None:
    pictures.rendered_kadid(arguments.data, arguments.out, arguments.workers)


def _label(arguments: argparse.Namespace) -> None:
    pictures.labelled(arguments.out, arguments.workers)


def rows(arguments: argparse.Namespace) -> heads.Rows:
    """KADID-10k's pictures as the base sees them, with people's scores."""
    base = _base(arguments)
    scored = finetune.kadid(arguments.out / "kadid", arguments.data / "kadid10k" / "dmos.csv")
    seen = described.statistics(base, list(scored.path), arguments.out / "kadid_described", CROPS)
    return heads.Rows(seen, scored.mos, scored.photo)


def _describe(arguments: argparse.Namespace) -> None:
    rows(arguments)


def _splits(arguments: argparse.Namespace) -> None:
    base = _base(arguments)
    found = splits.examined(rows(arguments), network.hidden(base), range(5))
    median = float(np.median([one["test_srocc"] for one in found]))
    print(f"KADID-10k by reference, base that saw no score: median test SROCC {median:.4f}")
    record = {"median_test_srocc": median, "splits": found}
    splits.result_file(arguments.out).write_text(json.dumps(record, indent=1) + "\n")


def _first(arguments: argparse.Namespace) -> None:
    base, parts = _base(arguments), _sets(arguments)
    head, srocc = first.head(base, rows(arguments), parts, arguments.out)
    print(f"head on the base: SROCC {srocc:.4f} on the references held out")
    _ship(arguments, network.with_head(base, head), parts, "first", {"head": list(first.CHOICE)})


def _finetune(arguments: argparse.Namespace) -> None:
    parts = _sets(arguments)
    judge = network.opened(arguments.out / "first")
    finetune.finetune(judge, _trained_on(parts), arguments.finetune_steps, arguments.out / "finetuning")
    facts = {
        "steps": arguments.finetune_steps,
        "batch": finetune.BATCH,
        "crop": finetune.CROP,
        "rate": finetune.RATE,
    }
    _ship(arguments, judge, parts, "finetuned", {"finetuning": facts})


def _order(arguments: argparse.Namespace) -> None:
    parts = _sets(arguments)
    before = runs.read(arguments.out / "finetuned")
    judge = network.opened(arguments.out / "finetuned")
    series, unseen = (
        order.Series(
            finetune.joined(one["references"], one["pristine"]), finetune.joined(one["kadid"], one["windows"])
        )
        for one in (parts.train, parts.held)
    )
    weights = {name: value.clone() for name, value in judge.state_dict().items()}
    fell = [unseen.falling(judge)]
    say(f"of series held out, the share that falls and the largest rise: {fell[0]}")
    finetune.finetune(
        judge,
        _trained_on(parts),
        arguments.order_steps,
        arguments.out / "ordering",
        seed=1,
        rate=order.RATE,
        beside=functools.partial(series.loss, judge),
        shares=order.SHARES,
    )
    order.averaged(judge, weights)
    fell.append(unseen.falling(judge))
    say(
        f"of 100 series held out, the share that falls and the largest rise: {fell[0]} before, {fell[1]} after"
    )
    facts = {
        "steps": arguments.order_steps,
        "series": order.SERIES,
        "margin": order.MARGIN,
        "weight": order.WEIGHT,
        "rate": order.RATE,
        "share": order.SHARE,
        "held_out_series_that_fall": [share for share, _rise in fell],
        "largest_rise": [rise for _share, rise in fell],
    }
    kept = {name: before[name] for name in ("finetuning", "how_it_went") if name in before}
    _ship(arguments, judge, parts, "judge", kept | {"ordering": facts})


def _trained_on(parts: first.Sets) -> dict[str, finetune.Scored]:
    return {
        "kadid": parts.train["kadid"],
        "windows": parts.train["windows"],
        "pristine": finetune.joined(parts.train["references"], parts.train["pristine"]),
        "small": parts.train["small"],
        "modern": parts.train["modern"],
    }


def _base(arguments: argparse.Namespace) -> QualityNetwork:
    return network.base_network(read_tensors(arguments.out / "base.safetensors")[0])


def _sets(arguments: argparse.Namespace) -> first.Sets:
    return first.sets(arguments.out, arguments.data / "kadid10k" / "dmos.csv")


def _ship(
    requested: argparse.Namespace, judge: QualityNetwork, parts: first.Sets, name: str, facts: dict[str, Any]
) -> None:
    """Examine on what was held out, and write the run's folder `name`."""
    numbers, strangers = held.examined(judge, parts)
    print(json.dumps(numbers, indent=1))
    by_reference = splits.result_file(requested.out)
    scores = {
        "held_out": numbers,
        "kadid10k_by_reference_of_the_base": json.loads(by_reference.read_text())
        if by_reference.is_file()
        else None,
    }
    pictures_of = {
        part: {key: len(one) for key, one in sets.items()}
        for part, sets in (("train", parts.train), ("held_out", parts.held))
    }
    facts |= {
        "pretraining": {
            "steps": requested.steps,
            "batch": pretrain.BATCH,
            "crop": pretrain.CROP,
            "rate": pretrain.RATE,
            "frozen_groups": pretrain.FROZEN,
        },
        "data": {
            "pictures": pictures_of,
            "suites": {
                "kadid10k": "all but 'modern'",
                "modern": "types " + ", ".join(map(str, pictures.MODERN)),
            },
            "labelled_by": {"windows": "pair", "small": "deep", "modern": "any"},
            "untouched": finetune.PRISTINE,
        },
        "splits": {
            "held_out_references": sorted(set(parts.held["kadid"].photo)),
            "held_out_photos": sorted(set(parts.held["windows"].photo)),
        },
        "seeds": "fixed in tools/judge: every draw is a function of its stage and step",
        "scores": scores,
    }
    ship.write(judge, (held.known(judge, parts), strangers), requested.out / name, facts)


if __name__ == "__main__":
    main()
