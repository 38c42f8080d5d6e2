"""Trains the network that says which key music is in: the weights of `livegen/music/keys/tone.py`.

    python -m export.tone DATA

DATA holds the sets of SETS as archives or folders; of the pieces of their train splits those are learned from whose
key is written, from any beat on and for up to LONGEST beats, some of them twice or half as fast.  In two of five the
music modulates on the way: what follows is transposed, or another piece goes on.  With the same seed, machine and
libraries the same weights come out.
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from torch import Tensor, nn

from export.command import guarded, put_weights
from livegen.music.files.smf import Score, read
from livegen.music.keys.key import Key
from livegen.music.keys.tone import (
    DOUBT,
    HALF_LIVES,
    LASTING,
    LOOK,
    ROWS,
    STRUCK,
    WEIGHTS,
    Floats,
    beats_of,
)
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import bar_of
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import set_of

Heard = Callable[[str], bool]


def _only(*names: str) -> Heard:
    return lambda name: name.startswith(names)


def _without(*names: str) -> Heard:
    return lambda name: name not in names


# The music that is heard: of which set which tracks, and how often beside the others.
SETS: dict[str, tuple[str, Heard, float]] = {
    "pop909_aligned": ("pop909_aligned", _without("CHORDS"), 2.0),
    "pop909_aligned, melody": ("pop909_aligned", _only("MELODY"), 1.0),
    "trad_abc": ("trad_abc", _without(), 2.0),
    "mutopia_pd": ("mutopia_pd", _without(), 1.0),
    "mutopia_more": ("mutopia_more", _without(), 1.0),
    "open_hymnal": ("open_hymnal", _without(), 0.5),
    "open_hymnal, melody": ("open_hymnal", _only("SOPRANO"), 0.5),
    "openewld_leadsheets": ("openewld_leadsheets", _only("MELODY"), 1.0),
    "openewld_leadsheets, chords": ("openewld_leadsheets", _without(), 0.5),
    "rs200_rock": ("rs200_rock", _only("MELODY"), 1.0),
    "rs200_rock, chords": ("rs200_rock", _without(), 1.0),
    "wjd_jazz": ("wjd_jazz", _only("SOLO"), 1.5),
    "wjd_jazz, chords": ("wjd_jazz", _without("BASS"), 1.0),
}
# The labels of these sets say the signature alone, all of them as of major keys: C major may be A minor.
SIGNATURES = ("open_hymnal", "openewld_leadsheets")
SEED = 1
FIRST, SECOND, THIRD = 32, 24, 32  # units of the layers
BATCH, STEPS, RATE = 12, 2400, 4e-3
LONGEST, SETTLES = 128, 2  # beats of an example; those after its beginning that are not asked
MODULATES, ANOTHER = 0.4, 0.3  # how many examples do, and how many of those with another piece
NEAR, FAR = 16, 104  # beats between which a modulation lies
LENGTHS = {0.5: 0.1, 1.0: 0.8, 2.0: 0.1}  # a beat in quarters -> share of the examples
TOLD = 100  # steps after which figures are told and the weights are kept
FEWEST = 40  # notes of a piece
UNKNOWN = -1
_MAJOR = ("maj", "lyd", "mix")  # modes of the labels with a major third
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Piece(NamedTuple):
    """A piece with its keys: notes in beats, and (beat, key) from where each holds; `metre` in beats a bar."""

    file: str
    notes: tuple[Note, ...]
    keys: tuple[tuple[float, Key], ...]
    metre: float
    mode: str  # as it is written: maj, min, dor, mix, ..., of jazz also BLUES
    score: Score

    def key_at(self, beat: float) -> Key:
        """The key that is written at a beat."""
        return self.keys[max(0, bisect_right([at for at, _ in self.keys], beat + 1e-6) - 1)][1]


def key_named(text: str) -> Key:
    """A key of the labels: "Bb:maj", "F#:min", "D:dor".  Raises KeyError."""
    tonic, _, mode = text.partition(":")
    pitch_class = _LETTERS[tonic[:1]] + tonic.count("#") - tonic[1:].count("b")
    return Key(pitch_class % 12, "major" if mode in _MAJOR else "minor")


def pieces(data: Path, split: str, name: str) -> Iterator[Piece]:
    """The pieces of a row of SETS that have a key.  Raises ConfigError where the set is missing."""
    where, heard, _ = SETS[name]
    for row, content in set_of(data, where).described(split):
        if not row["key"] or row.get("n_keys", "1") not in ("", "0", "1"):
            continue
        score = read(content)
        tracks = [track for track in score.tracks if heard(track.name)]
        notes = sorted(note for track in tracks for note in notes_of(score, track))
        if len(notes) < FEWEST:
            continue
        text = row["key"]
        keys = [(0.0, key_named(text))]
        if ";" in row.get("keys", ""):
            changes = [one.split("=") for one in row["keys"].split(";")]
            keys = [(float(at), key_named(key)) for at, key in changes]
        mode = "blues" if row.get("tonality") == "BLUES" else text.partition(":")[2]
        yield Piece(row["file"], tuple(notes), tuple(keys), bar_of(score), mode, score)


class Learned(NamedTuple):
    """A piece as it is learned from, its beat taken as `length` quarters."""

    beats: Floats  # (n, ROWS, 12)
    keys: np.ndarray  # (n,), of KEYS; 24 and more is the signature of a major key


def learned(piece: Piece, is_signature: bool, length: float = 1.0) -> Learned:
    """Beats and keys of a piece, from its first note on."""
    since = int(piece.notes[0].onset)
    notes = [
        Note((note.onset - since) / length, (note.end - since) / length, note.pitch)
        for note in piece.notes
    ]
    found = beats_of(notes, 0)
    keys = [piece.key_at(since + at * length) for at in range(len(found))]
    numbers = [key.tonic + (24 if is_signature else 12 * (key.mode == "minor")) for key in keys]
    return Learned(found.astype(np.float16), np.array(numbers))


class Examples:
    """Draws stretches of music with their keys: sets by their shares, and of each as often major as minor."""

    def __init__(self, sets: dict[str, list[list[Learned]]]) -> None:
        self._chance = random.Random(SEED)
        self._sets = [
            [
                [one for one in some if (12 <= one[0].keys[0] < 24) == is_minor]
                for is_minor in (False, True)
            ]
            for some in sets.values()
        ]
        self._shares = [SETS[name][2] for name in sets]

    def batch(self) -> tuple[Tensor, Tensor]:
        """Beats (BATCH, LONGEST, ROWS, 12), and their keys (BATCH, LONGEST), UNKNOWN where there is none."""
        drawn = [self._example() for _ in range(BATCH)]
        beats, keys = zip(*drawn, strict=True)
        return torch.from_numpy(np.stack(beats)), torch.from_numpy(np.stack(keys))

    def _example(self) -> tuple[Floats, np.ndarray]:
        chance = self._chance
        beats = np.zeros((LONGEST, ROWS, 12), np.float32)
        keys = np.full(LONGEST, UNKNOWN)
        some, theirs = self._from_somewhere()
        turn = chance.randrange(NEAR, FAR) if chance.random() < MODULATES else LONGEST
        count = min(turn, len(some))
        beats[:count], keys[:count] = some[:count], theirs[:count]
        if count == turn:
            shift, is_another = chance.randrange(1, 12), chance.random() < ANOTHER
            some, theirs = some[turn:], theirs[turn:]
            if is_another or len(some) <= SETTLES:
                some, theirs = self._from_somewhere()
            count = min(LONGEST - turn, len(some))
            beats[turn : turn + count] = np.roll(some[:count], shift, axis=2)
            keys[turn : turn + count] = theirs[:count] // 12 * 12 + (theirs[:count] + shift) % 12
        return beats, keys

    def _from_somewhere(self) -> tuple[Floats, np.ndarray]:
        """Beats of a piece from one of them on, and their keys."""
        chance = self._chance
        modes = chance.choices(self._sets, self._shares)[0]
        some = modes[chance.random() < 0.5] or modes[0] or modes[1]
        beats, keys = chance.choices(chance.choice(some), list(LENGTHS.values()))[0]
        begin = chance.choice([0, chance.randrange(max(1, len(beats) - NEAR))])
        return beats[begin:].astype(np.float32), keys[begin:]


_TURNED = (torch.arange(12)[:, None] - torch.arange(12)) % 12  # (seen, from where)


def around(layer: nn.Linear, rows: Tensor) -> Tensor:
    """A layer from rows of pitch classes, seen from each of them with the same weights: (..., R, 12) -> (..., 12, H).

    Its weights are laid out as one matrix, which is less work than to lay out what is seen.
    """
    weight = layer.weight.view(layer.out_features, -1, 12)[:, :, _TURNED]  # (H, R, seen, from)
    matrix = weight.permute(1, 2, 3, 0).reshape(-1, 12 * layer.out_features)
    found = rows.flatten(-2) @ matrix
    result: Tensor = found.view(*found.shape[:-1], 12, -1) + layer.bias
    return result


class Network(nn.Module):
    """The same as `Tone`, of many stretches at once."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(LOOK * ROWS * 12, FIRST)
        self.second = nn.Linear(FIRST * 12, SECOND)
        self.third = nn.Linear(len(HALF_LIVES) * (SECOND + 1), THIRD)
        self.last = nn.Linear(THIRD * 12, 2)

    def forward(self, beats: Tensor) -> Tensor:
        """Scores of the keys after each beat: (N, T, ROWS, 12) -> (N, T, 24)."""
        many, length = beats.shape[:2]
        sums = beats.sum(-1, keepdim=True)
        shares = beats / (sums + 1)
        total = (sums[:, :, LASTING] + sums[:, :, STRUCK])[..., 0]
        counts = total / (total + 1)  # (N, T)
        padded = nn.functional.pad(shares, (0, 0, 0, 0, LOOK - 1, 0))
        window = torch.stack([padded[:, at : at + length] for at in range(LOOK)], 2)
        hidden = torch.relu(around(self.first, window.flatten(2, 3)))  # (N, T, 12, FIRST)
        hidden = torch.relu(around(self.second, hidden.transpose(2, 3)))  # (N, T, 12, SECOND)
        # (N, T, 12 * SECOND + 1)
        weighed = torch.cat([hidden.flatten(2) * counts[..., None], counts[..., None]], 2)
        ago = torch.arange(length)[:, None] - torch.arange(length)
        found = list[Tensor]()
        for life in HALF_LIVES:
            kept = torch.where(ago >= 0, 0.5 ** (ago.clamp(min=0) / life), 0.0)
            summed = kept @ weighed
            count = summed[..., -1:]
            means = (summed[..., :-1] / (count + DOUBT)).view(many, length, 12, SECOND)
            age = torch.log1p(count)[:, :, None].expand(-1, -1, 12, -1)
            found.append(torch.cat([means, age], 3))
        hidden = torch.relu(self.third(torch.cat(found, 3)))
        scores: Tensor = around(self.last, hidden.transpose(2, 3))  # (N, T, 12, 2)
        return scores.transpose(2, 3).flatten(2)


