"""A comp leaves the player's hands their register, and its chords are not louder than a single line."""

import statistics

import pytest

from livegen.jam.controls.controls import settings
from livegen.jam.planning.brief import Brief, brief_for
from livegen.music.melody.phrase import Phrase
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import COMP, LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import UniformModel
from tests.jam.stage import BAR, BEAT, onsets, rehearsal

HAND = (48, 52, 55)
MELODY = (72, 76, 74, 79)


def brief(hand: tuple[int, ...] = HAND, bars: int = 1, **controls: object) -> Brief:
    """What a comp is told beside a melody, over a chord that is held if there is one."""
    phrase = Phrase()
    for bar in range(bars):
        for pitch in hand:
            phrase.strike(bar * BAR, COMP, pitch, 80)
        for beat, pitch in enumerate(MELODY):
            phrase.strike(bar * BAR + beat * BEAT, LEAD, pitch, 80)
            phrase.release(bar * BAR + beat * BEAT + BEAT // 2, LEAD, pitch)
        for pitch in hand:
            phrase.release((bar + 1) * BAR - 1, COMP, pitch)
    given = settings({"mode": "accompany", "parts": "comp bass drums", **controls})
    return brief_for(phrase, given, Timeline(BEAT), 96 * bars, now=BAR * bars)


def test_where_the_hands_play_is_unwelcome_to_a_comp_and_what_they_hold_most() -> None:
    taken = brief().taken
    assert taken is not None
    assert taken[52] < taken[53] < taken[60] == 0
    assert taken[60] > taken[73] and taken[72] == taken[52]


def test_above_a_left_hand_there_is_room_for_a_comp() -> None:
    high, low = (brief(hand).pitches[COMP].nonzero()[0].max() for hand in ((57, 60, 64), HAND))
    assert (high, low) == (71, 71)
    assert brief((60, 64, 67), scale="off").pitches[COMP].nonzero()[0].max() == 74


def test_a_comp_lies_above_a_melody_that_is_low_and_alone() -> None:
    jam = rehearsal(UniformModel(8), sync="internal", mode="accompany", parts="comp")
    for number, pitch in enumerate((48, 50, 52, 53, 55, 53, 52, 50) * 4):
        jam.play(number * BEAT, NoteOn(pitch, 80))
        jam.play((number + 1) * BEAT - 1, NoteOff(pitch))
    comp = [note.pitch for _, note in onsets(jam, 4 * BAR, 8 * BAR)]

    assert len(comp) > 8 and min(comp) > 55
    assert max(comp) - min(comp) <= 16


def test_a_chord_beside_a_single_line_is_struck_more_softly_and_beside_chords_as_loudly() -> None:
    assert brief(()).softer == pytest.approx((1 / 4) ** (1 / 6))
    assert brief().softer == 1.0
    assert brief((), voices=1).softer == 1.0
    assert brief((), mode="respond").softer == 1.0


def test_a_comp_keeps_off_the_keys_that_a_left_hand_holds() -> None:
    jam = rehearsal(UniformModel(8), sync="internal", mode="accompany", parts="comp bass")
    for bar in range(6):
        for pitch in HAND:
            jam.play(bar * BAR, NoteOn(pitch, 80))
        for pitch in HAND:
            jam.play((bar + 1) * BAR - 20_000, NoteOff(pitch))
    struck = [note.pitch for _, note in onsets(jam, BAR) if note.channel == 1]
    assert len(struck) > 10
    assert statistics.fmean(pitch in HAND for pitch in struck) < 0.1
