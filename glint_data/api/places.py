"""Places as a person names them to a verb, and who does the work on them."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, overload

from glint_data.api.options import AnyDataset, Where
from glint_data.errors import CannotWrite, GlintError

if TYPE_CHECKING:
    from glint_data.storage.places import Place
    from glint_data.work import Workers


def anywhere(text: Where) -> "Place":
    """A path of this machine, or an address. Raises `GlintError` for an address that cannot be used."""
    from glint_data.storage.places import place

    return place(text)


def here(text: Where) -> Path:
    """A path of this machine. Raises `GlintError` for an address."""
    from glint_data.storage.places import is_remote, place

    path = place(text)
    if is_remote(path):
        raise GlintError(
            f"{text}: has to lie on this machine; only photos, datasets and references may be elsewhere"
        )
    return path


def place_of(dataset: AnyDataset) -> "Place":
    """Where a dataset lies: its folder, its manifest's file, or its address."""
    from glint_data.dataset import manifest
    from glint_data.dataset.dataset import Dataset
    from glint_data.dataset.rendering import learn_suite

    if isinstance(dataset, Dataset):  # named as a person would, so that a run begun by its folder goes on
        path = dataset.folder if dataset.file.name == manifest.FILE else dataset.file
    else:
        path = anywhere(dataset)
    learn_suite(manifest.dataset_folder(path))
    return path


@overload
def file_to_write(text: Where) -> Path: ...
@overload
def file_to_write(text: None) -> None: ...
@overload
def file_to_write(text: Where | None) -> Path | None: ...


def file_to_write(text: Where | None) -> Path | None:
    """A file that a verb will write, refused before the work where its folder is absent. Raises `CannotWrite`."""
    if text is None:
        return None
    file = here(text)
    if not file.parent.is_dir():
        raise CannotWrite(f"{file}: its folder does not exist; make it or name another")
    return file


def opened_engine(
    engine: str, workers: int, folder: "Place", photos: "list[Place] | None" = None, writes: bool = True
) -> "AbstractContextManager[Workers]":
    """Who does the work on `folder`, for a with statement; without `photos` they are where its manifest says.

    Raises:
        GlintError: no such engine, or it cannot be had.
    """
    from glint_data import engines, sources

    if photos is None and engine != "local":
        photos = sources.folders_of(folder)
    return engines.opened(engine, workers, folder, photos or (), writes)


def processes(workers: int) -> int:
    """The number of processes, one a core for 0."""
    from glint_data.work import default_workers

    return workers or default_workers()
