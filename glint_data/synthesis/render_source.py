"""One photo's samples: rendered from one decoded photo, written, and committed by its part. Runs in workers."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import distortions
from glint_data import images
from glint_data.dataset import rendering
from glint_data.dataset.columns import FILES
from glint_data.dataset.failures import Refusal
from glint_data.dataset.status import Status
from glint_data.errors import ImageRefused
from glint_data.progress import tick
from glint_data.sources import Source
from glint_data.storage.files import make_durable, make_folder, write_atomically
from glint_data.storage.places import Place, place
from glint_data.synthesis import parts
from glint_data.synthesis.recipes import recipe
from glint_data.synthesis.settings import Settings

Cells = tuple[tuple[int, int], ...]
"""(type, level) pairs of a suite."""


@dataclass(frozen=True)
class RenderTask:
    """All it takes to render what one source still lacks."""

    source: Source
    cells: Cells
    settings: Settings
    folder: str
    subfolder: str


@dataclass(frozen=True)
class Rendered:
    """How many samples were made, what failed, and the seconds that each type took.

    `is_other`: the file holds another photo than the one that was scanned; nothing was made.
    """

    made: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    seconds: dict[int, float] = field(default_factory=dict)
    is_other: bool = False


def render_source(task: RenderTask) -> Rendered:
    """Render one source's missing cells, write them, then write its part."""
    source, out = task.source, place(task.folder)
    pixels = task.settings.edit.of(images.read_rgb(source.path), source.path)
    if images.pixel_hash(pixels) != source.hash:
        return Rendered(is_other=True)
    reference = _path("references", task.subfolder, f"{source.name}.png")
    _write(out / reference, images.encode_png(pixels))
    photo = distortions.Photo(pixels)
    rows, seconds = [], dict.fromkeys((number for number, _ in task.cells), 0.0)
    for number, level in task.cells:
        begun = time.perf_counter()
        rows.append(_render_cell(task, out, photo, reference, number, level))
        seconds[number] += time.perf_counter() - begun
        tick()
    done = [row for row in rows if row["status"] == Status.OK]
    make_durable([out / reference, *(out / path for row in done for path in _files_of(row))])
    parts.write(out, source.name, rows)
    failed = [row for row in rows if row["status"] == Status.FAILED]
    refusals = [Refusal(source.path, f"{row['sample_id']}: {row['error']}", "render") for row in failed]
    return Rendered(len(done), refusals, seconds)


def _render_cell(
    task: RenderTask, out: Place, photo: "distortions.Photo", reference: str, number: int, level: int
) -> dict[str, Any]:
    """Render one sample and write its image; its row, whether it could be made or not."""
    settings = task.settings
    row = recipe(task.source, settings, number, level)
    try:
        rendered = rendering.render(photo, row["suite"], row["suite_version"], number, level, row["seed"])
    except ImageRefused as error:
        return row | {"status": Status.FAILED, "error": str(error)}
    path = _path("images", task.subfolder, f"{row['sample_id']}.{settings.format}")
    _write(out / path, images.ENCODERS[settings.format](rendered.pixels))
    return (
        row
        | _beside(task, out, row["sample_id"], rendered)
        | {
            "path": path,
            "reference_path": reference,
            "parameters": json.dumps(rendered.parameters, sort_keys=True),
            "height": rendered.pixels.shape[0],
            "width": rendered.pixels.shape[1],
            "image_hash": images.pixel_hash(rendered.pixels),
            "status": Status.OK,
        }
    )


def _beside(task: RenderTask, out: Place, name: str, rendered: "distortions.Rendering") -> dict[str, str]:
    """Write the pictures that a rendering brings beside its image: a region's mask, the small one that was upscaled."""
    columns = {}
    for pixels, folder, column in (
        (rendered.mask, "masks", "mask_path"),
        (rendered.low_resolution, "low_resolution", "low_resolution_path"),
    ):
        if pixels is not None:
            columns[column] = _path(folder, task.subfolder, f"{name}.png")
            is_grey = pixels.ndim == 2
            _write(
                out / columns[column],
                images.encode_grey_png(pixels) if is_grey else images.encode_png(pixels),
            )
            as_read = np.repeat(pixels[..., None], 3, axis=2) if is_grey else pixels
            columns[FILES[column]] = images.pixel_hash(as_read)
    return columns


def _files_of(row: dict[str, Any]) -> Iterable[str]:
    return (row[column] for column in FILES if row.get(column))


def _path(folder: str, subfolder: str, name: str) -> str:
    return "/".join(part for part in (folder, subfolder, name) if part)


def _write(file: Place, encoded: bytes) -> None:
    make_folder(file.parent)
    write_atomically(file, encoded, durable=False)
