"""The critic: which of several replies to a phrase people would rather have played."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.music.melody.critic import MOST_BYTES, WEIGHTS, ReplyBars, tastes

FOUR = ReplyBars(96, 48)
UNTIL = 4 * 96 - 48
# Tunes of the public domain: the degrees of four bars in eighths, and of the four that follow; 99 goes on.
_ = 99
TUNES = {
    "Ah, vous dirai-je, maman": (
        (60, _, 60, _, 67, _, 67, _, 69, _, 69, _, 67, _, _, _, 65, _, 65, _, 64, _, 64, _, 62, _, 62, _, 60, _, _, _),
        (67, _, 67, _, 65, _, 65, _, 64, _, 64, _, 62, _, _, _, 67, _, 67, _, 65, _, 65, _, 64, _, 64, _, 62, _, _, _),
    ),
    "Ode an die Freude": (
        (64, _, 64, _, 65, _, 67, _, 67, _, 65, _, 64, _, 62, _, 60, _, 60, _, 62, _, 64, _, 64, _, _, 62, 62, _, _, _),
        (64, _, 64, _, 65, _, 67, _, 67, _, 65, _, 64, _, 62, _, 60, _, 60, _, 62, _, 64, _, 62, _, _, 60, 60, _, _, _),
    ),
    "Yankee Doodle": (
        (72, _, 72, _, 74, _, 76, _, 72, _, 76, _, 74, _, 67, _, 72, _, 72, _, 74, _, 76, _, 72, _, _, _, 71, _, 67, _),
        (72, _, 72, _, 74, _, 76, _, 77, _, 76, _, 74, _, 72, _, 71, _, 67, _, 69, _, 71, _, 72, _, _, _, 72, _, _, _),
    ),
    "Lieber Augustin": (
        (67, _, _, 69, 67, _, 65, _, 64, _, 60, _, 60, _, _, _, 62, _, 55, _, 55, _, _, _, 64, _, 60, _, 60, _, _, _),
        (67, _, _, 69, 67, _, 65, _, 64, _, 60, _, 60, _, _, _, 62, _, 55, _, 55, _, _, _, 60, _, _, _, 60, _, _, _),
    ),
}  # fmt: skip
LINES = st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 127)), max_size=130).map(sorted)

Tune = list[tuple[int, int]]


def line(eighths: tuple[int, ...], begin: int = 0) -> Tune:
    return [(begin + 12 * at, pitch) for at, pitch in enumerate(eighths) if pitch != _]


def tune(name: str) -> tuple[Tune, Tune]:
    before, after = TUNES[name]
    return line(before, -4 * 96), line(after)


def by_chance(after: Tune, seed: int) -> Tune:
    """As many notes at the same times, at any pitches of the octave about."""
    chance = Random(seed)
    return [(tick, chance.randrange(55, 80)) for tick, _ in after]


@pytest.mark.parametrize("name", TUNES)
def test_how_a_tune_goes_on_is_put_before_pitches_by_chance(name: str) -> None:
    before, after = tune(name)
    own, *others = tastes(before, [after, *(by_chance(after, n) for n in range(20))], UNTIL, FOUR)

    assert sum(own > other for other in others) >= 18


@pytest.mark.parametrize("by", [-12, -5, 1, 6])
def test_transposed_a_phrase_and_its_replies_are_judged_alike(by: int) -> None:
    before, after = tune("Yankee Doodle")
    replies = [after, by_chance(after, 1)]
    moved = [[(tick, pitch + by) for tick, pitch in one] for one in (before, *replies)]

    assert tastes(moved[0], moved[1:], UNTIL, FOUR) == pytest.approx(
        tastes(before, replies, UNTIL, FOUR), abs=1e-4
    )


def test_a_reply_is_judged_by_itself_whoever_stands_beside_it() -> None:
    before, after = tune("Ode an die Freude")
    others = [by_chance(after, 1), by_chance(after, 2)]
    together = tastes(before, [after, *others], UNTIL, FOUR)

    assert tastes(before, [others[1], after], UNTIL, FOUR) == [together[2], together[0]]


def test_a_hand_that_plays_beside_the_lines_of_the_beat_changes_nothing() -> None:
    before, after = tune("Ode an die Freude")
    loose = [(tick + (-2, 0, 1)[at % 3], pitch) for at, (tick, pitch) in enumerate(after)]

    assert tastes(before, [loose], UNTIL, FOUR) == tastes(before, [after], UNTIL, FOUR)


def test_what_comes_after_the_last_strong_beat_changes_nothing() -> None:
    before, after = tune("Ode an die Freude")
    longer = [*(one for one in after if one[0] <= UNTIL), (UNTIL + 24, 61), (UNTIL + 30, 90)]

    assert tastes(before, [longer], UNTIL, FOUR) == tastes(before, [after], UNTIL, FOUR)


def test_a_reply_without_a_note_is_the_worst() -> None:
    before, after = tune("Ode an die Freude")
    told = tastes(before, [after, [], by_chance(after, 1)], UNTIL, FOUR)

    assert min(told) == told[1]
    assert tastes(before, [[], []], UNTIL, FOUR) == [-10.0, -10.0]


@settings(max_examples=25, deadline=None)
@given(
    phrase=LINES.filter(lambda some: any(tick <= 0 for tick, _ in some)),
    replies=st.lists(LINES, min_size=1, max_size=4),
    until=st.integers(48, 800),
    bars=st.sampled_from([FOUR, ReplyBars(72, 72), ReplyBars(84, 84), ReplyBars(36, 36)]),
)
def test_whatever_is_played_is_judged(
    phrase: Tune, replies: list[Tune], until: int, bars: ReplyBars
) -> None:
    told = tastes(phrase, replies, until, bars)

    assert len(told) == len(replies)
    assert np.isfinite(told).all()


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size <= MOST_BYTES
