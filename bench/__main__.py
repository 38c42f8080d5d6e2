"""Every measurement in turn, each in a process of its own, and the table for people: `python -m bench`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PARTS = ("step", "jam", "training")


def spread(figures: dict[str, Any], scale: float = 1000.0, unit: str = "ms") -> str:
    """p50 / p99 / max, micros shown in another unit."""
    if "p50_us" not in figures:
        return "none"
    shown = " / ".join(f"{figures[f'{name}_us'] / scale:.2f}" for name in ("p50", "p99", "max"))
    return f"{shown} {unit} (n = {figures['count']})"


def lines(jam: dict[str, Any], training: dict[str, Any]) -> list[str]:
    """The rows: what, the figure, what was wanted, the load."""
    session, replies = jam["jam"], jam["immediate"]
    first = [
        (
            "note stamped by the port process → state updated",
            spread(session["stamp_to_state"]),
            "step + 1 ms at p99",
            session,
        ),
        (
            "last key released → reply due at once has left",
            spread(replies["release_to_reply"]),
            "2 ms at p99",
            replies,
        ),
        (
            "sixteenths at 180 bpm: sent against due",
            spread(jam["sequencer"]["lateness"]),
            "1 ms at p99",
            jam["sequencer"],
        ),
        (
            "the model's own notes in a jam: sent against due",
            spread(session["lateness"]),
            "1 ms at p99",
            session,
        ),
        (
            "command → `ready`",
            f"{jam['starts']['p50_s']} s, max {jam['starts']['max_s']} s (n = {jam['starts']['n']})",
            "1.5 s",
            jam["starts"],
        ),
        ("resident memory, all processes", f"{session['resident_mb']} MB", "200 MB", session),
        (
            "processor while jamming over JACK",
            f"{session['cpu_jamming']:.1%} of a core",
            "15 %",
            session,
        ),
        ("processor when nobody plays", f"{session['cpu_idle']:.1%} of a core", "2 %", session),
        (
            "training",
            f"{training['events_per_second']:,} events/s on {training['device']}, {training['threads']} thread",
            "",
            training,
        ),
        (
            "training outside the network's arithmetic",
            f"{training['share_outside_the_network']:.1%}",
            "",
            training,
        ),
    ]
    return [
        f"| {what} | {figure} | {wanted} | {row['load']} |" for what, figure, wanted, row in first
    ]


def main() -> None:
    """Measure, then write bench/RESULTS.md."""
    for part in PARTS:
        subprocess.run([sys.executable, "-m", f"bench.{part}"], check=True)
    jam, training = (json.loads((HERE / f"{name}.json").read_text()) for name in PARTS[1:])
    table = [
        "# Speed, as measured by `make bench`",
        "",
        "p50 / p99 / max; load is the one-minute average of a machine with two shared cores.",
        "",
        "| what | measured | wanted | load |",
        "|---|---|---|---|",
        *lines(jam, training),
        "",
        "One event through the network: heard, and all fields of the next predicted (wanted: 0.3 ms p50, 1 ms p99):",
        "",
        (HERE / "step.md").read_text(),
    ]
    (HERE / "RESULTS.md").write_text("\n".join(table))
    print("\n".join(table))


if __name__ == "__main__":
    main()
