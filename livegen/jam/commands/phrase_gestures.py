"""The gestures of a phrase: vary it, move it to a style, keep it, play what lies between two, play one of the map.

Knows who played what, and hands over to the turns; what is made of a phrase is made when it is planned.
"""

from collections.abc import Callable, Mapping

from livegen.errors import ConfigError, ModelError
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.mapping import LONGEST_PATH
from livegen.jam.controls.style_mix import mix_of
from livegen.jam.interplay.calls import Call, Gesture, Response
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.phrases.phrase_book import KeptPhrase, PhraseBook, heard, phrase_of
from livegen.jam.phrases.phrase_variations import Fit
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.struck import Struck
from livegen.jam.timing.agenda import Timed
from livegen.jam.turns import Turn
from livegen.music.words.word_rhythm import of_rows


class PhraseGestures:
    """All that is asked for of phrases.  Threads: loop only."""

    def __init__(
        self,
        book: PhraseBook,
        listener: Listener,
        performer: Performer,
        turns: TurnTaking,
        desk: Desk,
        replies: Replies,
    ) -> None:
        self.book = book
        self._listener, self._performer, self._turns = listener, performer, turns
        self._desk, self._replies = desk, replies
        self._answer: Response | None = None  # that was kept

    def vary(self, now: int, out: list[Timed]) -> Reply:
        """Play a variation of the last phrase.  Raises ConfigError for a phrase model that cannot be read."""
        call, source = self._call, self._last(now)
        if (hindrance := self._hindrance()) or call is None or source() is None:
            return hindrance or Reply.NO_PHRASE

        def make(phrase: KeptPhrase, fit: Fit) -> list[KeptPhrase]:
            chance = self._performer.chance(call, 0)
            made = self.book.varied(phrase, self._desk.settings.distance, chance, fit)
            self.book.note(phrase)
            return [made]

        self._turns.render(call, Gesture(source, make), now, out)
        return Reply.VARIED

    def restyle(self, now: int, out: list[Timed]) -> Reply | None:
        """Play the last phrase moved to the style in force.  Raises ConfigError for a file that cannot be read."""
        call, source, settings = self._call, self._last(now), self._desk.settings
        hindrance = self._hindrance(generates=True)
        if hindrance or call is None or source() is None:
            return hindrance or Reply.NO_PHRASE
        style = mix_of(settings.style, settings.style_mix).near

        def make(phrase: KeptPhrase, fit: Fit) -> list[KeptPhrase]:
            chance, distance, way = (
                self._performer.chance(call, 0),
                settings.distance,
                settings.restyle_by,
            )
            self.book.note(phrase)
            return [self.book.restyled(phrase, distance, style, way, chance, fit)]

        self._turns.render(call, Gesture(source, make), now, out)
        self._replies.give("restyle", Reply.RESTYLED, style=style)
        return None

    def keep(self, name: str, now: int) -> Reply | None:
        """Keep the last phrase as A or B.  Raises ConfigError for a phrase model that cannot be read."""
        phrase = self._last(now)()
        if (hindrance := self._hindrance(plays=False)) or phrase is None:
            return hindrance or Reply.NO_PHRASE
        self.book.keep(name, phrase)
        self._replies.give(f"keep_{name.lower()}", Reply.PHRASE_KEPT, name=name)
        return None

    def take_up(self, kept: Mapping[str, KeptPhrase]) -> None:
        """Keep what another engine had kept, by name; where no phrase can be read that is told."""
        try:
            self.book.take_up(kept)
        except ModelError as error:
            self._replies.refuse("keep_a", str(error))

    def between(self, now: int, out: list[Timed]) -> Reply:
        """Play what lies between A and B.  Raises ConfigError for a phrase model that cannot be read."""
        call = self._call
        if (hindrance := self._hindrance()) or call is None or len(self.book.kept) < 2:
            return hindrance or Reply.NOT_KEPT
        settings = self._desk.settings
        by_code = settings.morph_by == "network"
        gesture = Gesture(
            lambda: self.book.kept["A"],
            lambda phrase, fit: [self.book.morphed(settings.morph, by_code, fit)],
        )
        self._turns.render(call, gesture, now, out)
        return Reply.BETWEEN

    def play(self, value: object, now: int, out: list[Timed]) -> Reply | None:
        """Play a phrase of the map by its number.  Raises ConfigError."""
        call, phrase = self._call, self.book.numbered(value) if isinstance(value, int) else None
        if (hindrance := self._hindrance()) or call is None or phrase is None:
            return hindrance or Reply.NO_SUCH_PHRASE
        found = phrase
        self._turns.render(call, Gesture(lambda: found, lambda phrase, fit: [phrase]), now, out)
        return Reply.PHRASE_AGAIN

    def walk(self, value: object, now: int, out: list[Timed]) -> Reply | None:
        """Play some phrases of the map one after the other, by their numbers, and what lies between.

        Raises ConfigError for a phrase model that cannot be read.
        """
        numbers = value[:LONGEST_PATH] if isinstance(value, list) else []
        phrases = [found for number in numbers if (found := self.book.numbered(number))]
        call = self._call
        if (hindrance := self._hindrance()) or call is None or len(phrases) < 2:
            return hindrance or Reply.NO_SUCH_PHRASE
        gesture = Gesture(lambda: phrases[0], lambda phrase, fit: self.book.path(phrases))
        self._turns.render(call, gesture, now, out)
        self._replies.give("path", Reply.PATH, number=len(phrases))
        return None

    def sing(self, rows: object, now: int, out: list[Timed]) -> Reply:
        """Sing words to a tune, by the rhythm of some rows.  Raises ConfigError for other rows."""
        rhythm, call = of_rows(rows), self._call
        if self._turns.turn is Turn.TOGETHER:
            return Reply.BAND_SINGS
        if call is None:
            return Reply.UNHEARD
        self._turns.render(call, rhythm, now, out)
        return Reply.SINGS

    def keep_answer(self, response: Response) -> None:
        """The answer that was saved is the last phrase until the player plays another."""
        self._answer = response

    @property
    def _call(self) -> Call | None:
        return self._turns.call or self._performer.last_call

    def _hindrance(self, plays: bool = True, generates: bool = False) -> Reply | None:
        """Say why nothing can be made of phrases now.  Raises ConfigError for a phrase model that cannot be read."""
        try:
            if self.book.model is None or (generates and self.book.generator is None):
                return Reply.NO_PHRASE_MODEL
        except ModelError as error:
            raise ConfigError(str(error)) from None
        return Reply.BAND_PLAYS if plays and self._turns.turn is Turn.TOGETHER else None

    def _last(self, now: int) -> Callable[[], KeptPhrase | None]:
        """Gives the last phrase, on the beat as it is by then: the player's, or the answer that was kept since."""
        call, answer = self._call, self._answer
        if answer is not None and (self._listener.call or answer is not self._performer.response):
            answer = None

        def last() -> KeptPhrase | None:
            timeline = self._listener.live.timeline
            key = call.phrase.key if call else None
            if answer is not None:
                notes = [Struck(timeline.micros(it.tick), *it[1:]) for it in answer.strokes]
            else:
                notes = call.strokes if call else []
            return phrase_of(heard(notes, now), timeline, key.tonic if key else 0)

        return last
