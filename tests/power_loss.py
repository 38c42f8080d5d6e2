"""A folder whose writes are recorded, and which can be had as a power loss at any moment may leave it.

What a program wrote is in the system's memory until it is synced.  A power loss keeps names up to some moment since
their folder was synced, in their order, and of each file what was synced of it, all, or a part of what came since
(Pillai et al. 2014, "All File Systems Are Not Created Equal", section 3).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Left = dict[str, bytes | None]  # what lies under each name; None is a folder
_NAMING = ("replace", "rename", "link", "unlink", "remove", "rmdir", "mkdir", "symlink")
_WRITING = ("write", "ftruncate", "open")
_SYNCING = ("fsync", "fdatasync")


@dataclass(eq=False)
class _File:
    """Bytes on the disk, and those in memory; a folder has neither."""

    synced: bytes = b""
    now: bytes = b""
    is_folder: bool = False

    def torn(self, share: int) -> bytes | None:
        """What is left of it: 0 what was synced, 1 a part of the rest too, 2 all."""
        if self.is_folder:
            return None
        kept = len(self.synced) if self.now.startswith(self.synced) else 0
        part = self.now[: kept + (len(self.now) - kept) // 2]
        return (self.synced, part, self.now)[share]


Changes = dict[str, _File | None]


class Disk:
    """The recorder of a folder, from its making on; `moments` are all that a power loss could leave until now."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = root
        self._files: dict[int, _File] = {}
        self._kept: dict[str, _File] = {}  # names that are on the disk
        self._pending: list[Changes] = []  # what has befallen names since, oldest first
        self._names: dict[str, _File] = {}  # names as programs see them
        self._is_looking = False
        self.moments: list[Left] = []
        self._look()
        for file in self._names.values():
            file.synced = file.now
        self._kept, self._pending, self.moments = dict(self._names), [], []
        for name in (*_NAMING, *_WRITING, *_SYNCING):
            if hasattr(os, name):
                monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))

    def now(self) -> list[Left]:
        """All that a power loss at this moment could leave."""
        self._look()
        return self._possible()

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            if self._is_looking:
                return call(*args, **named)
            self._look()
            result = call(*args, **named)
            self._look(together=name in _NAMING)
            if name in _SYNCING:
                self._sync(args[0])
                self._note()
            return result

        return watched

    def _look(self, together: bool = False) -> None:
        """Take note of what has changed: `together` where one call did it all."""
        self._is_looking = True
        try:
            found = dict(self._found())
        finally:
            self._is_looking = False
        names: dict[str, _File] = {}
        files: dict[int, _File] = {}
        for name, (number, data) in found.items():
            file = files[number] = self._files.get(number) or _File(is_folder=data is None)
            file.now = data or b""
            names[name] = file
        changes: Changes = {
            name: names.get(name)
            for name in {**self._names, **names}
            if self._names.get(name) is not names.get(name)
        }
        self._names, self._files = names, files
        if changes:
            self._pending += [changes] if together else [{name: it} for name, it in changes.items()]
        self._note()

    def _found(self) -> Iterator[tuple[str, tuple[int, bytes | None]]]:
        for path in sorted(self._root.rglob("*")):
            number = path.lstat().st_ino
            name = path.relative_to(self._root).as_posix()
            yield name, (number, None if path.is_dir() else path.read_bytes())

    def _sync(self, number: int) -> None:
        """A file or a folder is safe on the disk from now on."""
        inode = os.fstat(number).st_ino
        if inode == self._root.stat().st_ino:
            return self._sync_names(".")
        file = self._files.get(inode)
        if file is None:
            return None
        if not file.is_folder:
            file.synced = file.now
            return None
        return self._sync_names(next(name for name, it in self._names.items() if it is file))

    def _sync_names(self, folder: str) -> None:
        waiting = []
        for changes in self._pending:
            if any(Path(name).parent.as_posix() == folder for name in changes):
                self._apply(self._kept, changes)
            else:
                waiting.append(changes)
        self._pending = waiting

    @staticmethod
    def _apply(names: dict[str, _File], changes: Changes) -> None:
        for name, file in changes.items():
            if file is None:
                names.pop(name, None)
            else:
                names[name] = file

    def _possible(self) -> list[Left]:
        possible: list[Left] = []
        for share in range(3):
            names = dict(self._kept)
            for changes in ({}, *self._pending):
                self._apply(names, changes)
                left = {
                    name: file.torn(share)
                    for name, file in sorted(names.items())
                    if all(str(up) in (".", *names) for up in Path(name).parents)
                }
                if left not in possible:
                    possible.append(left)
        return possible

    def _note(self) -> None:
        self.moments += [left for left in self._possible() if left not in self.moments]


def laid_out(left: Left, folder: Path) -> Path:
    """Make the folder that a power loss left."""
    folder.mkdir(parents=True)
    for name, data in left.items():
        path = folder / name
        if data is None:
            path.mkdir(exist_ok=True)
        else:
            path.touch(0o600)
            path.write_bytes(data)
    return folder
