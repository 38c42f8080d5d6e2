"""The composition root: what a configuration says becomes an engine, a daemon, a file.

Imports inside functions, because two processes come by here: the port process, which must never hold numpy,
for `serve`; and the engine process, for `build_engine`.
"""

import logging
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.config import Config
    from livegen.inference.contract import Model
    from livegen.jam.engine import Engine

SECOND = 1_000_000


# --- serving --------------------------------------------------------------------------------------------------


def serve(
    config: "Config",
    player: Path | None = None,
    record: Path | None = None,
    until_player_ends: bool = False,
    stats: str = "",
) -> int:
    """Serve as configured until told to stop, and give the exit status.  Raises LivegenError."""
    from livegen.daemon.port_process import ServeOptions
    from livegen.daemon.port_process import serve as serve_ports

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    settings = engine_settings(config)
    print(f"livegen: {settings['model']}, seed {settings['seed']}", file=sys.stderr, flush=True)
    tempo = config.controls["tempo"]
    return serve_ports(
        ServeOptions(
            port=config.ports.output,
            in_name=config.ports.input,
            api=config.ports.api,
            settings=settings,
            player=player,
            record=record,
            record_tempo_bpm=tempo if isinstance(tempo, int | float) else 120.0,
            until_player_ends=until_player_ends,
            awake_s=config.daemon.rest_after_s,
            stats=stats,
        )
    )


def engine_settings(config: "Config") -> dict[str, Any]:
    """What the engine process is told, fit for JSON.  Channels are 0 to 15 from here on.  Raises ModelError."""
    daemon = config.daemon
    return {
        "model": str(shipped.model(config.model)),
        "seed": secrets.randbelow(2**32) if config.seed is None else config.seed,
        "controls": config.controls,
        "rules": {
            str(channel - 1): rule for channel, rule in config.channels.items() if rule != "off"
        },
        "channels": {part: channel - 1 for part, channel in config.output.model_dump().items()},
        "horizon_us": round(daemon.horizon_ms * 1000),
        "keep_warm": daemon.keep_warm_ms > 0,
        "keep_warm_us": round(daemon.keep_warm_ms * 1000),
        "awake_us": round(daemon.rest_after_s * SECOND),
    }


def build_engine(settings: Mapping[str, Any], now: int) -> "Engine":
    """The engine that these settings describe, with its model; the engine process calls this by name.

    Raises ModelError or ConfigError.  `now` is not needed: an engine's time begins with its first event.
    """
    from livegen.inference.model import load

    model = load(Path(settings["model"]))
    rules = {int(channel): rule for channel, rule in settings["rules"].items()}
    return _engine(settings, model, rules)


def _engine(settings: Mapping[str, Any], model: "Model", rules: Mapping[int, str]) -> "Engine":
    from livegen.jam.controls import settings as checked_controls
    from livegen.jam.engine import Engine

    controls = checked_controls(settings["controls"])
    if controls.style not in model.facts.styles:
        known = ", ".join(model.facts.styles)
        raise ConfigError(
            f"jam.style: {model.facts.name} knows no style {controls.style!r}; it knows {known}"
        )
    return Engine(
        model,
        seed=settings["seed"],
        settings=controls,
        channels=settings["channels"],
        rules=rules,
        horizon_us=settings["horizon_us"],
    )


# --- answering files ------------------------------------------------------------------------------------------


def generate(calls: Sequence[Path], out: Path, config: "Config") -> Iterator[Path]:
    """Answer each call by itself and write what both play; gives the path of each file when it is written.

    Everything that can be wrong with the files' names and the model is said before anything is written.
    Raises LivegenError.
    """
    from livegen.answer import answer, rules
    from livegen.inference.model import load
    from livegen.music import smf

    settings = engine_settings(config)
    targets = _targets(calls, out)
    model = load(Path(settings["model"]))
    print(f"livegen: {settings['model']}, seed {settings['seed']}", file=sys.stderr, flush=True)
    for call, target in targets.items():
        score = smf.read(call)
        answered = answer(score, _engine(settings, model, rules(score)))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            smf.write(target, answered)
        except OSError as error:
            raise ConfigError(f"--out {target}: cannot be written ({error.strerror})") from None
        yield target


def _targets(calls: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Where each call's answer goes: `out` itself, or a file of the call's name in the folder `out`."""
    is_folder = len(calls) > 1 or out.is_dir()
    if is_folder and out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: {len(calls)} calls need a folder, and this is a file")
    targets = {call: out / f"{call.stem}.mid" if is_folder else out for call in calls}
    written: dict[Path, Path] = {}
    for call, target in targets.items():
        if (other := written.setdefault(target.resolve(), call)) != call:
            raise ConfigError(f"{other} and {call} would both be written to {target}; rename one")
    for call in calls:
        if call.resolve() in written:
            raise ConfigError(f"--out {out}: {call} would be written over; choose another place")
    return targets
