"""Maps of MIDI surfaces: which pad, key or fader of a device does what, and how its lights are lit.

A map is a YAML file: `ports` says how the device's own port is called, `map` binds as the setting `map` does, `begin`
and `end` are messages that switch its mode, `lights` the values that light a light.  Those that ship lie beside this
file.  Blocking; knows no MIDI system.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livegen import guarded_yaml
from livegen.errors import ConfigError
from livegen.jam.controls.mapping import parse_target
from livegen.jam.controls.sources import CC, NOTE, Source, parse_source

SHIPPED = Path(__file__).with_name("surface_maps")
SUFFIXES = (".yaml", ".yml")
KEYS = ("ports", "begin", "end", "map", "lights")
MOST_BYTES = 1024  # of what switches a mode
_BYTES = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)*")


@dataclass(frozen=True, slots=True)
class Light:
    """The values of a light: velocities, or those of a controller."""

    off: int = 0
    on: int = 127


@dataclass(frozen=True, slots=True)
class SurfaceMap:
    """A device.  `ports` are parts of names, of which the first that is there counts; `lights` are by target, "" for
    all others.
    """

    name: str
    ports: tuple[str, ...]
    bindings: Mapping[str, str] = field(default_factory=dict)
    lights: Mapping[str, Light] = field(default_factory=dict)
    begin: bytes = b""
    end: bytes = b""

    def light(self, target: str) -> Light:
        """The light of what does this."""
        return self.lights.get(target) or self.lights.get("") or Light()

    def as_json(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return {
            "name": self.name,
            "ports": list(self.ports),
            "bindings": dict(self.bindings),
            "lights": {name: [light.off, light.on] for name, light in self.lights.items()},
            "begin": self.begin.hex(),
            "end": self.end.hex(),
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "SurfaceMap":
        """Read what `as_json` gave."""
        lights = {name: Light(*values) for name, values in given["lights"].items()}
        begin, end = (bytes.fromhex(given[name]) for name in ("begin", "end"))
        ports = tuple(given["ports"])
        return cls(given["name"], ports, given["bindings"], lights, begin, end)


def by_name(own: Path) -> dict[str, Path]:
    """Maps by name: those that ship, then a person's own, which win."""
    found = (path for folder in (SHIPPED, own) for path in sorted(folder.glob("*")))
    return {path.stem: path for path in found if path.suffix in SUFFIXES}


def find(name_or_path: str, own: Path) -> Path:
    """The file of a map's name or of a path.  Raises ConfigError, which lists the names there are."""
    names = by_name(own)
    if name_or_path.lower() in names:
        return names[name_or_path.lower()]
    if name_or_path in names:
        return names[name_or_path]
    path = Path(name_or_path).expanduser()
    if path.suffix in SUFFIXES and path.is_file():
        return path
    known = ", ".join(names) or "none"
    raise ConfigError(f"{name_or_path!r:.80} is neither a surface ({known}) nor a map (.yaml)")


def read(path: Path) -> SurfaceMap:
    """Read a map.  Raises ConfigError: one line, with the file and what was expected."""
    node = guarded_yaml.parse(guarded_yaml.read(path), str(path))
    given = guarded_yaml.built(node, str(path)) if node else None
    try:
        return _map(path.stem, given)
    except ConfigError as mistake:
        raise ConfigError(f"{path}: {str(mistake).removeprefix('map: ')}") from None


def _map(name: str, given: object) -> SurfaceMap:
    if not isinstance(given, dict) or not given.get("ports"):
        raise ConfigError("expected `ports: [NAME]`, a part of the name of the device's port")
    if unknown := [str(key) for key in given if key not in KEYS]:
        raise ConfigError(
            f"there is no setting {unknown[0]!r:.60} in a map; there are {', '.join(KEYS)}"
        )
    ports = given["ports"]
    ports = [ports] if isinstance(ports, str) else ports
    if not isinstance(ports, list) or not all(isinstance(port, str) and port for port in ports):
        raise ConfigError(f"ports: expected names, got {ports!r:.60}")
    return SurfaceMap(
        name,
        tuple(ports),
        dict(_bindings(given.get("map") or {})),
        dict(_lights(given.get("lights") or {})),
        _bytes("begin", given.get("begin")),
        _bytes("end", given.get("end")),
    )


def _bindings(given: object) -> list[tuple[str, str]]:
    if not isinstance(given, dict):
        raise ConfigError(f"map: expected lines such as `note 36: fill`, got {given!r:.60}")
    return [
        (str(parse_source(str(source))), parse_target(str(target)))
        for source, target in given.items()
    ]


def _lights(given: object) -> list[tuple[str, Light]]:
    """The lights by target; `off` and `on` at the top are those of all others."""
    if not isinstance(given, dict):
        raise ConfigError(f"lights: expected lines such as `on: 127`, got {given!r:.60}")
    usual = Light(_value(given, "off", 0), _value(given, "on", 127))
    lights = [("", usual)]
    for target, values in given.items():
        name = {True: "on", False: "off"}.get(target, target)  # YAML reads on and off as these
        if name in ("on", "off"):
            continue
        if not isinstance(values, dict):
            raise ConfigError(f"lights: {name}: expected {{off: 0, on: 127}}, got {values!r:.60}")
        light = Light(_value(values, "off", usual.off), _value(values, "on", usual.on))
        lights.append((parse_target(str(name)), light))
    return lights


def _value(given: Mapping[Any, object], name: str, usual: int) -> int:
    value = given.get(name, given.get(name == "on", usual))
    if type(value) is not int or not 0 <= value <= 127:
        raise ConfigError(f"lights: {name}: expected 0 to 127, got {value!r:.60}")
    return value


def _bytes(name: str, given: object) -> bytes:
    """Messages as they are written, two hexadecimal digits a byte."""
    if given is None:
        return b""
    if not isinstance(given, str) or len(given) > 3 * MOST_BYTES or not _BYTES.fullmatch(given):
        raise ConfigError(f'{name}: expected bytes such as "F0 7E 7F 09 01 F7", got {given!r:.60}')
    return bytes.fromhex(given)


def address(source: Source) -> tuple[int, int] | None:
    """Status and number of the message that lights what a source is, None where it has no light: encoders, programs."""
    kinds = {CC: 0xB0, NOTE: 0x90}
    if source.kind not in kinds or source.form:
        return None
    return kinds[source.kind] | (source.channel or 0), source.number
