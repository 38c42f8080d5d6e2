"""Ends for notes that have none, or none of their own: no note of a file sounds for ever, and none for no time."""

from bisect import bisect_right
from collections.abc import Sequence

from livegen.music.files.smf_bytes import Repairs
from livegen.music.instant import AFTER, ranked
from livegen.music.messages import Message, NoteOff, NoteOn

Timed = tuple[int, Message]


def ended(
    messages: Sequence[Timed], shortest: int, longest: int, repairs: Repairs
) -> Sequence[Timed]:
    """Messages of one channel, in which every note ends at least `shortest` ticks after it begins, or is struck again.

    One without an end sounds until another begins, or for `longest` ticks.
    """
    empty, endless, useless = _loose(messages)
    if not (empty or endless or useless):
        return messages
    onsets = [tick for tick, m in messages if isinstance(m, NoteOn)]
    struck: dict[int, list[int]] = {}
    for tick, m in messages:
        if isinstance(m, NoteOn):
            struck.setdefault(m.pitch, []).append(tick)
    ends: list[Timed] = []
    for (tick, pitch), end in empty.items():
        repairs.add("a note of no length, given the shortest")
        ends.append((min(tick + shortest, _after(struck[pitch], tick, tick + shortest)), end))
    for (tick, pitch), onset in endless.items():
        repairs.add("a note without an end, ended")
        until = min(tick + longest, _after(onsets, tick, tick + longest))
        ends.append((max(tick + shortest, until), NoteOff(pitch, 64, onset.channel)))
    rows = [(tick, 1, m) for index, (tick, m) in enumerate(messages) if index not in useless]
    rows += [(tick, 0, m) for tick, m in ends]
    rows.sort(key=lambda row: row[:2])
    return tuple((tick, message) for tick, _, message in rows)


def _after(ticks: Sequence[int], tick: int, otherwise: int) -> int:
    """The first of these ascending ticks that is later than `tick`."""
    following = bisect_right(ticks, tick)
    return ticks[following] if following < len(ticks) else otherwise


def _loose(
    messages: Sequence[Timed],
) -> tuple[dict[tuple[int, int], NoteOff], dict[tuple[int, int], NoteOn], set[int]]:
    """By (tick, pitch) the ends of notes of no length, and the notes without an end; and which messages are no use."""
    empty: dict[tuple[int, int], NoteOff] = {}
    sounding: dict[int, tuple[int, NoteOn]] = {}
    idle: dict[tuple[int, int], tuple[int, NoteOff]] = {}  # ends that end nothing
    useless: set[int] = set()
    for index, (tick, rank, message) in enumerate(ranked(messages)):
        if isinstance(message, NoteOn):
            sounding[message.pitch] = tick, message
            empty.pop((tick, message.pitch), None)
        elif isinstance(message, NoteOff) and rank == AFTER:
            sounding.pop(message.pitch, None)
            empty[tick, message.pitch] = message
            useless.add(index)
        elif isinstance(message, NoteOff) and sounding.get(message.pitch, (tick,))[0] < tick:
            del sounding[message.pitch]
        elif isinstance(message, NoteOff):
            idle[tick, message.pitch] = index, message
    for pitch, (tick, _) in list(sounding.items()):
        # Who sorts ends before beginnings wrote the end of this very note there.
        if (tick, pitch) in idle:
            index, empty[tick, pitch] = idle[tick, pitch]
            useless.add(index)
            del sounding[pitch]
    endless = {(tick, pitch): onset for pitch, (tick, onset) in sounding.items()}
    return empty, endless, useless
