"""A configuration becomes an engine with its model: settings fit for JSON, and what another process makes of them."""

import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.errors import ConfigError, LivegenError, MidiFileError
from livegen.home import spelled_out

if TYPE_CHECKING:
    from livegen.config import Config, RouteSettings
    from livegen.inference.contract import Fittable, Layers, Model
    from livegen.inference.generator import Generator
    from livegen.inference.lesson import Lesson
    from livegen.inference.memory import Memory
    from livegen.inference.phrase_model import PhraseModel
    from livegen.jam.engine import Engine

log = logging.getLogger(__name__)

SECOND = 1_000_000


def engine_settings(config: "Config") -> dict[str, Any]:
    """Give the settings of the engine process, fit for JSON.  Channels are 0 to 15 from here on.  Raises ModelError."""
    daemon = config.daemon
    return {
        "model": str(shipped.model(config.model)),
        "fitter": "livegen.app:load_fitted",
        "seed": secrets.randbelow(2**32) if config.seed is None else config.seed,
        **_remembered(config.remember),
        "controls": config.controls,
        "rules": {
            str(channel - 1): rule for channel, rule in config.channels.items() if rule != "off"
        },
        "routes": {part: _routed(route) for part, route in config.output},
        "map": config.bindings,
        "presets": config.all_presets,
        "macros": config.macros,
        "horizon_us": round(daemon.horizon_ms * 1000),
        "keep_warm_us": round(daemon.keep_warm_ms * 1000),
        "awake_us": round(daemon.rest_after_s * SECOND),
    }


def _remembered(remember: str | None) -> dict[str, Any]:
    """The player whose memory is kept, by name, or the file that is known from the start."""
    is_name = remember is not None and shipped.is_players_name(remember)
    return {
        "remember": str(spelled_out(remember)) if remember and not is_name else None,
        "remembers": remember if is_name else None,
    }


def _routed(route: "RouteSettings") -> dict[str, Any]:
    """A route as the engine knows it: channels and programs count from 0."""
    given = route.model_dump(by_alias=True)
    program = given["program"]
    register = given["register"]
    return given | {
        "channel": given["channel"] - 1,
        "program": None if program is None else program - 1,
        "register": "" if register == "all" else register,
    }


def build_engine(settings: Mapping[str, Any], now: int) -> "Engine":
    """The engine that these settings describe, with its model; the engine process calls this by name.

    Raises ModelError or ConfigError.  `now` is not needed: an engine's time begins with its first event.
    """
    from livegen.inference.model_files import load

    model = load(Path(settings["model"]))
    rules = {int(channel): rule for channel, rule in settings["rules"].items()}
    return engine_with(settings, model, rules)


def load_model(name: str) -> "tuple[Path, Model]":
    """The file and the model of a name or path; the engine process calls this by name.  Raises ModelError."""
    from livegen.inference.model_files import load

    path = shipped.model(name)
    return path, load(path)


def engine_with(settings: Mapping[str, Any], model: "Model", rules: Mapping[int, str]) -> "Engine":
    """The engine that these settings describe, with this model.  Raises ConfigError.

    `rules` say how each channel (0 to 15) is heard; channels that are not named are not heard.
    """
    from livegen.jam.controls.controls import settings as checked_controls
    from livegen.jam.engine import Engine
    from livegen.jam.interplay.listener import unknown_style
    from livegen.jam.timing.agenda import Route

    controls = checked_controls(settings["controls"])
    if line := unknown_style(controls.style, model):
        raise ConfigError(f"jam.{line}")
    engine = Engine(
        model,
        seed=settings["seed"],
        settings=controls,
        routes={part: Route(**route) for part, route in settings["routes"].items()},
        rules=rules,
        bindings=settings["map"],
        presets=settings["presets"],
        macros=settings.get("macros"),  # not in journals that are older
        horizon_us=settings["horizon_us"],
        phrase_model=load_phrase_model,
        generator=load_generator,
    )
    if file := settings.get("remember"):  # not in journals that are older
        try:
            engine.remember(_memory_of(Path(file)))
        except MidiFileError as error:
            if not settings.get("again"):  # the band plays on, whatever became of the file
                raise
            log.warning("remember: %s; the session is played on without that memory", error)
    return engine


def load_fitted(
    name: str, lesson: str, model: "Fittable | None" = None
) -> "tuple[Path, Fittable, Layers]":
    """The file of a name or path, a model of it whose layers can be others, and the layers after a lesson.

    The engine process calls this by name.  Takes seconds, of another process; half a tenth of one here, but for a
    `model` that is there already.  Raises LivegenError.
    """
    from livegen.daemon.engine.fitting_process import layers_after
    from livegen.inference import heads, onnx_file
    from livegen.inference.model import start

    path = shipped.model(name)
    layers = layers_after(path, lesson) if lesson else {}
    if model is None:
        file = onnx_file.read(path)
        model = start(file, str(path), weights=heads.shipped(file))
    return path, model, layers


def load_memory(player: str) -> "tuple[Path, Memory, Lesson | None]":
    """The file of a player, and what is remembered of him and was learned from: nothing where there is none yet.

    The engine process calls this by name.  Raises ConfigError for what cannot be a name, and MidiFileError.
    """
    from livegen.inference.kept import memory_in
    from livegen.inference.memory import Memory
    from livegen.music.files import smf

    path = shipped.memory_of(player)
    memory = memory_in(smf.read(path)) if path.exists() else Memory()
    return path, memory, _lesson_beside(path)


def _lesson_beside(path: Path) -> "Lesson | None":
    """The lesson that is kept beside a memory; None where there is none, or what is there is none, which is said."""
    from livegen.inference.lesson import ENDING, lesson_from

    path = path.with_suffix(ENDING)
    if not path.exists():
        return None
    try:
        return lesson_from(path.read_text(encoding="ascii", errors="replace"))
    except (OSError, LivegenError) as error:
        log.warning("%s: %s; the network learns from today alone", path, error)
        return None


def _memory_of(path: Path) -> "Memory":
    """The memory of somebody who has heard a MIDI file, but for the model's track.  Raises MidiFileError."""
    from livegen.codec.encoder import encode_score
    from livegen.inference.memory import memory_of
    from livegen.music.files import smf
    from livegen.music.parts import MODEL

    score, _ = smf.read_to_play(path)
    return memory_of(encode_score(score, drop=(MODEL,)))


def load_phrase_model() -> "PhraseModel":
    """The phrase encoder that came with livegen.  Raises ModelError."""
    from livegen.inference import phrase_model

    return phrase_model.load(shipped.phrase_model())


def load_generator(encoder: "PhraseModel") -> "Generator":
    """The generator of phrases in a style that came with livegen, for codes of an encoder.  Raises ModelError."""
    from livegen.inference import generator

    return generator.load(shipped.generator(), encoder)


def programs_by_channel(config: "Config") -> dict[int, int]:
    """The program of each channel on which a part is sent, by the style; the settings of the part may say another."""
    from livegen.jam.controls.style_mix import mix_of
    from livegen.music.parts import PARTS
    from livegen.sound.programs import programs

    routes = dict(config.output)
    of_part = programs(
        mix_of(str(config.controls["style"]), float(config.controls["style_mix"])).near
    )
    return {routes[PARTS[part]].channel - 1: program for part, program in of_part.items()}
