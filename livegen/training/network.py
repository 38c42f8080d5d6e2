"""The network: one event in, the distribution of the next out, field by field.

An event's fields and its context (place in the bar, interval, style, what sounds) are embedded and
summed, pass a stack of recurrent layers (training/recurrence.py, training/delta.py), which may look
back over the latest events (training/looking_back.py), or a transformer (training/attention.py), and five
small heads predict time, part, on/off, pitch and velocity in that order, each given the fields
before (docs/ARCHITECTURE.md; the idea of one event a step is Notochord's).  Pitch is predicted
twice, as itself and as an interval from the onset before it, and the logits are added.

Shapes: B streams, T steps, E = embed, H = hidden, K = head, N numbers of state.  Whole sequences go
through `forward`, single steps through `step`; export/parity.py proves them equal.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from livegen.codec.layout import (
    FARTHEST,
    FIELDS,
    INTERVALS,
    MAX_BAR_CLASS,
    NO_GRID,
    NO_PITCH,
    SOUNDING,
)
from livegen.training.attention import Attention
from livegen.training.delta import DeltaBlock
from livegen.training.looking_back import SIZE, LookBack
from livegen.training.recurrence import (
    GATES,
    MEMORIES,
    GruLayer,
    LstmLayer,
    gru_step,
    lstm_step,
)

# The inputs, in the order of a row's columns, each with its number of classes; style is last.
INPUTS = {**FIELDS, "position": NO_GRID + 1, "bar": MAX_BAR_CLASS + 1, "interval": INTERVALS}
# The facts that are known of the event being predicted, and those that each head may look at.
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
    kind: str = "gru"  # gru, lstm, delta or attention
    hidden: int = 512
    layers: int = 1
    embed: int = 256
    head: int = 256
    window: int = 0  # events looked back over; 0: it does not look back
    dropout: float = 0.1

    def facts(self) -> dict[str, Any]:
        """The fields as a plain mapping."""
        return asdict(self)


class Recurrent(nn.Module):
    """A layer: weights (G*H, I), (G*H, H) and biases as torch.nn.GRU or LSTM has them."""

    def __init__(self, kind: str, inputs: int, hidden: int) -> None:
        """`kind` is gru or lstm."""
        super().__init__()
        self.kind, self.size = kind, MEMORIES[kind] * hidden
        self.enter = nn.Linear(inputs, GATES[kind] * hidden)
        self.across = nn.Linear(hidden, GATES[kind] * hidden)
        for weight in self.across.weight.data.chunk(GATES[kind]):
            nn.init.orthogonal_(weight)
        if kind == "lstm":  # a forget gate that starts open; Jozefowicz et al. 2015
            self.enter.bias.data[hidden : 2 * hidden] = 1.0

    def forward(self, x: Tensor, state: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
        """x (T, B, I), state (B, memories * H), keep (T, B, 1) -> outputs (T, B, H), new state."""
        gates = self.enter(x).float()
        low = torch.is_autocast_enabled(x.device.type)
        weights = (self.across.weight, self.across.bias, low)
        if self.kind == "gru":
            out = GruLayer.apply(gates, state, keep, *weights)  # type: ignore[no-untyped-call]
            return out, out[-1]
        memories = state.chunk(2, -1)
        out, cells = LstmLayer.apply(gates, *memories, keep, *weights)  # type: ignore[no-untyped-call]
        return out, torch.cat((out[-1], cells[-1]), -1)

    def step(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, I), state (B, memories * H) -> output (B, H), new state."""
        if self.kind == "gru":
            h = gru_step(self.enter(x), self.across(state), state)
            return h, h
        h, c = state.chunk(2, -1)
        h, c = lstm_step(self.enter(x), self.across(h), c)
        return h, torch.cat((h, c), -1)


