"""Tar shards for the webdataset package: of every sample <key>.png and <key>.json, a thousand samples a shard.

A key is the sample's id, with what a tar reader would stumble on (a dot ends the key) written as %XX. The
pristine photos stand once each, in shards of their own, keyed by source: `reference` of a sample's JSON.
Archives are POSIX tar with fixed owner, mode and time: the same dataset gives the same bytes.
"""

import contextlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glint_data.dataset.manifest import dataset_folder
from glint_data.dataset.pixels import Pictures
from glint_data.dataset.sample import Sample
from glint_data.errors import CannotWrite, GlintError
from glint_data.exports.about import About, Exported
from glint_data.exports.card import write_card
from glint_data.exports.folder import write_file
from glint_data.exports.format import (
    Chunk,
    Format,
    Row,
    Written,
    export_format,
    picture_facts,
    private_metadata,
    record,
)
from glint_data.progress import tick
from glint_data.storage.files import make_durable

INDEX = "shards.json"


@export_format
class Webdataset(Format):
    """Tar shards."""

    title = "webdataset shards"
    takes_several = False
    rows_a_chunk = (1000, 1000)
    splits_apart = True

    def __init__(self, folder: Path, about: About) -> None:
        super().__init__(folder, about)
        self.counts: dict[str, int] = {}

    @classmethod
    def file_names(
        cls, sample: str, reference: str, split: str, number: int, source_number: int
    ) -> tuple[str, str]:
        """The names inside the shards: key and ending."""
        return member(sample), member(reference)

    @classmethod
    def write(cls, chunk: Chunk) -> list[Written]:
        """Write one shard of samples and one of the photos first met in it. Runs in a worker process."""
        name = f"{chunk.split}-{chunk.number_in_split:06d}.tar"
        samples, references = Path(chunk.folder, name), Path(chunk.folder, "references", name)
        pictures = Pictures(dataset_folder(chunk.dataset))
        waiting = set(chunk.first_of)
        written = []
        with TarShard(samples) as sample_shard, TarShard(references) as reference_shard:
            for row in chunk.rows:
                tick()
                try:
                    entry = Sample.from_row(row, pictures)
                    pristine = entry.pristine_picture()
                    if pristine is not None and row["source"] in waiting:
                        waiting.remove(row["source"])
                        reference_shard.add(row["reference_file_name"], cls.content(pristine, chunk))
                    sample = entry.picture()
                except CannotWrite:
                    raise
                except GlintError as refusal:
                    written.append(Written(error=str(refusal)))
                    continue
                facts = picture_facts(sample) | {"shard": name}
                sample_shard.add(row["file_name"], cls.content(sample, chunk))
                sample_shard.add(_beside(row["file_name"]), sample_json(record(row) | facts))
                written.append(Written(facts, private=private_metadata(sample, chunk)))
        make_durable(shard.file for shard in (sample_shard, reference_shard) if shard.members)
        return written

    def add(self, rows: Sequence[Row]) -> None:
        """Count the samples of each shard."""
        for row in rows:
            self.counts[row["shard"]] = self.counts.get(row["shard"], 0) + 1

    def finish(self, exported: Exported) -> None:
        """`shards.json` and the card."""
        listed = [
            {"shard": name, "samples": count, "bytes": (self.folder / name).stat().st_size}
            for name, count in sorted(self.counts.items())
        ]
        write_file(self.folder / INDEX, (json.dumps({"shards": listed}, indent=1) + "\n").encode())
        files = {
            f"{'|'.join(self.about.parts)}-NNNNNN.tar": "of each sample its image and <key>.json: everything "
            "that the dataset's manifest says of it",
            INDEX: "how many samples and bytes each shard has",
        }
        if not self.about.no_reference:
            files["references/"] = (
                "shards of the pristine photos, once each; `reference` of a sample is their key"
            )
        write_card(self.folder, self.about, exported, files)


class TarShard:
    """A tar file under way, the same bytes for the same members; no file where there are none.

    Raises `CannotWrite` where it cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.members = file, 0
        self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> "TarShard":
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._tar is not None:
            with self._errors_named():
                self._tar.close()

    def add(self, name: str, content: bytes) -> None:
        """Append a member."""
        with self._errors_named():
            if self._tar is None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self._tar = tarfile.open(self.file, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(content), 0o644
            self._tar.addfile(about, io.BytesIO(content))
            self.members += 1

    @contextlib.contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(f"{self.file.name}: {error.strerror or error}") from error


def member(name: str) -> str:
    """A file's name as a tar member's: the key ends at its first dot, so its own dots stand as %2E.

    A leading double underscore would make it a comment to the reader.
    """
    stem, _, suffix = name.rpartition(".")
    stem = stem.replace(".", "%2E")
    return f"{stem.replace('_', '%5F', 1) if stem.startswith('__') else stem}.{suffix}"


def _beside(name: str) -> str:
    return f"{name.partition('.')[0]}.json"


def sample_json(row: Row) -> bytes:
    """A sample's JSON: the row as it is exported, numbers as short as their precision allows."""
    value = {name: _short(entry) for name, entry in row.items() if not name.endswith("file_name")}
    value.pop("shard", None)
    value["parameters"] = json.loads(row["parameters"]) if row["parameters"] else None
    reference = row["reference_file_name"]
    value["reference"] = reference.partition(".")[0] if reference else None
    return json.dumps(value, sort_keys=True).encode()


def _short(value: Any) -> Any:
    """Single-precision numbers without the digits that double precision would add."""
    if isinstance(value, float):
        return float(str(np.float32(value)))
    return [_short(entry) for entry in value] if isinstance(value, list) else value
