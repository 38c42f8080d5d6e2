"""Presets as files, NAME.yaml in the folder of presets, saved from the controls as they stand.

A preset holds every control of the music, also those at their default: whatever was turned meanwhile, the same comes
back.  What belongs to the room (`OF_THE_ROOM`) stays as it is.  Nothing is written over unasked, and a file is there
whole or not at all.  Blocking.  Reads no configuration.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from livegen.control.library import own_files
from livegen.daemon.recording import names
from livegen.errors import LivegenError
from livegen.jam.controls.controls import CONTROLS

SUFFIX = ".yaml"
OF_THE_ROOM = ("sync", "offset", "clock_out")  # who keeps time, and how far away the sound is
LONGEST = 60  # characters: what a message of a page or of OSC may name
HEADING = "# A preset that livegen saved.  Any line may be changed, or taken out: then it leaves that control alone.\n"


class PresetError(LivegenError):
    """A preset cannot be saved so."""


class PresetThere(LivegenError):
    """A preset has that name already."""


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines, such as a chart, line by line."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, "|" if "\n" in text else None
    ),
)


def musical(controls: Mapping[str, Any]) -> dict[str, Any]:
    """Give the controls that a preset holds, in the order of the table."""
    return {
        name: controls[name] for name in CONTROLS if name in controls and name not in OF_THE_ROOM
    }


def checked_name(name: str) -> str:
    """The name of a preset, its accents composed.  Raises PresetError."""
    plain = names.composed(name.strip())
    if len(plain) > LONGEST or not names.is_safe(f"{plain}{SUFFIX}") or not names.is_safe(plain):
        rule = names.RULE.replace("200 bytes", f"{LONGEST} characters")
        raise PresetError(f"{name!r:.60} is no name for a preset: {rule}")
    return plain


def save(folder: Path, name: str, controls: Mapping[str, Any], replace: bool = False) -> Path:
    """Write a preset of a checked name; with `replace` also where there is one.

    Raises PresetThere or OSError, and then nothing has changed.
    """
    target = _same(folder, name)
    text = yaml.dump(dict(controls), Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    try:
        own_files.write(target, HEADING + text, replace)
    except FileExistsError:
        raise PresetThere(f"there is a preset {target.stem} already") from None
    return target


def has_file(folder: Path, name: str) -> bool:
    """True if there is a file of this preset."""
    return _same(folder, name).is_file()


def _same(folder: Path, name: str) -> Path:
    """The file of the preset of this name: one that is there, however its accents are written, or a new one."""
    there = (path for path in folder.glob(f"*{SUFFIX}") if names.composed(path.stem) == name)
    return next(there, folder / f"{name}{SUFFIX}")
