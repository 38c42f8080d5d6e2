"""Draw a piano roll of a two-track recording: `python docs/roll.py JAM.mid PICTURE.png [TITLE]`.

The player in one colour, the model in another (a pair that colour-blind eyes tell apart); bar lines by the
file's metre, or seconds where it has none.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from livegen.music.messages import NoteOn
from livegen.music.smf import Score, Track, micros_of, read

COLOURS = {"Player": "#0072B2", "Model": "#D55E00"}  # Okabe & Ito


def notes(score: Score, track: Track) -> list[tuple[float, float, int, int]]:
    """Notes of a track as (onset, end, pitch, velocity), in seconds."""
    times = micros_of(score, [tick for tick, _ in track.messages])
    sounding: dict[int, tuple[int, int]] = {}
    found = []
    for time, (_, message) in zip(times, track.messages, strict=True):
        pitch = getattr(message, "pitch", None)
        if pitch is None:
            continue
        if pitch in sounding:
            since, velocity = sounding.pop(pitch)
            found.append((since / 1e6, time / 1e6, pitch, velocity))
        if isinstance(message, NoteOn):
            sounding[pitch] = (time, message.velocity)
    return found


def draw(source: Path, picture: Path, title: str) -> None:
    """Write the picture."""
    score = read(source)
    figure, axes = plt.subplots(figsize=(11, 3.6), dpi=150, layout="constrained")
    for track in score.tracks:
        for index, (since, until, pitch, velocity) in enumerate(notes(score, track)):
            colour = COLOURS.get(track.name, "#555555")
            label = track.name if index == 0 else None
            axes.barh(
                pitch,
                max(until - since, 0.02),
                left=since,
                height=0.9,
                color=colour,
                alpha=0.4 + velocity / 212,
                label=label,
            )
    axes.set_xlabel("seconds")
    axes.set_ylabel("pitch")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_title(title, fontsize=10)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="upper right")
    figure.savefig(picture)


if __name__ == "__main__":
    draw(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        sys.argv[3] if len(sys.argv) > 3 else Path(sys.argv[1]).stem,
    )
