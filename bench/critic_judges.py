"""The other judges of replies: a logistic on the scorecard's looks, and two judges with eyes of their own.

All are taught as the critic is (`export/critic.py`): of the replies to one call they are to tell people's.
"""

import random
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from export.critic import Case, surprise
from livegen.music.melody.critic import LINES, Floats, HeardPhrase, Line, heard
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard import responses
from livegen.scorecard.held_out_calls import LeadCall

# The looks of the scorecard that can be seen of a melody on lines.
LOOKS = (
    "reuse", "exact_reuse", "novelty", "key_match", "in_scale", "density_ratio", "density_apart", "off_lines",
    "strong_end", "triad_end",
)  # fmt: skip
ALIKE = ("pitch classes", "intervals", "places in the bar", "rhythm", "density")
BATCH, DECAY, EPOCHS = 32, 3e-2, 20
HIDDEN, DROPPED = 32, 0.3
BEFORE = 40  # notes of a call that the reader reads
BEATS = 6  # of a bar that it tells apart
LEAPS, TIMES, PLACES = 9, (6, 8, 12, 16, 18, 24, 36, 48), 8

Judge = Callable[[Case], list[float]]
T = TypeVar("T", bound=Sized)  # what is seen of the replies to a call


# --- what is seen -------------------------------------------------------------------------------------------------


