"""Draw a piano roll of a two-track recording: `python docs/roll.py JAM.mid PICTURE.png [TITLE]`.

The player in one colour, the model in another (a pair that colour-blind eyes tell apart); bar lines by the
file's metre, or seconds where it has none.
"""

import sys
from pathlib import Path

from livegen.music.files.smf import Score, Track, read
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import side_of

COLOURS = {"Player": "#0072B2", "Model": "#D55E00"}  # Okabe & Ito
LARGE, SMALL = (11, 3.6, 150), (9, 2.4, 90)  # inches, inches, dots per inch


def notes(score: Score, track: Track) -> list[tuple[float, float, int, int]]:
    """Notes of a track as (onset, end, pitch, velocity), in seconds."""
    times = map(score.tempo_map.micros, (tick for tick, _ in track.messages))
    sounding: dict[tuple[int, int], tuple[int, int]] = {}  # by channel and pitch
    found = []
    for time, (_, message) in zip(times, track.messages, strict=True):
        if not isinstance(message, NoteOn | NoteOff):
            continue
        key = (message.channel, message.pitch)
        if key in sounding:
            since, velocity = sounding.pop(key)
            found.append((since / 1e6, time / 1e6, message.pitch, velocity))
        if isinstance(message, NoteOn):
            sounding[key] = (time, message.velocity)
    return found


def bar_lines(score: Score) -> list[float]:
    """Bar lines of a score of one metre up to its last message, in seconds; none where it has no metre or several."""
    if len(score.metres) != 1:
        return []
    _, numerator, denominator = score.metres[0]
    bar = score.ppqn * 4 * numerator // denominator
    last = max((track.messages[-1][0] for track in score.tracks), default=0)
    return [score.tempo_map.micros(tick) / 1e6 for tick in range(0, last + bar, bar)]


def draw(source: Path, picture: Path, title: str, size: tuple[float, float, int] = LARGE) -> None:
    """Write the picture."""
    from matplotlib.figure import (
        Figure,
    )  # here, because loading it takes longer than all else that imports this
    from matplotlib.ticker import MaxNLocator

    score = read(source)
    width, height, dots = size
    figure = Figure(figsize=(width, height), dpi=dots, layout="constrained")
    axes = figure.subplots()
    labelled = set()
    for track in score.tracks:
        for since, until, pitch, velocity in notes(score, track):
            axes.barh(
                pitch,
                max(until - since, 0.02),
                left=since,
                height=0.9,
                color=COLOURS.get(side_of(track.name), "#555555"),
                alpha=0.4 + velocity / 212,
                edgecolor="white",  # so that repeated notes are seen to be several
                linewidth=0.4,
                label=None if track.name in labelled else track.name,
            )
            labelled.add(track.name)
    lines = bar_lines(score)
    if lines:
        axes.set_xticks(lines, [str(number) for number in range(1, len(lines) + 1)])
        axes.set_xlim(lines[0], lines[-1])
    axes.set_xlabel("bar" if lines else "seconds")
    axes.set_ylabel("pitch")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(title, fontsize=10)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8)
    figure.savefig(picture, metadata={"Software": None})


if __name__ == "__main__":
    draw(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        sys.argv[3] if len(sys.argv) > 3 else Path(sys.argv[1]).stem,
    )
