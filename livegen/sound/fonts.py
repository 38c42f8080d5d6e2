"""Sound fonts: which file the instruments come from.  Knows paths, no sound."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from livegen.errors import ConfigError
from livegen.extras import to_install

# General MIDI fonts of Linux distributions, the better first.  FluidR3 and MuseScore's are under the MIT licence.
PLACES = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/sounds/sf3/MuseScore_General.sf3",
    "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
)
# The SoundFont that the extra `sound` brings to every system: 6 MB, under the GNU GPL, which concerns no player.
_PACKAGE, _FILE = "pretty_midi", "TimGM6mb.sf2"


# Bytes of a font of which a page gets its part: FluidR3 on the same machine, and smaller ones over a network.
MOST_NEAR, MOST_FAR = 160 << 20, 48 << 20


def font_for_a_page(
    asked: str = "", most: int = MOST_NEAR, places: Iterable[str] = PLACES
) -> Path | None:
    """The font of `font` where a page can play it: plain samples (no .sf3), at most so many bytes; else None."""
    known = (asked,) if asked else (*places, *map(str, _brought()))
    for path in (Path(one).expanduser() for one in known):
        if path.suffix == ".sf2" and path.is_file() and path.stat().st_size <= most:
            return path
    return None


def font(asked: str = "", places: Iterable[str] = PLACES) -> Path:
    """The file of a sound font: the one that is asked for, else the first of `places`, else that of the extra `sound`.

    Raises ConfigError.
    """
    if asked:
        path = Path(asked).expanduser()
        if not path.is_file():
            raise ConfigError(
                f"sound.font: {path} is not there; expected a sound font (.sf2, .sf3)"
            )
        return path
    found = (Path(place) for place in places)
    for path in (*found, *_brought()):
        if path.is_file():
            return path
    raise ConfigError(
        f"no sound font is installed: {to_install('sound')}, or name one with --set sound.font=FILE.sf2"
    )


def _brought() -> list[Path]:
    """Where the extra `sound` has put its font."""
    package = find_spec(_PACKAGE)
    folders = (package and package.submodule_search_locations) or ()
    return [Path(folder) / _FILE for folder in folders]
