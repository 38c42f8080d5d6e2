"""The rhythm of an answer keeps to what its call has: lines of the beat, the shortest distance."""

import numpy as np

from livegen.jam.controls.controls import settings
from livegen.jam.planning.brief import Brief, brief_for
from livegen.jam.planning.density import Density
from livegen.music.melody.phrase import Phrase
from livegen.music.parts import LEAD
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline

TICK_US = 20_000
TIMELINE = Timeline(24 * TICK_US, 0, COMMON_TIME)


def brief(*ticks: int) -> Brief:
    """The brief of an answer to notes at these ticks."""
    phrase = Phrase()
    for tick in ticks:
        phrase.strike(tick * TICK_US, LEAD, 60 + tick % 7, 80)
        phrase.release((tick + 5) * TICK_US, LEAD, 60 + tick % 7)
    return brief_for(phrase, settings({}), TIMELINE, 24 * 24)


def welcome(*ticks: int) -> np.ndarray:
    """Of each tick of the beat (24,), in nats, after notes at these ticks."""
    found = brief(*ticks).groove
    assert found is not None
    return found


def test_a_call_on_the_beats_alone_is_answered_on_the_beats() -> None:
    quarters, eighths = welcome(*range(0, 240, 24)), welcome(*range(0, 120, 12))
    assert quarters[0] == eighths[0] == eighths[12] == 0
    assert quarters[12] < -1.5
    assert max(quarters[tick] for tick in (6, 8, 16, 18)) < quarters[12]


def test_an_onset_beside_all_lines_is_answered_in_its_place_and_nowhere_else() -> None:
    found = welcome(*range(0, 192, 24), 22 + 192, 22 + 216)
    assert min(found[21:24]) > -1.0
    assert found[3] < found[22] - 1


def test_notes_follow_one_another_no_sooner_than_sixteenths_but_where_the_call_has_such() -> None:
    eighths, ornamented = brief(*range(0, 96, 12)), brief(0, 3, 24, 48)
    for one, is_left_out in ((eighths, [True, True, False]), (ornamented, [False, False, False])):
        density = Density(one, one.start)
        density.begin(one.start, LEAD)
        found = [density.is_ornament(LEAD, one.start + gap, one) for gap in (3, 4, 6)]
        assert found == is_left_out
