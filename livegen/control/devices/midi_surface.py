"""MIDI surfaces with ports of their own: pads, faders and their lights, by a map.

What a device sends becomes what its map says; what that leaves goes to the engine where something is bound to it or
learned, as if it had come to its port.  A map without bindings leaves all.  The device's ports are in a process of
their own (`livegen/daemon/midi/device_process.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from livegen.control.devices.feedback import BLINK_US, Feedback, dark
from livegen.control.devices.surface_map import SurfaceMap
from livegen.control.surfaces import Request
from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.processes.back_off import BackOff
from livegen.daemon.processes.child import LastingChild
from livegen.daemon.processes.frames import DueFrame, HeardFrame, LogFrame, ReadyFrame
from livegen.errors import ConfigError
from livegen.jam.controls.knobs import Knobs
from livegen.jam.controls.mapping import ControlMap
from livegen.jam.controls.sources import parse_source
from livegen.music.messages import decode

MODULE = "livegen.daemon.midi.device_process"
PAUSES_US = (SECOND, 5 * SECOND, 30 * SECOND)
STEADY_US = 60 * SECOND
SYSTEM = 0xF0  # from here on a status is of no channel
LEAVES_S = 0.3  # at the end: so long the device may take to go dark

Ask = Callable[[Request], object]


class _Surface:
    """A device with its ports.  Threads: the event loop's only."""

    def __init__(
        self, surface: SurfaceMap, api: str, ask: Ask, say: Callable[[str], object]
    ) -> None:
        self.name = surface.name
        self._ask, self._say = ask, say
        self._map, self._knobs = ControlMap(surface.bindings), Knobs()
        self._takes_all = not surface.bindings
        self._feedback = Feedback(surface)
        self._state: Mapping[str, Any] = {}
        settings = {"api": api, "ports": surface.ports}
        settings |= {"begin": surface.begin.hex(), "end": (dark(surface) + surface.end).hex()}
        self._child = LastingChild(MODULE, settings, BackOff(PAUSES_US, STEADY_US))
        self._is_there = False
        self._heard: int | None = None  # the descriptor that is listened to

    def open(self) -> None:
        """Look for the device from now on."""
        self._child.start(clock.now())
        self._listen()

    def show(self, state: Mapping[str, Any]) -> None:
        """Let the lights and faders follow a state."""
        self._state = state
        self.refresh()

    def refresh(self) -> None:
        """Send what is new, and what blinks; start the process again if it died."""
        now = clock.now()
        if self._child.link.closed and not self._child.start_again(now):
            return
        if self._heard is None:
            self._listen()
        if self._is_there:
            for data in self._feedback.messages(self._state, now):
                self._child.link.send(DueFrame(now, data))

    def close(self) -> None:
        """Let go of the device, which turns its lights off."""
        self._deafen()
        self._child.end(LEAVES_S)

    def _listen(self) -> None:
        self._heard = self._child.link.fileno()
        asyncio.get_running_loop().add_reader(self._heard, self._read)

    def _deafen(self) -> None:
        if self._heard is not None:
            asyncio.get_running_loop().remove_reader(self._heard)
        self._heard = None

    def _read(self) -> None:
        now = clock.now()
        for frame in self._child.link.receive():
            match frame:
                case ReadyFrame():
                    self._is_there = True
                    self._feedback.forget()
                    if frame.values.get("is_first"):
                        self._say(f"surface {self.name}: {frame.values.get('port')}")
                    self.refresh()
                case LogFrame():
                    self._say(f"surface {self.name}: {frame.line}")
                case HeardFrame():
                    self._take(frame.payload, now)
        if self._child.link.closed:
            self._is_there = False
            self._deafen()
            self._child.bury(now)

    def _take(self, data: bytes, now: int) -> None:
        message = decode(data)
        if message is None or data[0] >= SYSTEM:
            return
        self._feedback.moved(data, now)
        commands = self._map.translate(message, now)
        for command in commands or ():
            self._ask(Request(command.name, command.value))  # type: ignore[arg-type]  # as the map makes it
        if commands is None and (self._takes_all or self._is_meant(message)):
            self._ask(Request("play", list(data)))

    def _is_meant(self, message: Any) -> bool:
        """True if the engine learns now, or has something bound to this."""
        if self._state.get("learning"):
            return True
        moved = {reading.source[:2] for reading in self._knobs.read(message)}
        return any(_kind_of(text) in moved for text in self._state.get("map", {}))


def _kind_of(text: str) -> tuple[str, int] | None:
    """Kind and number of a source as it is written."""
    try:
        return parse_source(text)[:2]
    except ConfigError:
        return None


class MidiSurfaces:
    """All devices, as one surface.  `settings`: {"api", "maps": those of `SurfaceMap.as_json`}.

    Threads: the event loop's only.
    """

    def __init__(self, settings: Mapping[str, Any], ask: Ask, say: Callable[[str], object]) -> None:
        maps: Sequence[Mapping[str, Any]] = settings["maps"]
        api = str(settings["api"])
        self._surfaces = [_Surface(SurfaceMap.from_json(it), api, ask, say) for it in maps]
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> dict[str, Any]:
        """Look for the devices, and let what waits blink."""
        for surface in self._surfaces:
            surface.open()
        self._task = asyncio.create_task(self._blink())
        return {"names": [surface.name for surface in self._surfaces]}

    def show(self, state: Mapping[str, Any]) -> None:
        """Let all of them follow a state."""
        for surface in self._surfaces:
            surface.show(state)

    def close(self) -> None:
        """Turn all lights off."""
        if self._task is not None:
            self._task.cancel()
        for surface in self._surfaces:
            surface.close()

    async def _blink(self) -> None:
        while True:
            await asyncio.sleep(BLINK_US / SECOND)
            for surface in self._surfaces:
                surface.refresh()
