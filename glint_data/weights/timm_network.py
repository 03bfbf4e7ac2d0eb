"""A timm network with published weights, all of them, as a maker of vectors."""

from typing import TYPE_CHECKING, Any

from glint_data.errors import GlintError
from glint_data.weights.find import timm_settings

if TYPE_CHECKING:
    from torch import Tensor, nn


def timm_network(model: str, state: dict[str, "Tensor"], file: str) -> "nn.Module":
    """A timm network with these weights, every one of them, and without its classifier; timm's own pooling.

    timm brings the names of published files to its own (`pretrained_cfg_overlay`), strictly as long as the network
    is built as it was published; the classifier goes afterwards.

    Raises:
        GlintError: tensors missing, unknown or of another shape.
    """
    import timm
    import torch

    settings = timm_settings(model)
    overlay: dict[str, Any] = {"state_dict": state}
    classifiers = (
        settings.classifier if isinstance(settings.classifier, (tuple, list)) else [settings.classifier]
    )
    classes = {len(state[f"{name}.weight"]) for name in classifiers if f"{name}.weight" in state}
    if len(classes) == 1 and not settings.label_offset:  # a fine-tuned network may know other classes
        overlay["num_classes"] = classes.pop()
    if not any(f"{name}.weight" in state for name in classifiers if name):
        with torch.device("meta"):
            complete = timm.create_model(model, pretrained=False).state_dict()
        state |= {
            name: torch.zeros(value.shape)
            for name, value in complete.items()
            if name.startswith(tuple(f"{part}." for part in classifiers if part)) and name not in state
        }
    try:
        network: Any = timm.create_model(
            model,
            pretrained=True,
            pretrained_cfg_overlay=overlay,
            num_classes=overlay.get("num_classes", settings.num_classes),
        )
    except (RuntimeError, KeyError, ValueError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = (lines[1:2] or lines or [type(error).__name__])[0][:200]
        raise GlintError(
            f"{file}: does not fit timm:{model} ({reason}); name the checkpoint of this very architecture"
        ) from error
    network.reset_classifier(0)
    headless: nn.Module = network
    return headless
