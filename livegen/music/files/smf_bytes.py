"""The bytes of a Standard MIDI File as chunks and events, whatever state they are in.

RP-001 ("Standard MIDI Files 1.0") says what a file should be.  Files from outside are cut short, miscounted, wrapped
and damaged, so nothing here refuses: what cannot be is left out and noted, and reading goes on at the nearest place
from which events make sense again.  No length that a file claims is believed before it is compared with what is
there, and every byte is looked at a bounded number of times.  Knows bytes; knows no notes and no score.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from livegen.music.files import pieces
from livegen.music.files.pieces import Bytes

TRACK_NAME, END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE = 0x03, 0x2F, 0x51, 0x58
META = 0xFF
NO_COUNT = -1
CUT_SHORT = "cut short, read as far as it goes"
USUAL_DIVISION = 480  # ticks of a quarter, where a file does not say

_HEADER, _TRACK, _RIFF = b"MThd", b"MTrk", b"RIFF"  # a file may be wrapped: RP-029
_END = bytes((META, END_OF_TRACK, 0))
# Of a variable-length quantity: four bytes (page 2), and zeros before them.
_LARGEST, _MOST_DIGITS = 0x0FFFFFFF, 8
_SYSEX = (0xF0, 0xF7)
# Messages that travel on cables and belong in no file: status, number of data bytes.
_ON_CABLES = {
    0xF1: 1,
    0xF2: 2,
    0xF3: 1,
    0xF4: 0,
    0xF5: 0,
    0xF6: 0,
    **dict.fromkeys(range(0xF8, 0xFF), 0),
}
_WANTED = (TRACK_NAME, END_OF_TRACK, SET_TEMPO, TIME_SIGNATURE)

_AHEAD = 8  # events that must make sense before reading goes on from a place
_NEAR = 8  # places after an impossible event of which the best is taken; beyond them the first
_PER_BYTE = 32  # ticks: how much less likely a place is for each byte that it leaves out
_LIKELY = 1 << 21  # ticks: a time of four bytes among damaged ones is damage
_MOST_TRIES = 50_000  # places of a file that are tried: half a second
_MOST_CHUNKS = 0xFFFF  # as many as a header can count
_MOST_CONTENT = 1 << 16  # bytes of a meta event that are taken; no name is so long


class Repairs:
    """The repairs of one file: sentences, and how often; `tries` are left for finding the way back."""

    def __init__(self) -> None:
        self.tries = _MOST_TRIES
        self._said: Counter[str] = Counter()

    def once(self, sentence: str) -> None:
        """Note what is true of the file."""
        self._said[sentence] = 1

    def add(self, sentence: str) -> None:
        """Note one more of what can happen often."""
        self._said[sentence] += 1

    def sentences(self) -> tuple[str, ...]:
        """All of it, in the order in which it was found."""
        return tuple(
            said if count == 1 else f"{said} ({count} times)" for said, count in self._said.items()
        )


class FileHeader(NamedTuple):
    """The values of a header, and the place of the chunks after it.  `tracks` is NO_COUNT without a header."""

    form: int
    tracks: int
    division: int
    end: int


class FileEvent(NamedTuple):
    """An event as it stands: `piece[begin:end]` are its data bytes, or type, length and data of a meta event.

    `end` may lie behind the piece of the track that is in memory.
    """

    delta: int
    status: int
    begin: int
    end: int


class _Impossible(Exception):
    """No event can be so."""


# --- chunks -----------------------------------------------------------------------------------------------------------


def header(data: Bytes, repairs: Repairs) -> FileHeader:
    """The header, wherever it is; where there is none, that of a usual file."""
    at = data.find(_HEADER)
    if at < 0 or at + 14 > len(data):
        repairs.once(f"no header, {USUAL_DIVISION} ticks are taken for a quarter")
        return FileHeader(1, NO_COUNT, USUAL_DIVISION, max(0, data.find(_TRACK)))
    if at and data.read(0, 4) != _RIFF:
        repairs.once("other bytes before the header, passed over")
    form, tracks, division = (_number(data, place, 2) for place in (at + 8, at + 10, at + 12))
    end = at + 8 + _number(data, at + 4, 4)
    if end < at + 14 or (end != len(data) and not _is_chunk(data, end)):
        repairs.once("a header of a wrong length")
        end = at + 14
    return FileHeader(form, tracks, division, end)


def tracks(data: Bytes, at: int, repairs: Repairs) -> Iterator[Bytes]:
    """The contents of the track chunks from `at` on, each as long as it really is."""
    for _ in range(_MOST_CHUNKS):
        if len(data) - at < 8 or data.read(at, 4) == _HEADER:
            break
        if not _is_chunk(data, at):
            at = data.find(_TRACK, at)
            if at < 0 or len(data) - at < 8:
                return
            repairs.once("other bytes between the tracks, passed over")
        end = _chunk_end(data, at, repairs)
        if data.read(at, 4) == _TRACK:
            yield data.part(at + 8, end)
        at = end
    else:
        repairs.once(f"more than {_MOST_CHUNKS:,} chunks, the others are left out")
    if data.read(at, 4) == _HEADER:
        repairs.once("another file after the end of this one, left out")


def _number(data: Bytes, at: int, size: int) -> int:
    return int.from_bytes(data.read(at, size), "big")


def _is_chunk(data: Bytes, at: int) -> bool:
    """True if a chunk begins here: a track, or any other of four letters that ends within the file."""
    name = data.read(at, 4)
    if name == _TRACK:
        return True
    is_named = len(name) == 4 and all(32 <= letter < 127 for letter in name)
    return is_named and at + 8 + _number(data, at + 4, 4) <= len(data)


def _chunk_end(data: Bytes, at: int, repairs: Repairs) -> int:
    """Give the end of a chunk: as it says, if what is there can follow it, else before the next track."""
    end = at + 8 + _number(data, at + 4, 4)
    if end == len(data) or _is_chunk(data, end) or data.read(end - 3, 3) == _END:
        return end
    following = data.find(_TRACK, at + 8)
    if following < 0 and end > len(data) and data.read(len(data) - 3, 3) != _END:
        repairs.once(CUT_SHORT)
    else:
        repairs.add("a track of a wrong length")
    return following if following >= 0 else len(data)


# --- events -----------------------------------------------------------------------------------------------------------


def events(track: Bytes, repairs: Repairs) -> Iterator[tuple[int, int, bytes]]:
    """Tick, status and data of the channel messages of a track, and of the meta events that matter (type, then data).

    Statuses run on across meta and system exclusive events, as many writers take for granted.
    """
    tick, running, is_over = 0, 0, False
    # Left: bytes from the begin of the piece to the end of the track.
    piece, at, left = track.piece(0), 0, len(track)
    while at < left:
        if at > pieces.PIECE - pieces.AHEAD:
            left -= at
            piece, at = track.piece(len(track) - left), 0
        try:
            delta, status, begin, end = event(piece, at, running, left)
        except (_Impossible, IndexError):
            mended = _mended(piece, at, running, repairs)
            if mended is None:
                return
            delta, status, begin, end = mended
        tick += delta
        at = end
        if status < 0xF0:
            if is_over and piece[begin - 1] < 0x80:
                repairs.once("a status that runs on across system exclusive")
            running, is_over = status, False
            if begin == end:
                continue
            data = piece[begin:end]
            yield tick, status, data if data.isascii() else bytes(min(byte, 127) for byte in data)
        elif status == META:
            if piece[begin] in _WANTED:
                yield tick, status, piece[begin : begin + 1] + _content(piece, begin + 1)
            if (
                piece[begin] == END_OF_TRACK
                and at < left
                and _sense(piece, at, running, repairs) is None
            ):
                return
        elif status in _SYSEX:
            is_over = running != 0
        elif status:
            repairs.add("a message that belongs in no file, left out")


def event(piece: bytes, at: int, running: int, left: int, is_strict: bool = True) -> FileEvent:
    """The event at `at` of a piece after which the track goes on, until it has `left` bytes.

    Raises _Impossible for what cannot be, `is_strict` also for data bytes beyond 127, and IndexError where the track
    ends first.
    """
    delta = piece[at]
    at += 1
    if delta >= 0x80:
        delta, at = _quantity(piece, at - 1)
    status = piece[at]
    if status >= 0x80:
        at += 1
    elif running:
        status = running
    else:
        raise _Impossible
    if status < 0xF0:
        end = at + (1 if 0xC0 <= status < 0xE0 else 2)
        if (piece[at] | piece[end - 1]) >= 0x80 and is_strict:
            raise _Impossible
        return FileEvent(delta, status, at, end)
    if status in _ON_CABLES:
        end = at + _ON_CABLES[status]
    else:
        size, end = _quantity(piece, at + (status == META))
        end += size
    if end > left:
        raise IndexError
    return FileEvent(delta, status, at, end)


def _quantity(piece: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity (page 2) and where it ends.  Raises _Impossible, or IndexError."""
    value = 0
    for index in range(at, at + _MOST_DIGITS):
        value = value << 7 | piece[index] & 0x7F
        if piece[index] < 0x80:
            if value > _LARGEST:
                break
            return value, index + 1
    raise _Impossible


