"""Turn-taking, carried out: the state of the turn, its call, and every action of the tables of `turns`.

Knows when things happen, in micros; knows no messages, no commands' names and no replies.
"""

from collections.abc import Callable

from livegen.inference.lesson import Lesson
from livegen.inference.memory import Memory
from livegen.jam.controls.controls import Settings
from livegen.jam.controls.desk import Desk
from livegen.jam.hearing.ears import Ears
from livegen.jam.interplay import starts
from livegen.jam.interplay.calls import Call, Gesture
from livegen.jam.interplay.listener import Listener
from livegen.jam.interplay.performer import Performer
from livegen.jam.timing.agenda import Timed
from livegen.jam.turns import CALLING, HAS_CALL, PLAYING, Action, Happening, Mode, Start, Turn
from livegen.music.beat.count_in import Count
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import Timeline
from livegen.music.words.word_rhythm import WordRhythm

EARLY_BEATS = 2  # so long after it began a response may have come in too early


class TurnTaking:
    """`turn` is the state; `answered` the call that is answered or gone along with, None while there is none.

    The call that the player is playing is the listener's.  `between_turns` is called where presets may take over: when
    a call begins and when a turn has ended.  Threads: loop only.
    """

    def __init__(
        self,
        listener: Listener,
        performer: Performer,
        ears: Ears,
        desk: Desk,
        between_turns: Callable[[], None],
    ) -> None:
        self.turn = Turn.WAITING
        self.answered: Call | None = None
        self._listener, self._performer = listener, performer
        self._ears, self._desk = ears, desk
        self._between_turns = between_turns

    @property
    def call(self) -> Call | None:
        """The call of this turn, open or answered."""
        return self._listener.call or self.answered

    @property
    def is_asked(self) -> bool:
        """The player asked for an answer, and it has not begun."""
        return self.turn in (Turn.ASKED, Turn.ANEW)

    @property
    def is_coming(self) -> bool:
        """The model is about to begin."""
        is_planned = self.turn is Turn.LISTENING and self._performer.plan is not None
        return self.is_asked or is_planned

    @property
    def is_playing(self) -> bool:
        """True in the model's turn, and while both play."""
        return self.turn in PLAYING

    # --- the player's notes ---------------------------------------------------------------------------------------

    def key_happening(self, now: int) -> Happening:
        """The happening that a key is which goes down now.  Ask before the key is heard."""
        if self._is_at_change(now):
            return Happening.KEY_AT_CHANGE
        if self._is_early(now):
            return Happening.KEY_EARLY
        return Happening.KEY_AFTER_REST if self._is_rested(now) else Happening.KEY

    def key(self, happening: Happening, now: int, out: list[Timed]) -> None:
        """A key that is heard goes down: begin a call with it, go on with the one there is, or play on."""
        if self.call:
            self.call.gesture = None
        match self._happen(happening):
            case Action.OPEN:
                self._forget_planned(now, out)
                self._open(now)
            case Action.HEAR:
                if self._performer.plan or not self._mode.has_companions:
                    self._performer.give_way(now, out)
            case Action.GO_ON:
                self._performer.give_way(now, out)
                self._performer.taken.pop()
                self._listener.call, self.answered = self.answered, None
                if self._listener.call:
                    self._listener.call.went_on = True
            case Action.PLAN_ANEW:
                self._performer.plan_anew(now)

    def _open(self, now: int, one: int | None = None) -> None:
        """Begin a call; who plays beside the player enters at the tick `one`, if there is one to wait for."""
        self._between_turns()
        call = self._listener.open_call(now)
        call.habit = starts.habit(self._performer.taken)
        self.answered = None
        self._performer.enters = one
        if self.turn is Turn.TOGETHER:
            start = self._timeline.tick(now) if one is None else one
            self._performer.begin(call, start, now if one is None else self._timeline.micros(one))

    def leave_out_count(self, count: Count, music_us: int | None) -> None:
        """Go by the notes of the open call as a count-in, and let the call begin with the music after it."""
        call = self._listener.leave_out_count(count, music_us)
        if call and self.turn is Turn.TOGETHER:
            one = self._timeline.tick(count.next_us)
            self._performer.taken.pop()
            self._performer.begin(call, one, count.next_us)
            self._performer.enters = one

    def _is_at_change(self, now: int) -> bool:
        """Turns change by the bar about now: nobody is cut off, and no call begins out of nothing."""
        plan = self._performer.plan
        if self._mode.start is not Start.BARS or plan is None or plan.chosen is None:
            return False
        tick = self._timeline.tick(now)
        begins = now >= plan.start_us - starts.SOON_US and tick < plan.start + TICKS_PER_BEAT
        return begins or (plan.end is not None and tick >= plan.end - TICKS_PER_BEAT)

    def _is_early(self, now: int) -> bool:
        """The response has only just begun: who plays on has not ended the call."""
        response, taken = self._performer.response, self._performer.taken
        if self.turn is not Turn.RESPONDING or self._mode.start is not Start.REST or not response:
            return False
        is_its_own = bool(taken) and taken[-1].call is self.answered
        return is_its_own and now - response.began_us < EARLY_BEATS * self._timeline.tempo_us

    def _is_rested(self, now: int) -> bool:
        """The rest that ends the call is over, and no answer is planned."""
        call = self._listener.call
        if self.turn not in CALLING or call is None or self._ears.held or self._performer.plan:
            return False
        return now > starts.call_over(call, self._settings, self._timeline)

    # --- the response ---------------------------------------------------------------------------------------------

    def begin(self, at: int) -> None:
        """A planned note is due: if it is the first of a response, the call ends."""
        call, plan = self.call, self._performer.plan
        if call and plan and self._happen(Happening.BEGIN) is Action.PLAY:
            self._close()
            self._performer.begin(call, plan.start, at)

    def end(self) -> None:
        """All that was planned has been played."""
        self._performer.drop_plan()
        has_ended = self._listener.harmony.ending is not None
        if has_ended:
            self._listener.harmony.over()
        is_band_over = has_ended and self.turn is Turn.TOGETHER
        happening = Happening.ENDED if is_band_over else Happening.DONE
        if self._happen(happening) is Action.END:
            self._drop_call()
        self._between_turns()

    def end_at_bar(self, now: int) -> None:
        """Let a response without an end of its own end with the bar."""
        plan = self._performer.plan
        if self.call and plan and plan.chosen and not self._performer.is_ending():
            self._performer.end_at_bar(self.call, now)

    # --- commands -------------------------------------------------------------------------------------------------

    def stop(self, now: int, out: list[Timed]) -> bool:
        """Silence the model and forget the call; False if the model was silent."""
        return self._silence(Happening.STOP, now, out)

    def take_over(self, now: int, out: list[Timed]) -> bool:
        """Give the player the turn: the model is silent, and an open call gets no answer.  False if it was silent."""
        return self._silence(Happening.MINE, now, out)

    def _silence(self, happening: Happening, now: int, out: list[Timed]) -> bool:
        match self._happen(happening):
            case Action.SILENCE:
                self._drop_call()
            case Action.KEEP:
                pass  # the state says that it gets no answer
        return self._performer.withdraw(now, out)

    def hand_over(self, call: Call) -> bool:
        """Give the model the turn: it answers this call, even if a key is held.  False if it plays already."""
        if self._happen(Happening.YOURS) is not Action.ANSWER:
            return False
        call.start = call.gesture = None
        if self._listener.call is None:
            self.answered = call
        if self._performer.plan and self._performer.plan.heeds_us:
            self._performer.forget()  # it would wait for a key that does not come
        return True

    def again(self, now: int, out: list[Timed]) -> bool:
        """Answer anew the call that is being answered, else the last one that was.  False if there is none."""
        call, taken = self.call, self._performer.taken
        if self.turn not in HAS_CALL and not taken:
            return False
        match self._happen(Happening.AGAIN):
            case Action.ANOTHER if call:
                self._performer.withdraw(now, out)
                self._answer_again(call, now)
            case Action.REPLAY:
                self._performer.withdraw(now, out)
                last = taken.pop()
                self._listener.call, self.answered = None, last.call
                start = self._answer_again(last.call, now)
                self._listener.restore(last.asked.shifted(start - last.start), self._ears)
            case Action.VARY:
                self._performer.withdraw(now, out)
                taken[-1].call.answers += 1
        return True

    def render(self, call: Call, gesture: Gesture | WordRhythm, now: int, out: list[Timed]) -> None:
        """Play what a gesture makes of a phrase, or words to a tune, instead of an answer to this call."""
        if self.is_playing:
            self.again(now, out)
            call = self.call or call
        else:
            self._performer.withdraw(now, out)
            call.answers += 1
            self.hand_over(call)
        call.gesture = gesture

    def _answer_again(self, call: Call, now: int) -> int:
        """Count one more answer to a call; where it has ended, the answer begins on the next line of this tick."""
        call.answers += 1
        call.gesture = None
        moment = now + starts.SOON_US + starts.lead_us(self._settings)
        start = starts.on_line(self._timeline.tick_from(moment), self._settings, self._timeline)
        if self.turn is Turn.ANEW:
            call.start = start
        return start

    def count_in(self, one: int, now: int, out: list[Timed]) -> bool:
        """Silence the model, and let it enter at the tick `one`, where the mode lets it; True if it will."""
        call = self.call or self._performer.last_call
        action = self._happen(Happening.COUNT)
        self._performer.withdraw(now, out)
        self._drop_call()
        if action is Action.OPEN:
            self._open(now, one)
            return True
        if call is None or not self._mode.goes_on or not self.hand_over(call):
            return False
        call.start = one
        return True

    def undo(self, now: int, out: list[Timed]) -> bool:
        """Take the last turn back, and hear as before it.  False if there is none."""
        last, taken = self.call, self._performer.taken
        if self.turn not in HAS_CALL and taken:
            last = taken[-1].call
        if self._happen(Happening.UNDO) is Action.TAKE_BACK:
            self._forget_planned(now, out)
            self._drop_call()
        if last is None:
            return False
        while taken and taken[-1].call is last:
            taken.pop()
        self._listener.restore(last.before.retimed(self._timeline), self._ears)
        return True

    def remember(self, memory: Memory, lesson: Lesson | None = None) -> None:
        """Know this of the player, in place of all that he played so far; a call that is heard goes on.

        A turn that is taken back, or answered anew, brings nothing else back.
        """
        live = self._listener.live
        live.remember(memory, lesson)
        if self.call:
            self.call.forget_strokes(live.copy())
        for turn in self._performer.taken:
            turn.call.before.remember(memory, lesson)
            turn.asked.remember(memory, lesson)

    def freeze(self, now: int, out: list[Timed]) -> None:
        """Repeat the last response from now on, or let the repetition go."""
        plan = self._performer.plan
        match self._happen(Happening.FREEZE):
            case Action.LET_GO:
                self._performer.let_go(now)
            case Action.KEEP_LOOPING:
                self._performer.keep_on()
            case Action.LOOP_NEXT if plan and plan.chosen:
                self._close()
                self.end_at_bar(now)
            case Action.LOOP | Action.LOOP_NEXT:
                self._forget_planned(now, out)
                self._drop_call()
                self._performer.loop(now)

    def change_mode(self, now: int) -> None:
        """Another mode is in force: the response ends with its bar; a call that has ended is not answered any more."""
        is_rested = self._is_rested(now)
        match self._happen(Happening.MODE_AFTER_REST if is_rested else Happening.MODE):
            case Action.FINISH:
                self._close()
                if self.answered:
                    self._performer.end_at_bar(self.answered, now)
                return
            case Action.END:
                self._drop_call()
        self.plan_again(now)

    # --- time -----------------------------------------------------------------------------------------------------

    def jump(self, timeline: Timeline | None, now: int, out: list[Timed]) -> None:
        """The time is led from elsewhere, or stopped: an open call goes on there, all else is forgotten.

        So does one beside which we play, if it has only just begun: a clock's second stroke says how fast the song is
        on whose first the player plays.
        """
        has_begun = self.call is None or now - self.call.phrase.began_us >= starts.SOON_US
        if timeline is None or (
            self.turn not in CALLING and (self.turn is not Turn.TOGETHER or has_begun)
        ):
            self.stop(now, out)
        elif self._performer.plan:
            self._performer.withdraw(now, out)
        if timeline is not None:
            self._listener.retime(timeline, now)
        self._between_turns()

    def plan_again(self, now: int) -> None:
        """Let what has changed act on what is planned and not yet handed out."""
        self._performer.plan_again(self.call, now, self.is_playing)

    def plan_anew(self, now: int) -> None:
        """Let what has changed act on a band that goes along from its next eighth on, and on all else at once."""
        if self.turn is Turn.TOGETHER:
            self._performer.plan_anew(now)
        else:
            self.plan_again(now)

    # --- the call -------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """The call ends here: notes that follow are no part of it."""
        self.answered, self._listener.call = self.call, None
        if self.answered:
            self.answered.close()

    def _drop_call(self) -> None:
        self.answered = self._listener.call = self._performer.enters = None
        self._listener.harmony.call_off()
        self._listener.harmony.play_on()

    def _forget_planned(self, now: int, out: list[Timed]) -> None:
        """Silence what is planned; companions of the player's notes sound on."""
        if self._performer.plan or not self._mode.has_companions:
            self._performer.withdraw(now, out)

    def _happen(self, happening: Happening) -> Action | None:
        action, self.turn = self._mode.turns.get((self.turn, happening), (None, self.turn))
        return action

    @property
    def _mode(self) -> Mode:
        return self._performer.mode

    @property
    def _settings(self) -> Settings:
        return self._desk.settings

    @property
    def _timeline(self) -> Timeline:
        return self._listener.live.timeline
