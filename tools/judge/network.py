"""From the base and a head to the network, and back to a run's folder."""

from pathlib import Path

import torch
from torch import Tensor

from glint_data import models
from glint_data.models.network import QualityNetwork
from glint_data.training.run import trained
from tools.judge.heads import Head
from tools.judge.pretrain import FROZEN, GROUPS


def base_network(tensors: dict[str, Tensor]) -> QualityNetwork:
    """The pre-trained network; its last layer has learned nothing yet."""
    network = models.create("glintiqa", size="nano", cnn_groups=GROUPS, frozen_cnn_stages=FROZEN)
    network.load_state_dict(tensors)
    return network.eval()


def hidden(network: QualityNetwork) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weight and bias of the first layer, and the standardisation before it."""
    first, known = network.quality_head[0], network.standardised
    return first.weight.detach(), first.bias.detach(), known.centre, known.scale


def with_head(network: QualityNetwork, head: Head) -> QualityNetwork:
    """The network with a fitted head in the place of its own."""
    with torch.no_grad():
        network.standardised.centre.copy_(head.centre)
        network.standardised.scale.copy_(head.scale)
        network.standardised.batches.fill_(10_000)  # it stays
        for place, layer in ((0, head.layers[0]), (3, head.layers[3])):
            network.quality_head[place].weight.copy_(layer.weight)
            network.quality_head[place].bias.copy_(layer.bias)
    return network


def opened(folder: Path) -> QualityNetwork:
    """The network of a stage that was written before."""
    return trained.open_trained(folder, "cpu").network
