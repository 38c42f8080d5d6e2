"""A block whose memory is a matrix that is corrected: the gated delta rule.

The memory of a head answers a key with a value.  At each event it fades a little, and then what it answers to the
event's key is moved towards the event's value: S <- a S + b (v - a S k) k'.  Yang, Kautz & Hatamizadeh 2024
(arXiv 2412.06464), without its convolutions.  All steps of a chunk are solved at once: what each event corrects is the
solution of a triangular system (Yang et al. 2024, arXiv 2406.06484), so there is no loop over steps.

Shapes: T steps, B streams, E width, D = HEAD, H = E / D heads.  The state of a stream is S of its heads,
(B, H * D * D).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from livegen.training.attention import Gated
from livegen.training.recipe import HEAD

# The share of its memory that a head keeps from event to event before it has learned: logits of .88 to .998.
FADES = (2.0, 6.0)
TINY = 1e-6


class DeltaBlock(nn.Module):
    """A delta rule and a gated layer; gives what both add to the stream."""

    def __init__(self, width: int) -> None:
        """Draw the weights from torch's generator; `width` is a multiple of HEAD."""
        super().__init__()
        self.heads = width // HEAD
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.normal = nn.LayerNorm(HEAD)
        self.ask = nn.Linear(width, 4 * width)  # queries, keys, values, and what lets them out
        self.rate = nn.Linear(width, 2 * self.heads)  # how much is kept, how much is corrected
        self.give = nn.Linear(width, width)
        self.gated = Gated(width)
        with torch.no_grad():
            self.rate.bias[: self.heads] = torch.linspace(*FADES, self.heads)

    @property
    def size(self) -> int:
        """Numbers of the state of one stream."""
        return self.heads * HEAD * HEAD

    def _asked(self, x: Tensor) -> tuple[Tensor, ...]:
        """x (..., E) -> queries, keys, values (..., H, D), what lets them out (..., E), two rates' logits (..., H)."""
        normal = self.first(x)
        asked, out = self.ask(normal).split((3 * x.shape[-1], x.shape[-1]), -1)
        queries, keys, values = asked.unflatten(-1, (3, self.heads, HEAD)).unbind(-3)
        kept, corrected = self.rate(normal).chunk(2, -1)
        return _unit(queries), _unit(keys), values, out, kept, corrected

    def _added(self, x: Tensor, found: Tensor, out: Tensor) -> Tensor:
        """The sum that the block adds to x (..., E) when its memory answered `found` (..., H, D)."""
        normal = self.normal(found).flatten(-2)
        added = self.give(normal * functional.silu(out))
        total: Tensor = added + self.gated(self.second(x + added))
        return total

    def forward(self, x: Tensor, state: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """x (T, B, E), state (B, H * D * D), keep (T, B, 1) that is 0 where a step starts anew -> (T, B, E), state."""
        queries, keys, values, out, kept, corrected = self._asked(x)
        with torch.autocast(x.device.type, enabled=False):  # a fading of .998 is 1 in bfloat16
            found, state = _solved(
                by_head(queries.float()),
                by_head(keys.float()),
                by_head(values.float()),
                functional.logsigmoid(kept.float()).permute(1, 2, 0),
                corrected.float().sigmoid().permute(1, 2, 0)[..., None],
                (keep[..., 0] == 0).cumsum(0).t(),
                state.float().view(-1, self.heads, HEAD, HEAD),
            )
        return self._added(x, found.permute(2, 0, 1, 3), out), state.flatten(1)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, E), state -> what is added (B, E), new state."""
        queries, keys, values, out, kept, corrected = self._asked(x)
        memory = state.view(-1, self.heads, HEAD, HEAD) * torch.sigmoid(kept)[..., None, None]
        missed = values[..., None] - memory @ keys[..., None]  # (B, H, D, 1)
        memory = memory + corrected.sigmoid()[..., None, None] * missed * keys[..., None, :]
        found = (memory @ queries[..., None])[..., 0]
        return self._added(x, found, out), memory.flatten(1)


def _unit(x: Tensor) -> Tensor:
    return x / torch.sqrt((x * x).sum(-1, keepdim=True) + TINY)


def by_head(x: Tensor) -> Tensor:
    """(T, B, H, D) -> (B, H, T, D)."""
    return x.permute(1, 2, 0, 3)


def _solved(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    kept: Tensor,
    corrected: Tensor,
    piece: Tensor,
    memory: Tensor,
) -> tuple[Tensor, Tensor]:
    """All steps at once.

    queries, keys, values (B, H, T, D), logarithms of what is kept (B, H, T), what is corrected (B, H, T, 1), the piece
    of each step (B, T), 0 being that of the memory (B, H, D, D) -> answers (B, H, T, D), memory.
    """
    total = kept.cumsum(-1)
    same = (piece[:, :, None] == piece[:, None])[:, None].tril()  # (B, 1, T, T)
    fade = total[..., None] - total[..., None, :]  # from step s to step t
    fade = fade.masked_fill(~same, -math.inf).exp()
    old = (total.exp() * (piece == 0)[:, None])[
        ..., None
    ]  # what is left of the memory, (B, H, T, 1)
    likeness = corrected * (keys @ keys.transpose(-1, -2)) * fade
    system = likeness.tril(-1) + torch.eye(keys.shape[-2], device=keys.device)
    missed = corrected * (values - old * (keys @ memory.transpose(-1, -2)))
    moved = torch.linalg.solve_triangular(system, missed, upper=False, unitriangular=True)
    found = old * (queries @ memory.transpose(-1, -2))
    found = found + (queries @ keys.transpose(-1, -2) * fade) @ moved
    left = old[..., -1:, :] * memory + (moved * fade[..., -1, :, None]).transpose(-1, -2) @ keys
    return found, left
