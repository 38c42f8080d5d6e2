"""Following MIDI clock: a suite of synthetic clocks on virtual time, and how far the follower is from the truth.

    python -m bench.clock

Nothing here depends on the machine but the last row, the time that a clock takes.  Jitter is uniform and seeded, on
every clock.  A server's period delays each clock to the end of the period it falls into, as JACK does: the mean of
that delay is latency, which no follower can see; what is left about the mean is what counts.
"""

import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from bench.tables import keep
from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.pulse import Pulse
from livegen.music.sync.transport import CLOCK, START
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MINUTE_US

TEMPOS = (60.0, 90.0, 120.0, 174.0, 240.0)
SEEDS = range(20)
PERIODS_US = (128 / 48_000 * 1e6, 256 / 48_000 * 1e6)  # of a server: 2.7 and 5.3 ms
LONG_PERIODS_US = (512 / 48_000 * 1e6, 1024 / 48_000 * 1e6)  # 10.7 and 21.3 ms
JUMPS = ((90.0, 140.0), (140.0, 90.0), (120.0, 126.0), (60.0, 120.0), (120.0, 60.0))
TWO_BEATS, BAR = 2 * TICKS_PER_BEAT, 4 * TICKS_PER_BEAT
BEFORE = 2 * BAR + 11  # clocks before something happens
START_US = 10_000_000

Tempo = Callable[[int], float]  # bpm of the clock that follows clock k


def steady(bpm: float) -> Tempo:
    """A steady tempo."""
    return lambda clock: bpm


def jump(before: float, after: float) -> Tempo:
    """Another tempo from clock BEFORE on."""
    return lambda clock: before if clock < BEFORE else after


def ramp(before: float, after: float, beats: int) -> Tempo:
    """A tempo that changes evenly, beat by beat, from clock BEFORE on."""

    def tempo(clock: int) -> float:
        done = (clock - BEFORE) / (beats * TICKS_PER_BEAT)
        return before + (after - before) * max(0.0, min(1.0, done))

    return tempo


def true_times(tempo: Tempo, clocks: int, start_us: float = START_US) -> list[float]:
    """Give the times at which clocks ought to come, in micros."""
    at, times = float(start_us), []
    for clock in range(clocks):
        times.append(at)
        at += MINUTE_US / TICKS_PER_BEAT / tempo(clock)
    return times


def jittered(most_us: float, times: Sequence[float], seed: int) -> list[int]:
    """Each clock up to so much early or late."""
    chance = random.Random(seed)
    return [round(at + chance.uniform(-most_us, most_us)) for at in times]


def served(period_us: float, times: Sequence[float], seed: int) -> list[int]:
    """Each clock at the end of its server's period, whose place is drawn."""
    phase = random.Random(seed).uniform(0, period_us)
    return [round(math.ceil((at - phase) / period_us) * period_us + phase) for at in times]


@dataclass(frozen=True, slots=True)
class Course:
    """Error of phase in ms and of tempo in bpm after each clock."""

    phase_ms: list[float]
    tempo_bpm: list[float]


def follow(arrivals: Sequence[int], times: Sequence[float], tempo: Tempo) -> Course:
    """A follower that hears Start and then these clocks; judged at each by where it has the true one."""
    follower = ClockFollower()
    follower.feed(bytes((START,)), arrivals[0] - 1_000)
    phase, bpm = [], []
    for clock, (arrival, at) in enumerate(zip(arrivals, times, strict=True)):
        follower.feed(bytes((CLOCK,)), arrival)
        timeline, heard = follower.timeline, follower.bpm
        phase.append((timeline.micros(clock) - at) / 1000 if timeline else math.nan)
        bpm.append(heard - tempo(clock) if heard else math.nan)
    return Course(phase, bpm)


def rms(errors: Sequence[float]) -> float:
    return math.sqrt(sum(error * error for error in errors) / len(errors))


def largest(errors: Sequence[float]) -> float:
    return max(abs(error) for error in errors)


def settled(errors: Sequence[float], within: float) -> int:
    """Count the clocks that it takes until the errors stay within."""
    late = [index for index, error in enumerate(errors) if abs(error) > within]
    return late[-1] + 1 if late else 0


