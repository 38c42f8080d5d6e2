"""Calls from held-out music: some bars of the lead of a piece, what its people played next, and its chords.

Beats are those of the score from the call's first bar line on.  All chance is seeded, and pieces are taken in the
order of their names, so that an archive and a folder give the same calls.  Knows no engine.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

from livegen.errors import ConfigError, MidiFileError
from livegen.music.chords.chord import Chord, chord_of
from livegen.music.files.smf import Score, Track, read
from livegen.music.messages import NoteOn
from livegen.music.note import Note
from livegen.music.parts import KEYS, rule_of_track
from livegen.music.time.timeline import MINUTE_US
from livegen.scorecard.notes import moved, notes_of
from livegen.training.corpora import QUIRKS, Corpus, Progress, Quirk, discover, load
from livegen.training.evaluate import pieces_of

LAST = 1 / 12  # beats before the last bar line by which all keys are up
FEWEST = 5  # onsets of a call of two or three bars, and again for each two more
SHORTEST, LONGEST = 1, 8  # beats of a bar
CHORDS = "CHORDS"  # the track that repeats a piece's harmony as block chords

Chords = Sequence[tuple[float, Chord | None]]  # each from its beat on
T = TypeVar("T")


class HeldOut(NamedTuple):
    """A held-out piece: its set, the name of its file, and that file."""

    corpus: str
    file: str
    data: bytes

    @property
    def name(self) -> str:
        """The file's name without folders and ending."""
        return Path(self.file).stem


@dataclass(frozen=True, slots=True)
class LeadCall:
    """A call of so many `bars` of a lead, notes by onset.

    `bar` is in beats, `tempo_us` in micros a beat; `metre` is written as the control takes it, "3/4".
    """

    name: str
    metre: str
    bar: float
    bars: int
    tempo_us: int
    notes: tuple[Note, ...]
    first_beat: float = 0.0  # of the piece, where beat 0 of the call lies
    corpus: str = ""

    @property
    def onsets(self) -> list[float]:
        """Beats of its onsets, chords counted once."""
        return sorted({note.onset for note in self.notes})

    @property
    def ends(self) -> float:
        """The beat at which its last key comes up."""
        return max(note.end for note in self.notes)

    @property
    def beats(self) -> float:
        """The number of beats of the bars."""
        return self.bars * self.bar

    @property
    def bpm(self) -> float:
        """The tempo of the call, beats a minute."""
        return MINUTE_US / self.tempo_us

    def detached(self, held: float) -> "LeadCall":
        """The same call, each note held for so much of its length, 0 to 1."""
        notes = (
            note._replace(end=note.onset + held * (note.end - note.onset)) for note in self.notes
        )
        return replace(self, notes=tuple(notes))


@dataclass(frozen=True, slots=True)
class Pair:
    """A call, and what the same lead plays in as many bars that follow, in beats of the call."""

    call: LeadCall
    people: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Lead:
    """A call to go along with: the piece's chords, and what its accompaniment plays beside it, in beats of the call."""

    call: LeadCall
    chords: Chords
    people: tuple[Note, ...]


# --- pieces -------------------------------------------------------------------------------------------------------


def held_out(
    data: Path,
    corpora: dict[str, Corpus] | None = None,
    split: str = "valid",
    names: Sequence[str] | None = None,
    progress: Progress = lambda name, done, total: None,
) -> list[HeldOut]:
    """Pieces of a split (train, valid, test or all), by set and name; of the sets `names`, None is of all.

    `corpora` spares loading them where that is done.  Raises ConfigError when there are none.
    """
    corpora = load(data, names, progress=progress) if corpora is None else corpora
    found = []
    for source in discover(data):
        if source.name in corpora and (names is None or source.name in names):
            wanted = {piece.file for piece in pieces_of(corpora[source.name], split)}
            rows = source.files() if wanted else []
            found += [
                HeldOut(source.name, file, content) for file, content in rows if file in wanted
            ]
    if not found:
        raise ConfigError(f"{data} holds no pieces of the split {split}")
    return sorted(found)


def lead_of(score: Score) -> Track | None:
    """The first track that is heard as the lead, or a piece's only keyboard; None where there is neither."""
    return next((track for rule, track in heard_as(score) if rule in ("lead", KEYS)), None)


def heard_as(score: Score) -> Iterator[tuple[str, Track]]:
    """The tracks of a piece, and how each is heard: the name of a part, or KEYS."""
    count = len(score.tracks)
    for index, track in enumerate(score.tracks):
        channel = next(m.channel for _, m in track.messages if isinstance(m, NoteOn))
        yield rule_of_track(track.name, channel, track.program, index, count), track


def bar_of(score: Score) -> float:
    """Quarters of a bar of the first metre of a piece; 4 where it names none."""
    _, numerator, denominator = score.metres[0] if score.metres else (0, 4, 4)
    return numerator * 4 / denominator


def is_in_four(score: Score) -> bool:
    """True of a piece in 4/4 throughout, or that names no metre."""
    return [row[1:] for row in score.metres] in ([], [(4, 4)])


def has_bars(held: HeldOut) -> bool:
    """True if the bar lines of its set are to be believed."""
    return QUIRKS.get(held.corpus, Quirk()).grid


