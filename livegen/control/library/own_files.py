"""Small files of a person's own: there whole or not at all, for the person only, and never written over unasked.

Blocking.  Knows no names that may be given.
"""

import errno
from pathlib import Path

from livegen import whole_files


def write(target: Path, text: str, replace: bool = False) -> None:
    """Write a file, in a folder that is made where there is none; with `replace` also where there is one, but no link.

    Raises FileExistsError where there is one, or another OSError; then nothing has changed.
    """
    try:
        whole_files.make_folder(target.parent, 0o700)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, "Not a folder", str(target.parent)) from None
    whole_files.write_text(target, text, replace and not target.is_symlink(), 0o600)