def _right() -> Tensor:
    """Nought where a key is right for a label (KEYS, signatures, none), else less than anything (37, 24)."""
    found = torch.full((37, 24), -1e9)
    for label in range(36):
        tonic = label % 12
        found[label, label % 24] = 0.0
        if label >= 24:
            found[label, 12 + (tonic + 9) % 12] = 0.0
    return found


RIGHT = _right()


def trained(examples: Examples, steps: int) -> Network:
    """The network, after all steps."""
    torch.manual_seed(SEED)
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    total = right = 0.0
    for step in range(1, steps + 1):
        beats, keys = examples.batch()
        scores = network(beats)[:, SETTLES:]
        asked = keys[:, SETTLES:]
        nats = -(scores.log_softmax(-1) + RIGHT[asked]).logsumexp(-1)
        loss = nats[asked >= 0].mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        right += (RIGHT[asked].gather(-1, scores.argmax(-1, keepdim=True)) == 0).sum().item() / max(
            1, int((asked >= 0).sum())
        )
        if step % TOLD == 0:
            click.echo(f"step {step} of {steps}: {total / TOLD:.3f} nats, {right / TOLD:.3f} right")
            total = right = 0.0
            keep(network)
    return network


def keep(network: Network) -> None:
    """Write the weights into the package, as half floats."""
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    parts = {
        name.replace(".weight", "").replace(".bias", "_bias"): value.T
        for name, value in state.items()
    }
    put_weights(WEIGHTS, parts)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--steps", default=STEPS, show_default=True)
@guarded
def main(data: Path, steps: int) -> None:
    """Learn the keys of music from the sets in DATA, and write the weights into the package."""
    torch.set_num_threads(1)
    sets = {
        name: [
            [learned(piece, SETS[name][0] in SIGNATURES, length) for length in LENGTHS]
            for piece in pieces(data, "train", name)
        ]
        for name in SETS
    }
    for name, some in sets.items():
        click.echo(f"{name}: {len(some)} pieces, {sum(len(one[1].keys) for one in some)} quarters")
    trained(Examples(sets), steps)
    click.echo(f"{WEIGHTS}: {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
