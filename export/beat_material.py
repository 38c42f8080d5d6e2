"""Excerpts of people's music as somebody might play them to livegen, with the beats that are right.

A piece is a few voices with bar lines.  An excerpt is some of it, from a bar line or after a rest, at some tempo, as
written or as by hand, straight or swung, steady or not.  `export.beats` learns from excerpts of the train split,
`bench.beats` measures on those of the validation split.
"""

import csv
import io
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from export.beat_phrases import phrase
from livegen.errors import MidiFileError
from livegen.music.beat.beat_network import Bars
from livegen.music.files.smf import read
from livegen.music.files.tempo_map import DEFAULT_TEMPO
from livegen.music.melody.phrase import Played
from livegen.music.messages import NoteOn
from livegen.music.note import Note
from livegen.music.parts import DRUM_CHANNEL, DRUMS, LEAD
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import METADATA, SPLIT_WORDS, discover

# Sets whose bar lines are right, and how often each is drawn from.
SHARES = {
    "trad_abc": 0.18, "pop909_aligned": 0.1, "wjd_jazz": 0.15, "groove_drums": 0.17, "openscore_lieder": 0.08,
    "openewld_leadsheets": 0.07, "rs200_rock": 0.07, "mutopia_pd": 0.05, "mutopia_more": 0.04,
    "openscore_quartets": 0.03, "band_arrangements": 0.03, "open_hymnal": 0.02, "openscore_orchestra": 0.02,
}  # fmt: skip
# The share of excerpts learned from that are phrases made by rule, where nothing else is said.
MADE, MADE_SHARE = "made", 0.4
# Tracks that repeat others, or were not heard by people.
CHORDS = "chords"
LEFT_OUT = {"pop909_aligned": CHORDS, "wjd_jazz": "bass"}
# Sets that are written straight and may be swung, and those whose tempo was played.
WRITTEN = {"trad_abc", "openewld_leadsheets", "pop909_aligned", "rs200_rock", "mutopia_more"}
PERFORMED = {"wjd_jazz", "pop909_aligned"}
# The share of excerpts in these bars that is kept: there is much dance music in the sets.
KEPT = {Bars(2, 24): 0.45, Bars(3, 24): 0.7, Bars(2, 36): 0.6, Bars(3, 36): 0.5}
FEWEST_NOTES, LONGEST_ONSETS, FEWEST_ONSETS = 8, 64, 5
SLOWEST_SWING = 84  # beats a minute
CHORD = 0.03  # quarters within which onsets are one
STEP = 0.05  # quarters between places where the tempo may change

Floats = NDArray[np.float64]
USUAL_SHARE = 0.75  # so many excerpts of people's are about as fast as they are written; the others have any tempo


class Voice(NamedTuple):
    """A track: rows of onset and end in quarter notes, pitch and velocity (N, 4)."""

    notes: NDArray[np.float32]
    is_drum: bool


class Piece(NamedTuple):
    """A file: its voices, its (quarter, numerator, denominator), and its (quarter, micros per quarter).

    `is_barred` is False where its chords, if it names any, change elsewhere more often than on its bar lines.
    """

    corpus: str
    style: str
    voices: tuple[Voice, ...]
    metres: tuple[tuple[float, int, int], ...]
    tempos: tuple[tuple[float, int], ...]
    is_barred: bool = True


# The pieces of each set, those of a style beside each other.
Groups = dict[str, list[list[Piece]]]


def first_line(piece: Piece) -> list[Note]:
    """The notes of the first voice of a piece in 4/4 throughout; none of another piece, nor of drums."""
    voice = piece.voices[0]
    if {metre[1:] for metre in piece.metres} != {(4, 4)} or voice.is_drum:
        return []
    return [Note(on, end, int(pitch), int(loud)) for on, end, pitch, loud in voice.notes.tolist()]


class Excerpt(NamedTuple):
    """A piece of what was played, in `bars`: notes in seconds (N, 5: onset, end, pitch, velocity, 1 for a drum).

    `beats` (N,) says where each onset lies, in beats from a bar line; `period_s` is how long a beat is at the end.
    """

    corpus: str
    style: str
    bars: Bars
    notes: Floats
    beats: Floats
    period_s: float

    def played(self) -> list[Played]:
        """The notes in micros."""
        return [
            Played(
                round(on * 1e6), round(end * 1e6), int(pitch), round(loud), DRUMS if drum else LEAD
            )
            for on, end, pitch, loud, drum in self.notes
        ]


