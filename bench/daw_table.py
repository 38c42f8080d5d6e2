"""The figures of `bench.daw` as Markdown tables."""

from typing import Any


def shown(figures: dict[str, float]) -> str:
    """Least / median / greatest, and how far 99 of 100 lie from the median."""
    if not figures:
        return "none"
    parts = " / ".join(f"{figures[name]:.1f}" for name in ("min", "p50", "max"))
    return f"{parts}; 99 % within {figures['p99_from_median']:.1f} (n = {figures['n']})"


def take_row(take: dict[str, Any]) -> str:
    """A line of the table of takes."""
    clock, begins = take["clock"], take["answers_begin_beats"]
    starts = "with the player" if begins is None else ", ".join(f"{at:+.3f}" for at in begins)
    tempo = " to ".join(f"{bpm:.2f}" for bpm in clock["bpm"])
    cells = (
        take["what"],
        str(take["period"]),
        " / ".join(str(ms) for ms in clock["interval_ms"]),
        tempo,
        starts,
        shown(take["offset_sixteenths_ms"]),
        shown(take["offset_ms"]),
        f"{take['sent']} / {take['matched']} / {take['recorded']}",
        str(take["hanging"]),
        str(take["load"]),
    )
    return f"| {' | '.join(cells)} |"


def step_row(step: dict[str, Any]) -> str:
    """A line of the table of positions."""
    ahead = f"{step['livegen_ahead_beats']:+.2f}" if "livegen_ahead_beats" in step else ""
    return f"| {step['what']} | {', '.join(step['wire'])} | {step['leader']} | {step['bpm']} | {ahead} |"


STEP_HEAD = (
    "| Ardour | sent | leader | bpm | livegen ahead in the bar, beats |",
    "|---|---|---|---|---|",
)


def stop_line(stop: dict[str, Any]) -> str:
    """The effect of a stop in the middle of an answer, as a sentence."""
    sent, again = (", ".join(told) for told in stop["wire"])
    return (
        f"Stop in the middle of an answer: sent {sent}; {stop['sounding_at_stop']} sounding, the last released "
        f"{stop['last_release_after_FC_ms']} ms after FC, {stop['begun_after_FC']} begun after it, "
        f"{stop['hanging']} hanging. Rolled on: sent {again}; livegen "
        f"{stop['rolled_on']['livegen_ahead_beats']:+.2f} beats ahead in the bar."
    )


def table(facts: dict[str, Any]) -> str:
    """All figures as Markdown tables."""
    lines = [
        "Ardour 7.3 records what it is answered. Offsets are from the place that livegen meant to the place in",
        "Ardour's recording, ms: least / median / greatest. Clock intervals likewise; 20.8 ms are a clock at 120 bpm.",
        "",
        "| take | period, frames | clocks apart, ms | bpm followed, bars 3 to the end "
        "| answers begin, beats from their bar line | on sixteenths, ms "
        "| all notes, ms | sent / found / recorded | hanging | load |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *map(take_row, facts["takes"]),
        "",
        *STEP_HEAD,
        *map(step_row, (*facts["positions"], *facts["loops"])),
        "",
        "| tempo, 120 to 140 bpm | sent, bpm | followed, bpm | within 1 bpm after, ms |",
        "|---|---|---|---|",
        *(
            f"| {row['what']} | {row['sent_bpm']} | {row['bpm']} | {row['followed_after_ms']} |"
            for row in facts["tempo_changes"]
        ),
        "",
        stop_line(facts["stopped"]),
        "",
        f"jack_midi_clock at 120 bpm, clocks apart {' / '.join(map(str, facts['light']['clock']['interval_ms']))} ms, "
        f"followed {' to '.join(map(str, facts['light']['clock']['bpm']))} bpm:",
        "",
        STEP_HEAD[0].replace("Ardour", "jack_transport"),
        STEP_HEAD[1],
        *map(step_row, facts["light"]["steps"]),
        "",
        f"JACK {'with' if facts['realtime'] else 'without'} real-time scheduling, niceness {facts['nice']}. "
        f"Ardour was started again {facts['restarts']} times, because it came up without its ports; "
        f"takes repeated: {len(facts['repeated'])}.",
    ]
    return "\n".join(lines)
