"""What a chord means to each part: to a bass its root, and the way to the next one."""

import numpy as np
import pytest

from livegen.jam.band.harmonies import Welcome
from livegen.jam.harmony.outline import ChordFrom, foot
from livegen.music.chords.chord import Chord
from livegen.music.parts import BASS, COMP, LEAD
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT

BEAT, BAR = TICKS_PER_BEAT, 4 * TICKS_PER_BEAT
C, F, G_OVER_B = Chord(0, "maj"), Chord(5, "maj"), Chord(7, "maj", 11)
HOME = np.zeros(128)


def harmony(part: int, *chords: tuple[int, Chord], period: int | None = None) -> Welcome:
    changes = tuple(ChordFrom(*row) for row in chords)
    return Welcome(part, HOME, COMMON_TIME, changes, 1.0, period)


def best(harmony: Welcome, tick: int) -> set[int]:
    """The pitch classes that are most welcome at a tick."""
    welcome = harmony.at(tick)
    return {pitch % 12 for pitch in range(128) if welcome[pitch] == welcome.max()}


@pytest.mark.parametrize("part", [LEAD, COMP])
def test_tones_of_the_chord_that_holds_are_welcome(part: int) -> None:
    chords = harmony(part, (0, C), (BAR, F))

    assert best(chords, 0) == best(chords, BAR - 1) == C.pitch_classes
    assert best(chords, BAR) == best(chords, 9 * BAR) == F.pitch_classes


def test_a_bass_plays_the_root_where_a_chord_begins_or_what_is_written_under_it() -> None:
    chords = harmony(BASS, (0, C), (BAR, G_OVER_B))

    assert best(chords, 0) == {0}
    assert best(chords, BAR) == {11} and foot(G_OVER_B) == 11


def test_a_bass_keeps_to_the_chord_and_more_so_on_strong_beats() -> None:
    chords = harmony(BASS, (0, C))
    strong, weak = chords.at(2 * BEAT), chords.at(3 * BEAT)

    assert best(chords, 2 * BEAT) == {0}
    assert strong[43] - strong[42] > weak[43] - weak[42] > 0


def test_a_bass_leads_to_the_next_root_in_the_beat_before_it() -> None:
    chords = harmony(BASS, (0, C), (BAR, F))
    before = chords.at(BAR - BEAT // 2)

    assert before[40] > before[45] and before[42] > before[45]  # E and F sharp, not A
    assert chords.at(BAR - 2 * BEAT)[42] < chords.at(BAR - 2 * BEAT)[43]


def test_chords_that_come_again_and_again_lead_from_the_last_to_the_first() -> None:
    chords = harmony(BASS, (BAR, C), (2 * BAR, F), period=2 * BAR)

    assert best(chords, BAR + 2 * BAR * 5) == {0}
    assert best(chords, 2 * BAR + 2 * BAR * 5) == {5}
    assert chords.at(3 * BAR - BEAT // 2)[47] == chords.at(3 * BAR - BEAT // 2).max()  # B, to C


def test_without_chords_only_what_is_strange_counts() -> None:
    strange = -np.arange(128.0)

    assert np.array_equal(Welcome(BASS, strange, COMMON_TIME).at(0), strange)
