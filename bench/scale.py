"""The cores that so many jams need, by what a jam costs and how jams are dealt to processes: a simulation.

    python -m bench.scale

Jams come one after the other, 70 % in respond and 30 % in accompany, each with a room of its own.  A process plays on
one core and takes a jam while what it plays costs at most 65 % of it, as a studio does.  Three ways to deal are
compared: to a process by the hash of the room (consistent, as HAProxy does it), to the better of two drawn by chance,
and to the one with the fewest jams.  The least number of processes is searched with which one jam in a thousand
or fewer is turned away.  Then a machine of 16 cores fails, and its jams come back by the same way.

What a jam costs is read from bench/studio.json; prices and bytes are arguments of the figures, not measured here.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.tables import HERE, keep, table

SIZES = (100, 10_000, 100_000)
SHARE = 0.3  # of the jams in accompany, the others in respond
FULL = 0.65  # of a core
TURNED_AWAY = 0.001
MACHINE = 16  # cores
POINTS = 128  # of a process on the ring of a consistent hash
BYTES_PER_S = {"respond": 1_500, "accompany": 4_600}  # docs/STUDIO.md's messages, both ways
CORE_HOUR, GIGABYTE = (
    0.04,
    0.05,
)  # an assumed price, dollars: a rented core for an hour, a gigabyte sent
SEED = 17

Floats = npt.NDArray[np.float64]
# Processes, jams and chance to the share turned away and what each process plays.
Way = Callable[[int, Floats, np.random.Generator], tuple[float, Floats]]


def costs(figures: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Cores and MB of a jam beside many others, by mode, from the figures of bench/studio.json."""
    found = {}
    for mode in ("respond", "accompany"):
        own = [one for one in figures if one["how"].startswith(f"{mode}, a studio")]
        alone, many = (
            min(own, key=lambda one: int(one["players"])),
            max(own, key=lambda one: int(one["players"])),
        )
        more = (many["memory_mb"] - alone["memory_mb"]) / max(1, many["players"] - alone["players"])
        found[mode] = (many["cores"] / many["players"], more)
    return found


