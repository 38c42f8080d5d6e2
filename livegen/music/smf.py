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
MAX_EVENTS = 2_000_000
MAX_SECONDS = 2 * 3600
DEFAULT_TEMPO = 500_000  # micros per quarter note, RP-001 page 10


@dataclass(frozen=True, slots=True)
class Track:
    """Messages of one channel of a track in order, each with its tick; `program` is its first program, else 0."""

    name: str
    messages: tuple[tuple[int, Message], ...]
    program: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """A file: tracks that hold notes, tempo changes (tick, micros per quarter), metres (tick, numerator, denominator).

    Ticks are the file's own, `ppqn` to the quarter note.
    """

    ppqn: int
    tracks: tuple[Track, ...]
    tempos: tuple[tuple[int, int], ...] = ((0, DEFAULT_TEMPO),)
    metres: tuple[tuple[int, int, int], ...] = ()


def micros_of(score: Score, ticks: Iterable[int]) -> list[int]:
    """Micros since the start for ascending `ticks` of the score, by its tempo map."""
    tempos = list(score.tempos)
    times, micros, since, tempo = [], 0, 0, DEFAULT_TEMPO
    for tick in ticks:
        while tempos and tempos[0][0] <= tick:
            change, next_tempo = tempos.pop(0)
            micros += (change - since) * tempo // score.ppqn
            since, tempo = change, next_tempo
        times.append(micros + (tick - since) * tempo // score.ppqn)
    return times


def read(source: Path | bytes) -> Score:
    """Read a Standard MIDI File.  Raises MidiFileError with one line for anything that cannot be used."""
    data = source if isinstance(source, bytes) else _load(source)
    where = "these bytes" if isinstance(source, bytes) else str(source)
    try:
        check(data)
        parsed = mido.MidiFile(file=BytesIO(data), clip=True)
        return _score(parsed)
    except MidiFileError as error:
        raise MidiFileError(f"{where}: {error}") from None
    except Exception as error:  # mido raises OSError, EOFError, ValueError, IndexError and its own
        raise MidiFileError(
            f"{where}: not a readable MIDI file ({type(error).__name__}: {error})"
        ) from None


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise MidiFileError(f"{path}: cannot be read ({error.strerror})") from None


def _score(parsed: mido.MidiFile) -> Score:
    tempos: dict[int, int] = {}
    metres: dict[int, tuple[int, int]] = {}
    tracks = []
    for track in parsed.tracks:
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
        tracks += [
            Track(track.name, tuple(messages), programs.get(channel, 0))
            for channel, messages in sorted(channels.items())
            if any(isinstance(message, NoteOn) for _, message in messages)
        ]
    score = Score(
        parsed.ticks_per_beat,
        tuple(tracks),
        tuple(sorted(tempos.items())) or ((0, DEFAULT_TEMPO),),
        tuple((tick, *metre) for tick, metre in sorted(metres.items())),
    )
    last = max((track.messages[-1][0] for track in tracks), default=0)
    seconds = micros_of(score, [last])[0] / 1e6
    if seconds > MAX_SECONDS:
        raise MidiFileError(
            f"lasts {seconds / 3600:.1f} hours; at most {MAX_SECONDS // 3600} are read"
        )
    return score


def write(path: Path, score: Score) -> None:
    """Write a score as a format 1 file: a conductor track (tempo, metre), then one track each."""
    conductor = mido.MidiTrack()
    changes: list[tuple[int, mido.MetaMessage]] = [
        (tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in score.tempos
    ] + [
        (tick, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in score.metres
    ]
    _append(conductor, sorted(changes, key=lambda change: change[0]))
    file = mido.MidiFile(type=1, ticks_per_beat=score.ppqn)
    file.tracks.append(conductor)
    for track in score.tracks:
        out = mido.MidiTrack([mido.MetaMessage("track_name", name=track.name, time=0)])
        _append(out, [(tick, mido.Message.from_bytes(encode(m))) for tick, m in track.messages])
        file.tracks.append(out)
    file.save(path)


def _append(
    track: mido.MidiTrack, timed: Sequence[tuple[int, mido.Message | mido.MetaMessage]]
) -> None:
    last = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - last))
        last = tick


# --- the check
# ------------------------------------------------------------------------------------------------


def check(data: bytes) -> None:
    """Walk the file as RP-001 lays it out and raise MidiFileError at the first thing no parser should see."""
    _expect(len(data) <= MAX_BYTES, f"is longer than {MAX_BYTES // 1_000_000} MB")
    _expect(data[:4] == b"MThd" and len(data) >= 14, "does not start with a MIDI file header")
    header = int.from_bytes(data[4:8], "big")
    form, tracks, division = (int.from_bytes(data[i : i + 2], "big") for i in (8, 10, 12))
    _expect(6 <= header <= 256, f"has a header of {header} bytes, expected 6")
    _expect(form in (0, 1), f"is of format {form}, expected 0 or 1")
    _expect(1 <= tracks <= MAX_TRACKS, f"has {tracks} tracks, expected 1 to {MAX_TRACKS}")
    _expect(
        0 < division < 0x8000,
        "counts in SMPTE frames or not at all, expected ticks per quarter note",
    )
    at, seen, events = 8 + header, 0, 0
    while seen < tracks:
        _expect(at + 8 <= len(data), f"ends after {seen} of {tracks} tracks")
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + size
        _expect(end <= len(data), "has a chunk that is longer than the file")
        if data[at : at + 4] == b"MTrk":
            events += _check_track(data, at + 8, end)
            _expect(events <= MAX_EVENTS, f"has more than {MAX_EVENTS} events")
            seen += 1
        at = end


def _check_track(data: bytes, at: int, end: int) -> int:
    """Walk one track; give the number of its events."""
    events, status = 0, 0
    while at < end:
        _, at = _quantity(data, at, end)
        _expect(at < end, "has a track that ends inside an event")
        if data[at] & 0x80:
            status, at = data[at], at + 1
        _expect(status >= 0x80, "has a track that starts with running status")
        if status < 0xF0:
            size = 1 if 0xC0 <= status < 0xE0 else 2
        elif status in (0xF0, 0xF7, 0xFF):
            at += status == 0xFF
            size, at = _quantity(data, at, end)
            status = 0
        else:
            raise MidiFileError(f"has the status byte {status:#x}, which no file may hold")
        at += size
        _expect(at <= end, "has an event that is longer than its track")
        events += 1
    return events


def _quantity(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read a variable-length quantity of at most four bytes (RP-001 page 2): its value and what follows it."""
    value = 0
    for index in range(at, min(at + 4, end)):
        value = value << 7 | data[index] & 0x7F
        if data[index] < 0x80:
            return value, index + 1
    raise MidiFileError("has a variable-length quantity that does not end within four bytes")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise MidiFileError(otherwise)
