"""Count-ins: those that the player gives are heard, those that he asks for are given.

A count-in is no music: its clicks are no call, are answered by nobody, and the model does not hear them.  It tells
tempo, beat and bar line, and who plays beside the player enters on the beat after it.  What is a count-in is told in
`music.beat.count_in`.
"""

from livegen.jam.controls.desk import Desk
from livegen.jam.interplay import starts
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.reports.replies import Reply
from livegen.jam.timing.agenda import Timed
from livegen.jam.timing.conductor import Conductor
from livegen.jam.timing.metronome import Metronome
from livegen.jam.turns import CALLING, Turn
from livegen.music.time.metre import COMMON_TIME
from livegen.music.time.timeline import Timeline

CLICKS_ON = 2  # clicks after a count by which it was none, but a groove


class CountIns:
    """Threads: loop only."""

    def __init__(
        self,
        desk: Desk,
        conductor: Conductor,
        listener: Listener,
        performer: Performer,
        turns: TurnTaking,
        metronome: Metronome,
    ) -> None:
        self._desk, self._conductor, self._listener = desk, conductor, listener
        self._performer, self._turns, self._metronome = performer, turns, metronome
        self._clicked: int | None = None  # the pitch of a count after which no music has come yet

    # --- heard ----------------------------------------------------------------------------------------------------

    def until_us(self, now: int) -> int | None:
        """While the player may be counting: until when, micros, nobody is to begin; else None."""
        until = self._listener.counted(now).until_us
        return until if until is not None and until > now else None

    def heed(self, now: int, out: list[Timed]) -> None:
        """A note of the player's was heard: where it is of a count-in, or the first after one, go by that."""
        if self._turns.turn not in (*CALLING, Turn.TOGETHER):
            return
        self._doubt(now)
        counted, is_beside = self._listener.counted(now), self._performer.mode.is_beside
        if is_beside and (counted.until_us is not None or counted.music_us is not None):
            self._performer.withdraw(now, out)  # what was begun beside the clicks
        # Who plays beside the player cannot wait for his first note: they begin together.
        if counted.found and (counted.music_us is not None or (is_beside and counted.is_whole)):
            call = self._listener.call
            self._clicked = call.strokes[0].pitch if call and counted.music_us is None else None
            self._turns.leave_out_count(counted.found, counted.music_us)

    def _doubt(self, now: int) -> None:
        """Clicks that go on after a count were none, though all went by them."""
        call = self._listener.call
        if self._clicked is None or call is None:
            return
        pitches = [note.pitch for note in call.phrase.played(now)]
        goes_on = len(pitches) >= CLICKS_ON and set(pitches) == {self._clicked}
        if goes_on:
            self._listener.doubt_count()
        if goes_on or set(pitches) - {self._clicked}:
            self._clicked = None

    # --- given ----------------------------------------------------------------------------------------------------

    def give(self, now: int, out: list[Timed]) -> Reply:
        """Click for some bars, and let the model enter on the one after them, where its mode lets it."""
        if self._conductor.is_stopped:
            return Reply.NOTHING_RUNS
        earliest = now + starts.lead_us(self._desk.settings)
        timeline = self._conductor.timeline or self._free(earliest)
        first = timeline.bar_from(timeline.tick_from(earliest))
        one = first
        for _ in range(int(self._desk.settings.count_in_bars)):
            one = timeline.bar_from(one + 1)
        self._listener.count_in(timeline, timeline.micros(one))
        enters = self._turns.count_in(one, now, out)
        self._metronome.count_in(first, one, now)
        return Reply.COUNTS_MODEL_IN if enters else Reply.COUNTS_YOU_IN

    def cancel(self) -> bool:
        """Count no more; False if nothing was counted."""
        counted = self._metronome.counts
        self._metronome.stop()
        return counted

    def _free(self, now: int) -> Timeline:
        """In free time: that tempo and those bars from now on which are told, or were found last."""
        listener, running = self._listener, self._listener.live.timeline
        metre = listener.metre or (running.metre if listener.tempo_sure else COMMON_TIME)
        return Timeline(
            listener.fixed_us or (running.tempo_us if listener.tempo_sure else listener.usual_us),
            now,
            metre,
        )
