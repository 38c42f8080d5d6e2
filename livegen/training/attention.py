"""A transformer that streams: blocks of multi-query attention over the latest events.

Each event leaves a key and a value in each block, and asks with several heads what itself and the `window` events
before it left: one key and one value serve all heads (Shazeer 2019, arXiv 1911.02150), so that what is kept of an event
is small.  Keys and queries are turned by their place (rotary positions; Su et al. 2021, arXiv 2104.09864), so that only
the distance of two events counts.  All frequencies are whole numbers of turns in PERIOD events: a place may be taken
modulo PERIOD, and a night of music is no different from its first minute.  Normalised before each part (Xiong et al.
2020, arXiv 2002.04745); between the attentions a gated layer (Shazeer 2020, arXiv 2002.05202).

Shapes: T steps, B streams, E width, L blocks, W window, D = HEAD, H = E / D heads.  The memory of a stream in training,
(B, W * L * 2D + 2), is what the latest W events of its piece left, the oldest first, zeros where there were none, and
how many were heard of the piece.
When it plays, the same rows lie in a ring (W, L, 2, D), row n modulo W (livegen/inference/ring.py).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from livegen.training.recipe import HEAD

PERIOD = 4096
# Turns in PERIOD events: from one in four windows of 256, so that near and far differ, to one radian an event.
SLOWEST, FASTEST = 4, PERIOD / math.tau
NEVER = -1e9
# The number of events heard is kept as so many times this and a rest: both stay whole numbers where training rounds
# what it is given to bfloat16, which has eight bits.
ROUND = 256


class Gated(nn.Module):
    """SwiGLU: a sigmoid unit gates a plain one."""

    def __init__(self, width: int) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """x (..., E) -> (..., E)."""
        gate, value = self.up(x).chunk(2, -1)
        found: Tensor = self.down(functional.silu(gate) * value)
        return found


class AttentionBlock(nn.Module):
    """A block: an attention and a gated layer, each of which adds to the stream."""

    def __init__(self, width: int) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, width + 2 * HEAD)  # the queries, the key, the value
        self.give = nn.Linear(width, width)
        self.gated = Gated(width)


class Attention(nn.Module):
    """See the module's first lines."""

    turns: Tensor
    scale: Tensor

    def __init__(
        self, width: int, blocks: int, window: int, drop: Callable[[Tensor], Tensor]
    ) -> None:
        """Draw the weights from torch's generator; `drop` is applied to what each block adds."""
        super().__init__()
        self.window, self.heads, self.drop = window, width // HEAD, drop
        made = [AttentionBlock(width) for _ in range(blocks)]
        for block in made:  # the sum of all blocks begins near unit size; Radford et al. 2019
            for layer in (block.give, block.gated.down):
                layer.weight.data *= (2 * blocks) ** -0.5
        self.blocks, self.last = nn.ModuleList(made), nn.LayerNorm(width)
        steps = torch.linspace(math.log(SLOWEST), math.log(FASTEST), HEAD // 2)
        turns = steps.exp().round() * (math.tau / PERIOD)  # radians an event
        self.register_buffer("turns", turns.repeat(2), persistent=False)
        scale = torch.tensor([[HEAD**-0.5]] * self.heads + [[1.0]])
        self.register_buffer("scale", scale, persistent=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the ring in which it plays."""
        return self.window, len(self.blocks), 2, HEAD

    @property
    def size(self) -> int:
        """Numbers of the memory of one stream in training."""
        return math.prod(self.shape) + 2

    def newest(self, memory: Tensor) -> Tensor:
        """The entry that goes into the ring, (B, L, 2, D): keys and values that the latest event left."""
        return memory[:, :-2].view(-1, *self.shape)[:, -1]

    def _turned(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x (..., H + 1, D), the queries and the key, turned; cos and sin broadcast to it."""
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat((b, a), -1) * sin

    def _angles(self, place: Tensor) -> tuple[Tensor, Tensor]:
        """place float (..., 1) -> cosines and signed sines (..., D)."""
        angle = place * self.turns
        sign = torch.cat((-torch.ones(HEAD // 2), torch.ones(HEAD // 2))).to(angle.device)
        return angle.cos(), angle.sin() * sign

    def forward(self, x: Tensor, keep: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Run whole sequences: x (T, B, E), keep (T, B, 1) that is 0 where a step starts anew -> (T, B, E), memory."""
        steps, batch, window = len(x), x.shape[1], self.window
        rows = memory[:, :-2].view(batch, window, len(self.blocks), 2, HEAD)
        place = places(keep[..., 0] == 0, memory[:, -2].float() * ROUND + memory[:, -1].float())
        mask = self._mask(place)
        cos, sin = self._angles((place % PERIOD)[..., None, None])
        scaled_cos, scaled_sin = cos * self.scale, sin * self.scale
        left = []
        for index, block in enumerate(self.blocks):
            assert isinstance(block, AttentionBlock)
            asked, value = torch.split(block.ask(block.first(x)), [x.shape[-1] + HEAD, HEAD], -1)
            asked = self._turned(asked.view(steps, batch, -1, HEAD), scaled_cos, scaled_sin)
            pairs = torch.stack((asked[:, :, -1], value.float()), 2)  # (T, B, 2, D)
            left.append(pairs)
            both = torch.cat((rows[:, :, index], pairs.transpose(0, 1)), 1)  # (B, W + T, 2, D)
            kind = value.dtype
            keys, values = (
                both[:, None, :, at].to(kind).expand(-1, self.heads, -1, -1) for at in (0, 1)
            )
            queries = asked[:, :, :-1].permute(1, 2, 0, 3).to(kind)  # (B, H, T, D)
            seen = functional.scaled_dot_product_attention(
                queries, keys, values, mask[:, None], scale=1.0
            )
            added = block.give(seen.permute(2, 0, 1, 3).reshape(steps, batch, -1))
            added = added + block.gated(block.second(x + added))
            x = x + self.drop(added)
        new = torch.stack(left, 2).transpose(0, 1)  # (B, T, L, 2, D)
        heard = place[-1, :, None] + 1  # (B, 1)
        own = torch.arange(window, device=x.device) >= window - heard  # rows that are of this piece
        rows = torch.cat((rows, new), 1)[:, steps:] * own[..., None, None, None]
        return self.last(x), torch.cat((rows.reshape(batch, -1), heard // ROUND, heard % ROUND), 1)

    def _mask(self, place: Tensor) -> Tensor:
        """place (T, B) -> which of the window's and of these events each step may look at, bool (B, T, W + T)."""
        steps = len(place)
        at = torch.arange(steps, device=place.device)[:, None] + self.window
        back = at - torch.arange(self.window + steps, device=place.device)
        return (back >= 0) & (back <= place.t().clamp(max=self.window)[:, :, None])

    def advance(self, x: Tensor, ring: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """Hear one event of one stream.

        x (1, E), ring (W, L, 2, D), position int (1), the number of events ever heard -> (1, E), and the entry
        (L, 2, D) that goes to row `position` modulo W.
        """
        # The remainder without an operator for it: right for every position, for what is off by a turn turns alike.
        rounds = (position.float() / PERIOD).long()
        place = (position - rounds * PERIOD).float()
        cos, sin = self._angles(place)
        cos, sin = cos * self.scale, sin * self.scale
        row = torch.arange(self.window)
        mask = torch.where(row < position, 0.0, NEVER)
        mask = torch.cat((mask, torch.zeros(1)))
        # Keys and values of all blocks, (W, D) each, by one copy: that of half a megabyte counts.
        heard = torch.split(ring.reshape(self.window, -1), [HEAD] * (2 * len(self.blocks)), -1)
        entries = []
        for index, block in enumerate(self.blocks):
            assert isinstance(block, AttentionBlock)
            asked, value = torch.split(block.ask(block.first(x)), [x.shape[-1] + HEAD, HEAD], -1)
            asked = self._turned(asked.view(-1, HEAD), cos, sin)
            queries, key = torch.split(asked, [self.heads, 1])
            keys = torch.cat((heard[2 * index], key))
            values = torch.cat((heard[2 * index + 1], value))
            shares = torch.softmax(queries @ keys.t() + mask, -1)  # (H, W + 1)
            added = block.give((shares @ values).view(1, -1))
            x = x + added
            x = x + block.gated(block.second(x))
            entries += [key, value]
        entry = torch.cat(entries).view(-1, 2, HEAD)
        return self.last(x), entry


def places(starts: Tensor, heard: Tensor) -> Tensor:
    """Count the events of its piece that come before each step, float (T, B).

    starts bool (T, B), where a piece begins; heard float (B), events of the piece that came before the first step.
    """
    step = torch.arange(len(starts), device=starts.device)[:, None].float()
    begun = torch.where(starts, step, float("-inf"))
    begun = torch.cat((-heard[None], begun)).cummax(0).values[1:]
    return step - begun
