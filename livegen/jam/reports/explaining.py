"""The explanation of a note that sounded: finds the note, its reason, and what it took up of all that was heard.

Reasons are kept of what is planned, and go with a note as it sounds; beside them the last notes that were heard, so
that a place that the network looked at is known as a note.  An answer is worked out in slices while nothing else is
to be done: nothing that is heard or played waits for it or depends on it.

Knows no page and no clock.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from math import exp
from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.jam.band.theme import Point
from livegen.jam.hearing.hearing import Heard, ModelFault
from livegen.jam.reports.looking import ARCS, Looked, TakenUp, looking
from livegen.jam.reports.reasons import Cause, Explanation, Reason, explained
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import Given
from livegen.music.keys.scale import name_of
from livegen.music.parts import DRUM_CHANNEL, DRUMS, PARTS
from livegen.music.time.timeline import Timeline
from livegen.notation.kit import drum_of

COMMAND = "why"
PLANNED = 256  # reasons of notes that were planned and have not sounded
KEPT = 96  # notes of the model's that can be asked about
NOTES = 512  # notes that can be shown as taken up
NEAR_US = 60_000  # who asks about a note may know it by a time so far from ours
_WHOLE = 9.95  # times that are told without a fraction, from here on
_MOST = 20.0  # nats that are told as a number of times
NOT_KEPT = "From now on the model keeps what it looked at: ask about a later note."
CANNOT_TELL = "This model cannot say what it looked at."
YOU, MODEL = 0, 1


class HeardNote(NamedTuple):
    """A note that has sounded: as it was heard, and when and as which pitch it was sent, on which channel, from 0."""

    struck: Struck
    due: int
    channel: int
    sent: int

    @property
    def name(self) -> str:
        """The name of its pitch, or of its drum."""
        return drum_of(self.sent).name if self.struck.part == DRUMS else name_of(self.sent)


class Explaining:
    """`told` is the answer to the last question, plain values by name; empty before the first.  `line` says it.

    `keeps_steps` says that reasons are to hold the network's steps, 100 kB each: while a page looks on, and once
    somebody has asked.  `timeline` gives that of now.  Threads: loop only.
    """

    def __init__(self, replies: Replies, timeline: Callable[[], Timeline]) -> None:
        self.keeps_steps = False
        self.told: Mapping[str, object] = {}
        self.line = ""
        self._replies, self._timeline = replies, timeline
        self._has_asked = False
        self._planned: dict[Stroke, Reason | None] = {}
        self._own: deque[tuple[HeardNote, Reason | Cause]] = deque(maxlen=KEPT)
        self._notes: deque[HeardNote] = deque(maxlen=NOTES)
        self._work: Generator[None, None, None] | None = None

    def watch(self, is_watched: bool) -> None:
        """Know that a page is open, or that none is any more."""
        self.keeps_steps = is_watched or self._has_asked

    # --- what is planned and what sounds --------------------------------------------------------------------------

    def plan(self, reasons: Mapping[Stroke, Reason | None]) -> None:
        """Keep why the notes are played that were planned."""
        for stroke, reason in reasons.items():
            self._planned.pop(stroke, None)
            self._planned[stroke] = reason
        while len(self._planned) > PLANNED:
            del self._planned[next(iter(self._planned))]

    def heard(self, struck: Struck) -> None:
        """A note of the player's begins."""
        channel = DRUM_CHANNEL if struck.part == DRUMS else 0
        self._notes.append(HeardNote(struck, struck.at, channel, struck.pitch))

    def sounded(self, given: Given, settled: Cause | None) -> None:
        """A note of the model's begins; `settled` is the cause of all that plays, where none of it is drawn."""
        note = HeardNote(given.struck, given.due, *given.key)
        self._notes.append(note)
        if not given.is_planned:
            self._own.append((note, Cause.COMPANION))
        elif settled:
            self._own.append((note, settled))
        elif given.stroke in self._planned:
            self._own.append((note, self._planned.pop(given.stroke) or Cause.CUE))

    # --- questions ------------------------------------------------------------------------------------------------

    def ask(self, value: object) -> Reply | None:
        """Begin to work out why a note sounded; None while that goes on.

        `value` is None for the last note, a pitch for the last of that pitch, or when a note was sent, its channel and
        its pitch.
        """
        self._has_asked = self.keeps_steps = True
        found = self._found(value)
        if found is None:
            return Reply.NOT_REMEMBERED if self._own else Reply.NOTHING_TO_EXPLAIN
        self._work = self._answer(*found)
        return None

    @property
    def has_work(self) -> bool:
        """True while an answer is worked out."""
        return self._work is not None

    def work(self) -> None:
        """Do a little of it: at most one run of the network."""
        if self._work is not None and next(self._work, self) is self:
            self._work = None

    def _found(self, value: object) -> tuple[HeardNote, Reason | Cause] | None:
        match value:
            case None:
                return self._own[-1] if self._own else None
            case int() | float():
                same = (it for it in reversed(self._own) if it[0].sent == value)
                return next(same, None)
            case [int(due), int(channel), int(pitch)]:
                same = (it for it in self._own if it[0][-2:] == (channel, pitch))
                nearest = min(same, key=lambda it: abs(it[0].due - due), default=None)
                is_near = nearest is not None and abs(nearest[0].due - due) <= NEAR_US
                return nearest if is_near else None
        return None

    def _answer(self, note: HeardNote, reason: Reason | Cause) -> Generator[None, None, None]:
        if isinstance(reason, Cause) or (drawn := reason.drawn) is None:
            source = reason if isinstance(reason, Cause) else reason.struck_by
            return self._tell(note, Explanation(source))
        explanation, timeline = explained(reason, drawn), self._timeline()
        yield
        looked: Looked | None = None
        heard = [
            other
            for other in self._notes
            if other.struck.at <= note.struck.at and other is not note
        ]
        if drawn.step is not None:
            try:
                looked = yield from looking(
                    drawn.step,
                    drawn.query,
                    drawn.plain,
                    drawn.allowed,
                    drawn.pitch,
                    lambda it: _note_of(it, heard, timeline),
                )
            except ModelFault:  # counted where it was met
                looked = None
        originals = [it for point in explanation.originals if (it := _at(point, heard, timeline))]
        return self._tell(note, explanation, reason.chord_name, looked, originals)

    def _tell(
        self,
        note: HeardNote,
        explanation: Explanation,
        chord: str = "",
        looked: Looked | None = None,
        originals: Iterable[HeardNote] = (),
    ) -> None:
        """Put an answer into words and values."""
        source, told = explanation.source, looked is not None and looked.is_told
        taken = [] if looked is None or looked.is_habit else list(looked.notes)
        if source is Cause.NETWORK and told and not taken:
            source = Cause.HABIT
        repeated = [TakenUp(it, explanation.added[source]) for it in originals]
        arcs = (repeated or taken)[:ARCS]
        lost = repeated[0].nats if repeated else looked.nats if looked and taken else 0.0
        without = exp(min(lost, _MOST))
        words = _Words(
            f"{source.sentence} {chord}".rstrip() if source is Cause.CHORD else source.sentence,
            _odds(note, explanation),
            _seen(source, looked, len(arcs), without, bool(repeated)),
        )
        self.told = {
            "at": note.due,
            "channel": note.channel,
            "pitch": note.sent,
            "part": PARTS[note.struck.part],
            "note": note.name,
            "who": source.word,
            **words._asdict(),
            "chance": round(explanation.chance, 3),
            "others": [value for at, odds in explanation.others for value in (at, round(odds, 3))],
            "network": round(explanation.network, 3),
            "added": {who.word: round(nats, 2) for who, nats in explanation.added.items()},
            "took_up": [value for arc in arcs for value in _arc(arc)],
            "without": round(without, 1),
        }
        line = f"{note.name}, {source.word}: {words.because}. {words.odds} {words.seen}"
        self.line = " ".join(line.split())
        self._replies.give(COMMAND, Reply.WHY, line=self.line)


