"""The messages to all pages: names, the state of the engine, notes, figures and lines, as JSON texts.

Takes states and frames of the port process; makes each text once, however many pages look on.  Knows no sockets.
"""

import json
import os
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from livegen import __version__
from livegen.control.surfaces import Meant, Request, as_given
from livegen.control.web.mailbox import MOST_LINES
from livegen.control.web.page_messages import MAX_BYTES, Known
from livegen.control.web.roles import ROLES
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.frames import HeardFrame, NewsFrame, SentFrame
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.mapping import COMMANDS, CUES, LABELS
from livegen.jam.controls.style_mix import mix_of
from livegen.jam.turns import MODES
from livegen.music.keys.scale import KINDS
from livegen.music.parts import PARTS
from livegen.sound.programs import programs

MOST_CLIENTS = 8
MESSAGES_PER_S = 200
NOT_SHOWN = ("ports", "styles", "engine")  # told otherwise
_PROGRAM = re.compile(r"program (\d+)")


class Stage:
    """`texts` is the state by now, each top-level value as JSON; `lines` the last ones told.

    `room` is the name of the studio's room that it shows; None at one's own machine.  `began`, micros, tells the
    engines of a room apart.  `left_out` are commands that cannot be asked for; `font` is the name of the sound font
    that its pages can fetch, None where there is none; `listens`: notes are heard in the audio of a page.

    Every method that takes news gives the texts to tell, or whether there is something to tell.
    """

    def __init__(
        self,
        ports: Mapping[str, Any],
        presets: Sequence[str] = (),
        models: Sequence[str] = (),
        has_recordings: bool = False,
        meant: Meant = as_given,
        room: str | None = None,
        began: int | None = None,
        left_out: Collection[str] = (),
        font: str | None = None,
        listens: bool = False,
    ) -> None:
        self._meant = meant
        self._facts: dict[str, Any] = {
            "ports": {"in": "", "out": "", "api": "", **ports},
            "presets": list(presets),
            "setlist": [],
            "styles": ["any"],
            "models": list(models),
            "recordings": has_recordings,
            "font": font,
            "listens": listens,
            "room": room,
            "began": began,
            "players": [],
            "is_recorded": False,
            "commands": [one for one in _COMMANDS if one["name"] not in left_out],
        }
        self._state: Mapping[str, Any] = {}
        self._engine = "starting" if room is None else "alive"
        self._cpu = (0, 0.0)
        self.texts: dict[str, str] = {"engine": _json(self._engine)}
        self.lines: deque[str] = deque(maxlen=MOST_LINES)

    @property
    def known(self) -> Known:
        """The names that can be asked for."""
        presets, models = frozenset(self._facts["presets"]), frozenset(self._facts["models"])
        return Known(presets, models, self._meant)

    @property
    def is_room(self) -> bool:
        """True of a studio's room."""
        return self._facts["room"] is not None

    def hello(self, now: int) -> str:
        """Give the greeting: names, controls and commands."""
        told = {"t": "hello", "version": __version__, "now": now} | _TABLES | self._facts
        return _json(told)

    def show(self, state: Mapping[str, Any]) -> bool:
        """Take a state of the engine; whether `hello` has changed with it."""
        texts = {key: _json(value) for key, value in state.items() if key not in NOT_SHOWN}
        if isinstance(controls := state.get("controls"), Mapping):
            texts["programs"] = _json(_programs(controls))
        self.texts = texts | {"engine": _json(self._engine)}
        changed: dict[str, Any] = {"setlist": _setlist(state.get("map"))}
        if isinstance(styles := state.get("styles"), list):
            changed["styles"] = styles
        return self._learn(changed)

    def asked(self, request: Request) -> bool:
        """Something was asked for, by whomever; whether `hello` has changed with it."""
        if request.name == "presets" and isinstance(request.value, Mapping):
            return self._learn({"presets": list(request.value)})
        return False

    def meet(self, seats: Sequence[Mapping[str, Any]]) -> bool:
        """Take those who are in the room; whether `hello` has changed with it.  At home it never does.

        Of each {"name", "role": "" for none, "channel": the one on which he is heard, or None}.
        """
        return self.is_room and self._learn({"players": list(seats)})

    def record(self, is_recorded: bool) -> bool:
        """Record the room from now on, or no more; whether `hello` has changed with it."""
        return self._learn({"is_recorded": is_recorded})

    def note(self, frame: HeardFrame | SentFrame) -> str:
        """The text of a message that was heard or sent."""
        who = int(isinstance(frame, SentFrame))
        return _json([who, frame.micros, *frame.payload])

    def line(self, frame: NewsFrame) -> str:
        """The text of a line for people; it is kept for those who come later."""
        text = _json({"t": "line", "at": frame.micros} | frame.values)
        self.lines.append(text)
        return text

    def figures(self, given: Mapping[str, Any], now: int) -> str:
        """The text of the figures, with what this process takes of a core since the last time."""
        told = {key: value for key, value in given.items() if key not in ("engine", "ports")}
        before, self._cpu = self._cpu, (now, sum(os.times()[:2]))
        share = (self._cpu[1] - before[1]) / max(1, now - before[0]) * SECOND
        told["cpu"] = {**given.get("cpu", {}), "control": round(share, 4)}
        return _json({"t": "figures"} | told)

    def health(self, given: Mapping[str, Any]) -> tuple[bool, bool]:
        """Take what the figures say of the engine and the ports: whether the state, and `hello`, have changed."""
        before, self._engine = self._engine, str(given.get("engine", self._engine))
        self.texts = {**self.texts, "engine": _json(self._engine)}
        ports = given.get("ports")
        is_new = isinstance(ports, dict) and self._learn({"ports": ports})
        return before != self._engine, is_new

    def _learn(self, facts: Mapping[str, Any]) -> bool:
        before = self._facts
        self._facts = {**before, **facts}
        return self._facts != before


