"""The drums that play beside the player: the pattern, brushes or sticks, the fills asked for, the bars that fit.

Knows the listener and the settings; knows no plan and no agenda.
"""

from livegen.jam.band.drummer import Drummer, FittedBars, accents_of, drummer_for
from livegen.jam.band.feel import DrumFeel
from livegen.jam.band.variations import BRUSHES, is_brushed
from livegen.jam.controls.desk import Desk
from livegen.jam.interplay.calls import Call
from livegen.jam.interplay.listener import Listener
from livegen.jam.planning.brief import Brief
from livegen.music.drums.drum_bars import COMMON
from livegen.music.drums.grooves import Clap
from livegen.music.parts import DRUMS


class DrumsBeside:
    """From the tick `fill_from` on the drums fill up to the bar line; None where nobody asked.  Threads: loop only."""

    def __init__(self, listener: Listener, desk: Desk, seed: int) -> None:
        self.fill_from: int | None = None
        self._is_brushed = False
        self._feel = DrumFeel()
        self._listener, self._desk, self._seed = listener, desk, seed

    def begin(self) -> None:
        """Begin anew, with another response."""
        self._is_brushed = False
        self.forget()

    def forget(self) -> None:
        """Forget the fill and the bars that fit: the beat is elsewhere."""
        self.fill_from = None
        self._feel.forget()

    def drummer(
        self, call: Call, brief: Brief, origin: int, now: int, heard_swing: float, swing: float
    ) -> Drummer:
        """Give the pattern, from tick `origin` on; each call has its own chance.

        `now` is in micros; swings are in percent, the player's and ours.
        """
        timeline, settings = self._listener.live.timeline, self._desk.settings
        seed = f"{self._seed} {self._listener.calls} {call.answers}"
        density = brief.density * brief.densities[DRUMS] / (brief.room or 1.0)
        metre, style = timeline.metre, self._listener.style.near
        rests = [it for it in brief.rests if not (brief.last and it.start == brief.last.tick)]
        self._is_brushed = is_brushed(settings.kit, style, timeline.bpm, self._is_brushed)
        return drummer_for(
            style,
            metre,
            origin,
            seed,
            density,
            self.fill_from,
            accents_of(rests, metre.place(brief.start).bar),
            BRUSHES if self._is_brushed else brief.kit,
            brief.sections,
            self._fits(call, metre.bar_near(origin), now, heard_swing, swing),
            settings.feel,
        )

    def _fits(
        self, call: Call, origin: int, now: int, heard_swing: float, swing: float
    ) -> tuple[FittedBars, ...]:
        """The bars of the drums that fit to the player, if they are asked for; there are some in 4/4."""
        timeline, style = self._listener.live.timeline, self._listener.style.near
        if not self._desk.settings.feel or timeline.metre.place(origin).bar != COMMON:
            return ()
        claps = [
            Clap(timeline.tick(note.onset_us), note.velocity)
            for note in call.phrase.played(now)
            if not note.is_drum
        ]
        return self._feel.fits(
            claps,
            origin,
            timeline.tick(now),
            style=style,
            bpm=timeline.bpm,
            heard_swing=heard_swing,
            swing=swing,
        )
