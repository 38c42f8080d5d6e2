"""A guitar with a string on channel 10 is heard as one guitar, whatever it plays; a drum track never is."""

import random
from collections.abc import Iterator, Sequence

import pytest

from livegen.jam.engine import DEFAULT_RULES
from livegen.jam.hearing.ears import Ears
from livegen.jam.hearing.strings import HAND, OPEN
from livegen.music.messages import CENTRE, NoteOff, NoteOn, PitchBend
from livegen.music.parts import DRUMS

DRUM_CHANNEL = 9
# Frets of open chords, sixth string to first: E, G, C, D, Am, F with a barre; None is not struck.
CHORDS: Sequence[Sequence[int | None]] = (
    (0, 2, 2, 1, 0, 0),
    (3, 2, 0, 0, 0, 3),
    (None, 3, 2, 0, 1, 0),
    (None, None, 0, 2, 3, 2),
    (None, 0, 2, 2, 1, 0),
    (1, 3, 3, 2, 1, 1),
)


class Band:
    """Plays on ears; `parts` are those of the notes on channel 10, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ears, self.now = Ears(DEFAULT_RULES, self.said.append), 0
        self.parts: list[int | None] = []

    def on(self, channel: int, pitch: int, after: int = 0) -> None:
        self.now += after
        struck = self.ears.down(NoteOn(pitch, 80, channel), self.now)
        if channel == DRUM_CHANNEL:
            self.parts.append(struck.part if struck else None)

    def off(self, channel: int, pitch: int, after: int = 0) -> None:
        self.now += after
        self.ears.up(NoteOff(pitch, channel=channel), self.now)

    def bend(self, channel: int, value: int, after: int = 0) -> None:
        self.now += after
        self.ears.express(PitchBend(value, channel), self.now)


def strings(channels: Sequence[int], chord: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """(channel, pitch) of the strings of a chord that are struck, lowest first; `channels` is that of each string."""
    for string, fret in zip(range(5, -1, -1), chord, strict=True):
        if fret is not None:
            yield channels[string], OPEN[string] + fret


def strum(band: Band, channels: Sequence[int]) -> None:
    """Every chord once, down, and released together."""
    for chord in CHORDS:
        struck = list(strings(channels, chord))
        for channel, pitch in struck:
            band.on(channel, pitch, 12_000)
        band.now += 400_000
        for channel, pitch in struck:
            band.off(channel, pitch)


@pytest.mark.parametrize("first", range(4, 10))
@pytest.mark.parametrize("direction", [1, -1])
def test_a_guitar_that_sends_no_bends_is_found_by_its_frets(first: int, direction: int) -> None:
    channels = range(first, first + 6)[::direction]
    band = Band()
    for _ in range(3):
        strum(band, channels)
    band.parts.clear()
    strum(band, channels)
    assert DRUMS not in band.parts
    assert len(band.said) == 1
    shown = " ".join(str(channel + 1) for channel in sorted(channels))
    assert band.said[0].startswith(
        f"a guitar with a channel for each string plays on channels {shown}:"
    )


def test_a_melody_on_bent_strings_is_found_by_its_bends() -> None:
    band = Band()
    for turn in range(3):
        for channel in range(4, 10):
            pitch = OPEN[channel - 4] + 2 * turn
            band.on(channel, pitch, 150_000)
            for step in range(5):
                band.bend(channel, CENTRE + 100 * channel + 40 * step, 20_000)
            band.off(channel, pitch, 50_000)
    assert band.parts[-1] != DRUMS
    assert len(band.said) == 1


def test_a_channel_on_which_two_notes_sound_at_once_is_a_string_no_longer() -> None:
    band = Band()
    for _ in range(4):
        strum(band, range(4, 10))
    band.on(DRUM_CHANNEL, 36, 500_000)
    band.on(DRUM_CHANNEL, 42)
    assert band.parts[-1] == DRUMS


@pytest.mark.parametrize("seed", range(6))
def test_a_drum_track_under_a_choir_on_neighbouring_channels_stays_a_drum_track(seed: int) -> None:
    chance, band = random.Random(seed), Band()
    for beat in range(400):
        hand = chance.randrange(2, 12)
        chord = [OPEN[string] + hand + chance.randrange(-1, 2) for string in range(5)]
        for channel, pitch in zip(range(4, 9), chord, strict=True):
            band.on(channel, pitch)
        drum = (36, 42, 38, 42)[beat % 4]
        band.on(DRUM_CHANNEL, drum)
        band.now += 250_000
        band.off(DRUM_CHANNEL, drum)
        for channel, pitch in zip(range(4, 9), chord, strict=True):
            band.off(channel, pitch)
    assert set(band.parts) == {DRUMS}
    assert band.said == []


def test_a_wheel_that_bends_all_channels_makes_no_guitar_of_drums() -> None:
    band = Band()
    for value in range(40):
        for channel in range(4, 10):
            band.on(channel, OPEN[channel - 4] - HAND - value % 2)
        for channel in range(4, 10):
            band.bend(channel, CENTRE + 100 * value, 300)
        for channel in range(4, 10):
            band.off(channel, OPEN[channel - 4] - HAND - value % 2, 20_000)
    assert set(band.parts) == {DRUMS}