def _setlist(bindings: object) -> list[str]:
    """The presets that program changes switch to, in order."""
    found = {}
    for source, target in bindings.items() if isinstance(bindings, dict) else ():
        program, preset = _PROGRAM.fullmatch(source), str(target)
        if program and preset.startswith("preset "):
            found[int(program[1])] = preset.removeprefix("preset ")
    return [found[program] for program in sorted(found)]


def _programs(controls: Mapping[str, Any]) -> dict[str, int]:
    """The program of each part with pitches, by the style in which the model plays."""
    mix = mix_of(str(controls.get("style", "")), float(controls.get("style_mix", 0)))
    return {PARTS[part]: program for part, program in programs(mix.near).items()}


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


_COMMANDS = tuple(
    {"name": name, "label": LABELS[name], "help": about, "is_cue": name in CUES}
    for name, about in COMMANDS.items()
)
_WORDS = ("waiting", "listening", "playing", "needs_clock", "is_beside", "yields")
_TABLES = {
    "controls": [
        {**asdict(control), "knob": control.has_knob} for control in CONTROLS.values()
    ],
    "modes": {
        name: {word: getattr(mode, word) for word in _WORDS}
        for name, mode in MODES.items()
    },
    "parts": list(PARTS),
    "roles": list(ROLES),
    "scales": list(KINDS),
    "limits": {
        "message_bytes": MAX_BYTES,
        "messages_per_s": MESSAGES_PER_S,
        "clients": MOST_CLIENTS,
    },
}  # fmt: skip


def pong(at: float) -> str:
    """The answer to a ping."""
    return _json({"t": "pong", "at": at, "now": clock.now()})


def token(text: str) -> str:
    """Give the token to a page that came in with a key that was good once."""
    return _json({"t": "token", "token": text})


def room(name: str) -> str:
    """Give the name of the room that a page is to ask for with the address of its socket."""
    return _json({"t": "room", "room": name})


def you(role: str, channel: int | None, steers: bool, is_fixed: bool) -> str:
    """Tell a page what its player does, on which channel, and whether he may change controls, and his role."""
    told = {"role": role, "channel": channel, "steers": steers, "is_fixed": is_fixed}
    return _json({"t": "you"} | told)


def refused(line: str, name: str = "") -> str:
    """The answer to what was not understood or not allowed; `name` is the control's that was meant."""
    return _json({"t": "refused", "line": line} | ({"name": name} if name else {}))
