"""The harmony: the key, the chord that sounds, and the chords that are to come, each from the source that knows best.

A chart says it all.  Without one a loop comes first, then a change that was foreseen and has come, until the left hand
says otherwise, then that hand, then what the melody implies.  Knows notes, micros and ticks; knows no model.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from livegen.jam.harmony import sections
from livegen.jam.harmony.bass_alone import BELOW, DEEP, BassAlone, LowNote
from livegen.jam.harmony.cadences import Introduction, at_rest, tonic
from livegen.jam.harmony.lead_sheet import LeadSheet
from livegen.jam.harmony.melody_chords import Implied, MelodyChords
from livegen.jam.harmony.one_voice import OneVoice
from livegen.jam.harmony.outline import WAIT, Ahead, Changes, ChordFrom, Finale, Outline, foot
from livegen.jam.harmony.song_memory import LATE, SongMemory
from livegen.jam.harmony.stops import Stops, apart
from livegen.jam.harmony.struck_together import CHORD, StruckTogether
from livegen.jam.harmony.walk import Walk
from livegen.jam.struck import Struck
from livegen.jam.turns import Chords
from livegen.music.charts import Chart, Stretch
from livegen.music.chords.chord import INTERVALS, Chord, chord_of
from livegen.music.chords.chords_heard import ChordTracker
from livegen.music.keys.key import Key, signs_apart
from livegen.music.keys.key_tracker import KeyTracker
from livegen.music.melody.phrase import CHORD_US
from livegen.music.parts import DRUMS, LEAD, SPLIT_PITCH
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MINUTE_US, Timeline

SETTLE_US = 85_000  # so long after it began a note of a chord is none of a melody
IN_THE_EAR_US = 1_000_000  # so long may the chord before still be heard in it
STALE_US = 8_000_000  # after so long without a left hand the melody says the chord
AHEAD = 8 * TICKS_PER_BEAT  # so far ahead chords are foreseen by who goes along
ANSWER = 32 * 4 * TICKS_PER_BEAT  # and by who answers on a chart
_REMEMBERED = 64  # chords of a call
MOST_BEATS = 4  # of a rest, that the key's tracker is told of one by one
_LINE = TICKS_PER_BEAT // 2  # chords are taken to change on eighths
# A note below this pitch, and so far below the next, is meant as the bass.
_BASS_BELOW, _APART = 48, 7

Voice = tuple[int, int]  # part, pitch


class ChordSource(Enum):
    """The origin of the chord that is gone by."""

    NONE = ""
    CHART = "chart"
    HAND = "hand"
    LOOP = "loop"
    MEMORY = "memory"
    MELODY = "melody"
    INTRO = "intro"


class Harmony:
    """Key and chords as they are heard and foreseen.  `left_hand` are the keys that it holds.  Threads: loop only."""

    def __init__(self) -> None:
        self.sheet: LeadSheet | None = None
        self.ending: Finale | None = None  # that was asked for
        self.stops: Stops | None = None  # as well
        self._intro: Introduction | None = None  # of a song without a chart
        self.is_followed = True  # who skips a bar of the chart is followed
        self._timeline: Timeline | None = None  # that was followed last
        self._is_guess = False  # its beat
        self._keys = KeyTracker()
        # The end of the last beat that the key's tracker was told of.
        self._beat_us: int | None = None
        self._chords = ChordTracker()
        self._melody = MelodyChords()
        self._bass = BassAlone()
        self._sung = DEEP + BELOW  # the last pitch of the melody
        self._voice = OneVoice(STALE_US)
        # Of all that is low, as two parts may be one line, and of each part, as two players may be at once.
        self._walks: dict[int | None, Walk] = {None: Walk()}
        self._walked: set[Voice] = set()  # those whose last note was of a walk
        self._memory = SongMemory()
        self._call: deque[ChordFrom] = deque(maxlen=_REMEMBERED)  # its chords, since when, micros
        self._opening: Chord | None = None  # its first chord
        self._together = StruckTogether(SETTLE_US)
        # Told to whoever goes along with it, from `_source`; when it was new, and since when it holds.
        self._told: Chord | None = None
        self._told_us = self._since_us = -STALE_US
        self._told_from = 0  # the tick from which on `ahead` chose it
        self._source = ChordSource.NONE
        self._implied = Implied()  # by the melody, when it was asked last
        self._awaited: tuple[int, ...] = ()  # strong beats on which a chord is waited for
        self._foreseen: tuple[ChordFrom, ...] = ()  # that were told, and may have come by now
        # The time, micros, to look again what chord the notes struck last make.
        self.settles_us: int | None = None
        self.lands_us: int | None = None  # before that, for who strikes chords
        self._struck_us = -STALE_US
        self.left_hand: set[Voice] = set()
        self._left_us = -STALE_US  # when it last did something, and when it last struck a key
        self._left_struck_us = -STALE_US
        self._apart_us = -STALE_US  # when a part other than a lead struck a key last

    # --- what is heard --------------------------------------------------------------------------------------------

    def hear(self, struck: Struck) -> None:
        """A note of the player's begins or ends."""
        at, part, pitch, velocity, _ = struck
        if part == DRUMS:
            return
        self._tell_beats(at)
        self._hear_voice(struck)
        # Three notes of a melody would be heard as a broken chord: chords are the left hand's, or struck at once.
        is_below = self._is_left(struck)
        if part != LEAD and velocity:
            self._apart_us = at
        walks = is_below and self._is_of_walk(struck)
        chordal: list[int] = []
        if velocity and not walks:
            chordal, sung = self._together.strike(at, pitch, is_below)
            for other in sung:
                self._chords.release(at, other)
        if walks:  # its tones say which chord it is, as a melody's do
            self._melody.hear(at, pitch, velocity)
        if velocity:
            self._struck_us = at
            self._keys.strike(at, pitch, velocity)
            for other in chordal:
                self._chords.strike(at, other, velocity)
            self._hear_bass(struck, is_below)
        else:
            self._hear_bass(struck, is_below)
            self._keys.release(at, pitch)
            self._chords.release(at, pitch)
        if is_below:
            self._left_us = at
            (self.left_hand.add if velocity else self.left_hand.discard)((part, pitch))
            if not walks:
                self._voice.hear_left(at, pitch, velocity)
        else:
            self._melody.hear(at, pitch, velocity)
            self._sung = pitch
        if chordal:
            self._left_struck_us = at
            if part != LEAD:
                self._memory.strikes(self._together.since, len(self._together.tones))
        if velocity:
            self.settles_us = at + SETTLE_US
            self.lands_us = at + CHORD_US if self._lands(at) else None
        self._note(at)

    def _is_of_walk(self, struck: Struck) -> bool:
        """True of a note of a bass that walks, and of its end, however long it was held."""
        at, part, pitch, velocity, _ = struck
        if not velocity:
            return (part, pitch) in self._walked
        for line in (None, part):
            self._walks.setdefault(line, Walk()).strike(at, pitch)
        walks = self._is_walking(at, part)
        (self._walked.add if walks else self._walked.discard)((part, pitch))
        return walks

    def _is_walking(self, now: int, part: int | None = None) -> bool:
        """True if a bass walks, of a part if it is named."""
        lines = self._walks if part is None else (None, part)
        return any(line in self._walks and self._walks[line].walks(now) for line in lines)

    def _is_left(self, struck: Struck) -> bool:
        """True of a key of the left hand: of another part than a lead, or a low one while no such part plays."""
        at, part, pitch, velocity, _ = struck
        if part != LEAD or not velocity:
            return part != LEAD or (part, pitch) in self.left_hand
        return pitch < SPLIT_PITCH and at - self._apart_us >= STALE_US and not self._sings(at)

    def _hear_voice(self, struck: Struck) -> None:
        """A note may show that what was taken for a left hand is a voice: its notes are the melody's."""
        at, part, pitch, velocity, _ = struck
        if part != LEAD:
            self._voice.clear()
        elif velocity:
            self._voice.strike(at, pitch)
        else:
            self._voice.release(at, pitch)
        for stroke in self._voice.sung() if self._sings(at) else ():
            self._melody.hear(*stroke)

    def _hear_bass(self, struck: Struck, is_below: bool) -> None:
        """A key goes down or is about to come up: of the left hand it may be a bass by itself."""
        at, part, pitch, velocity, _ = struck
        if is_below and velocity and self._is_walking(at, part):
            if self._is_on_bar_line(at):
                self._bass.walk(at, pitch)
        elif self._chords.holds_several(at):
            self._bass.chord(at, self._is_on_bar_line(at))
        elif is_below and not velocity:
            self._bass.release(at, pitch)
        elif velocity and (
            self._together.are_chord
            or (is_below and self._chords.is_broken(at) and not self._is_on_bar_line(at))
        ):
            self._bass.chord(at, self._is_on_bar_line(at))
        elif is_below and (part != LEAD or pitch <= self._sung - BELOW):
            beat_us = self._timeline.tempo_us if self._timeline else MINUTE_US // 120
            self._bass.strike(at, pitch, beat_us, self._is_on_bar_line(at))

    def _is_on_bar_line(self, at: int) -> bool:
        """True of a time nearer to a bar line than to the eighths about it."""
        if self._timeline is None:
            return False
        tick = self._timeline.tick(at)
        return abs(self._timeline.metre.bar_near(tick) - tick) <= _LINE // 2

    def _sings(self, now: int) -> bool:
        """True if what is played low is a voice, and no bass that walks."""
        return self._voice.sings() and not self._is_walking(now)

    def _tell_beats(self, now: int) -> None:
        """Tell the key's tracker which beats are over; of a long rest the first ones and the last."""
        timeline = self._timeline or Timeline(MINUTE_US // 120, now)
        last, self._beat_us = self._beat_us, self._beat_us or now
        if last is None:
            return
        over = timeline.beats_over(last, now)
        for tick in (*over[:MOST_BEATS], *over[MOST_BEATS:][-1:]):
            self._beat_us = timeline.micros(tick)
            self._keys.beat(self._beat_us, timeline.tempo_us)

    def _note(self, at: int) -> None:
        """Remember the chord that sounds."""
        chord = self._chords.look(at)
        if chord is not None and (not self._call or self._call[-1].chord != chord):
            self._call.append(ChordFrom(at, chord))
            self._opening = self._opening or chord
        if self._low(at) is None:  # else the chord is known when it was chosen
            self._memory.sounds(self.played(at), at)

    def begin(self, now: int, is_new_song: bool) -> None:
        """A call begins: the chords before it are not its own, and after a long silence it is another song's."""
        self._call.clear()
        self._opening = None
        self._told, self._source, self._foreseen = None, ChordSource.NONE, ()
        if is_new_song or (self.sheet and not self.sheet.has_begun):
            self.start(now)

    def stop(self) -> None:
        """The music was stopped: what is played next begins the chart anew."""
        if self.sheet:
            self.sheet.stop()

    def start(self, at: int) -> None:
        """A song begins at a time, micros, perhaps after a count-in."""
        if self.sheet:
            self.sheet.begin(at)

    # --- what sounds ----------------------------------------------------------------------------------------------

    def key(self, now: int) -> Key | None:
        """The key that is heard."""
        return self._keys.look(now)

    def played(self, now: int) -> Chord | None:
        """The chord of the left hand, as long as there is one: single notes after it leave it behind."""
        chord = self._chords.look(now) if self._has_chord(now) else None
        return self._on_bass(self._meant(chord))

    def _has_chord(self, now: int) -> bool:
        """True while the left hand plays, and no single low note in place of a chord."""
        return self._has_left(now) and self._bass.heard(now) is None

    def _meant(self, chord: Chord | None) -> Chord | None:
        """The chord that the left hand means.

        Chords are played as they lie under the hand: the lowest note is meant as the bass only where it stands apart.
        """
        if chord is None or chord.bass is None:
            return chord
        low, *others = sorted(pitch for _, pitch in self.left_hand) or (_BASS_BELOW,)
        is_apart = low < _BASS_BELOW and all(pitch - low >= _APART for pitch in others)
        return chord if is_apart else replace(chord, bass=None)

    def _on_bass(self, chord: Chord | None) -> Chord | None:
        """A chord that a hand struck after a single bass on the line of its bar, where that is the root of both.

        E G Bb after a C is C7.
        """
        low, timeline = self._bass.on_line, self._timeline
        if chord is None or low is None or timeline is None or self._left_struck_us <= low.since:
            return chord
        struck = timeline.tick(self._left_struck_us)
        if timeline.tick(low.since) < struck - timeline.metre.place(struck).position - _LINE:
            return chord
        above = (low.pitch + (tone - low.pitch) % 12 for tone in chord.pitch_classes)
        whole = chord_of((low.pitch, *above))
        return whole if whole and whole.root == low.pitch % 12 else chord

    def _has_left(self, now: int) -> bool:
        """True if a left hand plays, or did a moment ago."""
        return bool(self.left_hand) or (now - self._left_us < STALE_US and not self._sings(now))

    def _low(self, now: int) -> LowNote | None:
        """The single low note that the left hand plays in place of a chord."""
        return self._bass.heard(now) if self._has_left(now) else None

    def chord(self, now: int) -> Chord | None:
        """The chord to go by at a time: the chart's where there is one, else the left hand's."""
        return self.sheet.now(now) if self.sheet else self.played(now)

    def changes_at(self, now: int) -> int | None:
        """Give the time, micros, at which the chart has another chord than at `now`; None without a chart."""
        return self.sheet.changes_at(now, ANSWER) if self.sheet else None

    @property
    def is_struck_together(self) -> bool:
        """True if the note that was struck last is one of several at once: it is not known yet what chord they make."""
        return self._together.are_several

    def is_accompanied(self, since: int) -> bool:
        """True if the left hand has played after `since`, micros: a response goes by what it plays now."""
        return self._left_us > since and self._told is not None

    def settle(self, timeline: Timeline, now: int) -> bool:
        """True if the chord that is played has turned out to be another than the one that was gone by."""
        since = now - self._struck_us
        again = max(SETTLE_US - since, 0) or 2 * SETTLE_US
        has_landed, self.lands_us = self.lands_us is not None, None
        self.settles_us = now + again if since < IN_THE_EAR_US else None
        self._note(now)
        chord = self.played(now)
        tick = timeline.tick(now)
        is_given = self._in_intro(tick) or self._memory.looped(tick)
        if self.sheet or is_given or self._holds(tick):
            return False
        if chord is None:  # perhaps another bass
            return has_landed and self._low(now) is not None
        return chord != self._told

    def _is_whole(self, now: int) -> bool:
        """True if the chord that is struck can be named: its tones are there at once, or time has passed.

        A single low note says it at once.
        """
        if len(self._together.tones) >= CHORD or self._low(now):
            return not self._lands(now)
        return now - self._left_us >= SETTLE_US

    def _lands(self, now: int) -> bool:
        """True while keys may still come that say what chord it is: of another tone, and of the bass.

        The keys that are there may also be some of a chord with more tones that was foreseen.
        """
        if not self._together.are_new(now):
            return False
        if self._bass.is_new(now):
            return True
        if not self._together.are_several:  # the first chord of all has nothing to go on with
            return self._told is None and self._together.begin_left
        return self._together.may_be_part or self._is_part_of_foreseen()

    def _is_part_of_foreseen(self) -> bool:
        """True of tones of a chord with more that was foreseen and has come: it may be on its way."""
        if self._told is None or self._source is not ChordSource.MEMORY:
            return False
        return self._together.tones < self._told.pitch_classes

    # --- the chart ------------------------------------------------------------------------------------------------

    def use(self, chart: Chart | None, is_other: bool) -> None:
        """Go by a chart, or by none; it begins with what is played next, unless only its key is another."""
        before, self.sheet = self.sheet, LeadSheet(chart) if chart else None
        if self.sheet and before and not is_other:
            self.sheet.go_on_from(before)
        self._foreseen, self._source = (), ChordSource.NONE

    @property
    def chart(self) -> Chart | None:
        """The chart that is gone by."""
        return self.sheet.chart if self.sheet else None

    # --- cues -----------------------------------------------------------------------------------------------------

    def to_top(self, line: int) -> bool:
        """The chart, or the song as it was heard, begins anew at a bar line; False if there is neither."""
        if self.sheet:
            self.sheet.to_top(line)
        return self.sheet is not None or self._memory.restart(line)

    def to_intro(self, line: int, now: int) -> int:
        """An introduction, and then the top, begin at a bar line; of how many bars, 0 if nobody knows what to play.

        It is the chart's, or that of a song in the key that is heard.
        """
        if self.sheet:
            return self.sheet.to_intro(line)
        key = self.key(now)
        if key is None or self._timeline is None:
            return 0
        self._intro = Introduction.of(key, line, self._timeline.metre.place(line).bar)
        self._memory.restart(self._intro.until)
        return len(self._intro.changes)

    def has_intro(self, now: int) -> bool:
        """True if an introduction can be played."""
        return self.sheet is not None or self.key(now) is not None

    def _in_intro(self, tick: int) -> Chord | None:
        """The chord of the introduction at a tick; None outside."""
        return self._intro.chord(tick) if self._intro else None

    def to_next_section(self, tick: int, line: int) -> bool:
        """The chart's section after that of `tick` begins at a bar line; False without a chart."""
        if self.sheet:
            self.sheet.to_next_section(tick, line)
        return self.sheet is not None

    def vamp(self, tick: int) -> bool:
        """The chart's section of `tick` goes round until this is asked for again; False without a chart."""
        if self.sheet:
            self.sheet.vamp(tick)
        return self.sheet is not None

    def loop(self, now: int, most: int) -> int:
        """The last `most` bars, or fewer, go round; how many do, 0 if no chord was played in the last."""
        return self._memory.loop(now, most)

    def end(self, line: int, bar: int, now: int, slows: bool = False) -> bool:
        """End from a bar line on: as is written, or with a last chord of `bar` ticks.  True if it is written.

        `slows`: the bar before the last chord is a ritard.
        """
        written = self.sheet.end(line) if self.sheet else None
        ending = written or Finale(ChordFrom(line, self._at_rest(now)), line + bar)
        self.ending = ending._replace(slows=ending.last.tick - bar) if slows else ending
        return written is not None

    @property
    def has_outro(self) -> bool:
        """True if a chart has an ending of its own."""
        return self.sheet is not None and self.sheet.has_outro

    def call_off(self) -> None:
        """Nothing ends, and nothing begins: what was asked for is taken back."""
        self.ending, self._intro = None, None
        if self.sheet:
            self.sheet.call_off()

    def break_at(self, line: int, over: int) -> None:
        """All strike at a bar line, and are silent up to the bar line `over`."""
        self.stops = Stops(line, over)

    def stop_time(self, line: int, tick: int) -> bool:
        """All strike once in a bar from a bar line on; where they do by tick `tick`, no more.  True if they will."""
        if self.stops and self.stops.goes_on and tick < self.stops.until:
            is_to_come = line <= self.stops.since
            self.stops = None if is_to_come else self.stops._replace(until=line)
            return False
        self.stops = Stops(line, goes_on=True)
        return True

    @property
    def is_stop_time(self) -> bool:
        """True from when stop-time is asked for until it is asked for again."""
        return self.stops is not None and self.stops.is_endless

    def play_on(self) -> None:
        """Nobody stops any more: what was asked for is taken back."""
        self.stops = None

    def over(self) -> None:
        """The ending was played: nothing goes round any more, and a chart begins anew with the next call."""
        self.ending, self.stops, self._intro = None, None, None
        self._memory.unloop()
        self.stop()

    def _at_rest(self, now: int) -> Chord | None:
        """The chord on which the music comes to rest: that of the tonic as it is played here, else the last one."""
        if self.sheet:
            written = [placed.chord for bar in self.sheet.form.round for placed in bar.chords]
            return at_rest(self.sheet.key or self.key(now), written)
        played = [self._told, *(chord for _, chord in reversed(self._call))]
        return at_rest(self.key(now), played, self._opening)

    @property
    def goes_round(self) -> bool:
        """True if a section of the chart, or bars that were played, go round."""
        return self.sheet.vamps if self.sheet else self._memory.loops

    def let_go(self, tick: int) -> None:
        """End the loop or the vamp: a section is played to its end."""
        if self.sheet and self.sheet.vamps:
            self.sheet.vamp(tick)
        self._memory.unloop()

    # --- what is to come ------------------------------------------------------------------------------------------

    def follow(self, timeline: Timeline, now: int, has_song: bool, is_guess: bool = False) -> None:
        """Time passes on a timeline; `has_song` says that its tick 0 is where the song of a DAW begins.

        Of one that `is_guess` the beats are nobody's: on none of them a left hand's next chord is foreseen or awaited.
        """
        self._timeline, self._is_guess = timeline, is_guess
        is_same, beats = self._memory.follow(timeline, now, self._is_supposed)
        if not is_same:
            self._foreseen = ()
        if self.sheet:
            if not self.sheet.has_begun:
                self.sheet.begin(now)
            self.sheet.follow(timeline, now, is_same, has_song)
            if self.is_followed and not has_song and self.sheet.hear(beats):
                self._foreseen = ()
        if is_same:
            return
        self._intro = None
        line = timeline.bar_from(timeline.tick_from(now) + TICKS_PER_BEAT)
        self.stops = Stops(line, goes_on=True) if self.is_stop_time else None
        if self.ending:
            self.end(line, timeline.metre.place(line).bar, now, self.ending.slows is not None)

    def _is_supposed(self, tick: int) -> bool:
        """True where the chord of a tick was foreseen, or is of the introduction, and nobody has played it."""
        return self._in_intro(tick) is not None or self._holds(tick)

    def ahead(self, start: int, timeline: Timeline, now: int) -> Ahead:
        """Choose the chords that who goes along keeps to from tick `start` on.

        One that was not foreseen is new for as long as keys that go with it may still come.
        """
        past = self._past(start)
        came_us = timeline.micros(past.tick) if past else self._since_us
        if past and came_us > self._since_us:  # nobody has said otherwise since
            self._told, self._since_us = past.chord, came_us
            if self._source is not ChordSource.MELODY:
                self._source = ChordSource.MEMORY
        before, soon = self._told, self._soon(start)
        self._told_from = start
        if self.sheet:
            self._told, self._source = self.sheet.at(start).chord, ChordSource.CHART
        elif given := self._in_intro(start):
            self._told, self._source = given, ChordSource.INTRO
        elif looped := self._memory.looped(start):
            self._told, self._source = looped, ChordSource.LOOP
        elif not self._holds(start):
            self._listen(start, timeline, now)
        if self._told != before:
            self._since_us = now
            if not self._goes_on(before, now):
                self._told_us = now
        until = start + AHEAD
        coming, known_until = self._coming(start, until)
        self._foreseen = (past, *coming) if past else coming
        is_new = now - self._told_us < SETTLE_US
        chords = self._from(start)
        new: Changes = (
            (chords[0]._replace(tick=timeline.tick(self._told_us)),) if is_new and chords else ()
        )
        passed = () if is_new else tuple(it for it in self._awaited if it <= start <= it + WAIT)
        if passed and self._has_played_at(passed[0], timeline, now):
            new = tuple(ChordFrom(line, self._told) for line in self._bars(passed, timeline))
            passed = ()
        to_come = self._waits(known_until, start, timeline)
        self._awaited = waits = (*passed, *(it for it in to_come if it not in passed))
        rests = self._rests(start, until, chords, timeline)
        struck = {rest.start: _at(chords, rest.start) for rest in rests if chords}
        if self.stops and self.stops.until < until and chords:
            struck[self.stops.until] = _at(chords, self.stops.until)
        lines = [line + WAIT for line in self._bars(waits, timeline)] if chords else []
        if self._lands(now):
            lines = [line for line in lines if line > start + WAIT]
        struck |= {line: _at(chords, line) for line in lines}
        struck |= {change.tick: change for change in chords}
        strikes = (*new, *(struck[tick] for tick in sorted(struck) if tick > start))
        is_other_soon = self._soon(start) != soon  # what is planned for it goes by the chord before
        is_foreseen = past is not None and past.chord == self._told and start - past.tick <= WAIT
        lands = not self.sheet and not is_foreseen and self._lands(now)
        if lands:  # what was planned for these moments goes by the chord before
            waits = (start, *waits)
        return Ahead(strikes, bool(new) or is_new or is_other_soon or lands, waits)

    def _goes_on(self, before: Chord | None, now: int) -> bool:
        """True of a chord that only has more tones than the one that has just been struck: nobody strikes again."""
        told = self._told
        if told is None or before is None or now - self._told_us >= SETTLE_US:
            return False
        return foot(told) == foot(before) and set(before.pitch_classes) <= set(told.pitch_classes)

    def _soon(self, start: int) -> tuple[ChordFrom, ...]:
        """The changes that were foreseen and come so soon after a tick that they are planned already."""
        return tuple(it for it in self._foreseen if start < it.tick <= start + _LINE)

    def _bars(self, ticks: Sequence[int], timeline: Timeline) -> list[int]:
        """Give the ticks that are bar lines."""
        return [tick for tick in ticks if not timeline.metre.place(tick).position]

    def _has_played_at(self, line: int, timeline: Timeline, now: int) -> bool:
        """True if the player was waited for at a tick and has played, so that the chord is known."""
        since = timeline.micros(line - WAIT)
        if self._source is ChordSource.MELODY:
            return self._struck_us >= since
        return self._left_struck_us >= since and self._is_whole(now)

    def _waits(self, known_until: int, start: int, timeline: Timeline) -> tuple[int, ...]:
        """The strong beats from a tick on, on which the left hand may play another chord than is known."""
        if self._source is ChordSource.MELODY:
            over = None if self.ending is None else self.ending.last.tick
            return tuple(it for it in self._implied.waits if over is None or it < over)
        if self.sheet or self._is_guess:
            return ()
        if self._source not in (ChordSource.HAND, ChordSource.MEMORY):
            return ()
        since, place = max(start, known_until), timeline.metre.place
        apart = timeline.metre.strong(place(since).bar)
        first = since + -place(since).position % apart
        until = start + AHEAD if self.ending is None else self.ending.last.tick
        return tuple(range(first, min(start + AHEAD, until), apart))

    def _listen(self, start: int, timeline: Timeline, now: int) -> None:
        """Go by what the left hand plays now, or by what the melody implies; not by half a chord."""
        if self._lands(now):
            return
        played, low, self._implied = self.played(now), self._low(now), Implied()
        if played is None:
            self._implied = self._melody.look(start, timeline, now, self._told, low)
        if self._implied.chord and low:
            # The hand has named it by its bass, and it is remembered like a whole chord.
            self._told, self._source = _over(low.pitch, self._implied.chord), ChordSource.HAND
            self._memory.sounds(self._told, now)
        elif self._implied.chord:
            self._told, self._source = self._implied.chord, ChordSource.MELODY
        elif played is None or self._is_whole(now):
            self._told, self._source = played, ChordSource.HAND if played else ChordSource.NONE

    def _coming(self, start: int, until: int) -> tuple[tuple[ChordFrom, ...], int]:
        """The changes after a tick that are known, or sure enough, and up to which tick that is so."""
        if self.sheet:
            return self.sheet.coming(start, until), until
        if self._intro and self._intro.chord(start):
            return tuple(it for it in self._intro.changes if it.tick > start), self._intro.until
        if self._source is ChordSource.MELODY:
            return self._implied.coming, start
        if self._told is None or self._is_guess:
            return (), start
        return self._memory.coming(start, until, self._told, self._source is ChordSource.HAND)

    def _past(self, start: int) -> ChordFrom | None:
        """The last change that was foreseen and has come by tick `start`."""
        return next((it for it in reversed(self._foreseen) if it.tick <= start), None)

    def _holds(self, start: int) -> bool:
        """True if a chord that was foreseen has come, and the left hand has said nothing since.

        What it struck before says nothing, unless it still holds that when most of a beat is over.
        """
        past, timeline = self._past(start), self._timeline
        if past is None or timeline is None or self._source is ChordSource.MELODY:
            return False
        # An eighth before it the hand may strike the chord before once more, and has said nothing either.
        is_other = timeline.tick(self._told_us) >= past.tick - _LINE
        early = _LINE if is_other else _LINE // 2
        has_struck = timeline.tick(self._left_struck_us) >= past.tick - early
        is_held = bool(self.left_hand) and start - past.tick >= LATE * TICKS_PER_BEAT
        return not has_struck and not is_held

    def _from(self, start: int) -> tuple[ChordFrom, ...]:
        """The chord that was chosen, or one that was foreseen and will have come by a tick, and those to come."""
        if self._told is None and not self.sheet:
            return self._closed((), start)
        told = ChordFrom(self._told_from, self._told)
        chords = (told, *(it for it in self._foreseen if it.tick > self._told_from))
        coming = (it for it in chords[1:] if it.tick > start)
        return self._closed((_at(chords, start), *coming), start)

    def _closed(self, chords: Changes, start: int) -> tuple[ChordFrom, ...]:
        """The same chords up to the ending, and then its last."""
        if self.ending is None:
            return tuple(chords)
        last = self.ending.last
        before = (chord for chord in chords if chord.tick < last.tick)
        return (*before, last._replace(tick=max(start, last.tick)))

    def outline(
        self, which: Chords, start: int, ended_us: int, timeline: Timeline, now: int
    ) -> Outline:
        """The key, and the chords that a response goes by from tick `start` on.

        The chords of the call, which ended at `ended_us`, come again in so many whole bars as they took; the chord of
        the moment, and those to come, are what `ahead` chose.  A chart is gone by in every mode.
        """
        if self.sheet:
            period = None if self.ending else self.sheet.period(start)
            outline = self._outline(start, start + (period or ANSWER), timeline, now)
            return replace(outline, period=period)
        plain = self._outline(start, start + AHEAD, timeline, now)
        if which is Chords.CALL and self._call:
            chords = self._on_lines(timeline)
            bar = timeline.metre.place(start).bar
            bars = max(1, round((timeline.tick(ended_us) - chords[0].tick) / bar))
            return replace(plain, chords=chords, period=bars * bar)
        return replace(plain, chords=self._from(start)) if which is Chords.NOW else plain

    def _outline(self, start: int, until: int, timeline: Timeline, now: int) -> Outline:
        key, chords = self._keys.look(now), self._from(start)
        if self.sheet:
            key = self.sheet.key or key
            coming = (self.sheet.at(start), *self.sheet.coming(start, until))
            chords = self._closed(coming, start)
        rests = self._rests(start, until, chords, timeline)
        classes = key.pitch_classes if key else None
        is_written = self.sheet is not None
        since, over = sections.window(start, timeline.metre)
        where = self.sheet.sections(since, over) if self.sheet else None
        if where is None:
            where = self._memory.sections(since, over, timeline)
        return Outline(
            classes,
            chords,
            rests=rests,
            is_written=is_written,
            ending=self.ending,
            sections=where,
        )

    def _rests(
        self, start: int, until: int, chords: Changes, timeline: Timeline
    ) -> Sequence[Stretch]:
        """Give the stretches, in ticks, in which nobody plays: behind hits, written or asked for, and the ending."""
        rests = self.sheet.rests(start, until) if self.sheet else ()
        if self.stops:
            changes = [change.tick for change in chords[1:]]
            if not self.sheet:  # it may have begun in this bar
                changes.append(timeline.tick(self._since_us))
            stops = self.stops.rests(start, until, timeline.metre, changes)
            rests = apart(rests, stops)
        if self.ending is None:
            return rests
        at, over = self.ending.last.tick, self.ending.until
        return (*(rest for rest in rests if rest.start < at), Stretch(at, max(over, until)))

    def _on_lines(self, timeline: Timeline) -> tuple[ChordFrom, ...]:
        """The chords of the call, each since the line it was played on, the later of two on one line."""
        lines = {round(timeline.tick(at) / _LINE) * _LINE: chord for at, chord in self._call}
        return tuple(ChordFrom(*row) for row in lines.items())

    def at_home(
        self, of_call: Key | None, now: int, framed_by: int | None = None
    ) -> tuple[frozenset[int], frozenset[int]]:
        """Pitch classes of the key of `home` and of its tonic triad; none without one."""
        key = self.home(of_call, now, framed_by)
        if key is None:
            return frozenset(), frozenset()
        return key.pitch_classes, tonic(key).pitch_classes

    def home(self, of_call: Key | None, now: int, framed_by: int | None = None) -> Key | None:
        """The key that is heard, if any.

        A call that is clearly in another key, by two signs or more, is at home there.  Of two keys of one signature
        it is the one on whose tonic the call begins and ends, pitch class `framed_by`, if it does.
        """
        key = self._keys.look(now)
        is_other = of_call and (key is None or signs_apart(of_call, key) > 1)
        home = of_call if is_other else key
        return home.relative if home and home.relative.tonic == framed_by else home

    def snapshot(self, timeline: Timeline, now: int) -> dict[str, object]:
        """Key, chord and form, for people: the chord that is gone by or played, or was played last."""
        key, tick = self._keys.look(now), timeline.tick(now)
        second = self._keys.runner_up(now)
        looped = self._memory.looped(tick)
        struck = self._chords.peek(now)  # to be shown changes nothing
        played = self._on_bass(self._meant(struck)) if self._has_chord(now) else None
        heard = looped or played or self._told or struck
        chord = self.chord(now) if self.sheet else heard
        ahead = self.sheet.coming(tick, tick + AHEAD) if self.sheet else self._foreseen
        coming = next((change for change in ahead if change.tick > tick and change.chord), None)
        return {
            "key": key.name if key else "",
            "key_sure": round(self._keys.confidence, 2) if key else 0.0,
            "second_key": second[0].name if second else "",
            "second_key_sure": round(second[1], 2) if second else 0.0,
            "chord": chord.name if chord else "",
            "chord_source": self._source.value,
            "next_chord": coming.chord.name if coming and coming.chord else "",
            "song": self.sheet.snapshot(tick) if self.sheet else {},
            "goes_round": self.goes_round,
            "ends": self.ending is not None,
            "stop_time": self.is_stop_time,
            "form": {} if self.sheet else self._memory.snapshot(timeline, tick),
        }


def _at(chords: Changes, tick: int) -> ChordFrom:
    """The chord that holds at a tick; the first also holds before its time."""
    chord = next((it.chord for it in reversed(chords) if it.tick <= tick), chords[0].chord)
    return ChordFrom(tick, chord)


def _over(pitch: int, chord: Chord) -> Chord:
    """A chord as it is above a single low note: in its first inversion above its third, else above its root."""
    is_third = (pitch - chord.root) % 12 == INTERVALS[chord.kind][1]
    return replace(chord, bass=pitch % 12 if is_third else None)
