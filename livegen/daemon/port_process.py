"""The port process: owns the ports, stamps what comes, sends what is due, keeps the other processes alive.

One thread, one loop.  Standard library and python-rtmidi only: it starts at once, waits for nobody's GIL, and
survives the engine.  Knows bytes, times and processes; what to play is decided elsewhere.
"""

import logging
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from livegen.daemon import clock
from livegen.daemon.clock import SECOND, SPIN_US
from livegen.daemon.midi.endpoint import Change, MidiEndpoint
from livegen.daemon.midi.inlet import COALESCE_US, Inlet
from livegen.daemon.midi.outbox import Outbox
from livegen.daemon.midi.server_watch import STALL_US
from livegen.daemon.midi.wiring import Input, Output, Sink, Thru
from livegen.daemon.page_sink import LogLines, PageKeys, PageSink
from livegen.daemon.processes.child import ChildProcess
from livegen.daemon.processes.children import (
    ControlProcess,
    FilePlayer,
    Microphone,
    Recorder,
    Sounder,
)
from livegen.daemon.processes.frames import (
    CommandFrame,
    CutFrame,
    DueFrame,
    FaultFrame,
    FiguresFrame,
    Frame,
    JournalFrame,
    LogFrame,
    MemoryFrame,
    OverFrame,
    SnapshotFrame,
    StatisticsFrame,
)
from livegen.daemon.processes.signals import Deed, Signals, die_of
from livegen.daemon.processes.supervisor import ENGINE, Kind, Supervisor
from livegen.daemon.statistics import Statistics
from livegen.daemon.telling import ProcessParts, Telling, tell_saved
from livegen.music.messages import NOTE_ON, kind_of
from livegen.music.sync.transport import CONTINUE
from livegen.priority import ORDINARY, PORT, in_real_time

log = logging.getLogger(__name__)

POLL_US = 1_000
IDLE_POLL_US = 10_000
# All wakes the loop by itself but signals without ports, and what is looked after now and then.  Were this longer than
# the supervisor's OWN_PAUSE_US, the silence of an engine would be taken for ours.
REST_US = 50_000
TIMERS_US = 100_000
PLAYER_LEAD_US = 200_000
RELEASE_US = 300_000  # at exit, how long the releases may be paced
DELIVERY_US = 30_000  # two periods of a slow server, for the last releases to reach the other side
EXIT_US = 450_000  # signal to exit; the promise is 500 ms
WRITE_US = 10 * SECOND  # how long a recording may take to be written when nobody is in a hurry
# At exit, how long the engine process may take to tell the journal what it did: so long at least, and as long as there
# is time for the recorder to write it.
LAST_US, RECORDER_US = 50_000, 150_000


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of `serve`.

    `settings` goes to the engine process as JSON; it plays `settings["behind_us"]` micros behind the clock, so that
    what is heard late in audio has come by then; `settings["engine"]` is the dotted name of the factory
    ("livegen.app:build_engine" when missing); `kind` is another process in its place.  `stats`: "" none, "summary"
    prints a JSON line at exit, "trace" adds the latest 16,384 messages with their times (SIGUSR1 prints the line at any
    time).  With `until_player_ends` it exits 0 after the file is played and the model has been silent for `answer_s`,
    at the latest after `answer_max_s`.
    """

    port: str = "Model Out"
    in_name: str = "Model In"
    api: str = "auto"
    settings: Mapping[str, Any] = field(default_factory=dict)
    kind: Kind = ENGINE
    # The time, micros, that lies at least between two values of a controller, a bend or a pressure that are passed on.
    values_every_us: int = COALESCE_US
    player: Path | None = None
    microphone: str | None = None  # where notes are heard in audio; None: nowhere
    record: Path | None = None
    recordings: Path | None = None  # the folder in which everything is kept; None: nothing is
    journals: int = 0  # how many of the newest are left there; 0: all
    record_tempo_bpm: float = 120.0
    until_player_ends: bool = False
    answer_s: float = 4.0
    answer_max_s: float = 60.0
    # The time after the last note in which the input is polled each millisecond, not every tenth.
    awake_s: float = 60.0
    control: Mapping[str, Any] | None = None  # the control process's settings; None: there is none
    # The settings of the process that sounds; None: there is none.
    sound: Mapping[str, Any] | None = None
    sounds_player: bool = True  # the player's notes too
    thru: bool = False
    stats: str = ""


def serve(options: ServeOptions, out: TextIO | None = None) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP and give the exit status.

    It is 0; with one line logged, 2 for what the person can mend, and 1 for an engine that crashes at once.  Of any
    other signal that ends a process it dies, and stops on Ctrl-Z, but releases every note first.

    Prints one line starting with `ready` on `out` (standard output) when it can take notes.  Raises PortError when
    the MIDI system asked for cannot be had.  Threads: main only (it sets signal handlers).
    """
    return PortProcess(options, out or sys.stdout).run()


