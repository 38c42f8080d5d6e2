"""The network: one event in, the distribution of the next out, field by field.

An event's fields and its context (place in the bar, style, what sounds) are embedded and summed,
pass a stack of recurrent layers, and five small heads predict time, part, on/off, pitch and
velocity in that order, each given the fields before (DESIGN.md section 4; the idea of one event a
step is Notochord's).

Shapes: B streams, T steps, E = embed, H = hidden, K = head.  Whole sequences go through `forward`,
single steps through `step`; export/parity.py proves them equal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from livegen.codec.layout import FIELDS, MAX_BAR_CLASS, NO_GRID, SOUNDING
from livegen.training.recurrence import (
    GATES,
    MEMORIES,
    GruLayer,
    LstmLayer,
    gru_step,
    lstm_step,
)

# What goes in, in the order of an event row's columns, with its number of classes; style is last.
INPUTS = {**FIELDS, "position": NO_GRID + 1, "bar": MAX_BAR_CLASS + 1}
# What is known of the event being predicted, and which head may look at what.
QUERY = ("time", "position", "bar", "part", "on", "pitch")
HEADS: dict[str, tuple[str, ...]] = {
    "time": (),
    "part": ("time", "position", "bar"),
    "on": ("time", "position", "bar", "part"),
    "pitch": ("time", "position", "bar", "part", "on"),
    "velocity": ("time", "position", "bar", "part", "on", "pitch"),
}


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Size and kind of a network; a checkpoint stores it, so that a file is enough to rebuild."""

    styles: int
    kind: str = "gru"  # gru or lstm
    hidden: int = 512
    layers: int = 1
    embed: int = 256
    head: int = 256
    dropout: float = 0.1

    def facts(self) -> dict[str, Any]:
        """The fields as a plain mapping."""
        return asdict(self)


