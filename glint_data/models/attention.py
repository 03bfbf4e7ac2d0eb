"""Channel-wise self-attention (GlintIQA, arXiv 2408.03885): channels attend to channels over the token axis."""

import math

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
        channels = tokens.transpose(1, 2)  # (B, C, N)
        batch, width, length = channels.shape
        grouped = (batch, self.heads, width // self.heads, length)
        query = nn.functional.normalize(self.c_q(channels), dim=-1).view(grouped)
        key = nn.functional.normalize(self.c_k(channels), dim=-1).view(grouped)
        value = self.c_v(channels).view(grouped)
        if self.log_temperature is None:
            query = query / math.sqrt(length)
        else:
            query = query * self.log_temperature.clamp(max=math.log(100)).exp()
        attended = nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)
        attended = attended.reshape(batch, width, length)
        if self.mixing_reshape:
            attended = attended.transpose(1, 2).reshape(batch, width, length)
        return (channels + self.norm(self.dropout(attended))).transpose(1, 2)
