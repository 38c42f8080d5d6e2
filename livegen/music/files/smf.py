"""Standard MIDI Files: whatever can be heard in one is read into a `Score`, and a score is written as one.

A file from outside may be anything.  `read_repaired` says in short sentences what had to be mended; nothing that a
file holds makes reading it slow or large.  Knows nothing of parts or codecs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import SEEK_END, BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from livegen.errors import MidiFileError
from livegen.music.files import smf_bytes
from livegen.music.files.note_ends import ended
from livegen.music.files.pieces import Bytes
from livegen.music.files.smf_bytes import Repairs
from livegen.music.files.tempo_map import DEFAULT_TEMPO, TempoMap
from livegen.music.messages import Message, NoteOff, NoteOn, decode, encode
from livegen.music.time.metre import TICKS_PER_BEAT

if TYPE_CHECKING:
    import mido  # it only writes: loading it takes 40 ms, which no process pays that starts to play

# Whoever changes what a file is read as raises it: what was made of files before is made anew.
READING = 3
MAX_BYTES = 256_000_000
MAX_TRACKS = 256
MAX_EVENTS = 500_000  # notes and controllers
MAX_HOURS = 24  # from the first note to the last
_HOUR_US = 3_600_000_000
_LINGER_US = 60_000_000  # what comes so long after the last note has nothing to do with it
_HOLDS_US = 600_000_000  # a key that comes up so long after the last was struck was let go before
# Quarters: what comes so long after the last note of a pattern has nothing to do with it.
_STRAYS = 240
_LONG_AFTER = "messages long after the last note, left out"
_RINGS = 4  # quarters that a note without an end sounds at most
_TEMPO_BYTES = 3
_FINEST = 7  # a time signature says its denominator as a power of two; 128ths are the shortest that are written
# Frames a second by the byte that stands for them (RP-001 page 4), and how long 120 quarters then last: 29 is 29.97.
_SMPTE = {
    256 - 24: (24, 500_000),
    256 - 25: (25, 500_000),
    256 - 29: (30, 500_500),
    256 - 30: (30, 500_000),
}


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

    @property
    def tempo_map(self) -> TempoMap:
        """The map between its ticks and micros."""
        return TempoMap.of(self.ppqn, self.tempos)


def read(source: Path | bytes) -> Score:
    """Read a Standard MIDI File, whatever had to be mended.  Raises MidiFileError as `read_repaired` does."""
    return read_repaired(source)[0]


def read_repaired(source: Path | bytes) -> tuple[Score, tuple[str, ...]]:
    """Read all that can be heard of a Standard MIDI File, and say what had to be mended.

    Raises MidiFileError, in one line, for a file that cannot be had or holds no track.
    """
    where = "these bytes" if isinstance(source, bytes) else str(source)
    repairs = Repairs()
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            score = _score(_bytes_of(file, repairs), repairs)
    except MidiFileError as error:
        raise MidiFileError(f"{where}: {error}") from None
    except OSError as error:
        raise MidiFileError(f"{where}: cannot be read ({error.strerror})") from None
    return score, repairs.sentences()


def read_to_play(path: Path) -> tuple[Score, str | None]:
    """Read a file that is to be heard; a line for the person where it was repaired.

    Raises MidiFileError as `read_repaired` does, and for a file without a note.
    """
    score, repairs = read_repaired(path)
    mended = "; ".join(repairs)
    if not score.tracks:
        raise MidiFileError(f"{path}: there is no note in it" + (f" ({mended})" if mended else ""))
    return score, f"{path} was repaired: {mended}" if mended else None


def _bytes_of(file: BinaryIO, repairs: Repairs) -> Bytes:
    """All of a file that is read; a pipe, in which there is no going back, is read at once."""
    file = file if file.seekable() else BytesIO(file.read(MAX_BYTES + 1))
    size = file.seek(0, SEEK_END)
    if size > MAX_BYTES:
        repairs.once(f"longer than {MAX_BYTES // 1_000_000} MB, the rest is left out")
    return Bytes(file, 0, min(size, MAX_BYTES))


def _score(data: Bytes, repairs: Repairs) -> Score:
    header = smf_bytes.header(data, repairs)
    found = list(islice(smf_bytes.tracks(data, header.end, repairs), MAX_TRACKS + 1))
    if not found:
        raise MidiFileError("not a MIDI file: it holds no track (MTrk)")
    _account_for_header(header, len(found), repairs)
    # In formats 0 and 2 it is the song that has a name (RP-001 page 8).
    name = "" if header.form in (0, 2) else None
    reading = _Reading(repairs, _unit(header.division, repairs), name)
    begin = 0
    for track in found[:MAX_TRACKS]:
        end = reading.take(track, begin)
        if header.form == 2:  # patterns, one after the other
            begin = reading.end_pattern(begin, end)
        else:
            reading.end_track()
    return reading.score()


def _account_for_header(header: smf_bytes.FileHeader, found: int, repairs: Repairs) -> None:
    """Note where a header and what follows it contradict each other."""
    if found > MAX_TRACKS:
        repairs.once(f"more than {MAX_TRACKS} tracks, the others are left out")
    elif header.tracks not in (found, smf_bytes.NO_COUNT):
        repairs.once(f"{found} tracks where the header counts {header.tracks}, all are read")
    if header.form > 2:
        repairs.once(f"format {header.form}, which does not exist, read as format 1")


@dataclass(frozen=True, slots=True)
class _Unit:
    """The unit of time: `ppqn` are a quarter when each counts `times`; with `tempo` they are seconds in disguise."""

    ppqn: int
    times: int = 1
    tempo: int | None = None


def _unit(division: int, repairs: Repairs) -> _Unit:
    """Read the division of a header."""
    if 0 < division < 0x8000:
        return _Unit(division)
    frames, tempo = _SMPTE.get(division >> 8, (0, 0))
    if ticks := frames * (division & 0xFF):
        repairs.once("time in SMPTE frames, read as seconds without bars")
        return _Unit(ticks, 2, tempo)
    usual = smf_bytes.USUAL_DIVISION
    what = f"{division:#06x} as ticks of a quarter" if division else "no ticks in a quarter"
    repairs.once(f"{what}, {usual} are taken")
    return _Unit(usual)


@dataclass(slots=True)
class _Reading:
    """A file while it is read: what its tracks have given so far."""

    repairs: Repairs
    unit: _Unit
    title: str | None  # what every track is called; None where each has a name of its own
    tempos: dict[int, int] = field(default_factory=dict)
    metres: dict[int, tuple[int, int]] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    left: int = MAX_EVENTS
    name: str | None = None
    programs: dict[int, int] = field(default_factory=dict)
    channels: dict[int, list[tuple[int, Message]]] = field(default_factory=dict)
    # Equal messages are one: a third of the memory.
    known: dict[bytes, Message] = field(default_factory=dict)

    def take(self, track: Bytes, begin: int) -> int:
        """Take in a track that begins at tick `begin`; the tick at which it ends."""
        tick, times = begin, self.unit.times
        for after, status, data in smf_bytes.events(track, self.repairs):
            tick = begin + after * times
            kind = status & 0xF0
            if kind in (0x80, 0x90, 0xB0):
                self._message(tick, status, data)
                if self.left < 0:
                    break
            elif kind == 0xC0:
                self.programs.setdefault(status & 0x0F, data[0])
            elif status == smf_bytes.META:
                self._meta(tick, data[0], data[1:])
        return tick

    def _message(self, tick: int, status: int, data: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            return self.repairs.once(
                f"more than {MAX_EVENTS:,} notes and controllers, the others are left out"
            )
        channel, key = status & 0x0F, bytes((status,)) + data
        message = self.known.get(key)
        if message is None:
            message = self.known[key] = _decoded(key)
        self.channels.setdefault(channel, []).append((tick, message))
        return None

    def _meta(self, tick: int, kind: int, data: bytes) -> None:
        if kind == smf_bytes.TRACK_NAME:
            name = data.decode("latin-1") if self.title is None else self.title
            self.name = name if self.name is None else self.name
        elif kind == smf_bytes.SET_TEMPO and self.unit.tempo is None:
            tempo = int.from_bytes(data, "big") if len(data) == _TEMPO_BYTES else 0
            if tempo:
                self.tempos[tick] = tempo
            else:
                self.repairs.once("a tempo that cannot be, left out")
        elif kind == smf_bytes.TIME_SIGNATURE and self.unit.tempo is None:
            if len(data) >= 2 and data[0] and data[1] <= _FINEST:
                self.metres[tick] = (data[0], 2 ** data[1])
            else:
                self.repairs.once("a time signature that no bar can have, left out")

    def end_pattern(self, begin: int, end: int) -> int:
        """Give the tick at which the next pattern begins: where this one ends.

        Where it ends long after its last note, what strays there is left out, and its last bar is its end.
        """
        sounds = (messages for messages in self.channels.values() if messages)
        last = max(map(_last_onset, sounds), default=begin)
        if end - max(last, begin) <= _STRAYS * self.unit.ppqn:
            return end
        numerator, denominator = self.metres[next(reversed(self.metres))] if self.metres else (4, 4)
        bar = max(1, 4 * self.unit.ppqn * numerator // denominator)
        end = begin + ((max(last, begin) - begin) // bar + 1) * bar
        for messages in self.channels.values():
            while messages and messages[-1][0] > end:
                messages.pop()
        for changes in (self.tempos, self.metres):
            while changes and next(reversed(changes)) > end:
                changes.popitem()
        self.repairs.once(_LONG_AFTER)
        return end

    def end_track(self) -> None:
        """Make a track for each channel that holds notes, of all that was taken in since the last call."""
        for channel, messages in sorted(self.channels.items()):
            if _has_notes(messages):
                program = self.programs.get(channel, 0)
                self.tracks.append(Track(self.name or "", tuple(messages), program))
        self.name, self.programs, self.channels = None, {}, {}

    def score(self) -> Score:
        """All that was taken in."""
        self.end_track()
        tempo = self.unit.tempo or DEFAULT_TEMPO
        score = Score(
            self.unit.ppqn,
            (),
            tuple(sorted(self.tempos.items())) or ((0, tempo),),
            tuple((tick, *metre) for tick, metre in sorted(self.metres.items())),
        )
        shortest, longest = max(1, score.ppqn // TICKS_PER_BEAT), _RINGS * score.ppqn
        tracks = (
            replace(track, messages=tuple(ended(track.messages, shortest, longest, self.repairs)))
            for track in _in_reach(score, self.tracks, self.repairs)
        )
        return replace(score, tracks=tuple(tracks))


def _decoded(data: bytes) -> Message:
    message = decode(data)
    assert message is not None  # `smf_bytes` gives well-formed ones
    return message


def _last_onset(messages: Sequence[tuple[int, Message]]) -> int:
    """The tick at which the last note begins; -1 without one."""
    return next((tick for tick, m in reversed(messages) if isinstance(m, NoteOn)), -1)


def _ends(track: Track) -> Iterator[int]:
    """The ticks at which a note ends that has begun."""
    sounding: set[int] = set()
    for tick, message in track.messages:
        if isinstance(message, NoteOn):
            sounding.add(message.pitch)
        elif isinstance(message, NoteOff) and message.pitch in sounding:
            sounding.remove(message.pitch)
            yield tick


def _in_reach(score: Score, tracks: Sequence[Track], repairs: Repairs) -> Sequence[Track]:
    """Tracks without what lies too far from the notes.  Raises MidiFileError where the notes themselves do."""
    onsets = [tick for track in tracks for tick, m in track.messages if isinstance(m, NoteOn)]
    if not onsets:
        return tracks
    micros = score.tempo_map.micros
    latest = max(onsets)
    first, begun = micros(min(onsets)), micros(latest)
    ends = [micros(tick) for track in tracks for tick in _ends(track) if tick > latest]
    last = max((end for end in ends if end <= begun + _HOLDS_US), default=begun)
    if first > MAX_HOURS * _HOUR_US:
        raise MidiFileError(
            f"its first note comes after {first / _HOUR_US:,.0f} hours; at most {MAX_HOURS} are read"
        )
    until = min(first + MAX_HOURS * _HOUR_US, last + _LINGER_US)
    if micros(max(track.messages[-1][0] for track in tracks)) <= until:
        return tracks
    is_music = until < last
    far = f"notes more than {MAX_HOURS} hours after the first, left out"
    repairs.once(far if is_music else _LONG_AFTER)
    kept = (replace(track, messages=_until(score, track.messages, until)) for track in tracks)
    return [track for track in kept if _has_notes(track.messages)]


def _has_notes(messages: Iterable[tuple[int, Message]]) -> bool:
    return any(isinstance(message, NoteOn) for _, message in messages)


def _until(
    score: Score, messages: Sequence[tuple[int, Message]], until: int
) -> tuple[tuple[int, Message], ...]:
    micros = score.tempo_map.micros
    return tuple(row for row in messages if micros(row[0]) <= until)


Texts = Sequence[tuple[int, str]]  # each with its tick


def write(path: Path, score: Score, lyrics: Texts = (), markers: Texts = ()) -> None:
    """Write a score as a format 1 file: a conductor track (tempo, metre), then one track each.

    `read` gives the same score back.  Names must be Latin-1, messages in the order of their ticks.  `lyrics`, each at
    the tick of its note, go into the last track, in UTF-8; `markers` into the conductor track.
    """
    import mido

    changes: list[tuple[int, mido.MetaMessage]] = [
        (tick, mido.MetaMessage("set_tempo", tempo=tempo)) for tick, tempo in score.tempos
    ] + [
        (tick, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator))
        for tick, numerator, denominator in score.metres
    ]
    changes += [(tick, mido.MetaMessage("marker", text=text)) for tick, text in markers]
    conductor = mido.MidiTrack()
    _append(conductor, sorted(changes, key=lambda change: change[0]))
    tracks = [conductor, *map(_mido_track, score.tracks[:-1])]
    tracks += [_mido_track(track, lyrics) for track in score.tracks[-1:]]
    charset = "utf-8" if lyrics else "latin1"
    mido.MidiFile(type=1, ticks_per_beat=score.ppqn, tracks=tracks, charset=charset).save(path)


def _mido_track(track: Track, lyrics: Texts = ()) -> "mido.MidiTrack":
    import mido

    out = mido.MidiTrack([mido.MetaMessage("track_name", name=track.name)])
    if track.program:
        channel = next(m.channel for _, m in track.messages if isinstance(m, NoteOn))
        out.append(mido.Message("program_change", channel=channel, program=track.program))
    words = [(tick, mido.MetaMessage("lyrics", text=text)) for tick, text in lyrics]
    played = [(tick, mido.Message.from_bytes(encode(m))) for tick, m in track.messages]
    _append(out, sorted([*words, *played], key=lambda row: row[0]))  # a syllable before its note
    return out


def _append(
    track: "mido.MidiTrack", timed: Sequence[tuple[int, "mido.Message | mido.MetaMessage"]]
) -> None:
    last = 0
    for tick, message in timed:
        track.append(message.copy(time=tick - last))
        last = tick
