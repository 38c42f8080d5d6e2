"""A recurrent network over frames, and two ways to read the next frame's probability off it.

`Joint`: the frame's notes are events in ascending order with an end of frame behind them,
p(frame | past) = prod_i p(note_i | past, notes below it) * p(end | past, notes).
Only keys above the last one are legal, so each set of keys has exactly one spelling and the product is a distribution
over sets; the chain is that of NADE (Larochelle & Murray 2011) over notes that sound instead of over all keys, and
the categorical note events are those of Walder 2016, arXiv 1606.01368.

`Independent`: a sigmoid for each key, -sum_k y log p + (1 - y) log(1 - p), as in Chung et al. 2014, arXiv 1412.3555,
and Bai et al. 2018, arXiv 1803.01271.

Shapes: T steps, B pieces, F scored frames, E events, K keys, H hidden, D head, W window.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.polyphony.batches import PLACES, Steps
from bench.polyphony.rolls import KEYS, MATCH_CLASSES
from livegen.training.network import Dropout, Recurrent

END = KEYS  # the event behind a frame's last note
REACH = 30  # semitones up and down that are seen relative to the last note


@dataclass(frozen=True, slots=True)
class Config:
    """Size and kind."""

    family: str = "joint"  # joint or independent
    hidden: int = 384
    layers: int = 1
    head: int = 512
    dropout: float = 0.3
    # Shows what followed when the piece was last as it is now, and the frame's place.
    recall: bool = True
    relative: bool = True  # shows and asks for notes by their distance from the last one too


class Events(NamedTuple):
    """The events of F frames: which frame (E), keys below (E, K), the last key or -1 (E), the next or END (E)."""

    frame: Tensor
    below: Tensor
    last: Tensor
    target: Tensor


def events(frames: Tensor, keys: int = KEYS) -> Events:
    """bool (F, K) -> the events that spell the frames, in order."""
    spelt = functional.pad(frames, (0, 1), value=True)  # the end is the column behind the keys
    frame, target = spelt.nonzero(as_tuple=True)
    last = torch.roll(target, 1)
    last = torch.where(last == keys, -1, last)  # behind an end a frame begins
    below = frames[frame] & (torch.arange(keys, device=frames.device) < target[:, None])
    return Events(frame, below, last, target)


class Trunk(nn.Module):
    """From what was heard to a summary (T, B, H) of it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.recall = config.recall
        width = KEYS + (KEYS + len(MATCH_CLASSES) + 1 + PLACES if config.recall else 0)
        self.layers = nn.ModuleList(
            Recurrent("gru", config.hidden if i else width, config.hidden)
            for i in range(config.layers)
        )
        self.drop_in, self.drop = Dropout(config.dropout / 3), Dropout(config.dropout)

    def forward(self, steps: Steps, state: Tensor) -> tuple[Tensor, Tensor]:
        """State (layers, B, H) -> summaries, state."""
        x = heard(steps) if self.recall else steps.now
        x = self.drop_in(x)
        states = []
        for i, layer in enumerate(self.layers):
            out, last = layer(x, state[i], steps.keep)
            states.append(last)
            x = self.drop(out) + (x if i else 0)
        return x, torch.stack(states)


def heard(steps: Steps) -> Tensor:
    """(T, B, inputs): the frame, the recalled one, how good its match is, and the place."""
    match = functional.one_hot(steps.match, len(MATCH_CLASSES) + 1)
    place = functional.one_hot(steps.place, PLACES)
    return torch.cat((steps.now, steps.recalled, match, place), -1)


