"""Accompaniments to a melody: their chords, and how soon they follow a modulation.

The player's melody and the accompaniment are notes in beats.  What an accompaniment's chords are is heard by the
engine's own chord tracker (.83 of the roots of POP909's piano, `python -m bench.harmony`), at the end of each
sixteenth, so that broken chords count as chords and all who accompany are heard alike.  Frames are sixteenths in
which the melody sounds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import cos, pi, sin

import numpy as np
import numpy.typing as npt

from livegen.music.chords.chord import Chord
from livegen.music.chords.chords_heard import ChordTracker
from livegen.music.chords.progressions import class_of
from livegen.music.keys.key import Key, likeliest
from livegen.music.note import Note
from livegen.scorecard.held_out_calls import Chords, LeadCall
from livegen.scorecard.notes import SIXTEENTHS, TICK, key_of

Notes = Sequence[Note]
EXACT = 1.5 * TICK  # beats by which an onset may come before the change it belongs to
INTO = 0.96 / SIXTEENTHS  # where in a sixteenth its chord is asked for: at its end
SPAN = 2.0  # beats for which a harmoniser holds a chord
LOW = 48  # the lowest pitch of its chords
STRUCK = 0.5  # beats that a key which has just been struck counts for at least
WINDOW = 2  # beats over which recovery is judged
RECOVERED = 0.95  # of the level before the change
WARM = 4  # beats at the beginning that are not that level
LONG = 8  # beats for which a chord is long

Frame = tuple[int, Chord | None]  # pitch of the melody, chord that is heard
Floats = npt.NDArray[np.float64]


# --- frames -------------------------------------------------------------------------------------------------------


def frames(melody: Notes, accompaniment: Notes, call: LeadCall) -> list[list[Frame]]:
    """By beat of the call, the frames in which the melody sounds."""
    heard = heard_chords(accompaniment, call.tempo_us, round(call.beats * SIXTEENTHS))
    return _by_beat(melody, heard, call)


def written_frames(melody: Notes, chords: Chords, call: LeadCall) -> list[list[Frame]]:
    """The same with chords that are written over the piece, in beats of the call."""
    count = round(call.beats * SIXTEENTHS)
    return _by_beat(melody, [chord_at(chords, at / SIXTEENTHS) for at in range(count)], call)


def _by_beat(melody: Notes, chords: Sequence[Chord | None], call: LeadCall) -> list[list[Frame]]:
    found: list[list[Frame]] = [[] for _ in range(round(call.beats))]
    for at, chord in enumerate(chords):
        middle = (at + 0.5) / SIXTEENTHS
        sounding = [note.pitch for note in melody if note.onset <= middle < note.end]
        if sounding and int(middle) < len(found):
            found[int(middle)].append((max(sounding), chord))
    return found


def heard_chords(notes: Notes, tempo_us: int, count: int) -> list[Chord | None]:
    """The chord heard at the end of each of `count` sixteenths, at `tempo_us` micros a beat; None before the first."""
    tracker, heard, at = ChordTracker(), [], 0
    strokes = sorted(
        [(note.end, 0, note.pitch) for note in notes]
        + [(note.onset, 1, note.pitch) for note in notes]
    )
    for frame in range(count):
        now = frame / SIXTEENTHS + INTO
        while at < len(strokes) and strokes[at][0] <= now:
            beat, begins, pitch = strokes[at]
            if begins:
                tracker.strike(round(beat * tempo_us), pitch, 64)
            else:
                tracker.release(round(beat * tempo_us), pitch)
            at += 1
        heard.append(tracker.look(round(now * tempo_us)))
    return heard


def spans(chords: Sequence[Chord | None]) -> list[int]:
    """Count the beats between one change of root or third and the next, of the chord of each beat.

    Beats without a chord have the one before.  What lasts to the end, and from the beginning, counts as a span.
    """
    found: list[int] = []
    before: int | None = None
    for chord in chords:
        if chord is not None and class_of(chord) != before:
            before = class_of(chord)
            found.append(0)
        if found:
            found[-1] += 1
    return found


def alike(some: Sequence[int], others: Sequence[int]) -> float:
    """Give how much of two distributions of spans is shared, 0 to 1; those of LONG beats or more are one kind.

    Of none and some nothing is.
    """
    if not some or not others:
        return float(not some and not others)
    counts = [np.bincount(np.minimum(rows, LONG), minlength=LONG + 1) for rows in (some, others)]
    shares = [row / row.sum() for row in counts]
    return float(np.minimum(*shares).sum())


def chord_at(chords: Chords, beat: float) -> Chord | None:
    """Give the chord at a beat; an onset a little before a change belongs to what comes."""
    index = bisect_right([since for since, _ in chords], beat + EXACT) - 1
    return chords[index][1] if index >= 0 else None


# --- what is measured ---------------------------------------------------------------------------------------------


def note_in_chord(some: Sequence[Frame]) -> float | None:
    """Share of frames whose melody is a tone of the chord, 0 to 1; without a chord it is not.  None without frames.

    The note-in-chord ratio of ReaLchords and GAPT (Wu et al. 2025, tables 1 and 2): theirs .368 to .497, people's
    .727.  Chance is .43 for triads of the key, .25 for any.
    """
    if not some:
        return None
    return sum(
        chord is not None and pitch % 12 in chord.pitch_classes for pitch, chord in some
    ) / len(some)


def consonance(some: Sequence[Frame]) -> float | None:
    """Pitch consonance score (Yeh et al. 2021, PCS): the mean over frames and chord tones of 1, 0 or -1.

    1 for unison, thirds, fifth and sixths, 0 for the fourth, else -1, the melody taken as the higher note.  None where
    no chord is heard.
    """
    scores = {0: 1, 3: 1, 4: 1, 7: 1, 8: 1, 9: 1, 5: 0}
    found = [
        sum(scores.get((pitch - tone) % 12, -1) for tone in chord.pitch_classes)
        / len(chord.pitch_classes)
        for pitch, chord in some
        if chord
    ]
    return sum(found) / len(found) if found else None


def tonal_distance(some: Sequence[Frame]) -> float | None:
    """Melody-chord tonal distance (Yeh et al. 2021, MCTD): the mean distance of their tonal centroids.

    0 or more, less is nearer; None where no chord is heard.
    """
    found = [
        float(np.linalg.norm(centroid({pitch % 12}) - centroid(chord.pitch_classes)))
        for pitch, chord in some
        if chord
    ]
    return sum(found) / len(found) if found else None


def centroid(classes: "frozenset[int] | set[int]") -> Floats:
    """Tonal centroid (6,) of one pitch class or more (Harte, Sandler & Gasser 2006).

    Sine and cosine on the circles of fifths, minor thirds and, half as wide, major thirds.
    """
    rows = [
        (
            *(sin(pc * 7 * pi / 6), cos(pc * 7 * pi / 6)),
            *(sin(pc * 3 * pi / 2), cos(pc * 3 * pi / 2)),
            *(0.5 * sin(pc * 2 * pi / 3), 0.5 * cos(pc * 2 * pi / 3)),
        )
        for pc in sorted(classes)
    ]
    result: Floats = np.array(rows).mean(0)
    return result


def in_chord(notes: Notes, chords: Chords, push: float = 0.0) -> list[bool]:
    """True for each onset that is a tone of the chord written there; those where none is written are left out.

    A note that begins at most `push` beats before a change and lasts into it may be a tone of the chord that comes.
    """
    found = []
    for note in notes:
        here = chord_at(chords, note.onset)
        soon = chord_at(chords, min(note.end - 2 * EXACT, note.onset + push))
        if here:
            tones = here.pitch_classes | (soon.pitch_classes if push and soon else frozenset())
            found.append(note.pitch % 12 in tones)
    return found


def notes_in_chord(accompaniment: Notes, chords: Chords) -> float | None:
    """Share of its onsets that are tones of the chord written there, 0 to 1; None where none is written."""
    found = in_chord(accompaniment, chords)
    return sum(found) / len(found) if found else None


def share_in(notes: Notes, key: Key) -> float | None:
    """Share of onsets in a key, 0 to 1; None of nothing."""
    classes = key.pitch_classes
    return sum(note.pitch % 12 in classes for note in notes) / len(notes) if notes else None


# --- who else accompanies -----------------------------------------------------------------------------------------


def harmonised(call: LeadCall) -> tuple[Note, ...]:
    """The baseline every network must beat: a harmoniser that knows keys, and nothing else.

    Every two beats it plays a triad, from what it has heard so far, a key struck at that moment included: a machine
    answers within milliseconds.  All of it says the key (weights that halve in eight beats, the project's own key
    finder); of that key's six common triads it takes the one that has most of the last two beats of melody, the later
    the more; the chord that holds counts for a little, and so do I, IV and V.
    """
    found: list[Note] = []
    chord = (0, 4, 7)
    for at in np.arange(0.0, call.beats, SPAN).tolist():
        weights, recent = [0.0] * 12, [0.0] * 12
        for note in call.notes:
            if note.onset <= at + EXACT:
                ago = max(0.0, at - note.onset)
                lasted = max(min(note.end, at) - note.onset, STRUCK)
                weights[note.pitch % 12] += lasted * 0.5 ** (ago / 8)
                recent[note.pitch % 12] += lasted * 0.5**ago if ago <= SPAN else 0.0
        key = likeliest(weights) if any(weights) else None
        if key is not None:
            scores = {
                triad: sum(recent[pc] for pc in triad) + 0.1 * usual + 0.1 * (triad == chord)
                for triad, usual in triads(key).items()
            }
            chord = max(scores, key=scores.__getitem__)
        if any(weights):
            found += _struck(chord, at, min(at + SPAN, call.beats))
    return tuple(found)


def triads(key: Key) -> dict[tuple[int, int, int], int]:
    """The six major and minor triads of a key, its dominant major, as pitch classes from the root.

    1 stands beside tonic, subdominant and dominant, 0 beside the others.
    """
    kinds = (
        {0: 4, 2: 3, 4: 3, 5: 4, 7: 4, 9: 3}
        if key.mode == "major"
        else {0: 3, 3: 4, 5: 3, 7: 4, 8: 4, 10: 4}
    )
    return {
        (
            (key.tonic + step) % 12,
            (key.tonic + step + third) % 12,
            (key.tonic + step + 7) % 12,
        ): int(step in (0, 5, 7))
        for step, third in kinds.items()
    }


def random_triads(call: LeadCall, rng: np.random.Generator) -> tuple[Note, ...]:
    """Chance: every two beats any of the triads of the key of the whole melody."""
    some = list(triads(key_of(call.notes)))
    found: list[Note] = []
    for at in np.arange(0.0, call.beats, SPAN).tolist():
        found += _struck(some[int(rng.integers(len(some)))], at, min(at + SPAN, call.beats))
    return tuple(found)


def _struck(classes: Sequence[int], onset: float, end: float) -> Iterator[Note]:
    for pitch_class in classes:
        yield Note(onset, end - TICK, LOW + (pitch_class - LOW) % 12, 64, 1)


# --- modulation ---------------------------------------------------------------------------------------------------


def modulated(call: LeadCall, at: float, semitones: int) -> LeadCall:
    """The same call, transposed from beat `at` on."""
    notes = tuple(
        note._replace(pitch=note.pitch + semitones) if note.onset >= at - EXACT else note
        for note in call.notes
    )
    return replace(call, notes=notes)


def chord_hits(by_beat: Sequence[Sequence[Frame]]) -> Floats:
    """By beat: frames whose melody is a tone of the chord, and frames (beats, 2)."""
    return np.array(
        [
            (sum(c is not None and p % 12 in c.pitch_classes for p, c in some), len(some))
            for some in by_beat
        ],
        np.float64,
    ).reshape(-1, 2)


def key_hits(accompaniment: Notes, beats: int, at: float, before: Key, after: Key) -> Floats:
    """By beat: onsets of the accompaniment in the player's key of that beat, and onsets (beats, 2).

    The key is `before` up to beat `at`, then `after`.
    """
    found = np.zeros((beats, 2))
    for note in accompaniment:
        beat = int(note.onset + EXACT)
        if 0 <= beat < beats:
            key = before if beat < at else after
            found[beat] += (note.pitch % 12 in key.pitch_classes, 1)
    return found


def transposed(key: Key, semitones: int) -> Key:
    """The key so many semitones higher."""
    return Key((key.tonic + semitones) % 12, key.mode)


def recovery(hits: Floats, at: int) -> float:
    """Beats after a change at beat `at` until the share of hits, over two beats, is again .95 of what it was.

    `hits` (leads, beats, 2) are pooled over leads (ReaLchords, figure 1, has such a curve); what lies before is the
    mean after the first four beats.  As many beats as were left when it never is.
    """
    pooled = hits.sum(0)
    before = _share(pooled[min(WARM, at - 1) : at])
    for beat in range(at, len(pooled) - WINDOW + 1):
        if _share(pooled[beat : beat + WINDOW]) >= RECOVERED * before:
            return float(beat - at)
    return float(len(pooled) - at)


def level(hits: Floats, since: int, until: int) -> float:
    """The share of hits (leads, beats, 2) from one beat to before another, 0 to 1."""
    return _share(hits.sum(0)[since:until])


def _share(rows: Floats) -> float:
    return float(rows[:, 0].sum() / max(1.0, rows[:, 1].sum()))
