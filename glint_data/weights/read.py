"""Checkpoint files to tensors: by content, not by ending; never as pickled code; complete and finite, or refused."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from torch import Tensor

WRAPPERS = ("state_dict", "model", "model_state_dict", "module")
"""Under these keys checkpoints hold their tensors, one inside the other."""

_LFS = b"version https://git-lfs"
_PAGES = (b"<!doctype", b"<html", b"<?xml")


def read_weights(file: str | Path) -> dict[str, "Tensor"]:
    """The tensors of a checkpoint by name, whatever wraps them; a leading `module.` is removed.

    Raises:
        GlintError: missing, empty, no checkpoint, pickled code, no named tensors, or values that are not finite.
    """
    return tensors_of(read_checkpoint(file), str(file))


def tensors_of(checkpoint: Any, where: str) -> dict[str, "Tensor"]:
    """The tensors inside what `read_checkpoint` gave. Raises `GlintError` where there are none, or not finite ones."""
    import torch

    while isinstance(checkpoint, Mapping):
        inner = next(
            (checkpoint[name] for name in WRAPPERS if isinstance(checkpoint.get(name), Mapping)), None
        )
        if inner is None:
            break
        checkpoint = inner
    if not isinstance(checkpoint, Mapping):
        raise GlintError(
            f"{where}: holds a {type(checkpoint).__name__}, not tensors by name; save the network's state_dict()"
        )
    tensors = {
        str(name).removeprefix("module."): value
        for name, value in checkpoint.items()
        if isinstance(value, torch.Tensor)
    }
    if not tensors:
        raise GlintError(f"{where}: holds no tensors by name; save the network's state_dict()")
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise GlintError(
                f"{where}: the tensor {name} holds values that are not finite (NaN or infinity); "
                "the weights are damaged, take an earlier checkpoint"
            )
    return tensors


def read_checkpoint(file: str | Path) -> Any:
    """What a checkpoint file holds, as plain values and tensors on the CPU. Raises as `read_weights`."""
    import torch
    from safetensors.torch import load_file

    begin = beginning(Path(file))
    try:
        if begin[8:9] == b"{":  # eight bytes of length, then a header in JSON
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = _first_line(error)
        what = "holds pickled code, which is never run" if "global" in reason.lower() else "is no checkpoint"
        raise GlintError(
            f"{file}: {what} ({reason}); load it where you trust it and save the state_dict() as safetensors"
        ) from error
    except Exception as error:  # torch reads any bytes as a pickle's commands, and fails in any way
        raise GlintError(
            f"{file}: no checkpoint, or one that is cut short ({_first_line(error)}); fetch or copy it again"
        ) from error


def beginning(file: Path) -> bytes:
    """The first bytes. Raises `GlintError` for what is plainly something else than a checkpoint."""
    if not file.is_file():
        raise GlintError(f"{file}: no such checkpoint file; name an existing one")
    try:
        with file.open("rb") as stream:
            begin = stream.read(64)
    except OSError as error:
        raise GlintError(f"{file}: cannot be read ({error.strerror or error})") from error
    if not begin:
        raise GlintError(f"{file}: is empty (0 bytes); fetch or copy the checkpoint again")
    if begin.startswith(_LFS):
        raise GlintError(
            f"{file}: is a pointer of Git LFS, not the weights it stands for; run 'git lfs pull' where it came from"
        )
    if begin.lstrip().lower().startswith(_PAGES):
        raise GlintError(
            f"{file}: is a web page, not a checkpoint; fetch the file itself (on the hub /resolve/, not /blob/)"
        )
    return begin


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # torch's message begins with a paragraph of advice to load the file unsafely
    telling = [line for line in lines if "global" in line.lower() or "Unsupported" in line]
    return ((telling or lines or [type(error).__name__])[0])[:160]


def digest(file: str | Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
