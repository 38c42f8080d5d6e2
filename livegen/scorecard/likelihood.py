"""The likelihood of held-out music: how well a model foresees it, how well it knows so, and what the call helps.

Nats are negative natural logarithms of the probability of what came, summed over fields.  Per note and per second of
music they can be compared between vocabularies; per event they cannot.  The model is scored as it is served
(`training.evaluate`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import UNKNOWN_STYLE, Event
from livegen.inference.contract import Model
from livegen.music.files.smf import read
from livegen.music.instant import ONSET, ranked
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.parts import LEAD
from livegen.music.time.metre import TICKS_PER_BEAT, parse_metre
from livegen.scorecard.notes import moved
from livegen.training.corpora import Rows
from livegen.training.evaluate import judge

BINS = 15  # of certainty
Floats = npt.NDArray[np.float64]
Notes = Sequence[Note]

CONTEXTS = ("call", "nothing", "another")


def calibration(sure: Floats, hits: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3): how far certainty is from being right, 0 to 1.

    `sure` is the probability (N,) of what was held likeliest, `hits` (N,) whether it came.

    The mean over fifteen equal bins of certainty of |share that was right - mean certainty|, weighted by how many
    are in them.
    """
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    right = np.bincount(bins, hits, BINS) - np.bincount(bins, sure, BINS)
    return float(np.abs(right).sum() / max(1, counts.sum()))


def reliability(sure: Floats, hits: npt.NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """Mean certainty, share that was right, and how many, of each bin of `sure` and `hits` (N,) that holds any."""
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    return [
        (float(sure[bins == k].mean()), float(hits[bins == k].mean()), int((bins == k).sum()))
        for k in range(BINS)
        if (bins == k).any()
    ]


def seconds(data: bytes, ticks: int) -> float:
    """Give how many seconds so many grid ticks of a MIDI file last, from its first note on.

    Raises MidiFileError for what is no MIDI file, ValueError for one without notes.
    """
    score = read(data)
    first = min(tick for t in score.tracks for tick, m in t.messages if isinstance(m, NoteOn))
    tempo = score.tempo_map
    until = first + round(ticks * score.ppqn / TICKS_PER_BEAT)
    return (tempo.micros(until) - tempo.micros(first)) / 1e6


# --- condition lift -----------------------------------------------------------------------------------------------


def lift(
    model: Model, call: Notes, people: Notes, another: Notes, beats: float, metre: str
) -> dict[str, float]:
    """Nats per note of what people played after a call: heard after it, after nothing, after another piece's call.

    The very same events are scored each time: all from the second onset of what followed on, since the first event of
    a piece, and its time, are not comparable.  `beats` is where it begins; the other call is moved to end there, so
    that places in the bar are the same.
    """
    last = max((note.end for note in another), default=0.0)
    begin = -(-last // 1)
    shifted = moved(another, beats - begin if begin <= beats else 0.0)
    before = {"call": call, "nothing": (), "another": [n for n in shifted if n.onset < beats]}
    return {name: nats_per_note(model, notes, people, metre) for name, notes in before.items()}


def nats_per_note(model: Model, before: Notes, after: Notes, metre: str) -> float:
    """Nats a note of what comes `after`, from its second onset on, by a model that has heard what was `before`."""
    rows, first = rows_of(before, after, metre)
    scored = judge(model, rows, UNKNOWN_STYLE).nats[first + 1 :].sum()
    onsets = int((rows[first + 1 :, 2] == 1).sum())
    return float(scored / max(1, onsets))


def rows_of(before: Notes, after: Notes, metre: str) -> tuple[Rows, int]:
    """Events (N, 8) of the lead alone, and which row is the first of what comes after, -1 where nothing does."""
    encoder, first = Encoder(parse_metre(metre)), -1
    found: list[Event] = []
    strokes = [(n, False) for n in before] + [(n, True) for n in after]
    timed = sorted(
        (tick, rank, is_after, message.pitch, message.velocity if rank == ONSET else 0)
        for note, is_after in strokes
        for tick, rank, message in ranked(_on_grid(note))
    )
    for tick, rank, is_after, pitch, velocity in timed:
        events = encoder.feed(Stroke(tick, LEAD, pitch, velocity))
        if rank == ONSET and is_after and events and first < 0:
            first = len(found) + len(events) - 1
        found += events
    return np.array(found, np.uint8).reshape(-1, len(Event._fields)), first


def _on_grid(note: Note) -> list[tuple[int, NoteOn | NoteOff]]:
    onset, end = (round(beat * TICKS_PER_BEAT) for beat in (note.onset, note.end))
    return [(onset, NoteOn(note.pitch, note.velocity)), (end, NoteOff(note.pitch))]
