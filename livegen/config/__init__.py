"""The configuration: what can be set, what it may be, and where a mistake stands.

config.yaml at the root of the repository is its manual; a test holds the two together.  `settings` has the tables of
what can be set, `document` values that know where each was said, `own_files` the files in a person's folder, `loading`
lays the files and options over one another, `mistakes` says what is wrong with them, `saved_offset` writes one
setting and is imported by whoever does.  Knows no ports, no model and no clock; nothing below `app` reads a `Config`.
"""

from livegen.config.document import Trail, trail
from livegen.config.loading import Origin, learned, load
from livegen.config.own_files import learned_file, own_file, own_folder, own_surfaces, preset_files
from livegen.config.settings import Config, RouteSettings, every_setting

__all__ = [
    "Config",
    "Origin",
    "RouteSettings",
    "Trail",
    "every_setting",
    "learned",
    "learned_file",
    "load",
    "own_file",
    "own_folder",
    "own_surfaces",
    "preset_files",
    "trail",
]
