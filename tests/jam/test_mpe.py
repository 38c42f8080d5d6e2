"""An MPE keyboard whose set-up message was missed is heard as one keyboard; a drum track never is."""

import random
from collections.abc import Iterable, Sequence

import pytest

from livegen.jam.engine import DEFAULT_RULES
from livegen.jam.hearing.ears import Ears
from livegen.jam.struck import Struck
from livegen.music.messages import (
    CENTRE,
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
)
from livegen.music.parts import COMP, DRUMS, LEAD

DRUM_CHANNEL = 9
NOTE_US = 120_000


class Keyboard:
    """Plays on ears, one note after another; `heard` are the parts, in order."""

    def __init__(self, ears: Ears) -> None:
        self.ears, self.now, self.heard = ears, 0, list[int | None]()

    def express(self, channel: int) -> None:
        self.ears.express(PitchBend(CENTRE, channel), self.now)
        self.ears.control(ControlChange(74, 64, channel), self.now)
        self.ears.express(ChannelPressure(0, channel), self.now)

    def play(self, pitch: int, channel: int, wait: int = NOTE_US) -> None:
        """A note, released before the next."""
        self._strike(pitch, channel)
        self.ears.up(NoteOff(pitch, channel=channel), self.now)
        self.now += wait

    def express_and_play(self, pitch: int, channel: int, wait: int = NOTE_US) -> None:
        self.express(channel)
        self.now += 1_000
        self.play(pitch, channel, wait)

    def _strike(self, pitch: int, channel: int) -> None:
        struck = self.ears.down(NoteOn(pitch, 80, channel), self.now)
        self.heard.append(struck.part if struck else None)


def listening(said: list[str] | None = None, *members: int) -> Keyboard:
    """On ears that are told of these members."""
    lines = [] if said is None else said
    return Keyboard(Ears(DEFAULT_RULES | dict.fromkeys(members, "mpe"), lines.append))


def run(keyboard: Keyboard, channels: Iterable[int]) -> None:
    for number, channel in enumerate(channels):
        keyboard.express_and_play(60 + number % 7, channel)


@pytest.mark.parametrize(
    "channels", [range(1, 16), range(15, 0, -1), [*range(3, 16), 1, 2], range(6, 12)]
)
def test_a_rotating_keyboard_is_heard_as_one_channel_ten_too(channels: Sequence[int]) -> None:
    said: list[str] = []
    keyboard = listening(said)
    run(keyboard, [*channels, *channels])
    assert DRUMS not in keyboard.heard[5:]
    assert keyboard.ears.heard_as[DRUM_CHANNEL] == "mpe"
    assert len(said) == 1
    assert said[0].startswith("an MPE keyboard plays on channels ")


def test_its_hands_are_told_apart_as_on_one_keyboard() -> None:
    keyboard = listening()
    run(keyboard, range(1, 7))
    keyboard.express(7)
    keyboard.ears.down(NoteOn(72, 80, 7), keyboard.now)
    keyboard.express(8)
    assert keyboard.ears.down(NoteOn(48, 80, 8), keyboard.now) == Struck(keyboard.now, COMP, 48, 80)


@pytest.mark.parametrize("seed", range(8))
def test_a_drum_track_beside_a_keyboard_that_bends_stays_a_drum_track(seed: int) -> None:
    chance, keyboard = random.Random(seed), listening()
    for number in range(200):
        if chance.random() < 0.5:
            keyboard.play(36 + number % 8, DRUM_CHANNEL, chance.randrange(100_000))
            assert keyboard.heard[-1] == DRUMS
        else:
            keyboard.express_and_play(60, chance.choice((0, 0, 1)), chance.randrange(100_000))
            assert keyboard.heard[-1] == LEAD
    assert keyboard.ears.heard_as[DRUM_CHANNEL] == "drums"


def test_a_drum_track_beside_an_mpe_keyboard_stays_a_drum_track() -> None:
    keyboard = listening()
    for number in range(60):
        keyboard.express_and_play(60, 1 + number % 5)
        keyboard.play(36, DRUM_CHANNEL)
        assert keyboard.heard[-1] == DRUMS
    for number in range(20):
        keyboard.express_and_play(60, 1 + number % 5)
    keyboard.play(36, DRUM_CHANNEL)
    assert keyboard.heard[-1] == DRUMS


def test_what_a_daw_sends_of_every_track_when_it_starts_and_when_it_loops_is_no_mpe() -> None:
    said: list[str] = []
    keyboard = listening(said)
    for _ in range(8):
        for channel in range(1, 11):
            keyboard.express(channel)
        for channel in range(1, 11):
            keyboard.play(36 + channel, channel, wait=100)
        for beat in range(1, 8):
            keyboard.now += 500_000
            for channel in range(1, 11):
                keyboard.play(36 + channel + beat, channel, wait=100)
                if channel == DRUM_CHANNEL:
                    assert keyboard.heard[-1] == DRUMS
    assert said == []


def test_tracks_that_are_not_bent_are_no_mpe_however_they_take_turns() -> None:
    keyboard = listening()
    for number in range(60):
        keyboard.play(60, 1 + number % 12)
    assert keyboard.heard.count(DRUMS) == 5


def test_told_in_the_configuration_it_is_heard_as_one_from_the_first_note() -> None:
    keyboard = listening(None, *range(1, 16))
    for channel in range(5, 11):  # a guitar: a string a channel, one of them that of the drums
        keyboard.play(50 + channel, channel)
    assert DRUMS not in keyboard.heard
    assert keyboard.ears.heard_as == dict.fromkeys(range(5, 11), "mpe")


def test_a_member_that_was_told_stays_one_when_a_zone_is_given_up() -> None:
    keyboard = listening(None, DRUM_CHANNEL)
    for members in (15, 0):
        for control, value in ((101, 0), (100, 6), (6, members)):
            keyboard.ears.control(ControlChange(control, value), 0)
    keyboard.play(60, DRUM_CHANNEL)
    assert keyboard.heard == [LEAD]
