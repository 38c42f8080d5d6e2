"""A person's own files: where the configuration, presets, learned bindings and maps of surfaces lie.

Looks only for files; reads none.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from livegen.home import base_folder

SUFFIXES = (".yaml", ".yml")  # of a file of settings; the first is read where both are there


def own_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of a person's configuration: livegen under $XDG_CONFIG_HOME, or under ~/.config.

    Raises ConfigError where there is no home folder.
    """
    return base_folder(environment, "XDG_CONFIG_HOME", ".config") / "livegen"


def own_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The person's configuration, config.yaml in `own_folder`, else config.yml; None where there is none."""
    return next(iter(possible_files(environment)), None)


def possible_files(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The files that could be the configuration; the first is."""
    paths = [own_folder(environment) / f"config{suffix}" for suffix in SUFFIXES]
    return [path for path in paths if path.is_file()]


def learned_file() -> Path:
    """The file of the bindings that were learned: map.yaml in `own_folder`."""
    return own_folder() / "map.yaml"


def own_surfaces() -> Path:
    """The folder of a person's own maps of surfaces: surfaces in `own_folder`."""
    return own_folder() / "surfaces"


def preset_files() -> list[Path]:
    """The files of presets: presets/NAME.yaml, or .yml, in `own_folder`, by name."""
    found = (path for suffix in SUFFIXES for path in (own_folder() / "presets").glob(f"*{suffix}"))
    return sorted(path for path in found if not path.name.startswith("."))
