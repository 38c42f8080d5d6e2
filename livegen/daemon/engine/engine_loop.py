"""An engine with all that serves it: it hears frames, and sends frames with what is to be played, shown and kept.

One thread plays; everything the engine wants to be played goes out with the time at which it is due.  An engine that
raises loses that step, falls silent, and goes on.  Another model is loaded beside the music, and taken over by the
engine when that is ready for it; so is a chart read.  Whoever owns the loop gives it its turns: a process
(`engine_process`), or a studio with many.
"""

import gc
import os
import traceback
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from livegen.daemon import clock
from livegen.daemon.clock import SECOND
from livegen.daemon.engine.ahead import ReadAhead
from livegen.daemon.engine.journal_rows import JournalRows
from livegen.daemon.engine.loader import FIT, RECALL, SWAP, Fitter, Loaded, Loader, Recaller
from livegen.daemon.engine.strain import Strain
from livegen.daemon.lateness import Lateness, Recent
from livegen.daemon.processes.frames import (
    BeatFrame,
    CommandFrame,
    CutFrame,
    DueFrame,
    FaultFrame,
    FiguresFrame,
    Frame,
    HeardFrame,
    LogFrame,
    MemoryFrame,
    OverFrame,
    SnapshotFrame,
    StatisticsFrame,
)
from livegen.daemon.processes.supervisor import BEAT_US
from livegen.inference.kept import text_of
from livegen.inference.lesson import Lesson
from livegen.inference.memory import Memory
from livegen.jam.controls.controls import CONTROLS, read_ahead, takes_long
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import TAKE_UP, Event, Recall, TakeUp, Wake
from livegen.jam.timing.agenda import Timed
from livegen.music.messages import Cut, NoteOn, decode, encode
from livegen.music.time.timeline import Timeline
from livegen.priority import ORDINARY

_T = TypeVar("_T")

DEFAULT_LOADER, DEFAULT_RECALLER = "livegen.app:load_model", "livegen.app:load_memory"
KEEPS_AFTER_US = 5 * SECOND  # of silence what is remembered of a player is kept
TIDY_US = 100_000  # how often garbage is looked for where caches may be cold
ADAPTS_AFTER_US = 2 * SECOND  # without a key of the player's the model is fitted to what is new,
ADAPTS_AFTER = 128  # if that is so many strokes of the player's
AWAKE_US = 60 * SECOND  # caches are kept warm this long after the last note
# An engine that raises whenever it is woken must not take the whole processor.
FAULT_PAUSE_US = 5_000
LOG_EVERY_US = SECOND
SNAPSHOT_EVERY_US = SECOND // 2
WATCHED_EVERY_US = SECOND // 10  # while somebody watches and something goes on
LIVELY_US = 2 * SECOND  # how long something goes on after a note
FIGURES_EVERY_US = SECOND
SHOWS_LESS = "The page shows less about the model from now on, because of a fault in livegen."
STUMBLED = "The model failed: what it was about to play is left out, and the jam goes on."
LONGEST_LINE = 2000
TOO_BUSY = "the machine is too busy to be in time: one answer is planned instead of several until it is not"
STRAIN_TOLD_US = 600 * SECOND  # it is said so rarely, however often it comes and goes
READ_EVERY_US = 2_000  # how often it is looked whether a chart was read
# Commands that give controls their values: none overtakes another.
VALUED = frozenset((*CONTROLS, "preset", "presets"))
COMMAND_SHOWN_US = 20_000  # after a command the state is told soon, but once for a burst of them
# Garbage of Python's three generations is looked for between events where there is so much of it.
TIDIES_AT = (200, 5, 5)


class EngineLike(Protocol):
    """An engine as it is served: `livegen.jam.engine.Engine`, or one that has the first three methods of its own."""

    def feed(self, event: Event, now: int) -> Iterable[Timed]:
        """Take an event; give what is to be played."""

    def deadline(self) -> int | None:
        """The time at which the engine wants to be woken, micros."""

    def snapshot(self) -> dict[str, Any]:
        """The state for a status line and the page."""

    @property
    def timeline(self) -> Timeline | None:
        """The map between beats and time by which it plays."""
        return None

    @property
    def timeline_since(self) -> int:
        """The time, micros, from which that is valid."""
        return 0

    @property
    def memory(self) -> Memory | None:
        """All that is remembered of the player."""
        return None

    @property
    def lesson(self) -> Lesson | None:
        """All that the model is to learn from the player; None where it is not to."""
        return None

    def notices(self) -> list[str]:
        """Lines for the person, asked for after every event."""
        return []

    @property
    def is_hasty(self) -> bool:
        """True while the answer to a key may be due at once."""
        return True

    def keep_warm(self) -> None:
        """Run the model on nothing; called between events while it is hasty."""
        return None

    def watch(self, is_watched: bool) -> None:
        """Know that a page is open, or that none is any more."""
        return None

    def ponder(self) -> bool:
        """Do a little work for the page; True while there is more."""
        return False

    def outlook(self) -> dict[str, Any]:
        """More for the page than the snapshot holds."""
        return {}


