"""Answering a file: an engine on virtual time hears a call as it stands, and what both play becomes a score.

The engine, the schedule and the ledger are those that serve; only time and the ports are not real.  Knows no
model, no configuration and no files.
"""

from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

from livegen.daemon.midi.outbox import Outbox
from livegen.jam.controls.controls import CONTROLS
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
from livegen.music.parts import part_named, rule_of_track
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.testing import Rehearsal, Wire

SECOND = 1_000_000
ASK_US = 150_000  # before a call ends it is said that it does
STEP_US = SECOND // 10  # less than the shortest bar
MAX_BARS = int(CONTROLS["length"].high)
MAX_RESPONSE_US = 600 * SECOND  # 32 bars of 4/4 at the slowest tempo take half of it


def answer(call: Score, engine: Engine) -> Score:
    """Play a call to an engine on virtual time; the score holds what both played, tracks Player and Model.

    The engine hears the call's tracks by `rules(call)`.
    """
    rehearsal = Rehearsal(engine)
    rehearsal.wire = wire = OutboxWire()
    heard = _in_time(call)
    asks_at = _asks_at(heard) if MODES[engine.settings.mode].start is Start.REST else None
    for at, message in heard:
        if asks_at is not None and at > asks_at:
            rehearsal.play(asks_at, Command("your_turn"))
            asks_at = None
        rehearsal.play(at, message)
    _play_on(rehearsal, heard[-1][0] if heard else 0, call)
    clock = call.tempo_map
    model_track = tuple((clock.tick(at), message) for at, message in wire.sent)
    player_track = tuple((tick, message) for tick, _, message in _in_order(call))
    tracks = (Track("Player", player_track), Track("Model", model_track))
    return Score(call.ppqn, tracks, call.tempos, call.metres)


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


def _asks_at(heard: Sequence[tuple[int, Message]]) -> int:
    """Just before the end of a file, which is that of the call: nobody need wonder whether more will come."""
    last = max(at for at, message in heard if isinstance(message, NoteOn))
    return max(last, heard[-1][0] - ASK_US)


def _play_on(rehearsal: Rehearsal, call_end: int, call: Score) -> None:
    """Let the response be played to its end; one of a mode in which it has none, for `length`."""
    engine, latest, began = rehearsal.engine, call_end + MAX_RESPONSE_US, None
    settings = engine.settings
    is_endless = MODES[settings.mode].length is Length.ENDLESS
    while engine.deadline() is not None and rehearsal.now < latest:
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
