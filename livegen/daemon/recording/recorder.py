"""The process that keeps everything that is played: `python -m livegen.daemon.recording.recorder FD`.

Beside a journal of the session it holds the last half hour in memory, from which a take is saved on request, and
with `record` it writes the whole session as one MIDI file at the end.  Frames that come:

    SETTINGS  first: {"folder": path or null, "record": path or null, "tempo_bpm": 120, "journals": 0}
    MIDI      a message of the player's, and when it was passed on
    SENT      a message that left the output, and when
    JOURNAL   a row of the engine's (`livegen.jam.reports.rows.body`): its header, what it did, its timeline
    MEMORY    what is remembered of a player, for a file of its own; of nothing the file is removed
    COMMAND   {"name": "capture", "value": bars, null (the last jam) or "all"}
              or {"name": "keep", "value": {"from": micros, "to": micros}}

and that go: READY, LOG, FAILED, and for every COMMAND one SAVED {"saved": path} or {"not_saved": why}.

A folder that cannot be written costs a warning, and is tried again; only a `record` that cannot be written at the
start is a failure.  A file that is there already is left alone: FILE-2.mid is written, and a line says so.  Its own
journal is `FILE.mid.journal` until the file is written; one that a crash left behind becomes `FILE-recovered.mid` at
the next start.  Signals that end the daemon do not end this process: it finishes
by itself when its link closes.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from livegen import whole_files
from livegen.daemon import clock
from livegen.daemon.processes.frames import (
    CommandFrame,
    FailedFrame,
    Frame,
    LogFrame,
    MemoryFrame,
    ReadyFrame,
    SavedFrame,
)
from livegen.daemon.processes.link import Link, begun
from livegen.daemon.recording import recordings
from livegen.daemon.recording.keeper import Keeper
from livegen.daemon.recording.recordings import JOURNAL, BusyError, Log, RecordingError
from livegen.daemon.recording.takes import session_score
from livegen.errors import LivegenError
from livegen.jam.reports import rows
from livegen.jam.reports.journal import salvage

REST_US = 50_000  # between two looks at the link: a clock of 48 messages a second must not wake us 48 times
TEMPO_BPM = 120.0  # where nothing says another
UNFINISHED = ".journal"  # behind the name of a recording: its journal
_FAULTS = (OSError, LivegenError, ValueError)


# --- --record -----------------------------------------------------------------------------------------------------


def journal_path(path: Path) -> Path:
    """The file of the journal of the recording `path` until that is written."""
    return path.with_name(path.name + UNFINISHED)


def turn_into_midi(journal: Path, path: Path, tempo_bpm: float = TEMPO_BPM) -> Path | None:
    """Write the MIDI file of a journal, as `midi_of` does, and remove the journal when it is safe on the disk."""
    saved = midi_of(journal, path, tempo_bpm)
    whole_files.remove(journal)
    return saved


def midi_of(journal: Path, path: Path, tempo_bpm: float = TEMPO_BPM) -> Path | None:
    """Write the MIDI file of a journal.

    Gives the file's path: the first of `numbered(path)` that nothing has.  Of a session without a single message no
    file is written.  Raises OSError, JournalError or RecordingError.
    """
    from livegen.music.files.smf import write

    with journal.open(encoding="utf-8", errors="replace") as file:
        texts = file.readlines()
    score = None if rows.is_blank(texts) else session_score(salvage(texts), tempo_bpm)
    return None if score is None else _written(path, lambda draft: write(draft, score))


def _written(path: Path, write: Callable[[Path], None]) -> Path:
    for free in recordings.numbered(path):
        with suppress(FileExistsError):
            whole_files.write(free, write)
            return free
    raise RecordingError(f"{path}: too many files have this name; move some elsewhere")


def recover(path: Path, tempo_bpm: float = TEMPO_BPM) -> Path | None:
    """Turn a journal that a crash left behind into a MIDI file beside `path`; its name, or None if there was none."""
    journal = journal_path(path)
    if not journal.exists():
        return None
    with journal.open("rb") as left:
        if not recordings.lock(left.fileno()):
            raise BusyError(f"another livegen is recording {path}")
    recovered = path.with_name(f"{path.stem}-recovered{path.suffix}")
    return turn_into_midi(journal, recovered, tempo_bpm)


def take_name(path: Path, tempo_bpm: float, say: Callable[[str], object]) -> tuple[Path, int]:
    """The first of `numbered(path)` that nothing has and nobody records into, and its journal, open and locked.

    What a crash left there is recovered.  `say` takes a line for the person.  Raises OSError or LivegenError.
    """
    for free in recordings.numbered(path):
        try:
            if (recovered := recover(free, tempo_bpm)) is not None:
                say(f"a recording left by a crash was saved as {recovered}")
            if os.path.lexists(free):
                continue
            file = os.open(journal_path(free), whole_files.NEW, 0o600)
            whole_files.sync_folder(free.parent)
        except (BusyError, FileExistsError):
            continue
        recordings.lock(file)
        if free != path:
            say(f"{path} is there already, or being recorded: this take is saved as {free}")
        return free, file
    raise RecordingError(f"{path}: too many files have this name; move some elsewhere")


# --- the process --------------------------------------------------------------------------------------------------


def record(link: Link, settings: Mapping[str, Any], waiting: list[Frame]) -> None:
    """Keep these frames and what comes over the link until it closes, then finish.

    Raises OSError or LivegenError for a `record` that cannot be written.
    """
    folder, path = (
        Path(settings[key]) if settings.get(key) else None for key in ("folder", "record")
    )
    tempo_bpm = float(settings.get("tempo_bpm", TEMPO_BPM))
    logs: dict[str, Log] = {}
    if path is not None:
        path, file = take_name(path, tempo_bpm, lambda line: _tell(link, [line]))
        logs[str(journal_path(path))] = _begun(Log(lambda: file, _lost))
    session: list[Path] = []
    if folder is not None:
        keep = partial(_new_session, folder, int(settings.get("journals", 0)), session)
        logs[str(folder)] = _begun(Log(keep, _lost))
    keeper = Keeper(logs, folder, tempo_bpm)
    _tell(link, keeper.flush(clock.now()))
    link.send(ReadyFrame.of(clock.now(), {}))
    _turn(link, keeper, waiting)
    keeper.close()
    if not keeper.has_music:
        for empty in session:
            empty.unlink(missing_ok=True)
    if path is not None:
        saved = turn_into_midi(journal_path(path), path, tempo_bpm)
        if saved not in (None, path):  # the link is closed by now
            print(
                f"livegen: {path} has been made by another program meanwhile: this take is saved as {saved}",
                file=sys.stderr,
            )


def _turn(link: Link, keeper: Keeper, frames: list[Frame]) -> None:
    is_over = False
    while not is_over:
        for frame in frames:
            if isinstance(frame, CommandFrame):
                keeper.flush(clock.now())  # a take of half an hour is two seconds' work
                link.send(SavedFrame.of(clock.now(), _answer(keeper, frame)))
            elif isinstance(frame, MemoryFrame):
                _tell(link, _remembered(frame))
            else:
                keeper.take(frame)
        _tell(link, keeper.flush(clock.now()))
        if not link.closed:
            time.sleep(REST_US / clock.SECOND)
        frames = link.wait(clock.SECOND)
        is_over = link.closed and not frames


def _answer(keeper: Keeper, command: CommandFrame) -> dict[str, str]:
    """Do what is asked for, and say which file it gave or why none."""
    value, now = command.value, datetime.now()
    try:
        match command.name, value:
            case "capture", None | "":
                path = keeper.capture(None, now)
            case "capture", "all":
                path = keeper.capture_all(now)
            case "capture", int() | float() if value >= 1:
                path = keeper.capture(int(value), now)
            case "keep", {"from": int() as start, "to": int() as end}:
                path = keeper.keep(start, end, now)
            case _:
                raise RecordingError(f"the recorder does not know {str(command.values)[:80]}")
    except _FAULTS as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return {"not_saved": why}
    return {"saved": str(path)}


def _remembered(frame: MemoryFrame) -> list[str]:
    """Keep what is remembered of a player, all of it or nothing; a line for the person where that fails."""
    from livegen.inference.kept import memory_from, score_of
    from livegen.inference.lesson import ENDING
    from livegen.music.files.smf import write

    path = Path(str(frame.values.get("file")))
    lesson = path.with_suffix(ENDING)
    try:
        memory = memory_from(str(frame.values.get("notes")))
        if not len(memory):
            for file in (lesson, path):
                whole_files.remove(file)
            return []
        whole_files.make_folder(path.parent, 0o700)
        whole_files.write(path, partial(write, score=score_of(memory)), replace=True)
        if text := frame.values.get("lesson"):
            whole_files.write_text(lesson, str(text), replace=True)
    except _FAULTS as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return [f"{path}: what is remembered cannot be written ({why}); the jam goes on"]
    return []


def _begun(log: Log) -> Log:
    log.put(rows.first_line(datetime.now().astimezone().isoformat(timespec="seconds"), clock.now()))
    return log


def _lost(count: int) -> str:
    return rows.line(rows.Lost(clock.now(), count))


def _new_session(folder: Path, journals: int, session: list[Path]) -> int:
    path, file = recordings.create(folder, recordings.moment(datetime.now()), JOURNAL)
    whole_files.sync_folder(folder)
    session.append(path)
    recordings.keep_newest(folder, journals)
    return file


def _tell(link: Link, said: Iterable[str]) -> None:
    for line in said:
        link.send(LogFrame.of(clock.now(), line))


def main() -> None:
    """Keep what comes over the link named on the command line."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    link, first, frames = begun(sys.argv[1])
    settings = first.values
    try:
        record(link, settings, frames)
    except (OSError, LivegenError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        line = f"{settings.get('record')}: the recording cannot be written ({why})"
        if not link.send(FailedFrame.of(clock.now(), line)):
            print(line, file=sys.stderr)
        link.drain(clock.SECOND)
        sys.exit(1)


if __name__ == "__main__":
    main()