def by_hash(processes: int, jams: Floats, chance: np.random.Generator) -> npt.NDArray[np.int64]:
    """The process of each jam on a ring of points."""
    ring = chance.random((processes, POINTS))
    order = np.argsort(ring, axis=None)
    at = np.searchsorted(ring.ravel()[order], chance.random(len(jams)))
    return np.asarray(order[at % len(order)] // POINTS, np.int64)


def filled(to: npt.NDArray[np.int64], jams: Floats, processes: int) -> tuple[float, Floats]:
    """Share of the jams that come to a full process, by the process of each, and what each process plays."""
    load, away = np.zeros(processes), 0
    for process, cost in zip(to.tolist(), jams.tolist(), strict=True):
        if load[process] > FULL - cost:
            away += 1
        else:
            load[process] += cost
    return away / len(jams), load


def hashed(processes: int, jams: Floats, chance: np.random.Generator) -> tuple[float, Floats]:
    """Dealt by the hash of the room."""
    return filled(by_hash(processes, jams, chance), jams, processes)


def better_of_two(
    processes: int, jams: Floats, chance: np.random.Generator
) -> tuple[float, Floats]:
    """Dealt to the one of two that plays less, refused only where that one is full."""
    pairs = chance.integers(0, processes, (len(jams), 2)).tolist()
    load = np.zeros(processes)
    to = np.zeros(len(jams), np.int64)
    for number, ((one, other), cost) in enumerate(zip(pairs, jams.tolist(), strict=True)):
        to[number] = one if load[one] <= load[other] else other
        load[to[number]] += cost
    return filled(to, jams, processes)


def fewest(processes: int, jams: Floats, chance: np.random.Generator) -> tuple[float, Floats]:
    """Dealt to the one with the fewest jams: they go round."""
    return filled(np.arange(len(jams)) % processes, jams, processes)


WAYS = {"hash of the room": hashed, "better of two": better_of_two, "fewest jams": fewest}


def drawn(count: int, cost: dict[str, tuple[float, float]], chance: np.random.Generator) -> Floats:
    """Draw what each of so many jams costs, cores."""
    band = chance.random(count) < SHARE
    return np.where(band, cost["accompany"][0], cost["respond"][0])


def least(way: Way, jams: Floats) -> int:
    """The least number of processes that turns few enough away."""
    low = max(1, int(jams.sum() / FULL))
    high = 4 * low + 8
    while low < high:
        middle = (low + high) // 2
        if way(middle, jams, np.random.default_rng(SEED))[0] <= TURNED_AWAY:
            high = middle
        else:
            low = middle + 1
    return low


def after_a_failure(load: Floats) -> tuple[float, float]:
    """The mean and the fullest of the others when a machine has failed and its jams spread as theirs are spread."""
    lost, rest = load[:MACHINE], load[MACHINE:]
    if not len(rest):
        return float("nan"), float("nan")
    share = rest / rest.sum() if rest.sum() else np.full(len(rest), 1 / len(rest))
    after = rest + lost.sum() * share
    return float(after.mean()), float(after.max())


def rows(
    cost: dict[str, tuple[float, float]], base_mb: float
) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """The table, and the figures in it."""
    shown, facts = [], []
    for count in SIZES:
        jams = drawn(count, cost, np.random.default_rng(SEED))
        sent = count * ((1 - SHARE) * BYTES_PER_S["respond"] + SHARE * BYTES_PER_S["accompany"])
        for name, way in WAYS.items():
            cores = least(way, jams)
            _, load = way(cores, jams, np.random.default_rng(SEED))
            mb = cores * base_mb + count * (
                (1 - SHARE) * cost["respond"][1] + SHARE * cost["accompany"][1]
            )
            dollars = cores * CORE_HOUR + sent * 3600 / 1e9 * GIGABYTE
            mean, most = after_a_failure(load)
            fact = {
                "jams": count, "way": name, "cores": cores, "used": round(float(load.mean()), 3),
                "memory_gb": round(mb / 1000, 1), "megabit_s": round(sent * 8 / 1e6, 1),
                "dollars_an_hour": round(dollars, 2), "after_failure": [round(mean, 3), round(most, 3)],
            }  # fmt: skip
            facts.append(fact)
            failed = "all fails" if np.isnan(mean) else f"{mean:.0%}, {most:.0%}"
            shown.append([
                f"{count:,}", name, f"{cores:,}", f"{load.mean():.0%}", f"{mb / 1000:,.1f} GB",
                f"{sent * 8 / 1e6:,.0f} Mbit/s", f"{dollars:,.2f} $", failed,
            ])  # fmt: skip
    return shown, facts


def main() -> None:
    """Simulate, and write bench/scale.md and .json."""
    figures = json.loads((HERE / "studio.json").read_text())
    cost = costs(figures)
    base_mb = min(one["memory_mb"] for one in figures if "a studio" in one["how"])
    head = [
        "jams",
        "dealt by",
        "cores",
        "used",
        "memory",
        "sent",
        "an hour",
        "a machine failed: mean, fullest",
    ]
    shown, facts = rows(cost, base_mb)
    text = table(head, shown) + (
        f"\n\nA jam costs {cost['respond'][0]:.2%} of a core in respond and {cost['accompany'][0]:.2%} in accompany, "
        f"{cost['respond'][1]:.1f} and {cost['accompany'][1]:.1f} MB; a process {base_mb:.0f} MB. "
        f"Assumed: {CORE_HOUR} $ for a core and an hour, {GIGABYTE} $ for a gigabyte."
    )
    keep("scale", {"costs": cost, "rows": facts}, text)


if __name__ == "__main__":
    main()