class Independent(nn.Module):
    """A sigmoid for each key."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.out = nn.Linear(config.hidden, KEYS)

    def forward(self, summary: Tensor, context: Tensor, target: Tensor) -> Tensor:
        """Summary (F, H), target bool (F, K) -> nats (F)."""
        logits = self.out(summary).float()
        return functional.binary_cross_entropy_with_logits(
            logits, target.float(), reduction="none"
        ).sum(-1)


class Joint(nn.Module):
    """Events in ascending order.

    Each sees the summary, the context (F, C, K), which holds the frame before and the recalled one, and the notes
    below; all three by key and, where `relative`, by the distance from the last note.
    """

    def __init__(self, config: Config, keys: int = KEYS, contexts: int = 2) -> None:
        super().__init__()
        self.keys, self.relative = keys, config.relative
        window = 2 * REACH + 1
        self.summary = nn.Linear(config.hidden, config.head)
        self.context = nn.Linear(contexts * keys, config.head, bias=False)
        self.below = nn.Linear(keys, config.head, bias=False)
        self.last = nn.Embedding(keys + 1, config.head)
        nn.init.normal_(self.last.weight, std=0.1)
        self.deeper = nn.Linear(config.head, config.head)
        self.out = nn.Linear(config.head, keys + 1)
        if config.relative:
            self.around = nn.Linear((contexts + 1) * window, config.head, bias=False)
            self.step = nn.Linear(config.head, window)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, summary: Tensor, context: Tensor, target: Tensor) -> Tensor:
        """Summary (F, H), context (F, C, K), target bool (F, K) -> nats (F)."""
        spelt = events(target, self.keys)
        per_frame = self.summary(summary) + self.context(context.flatten(1))
        x = per_frame[spelt.frame] + self.below(spelt.below.float()) + self.last(spelt.last + 1)
        if self.relative:
            anchor = torch.where(spelt.last < 0, lowest(context[:, 0])[spelt.frame], spelt.last)
            # (E, C + 1, K)
            seen = torch.cat((context[spelt.frame], spelt.below[:, None].float()), 1)
            x = x + self.around(window(seen, anchor).flatten(1))
        x = self.drop(torch.relu(x))
        x = x + self.drop(torch.relu(self.deeper(x)))
        logits = self.out(x).float()  # (E, K + 1)
        if self.relative:
            logits = logits + unwound(self.step(x).float(), anchor, self.keys)
        key = torch.arange(self.keys + 1, device=logits.device)
        logits = logits.masked_fill(key <= spelt.last[:, None], -torch.inf)
        nats = functional.cross_entropy(logits, spelt.target, reduction="none")
        return torch.zeros(len(target), device=nats.device).index_add(0, spelt.frame, nats)


def lowest(frames: Tensor) -> Tensor:
    """(F, K) of 0 and 1 -> the lowest key that sounds (F), the middle of the keyboard in silence."""
    keys = frames.shape[-1]
    falling = torch.arange(keys, 0, -1, device=frames.device)
    sounds, where = (frames * falling).max(-1)
    return torch.where(sounds > 0, where, keys // 2)


def window(seen: Tensor, anchor: Tensor) -> Tensor:
    """(E, C, K) and keys (E) -> (E, C, W): REACH semitones up and down from each key, silent beyond the keyboard."""
    padded = functional.pad(seen, (REACH, REACH))
    where = anchor[:, None] + torch.arange(2 * REACH + 1, device=seen.device)
    return padded.gather(2, where[:, None].expand(-1, seen.shape[1], -1))


def unwound(steps: Tensor, anchor: Tensor, keys: int) -> Tensor:
    """Scores of distances (E, W) from keys (E) -> of keys and the end (E, K + 1), 0 where out of reach."""
    padded = functional.pad(steps, (1, 1))
    distance = torch.arange(keys, device=steps.device) - anchor[:, None]
    scores = padded.gather(1, (distance + REACH + 1).clamp(0, 2 * REACH + 2))
    return functional.pad(scores, (0, 1))


class Network(nn.Module):
    """The trunk and one of the heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.trunk = Trunk(config)
        self.head = {"joint": Joint, "independent": Independent}[config.family](config)

    def initial_state(self, streams: int) -> Tensor:
        """Zeros (layers, B, H)."""
        return torch.zeros(self.config.layers, streams, self.config.hidden)

    def forward(self, steps: Steps, state: Tensor) -> tuple[Tensor, Tensor]:
        """Nats of the scored frames (F), in the order of `scored`, and the state."""
        summary, state = self.trunk(steps, state)
        context = torch.stack((steps.now, steps.recalled), 2)[steps.scored]  # (F, 2, K)
        if not self.config.recall:
            context[:, 1] = 0
        nats: Tensor = self.head(summary[steps.scored], context, steps.target[steps.scored])
        return nats, state
