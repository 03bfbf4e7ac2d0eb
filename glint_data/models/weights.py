"""Where a network's weights are found, and how they are read: from this machine, never as pickled code.

A file named by the user comes first, then the hub's and open_clip's own caches, then installed packages.
Fetching is done only where it was allowed; otherwise the error names the missing file and the ways to go on.
"""

import hashlib
from pathlib import Path

from glint_data.errors import GlintError
from glint_data.models.packaged_weights import PackagedFile, how_to_install, packaged_file, timm_names

CLIP_DEFAULT_TAGS = {
    "ViT-B-32": "laion2b_s34b_b79k",
    "ViT-B-16": "laion2b_s34b_b88k",
    "ViT-L-14": "laion2b_s32b_b82k",
}
"""The tag meant where an open_clip model is named without one."""

_CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin")
_CLIP_FILES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
_TIMM_FILES = ("model.safetensors", "pytorch_model.bin")


def near_names(name: str, known: list[str]) -> str:
    """The known names most like a misspelt one, for an error sentence."""
    import difflib

    return ", ".join(difflib.get_close_matches(name, known, 3, 0.3)) or ", ".join(known[:3])


def _not_here(embedder: str, wanted: str, why: str = "") -> GlintError:
    """The error for weights that cannot be had: the missing file and the two ways to go on."""
    family, _, model = embedder.partition(":")
    return GlintError(
        f"embedder {embedder}: the weights are not on this machine: {wanted}{why}. "
        f"Two ways on: fetch that file where there is a network and name it, "
        f"--embedder {family}:{model.partition('@')[0]}@FILE "
        "(GLINT_DATA_DOWNLOAD=1 in the environment lets it be fetched); "
        "or use what needs no weights, --embedder descriptor"
    )


def clip_checkpoint(model: str, tag: str, allow_download: bool) -> tuple[str, str]:
    """The checkpoint of an open_clip model and how it is recorded: its tag, or a local file's name and hash.

    Raises:
        GlintError: no such tag, or the file is not on this machine (which one, and the ways to go on).
    """
    import open_clip

    if tag and ("/" in tag or Path(tag).is_file() or tag.endswith(_CHECKPOINTS)):
        return _local_file(tag)
    settings = open_clip.get_pretrained_cfg(model, tag) if tag else None
    if not settings:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none there are"
        raise GlintError(
            f"embedder open_clip:{model}: {'has no pretrained tag ' + repr(tag) if tag else 'needs a tag'}; "
            f"write {model}@TAG with one of {known}; "
            f"or {model}@FILE with a local checkpoint"
        )
    repository, filename = _hub_place(settings.get("hf_hub", ""))
    if repository:
        for candidate in (filename,) if filename else _CLIP_FILES:
            if file := _cached_hub_file(repository, candidate):
                return file, tag
        wanted = f"{filename or ' or '.join(_CLIP_FILES)} of the hub repository {repository}"
    else:
        cached = Path("~/.cache/clip").expanduser() / Path(settings["url"]).name
        if cached.is_file():
            return str(cached), tag
        wanted = f"{cached.name} from {settings['url']}, looked for in {cached.parent}"
    name = f"open_clip:{model}@{tag}"
    if not allow_download:
        raise _not_here(name, wanted)
    try:
        return open_clip.download_pretrained(settings), tag
    except Exception as error:  # the hub's client has many kinds of its own
        raise _not_here(name, wanted, f" and could not be fetched ({error})") from error


def _hub_place(hub: str) -> tuple[str, str]:
    """open_clip writes `owner/repository/` or `owner/repository/file`."""
    parts = hub.split("/")
    return ("/".join(parts[:2]), "/".join(parts[2:])) if len(parts) >= 2 else ("", "")


def _cached_hub_file(repository: str, filename: str) -> str | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, filename)
    return found if isinstance(found, str) else None


def _local_file(path: str) -> tuple[str, str]:
    file = Path(path)
    if not file.is_file():
        raise GlintError(
            f"{file}: no such checkpoint file; name an existing one after the '@', "
            "or use --embedder descriptor"
        )
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            digest.update(chunk)
    return str(file), f"{file.name}-{digest.hexdigest()[:12]}"


def timm_state(model: str, weights: str, allow_download: bool) -> tuple[dict, str, str]:
    """The state dict of a timm model, how it is recorded, and its file; see `clip_checkpoint`."""
    if not weights and not _cached_timm_file(model) and (packaged := read_packaged(model)):
        state, found = packaged
        return state, found.tag, str(found.file)
    file, recorded = _timm_checkpoint(model, weights, allow_download)
    return read_weights(file), recorded, file


def _cached_timm_file(model: str) -> str | None:
    import timm

    settings = timm.get_pretrained_cfg(model)
    repository = settings.hf_hub_id if settings else None
    found = (_cached_hub_file(repository, name) for name in _TIMM_FILES) if repository else ()
    return next((file for file in found if file), None)


def _timm_checkpoint(model: str, weights: str, allow_download: bool) -> tuple[str, str]:
    import timm

    if weights:
        return _local_file(weights)
    settings = timm.get_pretrained_cfg(model)
    if settings is None or not settings.hf_hub_id:
        raise GlintError(
            f"embedder timm:{model}: timm knows no pretrained weights on the hub for it; "
            f"write timm:{model}@FILE with a local checkpoint"
        )
    tag = settings.tag or "default"
    if file := _cached_timm_file(model):
        return file, tag
    install = how_to_install(model)
    wanted = f"{_TIMM_FILES[0]} of the hub repository {settings.hf_hub_id}"
    wanted += f" (a package carries them: {install})" if install else ""
    if not allow_download:
        raise _not_here(f"timm:{model}", wanted)
    from huggingface_hub import hf_hub_download

    try:
        return hf_hub_download(settings.hf_hub_id, _TIMM_FILES[0]), tag
    except Exception as error:  # the hub's client has many kinds of its own
        raise _not_here(f"timm:{model}", wanted, f" and could not be fetched ({error})") from error


def read_packaged(timm_name: str) -> tuple[dict, PackagedFile] | None:
    """The weights of an installed package under timm's names, and their file; None where there is none.

    Raises:
        GlintError: the package's file is missing, damaged, or of another network.
    """
    from glint_data.models.torchvision_import import ensure_torchvision

    found = packaged_file(timm_name)
    if found is None:
        return None
    ensure_torchvision()
    import timm
    import torch

    with torch.device("meta"):  # only its blocks are asked for
        network = timm.create_model(timm_name, pretrained=False)
    return timm_names(read_weights(str(found.file)), network, str(found.file)), found


def read_weights(file: str) -> dict:
    """A state dict from safetensors, or from a torch file holding tensors only. No pickled code is run."""
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if str(file).endswith(".safetensors"):
            return load_file(file)
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, OSError) as error:
        raise GlintError(
            f"{file}: not a checkpoint of plain tensors ({str(error).splitlines()[0]}); "
            "convert it to safetensors"
        ) from error
    for wrapper in ("state_dict", "model", "module"):
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    return {name.removeprefix("module."): value for name, value in loaded.items()}
