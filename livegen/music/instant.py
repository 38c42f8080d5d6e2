"""The order of messages at one instant, for whoever puts messages in order.

Where a note ends and the same key is struck again at once, the end comes first; where a note has no length, its end
comes after its beginning, or it would sound for ever.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

from livegen.music.messages import Message, NoteOff, NoteOn

BEFORE, ONSET, AFTER = range(3)
Time = TypeVar("Time", int, float)
Messages = TypeVar("Messages", bound=Message)


def ranked(messages: Iterable[tuple[Time, Messages]]) -> Iterator[tuple[Time, int, Messages]]:
    """Messages of one source with their times and their ranks: sorted by both, they are in order.

    At one instant what ends or changes comes first, then what begins, then the end of what began at this very instant.
    An end is that of the oldest note of its channel and pitch that still sounds.
    """
    sounding: dict[tuple[int, int], deque[Time]] = {}
    for at, message in messages:
        rank = BEFORE
        if isinstance(message, NoteOn):
            rank = ONSET
            sounding.setdefault((message.channel, message.pitch), deque()).append(at)
        elif isinstance(message, NoteOff):
            onsets = sounding.get((message.channel, message.pitch))
            if onsets and onsets.popleft() == at:
                rank = AFTER
        yield at, rank, message
