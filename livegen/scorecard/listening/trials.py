"""Trials, as they are heard: for one call the answers of two sources, as loud and as long as each other.

A source is a model, or the people of the piece that the call is from.  Of each answer the notes of the lead are taken,
in as many bars as the call has; their velocities are multiplied so that their mean is that of the call.  Sources meet
equally often, and each is heard first as often as second.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from livegen.codec.layout import ADVANCE, NO_GRID, velocity_of
from livegen.inference.contract import Model
from livegen.jam.timing.agenda import ROUTES
from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.music.parts import LEAD
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.scorecard.held_out_calls import HeldOut, LeadCall, Pair, drawn, followed
from livegen.scorecard.notes import moved
from livegen.scorecard.playing import played
from livegen.training.corpora import Rows
from livegen.training.reference import FILE, read_reference

PEOPLE = "people"  # the source that is no model
EIGHTHS = 2  # in a beat

Answer = Callable[[Pair], Sequence[Note]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """A call and two answers by their sources, in the order in which the first judge hears them.

    Notes are in seconds from the beginning.  `answer_at` and `lasts` are seconds, too: where both answers may begin,
    and how long call and answer are.
    """

    piece: str
    order: tuple[str, str]
    call: tuple[Note, ...]
    answers: Mapping[str, tuple[Note, ...]]
    answer_at: float
    lasts: float

    def as_json(self) -> dict[str, Any]:
        """Fit for JSON."""
        answers = {source: rows_of(notes) for source, notes in self.answers.items()}
        return asdict(self) | {"call": rows_of(self.call), "answers": answers}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Trial":
        """The trial that was written.  Raises KeyError, TypeError or ValueError for what is none."""
        first, second = map(str, row["order"])
        answers = {str(name): _notes(notes) for name, notes in row["answers"].items()}
        if set(answers) != {first, second}:
            raise ValueError("other answers than those of its two sources")
        return cls(
            str(row["piece"]),
            (first, second),
            _notes(row["call"]),
            answers,
            float(row["answer_at"]),
            float(row["lasts"]),
        )


def rows_of(notes: Sequence[Note]) -> list[tuple[float, float, int, int]]:
    """Notes as the page plays them: each its onset and how long it is held, in seconds, its MIDI pitch and velocity."""
    return [
        (note.onset, round(note.end - note.onset, 4), note.pitch, note.velocity) for note in notes
    ]


def _notes(rows: Any) -> tuple[Note, ...]:
    return tuple(
        Note(float(at), float(at) + float(lasts), int(pitch), int(velocity))
        for at, lasts, pitch, velocity in rows
    )


def trials(
    sources: Mapping[str, Answer],
    pieces: Sequence[HeldOut],
    count: int,
    bars: int,
    seed: int,
    progress: Progress = lambda name, done, total: None,
) -> list[Trial]:
    """Make so many trials, each of another call of so many bars, or fewer where there are fewer calls."""
    rng = random.Random(seed)
    calls = drawn(pieces, count, seed, followed, (bars,))
    duels = list(combinations(sources, 2))
    rng.shuffle(duels)
    found = []
    for at, pair in enumerate(calls):
        first, second = duels[at % len(duels)]
        order = (first, second) if at // len(duels) % 2 == 0 else (second, first)
        answers = {name: _answer(pair.call, sources[name](pair)) for name in order}
        found.append(
            Trial(
                f"{pair.call.corpus}: {pair.call.name}, bar {round(pair.call.first_beat / pair.call.bar) + 1}",
                order,
                _in_seconds(pair.call, pair.call.notes),
                answers,
                _seconds(pair.call, pair.call.beats),
                _seconds(pair.call, 2 * pair.call.beats),
            )
        )
        progress("answers", at + 1, len(calls))
    return found


def by_model(model: Model, seed: int) -> Answer:
    """A model's lead as it answers a call, heard by the engine of `serve`, moved to the end of the call.

    The engine may wait a bar until it is sure that the call is over; people's music goes on at once.  Who waits is not
    what is judged.
    """

    def answer(pair: Pair) -> Sequence[Note]:
        call = pair.call
        heard = played(model, call, {"length": call.bars, "parts": "lead"}, seed=seed)
        line = call.beats if heard.line is None else heard.line
        lead = [note for note in heard.answer if note.channel == ROUTES[LEAD].channel]
        return moved(lead, call.beats - line)

    return answer


def by_people(pair: Pair) -> Sequence[Note]:
    """The continuation that the people of the piece played."""
    return pair.people


def _answer(call: LeadCall, notes: Sequence[Note]) -> tuple[Note, ...]:
    """The notes that begin within the bars of the answer, cut at their end, as loud as the call."""
    until = 2 * call.beats
    inside = [n._replace(end=min(n.end, until)) for n in notes if n.onset < until]
    return _in_seconds(call, as_loud(inside, call.notes))


def as_loud(notes: Sequence[Note], example: Sequence[Note]) -> list[Note]:
    """The same notes with a mean velocity as that of the example, as far as 1..127 allows."""
    own = sum(note.velocity for note in notes) / max(1, len(notes))
    wanted = sum(note.velocity for note in example) / max(1, len(example))
    return [
        note._replace(velocity=max(1, min(127, round(note.velocity * wanted / own))))
        for note in notes
    ]


def _in_seconds(call: LeadCall, notes: Sequence[Note]) -> tuple[Note, ...]:
    return _notes(
        (
            _seconds(call, max(0.0, note.onset)),
            _seconds(call, note.end - note.onset),
            note.pitch,
            note.velocity,
        )
        for note in sorted(notes)
    )


def _seconds(call: LeadCall, beats: float) -> float:
    return round(beats * call.tempo_us / 1e6, 4)


# --- calls that come with livegen ---------------------------------------------------------------------------------


def shipped_pieces(model: Path) -> list[HeldOut]:
    """The reference pieces beside a model file, as MIDI files of their leads at 120 BPM; those with bar lines.

    Raises ConfigError where there are none.
    """
    found = []
    corpora = read_reference(model.parent / FILE, ())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "piece.mid"
        for name, corpus in corpora.items():
            for piece in corpus.pieces:
                score = _lead_score(corpus.events[piece.start : piece.end])
                if score is not None:
                    write(path, score)
                    found.append(HeldOut(name, f"{piece.file}.mid", path.read_bytes()))
    return found


def _lead_score(rows: Rows) -> Score | None:
    """The lead of a piece (N, 8); None without bar lines that stay as they are, or without notes."""
    bars = {int(bar) for bar in rows[:, 6]}
    if len(bars) != 1 or 0 in bars or int(rows[0, 5]) == NO_GRID:
        return None
    tick, messages = int(rows[0, 5]), list[tuple[int, Message]]()
    for at, (time, part, on, pitch, velocity, *_) in enumerate(rows.tolist()):
        tick += time if at else 0
        if time == ADVANCE or part != LEAD:
            continue
        messages.append((tick, NoteOn(pitch, velocity_of(velocity)) if on else NoteOff(pitch)))
    if not any(isinstance(message, NoteOn) for _, message in messages):
        return None
    eighths = bars.pop()
    metre = (eighths // EIGHTHS, 4) if eighths % EIGHTHS == 0 else (eighths, 8)
    return Score(TICKS_PER_BEAT, (Track("MELODY", tuple(messages)),), metres=((0, *metre),))
