"""The tables of the configuration: each section of config.yaml, its settings, and what each may be.

The section `jam` is not written here: it is the table of controls.  Channels are 1 to 16 here, and only here.
"""

import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
)

from livegen import shipped
from livegen.config.document import MAX_MISTAKES
from livegen.config.own_files import own_surfaces
from livegen.errors import ChartError, ConfigError
from livegen.jam.controls.controls import CONTROLS, checked
from livegen.jam.controls.macros import LONGEST_NAME, parse_macro
from livegen.jam.controls.mapping import parse_target
from livegen.jam.controls.sources import parse_source
from livegen.music.keys.scale import parse_register


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
    from livegen.control.devices import surface_map

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
            "channel 1 cannot be mpe: it says how the MPE keyboard is heard; write keys or a part"
        )
    return {**ALL_CHANNELS, **given}


class Section(BaseModel):
    """A mapping of which every key is known, and every value of its very type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)


class PortSettings(Section):
    """The ports by which notes come in and go out."""

    input: Annotated[Name, Field(alias="in")] = "Model In"
    output: Annotated[Name, Field(alias="out")] = "Model Out"
    api: Literal["auto", "alsa", "jack", "coremidi", "winmm", "none"] = "auto"
    thru: bool = False


class RouteSettings(Section):
    """The channel of one part, and how it is sent; in the file a bare number is the channel."""

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
    """The channels on which parts are sent."""

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


Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,128}$")]


class PageSettings(Section):
    """The address of the page, and who may open it."""

    enabled: bool = True
    host: Annotated[str, Field(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1024, le=65535)] = 9701
    names: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")]] = []
    token: Token | None = None
    teacher: Token | None = None


class StudioSettings(Section):
    """The size of a studio: processes, per cent of a core, milliseconds."""

    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    most_cpu: Annotated[float, Field(ge=5, le=100)] = 65
    most_late_ms: Annotated[float, Field(ge=1, le=1000)] = 20


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


class WordsSettings(Section):
    """The reading of wishes in words, while the music plays."""

    encoder: bool = False


class Daemon(Section):
    """The times of the processes: milliseconds, seconds."""

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
    remember: Annotated[str, Field(min_length=1)] | None = None
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
    studio: StudioSettings = StudioSettings()
    sound: SoundSettings = SoundSettings()
    recording: Recording = Recording()
    words: WordsSettings = WordsSettings()
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
            raise ValueError(
                f"map binds the macro {missing[0]!r:.60}, which does not exist; there are: {there}"
            )
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


def every_setting(
    section: type[BaseModel] = Config, prefix: str = ""
) -> Iterator[tuple[str, object]]:
    """Every setting that can be written in the file, "ports.in" and so on, with its default."""
    for name, field in section.model_fields.items():
        path, default = f"{prefix}{field.alias or name}", field.default
        if isinstance(default, RouteSettings):  # written on one line
            yield path, default.model_dump(by_alias=True)
        elif isinstance(default, BaseModel):
            yield from every_setting(type(default), f"{path}.")
        else:
            yield path, default
