"""Make the judge that ships, stage by stage; every stage goes on with what is there.

    python -m tools.judge --data DATA --out FOLDER

DATA holds kadid10k/ (images, dmos.csv), pristine/ (cid22, cbsd68, kodak) and scores/. What ships is FOLDER/judge.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from glint_data.training.run.checkpoints import read_tensors
from tools.judge import described, finetune, heads, network, pictures, pretrain, splits

STAGES = ("render", "pretrain", "kadid", "label", "describe", "splits")
CROPS = 4


def main() -> None:
    """Read the options and run the stages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--steps", type=int, default=1700, help="of pre-training, 32 crops each")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.workers)
    asked.out.mkdir(parents=True, exist_ok=True)
    for stage in STAGES:
        if stage in asked.stages:
            globals()[f"_{stage}"](asked)


def _render(asked: argparse.Namespace) -> None:
    pictures.measured(pictures.rendered_windows(asked.data, asked.out, asked.workers), asked.out)


def _pretrain(asked: argparse.Namespace) -> None:
    datasets = pictures.rendered_windows(asked.data, asked.out, asked.workers)
    pretrain.pretrained(pictures.measured(datasets, asked.out), asked.out, asked.steps)


def _kadid(asked: argparse.Namespace) -> None:
    pictures.rendered_kadid(asked.data, asked.out, asked.workers)


def _label(asked: argparse.Namespace) -> None:
    pictures.labelled(asked.out, asked.workers)


def rows(asked: argparse.Namespace) -> heads.Rows:
    """KADID-10k's pictures as the base sees them, with people's scores."""
    base = network.base_network(read_tensors(asked.out / "base.safetensors")[0])
    scored = finetune.kadid(asked.out / "kadid", asked.data / "kadid10k" / "dmos.csv")
    seen = described.statistics(base, list(scored.path), asked.out / "kadid_described", CROPS)
    return heads.Rows(seen, scored.mos, scored.photo)


def _describe(asked: argparse.Namespace) -> None:
    rows(asked)


def _splits(asked: argparse.Namespace) -> None:
    base = network.base_network(read_tensors(asked.out / "base.safetensors")[0])
    found = splits.examined(rows(asked), network.hidden(base), range(5))
    median = float(np.median([one["test_srocc"] for one in found]))
    print(f"KADID-10k by reference, base that saw no score: median test SROCC {median:.4f}")
    record = {"median_test_srocc": median, "splits": found}
    splits.result_file(asked.out).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
