"""The composition root: what a configuration says becomes an engine, a daemon, a file.

Imports inside functions, because two processes come by here: the port process, which must never hold numpy,
for `serve`; and the engine process, for `build_engine`.
"""

import difflib
import logging
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.config import Config, Origin, Route
    from livegen.inference.contract import Model
    from livegen.jam.engine import Engine, Event
    from livegen.jam.journal import Session
    from livegen.jam.rows import Header, Told

SECOND = 1_000_000


# --- serving --------------------------------------------------------------------------------------------------


def serve(
    config: "Config",
    player: Path | None = None,
    record: Path | None = None,
    until_player_ends: bool = False,
    stats: str = "",
    origin: "Origin | None" = None,
) -> int:
    """Serve as configured until told to stop, and give the exit status.  Raises LivegenError.

    With `origin`, where the configuration came from, it is read again whenever its files change.
    """
    from livegen.daemon.port_process import ServeOptions
    from livegen.daemon.port_process import serve as serve_ports

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    settings = engine_settings(config)
    tempo = config.controls["tempo"]
    return serve_ports(
        ServeOptions(
            port=config.ports.output,
            in_name=config.ports.input,
            api=config.ports.api,
            settings=settings,
            player=player,
            record=record,
            recordings=_recordings(config),
            journals=config.recording.journals,
            record_tempo_bpm=tempo if isinstance(tempo, int | float) else 120.0,
            until_player_ends=until_player_ends,
            awake_s=config.daemon.rest_after_s,
            thru=config.ports.thru,
            control=_control(config, origin),
            stats=stats,
        )
    )


def _control(config: "Config", origin: "Origin | None") -> dict[str, Any]:
    """What the control process is told, fit for JSON."""
    from livegen.jam.mapping import COMMANDS

    osc = config.osc.model_dump(exclude={"enabled"}) if config.osc.enabled else None
    ports = {"in": config.ports.input, "out": config.ports.output}
    files = _files(config, origin)
    page = _page(config) if config.page.enabled else None
    surfaces = {"osc": osc, "page": page, "link": {}, "set_up": files}
    return surfaces | {"commands": COMMANDS, "ports": ports}


def _page(config: "Config") -> dict[str, Any]:
    """What the page's server is told.  The token outlives the process that asks for it."""
    folder = _recordings(config)
    return config.page.model_dump(exclude={"enabled"}) | {
        "token": config.page.token or secrets.token_urlsafe(16),
        "is_token_chosen": config.page.token is not None,
        "recordings": str(folder) if folder else None,
        "models": list(shipped.models()),
        "presets": list(config.all_presets),
    }


def _files(config: "Config", origin: "Origin | None") -> dict[str, Any]:
    """What the control process must know to watch the files of the configuration."""
    from livegen.config import learned_file, own_folder

    path = (origin and origin.path) or own_folder() / "config.yaml"
    return {
        "now": _set_up(config),
        "config": str(path),
        "presets": str(own_folder() / "presets"),
        "learned": str(learned_file()),
        "read": "livegen.app:read_again" if origin else None,
        "origin": origin and origin.as_json(),
    }


def read_again(origin: Mapping[str, Any]) -> dict[str, Any]:
    """What the files say by now; the control process calls this by name.  Raises ConfigError."""
    from livegen.config import Origin

    return _set_up(Origin.from_json(origin).load(again=True))


def _set_up(config: "Config") -> dict[str, Any]:
    """A configuration by what can be changed while it plays, and the rest."""
    from livegen.config import learned, settings
    from livegen.jam.mapping import ControlMap

    bindings = ControlMap(config.bindings).bindings  # as the engine writes them
    live = ("jam.", "map", "presets", "setlist")
    rest = {path: _at(config, path) for path, _ in settings() if not path.startswith(live)}
    return {
        "controls": config.controls,
        "presets": config.all_presets,
        "bindings": bindings,
        "learned": {s: t for s, t in learned().items() if bindings.get(s) == t},
        "rest": rest,
    }


def _at(config: "Config", path: str) -> str:
    """A setting as text, to be compared."""
    value: Any = config.model_dump(by_alias=True)
    for key in path.split("."):
        value = value[key]
    return str(value)


def _recordings(config: "Config") -> Path | None:
    from livegen.daemon.recordings import default_folder

    folder = config.recording.folder
    if not config.recording.keep:
        return None
    return Path(folder).expanduser() if folder else default_folder()


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
        "routes": {part: _routed(route) for part, route in config.output},
        "map": config.bindings,
        "presets": config.all_presets,
        "horizon_us": round(daemon.horizon_ms * 1000),
        "keep_warm_us": round(daemon.keep_warm_ms * 1000),
        "awake_us": round(daemon.rest_after_s * SECOND),
    }


