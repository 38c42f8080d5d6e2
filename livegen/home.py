"""A person's home folder, and paths as a person writes them.

Nothing is ever made in a folder that is called `~` or `$HOME`: what cannot be spelled out is refused.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from livegen.errors import ConfigError

NO_HOME = (
    "there is no home folder to keep your files in: HOME is {found}, and the system knows none for this user; "
    "set it, such as HOME=/tmp"
)


def home() -> Path:
    """The person's home folder.  Raises ConfigError where there is none."""
    try:
        found = Path.home()
    except RuntimeError:  # no HOME, and no line in /etc/passwd: a container run as any user
        raise ConfigError(NO_HOME.format(found="not set")) from None
    if not found.is_absolute():
        raise ConfigError(NO_HOME.format(found=f"{str(found)!r}, which is no absolute path"))
    return found


def base_folder(environment: Mapping[str, str], variable: str, *otherwise: str) -> Path:
    """The folder that a variable such as XDG_DATA_HOME names, else one in the home folder.

    A path that is not absolute is ignored, as the XDG Base Directory Specification asks for: it may be a `$HOME/…`
    that nobody spelled out.  Raises ConfigError where there is no home folder either.
    """
    named = Path(environment.get(variable, ""))
    return named if named.is_absolute() else home().joinpath(*otherwise)


def spelled_out(path: str) -> Path:
    """A path with `~` and variables such as `$HOME` spelled out.  Raises ConfigError for what cannot be."""
    full = Path(os.path.expandvars(path))
    try:
        full = full.expanduser()
    except RuntimeError:
        raise ConfigError(f"{path}: there is no home folder {full.parts[0]}") from None
    if full.parts and full.parts[0].startswith("$"):
        raise ConfigError(f"{path}: {full.parts[0]} is not set; write the path out")
    return full
