"""Trains the network that says which chords a melody implies: the weights of `livegen/music/chords/chords_implied.py`.

    python -m export.implied DATA

DATA holds pop909_aligned, rs200_rock, openewld_leadsheets and wjd_jazz, as archives or folders; their train splits are
learned from, each piece as a whole and as if its player had begun anew every eight bars.  With the same seed, machine
and libraries the same weights come out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from torch import Tensor, nn

from export.command import guarded, put_weights
from livegen.music.chords.chords_implied import (
    AHEAD,
    BEFORE,
    CLASSES,
    OTHERS,
    ROWS,
    WEIGHTS,
    Floats,
    Melody,
    by_beats,
    facts,
)
from livegen.music.chords.progressions import class_of
from livegen.music.files.smf import Score, read
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import bar_of, lead_of, written_chords
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import sets_of

# Sets, and how much each of their beats counts: a solo says less of its chords than a song.
SETS = {"pop909_aligned": 1.0, "rs200_rock": 2.0, "openewld_leadsheets": 1.0, "wjd_jazz": 0.3}
SEED = 1
ANEW = 8  # bars after which a player begins anew
HIDDEN, BATCH, RATE, EPOCHS = 96, 512, 2e-3, 12
SHARE = 0.25  # of the beats, of an epoch
DROPPED = 0.1
HEADS = (*AHEAD, -BEFORE)
WORTH = (1.0, 0.7, 0.6, 0.6, 0.5)  # of each head
UNKNOWN = -1


class Tune(NamedTuple):
    """A melody with its chords: bars of `bar` beats, and a class by beat (n,), UNKNOWN where none is written."""

    corpus: str
    bar: int
    notes: tuple[Note, ...]
    chords: np.ndarray


def tunes(data: Path, split: str) -> Iterator[Tune]:
    """All melodies of a split that have chords and bars of whole beats.  Raises ConfigError where a set is missing."""
    for source in sets_of(data, SETS):
        for _, content in source.described(split):
            tune = tune_of(source.name, read(content))
            if tune is not None:
                yield tune


def tune_of(corpus: str, score: Score) -> Tune | None:
    """The melody and the chords of a score; None without either, or with other bars."""
    lead, written = lead_of(score), written_chords(score)
    bar = bar_of(score)
    if lead is None or not written or len(score.metres) > 1 or bar != int(bar):
        return None
    notes = tuple(Note(note.onset, note.end, note.pitch) for note in notes_of(score, lead))
    count = int(max(notes[-1].end, written[-1][0])) + 1
    chords = np.full(count, UNKNOWN)
    for beat, chord in written:
        chords[max(0, round(beat)) :] = UNKNOWN if chord is None else class_of(chord)
    return Tune(corpus, int(bar), notes, chords)


def cut(melody: Melody, since: int, until: int) -> Melody:
    """Some beats of a melody, as if nothing had been before."""
    parts = Melody(*(part[since:until].copy() for part in melody))
    parts.lasting[:1] = 0.0
    parts.onsets[:1] = 0.0
    return parts


class Rows(NamedTuple):
    """The rows that are learned from, one a beat: what is seen, the right class by head, and what it counts."""

    seen: Tensor  # (N, ROWS, 12)
    others: Tensor  # (N, OTHERS)
    right: Tensor  # (N, heads)
    counts: Tensor  # (N,)


def rows(some: Iterator[Tune]) -> Rows:
    """All beats of some tunes, as they are and begun anew."""
    seen, others, right, counts = list[Floats](), list[Floats](), list[np.ndarray](), list[float]()
    for tune in some:
        count = len(tune.chords)
        melody = by_beats(tune.notes, 0, count)
        for length in (count, ANEW * tune.bar):
            for since in range(0, count, length):
                part = cut(melody, since, since + length)
                pitched, beside = facts(part, 0, 0, tune.bar)
                seen.append(pitched.astype(np.float16))
                others.append(beside)
                right.append(_by_heads(tune.chords, since, len(beside)))
                counts += [SETS[tune.corpus]] * len(beside)
    return Rows(
        torch.tensor(np.concatenate(seen)),
        torch.tensor(np.concatenate(others)),
        torch.tensor(np.concatenate(right)),
        torch.tensor(counts, dtype=torch.float32),
    )


def _by_heads(chords: np.ndarray, since: int, count: int) -> np.ndarray:
    """The class that each head is to say at each beat (count, heads); UNKNOWN of beats before `since`."""
    found = np.full((count, len(HEADS)), UNKNOWN)
    for head, by in enumerate(HEADS):
        at = since + np.arange(count) + by
        there = (at >= since) & (at < len(chords))
        found[there, head] = chords[at[there]]
    return found


class Network(nn.Module):
    """Looks at a beat from all twelve roots with the same weights."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = nn.Conv1d(ROWS, HIDDEN, 12, bias=False)
        self.others = nn.Linear(OTHERS, HIDDEN)
        self.second, self.last = nn.Linear(HIDDEN, HIDDEN), nn.Linear(HIDDEN, 2 * len(HEADS))
        self.drop = nn.Dropout(DROPPED)

    def forward(self, seen: Tensor, others: Tensor) -> Tensor:
        """Scores of the chords: (N, ROWS, 12), (N, OTHERS) -> (N, heads, CLASSES)."""
        around = torch.cat([seen, seen[:, :, :11]], dim=2)
        hidden = self.seen(around) + self.others(others)[:, :, None]
        hidden = self.drop(torch.relu(hidden)).transpose(1, 2)  # (N, 12, HIDDEN)
        hidden = self.drop(torch.relu(self.second(hidden)))
        scores: Tensor = self.last(hidden).view(-1, 12, len(HEADS), 2)
        return scores.transpose(1, 2).reshape(-1, len(HEADS), CLASSES)


def trained(given: Rows) -> Network:
    """The network, after all epochs."""
    torch.manual_seed(SEED)
    network, worth = Network(), torch.tensor(WORTH)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    steps = max(1, int(len(given.counts) * SHARE) // BATCH)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (EPOCHS - epoch) / (0.6 * EPOCHS))
        chosen, total = torch.randperm(len(given.counts))[: steps * BATCH].view(steps, BATCH), 0.0
        for at in chosen:
            scores = network(given.seen[at].float(), given.others[at])
            right = given.right[at]
            nats = nn.functional.cross_entropy(
                scores.reshape(-1, CLASSES), right.reshape(-1).clamp(min=0), reduction="none"
            ).view(right.shape)
            counts = (right >= 0) * worth * given.counts[at][:, None]
            loss = (nats * counts).sum() / counts.sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item()
        click.echo(f"epoch {epoch + 1} of {EPOCHS}: {total / steps:.3f} nats")
    return network.eval()


def keep(network: Network) -> None:
    """Write the weights into the package, as half floats."""
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    seen = state["seen.weight"].transpose(1, 2, 0).reshape(ROWS * 12, HIDDEN)
    parts = {
        "seen": seen,
        "others": state["others.weight"].T,
        "first": state["others.bias"],
        "second": state["second.weight"].T,
        "second_bias": state["second.bias"],
        "last": state["last.weight"].T,
        "last_bias": state["last.bias"],
    }
    put_weights(WEIGHTS, parts)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@guarded
def main(data: Path) -> None:
    """Learn the chords of melodies from the sets in DATA, and write the weights into the package."""
    given = rows(tunes(data, "train"))
    click.echo(f"{len(given.counts)} beats")
    keep(trained(given))


if __name__ == "__main__":
    main()
