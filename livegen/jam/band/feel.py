"""The bars of our drums that fit to what the player plays beside them: which, from which bar on, and how they lie.

The drums listen for two bars, or for the one that there is, and shortly before the next two begin choose
from people's (music/drums/drum_touch.py); what they play goes on while it fits nearly as well as something else.  How
loud and how late each hit is, the network says.  Knows ticks of the timeline; knows no model, no chance and no clock.
"""

from collections.abc import Sequence

from livegen.jam.band.drummer import FittedBars
from livegen.music.drums.drum_bars import COMMON, DrumBar, DrumHit, levelled
from livegen.music.drums.drum_touch import centre, facts, fitting, touch
from livegen.music.drums.drum_touch import shipped as shipped_touch
from livegen.music.drums.grooves import (
    KIT,
    STEP,
    Clap,
    Floats,
    Grid,
    Rhythm,
    rhythm_of,
)
from livegen.music.drums.grooves import shipped as shipped_grooves
from livegen.music.time.metre import TICKS_PER_BEAT

AHEAD = 2 * TICKS_PER_BEAT  # ticks before two bars, at which they are chosen
SOON = STEP  # and where only the bar before them was heard
FEWEST = COMMON - SOON  # ticks of a rhythm that tell something
LATEST = 1.4  # ticks by which a hit is late or early at most: it is still on its sixteenth
KEPT = 2  # fits: that of now and that of what comes


class DrumFeel:
    """The grooves fitted to the player since the drums came in; none where nobody asked.  Threads: loop only."""

    def __init__(self) -> None:
        self._fits: tuple[FittedBars, ...] = ()
        self._origin: int | None = None
        self._held: int | None = None

    def forget(self) -> None:
        """The drums begin anew, or the beat is elsewhere."""
        self._fits, self._origin, self._held = (), None, None

    def fits(
        self,
        claps: Sequence[Clap],
        origin: int,
        now: int,
        *,
        style: str,
        bpm: float,
        heard_swing: float,
        swing: float,
    ) -> tuple[FittedBars, ...]:
        """The fits at tick `now` of drums whose bars are counted from tick `origin`, a line of bars of 4/4.

        `claps` are what the player has struck, by tick; swings are in percent, the player's and that of the drums.
        """
        if origin != self._origin:
            self.forget()
            self._origin = origin
        if claps and (number := self._due(claps[0].tick, origin, now)) is not None:
            rhythm = rhythm_of(claps, origin, claps[0].tick, now, heard_swing)
            if rhythm is not None:
                groove = fitting(rhythm, style, bpm, swing, self._held)
                self._held = groove.number
                fit = FittedBars(number, played(groove.hits, rhythm, style, bpm, swing))
                self._fits = (*self._fits, fit)[-KEPT:]
        return self._fits

    def _due(self, since: float, origin: int, now: int) -> int | None:
        """The number of the bar from which on other bars are to be chosen now; None while those that are stand."""
        heard = now - since
        ahead = AHEAD if heard >= 2 * COMMON - AHEAD else SOON
        number = (now + ahead - origin) // COMMON
        if heard < FEWEST:
            return None
        if not self._fits:
            return number
        period = number // 2
        return 2 * period if period > self._fits[-1].number // 2 else None


def played(
    hits: Grid, rhythm: Rhythm | None, style: str, bpm: float, swing: float
) -> tuple[DrumBar, DrumBar]:
    """Two bars of hits (STEPS, drums) as a hand plays them beside a rhythm: loudness of other kits, about the beat."""
    said = touch(facts(hits, rhythm, style, bpm, swing), shipped_touch())
    lates: Floats = said.lates - centre(said.lates, hits > 0)
    found = levelled(
        DrumHit(
            int(step) * STEP,
            KIT[drum],
            round(float(said.velocities[step, drum])),
            round(max(-LATEST, min(LATEST, float(lates[step, drum]) * STEP)), 2),
        )
        for step, drum in zip(*hits.nonzero(), strict=True)
    )
    first = tuple(hit for hit in found if hit.tick < COMMON)
    return first, tuple(hit._replace(tick=hit.tick - COMMON) for hit in found[len(first) :])


def prepare() -> None:
    """Read the grooves and the network, so that no bar has to wait for them.  Raises ModelError for damaged files."""
    shipped_grooves()
    shipped_touch()