class Dropout(nn.Module):
    """Dropout with one mask for all steps; Gal & Ghahramani 2016, arXiv 1512.05287."""

    def __init__(self, share: float) -> None:
        """`share` of the units are zeroed, 0 to below 1."""
        super().__init__()
        self.share = share
        # The streams that are here, and the number of processes: each draws the masks of all, so that any number of
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
    """See the module's first lines.  The state is float32 (B, N)."""

    around: Tensor

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
        self.drop = Dropout(c.dropout)
        is_attention, is_delta = c.kind == "attention", c.kind == "delta"
        self.layers = nn.ModuleList(
            DeltaBlock(c.hidden)
            if is_delta
            else Recurrent(c.kind, c.hidden if i else c.embed, c.hidden)
            for i in range(0 if is_attention else c.layers)
        )
        # Of blocks that add to what entered, normalised before each; a GRU's first layer makes way for nothing.
        self.last = nn.LayerNorm(c.hidden) if is_delta else None
        self.attention = (
            Attention(c.hidden, c.layers, c.window, self.drop) if is_attention else None
        )
        self.summary = nn.Linear(c.hidden, len(HEADS) * c.head)
        self.known = nn.ModuleDict({name: nn.Embedding(INPUTS[name], c.head) for name in QUERY})
        self.out = nn.ModuleDict({name: nn.Linear(c.head, FIELDS[name]) for name in HEADS})
        # The likelihood of each interval, wherever it begins: of a figure heard in one place and played in another.
        self.interval = nn.Linear(c.head, 2 * FARTHEST + 1)
        self.register_buffer("around", torch.zeros(1, NO_PITCH - FARTHEST), persistent=False)
        looks_back = c.window and not is_attention
        self.recall = LookBack(c.hidden, c.embed, c.window) if looks_back else None
        for module in self.modules():  # small, so that the sum of nine begins near unit size
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.3)

    def learn_styles(self, count: int) -> None:
        """Make room for `count` styles, at least as many as there are; a new one begins as the unknown one sounds."""
        known = self.style.weight
        with torch.no_grad():
            more = known[:1].expand(count - len(known), -1)
            self.style = nn.Embedding(count, known.shape[1], _weight=torch.cat([known, more]))
        self.config = replace(self.config, styles=count)

    @property
    def state_sizes(self) -> list[int]:
        """Numbers of a stream's state: of each layer, then of what is looked back over."""
        if self.attention:
            return [self.attention.size]
        layers = [layer.size for layer in self.layers if isinstance(layer, Recurrent | DeltaBlock)]
        return layers + ([self.recall.size] if self.recall else [])

    def initial_state(self, batch: int) -> Tensor:
        """Zeros (batch, N)."""
        return torch.zeros(batch, sum(self.state_sizes), device=self.style.weight.device)

    def _inputs(self, rows: Tensor, style: Tensor, sounding: Tensor) -> Tensor:
        """rows (..., 8), style (...), sounding (..., 384) -> (..., E)."""
        total: Tensor = self.style(style) + self.sounding(sounding)
        for column, name in enumerate(INPUTS):
            total = total + self.embed[name](rows[..., column])
        return total

    def forward(
        self, rows: Tensor, style: Tensor, sounding: Tensor, keep: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Run whole sequences.

        rows int (T, B, 8), style int (T, B), sounding float (T, B, 384), keep float (T, B, 1) that
        is 0 where a step starts anew, state (B, N) -> summaries (T, B, 5K), state.
        """
        x = entered = self.drop(self._inputs(rows, style, sounding))
        if self.attention:
            x, state = self.attention(entered, keep, state)
            return self.summary(x), state
        pieces = list(torch.split(state, self.state_sizes, -1))
        out = x
        for i, layer in enumerate(self.layers):
            out, pieces[i] = layer(x, pieces[i], keep)
            x = self.drop(out) + (
                x if i or self.last else 0
            )  # of a GRU residual from the second layer on
        if self.last:
            x = out = self.last(x)
        if self.recall:
            found, pieces[-1] = self.recall(entered, out, keep, pieces[-1])
            x = x + self.drop(found)
        return self.summary(x), torch.cat(pieces, -1)

    def step(self, event: Tensor, sounding: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Advance one event.

        event int (B, 9) with the style last, sounding float (B, 384), state -> state, summary
        (B, 5K).  A network that looks back takes one stream only.
        """
        x = self._inputs(event[..., :-1], event[..., -1], sounding)
        if self.attention:
            x, state = self.attention(x[None], torch.ones(1, len(x), 1, device=x.device), state)
            return state, self.summary(x[0])
        return self.advance(x, state)

    def step_ring(
        self, event: Tensor, sounding: Tensor, ring: Tensor, position: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Advance a transformer by one event of one stream, as it plays: the entry for the ring, and the summary."""
        return self.advance_ring(
            self._inputs(event[..., :-1], event[..., -1], sounding), ring, position
        )

    def advance_ring(self, x: Tensor, ring: Tensor, position: Tensor) -> tuple[Tensor, Tensor]:
        """The same of a transformer as it plays; see `Attention.advance`.  Gives the entry, and the summary (1, 5K)."""
        assert self.attention
        x, entry = self.attention.advance(x, ring, position)
        return entry, self.summary(x)

    def advance(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The same from what the event adds up to, x (B, E)."""
        new, entered, out, done = [], x, x, 0
        for i, layer in enumerate(self.layers):
            assert isinstance(layer, Recurrent | DeltaBlock)
            out, own = layer.step(x, state[:, done : done + self.state_sizes[i]])
            x = out + (x if i or self.last else 0)
            new.append(own)
            done += self.state_sizes[i]
        if self.last:
            x = out = self.last(x)
        if self.recall:
            found, *memory = self.recall.step(entered, out, state[:, done + 2 * SIZE :])
            x = x + found
            new += memory
        return torch.cat(new, -1), self.summary(x)

    def head(self, field: str, summary: Tensor, query: Mapping[str, Tensor]) -> Tensor:
        """Logits (..., classes) of one field from summaries (..., 5K) and what is known."""
        known = [self.known[name](query[name]) for name in HEADS[field]]
        added = sum(known[1:], known[0]) if known else None
        return self.answer(field, summary, added, query.get("before"))

    def answer(
        self, field: str, summary: Tensor, known: Tensor | None, before: Tensor | None
    ) -> Tensor:
        """The same from what the known fields add up to, (..., K), None where nothing is known.

        before int (...) is asked of pitch alone.
        """
        first = list(HEADS).index(field) * self.config.head
        own = summary[..., first : first + self.config.head]
        seen = torch.relu(own if known is None else own + known)
        logits: Tensor = self.out[field](seen)
        if field != "pitch":
            return logits
        assert before is not None
        # Zeros around the intervals, so that one look-up serves every pitch and every `before`.
        around = self.around.expand(*seen.shape[:-1], -1)
        near = torch.cat((around, self.interval(seen), around), -1)
        place = torch.arange(FIELDS["pitch"], device=before.device) + NO_PITCH - before[..., None]
        return logits + near.gather(-1, place)
