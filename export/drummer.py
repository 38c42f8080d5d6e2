"""Finds the grooves that drums fit to a rhythm with, and trains the network that says how a hand would play them.

    python -m export.drummer DATA

DATA holds groove_drums, as an archive or a folder; its training takes in 4/4 that are no fills are learned from.  Kept
are the grooves of `livegen/music/drums/grooves.py`: two bars in a row that keep time, without crashes, none of them
nearly the same as another of its style.  The weights of `livegen/music/drums/drum_touch.py` are learned from each two
bars of a take with the rhythm of the two bars before, reduced to what somebody else might play: all of it, or what
people clap, some of it left out, not quite in time.  With the same seed, machine and libraries the same weights come
out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import click
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from export.command import guarded, put_weights
from livegen.music.drums.drum_bars import CRASH, KICK, RIDE, SIDE_STICK, SNARE
from livegen.music.drums.drum_touch import DILATIONS, FACTS, KERNEL, WEIGHTS, centre, facts
from livegen.music.drums.grooves import (
    BAR,
    KIT,
    LOUDEST,
    STEPS,
    SWINGS,
    TABLE,
    Floats,
    Grid,
    Rhythm,
    clapped,
    drum_number,
    unswung,
    whole,
)
from livegen.music.files.smf import read
from livegen.music.time.swing import STRAIGHT
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import set_of

SET = "groove_drums"
SEED = 1
OFF_BEAT = 0.4, 0.72  # of a beat: where an off-beat eighth may lie
FEWEST_OFF = 8  # of those: so many tell the swing
# Of a groove: in each bar a kick, a snare, a hand in so many beats, and next to no toms.
HANDS, FEWEST_BEATS, MOST_TOMS = (SNARE, SIDE_STICK, 42, 46, RIDE), 3, 2
SAME = 0.9  # of the hits of two grooves of a style, both have: one of them is kept
FEWEST_HITS = 8  # of two bars that are learned from
HIDDEN, BATCH, RATE, EPOCHS = 64, 64, 2e-3, 16
DROPPED = 0.1
HIDES = 0.4  # share of bars of which the hits are to be said
NAMELESS = 0.3  # share of which no style is told
ALONE = 0.1  # share without a rhythm
LEFT_OUT = 0.2  # share of a rhythm that is not played
LOOSE = 0.06  # of a sixteenth: the spread of how late the rest is
WORTH = (4.0, 4.0, 1.0)  # of velocities, latenesses, hits


class Take(NamedTuple):
    """A take on sixteenths, (n, drums): velocities, and how late each hit is, of a sixteenth; swing in percent."""

    style: str
    bpm: float
    swing: float
    hits: Grid
    lates: Floats


class Two(NamedTuple):
    """Two bars of a take, (STEPS, drums), and the two before them."""

    take: Take
    hits: Grid
    lates: Floats
    before: Grid
    lates_before: Floats


def takes(data: Path, split: str) -> Iterator[Take]:
    """The takes of a split in 4/4 that are no fills.  Raises ConfigError where the set is missing."""
    for row, content in set_of(data, SET).described(split):
        _, style, bpm, kind, metre = Path(row["file"]).stem.rsplit("_", 4)
        if metre == "4-4" and kind == "beat":
            score = read(content)
            notes = [note for track in score.tracks for note in notes_of(score, track)]
            struck = [(note.onset, note.pitch, note.velocity) for note in notes]
            if struck:
                yield take_of(f"drums_{style.split('-')[0]}", float(bpm), struck)


def take_of(style: str, bpm: float, struck: Sequence[tuple[float, int, int]]) -> Take:
    """A take by what is struck: beat, pitch, velocity.  Of two hits in one place the louder counts."""
    off = [beat % 1 for beat, _, _ in struck if OFF_BEAT[0] < beat % 1 < OFF_BEAT[1]]
    swing = 100 * median(off) if len(off) >= FEWEST_OFF else STRAIGHT
    swing = swing if swing >= SWINGS else STRAIGHT
    bars = int(max(beat for beat, _, _ in struck) / 4) + 1
    hits = np.zeros((bars * BAR, len(KIT)), np.uint8)
    lates = np.zeros(hits.shape, np.float32)
    for beat, pitch, velocity in struck:
        place, drum = unswung(beat, swing) * 4, drum_number(pitch)
        step = round(place)
        if drum is not None and 0 <= step < len(hits) and velocity > hits[step, drum]:
            hits[step, drum], lates[step, drum] = velocity, place - step
    return Take(style, bpm, swing, hits, lates)


def twos(take: Take, apart: int = 1) -> Iterator[Two]:
    """Each two bars of a take behind two others, beginning so many bars apart."""
    for begin in range(STEPS, len(take.hits) - STEPS + 1, apart * BAR):
        here, before = slice(begin, begin + STEPS), slice(begin - STEPS, begin)
        if np.count_nonzero(take.hits[here]) >= FEWEST_HITS:
            yield Two(
                take, take.hits[here], take.lates[here], take.hits[before], take.lates[before]
            )


# --- grooves ------------------------------------------------------------------------------------------------------


def keeps_time(hits: Grid) -> bool:
    """True of two bars with kick and snare in each, a hand that goes on, and next to no toms."""

    def has(bar: Grid, drums: Sequence[int]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = bar[:, [KIT.index(drum) for drum in drums]] > 0
        return found

    def is_steady(bar: Grid) -> bool:
        beats = has(bar, HANDS).any(1).reshape(4, -1).any(1).sum()
        has_both = has(bar, (KICK,)).any() and has(bar, (SNARE, SIDE_STICK)).any()
        return bool(
            has_both and beats >= FEWEST_BEATS and has(bar, (43, 47, 50)).sum() <= MOST_TOMS
        )

    return is_steady(hits[:BAR]) and is_steady(hits[BAR:])


def grooves(some: Sequence[Take]) -> tuple[list[Grid], list[Take]]:
    """The grooves of some takes, each with its take; none is nearly the same as another of its style."""
    kept, of = list[Grid](), list[Take]()
    flat: dict[str, list[NDArray[np.bool_]]] = {}
    for take in some:
        for begin in range(0, len(take.hits) - STEPS + 1, STEPS):
            hits = take.hits[begin : begin + STEPS].copy()
            hits[:, KIT.index(CRASH)] = 0
            others, own = flat.setdefault(take.style, []), (hits > 0).reshape(-1)
            if keeps_time(hits) and (not others or jaccard(own, np.array(others)).max() <= SAME):
                others.append(own)
                kept.append(hits)
                of.append(take)
    return kept, of


def jaccard(own: NDArray[np.bool_], others: NDArray[np.bool_]) -> Floats:
    """Of the hits of one groove or another of (N, cells), the share that both have (N,)."""
    both = (others & own).sum(-1)
    found: Floats = (both / np.maximum(1, (others | own).sum(-1))).astype(np.float32)
    return found


def keep_grooves(kept: Sequence[Grid], of: Sequence[Take]) -> None:
    """Write the grooves into the package."""
    styles = sorted({take.style for take in of})
    number = np.array([styles.index(take.style) for take in of], np.uint8)
    flat = (np.array(kept) > 0).reshape(len(kept), -1)
    typical = [
        float(jaccard(own, flat[number == style]).mean())
        for own, style in zip(flat, number, strict=True)
    ]
    np.savez_compressed(
        TABLE,
        source=np.array("Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0), train split"),
        hits=np.array(kept),
        styles=np.array(styles),
        style=number,
        bpm=np.array([take.bpm for take in of], np.float16),
        swing=np.array([take.swing for take in of], np.float16),
        typical=np.array(typical, np.float16),
    )
    click.echo(f"{TABLE}: {len(kept)} grooves, {TABLE.stat().st_size} bytes")


# --- the network --------------------------------------------------------------------------------------------------


def rhythm_before(two: Two, is_clapped: bool) -> Rhythm:
    """The rhythm of the two bars before, as a hand plays it: how late, by the loudest drum of each sixteenth."""
    accents = clapped(two.before) if is_clapped else whole(two.before)
    loudest = two.before.argmax(-1)
    lates = np.take_along_axis(two.lates_before, loudest[:, None], -1)[:, 0]
    return Rhythm(accents, np.where(accents > 0, lates, 0.0).astype(np.float32))


def loosely(rhythm: Rhythm, chance: np.random.Generator) -> Rhythm:
    """The same, some of it left out, and not quite in time."""
    left = chance.random(STEPS) >= LEFT_OUT
    lates = rhythm.lates + LOOSE * chance.standard_normal(STEPS).astype(np.float32)
    return Rhythm(np.where(left, rhythm.accents, 0.0).astype(np.float32), lates)


class Network(nn.Module):
    """Convolutions over the sixteenths of two bars, which close to a ring."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(FACTS, HIDDEN)
        self.layers = nn.ModuleList(
            nn.Conv1d(HIDDEN, HIDDEN, KERNEL, padding="same", padding_mode="circular", dilation=by)
            for by in DILATIONS
        )
        self.last = nn.Linear(HIDDEN, 3 * len(KIT))
        self.drop = nn.Dropout(DROPPED)

    def forward(self, seen: Tensor) -> Tensor:
        """Velocities, latenesses and scores of hits: (N, STEPS, FACTS) -> (N, STEPS, 3, drums)."""
        hidden = self.first(seen).transpose(1, 2)
        for layer in self.layers:
            hidden = hidden + layer(self.drop(torch.relu(hidden)))
        said: Tensor = self.last(torch.relu(hidden).transpose(1, 2))
        return said.view(len(seen), STEPS, 3, len(KIT))


