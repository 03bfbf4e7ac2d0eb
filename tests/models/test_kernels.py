"""What is done for speed computes what was computed before: outputs and gradients, not only times."""

import math

import pytest
import torch
from torch import nn

from glint_data.models.attention import ChannelAttention
from glint_data.models.dropout import ShardedDropout


def outputs_and_gradients(module: nn.Module, *inputs: torch.Tensor) -> list[torch.Tensor]:
    """The output, then gradients of inputs and of all trained parameters, under a fixed weighting."""
    inputs_given = [values.clone().requires_grad_() for values in inputs]
    module.zero_grad()
    torch.manual_seed(1)  # of the dropout
    output = module(*inputs_given)
    weighting = torch.randn(output.shape, generator=torch.Generator().manual_seed(2))
    (output * weighting).sum().backward()
    trained = [parameter.grad for parameter in module.parameters() if parameter.requires_grad]
    return [output.detach(), *(values.grad for values in inputs_given if values.grad is not None), *trained]


def assert_alike(some: list[torch.Tensor], others: list[torch.Tensor], tolerance: float = 1e-4) -> None:
    """Each within a share of the largest; gradients that are zero but for rounding count as the rest's."""
    assert len(some) == len(others) > 1
    scale = torch.stack([values.norm() for values in some]).max()
    for one, other in zip(some, others, strict=True):
        assert (one - other).norm() <= tolerance * one.norm() + 1e-6 * scale


@pytest.mark.parametrize("channels", [24, 96])  # groups of fewer channels than tokens, and of more
@pytest.mark.parametrize("learned", [False, True])
def test_attention_is_its_definition(channels, learned):
    torch.manual_seed(0)
    attention = ChannelAttention(16, 2, learned, False, 0.0)
    tokens = torch.randn(3, 16, channels)

    def definition(tokens: torch.Tensor) -> torch.Tensor:
        values = tokens.transpose(1, 2)
        query, key, value = (
            layer(values).unflatten(1, (2, channels // 2))
            for layer in (attention.c_q, attention.c_k, attention.c_v)
        )
        cosines = (query[:, :, :, None] * key[:, :, None]).sum(-1)
        cosines = cosines / (query.norm(dim=-1)[..., None] * key.norm(dim=-1)[:, :, None])
        scale = attention.log_temperature.exp() if learned else 1 / math.sqrt(16)
        mixed = (torch.softmax(scale * cosines, -1)[..., None] * value[:, :, None]).sum(3).flatten(1, 2)
        return (values + attention.norm(mixed)).transpose(1, 2)

    expected = nn.Module()
    expected.attention, expected.forward = attention, definition
    assert_alike(outputs_and_gradients(expected, tokens), outputs_and_gradients(attention, tokens))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])  # 0.1 is no multiple of 1/256
def test_dropout_drops_its_share_alike_in_all_processes(share):
    values = torch.ones(6, 4000)
    torch.manual_seed(0)
    whole = ShardedDropout(share)(values)
    kept = whole[whole != 0]
    assert 1 - len(kept) / whole.numel() == pytest.approx(share, abs=0.01)
    assert torch.all((kept * (1 - share) - 1).abs() < 1e-6)
    for rank in range(2):
        part = ShardedDropout(share)
        part.rank, part.world = rank, 2
        torch.manual_seed(0)
        torch.testing.assert_close(part(values[rank::2]), whole[rank::2])
    assert torch.equal(ShardedDropout(share).eval()(values), values)
