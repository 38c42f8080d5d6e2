"""Files that an option asks for: checked before anything is written, and written whole or not at all."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from livegen import whole_files
from livegen.errors import ConfigError


def write_out(
    out: Path, write: Callable[[Path], object], replaces: bool, option: str = "--out"
) -> None:
    """Write what an option asks for: all of it or nothing.  Raises ConfigError."""
    try:
        whole_files.make_folder(out.parent)
        whole_files.write(out, write, replaces)
    except FileExistsError:
        expect_free([out], option)
        raise ConfigError(
            f"{option} {out}: cannot be written: one of its folders is a file; choose another place"
        ) from None
    except OSError as error:
        raise ConfigError(f"{option} {out}: cannot be written ({error.strerror})") from None


def expect_free(targets: Sequence[Path], option: str = "--out") -> None:
    """Raises ConfigError when something has one of these names."""
    there = [target for target in targets if os.path.lexists(target)]
    if there:
        more = f" and {len(there) - 1} more are" if len(there) > 1 else " is"
        raise ConfigError(
            f"{option} {there[0]}{more} there already; choose another name, or replace with --force"
        )


def expect_apart(sources: Sequence[Path], targets: Sequence[Path], option: str = "--out") -> None:
    """Raises ConfigError when a target is one of the sources, by whatever name or link."""
    known = {(found.st_dev, found.st_ino): path for path in sources if (found := path.stat())}
    for target in targets:
        with suppress(OSError):
            found = target.stat()
            if (source := known.get((found.st_dev, found.st_ino))) is not None:
                raise ConfigError(
                    f"{option} {target}: this is the file {source} that is read, and it would be overwritten; "
                    "choose another name"
                )


def said_by(option: str, file: Path, check: Callable[[], object]) -> None:
    """Check something of an option's file; a mistake names both."""
    try:
        check()
    except ConfigError as error:
        raise ConfigError(f"{option} {file}: {error}") from None
