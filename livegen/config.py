"""The configuration: what can be set, what it may be, and where a mistake stands.

config.yaml at the root of the repository is its manual; a test holds the two together.  The section
`jam` is not written here: it is the table of controls.  Knows no ports, no model and no clock; nothing
below `app` reads a `Config`.

Rules of this file.  A file is looked at for size, nesting and aliases before anything is built from it.
All mistakes are reported at once, each with its place.  Channels are 1 to 16 here, and only here.
"""

import difflib
import logging
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from livegen import guarded_yaml, shipped
from livegen.errors import ChartError, ConfigError
from livegen.home import base_folder
from livegen.jam.controls import CONTROLS, checked, is_wish
from livegen.jam.macros import LONGEST_NAME, parse_macro
from livegen.jam.mapping import parse_target
from livegen.jam.sources import parse_source
from livegen.music.scale import parse_register

log = logging.getLogger(__name__)

SUFFIXES = (".yaml", ".yml")  # of a file of settings; the first is read where both are there
MAX_MISTAKES = 20


def _word(value: object) -> object:
    """The word for what YAML 1.1 reads as a truth value: a bare `off` is false to it, and a person means the word."""
    return ("on" if value else "off") if isinstance(value, bool) else value


def _printable(name: str) -> str:
    """A port's name; lists of ports, and the line that says `ready`, break at a control character."""
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise ValueError(f"expected a name without control characters, got {name!r:.60}")
    return name


def _register(text: str) -> str:
    """Pitches a part may use: all, or a range."""
    if text != "all":
        _told(parse_register, text, "register")
    return text


def _parsed(check: Callable[[str], object], name: str) -> AfterValidator:
    """Check a text by its parser, and keep the text."""

    def parse(text: str) -> str:
        _told(check, text, name)
        return text

    return AfterValidator(parse)


def _told(check: Callable[[str], object], text: str, name: str) -> None:
    """Let a mistake that a check found be told with its place."""
    try:
        check(text)
    except ConfigError as mistake:
        raise ValueError(str(mistake).removeprefix(f"{name}: ")) from None


def _as_control(name: str) -> BeforeValidator:
    """Check a value by the table of controls."""

    def check(value: object) -> object:
        try:
            word = _word(value)
            return checked(name, shipped.chart_text(str(word)) if name == "chart" else word)
        except (ConfigError, ChartError) as mistake:
            raise ValueError(str(mistake).removeprefix(f"{name}: ")) from None

    return BeforeValidator(check)


def _surface(name: str) -> str:
    """Check that there is a map of this name, and that it can be read."""
    from livegen.control import surface_map

    try:
        surface_map.read(surface_map.find(name, own_surfaces()))
    except ConfigError as mistake:
        raise ValueError(str(mistake)) from None
    return name


def _macro(given: object) -> object:
    """Check a macro, and keep it as it is written."""
    try:
        parse_macro(given)
    except ConfigError as mistake:
        raise ValueError(str(mistake)) from None
    return given


Channel = Annotated[int, Field(ge=1, le=16)]
Velocity = Annotated[int, Field(ge=1, le=127)]
# JACK refuses a longer client name, misleadingly.
Name = Annotated[
    str, Field(min_length=1, max_length=63), AfterValidator(lambda name: _printable(name))
]
Source = Annotated[str, _parsed(parse_source, "map")]
Target = Annotated[str, _parsed(parse_target, "map")]
SurfaceName = Annotated[str, Field(min_length=1), AfterValidator(lambda name: _surface(name))]
MacroName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
MacroValues = Annotated[dict[str, Any], BeforeValidator(_macro)]
Rule = Literal["keys", "lead", "comp", "bass", "drums", "mpe", "off"]
Heard = Annotated[Rule, BeforeValidator(lambda value: _word(value))]
ALL_CHANNELS: dict[int, Rule] = {
    channel: "drums" if channel == 10 else "keys" for channel in range(1, 17)
}


def _channels(given: object) -> object:
    """The word mpe: all channels but the first are members of one keyboard."""
    return dict.fromkeys(range(2, 17), "mpe") if given == "mpe" else given


def _heard(given: dict[int, Rule]) -> dict[int, Rule]:
    """All channels, those that are not named as ever."""
    if given.get(1) == "mpe":
        raise ValueError(
            "channel 1 says how the members of an MPE keyboard are heard: keys or a part"
        )
    return {**ALL_CHANNELS, **given}


