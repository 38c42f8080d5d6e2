"""Engines for end-to-end tests, small enough to foretell every message.

They run in the engine process: name one in the settings, as `{"engine": "engines:echo"}`.
"""

import os
import time
from collections.abc import Mapping
from typing import Any

from livegen.daemon.engine.engine_loop import EngineLike
from livegen.errors import ModelError
from livegen.jam.engine import Event
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import NoteOff, NoteOn

# Pitches that make an engine die, hang, run away, or start a chord it never ends.
KILLER, SLEEPER, RUNNER, HOLDER = 1, 2, 3, 4
CHORD = (40, 44, 47)
SIXTEENTH_US = 83_333  # 180 bpm


class Echo(EngineLike):
    """Answer each key by its octave, due at once."""

    name = "echo"

    def __init__(self, settings: Mapping[str, Any], now: int) -> None:
        self.settings = settings

    def feed(self, event: Event, now: int) -> list[Timed]:
        match event:
            case NoteOn(pitch=pitch) if pitch == KILLER:
                os._exit(3)
            case NoteOn(pitch=pitch) if pitch == SLEEPER:
                time.sleep(3600)
            case NoteOn(pitch=pitch) if pitch == RUNNER:
                while True:
                    pass
            case NoteOn(pitch=pitch, velocity=velocity) if pitch == HOLDER:
                return [Timed(now, NoteOn(note, velocity)) for note in CHORD]
            case NoteOn(pitch=pitch, velocity=velocity, channel=channel):
                return [Timed(now, NoteOn(min(pitch + 12, 127), velocity, channel))]
            case NoteOff(pitch=pitch, channel=channel) if pitch > HOLDER:
                return [Timed(now, NoteOff(min(pitch + 12, 127), 64, channel))]
        return []

    def deadline(self) -> int | None:
        return None

    def snapshot(self) -> dict[str, Any]:
        return {"model": self.name, "mode": "echo"}


class Stumbling(Echo):
    """Raise at every third event."""

    fed = 0

    def feed(self, event: Event, now: int) -> list[Timed]:
        self.fed += 1
        if self.fed % 3 == 0:
            raise RuntimeError("every third event")
        return super().feed(event, now)


class Sequencer(Echo):
    """Play sixteenths at 180 bpm for ever, handed out 30 ms ahead, once a key was pressed."""

    name = "sequencer"
    next_at: int | None = None

    def feed(self, event: Event, now: int) -> list[Timed]:
        if isinstance(event, NoteOn) and self.next_at is None:
            self.next_at = now + 100_000
        if self.next_at is None or self.next_at - 30_000 > now:
            return []
        at, self.next_at = self.next_at, self.next_at + SIXTEENTH_US
        return [Timed(at, NoteOn(60, 80)), Timed(at + SIXTEENTH_US // 2, NoteOff(60))]

    def deadline(self) -> int | None:
        return None if self.next_at is None else self.next_at - 30_000


class Warm(Echo):
    """Count how often its caches were kept warm."""

    warmed = 0

    def keep_warm(self) -> None:
        self.warmed += 1

    def snapshot(self) -> dict[str, Any]:
        return {"model": "warm", "warmed": self.warmed}


def stillborn(settings: Mapping[str, Any], now: int) -> Echo:
    """End before being ready, without a word."""
    os._exit(7)


def refused(settings: Mapping[str, Any], now: int) -> Echo:
    """Be a model that cannot be served."""
    raise ModelError("model.onnx is not what our exporter writes; export it again")


echo, stumbling, sequencer, warm = Echo, Stumbling, Sequencer, Warm
