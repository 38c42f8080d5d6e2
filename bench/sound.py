"""The delay of `livegen serve --sound`: from a note on Model In to the first frame that is not silent.

    python -m bench.sound

A JACK server with the dummy driver, the daemon as people start it (mode listen, so that nobody else plays), and a
client that writes a note into Model In at a known frame and looks at livegen's audio ports.  The way through a device
(its own periods, a converter) comes on top.  Intervals are of notes drawn again, 95 %.  Needs jackd and JACK-Client.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np

from bench.tables import keep, kept, table, told
from livegen.scorecard.estimates import Estimate, quantile

SERVER, RATE = "livegen-bench-sound", 48_000
PERIODS = (64, 256)
NOTES = 100
QUANTILES = {"median": 0.5, "p90": 0.9, "p99": 0.99}
HEARD, SILENT = 3e-4, 1e-4  # of full scale
QUIET_S, HELD_S, PATIENCE_S = 0.05, 0.06, 4.0
SEED = 5


class Probe:
    """A client that plays a note now and then, and notes in which frame it is heard."""

    def __init__(self, jack: Any) -> None:
        self.client = jack.Client("probe", servername=SERVER, no_start_server=True)
        self.midi = self.client.midi_outports.register("midi")
        self.audio = self.client.inports.register("audio")
        self.frames: list[int] = []  # from each note to its sound
        self.missed = 0
        self._quiet_since = self._struck = self._off_at = 0
        self._chance = random.Random(SEED)
        self._is_open = False
        self.client.set_process_callback(self._process)

    def _process(self, frames: int) -> None:
        now = self.client.last_frame_time
        self.midi.clear_buffer()
        if not self._is_open:
            return
        level = np.abs(self.audio.get_array())
        loud = np.flatnonzero(level > HEARD)
        if self._struck and loud.size:
            self.frames.append(now + int(loud[0]) - self._struck)
            self._struck = 0
        if self._off_at and now >= self._off_at:
            self.midi.write_midi_event(0, (0x80, 60, 0))
            self._off_at = 0
        if self._struck and now - self._struck > PATIENCE_S * RATE:
            self.missed, self._struck = self.missed + 1, 0
        if float(level.max()) > SILENT or self._struck or self._off_at:
            self._quiet_since = now
        elif now - self._quiet_since > QUIET_S * RATE:
            offset = self._chance.randrange(frames)
            self.midi.write_midi_event(offset, (0x90, 60, 100))
            self._struck, self._off_at = now + offset, now + round(HELD_S * RATE)
            self._quiet_since = now

    def connect(self) -> None:
        """Connect it to the daemon once that is there."""
        for _ in range(300):
            ports = {port.name for port in self.client.get_ports()}
            if {"livegen:left", "livegen-in:Model In"} <= ports:
                break
            time.sleep(0.1)
        self.client.connect("livegen:left", self.audio)
        self.client.connect(self.midi, "livegen-in:Model In")
        time.sleep(1)
        self._is_open = True


@contextmanager
def _jackd(period: int) -> Iterator[dict[str, str]]:
    about = {"JACK_DEFAULT_SERVER": SERVER, "JACK_NO_START_SERVER": "1"}
    environment = os.environ | about | {"JACK_NO_AUDIO_RESERVATION": "1"}
    words = f"jackd -r -S -n {SERVER} --port-max 64 -d dummy -r {RATE} -p {period}".split()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(words, env=environment, **quiet)  # type: ignore[call-overload]
    try:
        time.sleep(2)
        yield environment
    finally:
        server.terminate()
        server.wait(30)


def measured(period: int, notes: int) -> dict[str, Any]:
    """The figures of one period, frames from a note to its sound."""
    import jack

    command = [sys.executable, "-m", "livegen", "serve", "--api", "jack", "--sound", "--no-page"]
    command += ["--mode", "listen", "--set", "recording.keep=false", "--set", "osc.enabled=false"]
    with _jackd(period) as environment:
        daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        probe = Probe(jack)
        try:
            with probe.client:
                probe.connect()
                by = time.monotonic() + notes * PATIENCE_S
                while len(probe.frames) < notes and time.monotonic() < by:
                    time.sleep(0.2)
        finally:
            daemon.terminate()
            daemon.wait(10)
    found = np.sort(np.array(probe.frames[:notes])) * 1000 / RATE
    return {
        "period": period,
        "period ms": round(period * 1000 / RATE, 2),
        "notes": len(found),
        "missed": probe.missed,
        **{name: kept(quantile(found.tolist(), share)) for name, share in QUANTILES.items()},
        "most": round(float(found[-1]), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def _cell(value: Any) -> str:
    return told(Estimate(**value)) if isinstance(value, dict) else str(value)


@click.command(help=__doc__)
@click.option("--notes", default=NOTES, help="Notes of each period.")
@click.option("--dry", is_flag=True, help="Print only.")
def main(notes: int, dry: bool) -> None:
    """See above."""
    rows = [measured(period, notes) for period in PERIODS]
    names = ("period", "period ms", "notes", "missed", *QUANTILES, "most", "load")
    text = "\n".join((
        "From a note on Model In to the first frame of sound, in milliseconds; JACK's dummy driver at 48 kHz.",
        "",
        table(names, ([_cell(row[name]) for name in names] for row in rows)),
        "",
        "Written by `python -m bench.sound`; the way through a device comes on top.  Load is that of the last minute.",
    ))  # fmt: skip
    keep("sound", {"rows": rows}, text, dry)


if __name__ == "__main__":
    main()