class Section(BaseModel):
    """A mapping of which every key is known, and every value of its very type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class PortSettings(Section):
    """Where notes come in and go out."""

    input: Annotated[Name, Field(alias="in")] = "Model In"
    output: Annotated[Name, Field(alias="out")] = "Model Out"
    api: Literal["auto", "alsa", "jack", "coremidi", "winmm", "none"] = "auto"
    thru: bool = False


class RouteSettings(Section):
    """Where and how one part is sent; in the file a bare number is the channel."""

    channel: Channel = 1
    program: Annotated[int, Field(ge=1, le=128)] | None = None
    transpose: Annotated[int, Field(ge=-48, le=48)] = 0
    softest: Velocity = 1
    loudest: Velocity = 127
    curve: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    register_: Annotated[
        str, AfterValidator(lambda text: _register(text)), Field(alias="register")
    ] = "all"


def _route(given: object) -> object:
    is_channel = isinstance(given, int) and not isinstance(given, bool)
    return {"channel": given} if is_channel else given


AnyRoute = Annotated[RouteSettings, BeforeValidator(_route)]


class OutputSettings(Section):
    """Where each part is sent."""

    lead: AnyRoute = RouteSettings(channel=1)
    comp: AnyRoute = RouteSettings(channel=2)
    bass: AnyRoute = RouteSettings(channel=3)
    drums: AnyRoute = RouteSettings(channel=10)


class OscSettings(Section):
    """The settings of OSC."""

    enabled: bool = True
    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1024, le=65535)] = 9700
    allow: list[str] = []


class PageSettings(Section):
    """Where the page is, and who may open it."""

    enabled: bool = True
    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1024, le=65535)] = 9701
    names: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]] = []
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,128}$")] | None = None


class SoundSettings(Section):
    """livegen's own sound, by FluidSynth."""

    enabled: bool = False
    plays: Literal["both", "model"] = "both"
    font: str = ""
    driver: Literal[
        "auto", "jack", "pipewire", "pulseaudio", "alsa", "coreaudio", "wasapi", "dsound"
    ] = "auto"
    frames: Annotated[int, Field(ge=64, le=8192)] = 128
    gain: Annotated[float, Field(ge=0.05, le=5)] = 0.6


class Daemon(Section):
    """How the processes work: milliseconds, seconds."""

    horizon_ms: Annotated[float, Field(ge=5, le=200)] = 30
    keep_warm_ms: Annotated[float, Field(ge=0, le=100)] = 2.5
    rest_after_s: Annotated[float, Field(ge=1, le=3600)] = 60


Jam = create_model(
    "Jam",
    __base__=Section,
    __doc__="The controls of the jam: one field for each row of the table.",
    **{  # by alias, because a field cannot be called `register`
        f"{name}_": (Annotated[float | str, _as_control(name)], Field(control.default, alias=name))
        for name, control in CONTROLS.items()
    },  # type: ignore[call-overload]
)


class Recording(Section):
    """The settings of recordings."""

    keep: bool = True
    folder: str | None = None
    journals: Annotated[int, Field(ge=0)] = 0


Preset = create_model(
    "Preset",
    __base__=Section,
    __doc__="Some of the controls, to be switched together, and macros that come with them.",
    **{
        f"{name}_": (Annotated[float | str, _as_control(name)] | None, Field(None, alias=name))
        for name in CONTROLS
    },  # type: ignore[call-overload]
    macros=(dict[MacroName, MacroValues] | None, None),
)


