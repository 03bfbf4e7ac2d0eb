"""Images to vectors: which embedders there are, and a cache so that no photo is embedded twice.

An embedder is named by a short text, which is also what manifests and caches record:

    descriptor                          content statistics, no weights (the default)
    ViT-B-32                            an open_clip model with its usual pretrained tag
    open_clip:ViT-L-14@laion2b_s32b_b82k    model and tag
    open_clip:ViT-B-32@openai=/path/to/weights.safetensors    model, tag and a local copy of its checkpoint
    timm:resnet50                       a timm backbone: full resolution, average pooling, unit length
    ViT-B-32+random                     random weights, for trying the machinery only
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from glint_data.embedding import descriptor, stages
from glint_data.embedding.given import same_length, vectors_by
from glint_data.errors import CannotWrite, ImageRefused
from glint_data.progress import Meter, say
from glint_data.registry import Registry
from glint_data.work import Engine, run_tasks

if TYPE_CHECKING:
    import pyarrow

DEFAULT_NETWORK = "open_clip:ViT-B-32@laion2b_s34b_b79k"
"""What `label` uses when a folder of references is given and weights are at hand."""

CACHE_VARIABLE = "GLINT_DATA_CACHE"


class Embedder(Protocol):
    """Turns photos into vectors. `name` is the full, recorded name; `unit` says whether lengths are 1."""

    name: str
    unit: bool

    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """uint8 (height, width, 3) photos of any sizes -> float32 (len(photos), dimensions)."""
        ...


@dataclass
class DescriptorEmbedder:
    """The bundled content statistics (see `glint_data.embedding.descriptor`); not of unit length."""

    name: str = descriptor.NAME
    unit: bool = False

    def embed(self, photos: Sequence[np.ndarray]) -> np.ndarray:
        """One descriptor a photo, float32."""
        return np.stack([descriptor.describe(photo) for photo in photos])


def embedder(name: str | None = None, device: str = "auto", allow_download: bool | None = None) -> Embedder:
    """The embedder of that name; None means the bundled descriptor.

    Args:
        name: see the top of this module.
        device: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", ...
        allow_download: whether missing weights may be fetched from a hub; None asks the environment
            variable GLINT_DATA_DOWNLOAD (1 allows it). Off unless asked for.

    Raises:
        GlintError: unknown name, or weights that cannot be had.
    """
    if allow_download is None:
        allow_download = os.environ.get("GLINT_DATA_DOWNLOAD", "") == "1"
    wanted = name or "descriptor"
    family, separator, rest = wanted.partition(":")
    if not separator and family not in EMBEDDERS:  # ViT-B-32 is short for open_clip:ViT-B-32
        family, rest = "open_clip", wanted
    return EMBEDDERS[family](rest, device, allow_download)


Open = Callable[[str, str, bool], Embedder]
"""Opens an embedder: from what follows its name and a colon, the device, and whether weights may be fetched."""

EMBEDDERS = Registry[Open]("embedder")
for _name in ("descriptor", descriptor.NAME):
    EMBEDDERS.add(_name, lambda rest, device, allow_download: DescriptorEmbedder())
EMBEDDERS.add(stages.NAME, lambda rest, device, allow_download: stages.network())


def _network(family: str) -> Open:
    def open(rest: str, device: str, allow_download: bool) -> Embedder:
        from glint_data.embedding import networks  # brings torch

        return networks.open_network(f"{family}:{rest}", device, allow_download)

    return open


for _family in ("open_clip", "timm"):
    EMBEDDERS.add(_family, _network(_family))


def cache_folder() -> Path:
    """Where vectors are kept: $GLINT_DATA_CACHE, or glint-data in the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glint-data"


Photo = tuple[str, Callable[[], np.ndarray]]
"""The hash of a photo's pixels, and what reads them."""


@dataclass
class Embedded:
    """Vectors by row: `keys[i]` belongs to `vectors[i]`; what could not be embedded stands in `refused`."""

    keys: list[str]
    vectors: np.ndarray
    refused: dict[str, str] = field(default_factory=dict)
    from_cache: int = 0


def embed_photos(
    photos: Sequence[Photo],
    by: Embedder,
    cache: Path | None = None,
    batch: int = 32,
    decoders: int | None = None,
    engine: Engine | None = None,
) -> Embedded:
    """Embed photos that are not in the cache yet, decoding in parallel; safe to interrupt.

    Args:
        photos: (key, read) pairs; the key is the photo's `pixel_hash`, `read()` returns its pixels.
        by: the embedder; its name and the key are what the cache goes by.
        cache: the cache's folder; None keeps nothing.
        batch: photos embedded, and committed to the cache, at a time.
        decoders: threads that decode; None is one a core.
        engine: where batches are decoded and embedded; None is here. An embedder on a GPU of this
            machine stays here. A network's last bits depend on how many threads add up.

    Returns:
        One row for every distinct key that could be read, in the order given.
    """
    store = VectorStore(cache, by.name) if cache else None
    known = store.read() if store else {}
    wanted = dict(photos)
    missing = [(key, read) for key, read in wanted.items() if key not in known]
    refused: dict[str, str] = {}
    if 0 < len(missing) < len(wanted):
        kept = len(wanted) - len(missing)
        say(f"{kept:,} photos are embedded already ({by.name}); {len(missing):,} to go")
    with Meter(len(missing), f"photos embedded ({by.name})") if missing else nullcontext() as meter:
        if engine is None or getattr(by, "device", "cpu") != "cpu":
            batches = _embedded_here(missing, by, batch, decoders, refused)
        else:
            batches = _embedded_there(missing, by, batch, engine, refused)
        for keys, vectors in batches:
            if store and not store.append(keys, vectors):
                say(f"note: {store.folder}: vectors cannot be kept there; they are used, but not kept")
                store = None
            known.update(zip(keys, vectors, strict=True))
            if meter is not None:
                meter.advance(len(keys))
    rows = [key for key in wanted if key in known]
    same_length(by.name, [len(known[key]) for key in rows])
    vectors = np.stack([known[key] for key in rows]) if rows else np.zeros((0, 0), np.float32)
    return Embedded(rows, vectors, refused, len(wanted) - len(missing))


