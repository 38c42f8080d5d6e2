"""The note as the engine hears it, between the messages of a port and the strokes of the codec's grid."""

from typing import NamedTuple

from livegen.codec.encoder import Stroke
from livegen.music.time.timeline import Timeline


class Struck(NamedTuple):
    """A note that begins (`velocity` 1..127) or ends (0) at `at` micros, its part known; the player's, or `is_ours`."""

    at: int
    part: int
    pitch: int
    velocity: int
    is_ours: bool = False

    def on(self, timeline: Timeline) -> Stroke:
        """The same on the tick grid."""
        return Stroke(timeline.tick(self.at), self.part, self.pitch, self.velocity)