def _content(piece: bytes, at: int) -> bytes:
    size, begin = _quantity(piece, at)
    return piece[begin : begin + min(size, _MOST_CONTENT)]


# --- the way back -----------------------------------------------------------------------------------------------------


def _mended(piece: bytes, at: int, running: int, repairs: Repairs) -> FileEvent | None:
    """Give the event to take for the impossible one at `at`: itself with smaller values, else one without data.

    None where nothing that follows makes sense.
    """
    try:
        found = event(piece, at, running, len(piece), is_strict=False)
    except (_Impossible, IndexError):
        found = None
    status = found.status if found and found.status < 0xF0 else running
    place = _way_back(piece, at + 1, status, repairs)
    if place is None:
        repairs.once(CUT_SHORT)
        return None
    if found and place == found.end:
        repairs.add("a value beyond 127, taken as 127")
        return found
    repairs.add("an impossible event, left out")
    return FileEvent(_lost_time(piece, at, place), status, place, place)


def _lost_time(piece: bytes, at: int, place: int) -> int:
    """Give how much time passes before an event that is left out, if it was not its time that was wrong."""
    try:
        delta, end = _quantity(piece, at)
    except (_Impossible, IndexError):
        return 0
    return delta if end < place and delta < _LIKELY else 0


def _way_back(piece: bytes, at: int, running: int, repairs: Repairs) -> int | None:
    """The place from `at` on where events make most sense if it is near, else the first where they make any."""
    near = [
        (sense[0], sense[1] + _PER_BYTE * (place - at), place)
        for place in range(at, at + _NEAR)
        if (sense := _sense(piece, place, running, repairs))
    ]
    if near:
        return min(near)[2]
    far = range(at + _NEAR, min(at + _NEAR + repairs.tries, len(piece)))
    return next((place for place in far if _sense(piece, place, running, repairs)), None)


def _sense(piece: bytes, at: int, running: int, repairs: Repairs) -> tuple[int, int] | None:
    """Give how much sense the next events make, least is most: how few are played, and how much time passes in them.

    None where one of them is impossible, or where the track ends without saying so.
    """
    repairs.tries -= 1
    played, ticks = 0, 0
    for _ in range(_AHEAD if repairs.tries > 0 else 0):
        try:
            delta, status, begin, at = event(piece, at, running, len(piece))
        except (_Impossible, IndexError):
            return None
        ticks += delta
        if status in _ON_CABLES or delta >= _LIKELY:
            return None
        if status < 0xF0:
            running, played = status, played + (at - begin == 2)
        elif piece[begin:at] == _END[1:]:
            return -played, ticks
    return (-played, ticks) if repairs.tries > 0 else None
