"""A guitar that plays each string on a channel of its own, found by how it plays where channel 10 is one of them.

Such a guitar ("mono mode", MIDI 1.0 Detailed Specification 4.2.1, channel modes) takes neighbouring channels, one note
at a time on each.  A drum track among other tracks looks much the same, so one of two things must be seen that no drum
track does:

* Bends.  Each string is bent by itself while it sounds, channel 10 too.
* Frets.  Every note can be played on its string, in the usual tuning, and those that sound together can be played by
  one hand.

Knows no parts; forgets what it saw of a guitar as soon as one of its strings plays two notes at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from livegen.music.messages import CENTRE
from livegen.music.parts import DRUM_CHANNEL

OPEN = (64, 59, 55, 50, 45, 40)  # pitches of open strings, first to sixth
FRETS = 24
HAND = 5  # frets that a hand spans
_BENT_STRINGS, _BENT_NOTES = 4, 2  # so many neighbours, each with so many notes bent by themselves
_SAME_US = 5_000  # equal bends of two channels in this time are one bend of all
# The numbers of notes that fit in a row, of strings, and of strings while channel 10 sounds.
_NOTES, _STRINGS, _TOGETHER = 24, 5, 8
_CHANNELS = range(16)


@dataclass(slots=True)
class _Tuning:
    """Strings laid on channels, and the notes in a row that could be played so."""

    strings: dict[int, int]  # channel -> pitch of its open string
    played: list[int] = field(default_factory=list)  # channels
    together: int = 0  # of these notes: at how many channel 10 sounded, and not alone

    def strike(self, channel: int, sounding: dict[int, int]) -> None:
        """A note on one of its channels; `sounding` maps channels to pitches, that of the note among them."""
        frets = {on: at - self.strings[on] for on, at in sounding.items() if on in self.strings}
        fretted = [fret for fret in frets.values() if fret]
        is_playable = all(0 <= fret <= FRETS for fret in frets.values())
        if not is_playable or (fretted and max(fretted) - min(fretted) > HAND):
            return self.clear()
        self.played.append(channel)
        self.together += DRUM_CHANNEL in frets and len(frets) > 1
        return None

    def clear(self) -> None:
        """Forget what was played."""
        self.played.clear()
        self.together = 0

    @property
    def is_found(self) -> bool:
        """True if so much was played so that it is a guitar."""
        is_long = len(self.played) >= _NOTES and self.together >= _TOGETHER
        return is_long and len(set(self.played)) >= _STRINGS


class Strings:
    """The notes and bends of all channels.  `members` are the channels of the guitar that was found, or none."""

    def __init__(self) -> None:
        self.members: frozenset[int] = frozenset()
        self._sounding: dict[int, int] = {}  # channel -> pitch
        self._bends: dict[int, tuple[int, int]] = {}  # channel -> (value, micros) of its last
        self._is_bent: set[int] = set()  # channels of which the sounding note was bent by itself
        self._bent = dict.fromkeys(_CHANNELS, 0)  # notes that were
        self._tunings = list(_tunings())

    def strike(self, channel: int, pitch: int) -> bool:
        """A note begins; whether that makes a guitar found."""
        if self._sounding.get(channel, pitch) != pitch:
            self._take_for_no_string(channel)
        self._sounding[channel] = pitch
        self._is_bent.discard(channel)
        for tuning in self._tunings:
            if channel in tuning.strings:
                tuning.strike(channel, self._sounding)
        return self._look()

    def release(self, channel: int, pitch: int) -> None:
        """A note ends."""
        if self._sounding.get(channel) == pitch:
            del self._sounding[channel]

    def bend(self, channel: int, value: int, now: int) -> None:
        """A channel is bent to 0..16383, 8192 is not at all."""
        is_own = all(
            value != other or now - at > _SAME_US
            for on, (other, at) in self._bends.items()
            if on != channel
        )
        self._bends[channel] = value, now
        if (
            value != CENTRE
            and is_own
            and channel in self._sounding
            and channel not in self._is_bent
        ):
            self._is_bent.add(channel)
            self._bent[channel] += 1

    def _take_for_no_string(self, channel: int) -> None:
        """Two notes at once: whatever it is, it is no string."""
        self._bent[channel] = 0
        if channel in self.members:
            self.members = frozenset()
        for tuning in self._tunings:
            if channel in tuning.strings:
                tuning.clear()

    def _look(self) -> bool:
        if self.members:
            return False
        bent = _neighbours(on for on, notes in self._bent.items() if notes >= _BENT_NOTES)
        found = [tuning for tuning in self._tunings if tuning.is_found]
        # Laid a string too high or too low, all but one of the strings can be played as well.
        fretted = max(found, key=lambda tuning: len(tuning.played)).strings if found else ()
        self.members = frozenset(bent if len(bent) >= _BENT_STRINGS else fretted)
        return bool(self.members)


def _tunings() -> Iterable[_Tuning]:
    """Six strings on neighbouring channels, one of them that of the drums; the first string first or last."""
    size = len(OPEN)
    for first in range(DRUM_CHANNEL - size + 1, min(DRUM_CHANNEL, len(_CHANNELS) - size) + 1):
        channels = range(first, first + size)
        yield _Tuning(dict(zip(channels, OPEN, strict=True)))
        yield _Tuning(dict(zip(reversed(channels), OPEN, strict=True)))


def _neighbours(channels: Iterable[int]) -> set[int]:
    """Give the channels that are in a row with that of the drums."""
    among = set(channels)
    row = {DRUM_CHANNEL} & among
    for step in (-1, 1):
        channel = DRUM_CHANNEL + step
        while row and channel in among:
            row.add(channel)
            channel += step
    return row