class Config(Section):
    """Everything that can be set.  Every field has a default, so `Config()` is the configuration as shipped."""

    ports: PortSettings = PortSettings()
    model: Annotated[str, Field(min_length=1)] = "default"
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    channels: Annotated[
        dict[Channel, Heard], BeforeValidator(_channels), AfterValidator(_heard)
    ] = ALL_CHANNELS
    output: OutputSettings = OutputSettings()
    jam: Jam = Jam()  # type: ignore[valid-type]
    map: dict[Source, Target] = {}
    presets: dict[str, Preset] = {}  # type: ignore[valid-type]
    macros: dict[MacroName, MacroValues] = {}
    setlist: list[str] = []
    surfaces: list[SurfaceName] = []
    osc: OscSettings = OscSettings()
    page: PageSettings = PageSettings()
    sound: SoundSettings = SoundSettings()
    recording: Recording = Recording()
    daemon: Daemon = Daemon()

    @field_validator("macros")
    @classmethod
    def _bound_macros_are_there(
        cls, given: dict[str, dict[str, Any]], info: ValidationInfo
    ) -> dict[str, dict[str, Any]]:
        bound = info.data.get("map", {}).values()
        names = [target.removeprefix("macro ") for target in bound if target.startswith("macro ")]
        presets = info.data.get("presets", {}).values()
        known = [*given, *(name for preset in presets for name in preset.macros or ())]
        if missing := [name for name in names if name not in known]:
            there = ", ".join(known) or "none"
            raise ValueError(f"map binds the macro {missing[0]!r:.60}; there are: {there}")
        return given

    @field_validator("setlist")
    @classmethod
    def _presets_there_are(cls, given: list[str], info: ValidationInfo) -> list[str]:
        presets = info.data.get("presets")
        if presets is None:
            return given  # there are mistakes in them, which are told
        if missing := [name for name in given if name not in presets]:
            named = " and no ".join(f"{name!r:.60}" for name in missing[:MAX_MISTAKES])
            there = ", ".join(presets) or "none"
            raise ValueError(f"there is no preset {named}; there are: {there}")
        return given

    @property
    def controls(self) -> dict[str, float | str]:
        """Name to value of every control."""
        return self.jam.model_dump(by_alias=True)  # type: ignore[attr-defined,no-any-return]

    @property
    def bindings(self) -> dict[str, str]:
        """Of each source of `map`, and of program changes by the set-list, what it does."""
        programs = {f"program {at}": f"preset {name}" for at, name in enumerate(self.setlist)}
        return programs | self.map

    @property
    def all_presets(self) -> dict[str, dict[str, float | str]]:
        """Name to controls of every preset."""
        return {
            name: preset.model_dump(by_alias=True, exclude_none=True)  # type: ignore[attr-defined]
            for name, preset in self.presets.items()
        }


def load(
    path: Path | None = None,
    sets: Sequence[str] = (),
    options: Sequence[tuple["Trail", object, str]] = (),
    again: bool = False,
) -> Config:
    """Read a configuration, then lay `sets` ("jam.rest=400") over it, then `options`, the last one winning.

    An option is a trail, a value, and how the person said it.  Without a path: the person's own file if
    there is one (`own_file`), else the defaults.  What was learned and is wrong is left out, and said in the log
    unless it is read `again`.
    Raises ConfigError, one line for each mistake.
    """
    own = [] if path else _own_files()
    for unread in () if again else own[1:]:
        log.warning("%s is not read: %s is", unread, own[0])
    path = path or next(iter(own), None)
    document = _read(path) if path else Document({}, {}, "")
    document = _with_preset_files(document, preset_files())
    document = _with_learned(
        document, _learned(learned_file(), log.debug if again else log.warning)
    )
    document = _with_wishes(document, again)
    for said_together in (list(map(_assignment, sets)), list(options)):
        for trail_, value, said in _spelled_out(said_together, again):
            document = document.with_value(trail_, value, said)
    try:
        return Config.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(_listed([*_mistakes(error, document)])) from None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration came from, so that it can be read again: what `load` is given."""

    path: Path | None = None
    sets: tuple[str, ...] = ()
    options: tuple[tuple["Trail", object, str], ...] = ()

    def load(self, again: bool = False) -> Config:
        """Read it; see `load`.  Raises ConfigError."""
        return load(self.path, self.sets, self.options, again)

    def as_json(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        options = [[list(trail_), value, said] for trail_, value, said in self.options]
        path = None if self.path is None else str(self.path)
        return {"path": path, "sets": list(self.sets), "options": options}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Origin":
        """Read what `as_json` gave."""
        options = tuple((tuple(trail_), value, said) for trail_, value, said in given["options"])
        return cls(Path(given["path"]) if given["path"] else None, tuple(given["sets"]), options)


# --- the person's folder ------------------------------------------------------------------------------------------


def own_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a person's configuration lies: livegen under $XDG_CONFIG_HOME, or under ~/.config.

    Raises ConfigError where there is no home folder.
    """
    return base_folder(environment, "XDG_CONFIG_HOME", ".config") / "livegen"