def steady_row(
    name: str, bpm: float, arrive: Callable[[Sequence[float], int], list[int]]
) -> dict[str, Any]:
    """A steady tempo for eight bars: phase after two beats, tempo after a bar; all seeds."""
    times = true_times(steady(bpm), 8 * BAR)
    phase, tempo, delays = [], [], []
    for seed in SEEDS:
        course = follow(arrive(times, seed), times, steady(bpm))
        after = course.phase_ms[TWO_BEATS:]
        delay = sum(after) / len(after) if name.startswith("period") else 0.0
        delays.append(delay)
        phase += [error - delay for error in after]
        tempo += course.tempo_bpm[BAR:]
    return {
        "clocks": name,
        "bpm": bpm,
        "phase_rms_ms": round(rms(phase), 3),
        "phase_max_ms": round(largest(phase), 3),
        "tempo_rms_bpm": round(rms(tempo), 4),
        "tempo_max_bpm": round(largest(tempo), 4),
        "delay_ms": round(sum(delays) / len(delays), 2),
    }


def steady_rows() -> list[dict[str, Any]]:
    """Every tempo under every kind of clock."""
    kinds: dict[str, Callable[[Sequence[float], int], list[int]]] = {
        f"jitter ±{most_us // 1000} ms": partial(jittered, most_us) for most_us in (1000, 5000)
    }
    for period_us in (*PERIODS_US, *LONG_PERIODS_US):
        kinds[f"period of {period_us / 1000:.1f} ms"] = partial(served, period_us)
    return [steady_row(name, bpm, arrive) for name, arrive in kinds.items() for bpm in TEMPOS]


def change_row(name: str, tempo: Tempo, jitter_us: float, clocks: int) -> dict[str, Any]:
    """A tempo that changes: the largest error, when it is below 3 ms for good, and from a beat on."""
    times = true_times(tempo, clocks)
    worst, until, beat_on = 0.0, 0, 0.0
    for seed in SEEDS:
        errors = follow(jittered(jitter_us, times, seed), times, tempo).phase_ms[BEFORE:]
        worst, until = max(worst, largest(errors)), max(until, settled(errors, 3.0))
        beat_on = max(beat_on, largest(errors[TICKS_PER_BEAT:]))
    return {
        "change": name,
        "jitter_ms": jitter_us / 1000,
        "largest_ms": round(worst, 2),
        "clocks_until_3_ms": until,
        "after_a_beat_ms": round(beat_on, 2),
    }


def change_rows() -> list[dict[str, Any]]:
    """Jumps and ramps, with little and with much jitter."""
    rows = []
    for jitter_us in (1000, 5000):
        for before, after in JUMPS:
            name = f"{before:.0f} → {after:.0f}"
            rows.append(change_row(name, jump(before, after), jitter_us, BEFORE + 4 * BAR))
        for before, after in ((120.0, 60.0), (60.0, 120.0)):
            name = f"{before:.0f} → {after:.0f} in 8 bars"
            rows.append(change_row(name, ramp(before, after, 32), jitter_us, BEFORE + 10 * BAR))
    return rows


def filter_rows() -> list[dict[str, Any]]:
    """The filter that is used beside alpha-beta filters of fixed memory, which know no change of tempo."""
    rows = []
    for name, make in FILTERS.items():
        row: dict[str, Any] = {"filter": name}
        for what, tempo, since in (
            ("steady_rms_ms", steady(120.0), TWO_BEATS),
            ("jump_after_a_beat_ms", jump(90.0, 140.0), BEFORE + TICKS_PER_BEAT),
            ("ramp_max_ms", ramp(120.0, 60.0, 32), BEFORE),
        ):
            times = true_times(tempo, BEFORE + 10 * BAR)
            errors = [
                error
                for seed in SEEDS
                for error in place_errors(make(), jittered(1000, times, seed), times)[since:]
            ]
            row[what] = round(rms(errors) if what == "steady_rms_ms" else largest(errors), 2)
        rows.append(row)
    return rows


