"""What is learned is the control that was meant, and it then does what it says."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.jam.controls.binding_learner import PATIENCE_US, SETTLES_US, turning
from livegen.jam.controls.controls import CONTROLS, settings, with_control
from livegen.jam.controls.knobs import steps
from livegen.jam.controls.mapping import Command, ControlMap, turned, turned_by
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, ProgramChange

MS = 1_000


def program(number: int) -> Message:
    return ProgramChange(number)


def changes(*pairs: tuple[int, int]) -> list[Message]:
    return [ControlChange(control, value) for control, value in pairs]


def nrpn(first: int, second: int, values: Iterable[int], fine: bool = True) -> list[Message]:
    """A knob as its parameter, chosen anew each time."""
    sent = []
    for value in values:
        sent += changes((99, first), (98, second), (6, value >> 7))
        sent += changes((38, value & 127)) if fine else []
    return sent


def learned(messages: Sequence[Message], target: str = "density") -> tuple[ControlMap, list[str]]:
    """The bindings after these were moved, 5 ms apart, and all had settled; and what was said."""
    said: list[str] = []
    bindings, now = ControlMap({}, said.append), 0
    bindings.learn(target, now)
    for message in messages:
        bindings.look(now)
        bindings.translate(message, now)
        now += 5 * MS
    if bindings.learning and (deadline := bindings.deadline()) is not None:
        bindings.look(deadline)
    return bindings, said


SWEEP = range(20, 90, 3)
FINE_SWEEP = range(2_000, 9_000, 171)
CASES: dict[str, list[Message]] = {
    "cc 74 on 1": changes(*((74, value) for value in SWEEP)),
    "nrpn 1:20 on 1": nrpn(1, 20, FINE_SWEEP),
    "nrpn 2:3 on 1": nrpn(2, 3, (value << 7 for value in SWEEP), fine=False),
    "nrpn 0:9 7-bit on 1": nrpn(0, 9, SWEEP),
    "nrpn 0:7 relative on 1": changes((99, 0), (98, 7), *[(96, 0)] * 5),
    "rpn 0:1 on 1": changes((101, 0), (100, 1), *((6, value) for value in SWEEP)),
    "cc 7 14-bit on 1": changes(
        *(pair for value in FINE_SWEEP for pair in ((39, value & 127), (7, value >> 7)))
    ),
    "cc 8 14-bit on 1": changes(
        *(pair for value in FINE_SWEEP for pair in ((8, value >> 7), (40, value & 127)))
    ),
    "cc 16 relative on 1": changes(*((16, value) for value in (1, 1, 2, 3, 3, 1, 127, 127, 126))),
    "cc 17 relative on 1": changes(*((17, value) for value in (1, 1, 1, 65, 65, 66))),
    "cc 18 relative offset on 1": changes(*((18, value) for value in (65, 65, 66, 63, 63, 62))),
    "cc 19 relative offset on 1": changes(*[(19, 65)] * 6),
    "cc 20 relative on 1": changes(*[(20, 127)] * 6),
    "cc 64 on 1": changes((64, 127)),
    "cc 65 on 1": changes((65, 127), (65, 0)),
    "program 5 on 1": [program(5)],
    "program 5 bank 2 on 1": [*changes((0, 2)), program(5)],
    "program 5 bank 130 on 1": [*changes((0, 1), (32, 2)), program(5)],
    "note 36 on 1": [NoteOn(36, 1)],
}


@pytest.mark.parametrize("source", CASES)
def test_what_was_moved_is_learned_as_what_it_is(source: str) -> None:
    bindings, said = learned(CASES[source])
    assert bindings.bindings == {source: "density"}
    assert said == [f"learned: {source} is bound to density"]


@pytest.mark.parametrize(
    "source", [source for source in CASES if not source.startswith(("note", "prog"))]
)
def test_a_pedal_that_trembles_is_not_learned_in_its_place(source: str) -> None:
    tremble = changes(*((11, 63 + number % 2) for number in range(200)))
    mixed = [one for pair in zip(tremble, CASES[source], strict=False) for one in pair]
    assert learned([*tremble[:20], *mixed])[0].bindings == {source: "density"}


def test_of_two_that_move_the_one_that_moves_most_is_meant() -> None:
    both = changes(*(pair for value in range(60) for pair in ((21, 40 + value // 4), (22, value))))
    assert learned(both)[0].bindings == {"cc 22 on 1": "density"}


@pytest.mark.parametrize(
    "messages",
    [
        [],
        changes(*((11, 63 + number % 2) for number in range(100))),
        changes((0, 3), (32, 1)),
        changes((99, 1), (98, 20)),
        changes((101, 0), (100, 6), (6, 15), (101, 0), (100, 0), (6, 48)),
        changes((88, 127)),
        [NoteOff(60)],
    ],
    ids=[
        "nothing",
        "a tremble",
        "a bank",
        "a choice",
        "the set-up of MPE",
        "a prefix",
        "a release",
    ],
)
def test_where_nothing_is_meant_nothing_is_learned_and_a_line_says_so(
    messages: list[Message],
) -> None:
    bindings, said = learned(messages)
    assert (bindings.bindings, bindings.learning) == ({}, None)
    assert said == ["nothing was learned for density: no knob, pad or pedal moved far enough"]


def test_it_waits_as_long_as_it_says() -> None:
    bindings = ControlMap()
    bindings.learn("density", 7)
    assert bindings.deadline() == 7 + PATIENCE_US
    for at, value in enumerate((1, 40)):
        bindings.translate(ControlChange(20, value), 100 + at)
    assert bindings.deadline() == 101 + SETTLES_US
    bindings.look(100 + SETTLES_US)
    assert bindings.bindings == {}
    bindings.look(101 + SETTLES_US)
    assert bindings.bindings == {"cc 20 on 1": "density"}
    assert bindings.deadline() is None


@pytest.mark.parametrize("target", ["density", "again", "preset Quiet"])
def test_a_control_a_command_and_a_preset_can_be_learned(target: str) -> None:
    assert learned([NoteOn(36, 90)], target)[0].bindings == {"note 36 on 1": target}


def test_what_is_learned_replaces_what_was_bound_to_the_same_thing_in_another_form() -> None:
    bindings = ControlMap({"cc 16 on 1": "swing", "cc 16 on 2": "energy"})
    bindings.learn("density", 0)
    for message in CASES["cc 16 relative on 1"]:
        bindings.translate(message, 0)
    bindings.look(SETTLES_US)
    assert bindings.bindings == {"cc 16 on 2": "energy", "cc 16 relative on 1": "density"}


# What bindings do.


def places(binding: str, messages: Sequence[Message]) -> list[object]:
    """What a knob that is bound to nucleus makes of it, in order."""
    bindings, values = ControlMap({binding: "nucleus"}), list[object]()
    for message in messages:
        values += [command.value for command in bindings.translate(message, 0) or []]
    return values


def at(place: float) -> object:
    return turned(CONTROLS["nucleus"], place)


def test_a_parameter_turns_a_control_with_all_its_bits() -> None:
    found = places("nrpn 1:20", nrpn(1, 20, (0, 8_000, 16_383)))
    assert found[1::2] == [at(0), at(8_000 * 127 / 16_383), at(127)]


def test_a_parameter_in_low_bits_turns_all_the_way() -> None:
    assert places("nrpn 0:9 7-bit", nrpn(0, 9, (0, 64, 127)))[1::2] == [at(0), at(64), at(127)]


@pytest.mark.parametrize("order", [(7, 39), (39, 7)])
def test_a_fine_controller_turns_in_either_order(order: tuple[int, int]) -> None:
    halves = {7: 8_000 >> 7, 39: 8_000 & 127}
    sent = changes(*((control, halves[control]) for control in order))
    assert places("cc 7 14-bit", sent)[-1] == at(8_000 * 127 / 16_383)
    assert at(0) not in places("cc 7 14-bit", sent)


def test_another_parameter_or_none_at_all_turns_nothing() -> None:
    assert places("nrpn 1:20", nrpn(1, 21, (0, 8_000))) == []
    assert places("nrpn 1:20", [*nrpn(1, 20, ()), *changes((99, 127), (98, 127), (6, 9))]) == []
    assert places("nrpn 1:20", changes((101, 1), (100, 20), (6, 9))) == []


def test_a_program_of_a_bank_is_another_than_that_of_any() -> None:
    bindings = ControlMap({"program 5": "again", "program 5 bank 2": "undo"})
    first = bindings.translate(program(5), 0)
    bindings.translate(ControlChange(0, 2), 0)
    second = bindings.translate(program(5), 0)
    bindings.translate(ControlChange(0, 3), 0)
    third = bindings.translate(program(5), 0)
    assert (first, second, third) == ([Command("again")], [Command("undo")], [Command("again")])


@pytest.mark.parametrize(
    ("binding", "values", "by"),
    [
        ("cc 16 relative", (1, 2, 127, 126, 65, 66), (1, 2, -1, -2, -1, -2)),
        ("cc 16 relative offset", (65, 67, 63, 60), (1, 3, -1, -4)),
    ],
)
def test_an_encoder_turns_by_steps_as_fast_as_it_says(
    binding: str, values: tuple[int, ...], by: tuple[int, ...]
) -> None:
    bindings = ControlMap({binding: "density"})
    asked = [bindings.translate(ControlChange(16, value), 0) for value in values]
    assert asked == [[Command("turn", ["density", steps])] for steps in by]


def test_an_encoder_turned_up_asks_for_a_command() -> None:
    bindings = ControlMap({"cc 16 relative": "again"})
    assert bindings.translate(ControlChange(16, 1), 0) == [Command("again")]
    assert bindings.translate(ControlChange(16, 127), 0) == []


@given(
    st.sampled_from([name for name, control in CONTROLS.items() if control.has_knob]),
    st.lists(st.integers(-30, 30), max_size=60),
)
def test_a_control_that_is_turned_by_steps_keeps_to_its_range_and_reaches_both_ends(
    name: str, turns: list[int]
) -> None:
    set_, row = settings(), CONTROLS[name]
    for by in [*turns, -400, 400]:
        set_ = with_control(set_, name, turned_by(row, getattr(set_, name), by))
    top = row.choices[-1] if row.low == row.high else row.high
    assert getattr(set_, name) in (top, str(int(row.high)))
    for _ in range(2):
        set_ = with_control(set_, name, turned_by(row, getattr(set_, name), -400))
    assert getattr(set_, name) in ((row.choices or (row.low,))[0], str(int(row.low)))


def test_a_text_that_is_a_number_is_turned_on_from_there_and_a_word_from_nought() -> None:
    register = CONTROLS["register"]
    assert [turned_by(register, text, 2) for text in ("call", "C3-C6", "3", "-24", "23")] == [
        2,
        2,
        5,
        -22,
        24,
    ]


@given(st.integers(1, 126), st.integers(-1, 1))
def test_a_step_is_that_of_a_knob(place: int, by: int) -> None:
    density = CONTROLS["density"]
    value = turned(density, place)
    assert turned_by(density, value, by) == pytest.approx(turned(density, place + by))


@given(st.integers(0, 127), st.lists(st.integers(1, 24), min_size=2, max_size=60), st.booleans())
def test_a_knob_that_is_turned_one_way_is_no_encoder(
    start: int, turns: list[int], up: bool
) -> None:
    values = [value for value in accumulate([start, *turns]) if value < 128]
    assert not turning(values if up else [127 - value for value in values])


@given(st.integers(1, 16), st.sampled_from(["relative", "relative offset"]))
def test_a_step_up_is_as_many_down(by: int, form: str) -> None:
    up = 64 + by if form == "relative offset" else by
    down = 64 - by if form == "relative offset" else 128 - by
    assert steps(up, form) == -steps(down, form) == by