@dataclass(frozen=True, slots=True)
class Manner:
    """The manner in which an excerpt is played.

    `bpm` is its beats a minute, None as in the file; `swing` the share of a beat that the first of two halves takes, 0
    as written; `hand_s` the spread of its onsets; `rubato` by how much its tempo goes up and down, over `wave`
    quarters; `held` how much of its length a note is held; `loudness` the spread of velocities, `accent` how much
    louder a downbeat is (other beats by two fifths of that); `last_s` how long the last note has sounded, None if it is
    over.
    """

    bpm: float | None = None
    swing: float = 0.0
    hand_s: float = 0.0
    rubato: float = 0.0
    wave: float = 24.0
    held: float = 1.0
    loudness: float = 0.0
    accent: float = 0.0
    last_s: float | None = None


def pieces(data: Path, split: str) -> dict[str, list[Piece]]:
    """All pieces of a split, by set."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for source in discover(data):
        if source.name not in SHARES:
            continue
        files = source.files()
        rows = {row["file"]: row for row in _metadata(files)}
        jobs = [
            (source.name, rows[name].get("style", ""), content)
            for name, content in files
            if name in rows and SPLIT_WORDS.get(rows[name]["split"].lower()) == split
        ]
        with ProcessPoolExecutor() as pool:
            found[source.name] = [p for p in pool.map(_piece, jobs, chunksize=32) if p is not None]
    return dict(found)


def _metadata(files: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, str]]:
    for name, content in files:
        if name == METADATA:
            yield from csv.DictReader(io.StringIO(content.decode()))


def _piece(job: tuple[str, str, bytes]) -> Piece | None:
    corpus, style, content = job
    try:
        score = read(content)
    except MidiFileError:
        return None
    voices, is_barred = [], True
    for track in score.tracks:
        notes = notes_of(score, track)
        is_left_out = track.name.lower().startswith(LEFT_OUT.get(corpus, "\0"))
        if is_left_out and LEFT_OUT[corpus] == CHORDS and score.metres:
            is_barred = _change_on_bar_lines(notes, score.metres[0][1:])
        if len(notes) < FEWEST_NOTES or is_left_out:
            continue
        channel = next(m.channel for _, m in track.messages if isinstance(m, NoteOn))
        rows = np.array([note[:4] for note in notes], np.float32)
        voices.append(Voice(rows, channel == DRUM_CHANNEL))
    if not voices or not score.metres:
        return None
    metres = tuple((tick / score.ppqn, over, under) for tick, over, under in score.metres)
    tempos = tuple((tick / score.ppqn, micros) for tick, micros in score.tempos)
    return Piece(corpus, style, tuple(voices), metres, tempos or ((0, DEFAULT_TEMPO),), is_barred)


def _change_on_bar_lines(chords: Sequence[Note], metre: tuple[int, int]) -> bool:
    """True if chords, or none, change nowhere in bars more often than on their first beat."""
    struck: dict[int, set[int]] = defaultdict(set)
    for chord in chords:
        struck[round(2 * chord.onset)].add(chord.pitch % 12)
    bar = max(1, 8 * metre[0] // metre[1])
    often, before = [0] * bar, set[int]()
    for half in sorted(struck):
        often[half % bar] += struck[half] != before
        before = struck[half]
    return often[0] == max(often)


def bars_of(over: int, under: int) -> Bars | None:
    """The bars of a time signature by what is counted in them; None for those that are not told apart.

    3/8 counts eighths as 3/4 counts quarters; 2/2 is taken for 4/4.
    """
    match over, under:
        case 6 | 9 | 12, 8:
            return Bars(over // 3, 36)
        case 7, 8:
            return Bars(7, 12)
        case (2, 2) | (4, 4):
            return Bars(4, 24)
        case 2 | 3 | 5, 4:
            return Bars(over, 24)
        case _:
            return None


def by_style(material: dict[str, list[Piece]]) -> Groups:
    """The pieces of each set by their style."""
    found: Groups = {}
    for name, some in material.items():
        styles: dict[str, list[Piece]] = defaultdict(list)
        for piece in some:
            styles[piece.style].append(piece)
        found[name] = [styles[style] for style in sorted(styles)]
    return found


def draw(material: Groups, chance: random.Random, made_share: float = MADE_SHARE) -> Excerpt:
    """An excerpt of any piece, by the shares of the sets, played in any way; so many are phrases made by rule.

    A style of which there are four times as many pieces is drawn from twice as often.
    """
    names = [name for name in SHARES if material.get(name)]
    weights = [SHARES[name] for name in names]
    while True:
        if chance.random() < made_share:
            by_rule = made(chance)
            if by_rule is not None:
                return by_rule
        styles = material[chance.choices(names, weights)[0]]
        some = chance.choices(styles, [math.sqrt(len(style)) for style in styles])[0]
        excerpt = excerpt_of(chance.choice(some), chance)
        if excerpt is not None and chance.random() < KEPT.get(excerpt.bars, 1.0):
            return excerpt


def made(chance: random.Random) -> Excerpt | None:
    """A phrase made by rule, played in any way; None where it is too short."""
    style, rows = phrase(chance)
    bars, beat = style.bars, style.bars.ticks / 24
    number = np.cumsum(np.diff(rows[:, 0], prepend=-math.inf) > CHORD)
    rows = rows[number <= LONGEST_ONSETS]
    if len(np.unique(rows[:, 0].round(2))) < FEWEST_ONSETS:
        return None
    usual_bpm = style.bpm * math.exp(chance.gauss(0, 0.12))
    manner = _any_manner(MADE, bars, usual_bpm, chance)
    swing = (
        chance.uniform(0.55, 0.7)
        if chance.random() < style.swings and usual_bpm > SLOWEST_SWING
        else 0.0
    )
    manner = replace(manner, swing=swing)
    beats = rows[:, 0] / beat
    piece = Piece(MADE, MADE, (), (), ())
    return _performed(piece, 0.0, bars, rows, beats, usual_bpm, manner, chance)


def excerpt_of(
    piece: Piece, chance: random.Random, manner: Manner | None = None, onsets: int | None = None
) -> Excerpt | None:
    """An excerpt of so many onsets, or of any length; None where the draw leads to nothing."""
    at = chance.randrange(len(piece.metres))
    begin, over, under = piece.metres[at]
    end = piece.metres[at + 1][0] if at + 1 < len(piece.metres) else math.inf
    bars = bars_of(over, under)
    if bars is None:
        return None
    rows = _voices(piece, chance)
    rows = rows[(rows[:, 0] > begin - CHORD) & (rows[:, 0] < end - CHORD)]
    rows[:, :2] -= begin
    if manner is None:
        bars, rows = _other_bars(piece, bars, rows, chance)
    beat = bars.ticks / 24
    some = _some(rows, beat, bars.beats * beat, onsets, chance)
    if some is None:
        return None
    usual_bpm = _usual_bpm(piece, bars, begin + some[0, 0])
    chosen = manner or _any_manner(piece.corpus, bars, usual_bpm, chance)
    return _performed(piece, begin, bars, some, some[:, 0] / beat, usual_bpm, chosen, chance)


def _performed(
    piece: Piece,
    begin: float,
    bars: Bars,
    rows: Floats,
    beats: Floats,
    usual_bpm: float,
    manner: Manner,
    chance: random.Random,
) -> Excerpt:
    """The notes of a piece, from quarter `begin` on, as they are played in a manner."""
    notes, beat = rows.copy(), bars.ticks / 24
    if manner.swing:
        notes[:, 0], notes[:, 1] = (_swung(notes[:, column], manner.swing) for column in (0, 1))
    bpm = manner.bpm or usual_bpm
    notes[:, 3] += manner.accent * _accents(beats, bars.beats)
    period, notes = _played(piece, begin, notes, 60 / bpm / beat, manner, chance)
    order = np.argsort(notes[:, 0], kind="stable")
    return Excerpt(piece.corpus, piece.style, bars, notes[order], beats[order], period * beat)


def _voices(piece: Piece, chance: random.Random) -> Floats:
    """The notes of one voice, more often the first, or of all."""
    voices: Sequence[Voice] = piece.voices
    if len(voices) > 1 and chance.random() < 0.55:
        is_first = piece.corpus == "pop909_aligned" and chance.random() < 0.6
        voices = [voices[0] if is_first else chance.choice(voices)]
    rows = np.concatenate(
        [np.column_stack([v.notes, np.full(len(v.notes), v.is_drum)]) for v in voices]
    )
    return np.asarray(rows[np.argsort(rows[:, 0], kind="stable")], np.float64)


def _other_bars(
    piece: Piece, bars: Bars, rows: Floats, chance: random.Random
) -> tuple[Bars, Floats]:
    """Bars of which the sets have few: 12/8 out of pairs of 6/8, 7/8 and 5/4 out of 4/4 with some of it left out."""
    if bars == Bars(2, 36) and chance.random() < 0.2:
        return Bars(4, 36), rows
    if (
        bars != Bars(4, 24)
        or piece.corpus not in WRITTEN | {"groove_drums"}
        or chance.random() > 0.08
    ):
        return bars, rows
    if chance.random() < 0.6:
        return Bars(7, 12), _without(rows, 4.0, 3.5, 4.0)
    return Bars(5, 24), _without(_without(rows, 8.0, 6.0, 8.0), 6.0, 3.0, 4.0)


def _without(rows: Floats, every: float, since: float, until: float) -> Floats:
    """Without what begins from `since` to `until` in `every` so many quarters; what comes after moves up."""
    bar, place = np.divmod(rows[:, 0] + CHORD / 2, every)
    kept = (place < since) | (place >= until)
    moved = rows[kept].copy()
    cut = until - since
    shift = cut * bar[kept] + np.where(place[kept] >= until, cut, 0)
    moved[:, 0] -= shift
    moved[:, 1] = np.minimum(moved[:, 1] - shift, moved[:, 0] + 1.5)
    return moved


def _some(
    rows: Floats, beat: float, bar: float, onsets: int | None, chance: random.Random
) -> Floats | None:
    """A part of the notes: from the beginning, from a bar line, perhaps with a pick-up, or from after a rest."""
    if len(rows) < FEWEST_NOTES:
        return None
    starts, how = rows[:, 0], chance.random()
    first = 0
    if 0.15 < how < 0.7:
        line = chance.randrange(int(starts[-1] // bar) + 1) * bar
        line -= chance.choice((0.5, 1.0, 1.5)) * beat if chance.random() < 0.15 else 0
        first = int(np.searchsorted(starts, line - 0.02 * beat))
    elif how >= 0.7:
        rests = np.flatnonzero(np.diff(starts) >= min(1.5 * beat, 1.5))
        first = int(chance.choice(rests.tolist())) + 1 if len(rests) else 0
    rows = rows[first:]
    most = onsets or round(math.exp(chance.uniform(math.log(5), math.log(64))))
    number = np.cumsum(np.diff(rows[:, 0], prepend=-math.inf) > CHORD)
    rows = rows[number <= most]
    silences = np.flatnonzero(np.diff(rows[:, 0]) > 8 * max(beat, 1))
    rows = rows[: silences[0] + 1] if len(silences) else rows
    if len(rows) < FEWEST_ONSETS or len(np.unique(rows[:, 0].round(2))) < FEWEST_ONSETS:
        return None
    return rows


def _usual_bpm(piece: Piece, bars: Bars, quarter: float) -> float:
    """Beats a minute as the file has them there."""
    at = max(0, sum(since <= quarter for since, _ in piece.tempos) - 1)
    return 60e6 / piece.tempos[at][1] / (bars.ticks / 24)


def _any_manner(corpus: str, bars: Bars, usual_bpm: float, chance: random.Random) -> Manner:
    """Any way of playing: about as fast as the file says, or at any tempo, as half of the phrases by rule are."""
    low, high = (90, 270) if bars.ticks == 12 else (48, 150) if bars.ticks == 36 else (48, 215)
    usual = usual_bpm * math.exp(chance.gauss(0, 0.1))
    any_bpm = math.exp(chance.uniform(math.log(low), math.log(high)))
    bpm = usual if chance.random() < (0.5 if corpus == MADE else USUAL_SHARE) else any_bpm
    may_swing = bars.ticks == 24 and bars.beats < 5 and bpm > SLOWEST_SWING and corpus in WRITTEN
    steady = chance.random()
    drift = 0.0 if steady < 0.45 else 0.05 if steady < 0.8 else 0.15
    return Manner(
        bpm=bpm,
        swing=chance.uniform(0.54, 0.7) if may_swing and chance.random() < 0.25 else 0.0,
        hand_s=chance.choice((0, 0.003, 0.008, 0.012, 0.018)),
        rubato=chance.uniform(drift / 3, drift),
        wave=chance.uniform(12, 40),
        held=chance.uniform(0.45, 1.0) if chance.random() < 0.6 else 1.0,
        loudness=chance.choice((0.0, 7.0)),
        accent=chance.uniform(0, 18) if chance.random() < 0.4 else 0.0,
        last_s=chance.uniform(0.04, 0.2) if chance.random() < 0.3 else None,
    )


def _accents(beats: Floats, count: int) -> Floats:
    """Give the accent of each onset: 1 on the first of so many beats, less on the others, 0 between them."""
    nearest = np.round(beats)
    return np.where(np.abs(beats - nearest) < 0.05, np.where(nearest % count == 0, 1.0, 0.4), 0.0)


def _swung(quarters: Floats, share: float) -> Floats:
    whole = np.floor(quarters + 1e-6)
    part = quarters - whole
    late = np.where(part < 0.5, part * 2 * share, share + (part - 0.5) * 2 * (1 - share))
    return np.asarray(whole + late)


def _played(
    piece: Piece,
    begin: float,
    rows: Floats,
    quarter_s: float,
    manner: Manner,
    chance: random.Random,
) -> tuple[float, Floats]:
    """Seconds of a quarter at the end, and the notes in seconds, loud as a hand plays them."""
    places = np.arange(rows[0, 0] - 0.1, rows[:, 1].max() + 1, STEP)
    slowness = (
        _slowness(piece, begin, places) if piece.corpus in PERFORMED else np.ones(len(places))
    )
    wave = np.sin(2 * np.pi * (places / manner.wave + chance.random()))
    slowness = slowness * np.exp(manner.rubato * wave)
    seconds = np.concatenate([[0], np.cumsum(slowness[:-1] * STEP)]) * quarter_s
    draws = np.random.default_rng(chance.randrange(1 << 30))
    number = np.cumsum(np.diff(rows[:, 0], prepend=rows[0, 0]) > CHORD)
    onsets = np.interp(rows[:, 0], places, seconds)
    lengths = np.maximum(np.interp(rows[:, 1], places, seconds) - onsets, 0.03) * manner.held
    if manner.hand_s:
        most = 2 * manner.hand_s + 0.004
        onsets = onsets + draws.normal(0, manner.hand_s, number[-1] + 1).clip(-most, most)[number]
        onsets += draws.normal(0, 0.004, len(rows)).clip(-0.01, 0.01)
    if manner.last_s is not None:
        lengths[-1] = manner.last_s
    loudness = rows[:, 3] + draws.normal(0, 1, len(rows)) * manner.loudness
    notes = np.column_stack(
        [onsets, onsets + lengths, rows[:, 2], loudness.clip(1, 127), rows[:, 4]]
    )
    return quarter_s * float(np.interp(rows[-1, 0], places, slowness)), notes


def _slowness(piece: Piece, begin: float, places: Floats) -> Floats:
    """Give how slow the file is at each place, as a share of its usual tempo there."""
    since = np.array([quarter - begin for quarter, _ in piece.tempos])
    micros = np.array([micros for _, micros in piece.tempos], np.float64)
    at = np.searchsorted(since, places, side="right") - 1
    slowness = micros[at.clip(0)] / np.median(micros[at.clip(0)])
    return slowness if slowness.min() > 0.5 and slowness.max() < 2 else np.ones(len(places))