class FixedMemory:
    """The same alpha-beta filter with a memory of so many clocks, whatever its errors."""

    def __init__(self, memory: int) -> None:
        self.at = self.period = 0.0
        self._heard, self._memory = 0, memory

    def feed(self, now: int) -> int:
        self._heard += 1
        if self._heard < 3:
            self.at, self.period = float(now), now - self.at
            return 1
        n = min(self._heard, self._memory)
        due = self.at + self.period
        self.at = due + (now - due) * 2 * (2 * n - 1) / (n * (n + 1))
        self.period += (now - due) * 6 / (n * (n + 1))
        return 1


FILTERS: dict[str, Callable[[], Pulse | FixedMemory]] = {
    "growing memory, shortened by drift, restarted by jumps": Pulse,
    "memory of 24 clocks": lambda: FixedMemory(24),
    "memory of 96 clocks": lambda: FixedMemory(96),
}


def place_errors(
    pulse: Pulse | FixedMemory, arrivals: Sequence[int], times: Sequence[float]
) -> list[float]:
    """Give the errors of the filter's place at each clock, in ms; above 0 where it is late."""
    last, errors = -1, []
    for clock, (arrival, at) in enumerate(zip(arrivals, times, strict=True)):
        last += pulse.feed(arrival)
        errors.append((pulse.at + (clock - last) * pulse.period - at) / 1000)
    return errors


def clock_cost_us(count: int = 50_000) -> dict[str, float]:
    """Micros of this machine that a clock takes, its timeline included."""
    arrivals = jittered(1000, true_times(steady(120.0), count), 0)
    follower, clock, costs = ClockFollower(), bytes((CLOCK,)), []
    follower.feed(bytes((START,)), 0)
    for arrival in arrivals:
        before = time.perf_counter_ns()
        follower.feed(clock, arrival)
        _ = follower.timeline
        costs.append((time.perf_counter_ns() - before) / 1000)
    costs.sort()
    return {
        "p50_us": round(costs[count // 2], 1),
        "p99_us": round(costs[count * 99 // 100], 1),
        "load": round(os.getloadavg()[0], 2),
    }


def table(facts: dict[str, Any]) -> str:
    """All figures as Markdown tables."""
    lines = [
        "| clocks | bpm | phase after two beats, rms / max ms | tempo after a bar, rms / max bpm "
        "| mean delay, ms |",
        "|---|---|---|---|---|",
    ]
    for row in facts["steady"]:
        phase = f"{row['phase_rms_ms']:.2f} / {row['phase_max_ms']:.2f}"
        tempo = f"{row['tempo_rms_bpm']:.3f} / {row['tempo_max_bpm']:.3f}"
        delay = f"{row['delay_ms']:.1f}" if row["delay_ms"] else ""
        lines.append(f"| {row['clocks']} | {row['bpm']:.0f} | {phase} | {tempo} | {delay} |")
    lines += [
        "",
        "| tempo | jitter, ms | largest error, ms | clocks until it stays below 3 ms "
        "| largest from a beat on, ms |",
        "|---|---|---|---|---|",
    ]
    for row in facts["changes"]:
        lines.append(
            f"| {row['change']} | ±{row['jitter_ms']:.0f} | {row['largest_ms']} "
            f"| {row['clocks_until_3_ms']} | {row['after_a_beat_ms']} |"
        )
    lines += [
        "",
        "| filter, ±1 ms | steady 120, rms ms | 90 → 140, a beat later, ms | 120 → 60 in 8 bars, ms |",
        "|---|---|---|---|",
    ]
    for row in facts["filters"]:
        lines.append(
            f"| {row['filter']} | {row['steady_rms_ms']} | {row['jump_after_a_beat_ms']} "
            f"| {row['ramp_max_ms']} |"
        )
    cost = facts["cost"]
    lines += [
        "",
        f"A clock takes {cost['p50_us']} us (p99 {cost['p99_us']} us, load {cost['load']}).",
    ]
    return "\n".join(lines)


@click.command()
def main() -> None:
    """Run the suite, into clock.json and clock.md."""
    facts = {
        "seeds": len(SEEDS),
        "steady": steady_rows(),
        "changes": change_rows(),
        "filters": filter_rows(),
        "cost": clock_cost_us(),
    }
    keep("clock", facts, table(facts))


if __name__ == "__main__":
    main()
