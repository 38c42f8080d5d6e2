"""Turn-taking over calls of the validation split: who is answered, when, and whether anybody is talked over.

    python -m bench.turns DATA [--calls N]

Calls are one to four bars of a lead, with all the pauses that stand in them, on virtual time and on MIDI clock at
their piece's tempo.  The hand-over is the release of a call's last key.  An answer is on its line when its first
onset lies within a tick (a 24th of a beat) of the bar line or beat where it was due to begin; the model may rest
there first, for up to a beat.  By the next beat: no later than a beat after the first beat from the hand-over on, as
calls that go to their bar line end a twelfth of a beat before it.  Talked over: anything of the model's sounds before
the hand-over.
"""

import json
import math
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bench.sets import SETS
from bench.tables import keep
from livegen import shipped
from livegen.inference.contract import Model
from livegen.inference.model import load
from livegen.scorecard.held_out_calls import LeadCall, calls, held_out
from livegen.scorecard.playing import CLOCKS, PlayedCall, played

SEED = 20261121
BARS = (1, 2, 3, 4)
TRADE_BARS = 2
EXACT = 1.5 / CLOCKS  # beats
KEPT = 0.02  # beats: a note that a key cut short sounds on for no longer

TRIALS: dict[str, dict[str, object]] = {
    "respond, start = bar": {"start": "bar"},
    "respond, start = beat": {"start": "beat"},
    "respond, start = now": {"start": "now"},
}


def is_talked_over(heard: PlayedCall) -> bool:
    """True if the model began a note before the call was over."""
    return any(note.onset < heard.call.ends for note in heard.notes)


def wait(heard: PlayedCall) -> float:
    """Beats from the hand-over to the first onset."""
    return heard.answer[0].onset - heard.call.ends


def next_beat(heard: PlayedCall) -> float:
    """The beat after the one on which the call ended, where that is the first from its hand-over on."""
    return math.ceil(heard.call.ends - EXACT) + 1


def late(heard: PlayedCall) -> float:
    """Beats from where the answer might begin to its first onset."""
    assert heard.line is not None
    return heard.answer[0].onset - heard.line


def is_on(heard: PlayedCall, grid: float) -> bool:
    """True if the first onset is on a line of so many beats."""
    place = heard.answer[0].onset % grid
    return min(place, grid - place) <= EXACT


def share(found: Sequence[bool]) -> float:
    return round(statistics.fmean(found), 4) if found else 0.0