class _Words(NamedTuple):
    because: str
    odds: str
    seen: str


def _odds(note: HeardNote, explanation: Explanation) -> str:
    """Tell how likely the note was, and which others were."""
    if not explanation.chance:
        return ""
    names = ((note._replace(sent=at).name, odds) for at, odds in explanation.others)
    others = ", ".join(f"{name} {odds:.0%}" for name, odds in names)
    return f"It had {explanation.chance:.0%}{f'; {others}' if others else ''}."


def _seen(
    source: Cause,
    looked: Looked | None,
    notes: int,
    without: float,
    is_repeated: bool,
) -> str:
    """A sentence on the notes that it took up, or that it repeats."""
    if source in (Cause.HABIT, Cause.REPEAT, Cause.PHRASE, Cause.WORDS, Cause.COMPANION):
        return ""
    takes = "a note that was" if notes == 1 else f"{notes} notes that were"
    times = f"{without:.0f}" if without >= _WHOLE else f"{without:.1f}"
    if is_repeated:
        return f"It repeats {takes} heard; without that it would be {times} times less likely."
    if looked is None:
        return "" if source is Cause.CUE else NOT_KEPT
    if not looked.is_told:
        return CANNOT_TELL
    if not notes:
        return ""
    return f"It takes up {takes} heard, without which it would be {times} times less likely."


def _arc(arc: TakenUp) -> tuple[int | float, ...]:
    note = arc.note
    assert isinstance(note, HeardNote)
    who = MODEL if note.struck.is_ours else YOU
    return who, note.due, note.channel, note.sent, round(arc.nats, 2)


def _note_of(heard: Heard, notes: Sequence[HeardNote], timeline: Timeline) -> HeardNote | None:
    """The note that began or ended with an event of the network's, of those that had sounded, oldest first."""
    stroke = heard.stroke
    if isinstance(stroke, Stroke):
        at, near = timeline.micros(stroke.tick), timeline.tempo_us // 4
    else:
        at, near = stroke.at, NEAR_US
    same = [it for it in notes if it.struck[1:3] == (stroke.part, stroke.pitch)]
    if not heard.begins:
        return next((it for it in reversed(same) if it.struck.at <= at), None)
    return _nearest(same, at, near)


def _at(point: Point, notes: Sequence[HeardNote], timeline: Timeline) -> HeardNote | None:
    """The note at a point of a line."""
    same = [it for it in notes if it.struck.pitch == point.pitch and it.struck.part != DRUMS]
    return _nearest(same, timeline.micros(point.tick), timeline.tempo_us // 4)


def _nearest(notes: Sequence[HeardNote], at: int, near: int) -> HeardNote | None:
    found = min(notes, key=lambda it: abs(it.struck.at - at), default=None)
    return found if found is not None and abs(found.struck.at - at) <= near else None
