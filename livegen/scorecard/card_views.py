"""A card for people: tables in Markdown, JSON, and one page of plots.  Only the page needs matplotlib."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livegen import whole_files
from livegen.errors import ConfigError
from livegen.scorecard.card import (
    CHAIN,
    COMMONEST,
    DEAF,
    ECHO,
    HARMONISER,
    MARKOV,
    MODEL,
    OTHER,
    PEOPLE,
    PREVIOUS,
    RANDOM,
    UNIGRAM,
    WRITTEN,
    Card,
    CardLine,
)
from livegen.scorecard.distributions import FEATURES
from livegen.scorecard.estimates import Estimate
from livegen.scorecard.verdict import ENOUGH, verdict
from livegen.training.corpora import cache_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEGIN, END = "<!-- scorecard: begin -->", "<!-- scorecard: end -->"
# From those who know least to those who know best.
COLUMNS = (
    COMMONEST,
    UNIGRAM,
    MARKOV,
    RANDOM,
    OTHER,
    DEAF,
    HARMONISER,
    ECHO,
    CHAIN,
    PREVIOUS,
    MODEL,
    PEOPLE,
    WRITTEN,
)
WITH_INTERVAL = (PREVIOUS, MODEL, PEOPLE)
HEADINGS = {
    "likelihood": "How well it foresees music",
    "guesses": "How often its likeliest guess is what came (intervals by leaving out each piece)",
    "answers": "Answers beside their calls",
    "playing": "As a bandmate hears it",
    "accompaniment": "Going along with a melody",
    "coupling": "What going along owes to having heard the melody",
    "streaming": "Going along in time, by StreamMUSE's figures",
    "backing": "A band behind chords in the left hand, the second and the third time round",
    "modulation": "When the player modulates",
    "distributions": "Spread as people's music is",
    "memory": "Copied from the training pieces",
    "degeneracies": "What must never be heard",
}
OF_ENCODERS = {"back": "How phrases come back from their codes"}
IN_FILE_ONLY = "styles_"  # rows that only the JSON has: there are dozens


# --- words --------------------------------------------------------------------------------------------------------


def table_lines(card: Card) -> Iterator[str]:
    """All figures as Markdown, section by section."""
    facts = card.facts
    yield facts.get("says") or (
        f"{facts['model']} on the split {facts['split']}, {facts['pieces']} pieces: {facts['calls']} calls answered, "
        f"{facts['melodies']} melodies gone along with, {facts['turns']} turns, {facts['events']} events foreseen; "
        f"seed {facts['seed']}.  In brackets the 95 % interval of {facts['resampled']} resamplings of pieces or calls. "
        "People: what people played there."
    )
    for section, heading in (HEADINGS | OF_ENCODERS).items():
        rows = [
            f for f in card.figures if f.section == section and not f.name.startswith(IN_FILE_ONLY)
        ]
        if rows:
            yield ""
            yield from _table(heading, rows)
    if card.remarks:
        yield ""
        yield from (f"* {remark}" for remark in card.remarks)
    if "says" not in facts:  # what plays alone is judged as a whole
        yield ""
        yield verdict(card)


def _table(heading: str, rows: Sequence[CardLine]) -> Iterator[str]:
    columns = [name for name in COLUMNS if any(name in row.columns for row in rows)]
    cells = [[heading, *columns, "n"]]
    for row in rows:
        own = row.columns.get(MODEL)
        estimates = [_cell(name, row.columns.get(name)) for name in columns]
        cells.append([row.says, *estimates, str(own.n) if own else ""])
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    for at, line in enumerate(cells):
        yield (
            "| "
            + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            + " |"
        )
        if not at:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _cell(name: str, estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    value = _number(estimate.value)
    if name not in WITH_INTERVAL:
        return value
    return f"{value} ({_number(estimate.low)} to {_number(estimate.high)})"


def _number(value: float) -> str:
    size = abs(value)
    return f"{value:.1f}" if size >= 20 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def as_json(card: Card) -> str:
    """Everything: facts, all figures with value, low, high and n of each column, curves, remarks."""
    return json.dumps(asdict(card), indent=1, default=float)


def put_into(path: Path, card: Card) -> None:
    """Write the tables into a model's card, between its two markers.  Raises ConfigError where they are not."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigError(f"{path} has no place for the scorecard: lines with {BEGIN} and {END}")
    table = "\n".join(table_lines(card))
    whole_files.write_text(path, f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", replace=True)


def write(card: Card, folder: Path, replaces: bool = False) -> list[Path]:
    """Write scorecard.json and the page of plots, scorecard.png.

    Raises FileExistsError where one is there, unless `replaces`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found, text = places(folder), as_json(card) + "\n"
    whole_files.write_text(found[0], text, replaces)
    whole_files.write(found[1], lambda path: plot(card, path), replaces)
    return found


def places(folder: Path) -> list[Path]:
    """The names of the files that `write` writes into a folder."""
    return [folder / f"scorecard.{suffix}" for suffix in ("json", "png")]


# --- the page -----------------------------------------------------------------------------------------------------

_COLOURS = {
    MODEL: "tab:orange", PREVIOUS: "tab:olive", PEOPLE: "tab:blue", RANDOM: "silver", OTHER: "tab:gray", DEAF: "silver",
    HARMONISER: "tab:green", UNIGRAM: "silver", MARKOV: "tab:green", WRITTEN: "navy",
}  # fmt: skip


Draw = Callable[["Axes", Card], None]


def plot(card: Card, path: Path) -> None:
    """Draw a page with a panel for each thing that was measured; the others are named at its foot."""
    # The list of fonts of matplotlib goes where our own caches are.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))
    from matplotlib.figure import Figure as Page

    drawn = [draw for _, draw, has_data in _panels(card) if has_data]
    left_out = [title for title, _, has_data in _panels(card) if not has_data]
    rows = max(1, -(-len(drawn) // 2))
    page = Page(figsize=(16, 4 * rows), layout="constrained")
    page.suptitle(
        f"{card.facts['model']}, split {card.facts['split']}: {card.facts['calls']} calls"
    )
    if left_out:
        page.supxlabel(
            f"On so little nothing can be said of: {', '.join(left_out)} ({ENOUGH})",
            fontsize="small",
        )
    axes = page.subplots(rows, 2, squeeze=False).ravel().tolist()
    for axis, draw in zip(axes, drawn, strict=False):
        draw(axis, card)
    for axis in axes[len(drawn) :]:
        axis.remove()
    page.savefig(path, dpi=80, format="png")


# The panels of bars: title, section, and how the names of its figures begin.
BARS = (
    ("nats per note", "likelihood", ("per_note", "sets_", "parts_")),
    ("answers", "answers", ("reuse", "exact", "spec", "nov", "key_", "in_", "strong", "triad")),
    ("going along with a melody", "accompaniment", ("note_in", "cons", "tonal", "in_")),
)


def _panels(card: Card) -> Iterator[tuple[str, Draw, bool]]:
    """All panels: title, how one is drawn, and whether there is anything to draw."""
    for title, section, names in BARS:
        draw = partial(_bars, section=section, names=names, title=title)
        yield title, draw, any(any(row.columns.values()) for row in _rows(card, section, names))
    yield "modulation", _modulation, bool(card.curves.get("modulation_key"))
    histograms = card.curves.get("histograms", {})
    for feature in FEATURES:
        yield feature, partial(_histogram, feature=feature), bool(histograms.get(feature))
    yield "copies", _copies, bool(card.curves.get("copied"))


def _rows(card: Card, section: str, names: tuple[str, ...]) -> list[CardLine]:
    return [f for f in card.figures if f.section == section and f.name.startswith(names)]


def _bars(axis: "Axes", card: Card, section: str, names: tuple[str, ...], title: str) -> None:
    rows = _rows(card, section, names)
    who = [name for name in COLUMNS if any(row.columns.get(name) for row in rows)]
    for place, name in enumerate(who):
        points = [(at, row.columns.get(name)) for at, row in enumerate(rows)]
        known = [(at + 0.8 * (place + 0.5) / len(who) - 0.4, e) for at, e in points if e]
        axis.errorbar(
            [e.value for _, e in known],
            [at for at, _ in known],
            xerr=[
                [max(0.0, e.value - e.low) for _, e in known],
                [max(0.0, e.high - e.value) for _, e in known],
            ],
            fmt="o",
            color=_COLOURS[name],
            label=name,
        )
    axis.set_yticks(range(len(rows)), [_short(row.says) for row in rows])
    axis.invert_yaxis()
    axis.set_title(title)
    axis.grid(axis="x", alpha=0.3)
    if who:
        axis.legend(fontsize="small")


def _short(text: str, most: int = 44) -> str:
    text = text.split(": ")[-1] if text.startswith("nats per note: ") else text
    return text if len(text) <= most else text[: most - 1] + "…"


def _modulation(axis: "Axes", card: Card) -> None:
    curves = card.curves.get("modulation_key", {})
    for name, curve in curves.items():
        axis.plot(range(len(curve)), curve, color=_COLOURS[name], label=name)
    if curves:
        axis.axvline(card.curves["modulation_at"], color="black", linestyle=":")
        axis.legend(fontsize="small")
    axis.set(
        title="notes in the player's key, who modulates at the line", xlabel="beats", ylim=(0, 1.02)
    )


def _histogram(axis: "Axes", card: Card, feature: str) -> None:
    for name, row in card.curves.get("histograms", {}).get(feature, {}).items():
        axis.step(range(len(row)), row, where="mid", color=_COLOURS[name], label=name)
        axis.legend(fontsize="small")
    axis.set(title=f"distribution: {feature}", xlabel="bin", ylabel="share")


def _copies(axis: "Axes", card: Card) -> None:
    for name, lengths in card.curves.get("copied", {}).items():
        ranked = sorted(lengths)
        axis.step(
            ranked,
            [(at + 1) / len(ranked) for at in range(len(ranked))],
            color=_COLOURS[name],
            label=name,
        )
        axis.legend(fontsize="small")
    axis.set(
        title="longest run copied from training: share of answers", xlabel="notes", ylim=(0, 1.02)
    )
