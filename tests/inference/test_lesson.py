"""A lesson: the last events that were heard, kept as a value and as a line of text."""

import pytest

from livegen.codec.layout import ADVANCE, NO_GRID, NO_PITCH, Event
from livegen.errors import LivegenError
from livegen.inference.lesson import MOST, PLAYED, STYLE, Lesson, lesson_from


def note(pitch: int) -> Event:
    return Event(6, 0, 1, pitch, 20, 24, 8, NO_PITCH)


def lesson_of(*pitches: int) -> Lesson:
    lesson = Lesson()
    for pitch in pitches:
        lesson = lesson.after(note(pitch), style=3, is_played=pitch % 2 == 0)
    return lesson


def pitches(lesson: Lesson) -> list[int]:
    return [Event(*row[:STYLE]).pitch for row in lesson.rows.tolist()]


def test_a_lesson_holds_what_was_heard_in_which_style_and_by_whom_it_was_played() -> None:
    lesson = lesson_of(60, 61)

    assert [Event(*row[:STYLE]) for row in lesson.rows.tolist()] == [note(60), note(61)]
    assert lesson.rows[:, STYLE].tolist() == [3, 3]
    assert lesson.rows[:, PLAYED].tolist() == [1, 0]
    assert lesson.played == 1


def test_lessons_that_part_go_their_own_ways() -> None:
    before = lesson_of(60)
    one = before.after(note(62), 0, is_played=True)
    other = before.after(note(64), 0, is_played=True)

    assert [pitches(it) for it in (before, one, other)] == [[60], [60, 62], [60, 64]]


def test_the_oldest_events_are_let_go_and_still_counted() -> None:
    lesson = Lesson()
    for number in range(5 * MOST):
        lesson = lesson.after(note(number % 128), 0, is_played=True)

    assert pitches(lesson) == [number % 128 for number in range(4 * MOST, 5 * MOST)]
    assert lesson.played == 5 * MOST
    assert len(lesson.text) <= 30_000


def test_a_lesson_is_a_line_and_comes_back() -> None:
    lesson = lesson_of(60, 61, 62).after(Event(ADVANCE, 0, 0, 0, 0, NO_GRID, 0), 255, True)
    again = lesson_from(lesson.text)

    assert again.rows.tolist() == lesson.rows.tolist()
    assert again.played == lesson.played
    assert pitches(again.after(note(1), 0, is_played=False))[-1] == 1
    assert lesson_from(Lesson().text).rows.tolist() == []


@pytest.mark.parametrize("text", ["", "x", "eJw=", "ö", Lesson().text[:-4]])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(LivegenError, match="expected a lesson"):
        lesson_from(text)


def test_a_lesson_with_a_class_that_no_field_has_is_refused() -> None:
    lesson = lesson_of(60)
    lesson.rows[0, 1] = 4

    with pytest.raises(LivegenError, match="expected a lesson"):
        lesson_from(lesson.text)
