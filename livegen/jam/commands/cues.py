"""The cues that a player gives to the band that goes along; most of them take effect on a bar line.

The harmony remembers where a cue leads, on the chart or in the song that was heard.  Knows ticks and micros.
"""

from livegen.jam.band.variations import VARIATIONS
from livegen.jam.commands.count_ins import CountIns
from livegen.jam.commands.ritard import Ritard
from livegen.jam.commands.steering import Steering
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.timing.agenda import Timed
from livegen.jam.turns import Turn
from livegen.music.drums.drum_bars import FILL
from livegen.music.time.metre import TICKS_PER_BEAT

# Ticks: a cue cannot change what is planned for a bar line that is nearer.  It takes effect on the next.
NEAREST_LINE = TICKS_PER_BEAT // 2
VAMP, LONGEST_LOOP = 4, 8  # bars
VARYING = {f"variation_{name.lower()}": name for name in VARIATIONS}


class Cues:
    """Checks each cue, has the parts carry it out, and replies.  Threads: loop only."""

    def __init__(
        self,
        listener: Listener,
        performer: Performer,
        turns: TurnTaking,
        steering: Steering,
        count_ins: CountIns,
        replies: Replies,
        ritard: Ritard,
    ) -> None:
        self._ritard = ritard
        self._listener, self._performer = listener, performer
        self._turns, self._steering, self._count_ins = turns, steering, count_ins
        self._replies = replies
        # The last cue, and the bar line on which it takes effect.
        self._pending: tuple[str, int] | None = None

    def give(self, name: str, now: int, out: list[Timed]) -> None:
        """Let the band do what a cue asks for, and reply; a variation is asked for by `vary`."""
        if name == "intro" and self._performer.mode.is_beside and not self._turns.is_playing:
            return self._replies.give(name, self._begin(now, out))
        if self._turns.turn is not Turn.TOGETHER:
            return self._replies.give(name, Reply.NO_BAND)
        if self._performer.is_closing(now):
            return self._replies.give(name, Reply.ENDS_ALREADY)
        reply, bars = self._take(name, now)
        if reply.is_done:
            self._pending = name, self._line(now)
            self._performer.drop_plan()
        return self._replies.give(name, reply, bars=bars, leader=self._ritard.leader)

    def vary(self, variation: str, now: int) -> None:
        """Let the band play a variation: with a fill from the next bar line on while it plays, else at once."""
        name = f"variation_{variation.lower()}"
        if self._turns.turn is not Turn.TOGETHER:
            self._steering.set("variation", variation, now)
            return self._replies.give(name, Reply.VARIES, name=variation)
        if self._performer.is_closing(now):
            return self._replies.give(name, Reply.ENDS_ALREADY)
        line = self._line(now)
        self._pending = name, line
        self._fill_into(line, self._tick(now))
        self._steering.vary_from(variation, line)
        self._performer.drop_plan()
        return self._replies.give(name, Reply.VARIES_SOON, name=variation)

    def pending(self, now: int) -> str:
        """The cue that was given and has not taken effect yet; "" for none."""
        if self._turns.turn is not Turn.TOGETHER or self._pending is None:
            return ""
        name, line = self._pending
        return name if self._tick(now) < line else ""

    def _tick(self, now: int) -> int:
        """The tick from which on there is time to do something."""
        return self._listener.live.timeline.tick_from(now + 1)

    def _line(self, now: int) -> int:
        """The bar line on which a cue of now takes effect; none before the band that is counted in enters."""
        line = self._listener.live.timeline.bar_from(self._tick(now) + NEAREST_LINE)
        return max(line, self._performer.enters or line)

    def _take(self, name: str, now: int) -> tuple[Reply, int]:
        """Carry a cue out; give the reply, and the number of bars that the reply speaks of."""
        timeline, harmony = self._listener.live.timeline, self._listener.harmony_at(now)
        tick, line = self._tick(now), self._line(now)
        is_ending = harmony.ending is not None
        if name != "fill":
            harmony.call_off()  # the last cue counts
        match name:
            case "fill":
                line = timeline.bar_from(tick + TICKS_PER_BEAT)
                return Reply.FILLS if self._fill_into(line, tick) else Reply.NO_DRUMS, 1
            case "break":
                self._fill_into(line, tick)
                harmony.break_at(line, line + timeline.metre.place(line).bar)
                return Reply.BREAKS, 1
            case "stop_time":
                is_on = harmony.stop_time(line, tick)
                return Reply.STOP_TIME if is_on else Reply.PLAYS_THROUGH, 1
            case "intro":
                if not harmony.to_intro(line, now):
                    return Reply.NO_KEY, 0
                self._fill_into(line, tick)
                return Reply.INTRO, 1
            case "top":
                if not harmony.to_top(line):
                    return Reply.NO_SONG, 0
                self._fill_into(line, tick)
                return Reply.FROM_TOP, 1
            case "section":
                if not harmony.to_next_section(tick, line):
                    return Reply.NO_CHART, 0
                self._fill_into(line, tick)
                return Reply.NEXT_SECTION, 1
            case "ending" if is_ending:
                return Reply.PLAYS_ON, 0
            case "ending":
                return self._end(line, tick, now), 0
            case _:
                return self._go_round(name, tick, now)

    def _end(self, line: int, tick: int, now: int) -> Reply:
        """End from a bar line on; with a ritard a bar later, where most of a bar to slow down in is not left."""
        harmony, bar = self._listener.harmony, self._listener.live.timeline.metre.place(line).bar
        slows = self._ritard.is_wanted and self._ritard.is_ours
        if slows and not harmony.has_outro and line - tick < bar * 3 // 4:
            line += bar
        if not slows or harmony.has_outro:
            self._fill_into(line, tick)
        is_written = harmony.end(line, bar, now, slows)
        if self._ritard.is_wanted and not slows:
            return Reply.ENDS_IN_TIME
        if slows:
            return Reply.ENDS_SLOWLY
        return Reply.ENDS_AS_WRITTEN if is_written else Reply.ENDS

    def _begin(self, now: int, out: list[Timed]) -> Reply:
        """Count in, and let the band begin with an introduction."""
        harmony = self._listener.harmony
        if not harmony.has_intro(now):
            return Reply.NO_KEY
        reply = self._count_ins.give(now, out)
        enters = self._performer.enters
        if enters is None:
            return reply
        self._listener.harmony_at(now).to_intro(enters, now)
        return Reply.COUNTS_INTRO_IN

    def _go_round(self, name: str, tick: int, now: int) -> tuple[Reply, int]:
        """Let something go round, or let it go on."""
        harmony = self._listener.harmony
        if harmony.chart and name == "loop_chords":
            return Reply.NO_LOOP, 0
        if harmony.goes_round:
            harmony.let_go(tick)
            return Reply.GOES_ON, 0
        if harmony.vamp(tick):
            return Reply.VAMPS, 0
        bars = harmony.loop(now, VAMP if name == "vamp" else LONGEST_LOOP)
        return Reply.LOOPS_BARS if bars else Reply.NOTHING_TO_LOOP, bars

    def _fill_into(self, line: int, tick: int) -> bool:
        """Let the drums fill up to a bar line, from tick `tick` on at the earliest; False if there are none."""
        if not self._performer.has_drums(self._turns.call):
            return False
        self._performer.drums.fill_from = max(line - FILL, tick)
        return True
