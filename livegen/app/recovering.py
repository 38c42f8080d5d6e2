"""Recordings that a crash or a power failure cut short become MIDI files; nothing is deleted before that is safe."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from livegen.errors import LivegenError

ROOM, LEFT = ".room", ".journal"


def recover(paths: Sequence[Path], say: Callable[[str], object]) -> list[Path]:
    """Write the MIDI files of these journals and drafts, and of those left in these folders; which files.

    Without a path, in the person's folder of recordings.  A session's journal is no remnant, and counts only by its
    own name.  `say` takes a line for what cannot be read.  Raises ConfigError.
    """
    found: list[Path] = []
    for path in (left for given in paths or _own_folder() for left in _left(given)):
        try:
            made = _recovered(path)
        except (LivegenError, OSError, ValueError) as error:
            say(f"{path}: {error}")
            continue
        if made is None:
            say(f"{path}: nothing was played in it")
        else:
            found.append(made)
    return found


def _own_folder() -> list[Path]:
    from livegen.app.daemons import recordings_folder
    from livegen.config import load

    folder = recordings_folder(load())
    return [folder] if folder is not None and folder.is_dir() else []


def _left(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        return (path,)
    return sorted(one for one in path.iterdir() if one.suffix in (ROOM, LEFT) and one.is_file())


def _recovered(path: Path) -> Path | None:
    from livegen.daemon.recording import recorder
    from livegen.daemon.recording.recordings import MIDI
    from livegen.studio.keeping import RoomKeeper

    if path.suffix == ROOM:
        return RoomKeeper(path.parent).rescued(path)
    if path.suffix == LEFT:
        return recorder.recover(path.with_suffix(""))
    return recorder.midi_of(path, path.with_suffix(MIDI))