def windows(held: HeldOut, bars: int) -> list[LeadCall]:
    """All calls of so many bars in a piece: begun within their first beat, going on into their last bar.

    None of a piece that cannot be read, has no lead, no believable bar lines, or more than one metre.
    """
    score = score_of(held)
    track = lead_of(score) if score and has_bars(held) else None
    if score is None or track is None or len(score.metres) > 1:
        return []
    _, numerator, denominator = score.metres[0] if score.metres else (0, 4, 4)
    bar = numerator * 4 / denominator
    if not SHORTEST <= bar <= LONGEST or denominator > 16:
        return []
    tempo, notes, found = score.tempo_map, notes_of(score, track), []
    for index in range(int(notes[-1].onset // bar)):
        begin, end = index * bar, (index + bars) * bar
        inside = [note for note in notes if begin <= note.onset < end - LAST]
        if len({n.onset for n in inside}) < FEWEST * max(1, bars // 2):
            continue
        if inside[0].onset >= begin + 1 or inside[-1].onset < end - bar:
            continue
        tick = round(begin * score.ppqn)
        beat_us = tempo.micros(tick + score.ppqn) - tempo.micros(tick)
        cut = tuple(
            note._replace(onset=note.onset - begin, end=min(note.end, end - LAST) - begin)
            for note in inside
        )
        metre = f"{numerator}/{denominator}"
        found.append(LeadCall(held.name, metre, bar, bars, beat_us, cut, begin, held.corpus))
    return found


def followed(held: HeldOut, bars: int) -> list[Pair]:
    """All calls of so many bars whose next so many bars would be a call as well."""
    found = windows(held, bars)
    starts = {round(call.first_beat / call.bar): call for call in found}
    return [
        Pair(call, moved(starts[index + bars].notes, call.beats))
        for index, call in starts.items()
        if index + bars in starts
    ]


def leads(held: HeldOut, bars: int) -> list[Lead]:
    """All calls of so many bars of a piece that has a track of chords and an accompaniment beside it."""
    score = score_of(held)
    if score is None or not any(track.name.startswith(CHORDS) for track in score.tracks):
        return []
    drop = QUIRKS.get(held.corpus, Quirk()).drop
    tracks = [t for t in accompaniment_of(score) if not (drop and t.name.startswith(drop))]
    people = [note for track in tracks for note in notes_of(score, track)]
    if not people:
        return []
    written = written_chords(score)
    found = []
    for call in windows(held, bars):
        since, until = call.first_beat, call.first_beat + call.beats
        beside = sorted(note for note in people if since <= note.onset < until)
        chords = [(beat - since, chord) for beat, chord in written]
        if beside:
            found.append(Lead(call, chords, moved(beside, -since)))
    return found


def accompaniment_of(score: Score, parts: Sequence[str] = ("comp", "bass")) -> list[Track]:
    """Tracks that are heard as comp or bass, or as one of them, but not the one that repeats the chords."""
    return [
        track
        for rule, track in heard_as(score)
        if rule in parts and not track.name.startswith(CHORDS)
    ]


def written_chords(score: Score) -> Chords:
    """Chords of the tracks that repeat the harmony, in order, each with the beat of the score from which it holds."""
    struck: dict[float, list[int]] = {}
    for track in score.tracks:
        if track.name.startswith(CHORDS):
            for note in notes_of(score, track):
                struck.setdefault(round(note.onset, 2), []).append(note.pitch)
    return [(beat, chord_of(pitches)) for beat, pitches in sorted(struck.items())]


@lru_cache(maxsize=4)  # who looks for one thing in a piece soon looks for another
def score_of(held: HeldOut) -> Score | None:
    """The piece; None of one that cannot be read."""
    try:
        return read(held.data)
    except MidiFileError:
        return None  # `load` has said so


# --- drawing ------------------------------------------------------------------------------------------------------


def calls(
    pieces: Sequence[HeldOut], count: int, seed: int, *, bars: Sequence[int] = (2,)
) -> list[LeadCall]:
    """Draw so many calls, or all that there are, as long as each of `bars` in turn, as `drawn` says."""
    return drawn(pieces, count, seed, windows, bars)


def drawn(
    pieces: Sequence[HeldOut],
    count: int,
    seed: int,
    find: Callable[[HeldOut, int], list[T]],
    bars: Sequence[int],
) -> list[T]:
    """Draw so many of what `find` finds in a piece, by bars, evenly from all sets; fewer where there are fewer.

    From one piece comes another only when all of its set have given one.
    """
    rng = random.Random(seed)
    names = dict.fromkeys(held.corpus for held in pieces)
    streams = [
        _stream([held for held in pieces if held.corpus == name], bars, find, rng) for name in names
    ]
    found: list[T] = []
    while len(found) < count and streams:
        for stream in list(streams):
            one = next(stream, None)
            if one is None:
                streams.remove(stream)
            elif len(found) < count:
                found.append(one)
    return found


def _stream(
    pieces: list[HeldOut],
    bars: Sequence[int],
    find: Callable[[HeldOut, int], list[T]],
    rng: random.Random,
) -> Iterator[T]:
    pieces, turn = list(pieces), 0
    rng.shuffle(pieces)
    left: dict[tuple[str, int], list[T]] = {}
    while pieces:
        for held in list(pieces):
            key = held.file, bars[turn % len(bars)]
            if key not in left:
                left[key] = find(held, key[1])
                rng.shuffle(left[key])
            if left[key]:
                turn += 1
                yield left[key].pop()
            else:
                pieces.remove(held)
