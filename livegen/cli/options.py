"""The options of several commands: the configuration that they come to, exit statuses.  Knows no command."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from livegen.errors import ChartError, ConfigError, LivegenError
from livegen.home import spelled_out
from livegen.jam.controls.controls import CONTROLS, Control, checked, expected
from livegen.music.parts import PARTS

if TYPE_CHECKING:
    from livegen.config import Config, Origin

MISTAKE, OURS, INTERRUPTED = 2, 1, 130  # exit statuses

# The controls that people reach for: each is an option; `--set jam.NAME=VALUE` reaches the others.
AT_HAND = (
    "mode",
    "style",
    "style_mix",
    "chart",
    "tempo",
    "sync",
    "scale",
    "parts",
    "length",
    "start",
    "density",
    "temperature",
)
ALIASES = {"length": ("--bars",)}

# Options that stand for a setting, and the setting.
SETTING_OF = {
    "out_port": ("--port", "ports.out"),
    "in_port": ("--in", "ports.in"),
    "api": ("--api", "ports.api"),
    "model": ("--model", "model"),
    "seed": ("--seed", "seed"),
    "remember": ("--remember", "remember"),
    "page": ("--page", "page.enabled"),
    "surfaces": ("--surface", "surfaces"),
    "sound": ("--sound", "sound.enabled"),
    **{name: (f"--{name.replace('_', '-')}", f"jam.{name}") for name in AT_HAND},
}


class SpelledOut(click.Path):
    """A path, with `~` and `$HOME` also where no shell spells them out, as in --player=~/call.mid."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Spell it out, then check it."""
        return super().convert(spelled_out(os.fspath(value)), param, ctx)


FILE = SpelledOut(exists=True, dir_okay=False, readable=True, path_type=Path)
EXISTING = SpelledOut(exists=True, readable=True, path_type=Path)
FOLDER = SpelledOut(exists=True, file_okay=False, readable=True, path_type=Path)
NEW_FILE = SpelledOut(dir_okay=False, path_type=Path)
NEW_PATH = SpelledOut(path_type=Path)
NEW_FOLDER = SpelledOut(file_okay=False, path_type=Path)
# Written out, because daemon.ports loads the MIDI library; a test holds the two together.
SYSTEMS = ("auto", "alsa", "jack", "coremidi", "winmm")

config_option = click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    help="File of settings to use instead of your own config.yaml.",
)
set_option = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one setting of config.yaml, such as jam.temperature=0.8; can be given several times.",
)
out_port_option = click.option(
    "--port",
    "out_port",
    metavar="NAME",
    help="Name of the port that the model plays to. [default: Model Out]",
)
in_port_option = click.option(
    "--in",
    "in_port",
    metavar="NAME",
    help="Name of the port that the model listens to. [default: Model In]",
)
force_option = click.option("--force", "replaces", is_flag=True, help="Replace a file that exists.")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of lines for people."
)


class OfControl(click.ParamType):  # type: ignore[type-arg]  # earlier clicks are not generic
    """A value as the table of controls takes it."""

    def __init__(self, control: Control) -> None:
        self.control, self.name = control, control.name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Check it; a mistake is told as the table words it."""
        try:
            return checked(self.name, _of_chart(value) if self.name == "chart" else value)
        except (ChartError, ConfigError) as mistake:
            self.fail(str(mistake).removeprefix(f"{self.name}: "), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the words that it takes."""
        words = _words(self.control, ctx.params.get("model"))
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _of_chart(value: Any) -> str:
    """The text of a chart that is given by name or as a file."""
    from livegen import shipped

    return shipped.chart_text(str(value))


def _words(control: Control, model: str | None) -> Sequence[str]:
    match control.name:
        case "style":
            return _styles(model or "default")
        case "parts":
            return ("auto", *PARTS)
        case "chart":
            return _charts()
        case "scale":  # names of scales have spaces, which completion in bash does not survive
            return ("played", "off")
        case _:
            return control.choices


def _charts() -> Sequence[str]:
    from livegen import shipped

    return ("off", *shipped.charts())


def _styles(model: str) -> Sequence[str]:
    """The styles of a model; none of one that is none: whoever completes a line is told nothing."""
    from livegen import shipped
    from livegen.inference.model_files import facts

    with suppress(LivegenError, OSError):
        return facts(shipped.model(model)).styles
    return ()


def control_options(*left_out: str) -> Callable[[Any], Any]:
    """The controls that people reach for, as options, but for those left out."""
    return decorated(*(_control_option(CONTROLS[name]) for name in AT_HAND if name not in left_out))


def _control_option(control: Control) -> Callable[[Any], Any]:
    takes = "" if control.kind == "choice" else f"  Takes {expected(control)}."
    is_word = control.kind == "text"  # whose help says already what it takes
    return click.option(
        SETTING_OF[control.name][0],
        *ALIASES.get(control.name, ()),
        control.name,
        type=click.Choice(control.choices) if control.kind == "choice" else OfControl(control),
        metavar=None if control.kind == "choice" else "TEXT" if is_word else "X",
        help=f"{control.help}{'' if is_word else takes} [default: {control.default}]",
    )


def decorated(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several decorators as one."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def config_of(options: dict[str, Any]) -> "Config":
    """The configuration, with this command's options laid over it last."""
    return origin_of(options).load()


def origin_of(options: dict[str, Any]) -> "Origin":
    """The origin of the configuration, with this command's options."""
    from livegen import config

    given = [
        (config.trail(path), _plain(options[name]), f"{flag} {_visible(options[name])}")
        for name, (flag, path) in SETTING_OF.items()
        if options.get(name) not in (None, ())
    ]
    return config.Origin(options["config"], tuple(options["sets"]), tuple(given))


def _plain(value: object) -> object:
    """A value as a file would have it: what may be said several times is a list."""
    return list(value) if isinstance(value, tuple) else value


def _visible(value: object) -> str:
    """A value as it was said, on one line whatever it holds."""
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if text.isprintable() else repr(text)
