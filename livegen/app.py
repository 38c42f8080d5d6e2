"""The composition root: what a configuration says becomes an engine, a daemon, a file.

Imports inside functions, because two processes come by here: the port process, which must never hold numpy,
for `serve`; and the engine process, for `build_engine`.
"""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegen import shipped
from livegen.errors import ConfigError
from livegen.home import spelled_out

if TYPE_CHECKING:
    from livegen.config import Config, Origin, RouteSettings
    from livegen.inference.contract import Model
    from livegen.jam.engine import Engine, Event
    from livegen.jam.journal import Session
    from livegen.jam.rows import Header, Told
    from livegen.notation.symbols import Notation

log = logging.getLogger(__name__)

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

    `record` is written under that name, or under the next free one.  With `origin`, where the configuration came
    from, it is read again whenever its files change.
    """
    from livegen.daemon import page_files
    from livegen.daemon.port_process import ServeOptions
    from livegen.daemon.port_process import serve as serve_ports
    from livegen.daemon.recordings import midi_name

    logging.basicConfig(level=logging.INFO, format="livegen: %(message)s", stream=sys.stderr)
    settings = engine_settings(config)
    tempo = config.controls["tempo"]
    options = ServeOptions(
        port=config.ports.output,
        in_name=config.ports.input,
        api=config.ports.api,
        settings=settings,
        player=player,
        record=record and midi_name(record),
        recordings=_recordings(config),
        journals=config.recording.journals,
        record_tempo_bpm=tempo if isinstance(tempo, int | float) else 120.0,
        until_player_ends=until_player_ends,
        awake_s=config.daemon.rest_after_s,
        thru=config.ports.thru,
        control=_control(config, origin),
        sound=_own_sound(config) if config.sound.enabled else None,
        sounds_player=config.sound.plays == "both",
        stats=stats,
    )
    try:
        return serve_ports(options)
    finally:
        page_files.withdraw(page_files.folder(), os.getpid())


def _own_sound(config: "Config") -> dict[str, Any]:
    """Give the settings of the process that sounds, fit for JSON."""
    told = config.sound.model_dump(include={"font", "driver", "frames", "gain"})
    return told | {"programs": {"1": {str(c): p for c, p in _programs(config).items()}}}


def _control(config: "Config", origin: "Origin | None") -> dict[str, Any]:
    """Give the settings of the control process, fit for JSON."""
    from livegen.jam.mapping import COMMANDS

    osc = config.osc.model_dump(exclude={"enabled"}) if config.osc.enabled else None
    ports = {"in": config.ports.input, "out": config.ports.output}
    files = _files(config, origin)
    page = _page(config) if config.page.enabled else None
    surfaces = {"osc": osc, "page": page, "link": {}, "set_up": files}
    if config.surfaces:
        surfaces["surfaces"] = _surfaces(config)
    charts = {"shipped": str(shipped.root() / "charts"), "own": str(shipped.own_charts())}
    return surfaces | {"commands": COMMANDS, "ports": ports, "charts": charts}


def _surfaces(config: "Config") -> dict[str, Any]:
    """Give the settings of MIDI surfaces: their maps, read."""
    from livegen.config import own_surfaces
    from livegen.control import surface_map

    found = [surface_map.find(name, own_surfaces()) for name in config.surfaces]
    maps = [surface_map.read(path).as_json() for path in found]
    return {"api": config.ports.api, "maps": maps}


def _page(config: "Config") -> dict[str, Any]:
    """Give the settings of the page's server.  A token that nobody chose lasts from one run to the next."""
    from livegen.daemon import page_files

    folder, kept = _recordings(config), page_files.folder()
    token = config.page.token or page_files.token(
        kept, lambda: secrets.token_urlsafe(16), log.warning
    )
    return config.page.model_dump(exclude={"enabled"}) | {
        "token": token,
        "is_token_chosen": config.page.token is not None,
        "kept": str(kept),
        "pid": os.getpid(),
        "recordings": str(folder) if folder else None,
        "models": list(shipped.models()),
        "presets": list(config.all_presets),
    }


def _files(config: "Config", origin: "Origin | None") -> dict[str, Any]:
    """Give what the control process needs to watch the files of the configuration."""
    from livegen.config import learned_file, own_file, own_folder

    path = (origin and origin.path) or own_file() or own_folder() / "config.yaml"
    return {
        "now": _set_up(config),
        "config": str(path),
        "presets": str(own_folder() / "presets"),
        "learned": str(learned_file()),
        "read": "livegen.app:read_again" if origin else None,
        "origin": origin and origin.as_json(),
    }