def batch(
    some: Sequence[Two], chance: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Give what is seen, velocities (of 127), latenesses about their mean, and the bars whose hits are hidden (N,)."""
    seen, lates, hidden = list[Floats](), list[Floats](), chance.random(len(some)) < HIDES
    for two, hides in zip(some, hidden, strict=True):
        rhythm = loosely(rhythm_before(two, chance.random() < 0.5), chance)
        style = "" if chance.random() < NAMELESS else two.take.style
        told = None if chance.random() < ALONE and not hides else rhythm
        seen.append(facts(None if hides else two.hits, told, style, two.take.bpm, two.take.swing))
        lates.append(two.lates - centre(two.lates, two.hits > 0))
    velocities = np.stack([two.hits for two in some]).astype(np.float32) / LOUDEST
    return (
        torch.tensor(np.stack(seen)),
        torch.tensor(velocities),
        torch.tensor(np.stack(lates)),
        torch.tensor(hidden),
    )


def trained(some: Sequence[Two]) -> Network:
    """The network, after all epochs."""
    torch.manual_seed(SEED)
    chance = np.random.default_rng(SEED)
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    steps = len(some) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, EPOCHS * steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        order, total = chance.permutation(len(some))[: steps * BATCH], np.zeros(3)
        for rows in order.reshape(steps, BATCH):
            seen, velocities, lates, hidden = batch([some[at] for at in rows], chance)
            said = network(seen)
            struck = velocities > 0
            told = struck & ~hidden[:, None, None]
            losses = (
                nn.functional.l1_loss(said[:, :, 0][told], velocities[told]),
                nn.functional.l1_loss(said[:, :, 1][told], lates[told]),
                nn.functional.binary_cross_entropy_with_logits(
                    said[hidden][:, :, 2], struck[hidden].float()
                ),
            )
            loss = sum(
                worth * one for worth, one in zip(WORTH, losses, strict=True) if not one.isnan()
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[union-attr]
            optimizer.step()
            schedule.step()
            total += [one.item() for one in losses]
        velocity, late, hit = total / steps
        click.echo(
            f"epoch {epoch + 1} of {EPOCHS}: velocities {LOUDEST * velocity:.1f}, lateness {late:.3f}, hits {hit:.3f}"
        )
    return network.eval()


def keep_weights(network: Network) -> None:
    """Write the weights into the package, as half floats."""
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    layers = range(len(DILATIONS))
    parts = {
        "first": state["first.weight"].T,
        "first_bias": state["first.bias"],
        "layers": np.stack(
            [state[f"layers.{layer}.weight"].transpose(2, 1, 0) for layer in layers]
        ),
        "layers_bias": np.stack([state[f"layers.{layer}.bias"] for layer in layers]),
        "last": state["last.weight"].T,
        "last_bias": state["last.bias"],
    }
    put_weights(WEIGHTS, parts)


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@guarded
def main(data: Path) -> None:
    """Find grooves and learn how they are played from the set in DATA, and write both into the package."""
    torch.set_num_threads(1)
    some = list(takes(data, "train"))
    keep_grooves(*grooves(some))
    pairs = [two for take in some for two in twos(take)]
    click.echo(f"{len(pairs)} times two bars")
    keep_weights(trained(pairs))


if __name__ == "__main__":
    main()
