"""No note of a band is so short that it is a click: it is held, or not begun."""

import pytest

from livegen.jam.controls.mapping import Command
from livegen.jam.timing.agenda import ROUTES
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, notes, rehearsal
from tests.jam.test_band import A_MINOR, C, F, G, chord

SHORTEST_US = 60_000
CHANNELS = {ROUTES[part].channel for part in (COMP, BASS)}


def lengths(jam: Rehearsal) -> list[int]:
    """Micros of each note of comp and bass that has ended."""
    return [until - at for at, until, _ in notes(jam, CHANNELS)]


@pytest.mark.parametrize("tempo", [66, 120, 220])
def test_where_chords_change_unforeseen_no_note_of_comp_and_bass_is_a_click(tempo: int) -> None:
    """Chords of the hand come early and late: what has just begun is held under the chord that is struck."""
    jam = rehearsal(
        UniformModel(8), tempo=tempo, sync="internal", mode="accompany", parts="comp bass"
    )
    beat = 60_000_000 // tempo
    for number, keys in enumerate((C, F, G, A_MINOR, F, C, G, F, A_MINOR, G, C, F)):
        chord(jam, keys, 3 * number * beat + number % 5 * 17_000, 2 * beat)
    jam.until(40 * beat)

    found = lengths(jam)
    assert len(found) > 40
    assert min(found) >= SHORTEST_US


def test_with_a_chart_no_note_begins_that_the_next_chord_would_cut_at_once() -> None:
    jam = rehearsal(
        UniformModel(8),
        sync="internal",
        mode="accompany",
        parts="comp bass",
        chart="| C F | G Am | Dm G | C G |\n",
    )
    for at in range(0, 8 * BAR, 2 * BEAT):
        jam.play(at, NoteOn(76, 80))
        jam.play(at + BEAT, NoteOff(76))

    found = lengths(jam)
    assert len(found) > 40
    assert min(found) >= SHORTEST_US


def test_companions_of_a_chord_that_is_rolled_upwards_are_no_clicks() -> None:
    """The first key has its companions at once; they stay, or go when it is known what chord it is."""
    jam = rehearsal(mode="harmonise", chart="| C | F | G | C |\n", tempo=120, sync="internal")
    for number, keys in enumerate(((64, 72), (65, 72), (67, 74), (64, 76))):
        for late, pitch in enumerate(keys):
            jam.play(number * BAR + late * 4_000, NoteOn(pitch, 80))
        for pitch in keys:
            jam.play(number * BAR + BEAT, NoteOff(pitch))
    jam.until(5 * BAR)

    found = lengths(jam)
    assert len(found) >= 3
    assert min(found) >= SHORTEST_US


def test_companions_of_a_trill_are_no_clicks_and_end_with_it() -> None:
    """Notes of 40 ms: their companions sound for 60, and none begins anew that sounds still."""
    jam = rehearsal(mode="harmonise", chart="| C |\n", tempo=120, sync="internal")
    trill = [(number, pitch) for number, pitch in enumerate((76, 77) * 8)]
    for number, pitch in trill:
        jam.play(BEAT + number * 45_000, NoteOn(pitch, 80))
        jam.play(BEAT + number * 45_000 + 40_000, NoteOff(pitch))
    jam.until(jam.now + SHORTEST_US)

    found = lengths(jam)
    assert len(found) >= 4
    assert min(found) >= SHORTEST_US
    assert not jam.wire.sounding


@pytest.mark.parametrize("name", ["stop", "panic"])
def test_stop_ends_companions_at_once_however_short(name: str) -> None:
    jam = rehearsal(mode="harmonise", chart="| C |\n", tempo=120, sync="internal")
    jam.play(BEAT, NoteOn(76, 80))
    assert jam.wire.sounding
    jam.play(BEAT + 10_000, NoteOff(76))
    assert jam.wire.sounding
    jam.play(BEAT + 15_000, Command(name))
    assert not jam.wire.sounding
    jam.until(2 * BEAT)
    assert not jam.wire.sounding
