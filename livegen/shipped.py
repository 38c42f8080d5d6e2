"""Files that come with livegen: models, charts, the commented configuration; and the folders of a person's own.

One answer for an installed wheel, where they lie inside the package, and for a checkout, where they lie beside it.
"""

import re
from pathlib import Path

from livegen.daemon.recording import names
from livegen.daemon.recording.recordings import MIDI, default_folder
from livegen.errors import ChartError, ConfigError, ModelError
from livegen.home import spelled_out
from livegen.jam.controls.controls import OFF
from livegen.music.files import MIDI_SUFFIXES

DEFAULT_MODEL = "jam-gru"  # the folder under models/ that "default" stands for
FACTS = "model.json"  # the file of a model without a network
PHRASES = "jam-phrases"  # the folder of the phrase encoder
ENCODER, GENERATOR = "phrases.npz", "generator.npz"  # and its files
# Networks that do not play alone, by their files.
ROLES = {
    ENCODER: "a phrase encoder",
    GENERATOR: "a generator of phrases",
    "tone.npz": "the network that hears the key",
    "critic.npz": "the critic of answers",
    "drum_touch.npz": "the drummer's touch",
    "grooves.npz": "people's drum grooves",
    "beats.npz": "the network that hears the beat",
    "beat_context.npz": "the network that hears the beat of a phrase as a whole",
    "chords_implied.npz": "the network that hears implied chords",
}
_PACKAGE = Path(__file__).resolve().parent
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def root() -> Path:
    """The folder that holds `models/`, `charts/` and `config.yaml`."""
    inside = _PACKAGE / "_shipped"
    return inside if inside.is_dir() else _PACKAGE.parent


def phrase_model() -> Path:
    """The phrase encoder and decoder that came with livegen."""
    return root() / "models" / PHRASES / ENCODER


def generator() -> Path:
    """The generator of codes for that decoder."""
    return root() / "models" / PHRASES / GENERATOR


def own_folder() -> Path:
    """Give the folder of models that `livegen train --from` makes: beside the recordings, with the person's data."""
    return default_folder().parent / "models"


def models() -> dict[str, Path]:
    """Models by name, each with its file: those that came with livegen, the default first, then one's own."""
    shipped = _in(root() / "models")
    found = dict(sorted(shipped.items(), key=lambda item: item[0] != DEFAULT_MODEL))
    return found | {name: path for name, path in _in(own_folder()).items() if name not in found}


def _in(folder: Path) -> dict[str, Path]:
    return {
        inside.name: files[0] for inside in sorted(folder.glob("*/")) if (files := _files(inside))
    }


def _files(folder: Path) -> list[Path]:
    """The files of a model in a folder: networks, or else the facts of a model that has none."""
    return sorted(folder.glob("*.onnx")) or sorted(folder.glob(FACTS))


def own(name: str) -> Path:
    """The folder of a model of one's own.  Raises ConfigError for a name that cannot be one."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be the name of a model: expected at most 64 letters, digits, . _ -; choose "
            "another with --name"
        )
    if name == "default" or name in _in(root() / "models"):
        raise ConfigError(
            f"{name} is a model that came with livegen; choose another name with --name"
        )
    return own_folder() / name


def memories() -> Path:
    """Give the folder of what is remembered of each player, beside the recordings."""
    return default_folder().parent / "memories"


def is_players_name(text: str) -> bool:
    """True of what names a player, and not a MIDI file."""
    return names.is_safe(text) and Path(text).suffix.lower() not in MIDI_SUFFIXES


def memory_of(player: str) -> Path:
    """The file of a player.  Raises ConfigError for what cannot be a name."""
    if not is_players_name(player):
        raise ConfigError(f"{player!r:.80} cannot be the name of a player: expected {names.RULE}")
    return memories() / f"{names.composed(player)}{MIDI}"


def name_of(folder: Path) -> str:
    """Name a model that learned a folder: as the folder, with - for characters that a name cannot have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._")[:64]


def model(name_or_path: str) -> Path:
    """The file of a model's name, of `default`, or of a path (a file, or a folder that holds one).

    Raises ModelError when there is none; its message lists the names there are.  ConfigError for a path that begins
    with what cannot be spelled out.
    """
    names = models()
    name = DEFAULT_MODEL if name_or_path == "default" else name_or_path
    if name in names:
        return names[name]
    path = spelled_out(name_or_path)
    known = ", ".join(names) or "none here"
    if role := role_of(name_or_path):
        raise ModelError(
            f"{name!r} holds {role}, which does not play alone; choose a model that does: {known}"
        )
    if path.is_dir() and len(inside := _files(path)) == 1:
        return inside[0]
    if path.is_file():
        return path
    raise ModelError(
        f"{name!r} is neither a model ({known}) nor an .onnx file or a folder that holds one"
    )


def role_of(name_or_path: str) -> str:
    """The kind of a network, of ROLES, that a file, folder or name holds and that does not play alone; else empty."""
    path = spelled_out(name_or_path)
    if name_or_path == PHRASES or (path / ENCODER).is_file():
        return ROLES[ENCODER]
    return ROLES.get(path.name, "") if path.is_file() else ""


def own_charts() -> Path:
    """Give the folder of a person's own charts, if there are any: beside the recordings."""
    return default_folder().parent / "charts"


def charts() -> dict[str, Path]:
    """Charts by name, which is that of the file without its ending: those that came with livegen, then one's own."""
    from livegen.control.library.charts import (
        by_name,  # which brings their readers, not wanted at every start
    )

    return by_name(root() / "charts", own_charts())


def chart(name_or_path: str) -> Path:
    """The file of a chart's name or of a path.

    Raises ChartError when there is none; its message lists the names there are.  ConfigError for a path that begins
    with what cannot be spelled out.
    """
    names = charts()
    if name_or_path in names:
        return names[name_or_path]
    path = spelled_out(name_or_path)
    if path.is_file():
        return path
    known = ", ".join(names) or "none here"
    raise ChartError(f"{name_or_path!r} is neither a file nor the name of a chart ({known})")


def chart_text(said: str) -> str:
    """Give what the control `chart` takes: "off", the text of a chart, or that of one named by name or path.

    Raises ChartError for one that there is not, or that cannot be read; ConfigError as `chart` does.
    """
    if said == OFF or "\n" in said or "|" in said:
        return said
    # The readers of charts are not there at every start.
    from livegen.music.charts import read_chart, write_text

    return write_text(read_chart(chart(said)))