def read_again(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Read the files of the configuration anew; the control process calls this by name.  Raises ConfigError."""
    from livegen.config import Origin

    return _set_up(Origin.from_json(origin).load(again=True))


def _set_up(config: "Config") -> dict[str, Any]:
    """A configuration by what can be changed while it plays, and the rest."""
    from livegen.config import learned, settings
    from livegen.jam.mapping import ControlMap

    bindings = ControlMap(config.bindings).bindings  # as the engine writes them
    live = ("jam.", "map", "presets", "macros", "setlist")
    rest = {path: _at(config, path) for path, _ in settings() if not path.startswith(live)}
    return {
        "controls": config.controls,
        "presets": config.all_presets,
        "macros": config.macros,
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
    return spelled_out(folder) if folder else default_folder()


def engine_settings(config: "Config") -> dict[str, Any]:
    """Give the settings of the engine process, fit for JSON.  Channels are 0 to 15 from here on.  Raises ModelError."""
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
        "macros": config.macros,
        "horizon_us": round(daemon.horizon_ms * 1000),
        "keep_warm_us": round(daemon.keep_warm_ms * 1000),
        "awake_us": round(daemon.rest_after_s * SECOND),
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
    from livegen.jam.listener import unknown_style

    controls = checked_controls(settings["controls"])
    if controls.style not in model.facts.styles:
        raise ConfigError(f"jam.{unknown_style(controls.style, model)}")
    return Engine(
        model,
        seed=settings["seed"],
        settings=controls,
        routes={part: Route(**route) for part, route in settings["routes"].items()},
        rules=rules,
        bindings=settings["map"],
        presets=settings["presets"],
        macros=settings.get("macros"),  # not in journals that are older
        horizon_us=settings["horizon_us"],
    )


# --- answering files ------------------------------------------------------------------------------------------


def generate(
    calls: Sequence[Path],
    out: Path,
    config: "Config",
    replaces: bool = False,
    scores: Sequence[Path] = (),
    audio: Path | None = None,
) -> Iterator[Path]:
    """Answer each call by itself and write what both play; gives the path of each file when it is written.

    `scores` are files of notation, `audio` is one of sound, of one call.  Everything that can be wrong with the files'
    names and the model is said before anything is written.  A file that is there is left alone unless `replaces`, a
    call always.  Raises LivegenError.
    """
    from livegen.answer import answer, rules, written
    from livegen.inference.model import load
    from livegen.music import smf
    from livegen.notation.files import check as check_score
    from livegen.notation.notate import notate
    from livegen.sound.fonts import font as sound_font

    settings = engine_settings(config)
    _expect_to_play(str(config.controls["mode"]))
    targets = _targets(calls, out)
    _expect_one("--score", scores, calls, replaces)
    _expect_one("--audio", [audio] if audio else [], calls, replaces)
    for option, file in [("--score", path) for path in scores]:
        _said_by(option, file, partial(check_score, file.suffix.lower()))
    if audio:
        _said_by("--audio", audio, partial(_expect_sound, audio))
    font = sound_font(config.sound.font) if audio else None
    if not replaces:
        _expect_free(list(targets.values()))
    model = load(Path(settings["model"]))
    for call, target in targets.items():
        score, repaired = smf.read_to_play(call)
        if repaired:
            print(f"livegen: {repaired}", file=sys.stderr, flush=True)
        engine = _engine(settings, model, rules(score))
        answered = answer(score, engine)
        _write_out(target, partial(smf.write, score=answered), replaces)
        if call == calls[0]:
            said = f"livegen: {settings['model']}, seed {settings['seed']}"
            print(said, file=sys.stderr, flush=True)
        yield target
        if scores:
            yield from _write_scores(
                scores, notate(answered, call.stem, *written(engine, answered)), replaces
            )
        if audio and font:
            from livegen.sound.render import programs_of, wav
            from livegen.sound.synth import MODEL, PLAYER

            told = {PLAYER: programs_of(score), MODEL: _programs(config)}
            data = wav(answered, font, told)
            _write_out(audio, partial(Path.write_bytes, data=data), replaces, "--audio")
            yield audio


def _expect_one(option: str, files: Sequence[Path], calls: Sequence[Path], replaces: bool) -> None:
    """Raises ConfigError for files of one call that cannot be written."""
    if files and len(calls) > 1:
        raise ConfigError(f"{option} {files[0]}: it is of one call; give one, not {len(calls)}")
    _expect_apart(calls, files, option)
    if not replaces:
        _expect_free(files, option)


def _said_by(option: str, file: Path, check: Callable[[], object]) -> None:
    """Check something of an option's file; a mistake names both."""
    try:
        check()
    except ConfigError as error:
        raise ConfigError(f"{option} {file}: {error}") from None


def _expect_sound(audio: Path) -> None:
    """Raises ConfigError for a file that is no WAV, or where nothing can render one."""
    from livegen.sound.synth import check

    if audio.suffix.lower() != ".wav":
        raise ConfigError(f"expected a file that ends in .wav, got {audio.suffix or 'no ending'}")
    check()


def _programs(config: "Config") -> dict[int, int]:
    """The program of each channel on which a part is sent, by the style; the settings of the part may say another."""
    from livegen.music.parts import PARTS
    from livegen.sound.programs import programs

    routes = dict(config.output)
    of_part = programs(str(config.controls["style"]))
    return {routes[PARTS[part]].channel - 1: program for part, program in of_part.items()}


def _write_scores(scores: Sequence[Path], notation: "Notation", replaces: bool) -> Iterator[Path]:
    from livegen.notation.files import rendered

    for score in scores:
        write = partial(Path.write_bytes, data=rendered(notation, score.suffix.lower()))
        _write_out(score, write, replaces, "--score")
        yield score


# --- playing a journal again --------------------------------------------------------------------------------------


def replay(journal: Path, out: Path | None, model: str | None, replaces: bool = False) -> bool:
    """Play a journal again and say on standard output how far it came out the same; whether it did.

    With `out` the session is written there first, as it was played; a file that is there is left alone unless
    `replaces`.  Raises LivegenError.
    """
    from livegen.daemon.recordings import midi_name
    from livegen.jam.journal import read, salvage
    from livegen.jam.rows import JournalError
    from livegen.replay import reproduce

    if out is not None:
        _expect_apart([journal], [midi_name(out)])
        if not replaces:
            _expect_free([out])
    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise JournalError(f"{journal}: cannot be read ({error.strerror})") from None
    try:
        if out is not None:
            _write_session(salvage(lines), out, replaces)
        session = read(lines)
    except JournalError as error:
        raise JournalError(f"{journal}: {error}") from None
    outcome = reproduce(session, lambda header: _engine_again(header, model), _meaning)
    print(outcome)
    return outcome.is_same


def _write_session(session: "Session", out: Path, replaces: bool) -> None:
    from livegen.daemon.takes import session_score
    from livegen.music import smf

    score = session_score(session)
    if score is None:
        print("nothing was played; no file is written", file=sys.stderr)
        return
    _write_out(out, partial(smf.write, score=score), replaces)


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
    """Make the event of a row of the journal: a command, or another model.  Raises LivegenError."""
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


# --- files to write -----------------------------------------------------------------------------------------------


def _write_out(
    out: Path, write: Callable[[Path], object], replaces: bool, option: str = "--out"
) -> None:
    """Write what an option asks for: all of it or nothing.  Raises ConfigError."""
    from livegen.daemon.recordings import write_new

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_new(out, write, replaces)
    except FileExistsError:
        _expect_free([out], option)
        raise ConfigError(f"{option} {out}: cannot be made: a file is in the way") from None
    except OSError as error:
        raise ConfigError(f"{option} {out}: cannot be written ({error.strerror})") from None


def _expect_free(targets: Sequence[Path], option: str = "--out") -> None:
    """Raises ConfigError when something has one of these names."""
    there = [target for target in targets if os.path.lexists(target)]
    if there:
        more = f" and {len(there) - 1} more are" if len(there) > 1 else " is"
        raise ConfigError(
            f"{option} {there[0]}{more} there already; choose another name, or replace with --force"
        )


def _expect_apart(sources: Sequence[Path], targets: Sequence[Path], option: str = "--out") -> None:
    """Raises ConfigError when a target is one of the sources, by whatever name or link."""
    known = {(found.st_dev, found.st_ino): path for path in sources if (found := path.stat())}
    for target in targets:
        with suppress(OSError):
            found = target.stat()
            if (source := known.get((found.st_dev, found.st_ino))) is not None:
                raise ConfigError(
                    f"{option} {target}: {source} would be written over; choose another place"
                )


def _expect_to_play(mode: str) -> None:
    from livegen.jam.turns import MODES, Start

    if MODES[mode].start is Start.NEVER:
        raise ConfigError(f"--mode {mode}: the model stays silent in it; choose another mode")


def _targets(calls: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Where each call's answer goes: `out` itself, or a file of the call's name in the folder `out`.

    Something without a suffix is a folder.  Raises ConfigError or RecordingError.
    """
    from livegen.daemon.recordings import midi_name

    twice = next((call for call in calls if calls.count(call) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice} is given twice")
    is_folder = len(calls) > 1 or out.is_dir() or not (out.suffix or out.exists())
    if is_folder and out.suffix and not out.exists():
        raise ConfigError(
            f"--out {out}: {len(calls)} calls need a folder, and this looks like a file; "
            "if it is meant, make that folder first"
        )
    if is_folder and out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: {len(calls)} calls need a folder, and this is a file")
    targets = {call: out / f"{call.stem}.mid" if is_folder else midi_name(out) for call in calls}
    written: dict[Path, Path] = {}
    for call, target in targets.items():
        if (other := written.setdefault(target.resolve(), call)) != call:
            raise ConfigError(f"{other} and {call} would both be written to {target}; rename one")
    _expect_apart(calls, list(targets.values()))
    return targets
