"""What commands share: options, the configuration that they come to, exit statuses.  Knows no command."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from livegen.config import Config, Origin

MISTAKE, OURS, INTERRUPTED = 2, 1, 130  # exit statuses

# Options that stand for a setting, and the setting.
SETTING_OF = {
    "out_port": ("--port", "ports.out"),
    "in_port": ("--in", "ports.in"),
    "api": ("--api", "ports.api"),
    "model": ("--model", "model"),
    "mode": ("--mode", "jam.mode"),
    "seed": ("--seed", "seed"),
    "bars": ("--bars", "jam.length"),
    "temperature": ("--temperature", "jam.temperature"),
    "style": ("--style", "jam.style"),
    "page": ("--page", "page.enabled"),
}

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
EXISTING = click.Path(exists=True, readable=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, readable=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
NEW_PATH = click.Path(path_type=Path)
# Written out, because daemon.ports loads the MIDI library; a test holds the two together.
SYSTEMS = ("auto", "alsa", "jack", "coremidi", "winmm")

config_option = click.option(
    "--config", type=FILE, metavar="FILE", help="Settings, instead of your own file."
)
set_option = click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="One setting by its name in config.yaml, such as jam.temperature=0.8; as often as you like.",
)
out_port_option = click.option(
    "--port", "out_port", metavar="NAME", help="The port it plays to. [default: Model Out]"
)
in_port_option = click.option(
    "--in", "in_port", metavar="NAME", help="The port it listens to. [default: Model In]"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of lines for people."
)


def config_of(options: dict[str, Any]) -> "Config":
    """The configuration, with this command's options laid over it last."""
    return origin_of(options).load()


def origin_of(options: dict[str, Any]) -> "Origin":
    """Where the configuration comes from, with this command's options."""
    from livegen import config

    given = [
        (config.trail(path), options[name], f"{flag} {_visible(options[name])}")
        for name, (flag, path) in SETTING_OF.items()
        if options.get(name) is not None
    ]
    return config.Origin(options["config"], tuple(options["sets"]), tuple(given))


def _visible(value: object) -> str:
    """A value as it was said, on one line whatever it holds."""
    text = str(value)
    return text if text.isprintable() else repr(text)
