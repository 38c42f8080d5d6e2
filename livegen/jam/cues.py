"""Cues: what a player asks of the band that goes along, and what takes effect on a bar line.

Where a cue leads, on the chart or in the song that was heard, is remembered by the harmony.  Knows ticks and micros.
"""

from livegen.jam.listener import Listener
from livegen.jam.performer import Performer
from livegen.jam.replies import Reply
from livegen.jam.turn_taking import TurnTaking
from livegen.jam.turns import Turn
from livegen.music.drum_bars import FILL
from livegen.music.metre import TICKS_PER_BEAT

SOONEST = (
    TICKS_PER_BEAT // 2
)  # what is planned for so near is played: a bar line that is nearer is too near
CUES = ("fill", "top", "section")


class Cues:
    """Threads: loop only."""

    def __init__(self, listener: Listener, performer: Performer, turns: TurnTaking) -> None:
        self._listener, self._performer, self._turns = listener, performer, turns

    def give(self, name: str, now: int) -> Reply:
        """Let the band do what one of `CUES` asks for."""
        if self._turns.turn is not Turn.TOGETHER:
            return Reply.NO_BAND
        reply = self._take(name, now)
        if reply.is_done:
            self._performer.drop_plan()
        return reply

    def _take(self, name: str, now: int) -> Reply:
        timeline, harmony = self._listener.live.timeline, self._listener.harmony_at(now)
        tick = timeline.tick_from(now + 1)
        line = timeline.bar_from(tick + SOONEST)
        match name:
            case "fill":
                line = timeline.bar_from(tick + TICKS_PER_BEAT)
                return Reply.FILLS if self._fill_into(line, tick) else Reply.NO_DRUMS
            case "top":
                if not harmony.to_top(line):
                    return Reply.NO_SONG
                self._fill_into(line, tick)
                return Reply.FROM_TOP
            case _:
                if not harmony.to_next_section(tick, line):
                    return Reply.NO_CHART
                self._fill_into(line, tick)
                return Reply.NEXT_SECTION

    def _fill_into(self, line: int, tick: int) -> bool:
        """Let the drums fill up to a bar line, from tick `tick` on at the earliest; False if there are none."""
        if not self._performer.has_drums(self._turns.call):
            return False
        self._performer.fill_from = max(line - FILL, tick)
        return True
