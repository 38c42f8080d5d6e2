"""How hard and how late a drummer strikes each hit."""

import numpy as np
import pytest

from livegen.music.drums.drum_touch import expected, facts, fitting, shipped, touch
from livegen.music.drums.grooves import BAR, KIT, STEPS, Grid, Rhythm
from livegen.music.drums.grooves import shipped as bank

ROCK = "drums_rock"


def rhythm(every: int = 4, late: float = 0.0) -> Rhythm:
    accents = np.zeros(STEPS, np.float32)
    accents[::every] = 0.7
    return Rhythm(accents, np.full(STEPS, late, np.float32))


def groove(number: int = 0) -> Grid:
    hits: Grid = bank().hits[number]
    return hits


def test_two_bars_close_to_a_ring_and_the_later_may_as_well_be_the_first() -> None:
    hits, given = groove(), rhythm()
    turned = Rhythm(np.roll(given.accents, BAR), np.roll(given.lates, BAR))
    said = touch(facts(hits, given, ROCK, 100, 50), shipped())
    other = touch(facts(np.roll(hits, BAR, 0), turned, ROCK, 100, 50), shipped())

    for one, two in zip(said, other, strict=True):
        assert np.roll(one, BAR, 0) == pytest.approx(two, abs=1e-4)


def test_who_plays_all_of_it_late_by_as_much_is_no_later_for_the_drums() -> None:
    for given in (rhythm(), rhythm(late=0.2), rhythm(late=-0.3)):
        assert facts(groove(), given, ROCK, 100, 50).tolist() == pytest.approx(
            facts(groove(), rhythm(), ROCK, 100, 50), abs=1e-6
        )


def test_a_backbeat_is_louder_than_the_taps_around_it_and_no_hit_leaves_its_sixteenth() -> None:
    snare, hat = 1, 3
    hits = np.zeros((STEPS, len(KIT)), np.uint8)
    hits[::2, hat] = hits[4::8, snare] = hits[7::8, snare] = hits[::8, 0] = 1
    said = touch(facts(hits, rhythm(), ROCK, 100, 50), shipped())

    assert said.velocities[4::8, snare].min() > said.velocities[7::8, snare].max() + 20
    assert np.abs(said.lates).max() <= 0.5
    assert 1 <= said.velocities.min() <= said.velocities.max() <= 127


def test_a_style_that_nobody_knows_and_no_rhythm_are_taken_as_well() -> None:
    said = touch(facts(None, None, "no such style", 60, 66), shipped())

    assert said.likely.shape == (STEPS, len(KIT))
    assert ((said.likely >= 0) & (said.likely <= 1)).all()


def test_the_groove_that_fits_has_the_kicks_that_are_clapped_and_stays_while_it_fits_nearly_as_well() -> (
    None
):
    clap = np.zeros(STEPS, np.float32)
    clap[[half + step for half in range(0, STEPS, 8) for step in (0, 3, 6)]] = 0.7
    first = fitting(Rhythm(clap, clap * 0), ROCK, 120, 50)
    one_off = clap.copy()
    one_off[[30, 31]] = 0.0, 0.7
    other = Rhythm(one_off, clap * 0)

    kicks, snares = first.hits[:, 0] > 0, first.hits[:, 1] > 0
    assert ((kicks | snares) & (clap > 0)).sum() >= 9
    assert fitting(other, ROCK, 120, 50, first.number).number == first.number
    assert fitting(rhythm(2), ROCK, 120, 50, first.number).number != first.number


def test_what_is_expected_of_a_groove_is_all_where_its_hits_are_certain_and_no_others() -> None:
    likely = (groove(7) > 0).astype(np.float32)
    found = expected(likely, bank())

    assert found[7] == pytest.approx(1.0)
    assert found.argmax() == 7 and found.min() >= 0