def spread(figures: Sequence[float]) -> dict[str, float]:
    """Mean, median and 90th percentile."""
    ranked = sorted(figures)
    return {
        "mean": round(statistics.fmean(ranked), 2),
        "p50": round(ranked[len(ranked) // 2], 2),
        "p90": round(ranked[len(ranked) * 9 // 10], 2),
    }


def respond(model: Model, some: Sequence[LeadCall], values: dict[str, object]) -> dict[str, Any]:
    """Figures of one way to begin."""
    heard = [played(model, call, values, seed=number) for number, call in enumerate(some)]
    answered = [one for one in heard if one.answer]
    return {
        "calls": len(heard),
        "answered": share([bool(one.answer) for one in heard]),
        "on_its_line": share([abs(late(one)) <= EXACT for one in answered]),
        "on_a_beat": share([is_on(one, 1.0) for one in answered]),
        "on_a_bar": share([is_on(one, one.call.bar) for one in answered]),
        "within_a_beat_of_its_line": share([late(one) <= 1 + EXACT for one in answered]),
        "within_a_beat_of_the_hand_over": share([wait(one) <= 1 + EXACT for one in answered]),
        "by_the_next_beat": share(
            [one.answer[0].onset <= next_beat(one) + EXACT for one in answered]
        ),
        "within_a_bar_of_the_hand_over": share([wait(one) <= one.call.bar for one in answered]),
        "talked_over": share([is_talked_over(one) for one in heard]),
        "line_beats": spread(
            [one.line - one.call.ends for one in answered if one.line is not None]
        ),
        "wait_beats": spread([wait(one) for one in answered]),
        "wait_ms": spread([wait(one) * one.call.tempo_us / 1000 for one in answered]),
    }


def trade(model: Model, some: Sequence[LeadCall]) -> dict[str, Any]:
    """Two bars each: whether the model's begin where the player's end, and end where the player's begin."""
    values: dict[str, object] = {"mode": "trade", "trade": TRADE_BARS}
    heard = [played(model, call, values, seed=number) for number, call in enumerate(some)]
    due = [one.call.bars * one.call.bar for one in heard]
    pairs = [(one, bars) for one, bars in zip(heard, due, strict=True) if one.answer]
    return {
        "calls": len(heard),
        "answered": share([bool(one.answer) for one in heard]),
        "its_bars_are_next": share(
            [one.line is not None and abs(one.line - at) < EXACT for one, at in pairs]
        ),
        "on_its_bar": share([abs(one.answer[0].onset - at) <= EXACT for one, at in pairs]),
        "within_a_beat": share(
            [-EXACT <= one.answer[0].onset - at <= 1 + EXACT for one, at in pairs]
        ),
        "ends_with_its_bars": share([one.answer[-1].onset < 2 * at for one, at in pairs]),
        "talked_over": share([is_talked_over(one) for one in heard]),
    }


def table(facts: dict[str, Any]) -> str:
    """All figures as Markdown."""
    lines = [
        "| | answered | on its line | on a bar line | on a beat | within a beat of its line | of the hand-over "
        "| by the next beat | within a bar of it | talked over | wait, beats: mean / p50 / p90 | ms |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in facts["respond"].items():
        shares = [
            f"{row[what]:.1%}"
            for what in (
                "answered", "on_its_line", "on_a_bar", "on_a_beat", "within_a_beat_of_its_line",
                "within_a_beat_of_the_hand_over", "by_the_next_beat", "within_a_bar_of_the_hand_over", "talked_over",
            )
        ]  # fmt: skip
        waits = [
            " / ".join(f"{row[what][which]:g}" for which in ("mean", "p50", "p90"))
            for what in ("wait_beats", "wait_ms")
        ]
        lines.append(f"| {name} | {' | '.join(shares + waits)} |")
    row = facts["trade"]
    return "\n".join(
        [
            f"{facts['calls']} calls of one to four bars; what the words mean stands in bench/turns.py.",
            "",
            *lines,
            "",
            f"Trading {TRADE_BARS} bars, {row['calls']} calls: answered {row['answered']:.1%}, "
            f"its bars are the next {row['its_bars_are_next']:.1%}, "
            f"first onset on their bar line {row['on_its_bar']:.1%}, within a beat {row['within_a_beat']:.1%}, "
            f"ends with them {row['ends_with_its_bars']:.1%}, talked over "
            f"{row['talked_over']:.1%}.",
        ]
    )


@click.command()
@click.argument("data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--calls", "count", default=500, show_default=True)
def main(data: Path, count: int) -> None:
    """Take turns over calls from the sets in DATA, into turns.json and turns.md."""
    model = load(shipped.model("default"))
    pieces = held_out(data, names=SETS)
    some = calls(pieces, count, SEED, bars=BARS)
    facts: dict[str, Any] = {"calls": len(some), "respond": {}}
    for name, values in TRIALS.items():
        few = some if name != "respond, start = now" else some[: count // 5]
        facts["respond"][name] = respond(model, few, values)
        click.echo(f"{name}: {json.dumps(facts['respond'][name])}")
    facts["trade"] = trade(model, calls(pieces, count // 2, SEED, bars=(TRADE_BARS,)))
    facts["load"] = round(os.getloadavg()[0], 2)
    keep("turns", facts, table(facts))


if __name__ == "__main__":
    main()
