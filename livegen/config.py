"""The configuration: what can be set, what it may be, and where a mistake stands.

config.yaml at the root of the repository is its manual; a test holds the two together.  The section
`jam` is not written here: it is the table of controls.  Knows no ports, no model and no clock; nothing
below `app` reads a `Config`.

Rules of this file.  A file is looked at for size, nesting and aliases before anything is built from it.
All mistakes are reported at once, each with its place.  Channels are 1 to 16 here, and only here.
"""

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
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
    create_model,
)

from livegen.errors import ConfigError
from livegen.jam.controls import CONTROLS, checked

MAX_BYTES = 256 * 1024
MAX_NESTING = 20
MAX_MISTAKES = 20

Channel = Annotated[int, Field(ge=1, le=16)]
Name = Annotated[
    str, Field(min_length=1, max_length=63)
]  # JACK refuses a longer client name, misleadingly
Rule = Literal["keys", "lead", "comp", "bass", "drums", "off"]
Heard = Annotated[Rule, BeforeValidator(lambda value: _word(value))]
ALL_CHANNELS: dict[int, Rule] = {
    channel: "drums" if channel == 10 else "keys" for channel in range(1, 17)
}


class Section(BaseModel):
    """A mapping of which every key is known, and every value of its very type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class Ports(Section):
    """Where notes come in and go out."""

    input: Annotated[Name, Field(alias="in")] = "Model In"
    output: Annotated[Name, Field(alias="out")] = "Model Out"
    api: Literal["auto", "alsa", "jack", "coremidi", "winmm", "none"] = "auto"


class Output(Section):
    """The channel on which each part is sent."""

    lead: Channel = 1
    comp: Channel = 1
    bass: Channel = 1
    drums: Channel = 10


class Daemon(Section):
    """How the processes work: milliseconds, seconds."""

    horizon_ms: Annotated[float, Field(ge=5, le=200)] = 30
    keep_warm_ms: Annotated[float, Field(ge=0, le=100)] = 3
    rest_after_s: Annotated[float, Field(ge=1, le=3600)] = 60


def _word(value: object) -> object:
    """The word for what YAML 1.1 reads as a truth value: a bare `off` is false to it, and a person means the word."""
    return ("on" if value else "off") if isinstance(value, bool) else value


def _as_control(name: str) -> BeforeValidator:
    """Check a value by the table of controls."""

    def check(value: object) -> object:
        try:
            return checked(name, _word(value))
        except ConfigError as mistake:
            raise ValueError(str(mistake).removeprefix(f"{name}: ")) from None

    return BeforeValidator(check)


Jam = create_model(
    "Jam",
    __base__=Section,
    __doc__="The controls of the jam: one field for each row of the table.",
    **{  # by alias, because a field cannot be called `register`
        f"{name}_": (Annotated[float | str, _as_control(name)], Field(control.default, alias=name))
        for name, control in CONTROLS.items()
    },  # type: ignore[call-overload]
)


class Config(Section):
    """Everything that can be set.  Every field has a default, so `Config()` is the configuration as shipped."""

    ports: Ports = Ports()
    model: Annotated[str, Field(min_length=1)] = "default"
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    channels: Annotated[
        dict[Channel, Heard], AfterValidator(lambda given: {**ALL_CHANNELS, **given})
    ] = ALL_CHANNELS
    output: Output = Output()
    jam: Jam = Jam()  # type: ignore[valid-type]
    daemon: Daemon = Daemon()

    @property
    def controls(self) -> dict[str, float | str]:
        """Name to value of every control."""
        return self.jam.model_dump(by_alias=True)  # type: ignore[attr-defined,no-any-return]


def load(
    path: Path | None = None,
    sets: Sequence[str] = (),
    options: Sequence[tuple["Trail", object, str]] = (),
) -> Config:
    """Read a configuration, then lay `sets` ("jam.rest=400") over it, then `options`, the last one winning.

    An option is a trail, a value, and how the person said it.  Without a path: the person's own file if
    there is one (`own_file`), else the defaults.
    Raises ConfigError, one line for each mistake.
    """
    path = path or own_file()
    document = _read(path) if path else Document({}, {}, "")
    for trail_, value, said in [*map(_assignment, sets), *options]:
        document = document.with_value(trail_, value, said)
    try:
        return Config.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(_listed([*_mistakes(error, document)])) from None


def own_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The person's configuration: livegen/config.yaml under $XDG_CONFIG_HOME, or under ~/.config."""
    home = environment.get("XDG_CONFIG_HOME")
    folder = Path(home) if home else Path.home() / ".config"
    path = folder / "livegen" / "config.yaml"
    return path if path.is_file() else None


def settings(section: type[BaseModel] = Config, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every setting that can be written in the file, "ports.in" and so on, with its default."""
    for name, field in section.model_fields.items():
        path, default = f"{prefix}{field.alias or name}", field.default
        if isinstance(default, BaseModel):
            yield from settings(type(default), f"{path}.")
        else:
            yield path, default


# --- documents: plain values that know where each of them was said ------------------------------------------------

Trail = tuple[str | int, ...]


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
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    node = parse(data, str(path))
    if node is None:
        return Document({}, {}, str(path))
    places, mistakes = _places(node, str(path))
    value = _built(node, str(path))
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: expected settings such as `seed: 1`, found {value!r:.60}")
    if mistakes:
        raise ConfigError(_listed(mistakes))
    return Document(value, places, str(path))


def parse(data: bytes | str, source: str) -> yaml.Node | None:
    """Compose YAML that a stranger may have written; None when it is empty.

    Size, nesting and aliases are judged on the stream of parser events, which builds nothing: deep nesting
    overflows the composer's stack, and aliases grow without bound when they are walked.  Raises ConfigError.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{source}: more than {MAX_BYTES // 1024} KB is not a configuration")
    depth, line = 0, 1
    try:
        for event in yaml.parse(data, yaml.SafeLoader):
            line = event.start_mark.line + 1 if event.start_mark else line
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise ConfigError(
                    f"{source}:{line}: anchors and aliases are not taken; write it out"
                )
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_NESTING:
                raise ConfigError(f"{source}:{line}: nested deeper than {MAX_NESTING} levels")
        return yaml.compose(data, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_mistake(error, source)) from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" that names no character
        raise ConfigError(f"{source}: is not YAML") from None


def _yaml_mistake(error: yaml.YAMLError, source: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{source}:{error.problem_mark.line + 1}: {error.problem or 'is not YAML'}"
    return f"{source}: is not YAML text"


def _built(node: yaml.Node, source: str) -> object:
    """Plain values of a node; safe_load's own builder, whose dates and numbers may fail."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(_yaml_mistake(error, source)) from None
    except (ValueError, OverflowError, TypeError, AttributeError, LookupError) as error:
        # Such as a thirteenth month, or an integer of 5,000 digits.
        raise ConfigError(f"{source}: holds a value that cannot be read ({error})") from None
    finally:
        loader.dispose()


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
    node = parse(value, said)
    built = None if node is None else _built(node, said)
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
