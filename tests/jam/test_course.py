"""The course through a form: jumps and rounds."""

from livegen.jam.harmony.course import Course, Leg, Passage


def test_without_cues_a_form_is_gone_through_from_its_top_on() -> None:
    course = Course(96)
    assert [course.place(tick) for tick in (0, 96, 100)] == [0, 0, 4]
    assert list(course.passages(90, 200)) == [Passage(90, 200, -6, True)]


def test_a_jump_leads_elsewhere_from_its_tick_on() -> None:
    course = Course()
    course.turn(Leg(96, 96, 384))
    assert [course.place(tick) for tick in (95, 96, 100)] == [95, 384, 388]
    assert list(course.passages(90, 110)) == [
        Passage(90, 96, 90, True),
        Passage(96, 110, 384, False),
    ]


def test_a_round_comes_again_and_again_until_another_leg() -> None:
    course = Course()
    course.turn(Leg(100, 0, 0, 96))
    course.turn(Leg(192, 192, 96))
    assert [course.place(tick) for tick in (99, 100, 191, 192, 300)] == [99, 4, 95, 96, 204]
    assert [passage.form for passage in course.passages(97, 200)] == [97, 4, 96]
    assert list(course.passages(180, 200)) == [
        Passage(180, 192, 84, True),
        Passage(192, 200, 96, True),
    ]


def test_what_is_told_for_an_earlier_tick_takes_the_place_of_what_was_told_for_later() -> None:
    course = Course()
    course.turn(Leg(192, 192, 0))
    course.turn(Leg(96, 96, 384))
    assert course.place(200) == 384 + 104


def test_on_another_timeline_legs_lie_where_they_lie_there() -> None:
    course = Course(96)
    course.turn(Leg(192, 192, 0))
    course.move(lambda tick: tick + 10)
    assert [course.place(tick) for tick in (106, 201, 202)] == [0, 95, 0]
