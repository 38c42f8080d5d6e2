"""A room: an engine and the pages of its players.

What a player does is stamped by his own page, with the time of ours as the page's pings tell it, and takes a while to
come here.  So the engine plays behind the clock (`behind`): by then all stamps are there, and it hears them in order
and as they were played.  In return it hands out what it plays that much earlier: each message travels with the time at
which it is due, and the page plays it then.  At the player's stay the sound, the schedule and the ledger.

Sans-IO: knows no sockets; the time is an argument.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any, Protocol

from livegen.control.library.charts import Charts
from livegen.control.surfaces import Request, SurfaceHost
from livegen.control.web.clients import Clients
from livegen.control.web.page_messages import Known
from livegen.control.web.roles import on_channel
from livegen.control.web.stage import Stage
from livegen.control.web.view import View
from livegen.daemon.clock import SECOND
from livegen.daemon.engine.engine_loop import EngineLike, EngineLoop
from livegen.daemon.engine.journal_rows import grid_of
from livegen.daemon.midi.inlet import Inlet
from livegen.daemon.page_sink import playable
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
    NewsFrame,
    SnapshotFrame,
)
from livegen.music.messages import NoteOn, decode
from livegen.music.parts import DRUM_CHANNEL, PARTS
from livegen.music.sync.host_clock import GONE_US, HostClock, HostTransport
from livegen.music.time.timeline import Timeline
from livegen.studio.behind import Behind
from livegen.studio.level import Level
from livegen.studio.recording import RoomRecording
from livegen.studio.way import AFAR, HORIZON_US, Way

MOST_LATE_US = SECOND  # an older stamp is of a clock that is wrong
STEP_US = 5_000  # by so much less it is behind before it hands out later
MOST_A_TURN = 2  # messages: other rooms wait meanwhile
MOST_HEARD = 512  # messages that wait for the engine
PORTS = {"in": "", "out": "", "api": "none"}
NOT_KEPT = {
    "capture": "players keep no recordings of this room; a teacher can record it",
    "keep": "players keep no recordings of this room; a teacher can record it",
    "remember": "this room remembers nobody",
    "forget": "this room remembers nobody",
    "model": "the model of a room is chosen by whoever runs the studio",
}


class RoomKeeper(Protocol):
    """Whoever keeps what is recorded in a room."""

    def begin(self, room: str, parts: Mapping[int, str]) -> RoomRecording:
        """A recording of a room begins, of which parts of the model each channel carries."""

    def keep(self, recording: RoomRecording, now: int) -> object:
        """A recording was over at a time, micros."""


class Room:
    """A jam.  `now` gives the time, micros; `wakes` is called when a turn is due earlier than it was.

    `settings` are those of an engine's loop, `charts` those that a player may name.  `keeper` keeps what is
    recorded; None: nothing is.  `way` is that of its players, and may become longer; `left_out` are commands that
    cannot be asked for, each with the line that says why; `font` is the name of the sound font that its pages can
    fetch.
    Threads: the event loop's only.
    """

    def __init__(
        self,
        name: str,
        engine: EngineLike,
        settings: Mapping[str, Any],
        presets: Sequence[str],
        charts: Charts,
        now: Callable[[], int],
        wakes: Callable[[], object] = lambda: None,
        keeper: RoomKeeper | None = None,
        way: Way = AFAR,
        left_out: Mapping[str, str] = NOT_KEPT,
        font: str | None = None,
    ) -> None:
        self.name, self.way = name, way
        self._left_out = left_out
        self._engine, self._keeper = engine, keeper
        self._recording: RoomRecording | None = None
        self._timeline: Timeline | None = None
        self._parts = {
            int(route["channel"]): part for part, route in settings.get("routes", {}).items()
        }
        self._roles: dict[int, str] = {}  # of players, by channel
        self._now, self._wakes = now, wakes
        self._behind, self._told_ahead_us = Behind(now(), way), HORIZON_US
        self._loop = EngineLoop(
            self._from_engine,
            engine,
            settings,
            now=lambda: now() - self._behind.at(now()),
            keeps_journal=False,  # a room records nothing
            heard_afar=True,
        )
        self._inlet, self._host_clock = Inlet(), HostClock()
        self._conductor: tuple[object, int] = (None, 0)  # whose host leads, and when that was heard
        self._commands: list[Frame] = []
        # Frames that wait until the engine's time is their own, by when each was played and in which order it came.
        self._heard: list[tuple[int, int, HeardFrame]] = []
        self._sequence = 0
        self._has_taken_up = False
        self._host = SurfaceHost(self._from_pages, PORTS, now)
        self._host.charts = charts
        self._stage = Stage(
            PORTS,
            presets,
            meant=self._host.meant,
            room=name,
            began=now(),
            left_out=left_out,
            font=font,
        )
        self.clients = Clients(self._stage, self.ask)
        self._view = View(self._stage, self.clients)
        self._levels = {"players": Level(), "model": Level()}
        self._host.ears.append(self._view.hear)
        self._host.told_of_requests.append(self._view.asked)

    @property
    def next_at(self) -> int:
        """The time, micros, at which the next turn is due."""
        now = self._now()
        times = [now if self._commands else now + self._loop.time_left()]
        if self._heard:
            times.append(self._heard[0][0] + self._behind.at(now))
        if (at := self._host_clock.deadline()) is not None:
            times.append(at + self._behind.at(now))
        if (at := self._inlet.deadline()) is not None:
            times.append(at)
        return min(times)

    def turn(self) -> None:
        """Let the engine hear what it is time for, and do at most a slice of its work."""
        now = self._now()
        self._pass_on(self._inlet.due(now), now)
        self._hand_out_as_early_as_it_is_behind(now)
        frames, self._commands = self._commands, []
        heard_to = now - self._behind.at(now)
        for at, data in self._host_clock.due(heard_to):
            self._queue(HeardFrame(at, data))
        while self._heard and self._heard[0][0] <= heard_to and len(frames) < MOST_A_TURN:
            frames.append(heappop(self._heard)[-1])
        self._loop.turn(frames)

    def _hand_out_as_early_as_it_is_behind(self, now: int) -> None:
        """The engine hands out what it plays the earlier, the further it is behind or soon will be."""
        ahead_us = max(self._behind.at(now), self._behind.wanted_us) + self.way.back_us
        if not 0 <= self._told_ahead_us - ahead_us < STEP_US:
            self._told_ahead_us = ahead_us
            self._from_pages(CommandFrame.named(now, "ahead", ahead_us))

    @property
    def known(self) -> Known:
        """The names that can be asked for here."""
        return self._stage.known

    def told(self) -> dict[str, Any]:
        """All that a teacher sees of the room: who is there and plays, what is played, how loud both are."""
        now, state = self._now(), self._host.state
        controls = state.get("controls", {})
        return {
            "room": self.name,
            "players": [player._asdict() for player in self.clients.players(now)],
            "levels": {who: round(level.at(now), 3) for who, level in self._levels.items()},
            "muted": all(controls.get(f"{part}_mute") == "on" for part in PARTS),
            **{name: state.get(name) for name in ("mode", "turn", "tempo_bpm", "key", "chord")},
            "chart": state.get("song", {}).get("title", ""),
            "recorded": self._recording is not None,
        }

    # --- from the pages -------------------------------------------------------------------------------------------

    def ask(self, request: Request) -> None:
        """Do what somebody wants."""
        if request.name == "play":
            self._play(request)
        elif request.name == "transport" and isinstance(request.value, HostTransport):
            self._follow_host(request.value, request.by)
        elif request.name == "rejoin" and isinstance(request.value, Mapping):
            self._take_up(request.value, request.at or 0)
        elif request.name == "record":  # a teacher's only
            self._record(bool(request.value))
        elif request.name == "hears":  # of a role: no control, and nothing that a person asks for
            match request.value:
                case [int(channel), str(role)]:
                    self._roles[channel] = role
            self._from_pages(CommandFrame.named(self._now(), request.name, request.value))
        elif line := self._left_out.get(request.name):
            self._say(line)
        else:
            self._host.ask(request)

    def _take_up(self, told: Mapping[str, Any], at: int) -> None:
        """Go on with what was played here before this engine was, as the first page tells that comes back."""
        if self._has_taken_up:
            return
        self._has_taken_up, now = True, self._now()
        self.take_controls(told["controls"])
        # Another machine's clock says another time.
        given, at = at, at if abs(now - at) < MOST_LATE_US else now
        strokes = [[at - ago, *rest] for ago, *rest in told["strokes"]]
        tempo_us, ago, bar = told["timeline"]
        memo = told["memo"]
        place = memo.get("chart") and [memo["chart"][0] + at - given, *memo["chart"][1:]]
        music = {
            "strokes": strokes,
            "timeline": [tempo_us, at - ago, bar],
            "chart": place,
            "phrases": memo.get("phrases", {}),
        }
        self._from_pages(CommandFrame.named(now, "take_up", music))

    def _play(self, request: Request) -> None:
        data = playable(request.value)
        if data is None:
            return
        now = self._now()
        at = (
            now
            if request.at is None
            else max(now - MOST_LATE_US, min(request.at, now + self.way.early_us))
        )
        if request.at is not None:
            self._behind.hear(request.by, now - at, now)
        if self._recording is not None and request.by is not None:
            is_drums = self._roles.get(data[0] & 15) == "drums"
            self._recording.hear(
                *request.by, at, on_channel(data, DRUM_CHANNEL if is_drums else None)
            )
        self._pass_on(self._inlet.feed(data, now), at)

    def _follow_host(self, told: HostTransport, by: object) -> None:
        """Be in time with the host of a player, and with no other while that says something."""
        now = self._now()
        leader, heard_at = self._conductor
        if by != leader and leader is not None and now - heard_at <= GONE_US:
            return
        self._conductor = (by, now)
        self._host_clock.hear(told)
        self._wakes()

    # --- recordings -----------------------------------------------------------------------------------------------

    def _record(self, is_wanted: bool) -> None:
        """Begin a recording, or end it; all are told."""
        if is_wanted is (self._recording is not None):
            return
        if self._keeper is None:
            return self._say("recordings are turned off (recording.keep)", "bad")
        if is_wanted:
            self._recording = self._keeper.begin(self.name, self._parts)
            self._timeline = None
            self._say("what is played here is recorded from now on")
        else:
            self.close()
            self._say("the recording has ended")
        self._view.record(is_wanted)

    @property
    def controls(self) -> Mapping[str, Any]:
        """The controls in force, by name, as far as the engine has told them."""
        controls: Mapping[str, Any] = self._host.state.get("controls", {})
        return controls

    def take_controls(self, values: Mapping[str, Any]) -> None:
        """Set controls to these values, where they have others."""
        controls = self.controls
        for name, value in values.items():
            if controls.get(name) != value:
                self._host.ask(Request(name, value))

    @property
    def is_reading(self) -> bool:
        """True while something that was asked for is being read, such as a chart."""
        return self._loop.is_reading

    def close(self) -> None:
        """Hand over a recording that goes on: the room ends."""
        over, self._recording = self._recording, None
        if over is not None and self._keeper is not None:
            self._keeper.keep(over, self._now())

    def _follow(self, recording: RoomRecording) -> None:
        """Tell the recording by which bars the engine plays, where they are others."""
        timeline = self._engine.timeline
        if timeline is not None and timeline != self._timeline:
            self._timeline = timeline
            recording.follow(grid_of(timeline, self._engine.timeline_since, self._now()))

    def _pass_on(self, messages: Sequence[bytes], at: int) -> None:
        for data in messages:
            if len(self._heard) >= MOST_HEARD and isinstance(decode(data), NoteOn):
                continue  # more than anybody plays: others would wait for it
            frame = HeardFrame(at, data)
            self._hear_level("players", data, at)
            self._queue(frame)
            self._host.take([frame])
        if messages:
            self._wakes()

    def _queue(self, frame: HeardFrame) -> None:
        self._sequence += 1
        heappush(self._heard, (frame.micros, self._sequence, frame))

    def _from_pages(self, frame: Frame) -> None:
        match frame:
            case CommandFrame():
                self._commands.append(frame)
                self._wakes()
            case LogFrame():
                self._say(frame.line)
            case _:
                pass

    # --- from the engine ------------------------------------------------------------------------------------------

    def _from_engine(self, frame: Frame) -> None:
        match frame:
            case DueFrame():
                if self._recording is not None:
                    self._recording.give(frame.micros, frame.payload)
                self._hear_level("model", frame.payload, frame.micros)
                self._tell_music([frame.micros, *frame.payload])
            case CutFrame():
                if self._recording is not None:
                    self._recording.cut(self._now(), frame.keys)
                self._tell_music({"cut": frame.keys})
            case BeatFrame():
                if self._recording is not None:
                    self._follow(self._recording)
                now = self._now()
                self.clients.tell(lambda box: box.beat(now))
            case SnapshotFrame() | FiguresFrame():
                self._host.take([frame])
                if isinstance(frame, SnapshotFrame):
                    self._view.show(self._host.state)
            case LogFrame():
                self._say(frame.line)
            case FaultFrame():
                self._say(frame.page, "bad")
            case _:
                pass  # a room keeps no journal

    def _hear_level(self, who: str, data: bytes, at: int) -> None:
        match decode(data):
            case NoteOn(velocity=velocity):
                self._levels[who].strike(velocity, at)

    def _tell_music(self, music: object) -> None:
        text = json.dumps(music, separators=(",", ":"))
        self.clients.tell(lambda box: box.music(text))

    def _say(self, line: str, kind: str = "note") -> None:
        self._host.take([NewsFrame.of(self._now(), {"line": line, "kind": kind})])
