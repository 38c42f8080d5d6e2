"""Marks: they come back with the note that they went before, and are taken for nothing else."""

import random

from livegen.daemon.midi.loop_marks import MARK_EVERY_US, MARKED_US, TOGETHER_US, Mark, Marks

ON = bytes((0x91, 60, 80))


def test_a_mark_is_two_offs_of_the_key_and_there_is_one_a_second() -> None:
    marks = Marks(random.Random(1))

    assert [(off[0], off[1]) for off in marks.before(0, ON)] == [(0x81, 60)] * 2
    assert marks.before(MARK_EVERY_US - 1, ON) == ()
    assert len(marks.before(MARK_EVERY_US, ON)) == 2


def test_what_is_no_note_on_has_no_mark() -> None:
    marks = Marks(random.Random(1))

    for data in (bytes((0x91, 60, 0)), bytes((0x81, 60, 64)), bytes((0xB1, 64, 127)), b"\xf8"):
        assert marks.before(0, data) == ()


def test_a_mark_that_came_in_announces_the_next_note_of_its_key_once() -> None:
    marks = Marks(random.Random(1))
    first, second = (off[2] for off in marks.before(0, ON))

    for key in ((0, 60), (5, 67)):  # as it is, and by a way to another channel and pitch
        assert not marks.heard_off(1000, key, first)
        assert marks.heard_off(1000, key, second)
        assert marks.announcing(1000, (0, 61)) is None
        assert marks.announcing(1000 + TOGETHER_US, key) == Mark(0, 60, (first, second))
        assert marks.announcing(1000 + TOGETHER_US, key) is None


def test_two_offs_apart_or_too_late_or_of_other_velocities_are_no_mark() -> None:
    marks = Marks(random.Random(1))
    first, second = (off[2] for off in marks.before(0, ON))

    for velocity, other, at, apart in (
        (first, second, 0, TOGETHER_US + 1),
        (first, second, MARKED_US, 1),
        (first % 126 + 1, second, 0, 0),
        (64, 64, 0, 0),
    ):
        assert not marks.heard_off(at, (0, 60), velocity)
        assert not marks.heard_off(at + apart, (0, 60), other)


def test_which_offs_left_when_is_known() -> None:
    marks = Marks(random.Random(1))
    releases = [off[2] for off in marks.before(500, ON)]

    assert all(marks.left(510, 60, release, 10) for release in releases)
    assert not marks.left(511, 60, releases[0], 10)
    assert not marks.left(500, 61, releases[0], 10)
    assert not marks.left(500, 60, 64, 10)
