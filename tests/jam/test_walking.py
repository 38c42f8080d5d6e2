"""A bass that walks goes on by step in its direction, to the root of the chord that comes."""

from itertools import pairwise

import numpy as np

from livegen.jam.band.harmonies import Welcome
from livegen.jam.band.walking import approaches, walking
from livegen.jam.harmony.outline import ChordFrom
from livegen.music.chords.chord import Chord
from livegen.music.parts import BASS
from livegen.music.time.metre import COMMON_TIME, TICKS_PER_BEAT
from tests.jam.stage import BAR, onsets
from tests.jam.test_chart import BLUES, CHANNELS, band, held

C2, D2, E2, F2, G2 = 36, 38, 40, 41, 43
QUARTERS = 4 * TICKS_PER_BEAT


def test_a_step_is_more_welcome_than_a_leap_and_the_same_note_least() -> None:
    nats = walking((E2,), None, 2)
    assert nats[F2] == nats[D2] > nats[G2] > nats[E2 + 7] > nats[E2 + 10] > nats[E2]


def test_a_line_goes_on_in_its_direction_and_not_back_at_once() -> None:
    nats = walking((C2, D2), None, 2)
    assert nats[E2] > nats[D2 - 1] > nats[C2]


def test_the_note_before_a_root_lies_a_step_from_it_or_a_fifth_and_is_not_the_root() -> None:
    nats = walking((G2,), 5, 1) - walking((G2,), None, 1)
    assert nats[E2] >= nats[G2] > nats[C2] > nats[D2] and nats[F2] == nats.min()


def test_two_beats_before_a_root_the_line_is_where_steps_reach_it() -> None:
    nats = walking((C2,), 5, 2) - walking((C2,), None, 2)
    assert nats[E2] == nats[D2] > nats[F2 + 6]


def test_from_a_semitone_off_a_root_is_led_to_in_any_key() -> None:
    assert [pitch for pitch in range(36, 48) if approaches(5)[pitch]] == [E2, F2 + 1]


def test_a_bass_that_walks_is_to_reach_the_next_change_and_any_tone_where_a_chord_goes_on() -> None:
    chords = (
        ChordFrom(0, Chord(0, "maj")),
        ChordFrom(QUARTERS // 2, Chord(9, "min")),
        ChordFrom(3 * QUARTERS, Chord(5, "maj")),
    )
    welcome = Welcome(BASS, np.zeros(128), COMMON_TIME, chords)
    assert welcome.goal(0) == (QUARTERS // 2, 9)
    assert welcome.goal(QUARTERS // 2) == (QUARTERS, None)
    assert welcome.goal(3 * QUARTERS - 24) == (3 * QUARTERS, 5)
    assert Welcome(BASS, np.zeros(128), COMMON_TIME).goal(24) == (QUARTERS, None)


def test_in_a_blues_the_bass_moves_by_step_or_third_hardly_repeats_and_leads_to_each_new_root() -> (
    None
):
    jam = band(BLUES, style="jazz_swing", parts="bass")
    held(jam, 24)
    line = [
        note.pitch for at, note in onsets(jam, BAR // 2, 24 * BAR) if note.channel == CHANNELS[BASS]
    ]
    moves = [abs(after - before) for before, after in pairwise(line)]
    assert len(line) > 90
    assert sum(1 <= move <= 4 for move in moves) > 0.7 * len(moves)
    assert moves.count(0) < 0.05 * len(moves) and max(moves) <= 12
