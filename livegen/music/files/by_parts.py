"""A recording of a jam with a track for each part, as a DAW wants it.  Knows names, channels and programs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from livegen.music.files.smf import Score, Track
from livegen.music.messages import Message, NoteOn, Other, ProgramChange
from livegen.music.parts import DRUM_CHANNEL, MODEL, part_of, side_of

_CHANNELS = 16


def by_parts(score: Score, sent: Mapping[int, str], programs: Mapping[str, int]) -> Score:
    """The same music with a track for each part of a jam: "Player", "Model bass", each on a channel of its own.

    `sent` says which part of the model each channel carries, `programs` its sound where what was played chooses none.
    Of more than sixteen parts the last share channels.
    """
    rows = [row for track in score.tracks for row in _split(track, sent, programs)]
    taken = {channel for channel, _ in rows if channel == DRUM_CHANNEL}
    tracks = []
    for channel, track in rows:
        own = channel
        if channel != DRUM_CHANNEL and channel in taken:
            free = (one for one in range(_CHANNELS) if one not in taken and one != DRUM_CHANNEL)
            own = next(free, channel)
        taken.add(own)
        tracks.append(track if own == channel else _on_channel(track, own))
    return replace(score, tracks=tuple(tracks))


def _split(
    track: Track, sent: Mapping[int, str], programs: Mapping[str, int]
) -> Iterator[tuple[int, Track]]:
    """The channels of a track that have notes, each with a track of its own."""
    side = side_of(track.name)
    channels = sorted({m.channel for _, m in track.messages if isinstance(m, NoteOn)})
    for number, channel in enumerate(channels, 1):
        messages = tuple(row for row in track.messages if _channel(row[1]) == channel)
        name, program = track.name, track.program
        if side:
            part = sent.get(channel) if name == MODEL else part_of(name, channel)
            name = f"{side} {part}" if part else side if number == 1 else f"{side} {number}"
            if side == MODEL:
                program = program or programs.get(part or "", 0)
        if any(isinstance(message, ProgramChange) for _, message in messages):
            program = 0  # it is among the messages
        yield channel, Track(name, messages, program)


def _channel(message: Message) -> int | None:
    return None if isinstance(message, Other) else message.channel


def _on_channel(track: Track, channel: int) -> Track:
    return replace(
        track,
        messages=tuple(
            (tick, message if isinstance(message, Other) else replace(message, channel=channel))
            for tick, message in track.messages
        ),
    )
