"""Finds where a phrase was played before: the notes of a folder's MIDI files and journals, kept in one
file, and what is like it.

Only files that are new or have changed are read again.  A file that cannot be read is left out and named once.
Bounded: the newest files count, up to `MOST_NOTES` notes.  Blocking, and for a process of its own or a command: see
`finding`.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from livegen import whole_files
from livegen.control.library import sessions
from livegen.daemon.recording import recordings
from livegen.errors import LivegenError
from livegen.music.files import MIDI_SUFFIXES, smf
from livegen.music.melody.likeness import FEWEST, Library, Match, Notes, notes_of
from livegen.music.messages import NoteOn
from livegen.music.parts import DRUM_CHANNEL

MOST_NOTES = 500_000  # of a folder: some 230 MB while it is searched
MOST_FILES = 20_000
MOST_BYTES, MOST_BYTES_OF_SESSION = (
    4 << 20,
    256 << 20,
)  # of a MIDI file; of a journal, of which few lines are notes
MOST_OF_PHRASE = 64  # notes of a file that is looked for
LIKE, SAME = 0.4, 0.7  # of a score, from which on something is like the phrase, and is the phrase
FEWEST_SAME = 8  # notes in common of what is the phrase
SUFFIX = ".npz"
_FORM = 2  # of the kept file; whoever changes it or what is read raises it
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d{6})")  # as recordings are called


class FindError(LivegenError):
    """Nothing can be looked for so."""


class Find(NamedTuple):
    """A place in a file that is like a phrase.

    `name` is the file's in its folder, `when` seconds since 1970, `at` and `seconds` where in the file and how long;
    `score` 0 to 1, `shift` semitones higher, `pace` its seconds for one of the phrase's, `who` the track's name;
    `same`: it is the phrase, in 19 of 20 cases (bench.finds), else only like it.
    """

    name: str
    when: float
    at: float
    seconds: float
    score: float
    shift: int
    pace: float
    who: str
    same: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was read: what changes when it does, and its voices by their tracks' names."""

    stamp: tuple[int, int]  # modified, bytes
    voices: tuple[tuple[str, Notes], ...]
    began: float = 0.0  # of a session, seconds since 1970


class Shelves:
    """The files of a folder.  `kept` is where their notes lie between two runs, None: nowhere.

    `say` takes a line for each file that cannot be read.
    """

    def __init__(self, folder: Path, kept: Path | None, say: Callable[[str], object]) -> None:
        self._folder, self._kept, self._say = folder, kept, say
        self.files: dict[str, Kept] = {}

    def look(self) -> None:
        """Read what is new; keep it.  Raises FindError for a folder that is none."""
        if not self._folder.is_dir():
            raise FindError(f"{self._folder} is no folder")
        before = {} if self._kept is None else _kept_in(self._kept)
        self.files, notes = {}, 0
        for path, stamp in _newest(self._folder):
            name = path.relative_to(self._folder).as_posix()
            known = before.get(name)
            if known is None or known.stamp != stamp:
                known = self._read(path, stamp)
            notes += sum(len(one.onsets) for _, one in known.voices)
            if notes > MOST_NOTES:
                break
            self.files[name] = known
        if self._kept is not None and _stamps(self.files) != _stamps(before):
            with suppress(OSError):  # then it is read again the next time
                _keep(self._kept, self.files)

    def like(
        self, phrase: Notes, most: int, before: float = math.inf, but: Path | None = None
    ) -> list[Find]:
        """The places most like a phrase, one a file, that were played or saved `before`, seconds since 1970.

        The file `but` is left out.
        """
        names, whos, voices = [], [], []
        for name, kept in self.files.items():
            if (not kept.began and kept.stamp[0] / 1e9 > before) or self._folder / name == but:
                continue
            for who, notes in kept.voices:
                names.append(name)
                whos.append(who)
                voices.append(notes.between(0, before - kept.began) if kept.began else notes)
        found: dict[str, Find] = {}
        for match in Library.of(voices).like(phrase):
            name = names[match.voice]
            if match.score >= LIKE and name not in found and len(found) < most:
                found[name] = self._find(name, whos[match.voice], match)
        return list(found.values())

    def _find(self, name: str, who: str, match: Match) -> Find:
        kept = self.files[name]
        when = kept.began + match.begin if kept.began else played_at(name) or kept.stamp[0] / 1e9
        at, seconds = max(0.0, match.begin), match.end - match.begin
        same = match.score >= SAME and match.common >= FEWEST_SAME
        score, pace = round(match.score, 3), round(match.pace, 3)
        return Find(
            name, when, round(at, 3), round(seconds, 3), score, match.shift, pace, who, same
        )

    def _read(self, path: Path, stamp: tuple[int, int]) -> Kept:
        try:
            return (
                _session(path, stamp)
                if path.suffix == recordings.JOURNAL
                else Kept(stamp, voices_of(path))
            )
        except LivegenError as error:
            self._say(f"left out: {path.name}: {str(error).removeprefix(f'{path}: ')}")
        except OSError as error:
            self._say(f"left out: {path.name}: cannot be read ({error.strerror})")
        return Kept(stamp, ())


