"""Channel-wise self-attention (GlintIQA, arXiv 2408.03885): channels attend to channels over the token axis."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from glint_data.models.dropout import ShardedDropout

COSINE_SCALE = 14.0
"""Logit scale at the start: the square root of 196, so that cosines in [-1, 1] are used in full."""


class ChannelAttention(nn.Module):
    """X (B, N, C) tokens -> (B, N, C): each channel becomes a mixture of channels, added to itself.

    As published (`learned_temperature=False, heads=1, mixing_reshape=True`) the logits are cosines divided
    by sqrt(N), so attention is uniform to a few per cent, and the result (B, C, N) is reshaped, not
    permuted, which mixes channels and tokens. The default scales the cosines by a learned temperature per
    head, lets groups of C / heads channels attend among themselves, and mixes nothing.
    """

    def __init__(
        self, tokens: int, heads: int, learned_temperature: bool, mixing_reshape: bool, dropout: float
    ) -> None:
        super().__init__()
        self.heads, self.mixing_reshape = heads, mixing_reshape
        self.c_q, self.c_k, self.c_v = (nn.Linear(tokens, tokens) for _ in range(3))
        self.norm = nn.LayerNorm(tokens)
        self.dropout = ShardedDropout(dropout)
        self.log_temperature = (
            nn.Parameter(torch.full((heads, 1, 1), math.log(COSINE_SCALE))) if learned_temperature else None
        )

    def forward(self, tokens: Tensor) -> Tensor:
        channels = tokens.transpose(1, 2).contiguous()  # (B, C, N)
        batch, width, length = channels.shape
        grouped = (batch, self.heads, width // self.heads, length)
        projected = _together((self.c_q, self.c_k, self.c_v), channels)
        query, key, value = (part.view(grouped) for part in projected)
        attended = self._attend(query, key, value).reshape(batch, width, length)
        if self.mixing_reshape:
            attended = attended.transpose(1, 2).reshape(batch, width, length)
        return (channels + self.norm(self.dropout(attended))).transpose(1, 2)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Mixtures of the values (B, heads, c, N) by scaled cosines of queries and keys."""
        group, length = query.shape[-2:]
        if self.log_temperature is None:
            temperature: Tensor | float = 1 / math.sqrt(length)
        else:
            temperature = self.log_temperature.clamp(max=math.log(100)).exp()
        if group > length:  # c^2 logits would be more than what they are made of: never hold them all
            query, key = (nn.functional.normalize(part, dim=-1) for part in (query, key))
            return nn.functional.scaled_dot_product_attention(query * temperature, key, value, scale=1.0)
        # Fewer logits than that: divide them by both lengths, instead of every query and key by its own.
        of_queries, of_keys = (
            torch.linalg.vector_norm(part, dim=-1, keepdim=True).clamp_min(1e-12) for part in (query, key)
        )
        scale = (temperature / of_queries) * (1 / of_keys).transpose(-1, -2)
        return (query @ key.transpose(-1, -2) * scale).softmax(dim=-1) @ value


def _together(layers: Sequence[nn.Linear], values: Tensor) -> tuple[Tensor, ...]:
    """What each of several linear layers makes of the same values (..., K), by one product."""
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers])
    joined = nn.functional.linear(values, weight, bias)
    return joined.split([layer.out_features for layer in layers], dim=-1)
