"""The laws of the input guard, for any bytes at any times."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.midi.inlet import (
    COALESCE_US,
    HELD_US,
    MAX_NESTED,
    NOTE_BURST,
    NOTES_PER_S,
    OTHER_BURST,
    SENSING_US,
    Inlet,
)
from livegen.music.messages import NoteOff, NoteOn, decode

SECOND = 1_000_000
CLOCK, SENSING = bytes((0xF8,)), bytes((0xFE,))


def on(pitch: int, velocity: int = 80) -> bytes:
    return bytes((0x90, pitch, velocity))


def off(pitch: int) -> bytes:
    return bytes((0x80, pitch, 64))


def bend(value: int) -> bytes:
    return bytes((0xE0, 0, value))


noise = st.binary(max_size=6)
keys = st.builds(lambda status, pitch, velocity: bytes((status, pitch, velocity)),
                 st.sampled_from((0x80, 0x90)), st.integers(58, 62), st.integers(0, 127))  # fmt: skip
values = st.builds(lambda status, first, second: bytes((status, first, second)),
                   st.sampled_from((0xB0, 0xE0, 0xA0)), st.integers(0, 127), st.integers(0, 127))  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 20_000), st.one_of(noise, keys, values)), max_size=100))
def test_any_bytes_at_all_are_taken_and_what_passes_is_well_formed_and_balanced(
    happenings: list[tuple[int, bytes]],
) -> None:
    inlet, now, passed = Inlet(), 0, []
    for pause, data in happenings:
        now += pause
        passed += inlet.due(now) + inlet.feed(data, now)
    passed += inlet.release()

    messages = [decode(data) for data in passed]
    assert None not in messages
    held: Counter[tuple[int, int]] = Counter()
    for message in messages:
        if isinstance(message, NoteOn):
            held[message.channel, message.pitch] += 1
        elif isinstance(message, NoteOff):
            held[message.channel, message.pitch] -= 1
            assert held[message.channel, message.pitch] >= 0
    assert not +held


def test_of_a_flood_of_keys_some_pass_and_each_that_does_gets_its_off() -> None:
    inlet = Inlet()
    passed = [data for index in range(2000) for data in inlet.feed(on(index % 128), index * 10)]
    ons = len(passed)
    passed += [
        data for index in range(2000) for data in inlet.feed(off(index % 128), 20_000 + index * 10)
    ]

    assert NOTE_BURST <= ons <= NOTE_BURST + NOTES_PER_S // 50 + 1
    assert len(passed) == 2 * ons
    assert inlet.counts["notes beyond the limit"] == 2000 - ons


def test_a_flood_is_over_as_soon_as_it_is_over() -> None:
    inlet = Inlet()
    for index in range(100_000):
        inlet.feed(on(index % 128), index)

    assert inlet.feed(on(60), 2 * SECOND) == [on(60)]


def test_one_key_struck_for_ever_without_coming_up_is_a_fault_not_music() -> None:
    inlet = Inlet()
    passed = [data for at in range(0, 10 * SECOND, 100_000) for data in inlet.feed(on(60), at)]

    assert len(passed) == MAX_NESTED
    assert inlet.release() == [off(60)] * MAX_NESTED


def test_of_a_flood_of_bends_the_latest_passes_every_five_milliseconds() -> None:
    inlet = Inlet()
    passed = [
        data
        for at in range(0, 5_000, 50)
        for data in inlet.due(at) + inlet.feed(bend(at // 50), at)
    ]
    passed += inlet.due(COALESCE_US)

    assert passed == [bend(0), bend(99)]
    assert inlet.deadline() is None


@pytest.mark.parametrize("kind", [b"\xe3", b"\xd3", b"\xb3\x01", b"\xa3\x3c"])
def test_of_each_wheel_strip_pedal_and_key_the_latest_value_passes_whatever_its_bytes(
    kind: bytes,
) -> None:
    inlet, rest = Inlet(), b"\x40" if kind == b"\xe3" else b""
    flood = [kind + bytes((value,)) + rest for value in range(100)]

    passed = [data for message in flood for data in inlet.feed(message, 0)]

    assert passed + inlet.due(COALESCE_US) == [flood[0], flood[-1]]


def test_a_value_that_waits_passes_before_the_next_note_of_its_channel() -> None:
    inlet = Inlet()
    inlet.feed(bend(1), 0)
    inlet.feed(bend(2), 100)

    assert inlet.feed(on(60), 200) == [bend(2), on(60)]


def test_velocity_0_is_a_note_off() -> None:
    inlet = Inlet()
    inlet.feed(on(60), 0)

    assert inlet.feed(on(60, velocity=0), 100) == [off(60)]


def test_when_active_sensing_stops_what_is_held_is_released() -> None:
    inlet = Inlet()
    inlet.feed(SENSING, 0)
    inlet.feed(on(60), 100)
    inlet.feed(bytes((0xB0, 64, 127)), 200)

    assert inlet.deadline() == 200 + SENSING_US
    assert inlet.due(199 + SENSING_US) == []
    assert inlet.due(200 + SENSING_US) == [bytes((0xB0, 64, 0)), off(60)]
    assert inlet.due(10 * SENSING_US) == []  # normal again, until the next FE


def test_without_active_sensing_a_held_key_may_wait() -> None:
    inlet = Inlet()
    inlet.feed(on(60), 0)

    assert inlet.due(10 * SENSING_US) == []


def test_a_key_that_never_comes_up_is_released_after_thirty_seconds() -> None:
    inlet = Inlet()
    inlet.feed(on(60), 0)

    assert inlet.deadline() == HELD_US
    assert inlet.due(HELD_US) == [off(60)]


def test_all_notes_off_releases_its_channel_by_note_offs() -> None:
    inlet = Inlet()
    inlet.feed(on(60), 0)
    inlet.feed(bytes((0x91, 62, 80)), 0)

    assert inlet.feed(bytes((0xB0, 123, 0)), 100) == [off(60), bytes((0xB0, 123, 0))]


def test_reset_controllers_raises_the_pedal() -> None:
    inlet = Inlet()
    inlet.feed(bytes((0xB0, 64, 127)), 0)

    assert inlet.feed(bytes((0xB0, 121, 0)), 100) == [bytes((0xB0, 64, 0)), bytes((0xB0, 121, 0))]


def test_clock_passes_and_a_flood_of_it_does_not() -> None:
    inlet = Inlet()

    assert [inlet.feed(CLOCK, tick * 8_333) for tick in range(1000)] == [[CLOCK]] * 1000
    passed = sum(len(inlet.feed(CLOCK, 100 * SECOND + at)) for at in range(10_000))
    assert passed <= OTHER_BURST + 11


def test_a_huge_system_exclusive_message_is_dropped() -> None:
    inlet = Inlet()

    assert inlet.feed(bytes((0xF0, *([1] * 65_534), 0xF7)), 0) == []
    assert inlet.counts == {"sysex too long": 1}
    longest = bytes((0xF0, *([1] * 65_533), 0xF7))
    assert inlet.feed(longest, 0) == [longest]


@given(st.binary(max_size=4))
def test_what_is_not_midi_is_counted(data: bytes) -> None:
    inlet = Inlet()
    inlet.feed(data, 0)

    is_garbage = bool(data) and decode(data) is None and data[0] != 0xFE
    assert inlet.counts["undecodable"] == is_garbage


def test_values_can_be_told_to_pass_less_often_and_the_last_one_always_does() -> None:
    inlet = Inlet(values_every_us=20_000)
    passed = [
        at for at in range(0, 100_000, 1_000) if inlet.due(at) + inlet.feed(bend(at // 1_000), at)
    ]
    assert passed == [0, 20_000, 40_000, 60_000, 80_000]
    assert inlet.due(100_000) == [bend(99)]


def test_what_it_knows_of_values_is_forgotten_when_it_is_old() -> None:
    inlet = Inlet()
    for number in range(128):
        inlet.feed(bytes((0xB0, number, 1)), number)
    assert len(inlet._passed_at) == 128

    inlet.due(SECOND)

    assert inlet._passed_at == {}


def test_a_key_that_was_held_too_long_is_counted_once() -> None:
    inlet = Inlet()
    inlet.feed(on(60), 0)

    assert inlet.due(HELD_US - 1) == []
    assert inlet.due(HELD_US) == [off(60)]
    assert inlet.counts == {"held too long": 1}


def control(number: int, value: int, channel: int = 0) -> bytes:
    return bytes((0xB0 | channel, number, value))


def test_after_a_release_nothing_is_remembered_of_the_sender() -> None:
    inlet = Inlet()
    inlet.feed(SENSING, 0)
    inlet.feed(control(64, 127), 0)
    inlet.feed(bend(1), 0)
    inlet.feed(bend(2), 1)  # it waits
    inlet.feed(on(60), 2)
    inlet.feed(bend(3), 3)

    assert inlet.release() == [control(64, 0), off(60)]

    assert inlet.release() == []
    assert inlet.deadline() is None
    assert inlet.due(SECOND) == []
    assert "active sensing stopped" not in inlet.counts


def test_reset_controllers_raises_the_pedal_of_its_channel_once_and_other_controllers_none() -> (
    None
):
    inlet = Inlet()
    inlet.feed(control(64, 127), 0)

    assert inlet.feed(control(7, 90), 10_000) == [control(7, 90)]
    assert inlet.feed(control(121, 0, channel=1), 20_000) == [control(121, 0, channel=1)]
    assert inlet.feed(control(121, 0), 30_000) == [control(64, 0), control(121, 0)]
    assert inlet.feed(control(121, 0), 40_000) == [control(121, 0)]


def test_what_did_not_pass_is_counted_by_its_reason_one_by_one() -> None:
    inlet = Inlet()
    for _ in range(MAX_NESTED + 2):
        inlet.feed(on(60), 0)
    assert inlet.counts == {"notes beyond the limit": 2}
    for _ in range(MAX_NESTED + 1):
        inlet.feed(off(60), 0)
    inlet.feed(off(60), 0)
    inlet.feed(off(61), 0)
    assert inlet.counts["offs of refused notes"] == 1
    assert inlet.counts["offs of silent notes"] == 2

    for value in range(4):
        inlet.feed(bend(value), 0)
    assert inlet.counts["values coalesced"] == 2  # the first passed, the last waits
    for _ in range(OTHER_BURST + 3):
        inlet.feed(CLOCK, 0)
    assert inlet.counts["others beyond the limit"] == 3
    assert inlet.refused == 5


def test_a_value_that_waits_is_due_five_milliseconds_after_the_one_before() -> None:
    inlet = Inlet()
    inlet.feed(bend(1), 1_000)
    inlet.feed(bend(2), 2_000)

    assert inlet.deadline() == 1_000 + COALESCE_US


def test_active_sensing_that_stops_is_counted_once() -> None:
    inlet = Inlet()

    assert inlet.feed(SENSING, 0) == []  # it is no music
    assert inlet.deadline() == SENSING_US
    assert inlet.due(SENSING_US) == []
    assert inlet.due(SECOND) == []
    assert inlet.counts == {"active sensing stopped": 1}


def test_after_a_release_no_refused_key_is_remembered() -> None:
    inlet = Inlet()
    for _ in range(MAX_NESTED + 1):
        inlet.feed(on(60), 0)
    inlet.release()

    inlet.feed(off(60), 0)

    assert inlet.counts == {"notes beyond the limit": 1, "offs of silent notes": 1}


def test_only_the_sustain_controller_is_a_pedal() -> None:
    inlet = Inlet()
    inlet.feed(control(7, 127), 0)
    inlet.feed(bytes((0xE0, 64, 127)), 0)
    inlet.feed(bytes((0xA0, 64, 127)), 0)

    assert inlet.release() == []


def test_the_pressure_of_a_key_waits_as_all_values_do() -> None:
    inlet = Inlet()

    assert inlet.feed(bytes((0xA0, 60, 1)), 0) != []
    assert inlet.feed(bytes((0xA0, 60, 2)), 1_000) == []
    assert inlet.feed(bytes((0xA0, 61, 3)), 1_000) != []
    assert inlet.due(COALESCE_US) == [bytes((0xA0, 60, 2))]


def test_a_pedal_is_down_from_64_on() -> None:
    for value, raised in ((63, []), (64, [control(64, 0)])):
        inlet = Inlet()
        inlet.feed(control(64, value), 0)
        assert inlet.release() == raised


def test_of_many_values_none_is_forgotten_before_the_next_of_its_kind_may_pass() -> None:
    inlet = Inlet()
    for number in range(100):
        inlet.feed(control(number, 1), 0)

    inlet.due(COALESCE_US - 1)

    assert inlet.feed(control(99, 2), COALESCE_US - 1) == []
    assert inlet.due(COALESCE_US) == [control(99, 2)]
