"""The files of settings while the music plays: a changed file is taken over, a learned binding is kept.

A surface like the others, but its hands are those of a person who edits: once a second the configuration and the
files of presets are looked at, and one that has changed and then stayed the same for a second is read.  All of it
is checked before any of it is used: a mistake is said in a line, and everything stays as it was.  Only controls
whose configured value has changed are told, so a knob that was turned meanwhile stays where it is.

An engine that was started anew is told what its settings do not know: presets, bindings and controls as they were,
and the model that had been changed to; that only once for each model, for it may be what ended the engine.

Knows no configuration of ours: who reads it is named in the settings, as the engine's factory is.
"""

import asyncio
import dataclasses
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from livegen.control.library import own_files, presets
from livegen.control.surfaces import Request
from livegen.daemon.processes.children import ControlProcess
from livegen.errors import LivegenError

HEADING = """\
# Bindings that livegen learned, written by livegen itself.  What your config.yaml says wins over them.
"""
LOOK_EVERY_S = 1.0
SHOWN = 8  # names in a line

Signature = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class SetUp:
    """The contents of the files.

    controls  name to value;  presets  name to controls;  bindings  source to target, learned ones among them;
    learned   those of the bindings that only the file of learned ones holds;
    rest      all other settings by their paths: what is read at the start only.
    macros    name to movement, as it is written.
    """

    controls: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=dict)
    learned: Mapping[str, str] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    macros: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> dict[str, str]:
        """The bindings that a person wrote down."""
        return {s: t for s, t in self.bindings.items() if self.learned.get(s) != t}


def asked_for(old: SetUp, new: SetUp) -> list[Request]:
    """Give the requests to the engine that follow from changed files."""
    asked = []
    if new.presets != old.presets:
        asked.append(Request("presets", new.presets))
    if new.macros != old.macros:
        asked.append(Request("macros", new.macros))
    if new.bindings != old.bindings:
        asked.append(Request("map", new.bindings))
    return [*asked, *_changes(old.controls, new.controls)]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Request]:
    return [Request(name, value) for name, value in new.items() if old.get(name) != value]


def signature(config: Path | None, presets: Path) -> Signature:
    """Give the times at which the configuration and the presets changed last."""
    paths = [*([config] if config else []), *sorted(presets.glob("*.y*ml"))]
    return tuple(stamp for path in paths if (stamp := _stamp(path)))


