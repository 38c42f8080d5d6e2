"""The line of the part that leads: the theme that it takes up, the sentences in which it speaks, and its closes.

Knows ticks, pitches and bars; knows no model and no chance.
"""

from collections.abc import Iterable, Iterator

from livegen.codec.encoder import Stroke
from livegen.inference.sampling import Mask, Probabilities
from livegen.jam.band.sentences import BREATH, Close
from livegen.jam.band.theme import SHARES, Point, line_of, mixed
from livegen.jam.planning.brief import Brief
from livegen.jam.planning.own_notes import SHORTEST
from livegen.jam.reports.reasons import Cause, Mixed
from livegen.music.parts import DRUMS
from livegen.music.time.metre import Metre
from livegen.music.time.quantise import line_or_tick


class LeadLine:
    """The notes of the line so far, and the tick on which it comes to rest.

    `part` leads; DRUMS where nobody does.  `closes` is the tick of the coming close, `closed` that of its note once it
    has begun; `close` is the close of the sentence that goes on, None where the response has an end.
    """

    def __init__(
        self, brief: Brief, metre: Metre, *, may_close: bool, own: Iterable[Stroke]
    ) -> None:
        """`own` are the strokes of the response so far; one that `may_close` does so where the brief says."""
        self.part = brief.parts.index(True) if True in brief.parts else DRUMS
        self.theme = None if self.part == DRUMS else brief.theme
        self._is_lowest = self.theme is not None and self.theme.is_lowest
        own = (stroke for stroke in own if stroke.part == self.part)
        self.notes = line_of(own, is_lowest=self._is_lowest)
        self.closes = _on_grid(brief.closes, brief, metre) if may_close else None
        self.closed: int | None = None
        self.close: Close | None = None
        self.speak_from(brief.start, brief, metre)

    def speak_from(self, tick: int, brief: Brief, metre: Metre) -> None:
        """Begin a sentence of a line that goes on for ever: where it comes to rest is known."""
        if self.theme is None or brief.sentences is None or brief.end is not None:
            return
        self.close, self.closed = brief.sentences.closing(tick), None
        self.closes = _on_grid(self.close.tick, brief, metre)

    def has_missed(self, tick: int) -> bool:
        """True where the sentence should have closed before a tick."""
        return self.close is not None and self.closed is None and tick > self.close.tick

    def begin(self, tick: int, part: int, pitch: int) -> None:
        """Take a note of a part as begun: it closes, or goes on with the line, of a chord its outer one."""
        if tick == self.closes:
            self.closed = tick
        if part != self.part:
            return
        point = Point(tick, pitch)
        if self.notes and self.notes[-1].tick == tick:
            point = (min if self._is_lowest else max)(point, self.notes.pop())
        self.notes.append(point)

    def held_until(self, close: Close, onset: int, longest: int) -> int:
        """The tick at which a note ends before the line breathes: that which closed is held up to there."""
        if onset == self.closed:
            return min(close.until - BREATH, onset + longest)
        return onset + SHORTEST

    def leads(self, part: int, tick: int) -> bool:
        """True of a part that leads, where the line has no note at a tick yet."""
        return part == self.part and not (self.notes and self.notes[-1].tick == tick)

    @property
    def past(self) -> tuple[Point, ...]:
        """The last notes, as far as the theme looks at them; none without a theme."""
        return tuple(self.notes[-len(SHARES) :]) if self.theme else ()

    def timed(
        self, likely: Probabilities, rate: float, last: int, allowed: Mask, brief: Brief
    ) -> Probabilities:
        """Probabilities of the ticks from `last` to the next event, with the times of the theme mixed in."""
        if not self.theme:
            return likely
        share, coming = self.theme.follows(self.notes)
        share *= min(rate, 1 / rate)  # who wants more notes or fewer wants another rhythm
        likely = mixed(likely, share, (point.tick - last for point in coming), allowed)
        share, again, _ = self._recalled(brief)
        return mixed(likely, share, [again.tick - last], allowed) if again else likely

    def pitched(self, tick: int, brief: Brief) -> Iterator[Mixed]:
        """Shares mixed into the odds of the line's next pitch: the theme, the sentence like this one, and the close."""
        if not self.theme:
            return
        share, coming = self.theme.follows(self.notes)
        yield Mixed(Cause.THEME, share, tuple(point.pitch for point in coming))
        share, again, back = self._recalled(brief)
        if again and again.tick == tick:
            yield Mixed(Cause.FORM, share, (again.pitch,), back)
        if self.close and brief.sentences and tick == self.closes and self.notes:
            tonic = brief.sentences.tonic if self.close.is_full else frozenset[int]()
            yield Mixed(Cause.CLOSE, *self.theme.rests_on(self.notes[-1], tonic))

    def _recalled(self, brief: Brief) -> tuple[float, Point | None, int]:
        """The note that its sentences have come again, with its share, and how many ticks before it was played."""
        sentences = None if brief.end is not None else brief.sentences
        if self.theme is None or sentences is None:
            return 0.0, None, 0
        return self.theme.recalls(self.notes, sentences)


def _on_grid(tick: int | None, brief: Brief, metre: Metre) -> int | None:
    """The same tick, if a note may begin on it; else None."""
    return tick if tick is not None and line_or_tick(tick, brief.grid, metre) == tick else None
