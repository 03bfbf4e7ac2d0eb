"""A learned full-reference measurement for the labels: what does it add to those that are computed?

    glint-data synthesize KADID/images --out DATASET
    python -m benchmarks.learned_measurement DATASET

A small network looks at maps of the pair (gradient, chroma and structural similarity by scale, squared error, the
photo's masks, 48x64) and predicts the departure of KADID-10k's score from its cell's mean. It is cross-fitted: the
references are dealt into five folds, and each fold's images are judged by a network that saw none of them. Printed
for the network alone, for `pair` alone (each reference left out) and for the mean of both weighted for the least
error: the correlation inside the cells, SROCC and RMSE on KADID-10k's scale.

The weight is fitted on the same images and `pair`'s other references have seen the fold's scores, so the last line is
an upper bound for what such a measurement could add.
"""

import sys
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.progress import say, track

FOLDS, EPOCHS, BATCH, RATE = 5, 8, 64, 2e-3
SIZE = (64, 48)
MAPS = 10


def maps_of_photo(task: tuple[str, str, list[tuple[int, str]]]) -> np.ndarray:
    """float16 (125, MAPS, 48, 64) of a reference's samples; the cell's column comes with each file."""
    import cv2

    from glint_data.images import read_rgb
    from glint_data.labels.evidence.picture import Picture, window

    folder, reference, samples = task
    photo = Picture(read_rgb(Path(folder) / reference))
    masks = photo.masks()
    found = np.zeros((125, MAPS, SIZE[1], SIZE[0]), np.float16)
    for column, path in samples:
        sample = Picture(read_rgb(Path(folder) / path))
        a, b = photo.gradient, sample.gradient
        chroma = (2 * (photo.first * sample.first + photo.second * sample.second) + 130) / (
            photo.chroma**2 + sample.chroma**2 + 130
        )
        layers = [(2 * a * b + 170) / (a * a + b * b + 170), chroma, (b - a) / 50]
        for level in range(3):
            product = window(photo.scales[level] * sample.scales[level])
            product -= photo.means[level] * sample.means[level]
            layers.append((2 * product + 58.5) / (photo.squares[level] + sample.squares[level] + 58.5))
        layers.append(np.log1p((photo.light - sample.light) ** 2) / 5)
        layers.append((sample.light - photo.light) / 100)
        layers += [masks["flat"], np.log1p(masks["salient"])]
        for number, layer in enumerate(layers):
            found[column, number] = cv2.resize(layer, SIZE, interpolation=cv2.INTER_AREA)
    return found


def network():
    """Maps (B, MAPS, 48, 64), cells (B,) -> departures (B,)."""
    from torch import nn

    class MapNetwork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.see = nn.Sequential(
                nn.Conv2d(MAPS, 32, 3, padding=1, stride=2),
                nn.ReLU(),
                nn.Conv2d(32, 48, 3, padding=1, stride=2),
                nn.ReLU(),
                nn.Conv2d(48, 64, 3, padding=1),
                nn.ReLU(),
            )
            self.cell = nn.Embedding(125, 64)
            self.judge = nn.Sequential(nn.Linear(192, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 1))

        def forward(self, maps, cells):
            import torch

            seen = self.see(maps)
            pooled = torch.cat([seen.mean((2, 3)), seen.std((2, 3)), self.cell(cells)], dim=1)
            return self.judge(pooled).squeeze(1)

    return MapNetwork()


def judged_without(maps: np.ndarray, target: np.ndarray, fold: np.ndarray, number: int) -> np.ndarray:
    """Departures (rows of the fold, 125) by a network trained on the other folds."""
    import torch

    torch.manual_seed(number)
    model = network()
    rows = np.flatnonzero(fold != number)
    pairs = np.array([(row, column) for row in rows for column in range(125)])
    steps = EPOCHS * (len(pairs) // BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    rng = np.random.default_rng(number)
    for _ in range(EPOCHS):
        order = rng.permutation(len(pairs))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = pairs[order[start : start + BATCH]]
            seen = torch.from_numpy(maps[chosen[:, 0], chosen[:, 1]].astype(np.float32))
            if rng.random() < 0.5:
                seen = seen.flip(3)
            wanted = torch.from_numpy(target[chosen[:, 0], chosen[:, 1]].astype(np.float32))
            optimiser.zero_grad()
            loss = (model(seen, torch.from_numpy(chosen[:, 1])) - wanted).square().mean()
            loss.backward()
            optimiser.step()
            schedule.step()
        say(f"fold {number}: loss {loss.item():.3f}")
    model.eval()
    with torch.no_grad():
        return np.stack(
            [
                model(torch.from_numpy(maps[row].astype(np.float32)), torch.arange(125)).numpy()
                for row in np.flatnonzero(fold == number)
            ]
        )


def main(arguments: list[str]) -> None:
    """Measure, cross-fit, compare."""
    from glint_data.dataset import manifest
    from glint_data.labels import METHODS
    from glint_data.labels.audit import leave_one_out
    from glint_data.labels.evidence.shipped import scored_of
    from glint_data.reference_sets import references

    dataset = arguments[0]
    rows = manifest.read(dataset, ["source", "type", "level", "path", "reference_path"])
    loaded = references.load("kadid")
    column_of = loaded.column_of()
    tasks = []
    for name in loaded.references:
        mine = rows[rows["source"] == name]
        samples = [(column_of[row.type, row.level], row.path) for row in mine.itertuples()]
        tasks.append((dataset, mine["reference_path"].iloc[0], samples))
    outcomes = work.in_order(work.run_tasks(maps_of_photo, tasks, work.default_workers()), tasks)
    maps = np.stack([outcome.result for outcome in track(outcomes, len(tasks), "photos measured")])
    means = loaded.mos.mean(axis=0)
    spread = (loaded.mos - means).std(axis=0)
    fold = np.random.default_rng(0).permutation(len(tasks)) % FOLDS
    learned = np.zeros_like(loaded.mos)
    for number in range(FOLDS):
        known = loaded.mos[fold != number]
        centre = known.mean(axis=0)
        target = (loaded.mos - centre) / spread
        learned[fold == number] = centre + spread * judged_without(maps, target, fold, number)
    label, _ = leave_one_out(METHODS["pair"], scored_of(loaded))
    gap = learned - label.mos
    weight = float(((loaded.mos - label.mos) * gap).sum() / (gap**2).sum())
    for name, mos in (
        ("learned alone", learned),
        ("pair alone", label.mos),
        (f"both, weight {weight:.2f}", label.mos + weight * gap),
    ):
        print(f"{name:<20} {line(mos, loaded)}")


def line(mos: np.ndarray, loaded) -> str:
    """Correlation inside the cells, SROCC, RMSE."""
    from scipy import stats

    from glint_data.labels.audit import within_cell_r

    error = float(np.sqrt(((mos - loaded.mos) ** 2).mean()) * loaded.span)
    srocc = stats.spearmanr(mos.ravel(), loaded.mos.ravel()).statistic
    return f"r in cell {within_cell_r(mos, loaded.mos):.3f}  SROCC {srocc:.4f}  RMSE {error:.4f}"


if __name__ == "__main__":
    main(sys.argv[1:])
