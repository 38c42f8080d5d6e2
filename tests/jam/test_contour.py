"""A solo rises and comes back, and moves on from its last note."""

import numpy as np

from livegen.codec.layout import NO_PITCH
from livegen.jam.band.contour import GROUP, RISES, Contour
from livegen.music.time.metre import COMMON_TIME

BAR = 96


def test_each_four_bars_lie_somewhere_else_and_a_chorus_comes_round() -> None:
    contour = Contour(COMMON_TIME, 2 * BAR, 74)
    middles = []
    for group in range(2 * len(RISES)):
        nats = contour.welcome(2 * BAR + group * GROUP * BAR + 12, NO_PITCH)
        free = np.flatnonzero(nats == 0)
        middles.append((free[0] + free[-1]) / 2)
    assert middles == [74 + rise for rise in RISES] * 2
    assert contour.welcome(0, NO_PITCH).shape == (128,)


def test_the_pitch_before_is_less_welcome_than_its_neighbours() -> None:
    nats = Contour(COMMON_TIME, 0, 74).welcome(0, 70)
    assert nats[70] < min(nats[69], nats[71])
