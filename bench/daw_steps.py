"""Ardour goes elsewhere, loops, changes its tempo, stops: what it sends then, and where livegen believes to be.

The same of jack_midi_clock.  Knows no notes but those that make an answer to be stopped.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.ardour import KEYBOARD, MODEL_PORT, Ardour, Served, Studio, band, keyboard, settle
from bench.daw_figures import BAR, TRADE, calls, followed, hanging, wire
from livegen.jam.reports.journal import Session
from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.transport import CLOCK, STOP
from livegen.music.time.metre import TICKS_PER_BEAT
from tests.e2e.harness import wait_for

JACK_CLOCK = "jack_midi_clock:mclk_out"
# The orders to jack_transport, and for how many seconds; 144000 frames are beat 6.
TRANSPORT = (
    ("play", 12),
    ("stop", 1),
    ("play", 6),
    ("stop", 1),
    ("locate 0\nplay", 6),
    ("locate 144000", 6),
    ("stop", 1),
)


def bar_phase(ardour: Ardour, daemon: Served) -> dict[str, Any]:
    """Give the place in the bar at which Ardour is, and how far livegen believes to be ahead, in beats."""
    shown = daemon.snapshot()
    before = time.monotonic()
    truth = ardour.beat
    now = (before + time.monotonic()) / 2 * 1e6
    tempo, origin, _ = shown["timeline"]
    away = ((now - origin) / tempo - truth + BAR / 2) % BAR - BAR / 2
    return {
        "leader": shown["leader"],
        "bpm": shown["tempo_bpm"],
        "beat_of_bar": round(truth % BAR, 2),
        "livegen_ahead_beats": round(away, 2),
    }


def heard_since(journal: Session, moments: Sequence[int]) -> Iterator[list[str]]:
    """The messages that came in, cut at moments."""
    for since, until in zip(moments, [*moments[1:], 1 << 62], strict=True):
        yield wire([m for m in journal.heard if since <= m.at < until])


def now_us() -> int:
    """The clock of the journal."""
    return time.monotonic_ns() // 1000


Step = tuple[str, Callable[[Ardour], object]]


def go(at: float, for_beats: float = 8.0) -> Callable[[Ardour], object]:
    """Stop, go to a beat, roll for a while."""

    def act(ardour: Ardour) -> None:
        ardour("stop")
        ardour("locate", at)
        settle()
        ardour("roll")
        ardour.reach(at + for_beats)

    return act


def jump(to: float, for_beats: float = 8.0) -> Callable[[Ardour], object]:
    """Go to a beat while rolling, and roll on."""

    def act(ardour: Ardour) -> None:
        ardour("locate", to, "roll")
        wait_for(lambda: to < ardour.beat < to + 4)
        ardour.reach(to + for_beats)

    return act


COLD = (
    (("roll from bar 5, nothing heard before", go(16)),),
    (("roll from bar 5 beat 3, nothing heard before", go(18)),),
)
WARM = (
    ("roll from bar 1", go(0)),
    ("stop, roll from bar 5", go(16)),
    ("stop, roll from bar 5 beat 3", go(18)),
    ("rolling, go to bar 9", jump(32)),
    ("rolling, go to bar 13 beat 2", jump(49)),
)
STEPS = (*COLD, WARM)


def positions(studio: Studio, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The messages sent at each step, and whether livegen is at Ardour's place in the bar eight beats later."""
    ardour = studio.ardour(120.0)
    rows, moments = [], []
    try:
        with band(studio, ardour, "jam.mode=listen") as daemon:
            for what, act in steps:
                moments.append(now_us())
                act(ardour)
                rows.append({"what": what} | bar_phase(ardour, daemon))
            ardour("stop")
            settle()
            daemon.end()
        journal = daemon.journal()
    finally:
        ardour.close()
    for row, told in zip(rows, heard_since(journal, moments), strict=True):
        row["wire"] = told
    return rows


def looped(studio: Studio, length: float) -> dict[str, Any]:
    """A loop from beat 8 on, for 16 beats and some: what was sent, and whose place in the bar livegen has."""
    ardour = studio.ardour(120.0, (8.0, 8.0 + length))
    try:
        with band(studio, ardour, "jam.mode=listen") as daemon:
            ardour("locate", 8)
            settle()
            ardour("loop")
            settle(8.3)
            rounds = bar_phase(ardour, daemon)
            ardour("stop")
            settle()
            daemon.end()
        journal = daemon.journal()
    finally:
        ardour.close()
    return {"what": f"loop of {length} beats", **rounds, "wire": wire(journal.heard)}


