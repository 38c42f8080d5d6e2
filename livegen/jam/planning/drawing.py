"""Drawing the fields of an event from the model's logits, by what the brief favours, and noting down why.

Every draw takes one number from the generator that was given.  Knows ticks; knows no turns.
"""

import numpy as np
from numpy.typing import NDArray

from livegen.codec.layout import ADVANCE, FIELDS, velocity_class, velocity_of
from livegen.inference.contract import Logits, Query
from livegen.inference.sampling import Mask, Probabilities, draw, nucleus, probabilities
from livegen.jam.band.theme import mixed
from livegen.jam.hearing.hearing import Hearing
from livegen.jam.planning.brief import Brief
from livegen.jam.reports.reasons import Drawn, Reason
from livegen.music.drums.drum_bars import DrumHit
from livegen.music.messages import velocity_near
from livegen.music.parts import COMP
from livegen.music.time.metre import TICKS_PER_BEAT

TIMES = np.arange(FIELDS["time"])


class Drawing:
    """The draws of a rollout.

    `likelihood` sums the logarithms of the shares at which choices were drawn, `begun` counts the velocities that were.
    """

    def __init__(self, hearing: Hearing, rng: np.random.Generator, keeps_steps: bool) -> None:
        """With `keeps_steps` reasons hold the network's steps."""
        self.likelihood = 0.0
        self.begun = 0
        self._hearing = hearing
        self._rng = rng
        self._keeps_steps = keeps_steps
        self._velocities = 0
        self._waiting: Logits | None = None  # logits of time after the last event, while they hold

    def forget_time(self) -> None:
        """Ask for the logits of time anew: something has been heard, or time has passed."""
        self._waiting = None

    def times(self, brief: Brief, last: int) -> Logits:
        """Logits of the ticks from the last event, at tick `last`, to the next."""
        if self._waiting is None:
            logits = self._hearing.logits("time", Query(), brief.memory)
            self._waiting = self._in_groove(logits, brief, last)
        return self._waiting

    def _in_groove(self, waiting: Logits, brief: Brief, last: int) -> Logits:
        """Logits of time, shifted by how welcome each tick of the beat is; not that of ADVANCE."""
        if brief.groove is None:
            return waiting
        position, _ = self._hearing.timeline.metre.place(last)
        favoured = waiting + brief.groove[(position + TIMES) % TICKS_PER_BEAT]
        favoured[ADVANCE] = waiting[ADVANCE]
        return favoured.astype(np.float32)

    def field(
        self,
        name: str,
        query: Query,
        brief: Brief,
        allowed: Mask | None = None,
        temperature: float = 1.0,
        favour: NDArray[np.float64] | None = None,
    ) -> int:
        """Draw a field of an event of which `query` says the rest, with so many nats added to its logits."""
        logits = self._hearing.logits(name, query, brief.memory)
        return self._chosen(_favoured(logits, allowed, temperature, favour), brief)

    def drawn(self, likely: Probabilities) -> int:
        """Draw a class."""
        chosen = draw(likely, self._rng.random())
        self.likelihood += float(np.log(likely[chosen] + 1e-12))
        return chosen

    def _chosen(self, likely: Probabilities, brief: Brief) -> int:
        return self.drawn(nucleus(likely, brief.nucleus))

    def pitch(
        self,
        because: Reason,
        query: Query,
        brief: Brief,
        allowed: Mask,
        favour: NDArray[np.float64] | None,
    ) -> tuple[int, Reason]:
        """Draw a pitch with what a reason mixes in; with it the reason, in which stands how it came about."""
        temperature, cut = brief.temperature, brief.nucleus
        if query.part == COMP and brief.taken is not None:
            favour = brief.taken if favour is None else favour + brief.taken
        plain = self._hearing.plain("pitch", query)
        logits = self._hearing.coloured("pitch", query, plain, brief.memory)
        likely = _favoured(logits, allowed, temperature, favour)
        for mix in because.mixes:
            likely = mixed(likely, mix.share, mix.pitches, allowed)
        pitch = self._chosen(likely, brief)
        step = self._hearing.step() if self._keeps_steps else None
        drawn = Drawn(pitch, query, plain, logits, allowed, favour, temperature, cut, step)
        return pitch, because._replace(drawn=drawn)

    def velocity(self, query: Query, brief: Brief, kept: DrumHit | None = None) -> int:
        """Velocity drawn by the model, moved towards the call's mean by what its own mean is off.

        Of drums that keep to bars it is the mean of these: who hears a few soft hits first is not soft.
        """
        logits = self._hearing.logits("velocity", query, brief.memory)
        likely = probabilities(logits, None, brief.temperature)
        if kept and brief.drummer:
            place, share = velocity_class(kept.velocity), brief.drummer.loudness(kept)
            likely = mixed(likely, share, [place], np.ones(len(likely), np.bool_))
        drawn = velocity_of(self._chosen(likely, brief))
        self._velocities += drawn
        self.begun += 1
        own = self._velocities / self.begun
        mean = brief.drummer.usual_velocity if kept and brief.drummer else own
        loud = drawn + brief.follow * (brief.velocity - mean) + brief.louder
        loud *= brief.softer if query.part == COMP else 1.0
        return velocity_near(loud)


def _favoured(
    logits: Logits, allowed: Mask | None, temperature: float, favour: NDArray[np.float64] | None
) -> Probabilities:
    """Probabilities of what is allowed, with so many nats added to the logits."""
    if favour is not None:
        logits = (logits + favour).astype(np.float32)
    return probabilities(logits, allowed, temperature)
