"""From keys and pedals to strokes."""

from livegen.jam.hearing.ears import LONGEST_KEY_US, Ears
from livegen.jam.struck import Struck
from livegen.music.messages import ControlChange, NoteOff, NoteOn
from livegen.music.parts import LEAD


def ears() -> Ears:
    return Ears(dict.fromkeys(range(16), "lead"))


def pedal(value: int, channel: int = 0) -> ControlChange:
    return ControlChange(64, value, channel)


def zone(listening: Ears, members: int) -> None:
    for control, value in ((101, 0), (100, 6), (6, members)):
        listening.control(ControlChange(control, value), 0)


def test_a_key_rings_on_under_the_pedal_and_ends_with_it() -> None:
    listening = ears()
    listening.control(pedal(127), 0)
    listening.down(NoteOn(60, 80), 1)
    assert listening.up(NoteOff(60), 2) is None
    assert not listening.held
    assert listening.control(pedal(63), 2) == [Struck(2, LEAD, 60, 0)]


def test_a_key_struck_again_is_not_cut_when_the_pedal_comes_up() -> None:
    listening = ears()
    listening.control(pedal(127), 0)
    for _ in range(2):
        listening.down(NoteOn(60, 80), 1)
        if not listening.held.get((0, 60)) or _ == 0:
            listening.up(NoteOff(60), 2)
    assert listening.control(pedal(0), 2) == []
    assert listening.up(NoteOff(60), 2) == Struck(2, LEAD, 60, 0)


def test_a_pedal_on_another_channel_holds_nothing_here() -> None:
    listening = ears()
    listening.control(pedal(127, 1), 0)
    listening.down(NoteOn(60, 80), 1)
    assert listening.up(NoteOff(60), 2) == Struck(2, LEAD, 60, 0)


def test_reset_of_controllers_lifts_the_pedal() -> None:
    listening = ears()
    listening.control(pedal(127), 0)
    listening.down(NoteOn(60, 80), 1)
    listening.up(NoteOff(60), 2)
    assert listening.control(ControlChange(121, 0), 2) == [Struck(2, LEAD, 60, 0)]


def test_the_pedal_of_a_managers_channel_holds_its_zone() -> None:
    listening = ears()
    zone(listening, 15)
    listening.control(pedal(127), 0)
    listening.down(NoteOn(60, 80, 3), 1)
    assert listening.up(NoteOff(60, channel=3), 2) is None
    assert listening.control(pedal(0), 2) == [Struck(2, LEAD, 60, 0)]


def test_a_pitch_on_two_channels_ends_with_the_second() -> None:
    listening = ears()
    zone(listening, 15)
    listening.down(NoteOn(60, 80, 1), 0)
    listening.down(NoteOn(60, 90, 2), 0)
    assert listening.up(NoteOff(60, channel=1), 2) is None
    assert listening.up(NoteOff(60, channel=2), 2) == Struck(2, LEAD, 60, 0)


def test_a_member_is_heard_by_the_rule_of_its_manager_and_no_longer_when_the_zone_is_given_up() -> (
    None
):
    listening = Ears({0: "bass"})
    assert listening.down(NoteOn(40, 80, 4), 0) is None
    zone(listening, 15)
    assert listening.down(NoteOn(40, 80, 4), 0) == Struck(0, 2, 40, 80)
    zone(listening, 0)
    assert listening.up(NoteOff(40, channel=4), 2) == Struck(2, 2, 40, 0)
    assert listening.down(NoteOn(40, 80, 4), 0) is None


def test_keys_and_pedals_whose_release_was_lost_come_up_after_half_a_minute() -> None:
    listening = ears()
    listening.down(NoteOn(60, 80), 5)
    listening.control(pedal(127), 7)
    assert listening.deadline() == 5 + LONGEST_KEY_US
    assert listening.overdue(6 + LONGEST_KEY_US) == []  # it rings under the pedal
    assert listening.overdue(7 + LONGEST_KEY_US) == [Struck(7 + LONGEST_KEY_US, LEAD, 60, 0)]
    assert listening.deadline() is None


def test_data_of_a_parameter_that_is_no_zone_sets_up_none() -> None:
    listening = Ears({0: "bass"})
    for control, value in ((101, 0), (100, 6), (99, 1), (98, 20), (6, 15)):
        listening.control(ControlChange(control, value), 0)
    assert listening.down(NoteOn(40, 80, 4), 0) is None


# A key whose note-off comes an octave away.


def test_a_note_off_whole_octaves_away_ends_the_key_that_is_down() -> None:
    said: list[str] = []
    listening = Ears(dict.fromkeys(range(16), "lead"), said.append)
    listening.down(NoteOn(48, 80), 0)
    assert listening.up(NoteOff(60), 2) == Struck(2, LEAD, 48, 0)
    assert (listening.held, listening.up(NoteOff(60), 2)) == ({}, None)
    assert said == [
        "key C3 is up: its note-off came as C4, for an octave button was pressed while it was held"
    ]


def test_of_several_the_nearest_is_ended() -> None:
    listening = ears()
    for pitch in (24, 48, 50):
        listening.down(NoteOn(pitch, 80), 0)
    assert listening.up(NoteOff(60), 2) == Struck(2, LEAD, 48, 0)


def test_what_is_held_under_a_melody_stays_held_however_its_note_offs_come() -> None:
    listening = ears()
    listening.down(NoteOn(60, 80), 0)
    listening.down(NoteOn(48, 80), 0)
    for pitch in (60, 60, 72, 72):
        listening.up(NoteOff(60), 2)
        listening.down(NoteOn(72, 80), 0)
        listening.up(NoteOff(pitch), 2)
        listening.up(NoteOff(pitch), 2)
    assert list(listening.held) == [(0, 48)]


def test_a_note_off_of_another_channel_or_another_interval_ends_nothing() -> None:
    listening = ears()
    listening.down(NoteOn(48, 80), 0)
    listening.up(NoteOff(60, channel=1), 2)
    listening.up(NoteOff(55), 2)
    assert list(listening.held) == [(0, 48)]


def test_a_key_that_is_down_for_half_a_minute_is_let_go_with_a_line() -> None:
    said: list[str] = []
    listening = Ears({0: "lead"}, said.append)
    listening.down(NoteOn(48, 80), 0)
    listening.overdue(LONGEST_KEY_US)
    assert said == ["key C3 was down for 30 s: livegen takes it for released"]