def notes(line: Line, until: int, since: float) -> tuple[Note, ...]:
    """A melody as notes that are held until the next, from a beat on; the last for half a beat after `until`."""
    ends = [tick for tick, _ in line[1:]] + [max(until, line[-1][0]) + TICKS_PER_BEAT // 2]
    return tuple(
        Note(since + tick / TICKS_PER_BEAT, since + end / TICKS_PER_BEAT, pitch, 80)
        for (tick, pitch), end in zip(line, ends, strict=True)
    )


def lead_call(case: Case) -> LeadCall:
    """The call of a case as the scorecard has it, beat 0 being its first bar line."""
    bar, bars = case.bars.bar / TICKS_PER_BEAT, (case.until + case.bars.strong) // case.bars.bar
    metre = f"{case.bars.bar // 12}/8" if case.bars.bar % 24 else f"{case.bars.bar // 24}/4"
    own = notes(case.phrase, -6, bars * bar)
    return LeadCall(case.piece, metre, bar, bars, 500_000, own)


def looks(case: Case) -> Floats:
    """The scorecard's looks of all replies (N, 15)."""
    call = lead_call(case)
    theirs, rows = responses.Features(call.notes, call.bar), []
    for reply in case.replies:
        own = notes(reply, case.until, call.beats)
        found = responses.measures(call, own, call.beats)
        alike = responses.alike(responses.Features(own, call.bar), theirs)
        row = [found[name] or 0.0 for name in LOOKS]
        row[LOOKS.index("density_ratio")] = np.log2(found["density_ratio"] or 1.0)
        rows.append(row + [alike[name] for name in ALIKE])
    return np.array(rows, np.float32)


def _shares(kinds: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(kinds, minlength=count) / max(1, len(kinds))


def _statistics(line: Line, key: HeardPhrase, bar: int) -> np.ndarray:
    ticks, pitches = np.array(list(line)).T
    leaps, waits = np.diff(pitches), np.diff(ticks)
    turns = np.sign(leaps[1:]) * np.sign(leaps[:-1])
    few = [0.0] * (not len(leaps))
    some = [
        np.log(len(ticks)),
        np.ptp(pitches) / 12,
        pitches.mean() / 12,
        np.mean([*np.abs(leaps), *few]) / 4,
        np.mean([*(leaps == 0), *few]),
        np.mean([*(turns > 0), *few, 0]),
        np.mean([*(turns < 0), *few, 0]),
        np.mean([*(waits[1:] == waits[:-1]), *few, 0]),
        len(set(pitches % 12)) / 12,
        len(set(pitches)) / len(pitches),
        np.max([*waits, *few]) / 48,
        np.std([*waits, *few]) / 12,
    ]
    return np.concatenate(
        [
            _shares((pitches - key.tonic) % 12, 12),
            _shares(np.minimum(np.abs(leaps), LEAPS), LEAPS + 1),
            _shares(np.searchsorted(TIMES, waits, "right"), len(TIMES) + 1),
            _shares(ticks % bar * PLACES // bar, PLACES),
            _shares(np.searchsorted(LINES, ticks % TICKS_PER_BEAT), len(LINES)),
            some,
        ]
    )


def _bars_alike(line: Line, bars: int, bar: int) -> list[float]:
    """Give how alike neighbouring bars are, in notes and in rhythm."""
    hits = [[(t % bar, p) for t, p in line if t // bar == number] for number in range(bars)]
    rhythms = [[(t, 0) for t, _ in some] for some in hits]
    return [
        float(np.mean([_shared(*two) for two in pairwise(some)])) if bars > 1 else 0.0
        for some in (hits, rhythms)
    ]


def _shared(some: Line, others: Line) -> float:
    """Jaccard's index."""
    one, other = set(some), set(others)
    return len(one & other) / max(1, len(one | other))


def counted(case: Case) -> Floats:
    """Count what can be in all replies, and the same by the call: kinds of degrees, leaps, times, places (N, ...)."""
    key = heard(case.phrase)
    theirs, rows = _statistics(case.phrase, key, case.bars.bar), []
    for reply in case.replies:
        own, pitches = (
            _statistics(reply, key, case.bars.bar),
            np.array([pitch for _, pitch in reply]),
        )
        ends = np.zeros((2, 12))
        ends[[0, 1], (pitches[[0, -1]] - key.tonic) % 12] = 1
        leap = (pitches[0] - case.phrase[-1][1]) / 12
        shape = [
            (pitches.argmax() + 1) / len(pitches),
            (pitches[-1] - pitches[0]) / 12,
            leap,
            abs(leap),
        ]
        bars = _bars_alike(reply, case.until // case.bars.bar + 1, case.bars.bar)
        rows.append(
            np.concatenate(
                [own, own - theirs, ends.reshape(-1), shape, bars, [float(key.is_minor)]]
            )
        )
    return np.array(rows, np.float32)


# --- judges of rows -----------------------------------------------------------------------------------------------


def of_rows(
    some: Sequence[Case],
    see: Callable[[Case], Floats],
    hidden: int,
    seed: int,
    epochs: int = EPOCHS,
) -> Judge:
    """A judge that sees a row of numbers of each reply: a logistic with no units hidden, else a layer of those."""
    torch.manual_seed(seed)
    rows = [see(case) for case in some]
    every = np.concatenate(rows)
    middle, spread = every.mean(0), every.std(0) + 1e-3
    network: nn.Module = nn.Linear(len(middle), 1)
    if hidden:
        layers = nn.Dropout(0.1), nn.Linear(len(middle), hidden), nn.ReLU(), nn.Dropout(DROPPED)
        network = nn.Sequential(*layers, nn.Linear(hidden, 1))

    def scores(found: Sequence[Floats]) -> Tensor:
        result: Tensor = network(torch.from_numpy((np.concatenate(found) - middle) / spread))[:, 0]
        return result

    _learn(network, rows, scores, seed, epochs)
    return lambda case: _said(scores([see(case)]))


def _learn(
    network: nn.Module,
    some: Sequence[T],
    scores: Callable[[Sequence[T]], Tensor],
    seed: int,
    epochs: int,
) -> None:
    """Teach a network to tell the first of what is seen of each call."""
    chance, steps = random.Random(seed), max(1, len(some) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        order = chance.sample(range(len(some)), len(some))
        for step in range(steps):
            batch = [some[at] for at in order[step * BATCH : (step + 1) * BATCH]]
            loss = surprise(scores(batch), [len(one) for one in batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    network.eval()


def _said(scores: Tensor) -> list[float]:
    found: list[float] = scores.detach().tolist()
    return found


# --- a judge that reads -------------------------------------------------------------------------------------------


class Read(NamedTuple):
    """A call and a reply as one line of notes (n, ...), and how many of them are the call's."""

    notes: Floats
    before: int


READS = 12 + 3 + len(LINES) + 4 + BEATS


def reading(case: Case) -> list[Read]:
    """Give what the reader reads of each reply."""
    key, before, found = heard(case.phrase), case.phrase[-BEFORE:], []
    for reply in case.replies:
        ticks, pitches = np.array([*before, *reply]).T
        at, rows = np.arange(len(ticks)), np.zeros((len(ticks), READS), np.float32)
        rows[at, (pitches - key.tonic) % 12] = 1
        rows[:, 12] = (pitches - key.middle) / 12
        rows[:, 13] = np.diff(pitches, prepend=pitches[0]) / 6
        rows[:, 14] = np.log2(1 + np.diff(ticks, prepend=ticks[0])) / 3
        rows[at, 15 + np.searchsorted(LINES, ticks % TICKS_PER_BEAT)] = 1
        place = ticks % case.bars.bar
        facts = [place == 0, place % case.bars.strong == 0, at >= len(before)]
        rows[:, 15 + len(LINES) : 19 + len(LINES)] = np.stack(
            [*facts, np.full(len(at), key.is_minor)], 1
        )
        rows[at, READS - BEATS + np.minimum(place // TICKS_PER_BEAT, BEATS - 1)] = 1
        found.append(Read(rows, len(before)))
    return found


@dataclass
class _Padded:
    rows: Tensor  # (N, n, READS)
    lengths: Tensor  # (N,)
    own: Tensor  # (N, n, 1): 1 where a note is the reply's

    @classmethod
    def of(cls, some: Sequence[Sequence[Read]]) -> "_Padded":
        reads = [read for one in some for read in one]
        lengths = torch.tensor([len(read.notes) for read in reads])
        rows = nn.utils.rnn.pad_sequence(
            [torch.from_numpy(read.notes) for read in reads], batch_first=True
        )
        at, before = torch.arange(rows.shape[1]), torch.tensor([read.before for read in reads])
        own = (at >= before[:, None]) & (at < lengths[:, None])
        return cls(rows, lengths, own[:, :, None].float())


class Reader(nn.Module):
    """A recurrent network that reads a call and a reply, note after note."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(READS, HIDDEN)
        self.hear = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.drop, self.last = nn.Dropout(DROPPED), nn.Linear(2 * HIDDEN, 1)

    def forward(self, some: _Padded) -> Tensor:
        """Scores of replies (N,)."""
        hidden, _ = self.hear(self.drop(torch.tanh(self.enter(some.rows))))
        means = (hidden * some.own).sum(1) / some.own.sum(1)
        ends = hidden[torch.arange(len(hidden)), some.lengths - 1]
        scores: Tensor = self.last(self.drop(torch.cat([ends, means], 1)))[:, 0]
        return scores


def reader(some: Sequence[Case], seed: int, epochs: int = EPOCHS) -> Judge:
    """A judge that reads."""
    torch.manual_seed(seed)
    network = Reader()
    _learn(
        network, [reading(case) for case in some], lambda b: network(_Padded.of(b)), seed, epochs
    )
    return lambda case: _said(network(_Padded.of([reading(case)])))
