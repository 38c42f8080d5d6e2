"""Standard MIDI Files: checked before they are parsed, read into a `Score`, written from one.

A file from outside may be anything (RP-001, "Standard MIDI Files 1.0", says what it should be), and
a parser trusts what it reads: lengths of gigabytes, quantities of a million bytes.  So `check`
first walks the chunks by itself, without allocating, and only then mido parses.  Knows nothing of
parts or codecs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import mido

from livegen.errors import MidiFileError
from livegen.music.messages import Message, NoteOn, decode, encode

MAX_BYTES = 10_000_000
MAX_TRACKS = 256
MAX_EVENTS = 500_000  # mido takes 12 us and 440 bytes for each: at worst 6 s and 220 MB
MAX_HOURS = 2
DEFAULT_TEMPO = 500_000  # micros per quarter note, RP-001 page 10


@dataclass(frozen=True, slots=True)
class Track:
    """Messages of one channel of a track, each with its tick; `program` is its first, else 0."""

    name: str
    messages: tuple[tuple[int, Message], ...]
    program: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """A file: the tracks that hold notes, tempos and metres; `ppqn` ticks are a quarter note.

    A tempo is (tick, micros per quarter note), a metre (tick, numerator, denominator).
    """

    ppqn: int
    tracks: tuple[Track, ...]
    tempos: tuple[tuple[int, int], ...] = ((0, DEFAULT_TEMPO),)
    metres: tuple[tuple[int, int, int], ...] = ()


def micros_of(score: Score, ticks: Iterable[int]) -> list[int]:
    """Micros since the start, rounded down, for ascending `ticks`, by the tempo map."""
    times, change = [], 0
    passed, since, tempo = 0, 0, DEFAULT_TEMPO  # passed: micros times ppqn, so nothing is lost
    for tick in ticks:
        while change < len(score.tempos) and score.tempos[change][0] <= tick:
            start, following = score.tempos[change]
            passed += (start - since) * tempo
            since, tempo, change = start, following, change + 1
        times.append((passed + (tick - since) * tempo) // score.ppqn)
    return times


def read(source: Path | bytes) -> Score:
    """Read a Standard MIDI File.  Raises MidiFileError, in one line, for what cannot be used."""
    data = source if isinstance(source, bytes) else _load(source)
    where = "these bytes" if isinstance(source, bytes) else str(source)
    try:
        check(data)
        parsed = mido.MidiFile(file=BytesIO(data), clip=True)
        return _score(parsed)
    except MidiFileError as error:
        raise MidiFileError(f"{where}: {error}") from None
    except Exception as error:  # mido raises OSError, EOFError, ValueError, IndexError and its own
        reason = f"{type(error).__name__}: {error}"
        raise MidiFileError(f"{where}: not a readable MIDI file ({reason:.200})") from None


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MidiFileError(f"{path}: cannot be read ({error.strerror})") from None


def _score(parsed: mido.MidiFile) -> Score:
    tempos: dict[int, int] = {}
    metres: dict[int, tuple[int, int]] = {}
    tracks: list[Track] = []
    for track in parsed.tracks:
        tracks += _split(track, tempos, metres)
    score = Score(
        parsed.ticks_per_beat,
        tuple(tracks),
        tuple(sorted(tempos.items())) or ((0, DEFAULT_TEMPO),),
        tuple((tick, *metre) for tick, metre in sorted(metres.items())),
    )
    last = max((track.messages[-1][0] for track in tracks), default=0)
    hours = micros_of(score, [last])[0] / 3.6e9
    _expect(hours <= MAX_HOURS, f"lasts {hours:.1f} hours; at most {MAX_HOURS} are read")
    return score


def _split(
    track: mido.MidiTrack, tempos: dict[int, int], metres: dict[int, tuple[int, int]]
) -> list[Track]:
    """Tracks of the channels that hold notes; tempo and metre changes go into the maps."""
    tick = 0
    programs: dict[int, int] = {}
    channels: dict[int, list[tuple[int, Message]]] = {}
    for message in track:
        tick += message.time
        kind = message.type
        if kind == "set_tempo":
            tempos[tick] = max(1, message.tempo)
        elif kind == "time_signature":
            metres[tick] = (message.numerator, message.denominator)
        elif kind == "program_change":
            programs.setdefault(message.channel, message.program)
        elif kind in ("note_on", "note_off", "control_change"):
            value = decode(message.bytes())
            assert value is not None
            channels.setdefault(message.channel, []).append((tick, value))
    return [
        Track(track.name, tuple(messages), programs.get(channel, 0))
        for channel, messages in sorted(channels.items())
        if any(isinstance(message, NoteOn) for _, message in messages)
    ]


def write(path: Path, score: Score) -> None:
    """Write a score as a format 1 file: a conductor track (tempo, metre), then one track each.

    `read` gives the same score back.  Names must be Latin-1, messages in the order of their ticks.
    """
    changes: list[tuple[int, mido.MetaMessage]] = [
        (tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in score.tempos
    ] + [
        (tick, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in score.metres
    ]
    conductor = mido.MidiTrack()
    _append(conductor, sorted(changes, key=lambda change: change[0]))
    tracks = [conductor, *map(_mido_track, score.tracks)]
    mido.MidiFile(type=1, ticks_per_beat=score.ppqn, tracks=tracks).save(path)


def _mido_track(track: Track) -> mido.MidiTrack:
    out = mido.MidiTrack([mido.MetaMessage("track_name", name=track.name)])
    if track.program:
        channel = next(m.channel for _, m in track.messages if isinstance(m, NoteOn))
        out.append(mido.Message("program_change", channel=channel, program=track.program))
    _append(out, [(tick, mido.Message.from_bytes(encode(m))) for tick, m in track.messages])
    return out


def _append(
    track: mido.MidiTrack, timed: Sequence[tuple[int, mido.Message | mido.MetaMessage]]
) -> None:
    last = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - last))
        last = tick


# --- the check ------------------------------------------------------------------------------------


def check(data: bytes) -> None:
    """Walk the file as RP-001 lays it out; raise MidiFileError where no parser should follow."""
    _expect(len(data) <= MAX_BYTES, f"is longer than {MAX_BYTES // 1_000_000} MB")
    _expect(data[:4] == b"MThd" and len(data) >= 14, "does not start with a MIDI file header")
    header = int.from_bytes(data[4:8], "big")
    form, tracks, division = (int.from_bytes(data[i : i + 2], "big") for i in (8, 10, 12))
    _expect(6 <= header <= 256, f"has a header of {header} bytes, expected 6")
    _expect(form in (0, 1), f"is of format {form}, expected 0 or 1")
    _expect(1 <= tracks <= MAX_TRACKS, f"has {tracks} tracks, expected 1 to {MAX_TRACKS}")
    _expect(0 < division < 0x8000, "does not count its ticks per quarter note, but in SMPTE frames")
    at, seen, events = 8 + header, 0, 0
    while seen < tracks:
        _expect(at + 8 <= len(data), f"ends after {seen} of {tracks} tracks")
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + size
        _expect(end <= len(data), "has a chunk that is longer than the file")
        if data[at : at + 4] == b"MTrk":
            events += _check_track(data, at + 8, end, MAX_EVENTS - events)
            seen += 1
        at = end


def _check_track(data: bytes, at: int, end: int, most: int) -> int:
    """Walk one track of at most `most` events; give their number."""
    events, running = 0, 0
    while at < end:
        _, at = _quantity(data, at, end)
        _expect(at < end, "has a track that ends inside an event")
        status = running
        if data[at] & 0x80:
            status, at = data[at], at + 1
        _expect(status != 0, "has a track with running status where none is set")
        if status < 0xF0:
            running, size = status, 1 if 0xC0 <= status < 0xE0 else 2
        elif status in (0xF0, 0xF7, 0xFF):
            if (
                status != 0xFF
            ):  # many files let a status run on across a meta event, and so does mido
                running = 0
            size, at = _quantity(data, at + (status == 0xFF), end)
        else:
            raise MidiFileError(f"has the status byte {status:#x}, which no file may hold")
        at += size
        _expect(at <= end, "has an event that is longer than its track")
        events += 1
        if events > most:
            raise MidiFileError(f"has more than {MAX_EVENTS:,} events")
    return events


def _quantity(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A variable-length quantity of at most four bytes (RP-001 page 2): its value and its end."""
    value = 0
    for index in range(at, min(at + 4, end)):
        value = value << 7 | data[index] & 0x7F
        if data[index] < 0x80:
            return value, index + 1
    raise MidiFileError("has a variable-length quantity that does not end within four bytes")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise MidiFileError(otherwise)
