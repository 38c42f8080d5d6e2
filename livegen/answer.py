"""Answering a file: an engine on virtual time hears a call as it stands, and what both play becomes a score.

The engine, the schedule and the ledger are those that serve; only time and the ports are not real.  Where the notes of
a file lie on its beat, MIDI clock leads the engine by its tempo and bars, as that of a DAW would; else the beat is
found in the notes.  Knows no model, no configuration and no files.
"""

from dataclasses import replace
from itertools import count
from operator import itemgetter

import numpy as np

from livegen.daemon.midi.outbox import Outbox
from livegen.errors import ConfigError
from livegen.jam.controls.controls import CONTROLS, Settings
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.jam.hearing.hands import BASS_BELOW
from livegen.jam.timing.agenda import Timed
from livegen.jam.turns import MODES, Length, Start
from livegen.music.chords.chord import Chord
from livegen.music.files.smf import Score, Track
from livegen.music.instant import ranked
from livegen.music.keys.key import Key
from livegen.music.messages import Cut, Message, NoteOn, Other, decode, encode
from livegen.music.parts import MODEL, PLAYER, part_named, rule_of_track
from livegen.music.sync.transport import CLOCK, START
from livegen.music.time.metre import TICKS_PER_BEAT, parse_metre
from livegen.testing import Rehearsal, Wire

SECOND = 1_000_000
ASK_US = 150_000  # before a call ends it is said that it does
STEP_US = SECOND // 10  # less than the shortest bar
MAX_BARS = int(CONTROLS["length"].high)
MAX_RESPONSE_US = 600 * SECOND  # 32 bars of 4/4 at the slowest tempo take half of it
# Lines of a beat: quarters, eighths, triplets, sixteenths.  What onsets must have of the Rayleigh statistic, and the
# share of all of it that few of them must have: of onsets by chance 2 to 8 of a thousand do, for 4 to 48 of them.
GRIDS, BY_CHANCE, NEARLY = (1, 2, 3, 4), 4.6, 0.8


def answer(call: Score, engine: Engine, asked: str = "") -> Score:
    """Play a call to an engine on virtual time; the score holds what both played, tracks Player and Model.

    `asked` is a command that asks for the answer, such as "vary"; without it the mode says how one begins.

    The engine hears the call's tracks by `rules(call)`, and its tempo and bars by MIDI clock where `is_led`.
    """
    rehearsal = Led(engine, call) if is_led(call, engine.settings) else Rehearsal(engine)
    rehearsal.wire = wire = OutboxWire()
    heard = _in_time(call)
    last = max((at for at, message in heard if isinstance(message, NoteOn)), default=0)
    if not asked and MODES[engine.settings.mode].start is Start.REST:
        asked = "your_turn"
    is_unasked = bool(asked)
    for at, message in heard:
        if is_unasked and at > last and at > (asks_at := _asks_at(engine, last, heard[-1][0])):
            rehearsal.play(max(rehearsal.now, asks_at), Command(asked))
            is_unasked = False
        rehearsal.play(at, message)
    _play_on(rehearsal, heard[-1][0] if heard else 0, call)
    clock = call.tempo_map
    model_track = tuple((clock.tick(at), message) for at, message in wire.sent)
    player_track = tuple((tick, message) for tick, _, message in _in_order(call))
    tracks = (Track(PLAYER, player_track), Track(MODEL, model_track))
    return Score(call.ppqn, tracks, call.tempos, call.metres)


def is_led(call: Score, settings: Settings) -> bool:
    """True if the tempo and the bars of a file lead: the settings let a clock do so, and its notes lie on its beat.

    They do if on quarters, eighths, triplets or sixteenths there are more of them than chance would have (the
    Rayleigh test against a mean direction, Mardia and Jupp, Directional Statistics, 6.3).
    """
    if settings.sync not in ("auto", "clock") or not all(_told(metre) for metre in call.metres):
        return False
    onsets = {tick for tick, _, message in _in_order(call) if isinstance(message, NoteOn)}
    beats = np.array(sorted(onsets)) / call.ppqn
    together = np.cos(2 * np.pi * np.outer(GRIDS, beats)).mean(axis=1).max()
    return bool(together > 0 and len(beats) * together**2 > min(BY_CHANCE, NEARLY * len(beats)))


