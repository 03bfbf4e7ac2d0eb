"""What a pooled method says of each rated pair without its type and reference: shipped, kept in the cache, or made.

Intervals of unrated distortions rest on it, and making it takes minutes. It belongs to exactly one pool of pairs and
one version of the method, whose fingerprint it carries; with any other it is not used.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from glint_data import work
from glint_data.errors import CannotWrite
from glint_data.labels.evidence.shipped import ABOUT_KEY, TABLES
from glint_data.labels.over_types import LeftOut, judged
from glint_data.labels.pooled import Pool, PooledMethod
from glint_data.labels.types_out import left_out
from glint_data.progress import say

_COLUMNS = ("mos", "doubt", "unlike")


def judgement(method: PooledMethod, pool: Pool, cache: Path | None, workers: work.Workers) -> LeftOut:
    """The left-out scores, doubts and distances of these pairs."""
    name = name_of(method, pool)
    kept = [TABLES / name, *([cache / "left-out" / name] if cache else [])]
    for file in kept:
        if file.is_file():
            return _read(file)
    say(f"label: {method.name} judges itself on {len(pool):,} rated pairs, types left out (once)")
    left = judged(pool, left_out(method, pool, workers))
    if cache:
        try:
            write(kept[-1], left, method)
        except (OSError, CannotWrite):
            say(f"note: {kept[-1].parent}: cannot be written; what was found is used, but not kept")
    return left


def name_of(method: PooledMethod, pool: Pool) -> str:
    """The file of a judgement: it says what it belongs to."""
    return f"{method.name}-{method.version}-{fingerprint(method, pool)}.parquet"


def fingerprint(method: PooledMethod, pool: Pool) -> str:
    """What these pairs and this version of the method are known by."""
    digest = hashlib.sha256(f"{method.name} {method.version}".encode())
    for values in (pool.mos.round(4), pool.photo, pool.type):
        digest.update(np.ascontiguousarray(values, np.float32).tobytes())
    for name in sorted(pool.blocks):
        digest.update(name.encode() + np.ascontiguousarray(pool.blocks[name], np.float16).tobytes())
    return digest.hexdigest()[:16]


def write(file: Path, left: LeftOut, method: PooledMethod) -> Path:
    """Keep a judgement as a table."""
    import pyarrow as pa

    from glint_data.dataset.manifest import write_table

    file.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: getattr(left, name).astype(np.float32) for name in _COLUMNS})
    about = json.dumps({"method": method.name, "version": method.version, "columns": _COLUMNS})
    write_table(file, table.replace_schema_metadata({ABOUT_KEY: about.encode()}))
    return file


def _read(file: Path) -> LeftOut:
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    return LeftOut(*(table[name].to_numpy().astype(float) for name in _COLUMNS))
