"""Beside a hand that comps in four-note chords the bass strikes each chord once, however its keys go down and up."""

from itertools import pairwise

import pytest

from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import UniformModel
from tests.jam.stage import BAR, BEAT, onsets, rehearsal

MS = 1000

CLOSE = ((48, 64, 67, 71), (45, 60, 64, 67), (50, 65, 69, 72), (43, 59, 65, 71))
DROPPED = ((48, 59, 64, 67), (45, 55, 60, 64), (50, 60, 65, 69), (43, 53, 59, 62))
AGAIN = 60 * MS  # what a bass strikes later than this after a note is another
TURNS = (0, 9, 2, 7)  # the roots of both: Cmaj7, Am7, Dm7, G7


def struck_by_bass(
    voicings: tuple[tuple[int, ...], ...], gap: int, strum: int, is_up: bool
) -> list[list[tuple[int, int]]]:
    """At each of eight chords: what the bass begins from the last release on up to a sixteenth behind its last key."""
    jam = rehearsal(UniformModel(4), mode="accompany", parts="bass")
    for bar, chord in enumerate(voicings * 2):
        keys = chord if is_up else chord[::-1]
        events: list[tuple[int, NoteOn | NoteOff]] = [
            (bar * BAR + key * strum, NoteOn(pitch, 80)) for key, pitch in enumerate(keys)
        ]
        ends = (bar + 1) * BAR - gap - MS
        events += [(ends + key * MS // 3, NoteOff(pitch)) for key, pitch in enumerate(keys)]
        for at, message in events:
            jam.play(at, message)
    jam.until(jam.now + BEAT)
    return [
        [
            (at - bar * BAR, note.pitch)
            for at, note in onsets(jam, bar * BAR - gap - MS, bar * BAR + 3 * strum + BEAT // 4)
        ]
        for bar in range(8)
    ]


@pytest.mark.parametrize(
    ("voicings", "gap", "strum", "is_up"),
    [
        pytest.param(CLOSE, 0, 25 * MS, True, id="open, from below"),
        pytest.param(CLOSE, 20 * MS, 10 * MS, False, id="open, from above"),
        pytest.param(CLOSE, 0, 0, True, id="open, at once"),
        pytest.param(DROPPED, 0, 25 * MS, False, id="shell, from above"),
        pytest.param(DROPPED, 20 * MS, 10 * MS, True, id="shell, from below"),
    ],
)
def test_the_bass_strikes_each_chord_once_and_its_root(
    voicings: tuple[tuple[int, ...], ...], gap: int, strum: int, is_up: bool
) -> None:
    for bar, found in enumerate(struck_by_bass(voicings, gap, strum, is_up)):
        assert {pitch % 12 for _, pitch in found} == {TURNS[bar % 4]}, (bar, found)
        times = [at for at, _ in found]
        assert all(later - at > AGAIN for at, later in pairwise(times)), (bar, found)


CLOSE_BY = ((50, 53, 57, 60), (49, 52, 55, 57), (50, 53, 55, 59), (52, 55, 59, 60))
# Of Dm7, and upside down of A7, G7 and Cmaj7: three keys of some are a chord of another root.
CLOSE_ROOTS = (2, 9, 7, 0)


@pytest.mark.parametrize("strum", [0, 10 * MS])
def test_a_close_chord_has_one_root_and_is_not_answered_when_it_is_struck_again(
    strum: int,
) -> None:
    jam = rehearsal(UniformModel(4), mode="accompany", parts="bass")
    strikes = [(bar * BAR + beat * BEAT, bar % 4) for bar in range(8) for beat in (0, 1, 3)]
    events = [
        (at + key * strum + up * BEAT // 2, NoteOff(pitch) if up else NoteOn(pitch, 80))
        for at, which in strikes
        for key, pitch in enumerate(CLOSE_BY[which])
        for up in (False, True)
    ]
    for at, message in sorted(events, key=lambda event: event[0]):
        jam.play(at, message)
    jam.until(jam.now + BEAT)
    struck_again = 0
    for at, which in strikes:
        found = [(n - at, note.pitch % 12) for n, note in onsets(jam, at + MS, at + 100 * MS)]
        assert at % BAR or {tone for _, tone in found} <= {CLOSE_ROOTS[which]}, (at, found)
        struck_again += bool(at % BAR and found)
    assert struck_again <= 4  # of 16: by chance only, as its own figure has it
