"""Recordings that a crash or a power failure cut short become MIDI files; nothing is deleted before that is safe."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from livegen.errors import LivegenError

Make = Callable[[Path], Path | None]


def recover(paths: Sequence[Path], say: Callable[[str], object]) -> list[Path]:
    """Write the MIDI files of these journals and drafts, and of those left in these folders; which files.

    Without a path, in the person's folders of recordings: his own, and those of a studio's rooms.  A session's journal
    is no remnant, and counts only by its own name.  `say` takes a line for what cannot be read.  Raises ConfigError.
    """
    found: list[Path] = []
    remnants = _remnants()
    for path in (left for given in paths or _own_folders() for left in _left(given, remnants)):
        try:
            made = remnants.get(path.suffix, _of_session)(path)
        except (LivegenError, ValueError) as error:
            say(f"{path}: {error}")
            continue
        except OSError as error:
            say(
                f"{path}: it could not be read, or its MIDI file not be written beside it ({error.strerror}); "
                "copy it to a folder where you may write, and recover it there"
            )
            continue
        if made is None:
            say(f"{path}: nothing was played in it")
        else:
            found.append(made)
    return found


def _own_folders() -> list[Path]:
    from livegen.app.daemons import recordings_folder
    from livegen.app.studios import rooms_folder
    from livegen.config import load

    config = load()
    folders = (recordings_folder(config), rooms_folder(config))
    return [folder for folder in folders if folder is not None and folder.is_dir()]


def _left(path: Path, suffixes: Collection[str]) -> Iterable[Path]:
    if not path.is_dir():
        return (path,)
    return sorted(one for one in path.iterdir() if one.suffix in suffixes and one.is_file())


def _remnants() -> Mapping[str, Make]:
    """The makers of MIDI files, by the suffix of what they are made of."""
    from livegen.daemon.recording import recorder
    from livegen.studio import keeping

    return {
        keeping.DRAFT: lambda path: keeping.RoomKeeper(path.parent).rescued(path),
        recorder.UNFINISHED: lambda path: recorder.recover(path.with_suffix("")),
    }


def _of_session(path: Path) -> Path | None:
    from livegen.daemon.recording import recorder
    from livegen.daemon.recording.recordings import MIDI

    return recorder.midi_of(path, path.with_suffix(MIDI))
