"""Commands, carried out and replied to: turns asked for, controls set, tempo tapped, bindings learned, music saved.

Knows what a command is called and what is said about it; leaves turns to `turn_taking` and settings to `steering`.
"""

from livegen.errors import ConfigError
from livegen.inference.memory import Memory
from livegen.jam.commands.count_ins import CountIns
from livegen.jam.commands.cues import VARYING, Cues
from livegen.jam.commands.phrase_gestures import PhraseGestures
from livegen.jam.commands.steering import Steering
from livegen.jam.controls.controls import CONTROLS, checked
from livegen.jam.controls.desk import Desk
from livegen.jam.controls.macros import Macros
from livegen.jam.controls.mapping import CUES, LABELS, Command
from livegen.jam.interplay.performer import Performer
from livegen.jam.interplay.turn_taking import TurnTaking
from livegen.jam.reports.explaining import Explaining
from livegen.jam.reports.replies import Replies, Reply
from livegen.jam.timing.agenda import Timed
from livegen.jam.timing.conductor import LEADERS, Conductor, Leader
from livegen.jam.turns import Turn
from livegen.music.beat.tap import FEWEST_TAPS
from livegen.music.time.timeline import MAX_TEMPO_US, MIN_TEMPO_US, Timeline, tempo_us


class Commands:
    """All commands but stop and panic, which release the player's keys and are the engine's.  Threads: loop only."""

    def __init__(
        self,
        desk: Desk,
        conductor: Conductor,
        performer: Performer,
        turns: TurnTaking,
        steering: Steering,
        count_ins: CountIns,
        cues: Cues,
        macros: Macros,
        explaining: Explaining,
        replies: Replies,
        phrases: PhraseGestures,
    ) -> None:
        self._phrases = phrases
        self._desk, self._conductor, self._performer = desk, conductor, performer
        self._turns, self._steering, self._replies = turns, steering, replies
        self._count_ins, self._cues, self._macros = count_ins, cues, macros
        self._explaining = explaining

    def obey(self, command: Command, now: int, out: list[Timed]) -> None:
        """Carry out a command, and reply to it."""
        try:
            reply = self._carry_out(command, now, out)
        except ConfigError as error:
            self._replies.refuse(command.name, str(error))
        else:
            if reply is not None:
                self._replies.give(command.name, reply)

    def _carry_out(self, command: Command, now: int, out: list[Timed]) -> Reply | None:
        """Carry out a command; None where the reply was given already.  Raises ConfigError."""
        match command.name:
            case "your_turn":
                return self._hand_over()
            case "my_turn":
                return self._take_over(now, out)
            case "again":
                was_answered = self._turns.again(now, out)
                return Reply.ANOTHER if was_answered else Reply.NOTHING_ANSWERED
            case "vary":
                return self._phrases.vary(now, out)
            case "restyle":
                return self._phrases.restyle(now, out)
            case "between":
                return self._phrases.between(now, out)
            case "keep_a" | "keep_b":
                return self._phrases.keep(command.name[-1].upper(), now)
            case "phrase":
                return self._phrases.play(command.value, now, out)
            case "path":
                return self._phrases.walk(command.value, now, out)
            case "sing":
                return self._phrases.sing(command.value, now, out)
            case "forget":
                self._turns.remember(Memory())
                self._turns.plan_again(
                    now
                )  # an answer may have been planned with what is forgotten
                return Reply.FORGETS
            case "undo":
                return Reply.UNDONE if self._turns.undo(now, out) else Reply.NOTHING_TO_UNDO
            case "freeze":
                return self._freeze(now, out)
            case "keep":
                return self._keep(now, out)
            case "why":
                return self._explaining.ask(command.value)
            case "capture":
                out.append(Timed(now, command))  # the recorder knows what was played
                return Reply.CAPTURES
            case "tap":
                self._tap(now)
            case "count_in":
                return self._count_ins.give(now, out)
            case name if name in VARYING:
                self._cues.vary(VARYING[name], now)
            case name if name in CUES:
                self._cues.give(name, now, out)
            case "variation" if self._is_other("variation", command.value):
                self._cues.vary(str(command.value), now)
            case "preset":
                self._steering.ask_for_preset(str(command.value), now)
            case "macro":
                self._start_macro(str(command.value), now)
            case "macros":
                self._desk.name_macros(command.value)
            case "presets":
                self._desk.name_presets(command.value)
            case "map":
                self._desk.bind(command.value)
            case "learn":
                self._learn(str(command.value or ""), now)
            case "unlearn":
                self._unlearn(str(command.value))
            case "link":
                self._link(command.value)
            case "next":
                name = str(command.value)
                if (value := self._desk.after(name)) is not None:
                    return self._carry_out(Command(name, value), now, out)
            case "turn":
                return self._turn_knob(command.value, now, out)
            case name:
                self._steering.set(name, command.value, now)
                if name == "tempo" and self._is_led:
                    self._tell_tempo("tempo")
        return None

    # --- turns ----------------------------------------------------------------------------------------------------

    def _hand_over(self) -> Reply:
        call = self._turns.call or self._performer.last_call
        if call is None:
            return Reply.NOTHING_HEARD
        if not self._turns.hand_over(call):
            is_looping = self._turns.turn is Turn.LOOPING
            return Reply.LOOPS_ALREADY if is_looping else Reply.PLAYS_ALREADY
        return Reply.ANSWERS_WITH_CLOCK if self._conductor.is_stopped else Reply.ANSWERS

    def _take_over(self, now: int, out: list[Timed]) -> Reply:
        was_waiting = self._turns.turn is Turn.WAITING
        counted = self._count_ins.cancel()
        was_silenced = self._turns.take_over(now, out)
        if was_waiting and not was_silenced and not counted:
            return Reply.YOURS_ALREADY
        return Reply.LISTENS if self._turns.turn is Turn.KEPT else Reply.SILENCED

    def _freeze(self, now: int, out: list[Timed]) -> Reply:
        if self._performer.response is None:
            return Reply.NOTHING_TO_FREEZE
        self._turns.freeze(now, out)
        return Reply.FROZEN if self._turns.turn is Turn.LOOPING else Reply.LET_GO

    def _keep(self, now: int, out: list[Timed]) -> Reply:
        response = self._performer.response
        if response is None:
            return Reply.NOTHING_TO_KEEP
        until = now if self._turns.is_playing else response.ended_us
        self._phrases.keep_answer(response)
        span = {"from": response.began_us, "to": until}
        out.append(Timed(now, Command("keep", span)))
        return Reply.KEEPS

    def _start_macro(self, name: str, now: int) -> None:
        """Start a macro: on the bar line while the model plays, else at once.  Raises ConfigError."""
        is_playing = self._turns.is_playing
        at = self._steering.next_line_us(now) if is_playing else now
        bars = self._macros.start(name, at)
        reply = Reply.MOVES_SOON if is_playing else Reply.MOVES
        self._replies.give("macro", reply, name=name, bars=bars)

    # --- tempo ----------------------------------------------------------------------------------------------------

    def _tap(self, now: int) -> None:
        tempo = self._conductor.tap(now)
        bpm = round(60e6 / tempo, 2) if tempo else 0
        low, high = CONTROLS["tempo"].low, CONTROLS["tempo"].high
        if low <= bpm <= high:
            self._steering.set("tempo", bpm, now)
            self._conductor.set_internal(tempo_us(bpm), now, is_downbeat=True)
            self._tell_tempo("tap")
        elif self._is_led:
            self._tell_tempo("tap")
        elif self._conductor.taps < FEWEST_TAPS:
            self._replies.give("tap", Reply.TAPPED, number=self._conductor.taps)
        else:
            self._replies.give("tap", Reply.TAPS_OUTSIDE, low=low, high=high)

    @property
    def _is_led(self) -> bool:
        """The time is that of a DAW, or will be: a tempo of ours counts for nothing."""
        return self._conductor.leader in LEADERS or self._conductor.is_stopped

    def _tell_tempo(self, to: str) -> None:
        """Reply when the tempo counts that was tapped or set."""
        leader, settings = self._conductor.leader, self._desk.settings
        bpm = settings.tempo
        words = {"bpm": bpm, "leader": LEADERS.get(leader, LEADERS[Leader.CLOCK])}
        if leader is Leader.INTERNAL:
            self._replies.give(to, Reply.TEMPO_NOW, **words)
        elif not self._is_led:
            self._replies.give(to, Reply.TEMPO, **words)
        elif isinstance(bpm, str) or settings.sync != "auto":
            self._replies.give(to, Reply.TEMPO_IN_VAIN, **words)
        else:
            self._replies.give(to, Reply.TEMPO_WAITS, **words)

    def _link(self, value: object) -> None:
        match value:
            case {"tempo_us": int(tempo), "origin_us": int(origin), "peers": int(peers)} if (
                MIN_TEMPO_US <= tempo <= MAX_TEMPO_US
            ):
                self._conductor.link(Timeline(tempo, origin), peers > 0)
            case _:
                self._conductor.link(None)

    # --- controls -------------------------------------------------------------------------------------------------

    def _turn_knob(self, value: object, now: int, out: list[Timed]) -> Reply | None:
        match value:
            case [str(name), int(steps)]:
                if (turned := self._desk.turned(name, steps)) is not None:
                    return self._carry_out(Command(name, turned), now, out)
        return None

    def _is_other(self, name: str, value: object) -> bool:
        """True if a control is to have another value, which makes sense."""
        return bool(checked(name, value) != getattr(self._desk.settings, name))

    def _learn(self, target: str, now: int) -> None:
        self._desk.learn(target, now)
        reply = Reply.LEARNS if target else Reply.LEARNS_NO_MORE
        self._replies.give("learn", reply, name=_label(target))

    def _unlearn(self, target: str) -> None:
        reply = Reply.FORGOTTEN if self._desk.unlearn(target) else Reply.NOTHING_BOUND
        self._replies.give("unlearn", reply, name=_label(target))


def _label(name: str) -> str:
    """The name of a control or a command on the page."""
    return LABELS.get(name, name.replace("_", " "))
