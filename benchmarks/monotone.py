"""`label --monotone` against people: KADID-10k's references, labelled without their own scores, plainly and smoothed.

    python -m benchmarks.monotone KADID_FOLDER [--every 5]

KADID_FOLDER holds KADID-10k's pristine images and dmos.csv. Every fifth reference is rendered through kadid10k (without
denoising, type 15) and labelled with the scores of all of these left out.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import glint_data as glint
from benchmarks.training_sets import human_scores
from glint_data.reference_sets import references
from glint_data.training.judge import metrics

TYPES = [number for number in range(1, 26) if number != 15]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kadid", type=Path)
    parser.add_argument("--every", type=int, default=5)
    asked = parser.parse_args()
    pristine = references.find_pristine(references.description_of("kadid"), asked.kadid)
    chosen = sorted(pristine)[:: asked.every]
    scores = human_scores(asked.kadid / "dmos.csv")
    with tempfile.TemporaryDirectory() as folder:
        dataset = glint.synthesize(
            [pristine[name] for name in chosen], Path(folder) / "d", types=TYPES, virtual=True, workers=1
        )
        said = {}
        for monotone in (False, True):
            labelled = glint.label(dataset, leave_out=chosen, monotone=monotone, workers=1)
            print("\n".join(line for line in labelled.text().splitlines() if "levels rise" in line))
            said[monotone] = {
                (one.source, one.type, one.level): one.label.mos for one in dataset.samples() if one.label
            }
    people = np.array([scores[key][0] for key in said[False]])
    changed = np.array([said[True][key] != said[False][key] for key in said[False]])
    print(f"{len(people):,} samples of {len(chosen)} photos; {changed.sum():,} smoothed; RMSE on 1 to 5")
    for monotone, labels in said.items():
        mos = np.array(list(labels.values()))
        parts = [(mos, people), (mos[changed], people[changed])]
        whole, moved = (f"{metrics.srocc(*part):.4f} {4 * metrics.rmse(*part):.4f}" for part in parts)
        name = "--monotone" if monotone else "plain"
        print(f"{name:11s} SROCC and RMSE of all {whole}, of those that were smoothed {moved}")


if __name__ == "__main__":
    main()
