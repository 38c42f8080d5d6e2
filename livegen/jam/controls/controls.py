"""The controls of a jam: one table, from which configuration, command line, checks and manual derive.

Knows names, ranges and words; a control that has both takes a number in the range or one of the words.
`Settings` holds the values as the engine uses them; `with_control` is the one way in, and it checks.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from livegen.errors import ChartError, ConfigError
from livegen.jam.band.variations import BALLAD_BPM, KITS, RITARDS, USUAL, VARIATIONS
from livegen.jam.controls.style_mix import JOINED, is_mix, styles_in
from livegen.jam.turns import MODES
from livegen.music.keys.scale import parse_register, parse_scale
from livegen.music.parts import DRUMS, PARTS
from livegen.music.time.metre import told_metre
from livegen.music.time.quantise import GRIDS

if TYPE_CHECKING:
    from livegen.music.charts import Chart

Value = float | str
OFF = "off"  # no chart
LONGEST_TEXT, LONGEST_WISH, LONGEST_CHART = 64, 400, 16_000  # characters


@dataclass(frozen=True, slots=True)
class Control:
    """A live parameter.

    kind     "number": `low`..`high`, or one of `choices` if there are any;
             "choice": one of `choices`; "text": checked by what `help` says.
    whole    the number is a whole one.
    ratio    equal steps of a knob multiply: half way between 1/4 and 4 is 1.
    unit     for people, "" for a plain number.

    Of a text, `low`..`high` is what a knob reaches; without a range it has no knob.
    """

    name: str
    kind: str
    default: Value
    help: str
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    unit: str = ""
    whole: bool = False
    ratio: bool = False

    @property
    def has_knob(self) -> bool:
        """True if a knob can turn it."""
        return self.low < self.high or bool(self.choices)


def _strips() -> Iterator[Control]:
    """The mixer: what each part has of its own.  Drums have no octave."""
    for part in PARTS:
        yield Control(
            f"{part}_mute", "choice", "off", choices=("off", "on"),
            help=f"Mutes the model's {part} at once.  The part goes on unheard, so it comes back in the right place.",
        )  # fmt: skip
        yield Control(
            f"{part}_solo", "choice", "off", choices=("off", "on"),
            help=f"Mutes all of the model's parts except {part} and others that are solo.",
        )  # fmt: skip
        yield Control(
            f"{part}_level", "number", 1.0, low=0.0, high=2.0,
            help=f"Loudness of the model's {part}: its velocities are multiplied by this; 0 is silent.",
        )  # fmt: skip
        yield Control(
            f"{part}_density", "number", 1.0, low=0.25, high=4.0, ratio=True,
            help=f"More (above 1) or fewer notes for the model's {part}; density does so for all parts.",
        )  # fmt: skip
        if part != PARTS[DRUMS]:
            yield Control(
                f"{part}_octave", "number", 0, low=-2, high=2, unit="octaves", whole=True,
                help=f"Moves the model's {part} by octaves.  Has no effect while register is all.",
            )  # fmt: skip


_TABLE = (
    Control(
        "mode", "choice", "respond", choices=tuple(MODES),
        help=" ".join(f"{name}: {mode.help}." for name, mode in MODES.items()),
    ),
    Control(
        "sync", "choice", "auto", choices=("auto", "clock", "link", "internal", "free"),
        help="Source of the tempo.  clock: MIDI clock from the DAW; link: Ableton Link; internal: the control "
        "tempo, or your taps; free: your playing.  auto: clock while it runs, else Link while others are in the "
        "session, else free.",
    ),
    Control(
        "tempo", "number", "auto", low=30, high=300, choices=("auto",), unit="BPM",
        help="With sync free: auto finds tempo and beat in your playing; a number fixes the tempo, and the first note "
        "of each phrase is a downbeat.  With sync internal: the tempo.",
    ),
    Control(
        "metre", "text", "auto",
        help="Metre of the bars, such as 4/4, 3/4, 6/8.  auto: found in your playing with sync free, else 4/4.  "
        "Neither MIDI clock nor Link carries a metre, so set others here.",
    ),
    Control(
        "temperature", "number", 1.0, low=0.1, high=2.0,
        help="How daring the model is in its pitches, velocities and choice of parts: below 1 it keeps to likely ones. "
        "Rhythm does not change.",
    ),
    Control(
        "nucleus", "number", 0.95, low=0.05, high=1.0,
        help="The model chooses only among the likeliest pitches, velocities and parts that together have this "
        "probability; 1: among all.  Rhythm does not change.",
    ),
    Control(
        "rest", "number", "auto", low=0, high=5000, choices=("auto",), unit="ms",
        help="How long all keys must be up for your phrase to be over.  auto: with start bar, by the phrase's "
        "bars, its last note and the pauses you make; else by its pace (250 to 1200 ms).",
    ),
    Control(
        "length", "number", "call", low=1, high=32, choices=("call",), unit="bars", whole=True,
        help="Length of an answer: as long as your phrase (call; at most 128 beats), or this many bars.  A "
        "continuation has no end.",
    ),
    Control(
        "trade", "number", 4, low=1, high=16, unit="bars", whole=True,
        help="In the mode trade: how many bars you play, and then the model.",
    ),
    Control(
        "start", "choice", "bar", choices=("now", "beat", "bar"),
        help="When an answer begins.  now: as soon as your phrase has ended; beat: on the next beat; bar: on the bar "
        "line at which your phrase is over, and then it also ends on one.",
    ),
    Control(
        "register", "text", "call", low=-24, high=24, unit="semitones",
        help='Pitches the model may use (not drums): "call" stays within a fifth of what you played, a number such '
        'as 12 or -12 lies so many semitones higher or lower, "all", or a range such as "48-84" or "C3-C6" '
        "(middle C is C4).",
    ),
    Control(
        "scale", "text", "played",
        help='Scale of the model\'s pitches (not drums): "off", "played" (the key of your last notes, with your '
        'chromatic notes), or a name such as "C major", "A minor", "D dorian", "F# blues".',
    ),
    Control(
        "chart", "text", OFF,
        help="Chart (lead sheet) that all parts play: a name, or a file; off for none.  Its tempo, metre and style are "
        "used where those controls are auto or any.",
    ),
    Control(
        "chart_follow", "choice", "on", choices=("off", "on"),
        help="Where your chords show that you left out or repeated bars of the chart, the band follows you.  Has no "
        "effect where a DAW gives the song position.",
    ),
    Control(
        "transpose", "number", 0, low=-11, high=11, unit="semitones", whole=True,
        help="Transposes the chart by this many semitones.",
    ),
    Control(
        "adherence", "number", 1.0, low=0.0, high=1.0,
        help="How strictly the model keeps to the scale: 1 allows no other pitch, 0 allows all.  While chords are "
        "heard, also how much it favours their notes.",
    ),
    Control(
        "density", "number", 1.0, low=0.25, high=4.0, ratio=True,
        help="More (above 1) or fewer notes than the model would play by itself.",
    ),
    Control(
        "energy", "number", 0.5, low=0.0, high=1.0,
        help="Louder and denser above 0.5, softer and sparser below it.",
    ),
    Control(
        "variation", "choice", USUAL, choices=tuple(VARIATIONS),
        help="How much the band plays in the mode accompany, as on an arranger keyboard.  A: little and soft, with a "
        "side stick and a bass in half notes; B: the usual; C: more, with the ride and a bass in quarter notes; D: "
        "most, with a bass in eighths, or walking.  While the band plays, a change comes on the bar line, with a fill.",
    ),
    Control(
        "kit", "choice", "auto", choices=KITS,
        help="What the drums are played with, in the mode accompany.  brushes: soft taps on the snare, a side stick, "
        f"the hi-hat by foot, no crash; auto: brushes up to {BALLAD_BPM} BPM where the style has ballads (jazz, pop, "
        "songs, folk, gospel), else sticks.",
    ),
    Control(
        "feel", "number", 0.0, low=0.0, high=1.0,
        help="How closely the drums go with the rhythm that you play, or clap on one key, in the mode accompany and "
        "in 4/4.  They look for bars that people played to a rhythm like that of your last two.  0: they keep to the "
        "style; from there to 1 first the kick goes with you, then the snare, then the rest, as loud and as late as "
        "a hand has them.",
    ),
    Control(
        "ritard", "choice", "auto", choices=RITARDS,
        help="Whether an ending slows down in its last bar before the last chord.  auto: in ballads, gospel, hymns and "
        "songs, not in swing, rock and pop.  Where the DAW's clock or Link sets the tempo, it never does.",
    ),
    Control(
        "follow", "number", 0.5, low=0.0, high=1.0,
        help="How much the model follows you: at 1 an answer is as loud and as dense as your phrase, and the "
        "accompaniment makes room when you play many notes; at 0 the model goes its own way.",
    ),
    Control(
        "theme", "number", 0.8, low=0.0, high=1.0,
        help="How much of your figures an answer takes up, with their rhythm, at any pitch.  At 0 it takes up none "
        "on purpose.",
    ),
    Control(
        "memory", "number", 0.0, low=0.0, high=1.0,
        help="How much of what you have played since livegen started comes back in what the model plays: your licks, "
        "and the song so far.  0: none of it; 0.5: it colours the model's choices; 1: the model quotes earlier phrases "
        "of yours, and takes up the figures of your last one (theme) half as much.",
    ),
    Control(
        "adapt", "choice", "off", choices=("off", "on"),
        help="Whether the network adapts to how you play: in pauses it learns from your last ten minutes, and plays "
        "so from the next bar line on; off: it plays as it was trained.  Has no effect in a studio.",
    ),
    Control(
        "taste", "number", 0.0, low=0.0, high=1.0,
        help="How the model chooses among the answers that it has planned for your phrase.  0: by rules: one that is "
        "likely, fits the phrase, and closes what that left open; 1: by the critic, a network that learned how people "
        "continue a phrase; between: by both.  The critic judges only melodies that begin with a bar.",
    ),
    Control(
        "distance", "number", 0.3, low=0.0, high=1.0,
        help="How far a variation (command vary), or a phrase moved to a style (restyle), is from your phrase: 0 is "
        "the phrase itself, at 0.3 four or five notes of ten differ, at 1 as many as possible.",
    ),
    Control(
        "restyle_by", "choice", "scatter", choices=("scatter", "gan"),
        help="How livegen finds the phrases of a style, towards which the command restyle moves yours.  scatter: by "
        "chance, spread as people's phrases of the style are; gan: by a network that learned from a critic.",
    ),
    Control(
        "morph", "number", 0.5, low=0.0, high=1.0,
        help="Place between the kept phrases A and B (command between): 0 is A, 1 is B.",
    ),
    Control(
        "morph_by", "choice", "splice", choices=("splice", "network"),
        help="How A becomes B.  splice: the beginning of A and the end of B; network: a phrase that the phrase "
        "network finds between them.",
    ),
    Control(
        "groove", "number", 0.5, low=0.0, high=1.0,
        help="How closely the model keeps to the subdivision of the beat on which you played: 0 leaves its "
        "timing free, 1 allows little else.  If you play loosely, it answers loosely.",
    ),
    Control(
        "swing", "number", "auto", low=50, high=75, choices=("auto",), unit="%",
        help="Swing of the model's eighth notes: 50 straight, 67 as triplets, 75 dotted; auto: as is usual in the "
        "style, or as you play.  Triplets and sixteenths stay where they are.",
    ),
    Control(
        "quantise", "choice", "off", choices=("off", *GRIDS),
        help="Moves the start of every note of the model to the nearest eighth, sixteenth or triplet.  swing "
        "acts after it.",
    ),
    Control(
        "voices", "number", "auto", low=1, high=8, choices=("auto",), whole=True,
        help="Most notes that one part of the model holds at once (not drums).  auto: as many as you, or as is usual.",
    ),
    Control(
        "longest", "number", 8, low=0.25, high=8, unit="beats", ratio=True,
        help="The longest that the model holds a note.",
    ),
    Control(
        "parts", "text", "auto",
        help='Parts that the model plays: "auto" (those you play; in accompany those you do not), or some of '
        'lead, comp, '
        "bass and drums, with spaces between them.",
    ),
    Control(
        "style", "text", "any",
        help="Style, by a name that the model knows (its card lists them), or any; or two of these joined by +, such "
        "as jazz_bebop+folk_reel.  Or a wish in English, Chinese or German, such as \"slow minor waltz, sparse\", "
        "which sets other controls too.",
    ),
    Control(
        "style_mix", "number", 0.5, low=0.0, high=1.0,
        help="Of two styles, how much of the second: 0 is the first alone, 1 the second.  Without a second it has no "
        "effect.",
    ),
    Control(
        "offset", "number", 0, low=-200, high=200, unit="ms",
        help="Time added to all that the model plays; a negative one makes up for the latency of its instrument "
        "(`livegen calibrate` measures it).",
    ),
    Control(
        "click", "choice", "off", choices=("off", "on"),
        help="Clicks on each beat while you or the model play, as notes on the drums' channel.  A count-in always has "
        "its clicks.",
    ),
    Control(
        "count_in_bars", "number", 1, low=1, high=4, unit="bars", whole=True,
        help="Bars of clicks that the command count_in plays before the music.",
    ),
    Control(
        "clock_out", "choice", "off", choices=("off", "on"),
        help="Sends MIDI clock, start and stop to the output, while the tempo is internal or that of Link.",
    ),
    *_strips(),
)  # fmt: skip

CONTROLS: dict[str, Control] = {control.name: control for control in _TABLE}


def checked(name: str, value: object) -> Value:
    """The value as the control takes it, numbers also given as text.  Raises ConfigError in one line."""
    control = CONTROLS.get(name)
    if control is None:
        raise ConfigError(f"{name}: there is no such control; there are {', '.join(CONTROLS)}")
    if control.kind == "text" and isinstance(value, str | int | float) and value is not True:
        return _checked_text(name, _written(value))
    if isinstance(value, str) and value.strip() in control.choices:
        return value.strip()
    number = _number(value) if control.kind == "number" else None
    if number is not None and control.low <= number <= control.high:
        if not control.whole:
            return number
        if number.is_integer():
            return int(number)
    raise ConfigError(f"{name}: expected {expected(control)}, got {value!r}")


def _written(value: Value) -> str:
    """A number as it is written: a knob and a configuration file give -12 for "-12"."""
    return value.strip() if isinstance(value, str) else f"{value:g}"


def _checked_text(name: str, text: str) -> str:
    most = {"chart": LONGEST_CHART, "style": LONGEST_WISH}.get(name, LONGEST_TEXT)
    if len(text) > most:
        raise ConfigError(f"{name}: expected at most {most} characters, got {len(text)}")
    match name:
        case "chart":
            chart_in(text)
        case "style" if is_mix(text):
            names = styles_in(text)
            if len(names) != 2 or not all(names):
                raise ConfigError(f"style: expected one style or two joined by +, got {text!r}")
            return JOINED.join(names)
        case "scale" if text not in ("off", "played"):
            parse_scale(text)
        case "register" if text not in ("call", "all"):
            shift = _number(text)
            if shift is None or not -36 <= shift <= 36:
                parse_register(text)
        case "metre":
            told_metre(text)
        case "parts" if text != "auto" and not set() < set(text.split()) <= set(PARTS):
            raise ConfigError(f"parts: expected auto, or some of {', '.join(PARTS)}; got {text!r}")
        case _:
            pass
    return text


def takes_long(name: str, value: object) -> bool:
    """True for a value that takes many milliseconds to check when it is new: the text of a chart."""
    return name == "chart" and isinstance(value, str) and value != OFF


def read_ahead(name: str, value: object) -> None:
    """Check a value, so that it is checked at once the next time.  Threads: any."""
    with suppress(ConfigError):  # whoever is given the value says what is wrong with it
        checked(name, value)


@lru_cache(32)
def chart_in(text: str) -> "Chart | None":
    """The chart of a value of the control `chart`; None for "off".  Raises ConfigError."""
    if text == OFF:
        return None
    from livegen.music.charts import chart_of  # the readers of charts are not there at every start

    try:
        return chart_of(text.encode(), "the chart")
    except ChartError as mistake:
        raise ConfigError(f"chart: {mistake}") from None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def expected(control: Control) -> str:
    """Describe the values of a control in words."""
    takes = []
    if control.kind == "number":
        number = "a whole number" if control.whole else "a number"
        unit = f" {control.unit}" if control.unit else ""
        takes.append(f"{number} from {control.low:g} to {control.high:g}{unit}")
    takes += [f'"{choice}"' for choice in control.choices]
    return " or ".join(takes) or "text"


def _default(name: str) -> Any:
    return field(default=CONTROLS[name].default)


@dataclass(frozen=True, slots=True)
class Settings:
    """The values of all controls, each checked.  Make one with `settings`, change one with `with_control`."""

    mode: str = _default("mode")
    sync: str = _default("sync")
    tempo: float | str = _default("tempo")
    metre: str = _default("metre")
    temperature: float = _default("temperature")
    nucleus: float = _default("nucleus")
    rest: float | str = _default("rest")
    length: int | str = _default("length")
    trade: int = _default("trade")
    start: str = _default("start")
    register: str = _default("register")
    scale: str = _default("scale")
    chart: str = _default("chart")
    chart_follow: str = _default("chart_follow")
    transpose: int = _default("transpose")
    adherence: float = _default("adherence")
    density: float = _default("density")
    energy: float = _default("energy")
    variation: str = _default("variation")
    kit: str = _default("kit")
    feel: float = _default("feel")
    ritard: str = _default("ritard")
    follow: float = _default("follow")
    theme: float = _default("theme")
    memory: float = _default("memory")
    adapt: str = _default("adapt")
    taste: float = _default("taste")
    distance: float = _default("distance")
    restyle_by: str = _default("restyle_by")
    morph: float = _default("morph")
    morph_by: str = _default("morph_by")
    groove: float = _default("groove")
    swing: float | str = _default("swing")
    quantise: str = _default("quantise")
    voices: int | str = _default("voices")
    longest: float = _default("longest")
    parts: str = _default("parts")
    style: str = _default("style")
    style_mix: float = _default("style_mix")
    offset: float = _default("offset")
    click: str = _default("click")
    count_in_bars: int = _default("count_in_bars")
    clock_out: str = _default("clock_out")
    lead_mute: str = _default("lead_mute")
    lead_solo: str = _default("lead_solo")
    lead_level: float = _default("lead_level")
    lead_density: float = _default("lead_density")
    lead_octave: int = _default("lead_octave")
    comp_mute: str = _default("comp_mute")
    comp_solo: str = _default("comp_solo")
    comp_level: float = _default("comp_level")
    comp_density: float = _default("comp_density")
    comp_octave: int = _default("comp_octave")
    bass_mute: str = _default("bass_mute")
    bass_solo: str = _default("bass_solo")
    bass_level: float = _default("bass_level")
    bass_density: float = _default("bass_density")
    bass_octave: int = _default("bass_octave")
    drums_mute: str = _default("drums_mute")
    drums_solo: str = _default("drums_solo")
    drums_level: float = _default("drums_level")
    drums_density: float = _default("drums_density")


def with_control(settings: Settings, name: str, value: object) -> Settings:
    """Settings with one control changed.  Raises ConfigError."""
    changed: dict[str, Any] = {name: checked(name, value)}
    return replace(settings, **changed)


def settings(values: Mapping[str, object] | None = None) -> Settings:
    """Settings with these values, defaults for the rest.  Raises ConfigError for the first that does not fit."""
    given: dict[str, Any] = {name: checked(name, value) for name, value in (values or {}).items()}
    return Settings(**given)