def _routed(route: "Route") -> dict[str, Any]:
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
    from livegen.inference.model import load

    model = load(Path(settings["model"]))
    rules = {int(channel): rule for channel, rule in settings["rules"].items()}
    return _engine(settings, model, rules)


def load_model(name: str) -> "tuple[Path, Model]":
    """The file and the model of a name or path; the engine process calls this by name.  Raises ModelError."""
    from livegen.inference.model import load

    path = shipped.model(name)
    return path, load(path)


def _engine(settings: Mapping[str, Any], model: "Model", rules: Mapping[int, str]) -> "Engine":
    from livegen.jam.agenda import Route
    from livegen.jam.controls import settings as checked_controls
    from livegen.jam.engine import Engine

    controls = checked_controls(settings["controls"])
    if controls.style not in model.facts.styles:
        raise ConfigError(_unknown_style(model, controls.style))
    return Engine(
        model,
        seed=settings["seed"],
        settings=controls,
        routes={part: Route(**route) for part, route in settings["routes"].items()},
        rules=rules,
        bindings=settings["map"],
        presets=settings["presets"],
        horizon_us=settings["horizon_us"],
    )


def _unknown_style(model: "Model", style: str) -> str:
    """A model may know a hundred styles: the nearest is named, and where the others stand."""
    close = difflib.get_close_matches(style, model.facts.styles, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return (
        f"jam.style: {model.facts.name} knows no style {style!r}; "
        f"{meant}All {len(model.facts.styles)} stand in the model's card (CARD.md beside it)"
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
    for call, target in targets.items():
        score, repaired = smf.read_to_play(call)
        if repaired:
            print(f"livegen: {repaired}", file=sys.stderr, flush=True)
        answered = answer(score, _engine(settings, model, rules(score)))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            smf.write(target, answered)
        except OSError as error:
            raise ConfigError(f"--out {target}: cannot be written ({error.strerror})") from None
        if call == calls[0]:
            said = f"livegen: {settings['model']}, seed {settings['seed']}"
            print(said, file=sys.stderr, flush=True)
        yield target


# --- playing a journal again --------------------------------------------------------------------------------------


def replay(journal: Path, out: Path | None, model: str | None) -> bool:
    """Play a journal again and say on standard output how far it came out the same; whether it did.

    With `out` the session is written there first, as it was played.  Raises LivegenError.
    """
    from livegen.jam.journal import read, salvage
    from livegen.jam.rows import JournalError
    from livegen.replay import reproduce

    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise JournalError(f"{journal}: cannot be read ({error.strerror})") from None
    try:
        if out is not None:
            _write_session(salvage(lines), out)
        session = read(lines)
    except JournalError as error:
        raise JournalError(f"{journal}: {error}") from None
    outcome = reproduce(session, lambda header: _engine_again(header, model), _meaning)
    print(outcome)
    return outcome.is_same


def _write_session(session: "Session", out: Path) -> None:
    from livegen.daemon.takes import session_score
    from livegen.music import smf

    score = session_score(session)
    if score is None:
        print("nothing was played; no file is written", file=sys.stderr)
        return
    try:
        smf.write(out, score)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written ({error.strerror})") from None


def _engine_again(header: "Header", model: str | None) -> "Engine":
    """The engine of a header, with the model that it names, or another."""
    from livegen.jam.rows import JournalError

    path = shipped.model(model or header.settings.get("model") or "default")
    _compare(path, header.sha256, f"({header.model}); name that one with --model")
    try:
        return build_engine({**header.settings, "model": str(path)}, 0)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalError(f"the journal's header lacks something ({error!r})") from None


def _meaning(told: "Told") -> "Event":
    """What an engine was told: a command, or another model.  Raises LivegenError."""
    from livegen.daemon.loader import SWAP
    from livegen.jam.engine import Swap
    from livegen.replay import command

    if told.name != SWAP or not isinstance(told.value, dict):
        return command(told)
    path, model = load_model(str(told.value.get("model")))
    _compare(path, str(told.value.get("sha256", "")), "where the model was changed")
    return Swap(model)


def _compare(path: Path, sha256: str, rest: str) -> None:
    """Say when a model's file is another than it was."""
    from livegen.daemon.recordings import fingerprint

    if sha256 and fingerprint(path) != sha256:
        print(f"livegen: {path} is not the file that played then {rest}", file=sys.stderr)


def _targets(calls: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Where each call's answer goes: `out` itself, or a file of the call's name in the folder `out`."""
    twice = next((call for call in calls if calls.count(call) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice} is given twice")
    is_folder = len(calls) > 1 or out.is_dir()
    if is_folder and out.suffix and not out.exists():
        raise ConfigError(
            f"--out {out}: {len(calls)} calls need a folder, and this looks like a file; "
            "if it is meant, make that folder first"
        )
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
