"""A response that repeats."""

from livegen.codec.encoder import Stroke
from livegen.jam.planning.repeating import Loop

STROKES = [Stroke(96, 0, 60, 80), Stroke(108, 0, 60, 0)]


def test_it_comes_again_every_period_until_it_is_let_go_and_goes_on_if_it_is_wanted_after_all() -> (
    None
):
    loop = Loop(STROKES, 96, 96, 192)
    loop.step()
    loop.step()
    assert [stroke.tick for stroke in loop.planned] == [192, 204, 288, 300]
    assert loop.let_go(200)
    assert loop.frontier == 288
    loop.step()
    ended = loop.is_done
    loop.keep_on()
    loop.step()
    assert (ended, loop.is_done) == (True, False)
    assert loop.planned[-1].tick == 300


def test_of_nothing_there_is_no_repetition() -> None:
    loop = Loop([], 0, 96, 0)
    loop.keep_on()
    assert loop.is_done