def _stamp(path: Path) -> tuple[str, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino


class Changes:
    """Has something changed, and is whoever changed it done?  An editor may write a file in several steps."""

    def __init__(self, now: Signature) -> None:
        self._used = self._last = now

    def look(self, now: Signature) -> bool:
        """True if this is new, and the same as at the last look."""
        is_done, self._last = now == self._last, now
        if now == self._used or not is_done:
            return False
        self._used = now
        return True


class SetUpSurface:
    """Watches files and bindings.  `ask` takes what is wanted of the engine, `say` one line for the person.

    `settings`: {"now": fields of `SetUp`, "config": path or null, "presets": folder, "learned": path, "read":
    "module:function" or null, "origin": what that function is given; it gives fields of `SetUp` and raises
    LivegenError}.  Without "read" nothing is watched.  Threads: the event loop's only.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        ask: Callable[[Request], object],
        say: Callable[[str], None],
    ) -> None:
        self._settings, self._ask, self._say = settings, ask, say
        self._config = Path(settings["config"]) if settings.get("config") else None
        self._presets, self._learned = Path(settings["presets"]), Path(settings["learned"])
        self._launched = self._set_up = SetUp(**settings["now"])
        self._state: Mapping[str, Any] = {}
        self._bindings: Mapping[str, str] | None = None  # in force
        self._loaded_again: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> dict[str, Any]:
        """Begin to watch."""
        if self._settings.get("read"):
            changes = Changes(signature(self._config, self._presets))
            self._task = asyncio.create_task(self._watch(changes))
        return {"learned": str(self._learned)}

    def close(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()

    def show(self, state: Mapping[str, Any]) -> None:
        """Take the engine's bindings, and see whether it is still the same engine."""
        bindings, before = state.get("map"), self._state
        if not isinstance(bindings, dict):
            return
        in_force, self._state, self._bindings = self._bindings, state, bindings
        if before and state.get("engine_pid") != before.get("engine_pid"):
            self._tell_again(before, state)
        elif in_force is not None and bindings != in_force:
            self._keep(bindings)

    def _tell_again(self, before: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Another engine, made of the settings of the start: bring it to where the last one was."""
        if self._set_up.presets != self._launched.presets:
            self._send(Request("presets", self._set_up.presets))
        if self._set_up.macros != self._launched.macros:
            self._send(Request("macros", self._set_up.macros))
        if state["map"] != before["map"]:
            self._send(Request("map", before["map"]))
        for asked in _changes(state.get("controls", {}), before.get("controls", {})):
            self._send(asked)
        model = before.get("model_file")
        if model and model != state.get("model_file") and model not in self._loaded_again:
            self._loaded_again.add(model)
            self._send(Request("model", model))

    def _keep(self, bindings: Mapping[str, str]) -> None:
        """Write down what was learned, if the file does not hold just that."""
        said = self._set_up.said
        learned = {s: t for s, t in bindings.items() if said.get(s) != t}
        if learned == self._set_up.learned:
            return
        try:
            save_bindings(self._learned, learned)
        except OSError as error:
            why = error.strerror or error
            return self._say(
                f"{self._learned}: cannot be written ({why}); this binding lasts until livegen ends"
            )
        self._set_up = dataclasses.replace(self._set_up, bindings=said | learned, learned=learned)
        return None

    # --- presets that are saved -----------------------------------------------------------------------------------

    def save_preset(self, name: str, replace: bool = False) -> str:
        """Save the controls as they are now as a preset, and tell the engine of it; its name.

        Raises PresetThere where there is one and it is not to be replaced, PresetError or OSError.
        """
        plain = presets.checked_name(name)
        if not (controls := presets.musical(self._state.get("controls", {}))):
            raise presets.PresetError("livegen is still starting; try again")
        if plain in self._set_up.presets and not presets.has_file(self._presets, plain):
            raise presets.PresetError(
                f"{plain} is a preset of the configuration file; choose another name"
            )
        path = presets.save(self._presets, plain, controls, replace)
        old = self._set_up
        known = {**old.presets, plain: controls}
        self._set_up = dataclasses.replace(old, presets=known)
        self._send(Request("presets", known))
        self._say(f"preset {plain} was saved as {path}")
        return plain

    def try_to_save_preset(self, name: object) -> None:
        """The same for who only gives a name: what hinders it is said in a line, and no preset is replaced."""
        try:
            self.save_preset(str(name))
        except LivegenError as error:
            self._say(f"save_preset: {error}")
        except OSError as error:
            self._say(f"save_preset: the file cannot be written ({error.strerror or error})")

    # --- files that change ----------------------------------------------------------------------------------------

    async def _watch(self, changes: Changes) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if changes.look(signature(self._config, self._presets)):
                await self.read_again()

    async def read_again(self) -> None:
        """Read all files, and take over what they say if all of it is right."""
        before = self._set_up
        try:
            said = await asyncio.to_thread(_read, self._settings["read"], self._settings["origin"])
            new = SetUp(**said)
        except (LivegenError, OSError) as error:
            first, *more = str(error).splitlines()
            rest = f" (and {len(more)} more)" if more else ""
            return self._say(f"{first}{rest}; nothing is changed")
        if self._set_up is not before:  # something was learned meanwhile
            return await self.read_again()
        old, self._set_up = self._set_up, new
        for asked in asked_for(old, new):
            self._send(asked)
        for line in _lines(old, new):
            self._say(line)
        return None

    def _send(self, asked: Request) -> None:
        size = len(json.dumps(asked.value, separators=(",", ":")).encode())
        if size > ControlProcess.MAX_COMMAND - 64:
            return self._say(
                f"{asked.name}: too long to be changed while livegen runs; start livegen again"
            )
        self._ask(asked)
        return None


def save_bindings(path: Path, bindings: Mapping[str, str]) -> None:
    """Write the file of learned bindings, source to target; a link is followed.

    Raises OSError, and then nothing has changed.
    """
    text = yaml.safe_dump(dict(bindings), allow_unicode=True)
    own_files.write(path.resolve(), HEADING + text, replace=True)


def _read(function: str, origin: object) -> Mapping[str, Any]:
    module, _, name = function.partition(":")
    said: Mapping[str, Any] = getattr(importlib.import_module(module), name)(origin)
    return said


def _lines(old: SetUp, new: SetUp) -> list[str]:
    """Say in two lines at most which settings were taken over and which were not."""
    taken = [asked.name for asked in asked_for(old, new)]
    later = [asked.name for asked in _changes(old.rest, new.rest)]
    lines = [f"configuration: changed {_names(taken)}"] if taken else []
    return [
        *lines,
        *([f"configuration: {_names(later)} will change at the next start"] if later else []),
    ]


def _names(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