def _embedded_here(
    photos: Sequence[Photo], by: Embedder, batch: int, decoders: int | None, refused: dict[str, str]
) -> Iterator[tuple[list[str], np.ndarray]]:
    for keys, pixels in _decoded(photos, batch, decoders, refused):
        yield keys, vectors_by(by, pixels)


def _embedded_there(
    photos: Sequence[Photo], by: Embedder, batch: int, engine: Engine, refused: dict[str, str]
) -> Iterator[tuple[list[str], np.ndarray]]:
    tasks = [(by, photos[start : start + batch]) for start in range(0, len(photos), batch)]
    for outcome in run_tasks(embed_batch, tasks, engine):
        if outcome.error is not None:
            refused.update((key, outcome.error) for key, _ in outcome.task[1])
            continue
        keys, vectors, unreadable = outcome.result
        refused.update(unreadable)
        if keys:
            yield keys, vectors


def embed_batch(task: tuple[Embedder, Sequence[Photo]]) -> tuple[list[str], np.ndarray, dict[str, str]]:
    """Decode and embed a batch of (key, read) pairs, in a worker: keys, vectors, and what was refused."""
    by, photos = task
    refused: dict[str, str] = {}
    for keys, vectors in _embedded_here(photos, by, len(photos), 1, refused):
        return keys, vectors, refused
    return [], np.zeros((0, 0), np.float32), refused


def _decoded(
    photos: Sequence[Photo], batch: int, decoders: int | None, refused: dict[str, str]
) -> Iterator[tuple[list[str], list[np.ndarray]]]:
    """Batches of decoded photos, the next one being read while the caller works on this one."""

    def read_or_refuse(pair: Photo) -> tuple[str, np.ndarray | None]:
        try:
            return pair[0], pair[1]()
        except ImageRefused as refusal:
            refused[pair[0]] = str(refusal)
            return pair[0], None

    with ThreadPoolExecutor(decoders or os.cpu_count()) as pool:
        groups = [photos[start : start + batch] for start in range(0, len(photos), batch)]
        ahead = [pool.submit(read_or_refuse, pair) for pair in groups[0]] if groups else []
        for position in range(len(groups)):
            current = [task.result() for task in ahead]
            following = groups[position + 1] if position + 1 < len(groups) else []
            ahead = [pool.submit(read_or_refuse, pair) for pair in following]
            decoded = [(key, pixels) for key, pixels in current if pixels is not None]
            if decoded:
                yield [key for key, _ in decoded], [pixels for _, pixels in decoded]


class VectorStore:
    """Vectors of one embedder on disk: one small Parquet file a batch, key and vector side by side."""

    def __init__(self, cache: Path, name: str) -> None:
        self.name = name
        readable = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:60]
        self.folder = Path(cache) / "vectors" / f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"

    def read(self) -> dict[str, np.ndarray]:
        """Every vector kept so far, by key. A damaged file is skipped: its photos are embedded again."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        known: dict[str, np.ndarray] = {}
        for file in sorted(self.folder.glob("*.parquet")):
            try:
                table = pq.read_table(file)
                known.update(zip(table["key"].to_pylist(), vectors_of(table["vector"]), strict=True))
            except (pa.ArrowException, OSError, KeyError, ValueError):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
        return known

    def append(self, keys: Sequence[str], vectors: np.ndarray) -> bool:
        """Keep a batch, written whole or not at all; False where it cannot be kept."""
        import pyarrow as pa

        from glint_data.dataset.manifest import write_table

        table = pa.table({"key": list(keys), "vector": vector_column(vectors)})
        label = hashlib.sha256("".join(keys).encode()).hexdigest()[:24]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_table(self.folder / f"{label}.parquet", table)
        except (OSError, CannotWrite):
            return False
        return True


def vector_column(vectors: np.ndarray) -> "pyarrow.Array":
    """float32 (rows, dimensions) as an Arrow column of fixed-size lists."""
    import pyarrow as pa

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def vectors_of(column: "pyarrow.Array | pyarrow.ChunkedArray") -> np.ndarray:
    """The inverse of `vector_column`."""
    values = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    flat: np.ndarray = values.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(values), -1).astype(np.float32)