def tempo_change(studio: Studio, while_rolling: bool) -> dict[str, Any]:
    """120 to 140 bpm: written at bar 5 before the take, or everywhere while it rolls; what was sent, and followed."""
    ardour = studio.ardour(120.0)
    try:
        if not while_rolling:
            ardour("tempo", 140, 16)
        with band(studio, ardour, "jam.mode=listen") as daemon:
            ardour("roll")
            ardour.reach(16)
            changed = now_us()
            if while_rolling:
                ardour("tempo", 140, 0)
            settle(4.0)
            told = told_tempo(daemon)
            ardour("stop")
            settle()
            daemon.end()
        journal = daemon.journal()
    finally:
        ardour.close()
    follower, reached = ClockFollower(), None
    for at, data in journal.heard:
        follower.feed(data, at)
        if reached is None and at > changed and abs((follower.bpm or 0) - 140) < 1:
            reached = round((at - changed) / 1000)
    stamps = [m.at for m in journal.heard if m.data[0] == CLOCK][-49:]
    return {
        "what": "while it rolls" if while_rolling else "at bar 5 of the tempo map",
        "sent_bpm": round(60e6 / TICKS_PER_BEAT / ((stamps[-1] - stamps[0]) / 48), 1),
        "followed_after_ms": reached,
        **told,
        "wire": wire([m for m in journal.heard if m.at > changed]),
    }


def stopped(studio: Studio) -> dict[str, Any]:
    """Ardour stops in the middle of an answer, and rolls on from there: when all was silent, what came in."""
    ardour = studio.ardour(120.0)
    try:
        ardour.write(calls(12), studio.folder / "call.txt")
        with band(studio, ardour, *TRADE) as daemon:
            ardour("roll")
            ardour.reach(14.7)
            ardour("stop")
            settle(3.0)
            resumed = now_us()
            ardour("roll")
            ardour.reach(22)
            phase = bar_phase(ardour, daemon)
            ardour("stop")
            settle()
            daemon.end()
        journal = daemon.journal()
    finally:
        ardour.close()
    stop = next(m.at for m in journal.heard if m.data[0] == STOP)
    asked = [m for m in journal.heard if m.data[0] & 0xF0 == 0xB0 and m.data[1] in (120, 123)]
    off = [
        m.at for m in journal.sent if stop - 500_000 < m.at < resumed and m.data[0] & 0xF0 == 0x80
    ]
    on = [m for m in journal.sent if stop < m.at < resumed and m.data[0] & 0xF0 == 0x90]
    near = [m.at for m in asked if abs(m.at - stop) < 500_000]
    sounding = hanging([m for m in journal.sent if m.at < min([stop, *near])])
    return {
        "sounding_at_stop": sounding,
        "all_notes_off_after_FC_ms": round((min(near) - stop) / 1000, 2) if near else None,
        "last_release_after_FC_ms": round((max(off) - stop) / 1000, 2) if off else None,
        "begun_after_FC": len(on),
        "hanging": hanging(journal.sent),
        "wire": [*heard_since(journal, [0, resumed])],
        "rolled_on": phase,
    }


def connect(source: str, destination: str) -> None:
    """A wire of the server's."""
    subprocess.run(["jack_connect", source, destination], check=True)


def light_client(studio: Studio) -> dict[str, Any]:
    """The same facts of jack_midi_clock at 120 bpm, led by jack_transport."""
    folder, moments, rows = Path(tempfile.mkdtemp(dir=studio.folder)), [], []
    with Served(folder, "jam.mode=listen") as daemon, sender(studio):
        daemon.ready()
        wait_for(lambda: {MODEL_PORT, JACK_CLOCK} <= set(studio.jack.ports()))
        with keyboard() as key:  # a session without a note leaves no journal
            connect(KEYBOARD, MODEL_PORT)
            key.send_message((0x90, 60, 64))
            key.send_message((0x80, 60, 64))
            settle()
        connect(JACK_CLOCK, MODEL_PORT)
        for told, seconds in TRANSPORT:
            moments.append(now_us())
            subprocess.run(
                ["jack_transport"],
                input=f"{told}\nquit\n",
                text=True,
                capture_output=True,
                check=True,
            )
            time.sleep(seconds)
            rows.append({"what": told.replace("\n", ", ")} | told_tempo(daemon))
        daemon.end()
    journal = daemon.journal()
    for row, heard in zip(rows, heard_since(journal, moments), strict=True):
        row["wire"] = heard
    first = [m for m in journal.heard if moments[0] <= m.at < moments[1]]
    return {"clock": followed(first), "steps": rows}


@contextmanager
def sender(studio: Studio) -> Iterator[None]:
    """jack_midi_clock at work."""
    process = subprocess.Popen(
        ["jack_midi_clock", "-b", "120"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(5)


def told_tempo(daemon: Served) -> dict[str, Any]:
    """The leader, and its tempo."""
    shown = daemon.snapshot()
    return {"leader": shown["leader"], "bpm": shown["tempo_bpm"]}
