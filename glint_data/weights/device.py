"""Which device a network runs on: the one named, if it works here."""

from typing import TYPE_CHECKING

from glint_data.errors import GlintError

if TYPE_CHECKING:
    import torch


def choose_device(device: str, local_rank: int = 0) -> "torch.device":
    """The device named, or for "auto" a GPU where there is one; of several GPUs that of `local_rank`.

    Raises:
        GlintError: one that does not exist here, or does not compute.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        if chosen.type == "cuda" and chosen.index is None:
            chosen = torch.device("cuda", local_rank)
        torch.zeros(1, device=chosen).item()
    except Exception as error:  # torch raises other kinds for other devices
        # Its message goes on for a page about how it was built: the first sentence is enough.
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        reason = line.partition(". ")[0][:160]
        raise GlintError(f"device {device}: not usable here ({reason}); use --device auto or cpu") from error
    return chosen


def describe_gpus() -> str | None:
    """The graphics processors that torch can use here, in words; None where there is none."""
    import torch

    if not torch.cuda.is_available():
        return None
    names = (torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    return f"{', '.join(names)}, CUDA {torch.version.cuda}"