def own_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The person's configuration, config.yaml in `own_folder`, else config.yml; None where there is none."""
    return next(iter(_own_files(environment)), None)


def _own_files(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The files that could be the configuration; the first is."""
    paths = [own_folder(environment) / f"config{suffix}" for suffix in SUFFIXES]
    return [path for path in paths if path.is_file()]


def learned_file() -> Path:
    """Where livegen keeps the bindings that were learned: map.yaml in `own_folder`."""
    return own_folder() / "map.yaml"


def own_surfaces() -> Path:
    """Where a person's own maps of surfaces lie: surfaces in `own_folder`."""
    return own_folder() / "surfaces"


def preset_files() -> list[Path]:
    """The files of presets: presets/NAME.yaml, or .yml, in `own_folder`, by name."""
    found = (path for suffix in SUFFIXES for path in (own_folder() / "presets").glob(f"*{suffix}"))
    return sorted(path for path in found if not path.name.startswith("."))


def learned() -> dict[str, str]:
    """The bindings of `learned_file`, without those that are wrong: `load` names each of them in the log."""
    document = _learned(learned_file(), log.debug)
    return {source: target for source, target in document.value.items() if isinstance(source, str)}


def _learned(path: Path, say: Callable[..., None]) -> "Document":
    """A file that livegen wrote itself, and that must never keep it from starting: what is wrong is said."""
    empty = Document({}, {}, str(path))
    try:
        document = _read(path) if path.is_file() else empty
    except ConfigError as error:
        for line in str(error).splitlines():
            say("%s; no learned binding is used", line)
        return empty
    return Document(dict(_bound(document, say)), document.places, document.source)


def _bound(document: "Document", say: Callable[..., None]) -> Iterator[tuple[str | int, str]]:
    for source, target in document.value.items():
        try:
            yield str(parse_source(str(source))), parse_target(str(target))
        except ConfigError as mistake:
            say("%s: %s; this binding is left out", document.place((source,)), mistake)


def _with_learned(document: "Document", learned_: "Document") -> "Document":
    """The same with the bindings that were learned, where a person has not said another."""
    said = document.value.get("map", {})
    if not isinstance(said, dict):
        return document  # a mistake, told when it is validated
    taken = {_plain_source(source) for source in said}
    for source, target in learned_.value.items():
        if source not in taken:
            document = document.with_value(("map", source), target, learned_.source)
    return document


def _plain_source(text: object) -> str:
    try:
        return str(parse_source(str(text)))
    except ConfigError:
        return str(text)


def _with_wishes(document: "Document", again: bool) -> "Document":
    """The same with the controls that a wish in words for a style asks for, where the file says nothing else."""
    presets = document.value.get("presets")
    sections: list[Trail] = [("jam",)]
    sections += [("presets", name) for name in (presets if isinstance(presets, dict) else ())]
    for at in sections:
        inside: Any = document.value
        for key in at:
            inside = inside.get(key) if isinstance(inside, dict) else None
        if isinstance(inside, dict) and is_wish(inside.get("style")):
            said = document.place((*at, "style"))
            given: list[Assignment] = [((*at, name), value, said) for name, value in inside.items()]
            for path, value, _ in _spelled_out(given, again):
                if path[-1] == "style" or path[-1] not in inside:
                    document = document.with_value(path, value, said)
    return document


def _spelled_out(assignments: Sequence["Assignment"], again: bool) -> list["Assignment"]:
    """Assignments, a wish in words for a style spelled out; what is said plainly beside it wins."""
    found: list[Assignment] = []
    for path, value, said in assignments:
        sets: dict[str, object] = {}
        if path[-1:] == ("style",) and path[0] in ("jam", "presets") and is_wish(value):
            from livegen.control.words import read  # the table is not there at every start

            reading = read(str(value)).without(_beside(path, assignments))
            if reading.sets:  # else the model refuses it by name
                sets = {"style": "any", **reading.sets}
        if sets:
            (log.debug if again else log.warning)("%s: %s", said, reading.line())
        found += [((*path[:-1], name), wanted, said) for name, wanted in sets.items()] or [
            (path, value, said)
        ]
    return found


def _beside(path: "Trail", assignments: Sequence["Assignment"]) -> set[str]:
    """The names of what is assigned in the same section."""
    names = {str(other[-1]) for other, _, _ in assignments if other[:-1] == path[:-1]}
    return names - {str(path[-1])}


def _with_preset_files(document: "Document", paths: Sequence[Path]) -> "Document":
    """The same with the presets that are files of their own.  Raises ConfigError."""
    if not isinstance(document.value.get("presets") or {}, dict):
        return document  # a mistake, told when it is validated
    for path in paths:
        preset = _read(path)
        name = unicodedata.normalize("NFC", path.stem)  # a file system may take accents apart
        if name in (document.value.get("presets") or {}):
            place = document.place(("presets", name))
            raise ConfigError(f"{path}: there is a preset {name} already, at {place}")
        at: Trail = ("presets", name)
        document = document.with_value(at, preset.value, str(path))
        for inside, place in preset.places.items():
            document.places[(*at, *inside)] = place
    return document


def settings(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every setting that can be written in the file, "ports.in" and so on, with its default."""
    for name, field in section.model_fields.items():
        path, default = f"{prefix}{field.alias or name}", field.default
        if isinstance(default, RouteSettings):  # written on one line
            yield path, default.model_dump(by_alias=True)
        elif isinstance(default, BaseModel):
            yield from settings(type(default), f"{path}.")
        else:
            yield path, default


# --- documents: plain values that know where each of them was said ------------------------------------------------

Trail = tuple[str | int, ...]
Assignment = tuple[Trail, object, str]  # where, what, and how the person said it


@dataclass(frozen=True, slots=True)
class Document:
    """Mappings and plain values; `places` says where a path stood, "config.yaml:12" or "--set jam.rest=400"."""

    value: dict[str | int, Any]
    places: dict[Trail, str]
    source: str

    def place(self, path: Trail) -> str:
        """Where the value at a path, or the nearest thing around it, was said."""
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


def _read(path: Path) -> Document:
    node = guarded_yaml.parse(guarded_yaml.read(path), str(path))
    if node is None:
        return Document({}, {}, str(path))
    places, mistakes = _places(node, str(path))
    value = guarded_yaml.built(node, str(path))
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: expected settings such as `seed: 1`, found {value!r:.60}")
    if mistakes:
        raise ConfigError(_listed(mistakes))
    return Document(value, places, str(path))


def _places(node: yaml.Node, source: str) -> tuple[dict[Trail, str], list[str]]:
    """Where each path stands, and a line for each key said twice."""
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


def _assignment(text: str) -> tuple[Trail, object, str]:
    """Take `--set a.b=value` apart; the value is read as config.yaml would read it."""
    path, equals, value = text.partition("=")
    said = f"--set {text}"
    if not equals or not path.strip():
        raise ConfigError(f"{said}: expected KEY=VALUE, for example --set jam.temperature=0.9")
    node = guarded_yaml.parse(value, said)
    built = None if node is None else guarded_yaml.built(node, said)
    return trail(path), built, said


def trail(path: str) -> Trail:
    """A dotted path taken apart."""
    return tuple(_key(part) for part in path.strip().split("."))


def _key(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else text


# --- mistakes ------------------------------------------------------------------------------------------------------


def dotted(path: Sequence[str | int]) -> str:
    """A path as a person writes it."""
    return ".".join(str(part) for part in path)


def _listed(mistakes: Sequence[str]) -> str:
    more = len(mistakes) - MAX_MISTAKES
    return "\n".join([*mistakes[:MAX_MISTAKES], *([f"and {more} more"] if more > 0 else [])])


def _mistakes(error: ValidationError, document: Document) -> Iterator[str]:
    for mistake in error.errors(include_url=False):
        path = tuple(part for part in mistake["loc"] if part != "[key]")
        yield (
            f"{document.place(path)}: {dotted(path)}: {_said(mistake['type'], mistake['msg'], path)}"
            + (
                ""
                if mistake["type"] in ("extra_forbidden", "value_error")
                else f", got {mistake['input']!r:.60}"
            )
        )


def _said(kind: str, message: str, path: Trail) -> str:
    if kind == "extra_forbidden":
        return f"there is no such setting{_nearest(dotted(path))}"
    if kind in ("model_type", "dict_type"):
        return "expected settings below it"
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return message if kind == "value_error" else f"expected {message}"


def _nearest(path: str) -> str:
    known = [name for name, _ in settings()]
    last = path.rpartition(".")[2]
    close = [name for name in known if name.rpartition(".")[2] == last]
    close = close or difflib.get_close_matches(path, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