class Led(Rehearsal):
    """A rehearsal that the MIDI clock of a file leads, from its beginning on; its metres are told where nobody has."""

    def __init__(self, engine: Engine, call: Score) -> None:
        """Start, and tell the first metre."""
        super().__init__(engine)
        clock = call.tempo_map
        self._clocks = (clock.micros(call.ppqn * at // TICKS_PER_BEAT) for at in count())
        self._due = next(self._clocks)
        told = engine.settings.metre == "auto"
        self._metres = [(clock.micros(at[0]), _told(at)) for at in call.metres] if told else []
        self._feed(Other(bytes((START,))), 0)

    @property
    def is_over(self) -> bool:
        """True once nobody plays any more: while a clock runs, something is always to come."""
        return self.engine.snapshot()["turn"] == "waiting"

    def until(self, time: int) -> None:
        """Let time pass, and the clock run."""
        while self._due <= time:
            now, self._due = self._due, next(self._clocks)
            super().until(now)
            while self._metres and self._metres[0][0] <= now:
                self._feed(Command("metre", self._metres.pop(0)[1]), now)
            self._feed(Other(bytes((CLOCK,))), now)
        super().until(time)


def _told(metre: tuple[int, int, int]) -> str | None:
    """A metre of a file as a player tells it; None where it is none that is known."""
    text = f"{metre[1]}/{metre[2]}"
    try:
        parse_metre(text)
    except ConfigError:
        return None
    return text


Written = list[
    tuple[int, Chord | None]
]  # chords, each with the tick (24 to a quarter) on which it begins


def written(engine: Engine, answered: Score) -> tuple[Key | None, Written | None]:
    """The key and the chords of the chart by which a score was answered; None without a chart.

    They are laid on the file's eighths: the engine's beat is found in what was played.
    """
    sheet, timeline, clock = engine.sheet, engine.timeline, answered.tempo_map
    if sheet is None:
        return None, None
    ticks = [tick for track in answered.tracks for tick, _ in track.messages]
    first, last = (timeline.tick(clock.micros(tick)) for tick in (min(ticks), max(ticks)))
    eighth = answered.ppqn / 2
    return sheet.key, [
        (round(clock.tick(timeline.micros(at)) / eighth) * TICKS_PER_BEAT // 2, chord)
        for at, chord in (sheet.at(first), *sheet.coming(first, last))
    ]


def _asks_at(engine: Engine, last: int, end: int) -> int:
    """Just before the end of a file, which is that of the call: nobody need wonder whether more will come.

    Before the bar line after its last onset where the last note goes on for less than half a beat behind that.
    """
    timeline = engine.timeline
    line = timeline.micros(timeline.bar_from(timeline.tick_from(last) + 1))
    is_soon_over = line < end < line + timeline.tempo_us // 2
    return max(last, min(end, line if is_soon_over else end) - ASK_US)


def _play_on(rehearsal: Rehearsal, call_end: int, call: Score) -> None:
    """Let the response be played to its end; one of a mode in which it has none, for `length`."""
    engine, latest, began = rehearsal.engine, call_end + MAX_RESPONSE_US, None
    settings = engine.settings
    is_endless = MODES[settings.mode].length is Length.ENDLESS
    while not rehearsal.is_over and rehearsal.now < latest:
        rehearsal.until(min(rehearsal.now + STEP_US, latest))
        if began is None and is_endless:
            began = next(
                (at for at, m in rehearsal.sent if at > call_end and isinstance(m, NoteOn)), None
            )
            latest = latest if began is None else _stopped_at(call, began, settings.length)
    rehearsal.play(max(rehearsal.now, call_end), Command("stop"))
    rehearsal.until(rehearsal.now + SECOND)


def _stopped_at(call: Score, began: int, length: str | float) -> int:
    """Give the time, micros, at which a response without an end is stopped, just before a bar line.

    After `length` bars, or as many as the call has, but 32 at most: what `length` may be.
    """
    clock = call.tempo_map
    numerator, denominator = call.metres[-1][1:] if call.metres else (4, 4)
    bar = max(1, call.ppqn * 4 * numerator // denominator)
    ticks = [tick for track in call.tracks for tick, _ in track.messages]
    of_call = -((min(ticks) - max(ticks)) // bar)
    bars = min(of_call, MAX_BARS) if isinstance(length, str) else int(length)
    return clock.micros((clock.tick(began) + bar // 8) // bar * bar + bars * bar) - 1


def rules(call: Score) -> dict[int, str]:
    """The rules by which an engine hears the tracks of a call: as their name, channel and program say, as in training.

    Of several tracks one that says nothing and stays low is a bass.
    On virtual time a track's index is its channel, so that no two are mixed up.
    """
    found = {}
    for index, track in enumerate(call.tracks):
        notes = [message for _, message in track.messages if isinstance(message, NoteOn)]
        channel, several = notes[0].channel, len(call.tracks)
        rule = rule_of_track(track.name, channel, track.program, index, several)
        is_low = rule in ("lead", "comp") and all(note.pitch < BASS_BELOW for note in notes)
        found[index] = "bass" if is_low and several > 1 and not part_named(track.name) else rule
    return found


def _in_time(call: Score) -> list[tuple[int, Message]]:
    """All messages of a call in order, with micros, the channel of each being its track's index."""
    clock = call.tempo_map
    return [
        (clock.micros(tick), m if isinstance(m, Other) else replace(m, channel=index))
        for tick, index, m in _in_order(call)
    ]


def _in_order(call: Score) -> list[tuple[int, int, Message]]:
    """All messages of a call in order: tick, index of the track, message."""
    rows = [
        (tick, rank, index, message)
        for index, track in enumerate(call.tracks)
        for tick, rank, message in ranked(track.messages)
    ]
    rows.sort(key=itemgetter(0, 1))
    return [(tick, index, message) for tick, _, index, message in rows]


class OutboxWire(Wire):
    """The output of a rehearsal: the port process's own schedule and ledger, on virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self._outbox = Outbox()

    def put(self, timed: Timed) -> None:
        """Take what the engine handed out."""
        if isinstance(timed.message, Cut):
            self.until(timed.due - 1)
            self._outbox.cut(timed.due, timed.message.keys)
        elif not isinstance(timed.message, Command):
            self._outbox.put(timed.due, encode(timed.message))

    def until(self, now: int) -> None:
        """Send all that is due by then, each at its own time."""
        while (at := self._outbox.deadline()) is not None and at <= now:
            for data in self._outbox.due(at):
                message = decode(data)
                assert message is not None
                self.sent.append((at, message))
