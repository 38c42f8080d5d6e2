"""The table of checks, in the order in which they are made and told, and the visit."""

from collections.abc import Callable, Iterator
from pathlib import Path

from livegen.config import Config
from livegen.doctor import computer, midi
from livegen.doctor.findings import Check, Row, examine
from livegen.doctor.patient import Patient

CHECKS: dict[str, Check[Patient]] = {
    "versions": computer.versions,
    "configuration": computer.configuration,
    "model": computer.model,
    "speed": computer.speed,
    "realtime": computer.realtime,
    "recordings": computer.recordings,
    "osc": computer.osc,
    "system": midi.system,
    "ports": midi.ports,
    "period": midi.period,
    "wires": midi.wires,
    "loop": midi.loop,
    "clock": midi.clock,
    "notes": midi.notes,
}


def visit(
    load: Callable[[], Config], path: Path | None = None, api: str | None = None
) -> Iterator[Row]:
    """Examine this machine with the configuration that `load` reads, row by row; `path`, `api`: as it was told them.

    Takes about 3 s, of which two are listening.  Never raises for anything that is wrong.
    """
    return examine(CHECKS, Patient(load, path, api=api))
