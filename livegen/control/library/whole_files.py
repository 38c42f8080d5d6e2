"""Small files of a person's own: there whole or not at all, for the person only, and never written over unasked.

Blocking.  Knows no names that may be given.
"""

import errno
import os
import tempfile
from pathlib import Path


def write(target: Path, text: str, replace: bool = False) -> None:
    """Write a file, in a folder that is made where there is none; with `replace` also where there is one, but no link.

    Raises FileExistsError where there is one, or another OSError; then nothing has changed.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(target.parent)) from None
    file, draft = tempfile.mkstemp(prefix=f".{os.getpid()}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        _give_name(Path(draft), target, replace)
    finally:
        Path(draft).unlink(missing_ok=True)


def _give_name(draft: Path, target: Path, replace: bool) -> None:
    if replace and not target.is_symlink():
        draft.replace(target)
        return
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError, AttributeError):  # a file system without links
        if target.exists() or target.is_symlink():
            raise FileExistsError(f"{target} exists") from None
        draft.replace(target)