class EngineLoop:
    """An engine, turn by turn.  Threads: loop only.

    `send` takes each frame that leaves; without `keeps_journal` none of them is a row of a journal.  `read` reads the
    value of a command, beside the music.  `now` is the time by which the engine plays, micros: all stamps of frames, in
    and out, are of it; keys that are `heard_afar` come late whatever the machine does.  `is_over`: it was told that the
    session is over, and has told the journal everything.  `urgency` is how urgent its process is, as whoever owns the
    loop says.
    """

    def __init__(
        self,
        send: Callable[[Frame], object],
        engine: EngineLike,
        settings: Mapping[str, Any],
        read: Callable[[str, object], object] = read_ahead,
        now: Callable[[], int] = clock.now,
        keeps_journal: bool = True,
        heard_afar: bool = False,
    ) -> None:
        self._send_frame = send
        self._engine = engine
        self._clock = now
        self._warm_us = int(settings.get("keep_warm_us", 0))
        self._awake_us = int(settings.get("awake_us", AWAKE_US))
        self._played_at = self._struck_at = self._now = began = now()
        self._beat_at = self._snapshot_at = self._shown_at = 0
        self._warm_at = began
        self._paused_until = 0
        self.is_over = False
        self.urgency = ORDINARY
        self._logged_at = -LOG_EVERY_US
        self._unlogged = 0
        self._snapshot: dict[str, Any] = {}
        self._lag, self._recent, self._strain = Lateness(), Recent(), Strain()
        self._wakes_at: int | None = None  # the time at which the engine is to be woken
        self._told_strain_at = -STRAIN_TOLD_US
        self._heard_afar = heard_afar
        self._is_watched = self._is_pondering = False
        self._figures_at = 0
        self._cpu = (began, sum(os.times()[:2]))
        self._journal = JournalRows(send if keeps_journal else None)
        self._ahead = ReadAhead(takes_long, read)
        self._loader = Loader(str(settings.get("loader", DEFAULT_LOADER)))
        self._recalls = str(settings.get("recaller", DEFAULT_RECALLER))
        self._recaller = Recaller(self._recalls)
        self._fits = str(settings.get("fitter") or "")  # "" where nothing is learned
        self._fitter = Fitter(self._fits)
        self._adapted = 0  # strokes of the player's from which was learned
        self._player, self._memory_file, self._kept = "", "", 0
        if player := settings.get("remembers"):
            self._recaller.begin(str(player))
        self._model_file = str(settings.get("model", ""))

    def turn(self, frames: Iterable[Frame] = ()) -> None:
        """Take frames, and do at most a slice of each kind of work that is due."""
        if self._wakes_at is not None:
            self._strain.did(now := self._clock(), now - self._wakes_at)
        for frame in frames:
            self._guarded(partial(self._take, frame))
        for command in self._ahead.take():
            self._guarded(partial(self._tell, command))
        self._guarded(lambda: self._swap(self._clock()))
        self._guarded(lambda: self._take_fitted(self._clock()))
        self._guarded(self._recall)
        self._guarded(lambda: self._wake(self._clock()))
        self._guarded(lambda: self._warm(self._clock()))
        self._look_at_strain(self._clock())
        self._ponder()
        self._beat(self._clock())

    def _look_at_strain(self, now: int) -> None:
        """Let the engine do less while the machine is too slow, and say so; the journal has it as a command."""
        if not self._strain.has_changed(now):
            return
        is_strained = self._strain.is_strained
        self._guarded(lambda: self._feed(Command("strained", is_strained), now))
        if is_strained and now - self._told_strain_at >= STRAIN_TOLD_US:
            self._told_strain_at = now
            self._log(TOO_BUSY)

    @property
    def is_reading(self) -> bool:
        """True while the value of a command is being read beside the music."""
        return self._ahead.is_reading

    def time_left(self) -> int:
        """The time that it may wait for frames until its next turn, micros; at most 0: there is work now."""
        now, self._wakes_at = self._clock(), None
        if self._is_pondering:
            return 0
        times = [min(self._beat_at, self._snapshot_at)]
        if (deadline := self._deadline()) is not None:
            times.append(max(deadline, self._paused_until))
            self._wakes_at = deadline if deadline > now else None
        if self._ahead.is_reading:
            times.append(now + READ_EVERY_US)
        if self._is_warming(now):
            times.append(self._warm_at)
        return min(times) - now

    def _deadline(self) -> int | None:
        try:
            return self._engine.deadline()
        except Exception:
            self._fault(self._clock())
            return None

    def _take(self, frame: Frame) -> None:
        match frame:
            case HeardFrame() if (message := decode(frame.payload)) is not None:
                if isinstance(message, NoteOn):
                    self._played_at = self._struck_at = self._clock()
                self._feed(message, frame.micros)
                self._lag.add(lag := (heard := self._clock()) - frame.micros)
                self._recent.add(heard, lag)
                if not self._heard_afar:
                    self._strain.did(heard, lag)
                if self._is_watched:
                    self._is_pondering = True
                    self._show_soon(heard)
            case CommandFrame():
                self._command(frame)
            case OverFrame():
                self._keep_memory()
                self._journal.settle()
                self._send_frame(OverFrame(self._clock()))
                self.is_over = True
            case _:
                pass
        self._beat(self._clock())  # a burst of messages must not look like a hang

    def _command(self, command: CommandFrame) -> None:
        match command.name, command.value:
            case "stats", _:
                stats = {
                    "stamp_to_state": self._lag.summary(),
                    "snapshot": self._engine.snapshot(),
                    "urgency": self.urgency,
                }
                self._send_frame(StatisticsFrame.of(self._clock(), stats))
            case "watch", is_watched:
                self._watch(bool(is_watched))
            case "model", model:
                self._log(self._loader.begin(str(model or "")))
            case "remember", player:
                self._remember(str(player or "").strip())
            case name, Mapping() as music if name == TAKE_UP:
                self._take_up(music)
            case "", _:
                pass
            case name, _ if name in VALUED and self._ahead.put(command):
                pass
            case _:
                self._tell(command)

    def _take_up(self, music: Mapping[str, Any]) -> None:
        """Let the engine go on with music that another has heard."""
        now = self._clock()
        event = TakeUp.of(music, now)
        self._journal.takes_over(now, TAKE_UP, music)
        self._feed(event, now)

    def _tell(self, command: CommandFrame) -> None:
        self._feed(Command(command.name, command.value), command.micros)
        self._is_pondering = True  # an answer may have to be worked out
        self._snapshot_at = min(self._snapshot_at, self._clock() + COMMAND_SHOWN_US)

    def _swap(self, now: int) -> None:
        """Let the engine have the model that was loaded, or say why there is none."""
        loaded = self._taken(self._loader)
        if loaded and loaded.event:
            self._model_file = str(loaded.told["model"])
            self._adapted, self._fitter = 0, Fitter(self._fits)  # of the model before
            self._take_over(SWAP, loaded.event, loaded.told, now)

    def _taken(self, loader: Loader) -> Loaded | None:
        """The result of a loader, once; its line is logged."""
        loaded = loader.take()
        if loaded is not None:
            self._log(loaded.line)
        return loaded

    def _take_over(self, name: str, event: Event, told: Mapping[str, Any], now: int) -> None:
        """Let the engine have what was made beside the music, and the journal what it takes to have it again."""
        self._journal.takes_over(max(self._now, now), name, told)
        self._feed(event, now)
        self._snapshot_at = min(self._snapshot_at, now + COMMAND_SHOWN_US)

    def _look_at_lesson(self, now: int) -> None:
        """Fit the model in a pause to what is new; as it was shipped where the player adapts it no more, or forgot."""
        lesson = self._engine.lesson if self._fits else None
        new = (lesson.played if lesson else 0) - self._adapted
        is_pause = now - self._struck_at >= ADAPTS_AFTER_US and not self._fitter.is_busy
        is_pause &= not self._strain.is_strained
        if new <= -ADAPTS_AFTER:
            self._unlearn()
        elif lesson and new >= ADAPTS_AFTER and is_pause:
            self._adapted = lesson.played
            self._learn(lesson.text)

    def _unlearn(self) -> None:
        """Have the model as it was shipped."""
        if self._adapted:
            self._adapted = 0
            self._learn("")

    def _learn(self, lesson: str) -> None:
        """Fit the model to a lesson beside the music.  What is still being learned is left out."""
        self._fitter = Fitter(self._fits, lesson, self._fitter.model)
        self._fitter.begin(self._model_file)

    def _take_fitted(self, now: int) -> None:
        """Let the engine have what was learned, or say why nothing was."""
        loaded = self._taken(self._fitter)
        if loaded and loaded.event:
            self._take_over(FIT, loaded.event, loaded.told, now)

    def _remember(self, player: str) -> None:
        """Read what is remembered of a player beside the music; of nobody at once.  Who is still read is left out."""
        self._recaller = Recaller(self._recalls)
        if player:
            self._recaller.begin(player)
        else:
            self._recall_nobody()

    def _recall(self) -> None:
        """Let the engine have what was read of a player, or say why there is nothing: then nobody is known."""
        loaded = self._taken(self._recaller)
        if loaded and isinstance(loaded.event, Recall):
            self._recalled(loaded.event, loaded.told)
        elif loaded and self._player:
            self._recall_nobody()

    def _recall_nobody(self) -> None:
        self._recalled(Recall(Memory()), {"player": "", "file": "", "notes": text_of(Memory())})

    def _recalled(self, recall: Recall, told: Mapping[str, Any]) -> None:
        self._keep_memory()  # of whoever played until now
        self._unlearn()
        self._player, self._memory_file = str(told["player"]), str(told["file"])
        self._kept = recall.memory.learned
        self._take_over(RECALL, recall, told, self._clock())

    def _look_at_memory(self, now: int) -> None:
        """Keep what is remembered in a pause, and at once where the player has taken back what was kept already."""
        memory = self._engine.memory
        has_forgotten = memory is not None and memory.learned < self._kept
        if has_forgotten or now - self._played_at >= KEEPS_AFTER_US:
            self._keep_memory()

    def _keep_memory(self) -> None:
        """Send what is remembered of the player to be kept, if it is another than was sent last."""
        memory = self._engine.memory
        if not self._memory_file or memory is None or memory.learned == self._kept:
            return
        self._kept = memory.learned
        kept = {"file": self._memory_file, "notes": text_of(memory), "count": len(memory)}
        if lesson := self._engine.lesson:
            kept["lesson"] = lesson.text
        self._send_frame(MemoryFrame.of(self._clock(), kept))

    def _log(self, line: str) -> None:
        if line:
            self._send_frame(LogFrame.of(self._clock(), line[:LONGEST_LINE]))

    def _wake(self, now: int) -> None:
        deadline = self._deadline()
        if deadline is not None and deadline <= now and now >= self._paused_until:
            self._feed(Wake(), now)

    def _feed(self, event: Event, now: int) -> None:
        """Feed the engine and send what it gives.  Its time never runs backwards: stamps are older than wakes."""
        self._now = now = max(self._now, now)
        self._journal.fed(event, now)
        for timed in self._engine.feed(event, self._now):
            self._send(timed)
        for line in self._engine.notices():
            self._log(line)
        self._warm_at = self._clock() + self._warm_us

    def _tell_timeline(self, now: int) -> None:
        self._journal.plays_by(self._engine.timeline, self._engine.timeline_since, now)

    def _send(self, timed: Timed) -> None:
        match timed.message:
            case Cut(keys):
                self._journal.gave(timed.due, keys=keys)
                self._send_frame(CutFrame.of(timed.due, keys))
            case Command(name, value):
                self._send_frame(CommandFrame.named(timed.due, name, value))
            case message:
                self._played_at = max(self._played_at, self._now)
                data = encode(message)
                self._journal.gave(timed.due, data)
                self._send_frame(DueFrame(timed.due, data))

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do something with the engine; if it raises, that step is lost and the jam goes on."""
        try:
            act()
        except Exception:
            self._fault(self._clock())

    def _fault(self, now: int) -> None:
        """Silence what the engine was about to say, tell it and write it down once a second, and let it breathe."""
        self._send_frame(CutFrame(now))
        self._paused_until = now + FAULT_PAUSE_US
        self._unlogged += 1
        if now - self._logged_at >= LOG_EVERY_US:
            line = traceback.format_exc(limit=-2).strip().replace("\n", " | ")
            faults = f"{self._unlogged} faults, the last: {line}"[:LONGEST_LINE]
            self._send_frame(FaultFrame.saying(now, faults, STUMBLED))
            self._journal.failed(now, line[:LONGEST_LINE])
            self._logged_at, self._unlogged = now, 0

    def _beat(self, now: int) -> None:
        if now >= self._beat_at:
            self._beat_at = now + BEAT_US
            self._send_frame(BeatFrame(now))
            self._journal.settle()
            self._guarded(lambda: self._tell_timeline(now))
            self._guarded(lambda: self._look_at_memory(now))
            self._guarded(lambda: self._look_at_lesson(now))
        if now >= self._snapshot_at:
            self._snapshot_at = now + SNAPSHOT_EVERY_US
            self._guarded(lambda: self._send_snapshot(now))
        if self._is_watched and now >= self._figures_at:
            self._figures_at = now + FIGURES_EVERY_US
            self._send_frame(FiguresFrame.of(now, self._figures(now)))

    def _send_snapshot(self, now: int) -> None:
        of_process = {
            "engine_pid": os.getpid(),
            "model_file": self._model_file,
            "remembers": self._player,
        }
        snapshot = self._engine.snapshot() | of_process
        self._shown_at = now
        if self._is_watched:
            nothing: dict[str, Any] = {}
            snapshot |= self._for_the_page(self._engine.outlook, nothing)
            is_lively = snapshot.get("plan") or now - self._played_at < LIVELY_US
            self._snapshot_at = now + (WATCHED_EVERY_US if is_lively else SNAPSHOT_EVERY_US)
        if snapshot != self._snapshot:
            self._send_frame(SnapshotFrame.of(now, snapshot))
            self._snapshot = snapshot

    # --- open pages -----------------------------------------------------------------------------------------------

    def _watch(self, is_watched: bool) -> None:
        """Begin or end what is done only for open pages; nothing of it reaches the journal."""
        self._is_watched = is_watched
        self._engine.watch(is_watched)
        self._show_soon(self._clock())

    def _show_soon(self, now: int) -> None:
        at = max(self._shown_at + WATCHED_EVERY_US, now + COMMAND_SHOWN_US)
        self._snapshot_at = min(self._snapshot_at, at)

    def _for_the_page(self, work: Callable[[], _T], otherwise: _T) -> _T:
        """Let the engine do something for the page; a failure costs the page something, and the music nothing."""
        try:
            return work()
        except Exception as error:
            self._is_watched = self._is_pondering = False
            line = f"the page shows less from here on: {work.__name__} failed ({error!r})"
            self._send_frame(FaultFrame.saying(self._clock(), line[:LONGEST_LINE], SHOWS_LESS))
            return otherwise

    def _ponder(self) -> None:
        """A little of it, after everything else; whatever comes in goes first."""
        if self._is_pondering:
            self._is_pondering = self._for_the_page(self._engine.ponder, False)

    def _figures(self, now: int) -> dict[str, Any]:
        before, self._cpu = self._cpu, (now, sum(os.times()[:2]))
        cpu = (self._cpu[1] - before[1]) / max(1, now - before[0]) * SECOND
        return {
            "in_to_state": self._recent.summary(now),
            "late": self._snapshot.get("late", 0),
            "cpu": {"engine": round(cpu, 4)},
            "urgency": self.urgency + (", too busy" if self._strain.is_strained else ""),
        }

    def _is_warming(self, now: int) -> bool:
        return self._warm_us > 0 and now - self._played_at < self._awake_us

    def _warm(self, now: int) -> None:
        """Run the network on nothing now and then: events 20 ms apart find cold caches and cost twice as much.

        Who answers on a bar line has the time for that, and the processor rests.

        Look for garbage before that: Python would do so where things are made, while a key is heard or answered, and
        take two milliseconds.
        """
        if now >= self._warm_at and self._is_warming(now):
            _tidy()
            is_hasty = self._engine.is_hasty
            if is_hasty:
                self._engine.keep_warm()
            self._warm_at = self._clock() + (self._warm_us if is_hasty else TIDY_US)


def _tidy() -> None:
    """Look for garbage in the oldest generation that has much of it, and in those that are younger."""
    counts = gc.get_count()
    for generation in (2, 1, 0):
        if counts[generation] > TIDIES_AT[generation]:
            gc.collect(generation)
            return
