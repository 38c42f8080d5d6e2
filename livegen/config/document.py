"""Documents: plain values of a file or an option that know where each of them was said.

A file is looked at for size, nesting and aliases before anything is built from it (`livegen.guarded_yaml`).  Knows no
setting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from livegen import guarded_yaml
from livegen.errors import ConfigError

_SHOWN = 200  # characters of what somebody typed
MAX_MISTAKES = 20

Trail = tuple[str | int, ...]
Assignment = tuple[Trail, object, str]  # where, what, and how the person said it


@dataclass(frozen=True, slots=True)
class Document:
    """Mappings and plain values; `places` says where a path stood, "config.yaml:12" or "--set jam.rest=400"."""

    value: dict[str | int, Any]
    places: dict[Trail, str]
    source: str

    def place(self, path: Trail) -> str:
        """The place of the value at a path, or of the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.source)

    def with_value(self, path: Trail, value: object, said: str) -> "Document":
        """The same with one value set, mappings made on the way."""
        around = {path[:length]: said for length in range(1, len(path))}
        places = around | self.places | {path: said}
        return Document(_placed(self.value, path, value), places, self.source)


def _placed(mapping: object, path: Trail, value: object) -> dict[str | int, Any]:
    inside = dict(mapping) if isinstance(mapping, dict) else {}
    head, *rest = path
    inside[head] = _placed(inside.get(head), tuple(rest), value) if rest else value
    return inside


def read_document(path: Path) -> Document:
    """Read a file of settings.  Raises ConfigError, one line for each key that is set twice."""
    node = guarded_yaml.parse(guarded_yaml.read(path), str(path))
    if node is None:
        return Document({}, {}, str(path))
    places, mistakes = places_of(node, str(path))
    value = guarded_yaml.built(node, str(path))
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: expected settings such as `seed: 1`, found {value!r:.60}")
    if mistakes:
        raise ConfigError(listed(mistakes))
    return Document(value, places, str(path))


def places_of(node: yaml.Node, source: str) -> tuple[dict[Trail, str], list[str]]:
    """The place of each path, and a line for each key said twice."""
    places: dict[Trail, str] = {}
    twice = []
    for path, line in _lines(node, ()):
        if path in places:
            twice.append(f"{source}:{line}: {dotted(path)} is set a second time")
        places[path] = f"{source}:{line}"
    return places, twice


def _lines(node: yaml.Node, path: Trail) -> Iterator[tuple[Trail, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inside = (*path, _key(key.value) if isinstance(key.value, str) else "?")
            yield inside, key.start_mark.line + 1
            yield from _lines(value, inside)


def assignment(text: str) -> Assignment:
    """Take `--set a.b=value` apart; the value is read as config.yaml would read it."""
    path, equals, value = text.partition("=")
    said = "--set " + _on_a_line(text)
    if not equals or not path.strip():
        raise ConfigError(f"{said}: expected KEY=VALUE, for example --set jam.temperature=0.9")
    node = guarded_yaml.parse(value, said)
    built = None if node is None else guarded_yaml.built(node, said)
    return trail(path), built, said


def _on_a_line(text: str) -> str:
    """What somebody typed, short and on one line."""
    shown = text[:_SHOWN] + "…" * (len(text) > _SHOWN)
    return shown if shown.isprintable() else repr(shown)


def trail(path: str) -> Trail:
    """A dotted path taken apart."""
    return tuple(_key(part) for part in path.strip().split("."))


def _key(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else text


def dotted(path: Sequence[str | int]) -> str:
    """A path as a person writes it."""
    return ".".join(str(part) for part in path)


def listed(mistakes: Sequence[str]) -> str:
    """Mistakes as lines, of which there are `MAX_MISTAKES` at most, and how many more there are."""
    more = len(mistakes) - MAX_MISTAKES
    return "\n".join([*mistakes[:MAX_MISTAKES], *([f"and {more} more"] if more > 0 else [])])
