"""Opening the recipes of a whole published-size set for training: 50,000 photos x 125 labelled samples.

python -m benchmarks.opening [PHOTOS [FOLDER]]

Writes such a manifest (into FOLDER, kept, or a temporary one) with labels and the references that they lean on. Then a
fresh process opens it as training does, and looks at a thousand samples; its seconds (the clock's and its own
processor's) and its peak memory are printed, with torch imported and without.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glint_data.dataset import manifest
from glint_data.sources import Source
from glint_data.synthesis.recipes import Settings, plan

if TYPE_CHECKING:
    import pyarrow

REFERENCES = [f"I{number:02d}" for number in range(1, 82)]
NEAREST = 5

OPEN = """
import resource, sys, time
if sys.argv[2] == "torch":
    import torch
    import torch.utils.data
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.samples import usable_samples
begun, own = time.perf_counter(), time.process_time()
samples = usable_samples([Dataset(sys.argv[1])])
took, own = time.perf_counter() - begun, time.process_time() - own
begun = time.perf_counter()
for index in range(0, len(samples), max(len(samples) // 1000, 1)):
    samples[index]
each = (time.perf_counter() - begun) / 1000
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{len(samples):,} samples opened in {took:.1f} s ({own:.1f} s of the processor), {each * 1e3:.2f} ms a sample, "
      f"peak memory {peak:,.0f} MB ({sys.argv[2]})")
"""


def labelled(photos: int) -> Iterator["pyarrow.Table"]:
    """Recipes with labels: each photo has its own nearest references, as the label stage writes them."""
    import pyarrow as pa

    sources = [
        Source(f"photo{n:06d}", n, f"/photos/{n % 100:02d}/photo{n:06d}.jpg", 1, 1, _hash(n), 512, 384, "")
        for n in range(photos)
    ]
    rng = np.random.default_rng(0)
    for table in plan(sources, Settings().resolved()):
        rows, cells = len(table), 125
        mos = rng.uniform(0.1, 0.9, rows).astype(np.float32)
        names = np.array(REFERENCES, object)[rng.integers(0, len(REFERENCES), (rows // cells, NEAREST))]
        likeness = rng.uniform(0.2, 0.9, (rows // cells, NEAREST)).astype(np.float32)
        ends = pa.array(np.arange(rows + 1) * NEAREST, pa.int32())
        columns = {
            "mos": pa.array(mos),
            "mos_std": pa.array(np.full(rows, 0.1, np.float32)),
            "mos_low": pa.array(mos - np.float32(0.1)),
            "mos_high": pa.array(mos + np.float32(0.1)),
            "label_set": pa.array(["kadid"] * rows).dictionary_encode(),
            "label_method": pa.array(["deep"] * rows).dictionary_encode(),
            "label_references": pa.ListArray.from_arrays(
                ends, pa.array(np.repeat(names, cells, axis=0).ravel())
            ),
            "label_similarities": pa.ListArray.from_arrays(
                ends, pa.array(np.repeat(likeness, cells, axis=0).ravel())
            ),
        }
        for name, column in columns.items():
            index = table.schema.get_field_index(name)
            table = table.set_column(index, table.schema.field(name), column)
        yield table


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def main(arguments: list[str]) -> None:
    """Make and open."""
    photos = int(arguments[0]) if arguments else 50_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments[1] if len(arguments) > 1 else temporary)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / manifest.FILE
        if not file.is_file():
            manifest.write_tables(file, labelled(photos))
        print(f"{file.stat().st_size / 1e6:,.0f} MB of manifest", flush=True)
        for also in ("alone", "torch"):
            subprocess.run([sys.executable, "-c", OPEN, str(folder), also], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
