"""The process that writes a session down: `python -m livegen.daemon.recorder FD FILE.mid TEMPO_BPM`.

Every message goes at once to `FILE.mid.journal`, one JSON line each, appended: whatever happens, what was
played is on disk.  When the link closes, the journal becomes a MIDI file with the tracks Player and Model and
is removed.  A journal left by a crash is turned into `FILE-recovered.mid` at the next start.  Signals that end
the daemon do not end this process: it finishes by itself.
"""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from livegen.daemon import clock
from livegen.daemon.link import Frame, Kind, Link, inherited
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, decode

if TYPE_CHECKING:
    from livegen.music.smf import Score

PPQN = 480
SIDES = {Kind.MIDI: "player", Kind.SENT: "model"}
TRACKS = {"player": "Player", "model": "Model"}
SYNC_US = clock.SECOND  # how much may be lost to a power failure; to a crash of ours nothing is


class Entry(NamedTuple):
    """One line of the journal: micros, "player" or "model", the bytes of the message."""

    micros: int
    side: str
    data: bytes


def journal_path(path: Path) -> Path:
    """Where the journal of the recording `path` lies."""
    return path.with_name(path.name + ".journal")


# --- the journal ----------------------------------------------------------------------------------------------


class Journal:
    """An append-only file of entries.  `failure` tells why writing stopped, once it did."""

    def __init__(self, path: Path, started: str) -> None:
        """Create it; raises OSError when that cannot be done."""
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._synced_at = 0
        self.failure: str | None = None
        self._write((json.dumps({"livegen": 1, "started": started}) + "\n").encode())

    def append(self, entries: Iterable[Entry], now: int) -> None:
        """Hand the entries to the system before returning; to the disk itself once a second."""
        lines = "".join(_line(entry) for entry in entries)
        self._write(lines.encode())
        if self.failure is None and now - self._synced_at >= SYNC_US:
            self._synced_at = now
            os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._file, data) :]
            self.failure = None
        except OSError as error:  # a full disk: the music goes on, and later lines may fit again
            self.failure = error.strerror or "cannot be written"


def _line(entry: Entry) -> str:
    return json.dumps({"t": entry.micros, "side": entry.side, "data": entry.data.hex()}) + "\n"


def read_journal(path: Path) -> Iterator[Entry]:
    """The entries of a journal, skipping lines that a crash or a full disk cut short."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
                entry = Entry(int(row["t"]), row["side"], bytes.fromhex(row["data"]))
                if entry.side in TRACKS:
                    yield entry
            except (ValueError, KeyError, TypeError):
                continue


# --- the MIDI file --------------------------------------------------------------------------------------------


def score_of(entries: Iterable[Entry], tempo_bpm: float) -> "Score":
    """Both sides as tracks, 480 ticks to the quarter, beginning with the first message; what still sounds is ended."""
    from livegen.music.smf import (
        Score,
        Track,
    )  # mido: a third of a second that the port process must never pay

    tempo = round(60_000_000 / tempo_bpm)
    ordered = sorted(entries, key=lambda entry: entry.micros)
    start = ordered[0].micros if ordered else 0
    sides: dict[str, list[tuple[int, Message]]] = {side: [] for side in TRACKS}
    for entry in ordered:
        message = decode(entry.data)
        # Clock, sensing and sysex are not music, and most of them may not stand in a file.
        if message is not None and entry.data[0] < 0xF0:
            sides[entry.side].append(((entry.micros - start) * PPQN // tempo, message))
    last = max((messages[-1][0] for messages in sides.values() if messages), default=0)
    tracks = tuple(Track(TRACKS[side], _ended(messages, last)) for side, messages in sides.items())
    return Score(PPQN, tracks, ((0, tempo),))


def _ended(messages: list[tuple[int, Message]], last: int) -> tuple[tuple[int, Message], ...]:
    """The messages, with an off and a raised pedal at `last` for whatever is left down."""
    down: dict[tuple[int, int], None] = {}
    pedals: dict[int, None] = {}
    for _, message in messages:
        match message:
            case NoteOn(pitch, _, channel):
                down[channel, pitch] = None
            case NoteOff(pitch, _, channel):
                down.pop((channel, pitch), None)
            case ControlChange(64, value, channel):
                pedals.pop(channel, None)
                pedals.update({channel: None} if value >= 64 else {})
            case _:
                pass
    offs: list[Message] = [NoteOff(pitch, 64, channel) for channel, pitch in down]
    return tuple(
        messages
        + [(last, message) for message in [*offs, *(ControlChange(64, 0, c) for c in pedals)]]
    )


def turn_into_midi(journal: Path, path: Path, tempo_bpm: float) -> None:
    """Write the MIDI file of a journal and remove the journal; nothing is lost when that fails half-way.

    Of a session without a single message no file is written: it could only replace one that has some.
    """
    from livegen.music.smf import write

    entries = list(read_journal(journal))
    if entries:
        draft = path.with_name(path.name + ".part")
        write(draft, score_of(entries, tempo_bpm))
        draft.replace(path)
    journal.unlink()


def recover(path: Path, tempo_bpm: float) -> Path | None:
    """Turn a journal that a crash left behind into a MIDI file beside `path`; its name, or None if there was none."""
    journal = journal_path(path)
    if not journal.exists():
        return None
    names = [
        f"{path.stem}-recovered{number}{path.suffix}"
        for number in ("", *(f"-{n}" for n in range(2, 100)))
    ]
    target = next(
        (path.with_name(name) for name in names if not path.with_name(name).exists()), None
    )
    if target is None:
        raise OSError(
            f"{journal} is left from a crash, and 99 recovered files are there already: move some away"
        )
    turn_into_midi(journal, target, tempo_bpm)
    return target


# --- the process ----------------------------------------------------------------------------------------------


def record(link: Link, path: Path, tempo_bpm: float) -> None:
    """Write down what comes over the link until it closes, then write the MIDI file.  Raises OSError at the start."""
    recovered = recover(path, tempo_bpm)
    if recovered is not None:
        link.send(
            Kind.LOG, clock.now(), f"a recording left by a crash was saved as {recovered}".encode()
        )
    journal = Journal(journal_path(path), datetime.now(UTC).isoformat(timespec="seconds"))
    link.send(Kind.READY, clock.now())
    import livegen.music.smf  # noqa: F401  (now, not while the person waits for the file)

    failure: str | None = None
    while True:
        entries = [_entry(frame) for frame in link.wait(clock.SECOND) if frame.kind in SIDES]
        if entries:
            journal.append(entries, clock.now())
        if journal.failure != failure:
            failure = journal.failure
            said = f"recording stopped: {failure}" if failure else "recording goes on"
            link.send(Kind.LOG, clock.now(), f"{journal_path(path)}: {said}".encode())
        if link.closed and not entries:
            break
    journal.close()
    turn_into_midi(journal_path(path), path, tempo_bpm)


def _entry(frame: Frame) -> Entry:
    return Entry(frame.micros, SIDES[frame.kind], frame.payload)


def main() -> None:
    """Record into the file named on the command line."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    link = inherited(sys.argv[1])
    path, tempo_bpm = Path(sys.argv[2]), float(sys.argv[3])
    try:
        record(link, path, tempo_bpm)
    except OSError as error:
        line = f"{path}: the recording cannot be written ({error.strerror or error})"
        if not link.send(Kind.FAILED, clock.now(), line.encode()):
            print(line, file=sys.stderr)
        link.drain(clock.SECOND)
        sys.exit(1)


if __name__ == "__main__":
    main()
