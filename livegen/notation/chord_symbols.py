"""Chord symbols of what was played, where no chart says them: of each bar, its halves and their halves the chord that
explains what accompanies it best, in as few pieces as do.

Heard is what accompanies: the bass, the left hand, and three notes and more at once.  The engine hears chords as they
come (`livegen.music.chords.chords_heard`); here all of a bar is known, so that a bass and the chord after it are one.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from livegen.music.chords.chord import KINDS, Chord
from livegen.music.note import Note
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.notation.symbols import ChordSymbol, Measure

_CHORD = 3  # notes at once that are a chord, wherever they lie
# Costs, in shares of what sounds: of a tone outside, of one that is missing, of another bass, and of an unusual kind.
_OUTSIDE, _MISSING, _INVERTED = 0.7, 0.2, 0.4
_UNUSUAL = {
    "maj": 0.0, "min": 0.0, "7": 0.04, "m7": 0.05, "maj7": 0.06, "m7b5": 0.12, "dim": 0.12, "dim7": 0.15, "6": 0.12,
    "m6": 0.15, "sus4": 0.12, "aug": 0.2,
}  # fmt: skip
_CHANGE = 6.0  # ticks that a change of the chord costs
_HEARD = 0.04  # share below which a tone is missing


def chords_heard(
    accompaniment: Iterable[Note], others: Iterable[Note], bars: Iterable[Measure]
) -> tuple[ChordSymbol, ...]:
    """The chords of bars, each from the beat on which it begins; of `others` only what is a chord by itself counts.

    Which inversion was played stands on the staff, and is not said again.
    """
    heard = _Accompaniment(sorted(_chordal(accompaniment, others)))
    return merged(
        ChordSymbol(at, chord)
        for bar in bars
        for at, chord in heard.best(bar.start, bar.ticks)[1]
        if chord is not None
    )


def merged(chords: Iterable[tuple[int, Chord | None]]) -> tuple[ChordSymbol, ...]:
    """Chord symbols where the chord becomes another, of (tick, chord) in order."""
    found: list[ChordSymbol] = []
    for at, chord in chords:
        if not found or found[-1].chord != chord:
            found.append(ChordSymbol(at, chord))
    return tuple(found)


class _Accompaniment:
    """The notes that accompany, by onset."""

    def __init__(self, notes: Sequence[Note]) -> None:
        self._notes = notes
        self._starts = [note.onset for note in notes]
        self._longest = max((note.end - note.onset for note in notes), default=0.0)

    def best(self, start: int, ticks: int) -> tuple[float, list[tuple[int, Chord | None]]]:
        """The worth of a span, in ticks, and the chords that make it so."""
        whole = self._of_span(start, ticks)
        half, rest = divmod(ticks, 2)
        if rest or half < TICKS_PER_BEAT or half % TICKS_PER_BEAT:
            return whole
        (first, chords), (second, more) = self.best(start, half), self.best(start + half, half)
        divided = first + second - _CHANGE
        return (divided, chords + more) if divided > whole[0] else whole

    def _of_span(self, start: int, ticks: int) -> tuple[float, list[tuple[int, Chord | None]]]:
        weights, lowest, lowest_at_first = [0.0] * 12, 128, 128
        first = bisect_left(self._starts, start - self._longest)
        for note in self._notes[first : bisect_left(self._starts, start + ticks)]:
            lasts = min(note.end, start + ticks) - max(note.onset, start)
            if lasts > 1:
                weights[note.pitch % 12] += lasts
                lowest = min(lowest, note.pitch)
                if note.onset < start + ticks / 4:
                    lowest_at_first = min(lowest_at_first, note.pitch)
        bass = lowest_at_first if lowest_at_first < 128 else lowest
        total = sum(weights)
        if sum(weight > _HEARD * total for weight in weights) < 2:
            return 0.0, [(start, None)]
        worth, chord = max(
            (
                (self._worth(weights, total, root, kind, bass % 12), Chord(root, kind))
                for root in range(12)
                for kind in _UNUSUAL
            ),
            key=lambda row: row[0],
        )
        return worth * ticks, [(start, chord)]

    @staticmethod
    def _worth(weights: Sequence[float], total: float, root: int, kind: str, bass: int) -> float:
        tones = [(root + tone) % 12 for tone in KINDS[kind]]
        inside = sum(weights[tone] for tone in tones) / total
        missing = sum(weights[tone] <= _HEARD * total for tone in tones)
        is_inverted = bass != root
        strangers = _OUTSIDE * (1 - inside) + _MISSING * missing + _INVERTED * is_inverted
        return inside - strangers - _UNUSUAL[kind]


def _chordal(accompaniment: Iterable[Note], others: Iterable[Note]) -> Iterator[Note]:
    yield from accompaniment
    for _, row in groupby(sorted(others), key=attrgetter("onset")):
        cluster: Sequence[Note] = list(row)
        if len({note.pitch for note in cluster}) >= _CHORD:
            yield from cluster
