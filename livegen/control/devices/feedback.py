"""Feedback: what the lights and motor faders of a surface show of a state.  Pure; knows no ports.

A fader that was just moved is not sent back while it moves.  What waits for a bar line blinks.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from livegen.control.devices.surface_map import SurfaceMap, address
from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Control
from livegen.jam.controls.mapping import NAMED, place_of
from livegen.jam.controls.sources import parse_source
from livegen.music.messages import CONTROL_CHANGE, kind_of

HOLD_US = 500_000  # so long after it was moved a fader is its player's
BLINK_US = 250_000  # half a period

Address = tuple[int, int]  # status and number

# The field of the state that says that a command is in force.
_SWITCHES = {
    "vamp": "goes_round",
    "loop_chords": "goes_round",
    "ending": "ends",
    "stop_time": "stop_time",
    "your_turn": "coming",
}


class Feedback:
    """The lights of a device as they are by now.  Threads: the event loop's only."""

    def __init__(self, surface: SurfaceMap) -> None:
        self._surface = surface
        self._shown: dict[Address, int] = {}
        self._held: dict[Address, int] = {}  # until when

    def forget(self) -> None:
        """The device is new: it shows nothing that we know of."""
        self._shown.clear()

    def moved(self, data: bytes, now: int) -> None:
        """The player moved something: a fader shows what it sent."""
        if kind_of(data) == CONTROL_CHANGE and len(data) == 3:
            self._shown[data[0], data[1]] = data[2]
            self._held[data[0], data[1]] = now + HOLD_US

    def messages(self, state: Mapping[str, Any], now: int) -> list[bytes]:
        """Give what is to be sent so that the device shows the state."""
        news = []
        for at, value, is_fader in self._wanted(state, now):
            is_held = is_fader and now < self._held.get(at, now)
            if not is_held and self._shown.get(at) != value:
                self._shown[at] = value
                news.append(bytes((*at, value)))
        return news

    def _wanted(self, state: Mapping[str, Any], now: int) -> list[tuple[Address, int, bool]]:
        """The value of each address, and whether it is a fader."""
        wanted = []
        for at, target in _addressed({**_in_force(state), **self._surface.bindings}):
            if (control := _fader(at, target)) is None:
                light = self._surface.light(target)
                wanted.append((at, light.on if is_lit(target, state, now) else light.off, False))
            elif (place := _place(control, state)) is not None:
                wanted.append((at, place, True))
        return wanted


def dark(surface: SurfaceMap) -> bytes:
    """Messages that turn the lights of a map off; its faders stay where they are."""
    lights = [at for at, target in _addressed(surface.bindings) if _fader(at, target) is None]
    return b"".join(bytes((*at, 0)) for at in lights)


def _addressed(bindings: Mapping[str, str]) -> Iterator[tuple[Address, str]]:
    """The target of each address of a device; none for what has no light, or is no source."""
    for text, target in bindings.items():
        with suppress(ConfigError):
            if (at := address(parse_source(text))) is not None:
                yield at, target


def _fader(at: Address, target: str) -> Control | None:
    """The control whose value is a place of a fader or a knob; None for a light."""
    control = CONTROLS.get(target)
    is_moved = kind_of(at) == CONTROL_CHANGE and control is not None and control.low < control.high
    return control if is_moved else None


def is_lit(target: str, state: Mapping[str, Any], now: int) -> bool:
    """True if the light of what does this is on in a state; of a cue that waits it blinks."""
    if state.get("cue") == target:
        return now // BLINK_US % 2 == 0
    controls, turn = state.get("controls", {}), state.get("turn")
    if target in CONTROLS:
        return bool(controls.get(target, CONTROLS[target].default) not in ("off", _rest(target)))
    if target.startswith("variation_"):
        return f"variation_{str(controls.get('variation', '')).lower()}" == target
    if target.startswith(NAMED):
        kind, _, name = target.partition(" ")
        return state.get("preset") == name if kind == "preset" else bool(_macros(state).get(name))
    if target == "freeze":
        return turn == "looping"
    return bool(state.get(_SWITCHES.get(target, ""), False))


def _rest(control: str) -> object:
    """The value at which a control's light is off: where it is when livegen starts."""
    return CONTROLS[control].default


def _macros(state: Mapping[str, Any]) -> Mapping[str, bool]:
    found = state.get("macros")
    return found if isinstance(found, Mapping) else {}


def _in_force(state: Mapping[str, Any]) -> Mapping[str, str]:
    found = state.get("map")
    return found if isinstance(found, Mapping) else {}


def _place(control: Control, state: Mapping[str, Any]) -> int | None:
    """The place of a fader for the value of a control, 0 to 127; None where the state does not say it."""
    value = state.get("controls", {}).get(control.name)
    if isinstance(value, str) and value in control.choices:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return max(0, min(127, round(place_of(control, value))))
