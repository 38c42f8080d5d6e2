"""The offset, measured by `livegen calibrate`, written into the person's configuration, of which all else stays."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from livegen import whole_files
from livegen.config.loading import load
from livegen.errors import ConfigError


def save_offset(path: Path, offset: int) -> bool:
    """Write `jam.offset` into this file and leave all else as it is; whether it was written.

    It is not where an offset may be set already.  Raises ConfigError when the file cannot be written.
    """
    try:
        text = path.read_bytes().decode() if path.exists() else ""
        changed = with_offset(text, offset)
        if changed is None:
            return False
        whole_files.make_folder(path.parent)
        return _replace(path.resolve(), changed, offset)  # a link in a folder of dotfiles stays one
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from None


def with_offset(text: str, offset: int) -> str | None:
    """The text of a configuration with `jam.offset` added; None where an offset stands, or `jam` is not in lines."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if "\r\n" in text else "\n"
    if any(re.search(r"\boffset\b", line.partition("#")[0]) for line in lines):
        return None
    heads = [number for number, line in enumerate(lines) if re.match(r"""["']?jam\b""", line)]
    if not heads:
        gap = "" if not text or text.endswith("\n") else end
        return f"{text}{gap}jam:{end}  offset: {offset}{end}"
    if len(heads) > 1 or not re.fullmatch(r"jam:\s*(#.*)?", lines[heads[0]].rstrip()):
        return None
    after = heads[0] + 1
    indent = _indent(lines[after:])
    head = lines[:after]
    head[-1] = head[-1] if head[-1].endswith("\n") else head[-1] + end
    return "".join([*head, f"{indent}offset: {offset}{end}", *lines[after:]])


def _indent(lines: Sequence[str]) -> str:
    """The indentation of the first setting; two spaces where there is none."""
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            return line[: len(line) - len(line.lstrip())] or "  "
    return "  "


def _replace(path: Path, text: str, offset: int) -> bool:
    """Put the text in the place of the file at once, if it is the same configuration but for the offset."""
    with whole_files.draft(path, 0o600) as new:
        new.write_bytes(text.encode())
        if not _is_meant(path, new, offset):
            return False
        if path.exists():
            shutil.copymode(path, new)
        whole_files.give_name(new, path, replace=True)
    return True


def _is_meant(path: Path, new: Path, offset: int) -> bool:
    """True if the new file says what the old one says and this offset, and nothing else."""
    there = path if path.exists() else None
    try:
        got = load(new)
        if there is None:
            return got.controls["offset"] == offset
        return got == load(there, (), [(("jam", "offset"), offset, "")])
    except ConfigError:
        return False
