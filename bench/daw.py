"""A real DAW as clock master and recorder: Ardour 7 without a screen, on JACK's dummy driver.

    python -m bench.daw

Ardour plays a written call to the model, sends it MIDI clock, and records what comes back; what is said of the notes
is read from Ardour's own recording, what is said of the wire from livegen's journal.  Where Ardour is not installed
one line says so, and nothing is measured or written.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.ardour import PROGRAM, ArdourError, Studio, band, settle
from bench.daw_figures import (
    BAR,
    TRADE,
    TUNE,
    answers,
    calls,
    followed,
    hanging,
    offsets,
    pairs,
    spread,
    wire,
)
from bench.daw_steps import STEPS, light_client, looped, positions, stopped, tempo_change
from bench.daw_table import table
from bench.tables import keep
from tests.e2e.harness import SERVER_NAMES, Jack

ACCOMPANY = ("jam.mode=accompany", "jam.start=bar")
SIXTEENTH = 6  # ticks
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Take:
    """A take, played once from the start: settings of livegen, tempo, bars, frames of the server's period."""

    what: str
    settings: tuple[str, ...]
    bpm: float = 120.0
    bars: int = 12
    period: int = 256


TAKES = (
    Take("trade, 120 bpm", TRADE, bars=24),
    Take("trade, 97 bpm", TRADE, 97.0, bars=18),
    Take("accompany, 120 bpm", ACCOMPANY, bars=12),
    Take("trade, 120 bpm, period 64", TRADE, period=64),
    Take("trade, 120 bpm, period 1024", TRADE, period=1024),
)


def play(studio: Studio, take: Take) -> dict[str, Any]:
    """A take, from the first bar to the last."""
    ardour = studio.ardour(take.bpm)
    try:
        ardour.write(calls(take.bars), studio.folder / "call.txt")
        with band(studio, ardour, *take.settings) as daemon:
            ardour("arm", "Model", "on")
            ardour.record()
            ardour.reach(take.bars * BAR)
            shown, figures = daemon.snapshot(), daemon.stats()
            ardour("stop")
            notes = ardour.recorded()
            settle(1.0)
            daemon.end()
        journal = daemon.journal()
    finally:
        ardour.close()
    sent, found = pairs(journal, notes)
    late = list(offsets(journal, found, take.bpm))
    lengths = [note.length for _, note in found]
    return {
        **asdict(take),
        "clock": followed(journal.heard),
        "wire": wire(journal.heard),
        "leader": shown["leader"],
        "tempo_bpm": shown["tempo_bpm"],
        "calls": len(calls(take.bars)) // len(TUNE),
        "answers_begin_beats": answers(notes, take.bars) if take.settings == TRADE else None,
        "sent": sent,
        "recorded": len(notes),
        "matched": len(found),
        "hanging": hanging(journal.sent),
        "longest_beats": round(max(lengths, default=0.0), 2),
        "offset_ms": spread([ms for _, ms in late]),
        "offset_sixteenths_ms": spread([ms for tick, ms in late if not tick % SIXTEENTH]),
        "lateness": figures["lateness"],
        "load": round(os.getloadavg()[0], 2),
    }


def measure(folder: Path) -> dict[str, Any]:
    """All takes, each on a server of its own."""
    name = next(n for n in SERVER_NAMES if not Jack(n).ports())
    facts: dict[str, Any] = {"takes": [], "restarts": 0, "repeated": [], "nice": os.nice(0)}

    def on(period: int, work: Callable[[Studio], Any]) -> Any:
        for _ in range(ATTEMPTS):
            with Studio(name, folder, period) as studio:
                try:
                    result = work(studio)
                except (ArdourError, AssertionError, KeyError) as error:
                    print(f"once more: {error}", file=sys.stderr, flush=True)
                    facts["repeated"].append(str(error))
                    continue
                finally:
                    facts["restarts"] += studio.restarts
                    facts["realtime"] = studio.jack.is_realtime
            print(json.dumps(result), flush=True)
            return result
        raise ArdourError(f"{ATTEMPTS} attempts in vain")

    for take in TAKES:
        facts["takes"].append(on(take.period, partial(play, take=take)))
    sets = [on(256, partial(positions, steps=steps)) for steps in STEPS]
    facts["positions"] = [row for rows in sets for row in rows]
    facts["loops"] = [on(256, partial(looped, length=length)) for length in (8, 6)]
    facts["tempo_changes"] = [
        on(256, partial(tempo_change, while_rolling=w)) for w in (False, True)
    ]
    facts["load"] = round(os.getloadavg()[0], 2)
    facts["stopped"] = on(256, stopped)
    facts["light"] = on(256, light_client)
    return facts


def main() -> None:
    """Measure, into daw.json and daw.md; say why not where there is no Ardour."""
    if shutil.which(PROGRAM) is None:
        print(f"{PROGRAM} is not installed: nothing of a DAW is measured")
        return
    folder = Path(tempfile.mkdtemp(prefix="livegen-daw-"))
    try:
        facts = measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    keep("daw", facts, table(facts))


if __name__ == "__main__":
    main()