class Recurrent(nn.Module):
    """One layer: weights (G*H, I), (G*H, H) and biases as torch.nn.GRU or LSTM has them."""

    def __init__(self, kind: str, inputs: int, hidden: int) -> None:
        """`kind` is gru or lstm."""
        super().__init__()
        self.kind = kind
        self.enter = nn.Linear(inputs, GATES[kind] * hidden)
        self.across = nn.Linear(hidden, GATES[kind] * hidden)
        for weight in self.across.weight.data.chunk(GATES[kind]):
            nn.init.orthogonal_(weight)
        if kind == "lstm":  # a forget gate that starts open; Jozefowicz et al. 2015
            self.enter.bias.data[hidden : 2 * hidden] = 1.0

    def forward(self, x: Tensor, state: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """x (T, B, I), state (memories, B, H), keep (T, B, 1) -> outputs (T, B, H), new state."""
        gates = self.enter(x).float()
        low = torch.is_autocast_enabled(x.device.type)
        weights = (self.across.weight, self.across.bias, low)
        if self.kind == "gru":
            out = GruLayer.apply(gates, state[0], keep, *weights)  # type: ignore[no-untyped-call]
            return out, out[-1:]
        out, cells = LstmLayer.apply(gates, *state, keep, *weights)  # type: ignore[no-untyped-call]
        return out, torch.stack((out[-1], cells[-1]))

    def step(self, x: Tensor, state: Tensor) -> Tensor:
        """x (B, I), state (memories, B, H) -> new state, whose first row is the output."""
        if self.kind == "gru":
            return gru_step(self.enter(x), self.across(state[0]), state[0]).unsqueeze(0)
        return torch.stack(lstm_step(self.enter(x), self.across(state[0]), state[1]))


class Dropout(nn.Module):
    """Dropout with one mask for all steps; Gal & Ghahramani 2016, arXiv 1512.05287."""

    def __init__(self, share: float) -> None:
        """`share` of the units are zeroed, 0 to below 1."""
        super().__init__()
        self.share = share
        # Which streams are here, of how many processes: each draws the masks of all, so that any number of
        # processes trains alike.
        self.deal = (0, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (T, B, H) with a share of the units of each stream zeroed, the same at every step."""
        if not self.training or not self.share:
            return x
        first, every = self.deal
        drawn = torch.rand(x.shape[1] * every, x.shape[2], dtype=x.dtype, device=x.device)
        keep = drawn[first::every] >= self.share
        return x * (keep / (1 - self.share))


class Network(nn.Module):
    """See the module's first lines.  The state is float32 (layers * memories, B, H)."""

    def __init__(self, config: NetworkConfig) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.config = config
        c = config
        self.embed = nn.ModuleDict(
            {name: nn.Embedding(size, c.embed) for name, size in INPUTS.items()}
        )
        self.style = nn.Embedding(c.styles, c.embed)
        self.sounding = nn.Linear(SOUNDING, c.embed)
        self.layers = nn.ModuleList(
            Recurrent(c.kind, c.hidden if i else c.embed, c.hidden) for i in range(c.layers)
        )
        self.summary = nn.Linear(c.hidden, len(HEADS) * c.head)
        self.known = nn.ModuleDict({name: nn.Embedding(INPUTS[name], c.head) for name in QUERY})
        self.out = nn.ModuleDict({name: nn.Linear(c.head, FIELDS[name]) for name in HEADS})
        self.drop = Dropout(c.dropout)
        for module in self.modules():  # small, so that the sum of nine begins near unit size
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.3)

    def initial_state(self, batch: int) -> Tensor:
        """Zeros (layers * memories, batch, H)."""
        memories = self.config.layers * MEMORIES[self.config.kind]
        return torch.zeros(memories, batch, self.config.hidden, device=self.style.weight.device)

    def _inputs(self, rows: Tensor, style: Tensor, sounding: Tensor) -> Tensor:
        """rows (..., 7), style (...), sounding (..., 384) -> (..., E)."""
        total: Tensor = self.style(style) + self.sounding(sounding)
        for column, name in enumerate(INPUTS):
            total = total + self.embed[name](rows[..., column])
        return total

    def _stack(self, state: Tensor) -> Iterator[tuple[int, Recurrent, Tensor]]:
        """The layers, each with its number and its own rows of the state."""
        for i, own in enumerate(state.chunk(len(self.layers))):
            layer = self.layers[i]
            assert isinstance(layer, Recurrent)
            yield i, layer, own

    def forward(
        self, rows: Tensor, style: Tensor, sounding: Tensor, keep: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Run whole sequences.

        rows int (T, B, 7), style int (T, B), sounding float (T, B, 384), keep float (T, B, 1) that
        is 0 where a step starts anew, state (layers * memories, B, H) -> summaries (T, B, 5K),
        state.
        """
        x = self.drop(self._inputs(rows, style, sounding))
        states = []
        for i, layer, own in self._stack(state):
            y, own = layer(x, own, keep)
            x = self.drop(y) + (x if i else 0)  # residual from the second layer on
            states.append(own)
        return self.summary(x), torch.cat(states)

    def step(self, event: Tensor, sounding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance one event.

        event int (B, 8) with the style last, sounding float (B, 384), state -> state, summary
        (B, 5K).
        """
        return self.advance(self._inputs(event[..., :-1], event[..., -1], sounding), state)

    def advance(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The same from what the event adds up to, x (B, E)."""
        states = []
        for i, layer, own in self._stack(state):
            states.append(layer.step(x, own))
            x = states[-1][0] + (x if i else 0)
        return torch.cat(states), self.summary(x)

    def head(self, field: str, summary: Tensor, query: Mapping[str, Tensor]) -> Tensor:
        """Logits (..., classes) of one field from summaries (..., 5K) and what is known."""
        known = [self.known[name](query[name]) for name in HEADS[field]]
        return self.answer(field, summary, sum(known[1:], known[0]) if known else None)

    def answer(self, field: str, summary: Tensor, known: Tensor | None) -> Tensor:
        """The same from what the known fields add up to, (..., K), None where nothing is known."""
        own = summary.chunk(len(HEADS), -1)[list(HEADS).index(field)]
        logits: Tensor = self.out[field](torch.relu(own if known is None else own + known))
        return logits
