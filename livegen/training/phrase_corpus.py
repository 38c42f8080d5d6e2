"""Melodies of the corpora as steps, and the phrases that are cut from them.

A melody is the lead of a piece with one metre of whole beats.  Phrases are either bars as they come, one
to four of them, or runs of notes between rests of a beat, as people end them.  Knows no network; imports no torch.
"""

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegen.codec.phrases import encode, reference_of
from livegen.music.files.smf import Score
from livegen.music.keys.key import likeliest
from livegen.music.melody.phrase_steps import (
    LINES_PER_BEAT,
    MOST_BEATS,
    REST,
    Steps,
    onsets,
    steps_of,
)
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import HeldOut, bar_of, lead_of, score_of
from livegen.scorecard.notes import notes_of
from livegen.training.corpora import sets_of

# Sets with a melody, by which phrases, replies and lines are judged; in the order in which calls are drawn.
SETS = (
    "trad_abc", "wjd_jazz", "pop909_aligned", "openscore_lieder", "rs200_rock", "openewld_leadsheets",
)  # fmt: skip
FEWEST = 4  # notes of a phrase
_AROUND = 4  # bars before and after a bar from which its key is told
_JUDGE = 5  # of the pieces each so many is left to a judge
_RESTS = LINES_PER_BEAT  # so many lines of silence end a phrase


class PieceMelody(NamedTuple):
    """A melody from its first bar line on: its set and file, its steps, the beats of a bar, the tonic of each bar.

    The style is that of the set's list, "" where it says none.
    """

    corpus: str
    file: str
    steps: Steps
    bar: int
    tonics: NDArray[np.int64]
    style: str = ""


class PhraseSpan(NamedTuple):
    """A phrase of a melody: it begins in bar `first`, lasts `beats` beats, and its notes lie on lines from `since` to
    before `until` of the melody.
    """

    melody: int
    first: int
    beats: int
    since: int
    until: int


def melodies(data: Path, split: str, sets: Sequence[str]) -> Iterator[PieceMelody]:
    """All melodies of a split.  Raises ConfigError where a set is missing."""
    for source in sets_of(data, sets):
        for row, content in source.described(split):
            score = score_of(HeldOut(source.name, row["file"], content))
            melody = melody_of(source.name, row["file"], score) if score else None
            if melody is not None:
                yield melody._replace(style=row.get("style", ""))


def melody_of(corpus: str, file: str, score: Score) -> PieceMelody | None:
    """The lead of a score; None without one, with several metres, or with bars that are not of 2 to 6 whole beats."""
    track = lead_of(score)
    bar = bar_of(score)
    if track is None or len(score.metres) > 1 or bar != int(bar) or not 2 <= bar <= 6:
        return None
    notes = notes_of(score, track)
    if len(notes) < FEWEST:
        return None
    bars = int(max(note.onset for note in notes) // bar) + 1
    tones = [Note(note.onset, note.end, note.pitch, note.velocity) for note in notes]
    steps = steps_of(tones, bars * int(bar), int(bar)).steps
    return PieceMelody(corpus, file, steps, int(bar), tonics_of(steps, int(bar)))


def tonics_of(steps: Steps, bar: int) -> NDArray[np.int64]:
    """The tonic of each bar, by how long each pitch class sounds in the bars around it."""
    lines = bar * LINES_PER_BEAT
    sounding = np.zeros((len(steps) // lines, 12))
    for line, until, pitch in onsets(steps):
        sounding[line // lines, pitch % 12] += (until - line) / LINES_PER_BEAT
    tonics = list[int]()
    for at in range(len(sounding)):
        key = likeliest(sounding[max(0, at - _AROUND) : at + _AROUND + 1].sum(0).tolist())
        tonics.append(key.tonic if key else tonics[-1] if tonics else 0)
    return np.array(tonics)


def phrases(number: int, melody: PieceMelody) -> list[PhraseSpan]:
    """The runs of notes between rests, of FEWEST notes and up to four bars; what is longer is cut every four bars."""
    lines, longest = melody.bar * LINES_PER_BEAT, MOST_BEATS // melody.bar
    groups: list[list[int]] = []
    ends = 0
    for line, until, _ in onsets(melody.steps):
        if not groups or line - ends >= _RESTS or line // lines >= groups[-1][0] // lines + longest:
            groups.append([])
        groups[-1].append(line)
        ends = until
    found = []
    for group in groups:
        first = group[0] // lines
        bars = group[-1] // lines - first + 1
        if len(group) >= FEWEST:
            found.append(
                PhraseSpan(number, first, bars * melody.bar, group[0], (first + bars) * lines)
            )
    return found


def windows(number: int, melody: PieceMelody) -> list[PhraseSpan]:
    """All runs of one, two and four bars (or as many as fit) that hold FEWEST notes."""
    lines, count = melody.bar * LINES_PER_BEAT, len(melody.tonics)
    begins = melody.steps >= 0
    found = []
    for bars in sorted({1, 2, MOST_BEATS // melody.bar}):
        for first in range(count - bars + 1):
            since, until = first * lines, (first + bars) * lines
            if begins[since:until].sum() >= FEWEST:
                found.append(PhraseSpan(number, first, bars * melody.bar, since, until))
    return found


def cut(melody: PieceMelody, span: PhraseSpan) -> tuple[Steps, int]:
    """The steps of a phrase from its bar line on, and the tonic it is told from."""
    lines = melody.bar * LINES_PER_BEAT
    begin = span.first * lines
    steps = np.full(span.beats * LINES_PER_BEAT, REST, np.int16)
    until = min(span.until, begin + len(steps), len(melody.steps))
    steps[span.since - begin : until - begin] = melody.steps[span.since : until]
    return steps, int(melody.tonics[span.first])


def classes_of(melody: PieceMelody, span: PhraseSpan) -> NDArray[np.int64]:
    """The classes that a network sees of a phrase."""
    steps, tonic = cut(melody, span)
    return encode(steps, reference_of(steps, tonic))


class StyledPhrase(NamedTuple):
    """A phrase by itself: its steps, the tonic it is told from, the beats of a bar, the style of its piece."""

    steps: Steps
    tonic: int
    bar: int
    style: str


def styled(some: Sequence[PieceMelody]) -> Iterator[StyledPhrase]:
    """All phrases of melodies as people end them."""
    for number, melody in enumerate(some):
        for span in phrases(number, melody):
            yield StyledPhrase(*cut(melody, span), melody.bar, melody.style)


def is_for_the_judge(melody: PieceMelody) -> bool:
    """True of a piece that is left to a judge of what a network made: by a hash of its name, whatever is beside it."""
    return zlib.crc32(f"{melody.corpus}/{melody.file}".encode()) % _JUDGE == 0