class PortProcess:
    """The loop and what it owns.  Threads: loop only."""

    def __init__(self, options: ServeOptions, out: TextIO) -> None:
        self._options = options
        self._signals = Signals()
        self._was_told = False
        self._dies_of: int | None = None
        self._supervisor = Supervisor(options.settings, options.kind, options.thru)
        self._player = FilePlayer(options.player)
        self._microphone = Microphone(options.microphone)
        tempo = options.record_tempo_bpm
        self._recorder = Recorder(options.recordings, options.record, tempo, options.journals)
        self._control = ControlProcess(options.control or {})
        self._sounder = Sounder(options.sound or {}, options.sounds_player and not options.thru)
        self._children: Sequence[ChildProcess] = (
            self._supervisor,
            self._player,
            self._microphone,
            self._recorder,
            self._control,
            self._sounder,
        )
        self._page, self._page_keys = PageSink(self._control.whisper), PageKeys()
        self._lines = LogLines(lambda *said: self._page.line(clock.now(), *said))
        self._midi = MidiEndpoint(options.in_name, options.port)
        self._timers_at = 0
        self._inlet, self._outbox = Inlet(options.values_every_us), Outbox()
        parts = ProcessParts(
            self._midi,
            self._inlet,
            self._outbox,
            self._supervisor,
            self._player,
            self._microphone,
            self._recorder,
            self._control,
            self._sounder,
        )
        self._telling = Telling(parts, self._page, options.settings, out)
        self._statistics = Statistics(self._telling.print, self._figures, options.stats == "trace")
        self._inputs: Sequence[Input] = (self._midi, self._player, self._microphone)
        self._behind_us = int(options.settings.get("behind_us", 0))
        self._heard: deque[tuple[int, bytes]] = deque()  # that waits until the engine is there too
        self._outputs: Sequence[Output] = (self._midi,)
        thru = [Thru(self._outbox, self._midi.is_well)] if options.thru else []
        self._sinks: Sequence[Sink] = (
            self._midi,
            self._supervisor,
            self._sounder,
            self._recorder,
            self._page,
            self._statistics,
            *thru,
        )
        self._played_at = self._sent_at = self._turned_at = clock.now()
        self._went_on_at = 0
        self._select: Callable[..., Any] = clock.ready
        self._urgency = ORDINARY
        self._player_ended_at: int | None = None
        self._exit_status: int | None = None

    def run(self) -> int:
        """Start everything, turn until told to stop, release and close everything."""
        logging.getLogger("livegen").addHandler(self._lines)
        with self._signals:
            try:
                self._start()
                while self._exit_status is None:
                    self._turn()
            finally:
                self._finish()
                logging.getLogger("livegen").removeHandler(self._lines)
        if self._dies_of is not None:
            die_of(self._dies_of)
        return self._exit_status or 0

    def _start(self) -> None:
        """Start the children first: they load while the ports are opened."""
        options = self._options
        self._supervisor.start(clock.now())
        keeps = options.record, options.recordings, options.settings.get("remembers")
        if any(keeps):
            self._recorder.start(clock.now())
        if options.player is not None:
            self._player.start(clock.now())
        if options.microphone is not None:
            self._microphone.start(clock.now())
        if options.control is not None:
            self._control.start(clock.now())
        if options.sound is not None:
            self._sounder.start(clock.now())
        self._midi.open(options.api)
        self._urgency = in_real_time(PORT)

    # --- one turn -------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._answer_signals()
        self._turned_at = now = clock.now()
        for each in self._inputs:
            # What was heard in audio has waited already.
            hear = self._take_in if each is self._microphone else self._hear
            for data in each.due(now):
                hear(data, now)
        while self._heard and self._heard[0][0] <= now:
            self._take_in(self._heard.popleft()[1], now)
        for data in self._inlet.due(now):
            self._pass_on(data, now)
        for frame in self._supervisor.receive(now):
            self._take(frame, now)
        for command in self._control.commands(now):
            self._obey(command, now)
        self._send()
        if self._supervisor.watch(now, bool(self._outbox.sounding)):
            self._outbox.release_all(now, stops_clock=True)
            self._send()
            self._timers_at = now  # whoever looks on is told at once
        if now >= self._timers_at:
            self._timers_at = now + TIMERS_US
            self._look_after(now)
        self._sleep(now)

    def _hear(self, data: bytes, now: int) -> None:
        """Take in what was played now; where the engine plays behind the clock, when that is there too."""
        if self._behind_us:
            self._heard.append((now + self._behind_us, data))
        else:
            self._take_in(data, now)

    def _take_in(self, data: bytes, now: int) -> None:
        for message in self._inlet.feed(data, now):
            self._pass_on(message, now)

    def _pass_on(self, data: bytes, now: int) -> None:
        """Hand one message on, stamped, to the engine and to all who listen."""
        if kind_of(data) == NOTE_ON:
            self._played_at = now
        for sink in self._sinks:
            sink.heard(now - self._behind_us, data)

    def _obey(self, command: CommandFrame, now: int) -> None:
        """Carry out a person's command, or pass it on; what sounds is silenced here, also without an engine."""
        match command.name:
            case "panic":
                self._outbox.release_all(now)
            case "stop":
                self._outbox.cut(now)
            case "capture":
                return self._keep(now, "capture", command.value)
            case "play":
                played = self._page_keys.play(command.value)
                return None if played is None else self._hear(played, now)
            case "audio":
                return self._microphone.hear(command)
            case "watch":
                return self._watch(bool(command.value), now)
            case "remember":
                self._supervisor.remembers = str(command.value or "").strip()
                if not self._recorder.was_started:
                    self._recorder.start(now)  # where nothing else is kept
            case _:
                pass
        self._supervisor.link.send(command)
        return None

    def _keep(self, now: int, name: str, value: object) -> None:
        if not self._recorder.link.closed:
            self._recorder.ask(now, name, value)
        else:
            is_off = self._options.recordings is None
            why = "recordings are turned off (recording.keep)" if is_off else "the recorder ended"
            tell_saved({"not_saved": why})

    # --- open pages -----------------------------------------------------------------------------------------------

    def _watch(self, is_watched: bool, now: int) -> None:
        """Tell sink and engine process that a page is open, or that none is any more: then they work less."""
        self._page.is_watched = is_watched
        self._supervisor.link.send(CommandFrame.named(now, "watch", is_watched))

    def _look_after_pages(self, now: int) -> None:
        """Release the notes of pages that have gone; tell an engine process that began anew that a page is open."""
        is_another = self._telling.health(now)
        if self._control.link.closed:
            if self._page.is_watched:
                self._watch(False, now)
            for data in self._page_keys.release():
                self._hear(data, now)
        elif is_another and self._page.is_watched:
            self._watch(True, now)

    def _take(self, frame: Frame, now: int) -> None:
        """Take one frame of the engine's."""
        match frame:
            case DueFrame(micros=due, payload=data) if data and self._midi.is_well():
                if due >= self._went_on_at:
                    # What answers at once something that was heard late is due already, and not to be left out.
                    self._outbox.put(max(due, now) if self._behind_us else due, data)
            case CutFrame():
                self._outbox.cut(now, frame.keys)
            case JournalFrame():
                self._recorder.account(frame)
            case MemoryFrame():
                self._recorder.remember(frame)
            case CommandFrame():  # a response to keep: the engine knows its times
                self._keep(now, frame.name, frame.value)
            case LogFrame():
                self._log(frame.line, frame.line)
            case FaultFrame():
                self._log(frame.line, frame.page)
            case FiguresFrame():
                self._page.engine = frame.values
            case StatisticsFrame():
                self._statistics.take(frame)
            case SnapshotFrame():
                self._control.show(frame)
            case _:
                pass

    def _log(self, line: str, page: str) -> None:
        log.warning("%s: %s", self._options.kind.speaker, line, extra={"page": page})

    def _send(self, paced: bool = True) -> None:
        """Send what is due, and note how late it was."""
        for due, data in self._outbox.take(clock.now(), paced):
            for output in self._outputs:
                output.send(data)
            self._sent_at = now = clock.now()
            for sink in self._sinks:
                sink.sent(due, now, data)

    def _sleep(self, now: int) -> None:
        """Wait for a message, a frame, a signal or a due time; for the last millisecond before a due time, spin."""
        send_at = self._outbox.deadline()
        times = [now + REST_US, self._inlet.deadline(), *(it.deadline() for it in self._inputs)]
        times.append(self._heard[0][0] if self._heard else None)
        times.append(None if send_at is None else send_at - SPIN_US)
        times.append(self._supervisor.silent_at if self._outbox.sounding else None)
        self._wait(min(at for at in times if at is not None), now)
        if send_at is not None and send_at - clock.now() <= SPIN_US:
            clock.spin_until(send_at)
            self._send()

    def _wait(self, wake: int, now: int) -> None:
        """Wait until something is to be done, at the latest until a time, micros.

        A turn takes many times what it takes to see that nothing lies at the input: where there is no descriptor that
        says so, that alone is done every millisecond.
        """
        links = [child.link for child in self._children if not child.link.closed]
        writers = [link for link in links if link.waiting]
        descriptors = {each.fileno() for each in self._inputs} - {-1}
        readers = [*descriptors, *(link.fileno() for link in links)]
        is_played = now - max(self._played_at, self._sent_at) < self._options.awake_s * SECOND
        poll_us = POLL_US if is_played else IDLE_POLL_US
        while True:
            left = max(0, wake - clock.now())
            timeout = min(left, poll_us) if self._midi.has_ports else left
            readable, writable, _ = self._select(readers, writers, [], timeout / SECOND)
            for link in writable:
                link.flush()
            is_due = left <= timeout or self._signals.have_come
            if readable or writable or is_due or self._midi.has_come():
                return

    # --- now and then ---------------------------------------------------------------------------------------------

    def _look_after(self, now: int) -> None:
        """Do what has time: the MIDI system's health, the children, being ready, the end."""
        self._look_at_midi(now)
        self._recorder.receive(now)
        self._sounder.receive(now)
        self._control.look(now)
        self._telling.losses()
        self._look_after_pages(now)
        for child in self._children:
            while child.log:
                log.warning("%s", child.log.popleft())
        self._look_for_failure()
        if self._telling.becomes_ready(now):
            for each in (self._player, self._microphone):
                each.play(now + PLAYER_LEAD_US)
        if self._telling.is_ready and self._options.until_player_ends and self._player.was_started:
            self._look_for_the_end(now)
        self._statistics.look(now)

    def _look_for_failure(self) -> None:
        """End when something cannot start; once all runs, a child process's failure is only told."""
        failure = self._supervisor.failure
        for child in (self._player, self._microphone, self._recorder):
            if child.failure is not None:
                failure, child.failure = child.failure, None
                log.error("%s", failure)
        if failure is not None and not self._telling.is_ready:
            self._exit_status = 1 if self._supervisor.is_our_fault else 2

    def _look_for_the_end(self, now: int) -> None:
        """End with 0 once the file was heard and the model has had its say."""
        if not self._player.has_ended:
            return
        if self._player_ended_at is None:
            self._player_ended_at = now
        quiet_since = max(self._player_ended_at, now if self._outbox.sounding else self._sent_at)
        if (
            now - quiet_since >= self._options.answer_s * SECOND
            or now - self._player_ended_at >= self._options.answer_max_s * SECOND
        ):
            self._exit_status = 0

    # --- what the terminal and the system tell ----------------------------------------------------------------------

    def _answer_signals(self) -> None:
        for number, deed in self._signals.take():
            match deed:
                case Deed.END | Deed.DIE:
                    self._exit_status, self._was_told = 0, True
                    self._dies_of = number if deed is Deed.DIE else self._dies_of
                case Deed.STOP:
                    self._stop(number)
                case Deed.GO_ON:
                    self._go_on(clock.now())
                case Deed.TELL:
                    self._statistics.ask(clock.now(), self._supervisor.link)

    def _stop(self, number: int) -> None:
        """Release all that sounds, let that arrive, and stop; play on when told to."""
        had_clock = self._outbox.is_running
        self._release_the_last(clock.now())
        self._midi.let_out(clock.now() + STALL_US)
        self._turned_at = clock.wait_until(clock.now() + DELIVERY_US, 0)
        self._signals.stop(number)
        self._go_on(clock.now())
        if had_clock:
            self._outbox.put(clock.now(), bytes((CONTINUE,)))

    def _go_on(self, now: int) -> None:
        """After a stop nothing is caught up with, neither what came meanwhile nor what was due."""
        self._midi.drop()
        for data in self._inlet.release():
            self._pass_on(data, now)
        self._outbox.cut(now)
        self._player.wait(now - self._turned_at)
        self._turned_at = self._went_on_at = now

    def _look_at_midi(self, now: int) -> None:
        """Look after the MIDI system; release what may hang since it has changed."""
        change = self._midi.look(now)
        if Change.UNHEARD in change:
            for data in self._inlet.release():
                self._pass_on(data, now)
        if Change.UNSENT in change:
            self._outbox.release_all(clock.now())

    # --- figures --------------------------------------------------------------------------------------------------

    def _figures(self) -> dict[str, Any]:
        """The figures of all rooms, for the line of statistics."""
        return {
            "dropped": self._outbox.dropped,
            "inlet": dict(self._inlet.counts),
            "loop": self._midi.loops,
            "restarts": self._supervisor.restarts,
            "engine_pid": self._supervisor.pid,
            "urgency": self._urgency,
        }

    # --- the end --------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Release everything, end the children, close the ports: within half a second, unless a file is written."""
        now = clock.now()
        by = now + EXIT_US
        self._release_the_last(now)
        sent_at = clock.now()
        self._midi.dismiss_watchdog()
        if self._options.stats:
            self._statistics.print_at_exit(sent_at, self._supervisor.link)
        self._hear_the_last(clock.now(), by - RECORDER_US)
        self._supervisor.stop()
        for child in (self._player, self._microphone, self._control):
            child.kill()
        clock.wait_until(sent_at + DELIVERY_US, 0)
        self._sounder.kill()
        self._midi.close(by if self._was_told else by + WRITE_US, self._dies_of or 0)
        self._end_recorder(by)
        self._supervisor.reap(max(0, by - clock.now()) / SECOND)

    def _release_the_last(self, now: int) -> None:
        """Release everything and send that, at the pace that a cable bears as long as there is time."""
        self._outbox.release_all(now, stops_clock=True)
        while (
            not self._outbox.is_silent and clock.now() < now + RELEASE_US and self._midi.is_well()
        ):
            self._send()
            clock.wait_until(clock.now() + POLL_US, 0)
        self._send(paced=False)

    def _hear_the_last(self, now: int, by: int) -> None:
        """Let the engine tell the recorder what it did last, and what is remembered of the player.

        Without it the session could not be played again to its end.
        """
        link = self._supervisor.link
        if self._recorder.link.closed:
            return
        link.send(OverFrame(now))
        is_over, by = False, max(by, now + LAST_US)
        while not (is_over or link.closed) and clock.now() < by:
            for frame in link.wait(LAST_US // 10):
                is_over |= isinstance(frame, OverFrame)
                if isinstance(frame, JournalFrame):
                    self._recorder.account(frame)
                elif isinstance(frame, MemoryFrame):
                    self._recorder.remember(frame)

    def _end_recorder(self, by: int) -> None:
        """Let the recording be written: at leisure when the file has ended, on a signal as long as there is time."""
        if not self._recorder.was_started:
            return
        if not self._was_told:
            by = clock.now() + WRITE_US
        self._recorder.link.drain(by - clock.now())
        if not self._recorder.end((by - clock.now()) / SECOND):
            log.warning("%s is still being written", self._options.record or "the journal")


__all__ = ["PortProcess", "ServeOptions", "serve"]
