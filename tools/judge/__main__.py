"""Make the judge that ships, stage by stage; every stage goes on with what is there.

    python -m tools.judge --data DATA --out FOLDER

DATA holds kadid10k/ (images, dmos.csv) and pristine/ (cid22, cbsd68).
"""

import argparse
from pathlib import Path

import torch

from tools.judge import pictures, pretrain

STAGES = ("render", "pretrain", "kadid")


def main() -> None:
    """Read the options and run the stages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--steps", type=int, default=4000, help="of pre-training, 32 crops each")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.workers)
    asked.out.mkdir(parents=True, exist_ok=True)
    if "render" in asked.stages:
        datasets = pictures.rendered_windows(asked.data, asked.out, asked.workers)
        pictures.measured(datasets, asked.out)
    if "pretrain" in asked.stages:
        datasets = pictures.rendered_windows(asked.data, asked.out, asked.workers)
        pretrain.pretrained(pictures.measured(datasets, asked.out), asked.out, asked.steps)
    if "kadid" in asked.stages:
        pictures.rendered_kadid(asked.data, asked.out, asked.workers)


if __name__ == "__main__":
    main()