def _session(path: Path, stamp: tuple[int, int]) -> Kept:
    """A session by its journal.  Raises JournalError or OSError."""
    began, notes = sessions.played(path)
    voices = [(who, notes_of(given)) for who, given in notes.items() if len(given) >= FEWEST]
    return Kept(stamp, tuple(voices), began)


def _stamps(files: dict[str, Kept]) -> list[tuple[str, tuple[int, int]]]:
    return [(name, kept.stamp) for name, kept in files.items()]


def voices_of(path: Path) -> tuple[tuple[str, Notes], ...]:
    """Tracks of a file that have pitches, by name.  Raises MidiFileError or OSError."""
    score = smf.read(path)
    clock = score.tempo_map
    found = []
    for track in score.tracks:
        notes = [
            (clock.micros(tick) / 1e6, message.pitch)
            for tick, message in track.messages
            if isinstance(message, NoteOn) and message.channel != DRUM_CHANNEL
        ]
        if len(notes) >= FEWEST:
            found.append((track.name, notes_of(notes)))
    return tuple(found)


def phrase_of(path: Path) -> Notes:
    """The phrase of a file that is looked for: its first track with pitches, the first notes.  Raises FindError."""
    try:
        voices = voices_of(path)
    except OSError as error:
        raise FindError(f"{path}: cannot be read ({error.strerror})") from None
    if not voices:
        raise FindError(f"{path}: expected a phrase of {FEWEST} notes or more, not of drums")
    notes = voices[0][1]
    return Notes(notes.onsets[:MOST_OF_PHRASE], notes.pitches[:MOST_OF_PHRASE])


def played_at(name: str) -> float | None:
    """The time at which a recording was played, by its name, in seconds since 1970; None for another name."""
    found = _MOMENT.search(name)
    try:
        return datetime.strptime(found[0], "%Y-%m-%d %H%M%S").timestamp() if found else None
    except (ValueError, OverflowError, OSError):
        return None


def place_of(folder: Path) -> Path:
    """The file that keeps the notes of a folder's files: beside the recordings, in a file for each folder."""
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return recordings.default_folder().parent / "finds" / f"{name}{SUFFIX}"


def _newest(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """MIDI files and journals below a folder, newest first, each with its stamp; what is hidden or a link is not."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            most = MOST_BYTES_OF_SESSION if recordings.is_session(name) else MOST_BYTES
            if name.startswith(".") or not _is_music(name):
                continue
            path = Path(root, name)
            with suppress(OSError):
                about = path.stat(follow_symlinks=False)
                if path.is_file() and not path.is_symlink() and about.st_size <= most:
                    found.append((path, (about.st_mtime_ns, about.st_size)))
    found.sort(key=lambda one: one[1], reverse=True)
    yield from found[:MOST_FILES]


def _is_music(name: str) -> bool:
    return name.lower().endswith(MIDI_SUFFIXES) or recordings.is_session(name)


# --- the kept file ------------------------------------------------------------------------------------------------


def _keep(path: Path, files: dict[str, Kept]) -> None:
    """Write all notes: two long rows, and how many are whose.  Raises OSError."""
    voices = [notes for kept in files.values() for _, notes in kept.voices]
    told = [
        [name, *kept.stamp, kept.began, [[who, len(notes.onsets)] for who, notes in kept.voices]]
        for name, kept in files.items()
    ]
    about = json.dumps({"form": _FORM, "reading": smf.READING, "files": told}).encode()

    def write(draft: Path) -> None:
        with draft.open("wb") as file:
            np.savez_compressed(
                file,
                about=np.frombuffer(about, np.uint8),
                onsets=_row([notes.onsets for notes in voices], np.float32),
                pitches=_row([notes.pitches for notes in voices], np.uint8),
            )

    whole_files.make_folder(path.parent, 0o700)
    whole_files.write(path, write, replace=True)


def _row(arrays: Sequence[Any], kind: Any) -> Any:
    return np.concatenate(arrays).astype(kind) if arrays else np.zeros(0, kind)


def _kept_in(path: Path) -> dict[str, Kept]:
    """Give what was kept; nothing where it cannot be read: then it is made anew."""
    try:
        with path.open("rb") as kept, np.load(kept, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if (about["form"], about["reading"]) != (_FORM, smf.READING):
                return {}
            return dict(_files(about["files"], file["onsets"], file["pitches"].astype(np.int16)))
    except (
        Exception
    ):  # zip, zlib, numpy and JSON each have errors of their own for a file that is torn
        return {}


def _files(told: Sequence[Any], onsets: Any, pitches: Any) -> Iterator[tuple[str, Kept]]:
    at = 0
    for name, modified, size, began, voices in told:
        found = []
        for who, count in voices:
            found.append((who, Notes(onsets[at : at + count], pitches[at : at + count])))
            at += count
        yield name, Kept((modified, size), tuple(found), began)
