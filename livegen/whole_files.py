"""Files are there whole or not at all, also when the power goes: the old stays until the new one is on the disk.

A file is written beside its name, synced, and given the name; then its folder is synced, which keeps the name (POSIX
promises neither by itself).  Blocking.  Standard library only.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND  # how a file is created, never opened
NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_NO_LINK_FOLLOWED = (
    {"follow_symlinks": False} if getattr(os, "link", None) in os.supports_follow_symlinks else {}
)


def write(
    path: Path, fill: Callable[[Path], object], replace: bool = False, mode: int = 0o666
) -> None:
    """Let `fill` write a file, which then has this name: all of it at once, or nothing.

    What has the name already stays unless `replace`: then FileExistsError.  Raises what `fill` raises, or OSError;
    then nothing has changed.
    """
    with draft(path, mode) as made:
        fill(made)
        give_name(made, path, replace)


def write_text(path: Path, text: str, replace: bool = False, mode: int = 0o666) -> None:
    """Write a text in UTF-8, as `write` does."""
    write_bytes(path, text.encode(), replace, mode)


def write_bytes(path: Path, data: bytes, replace: bool = False, mode: int = 0o666) -> None:
    """Write bytes, as `write` does."""
    write(path, lambda made: made.write_bytes(data), replace, mode)


@contextmanager
def draft(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """A new, empty file beside a path, which is gone in the end unless `give_name` gave it a name."""
    made = path.with_name(f".livegen-{secrets.token_hex(6)}.part")
    os.close(os.open(made, NEW, mode))
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)


def give_name(made: Path, path: Path, replace: bool = False) -> None:
    """Let a draft be found by a name, for good.  Raises FileExistsError for one that is taken, unless `replace`."""
    _sync(made, os.O_RDWR)
    if replace:
        made.replace(path)
    else:
        _take_free_name(made, path)
    sync_folder(path.parent)


def move(path: Path, to: Path) -> None:
    """Give a file another name that is free; it always has one of the two.  Raises FileExistsError or OSError."""
    _take_free_name(path, to)
    sync_folder(to.parent)
    remove(path)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, that is there for good.  Raises OSError."""
    missing = [above for above in (path, *path.parents) if not above.exists()]
    path.mkdir(mode, parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def remove(path: Path) -> None:
    """Delete a file, if there is one, for good.  Raises OSError."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """See the names in a folder to the disk, where a system can do so."""
    with suppress(OSError):  # Windows opens no folders, and some file systems sync none
        _sync(path, os.O_RDONLY)


def _sync(path: Path, how: int) -> None:
    file = os.open(path, how)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _take_free_name(made: Path, path: Path) -> None:
    try:
        os.link(made, path, **_NO_LINK_FOLLOWED)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(f"{path} exists") from None
        made.replace(path)
