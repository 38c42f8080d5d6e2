"""The way through the DAW, measured on virtual time through a DAW of a few lines."""

import random
import signal
from collections.abc import Callable

import pytest

from livegen import calibrate
from livegen.calibrate import (
    FROZEN_US,
    LATE_US,
    NOTES,
    Calibration,
    RoundTrip,
    Time,
    advice,
    offset_ms,
    pattern,
)
from livegen.daemon.clock import SECOND
from livegen.daemon.midi.ports import EmbeddedPorts
from livegen.daemon.midi.server_watch import Health
from livegen.doctor import port_traffic
from livegen.doctor.system import MidiSystem
from livegen.errors import PortError
from livegen.music.messages import NoteOff, NoteOn, decode

MS = 1_000


def after(delay_us: int) -> Callable[[bytes], list[tuple[int, bytes]]]:
    return lambda data: [(delay_us, data)]


class Daw(EmbeddedPorts):
    """An embedded port whose other end is a track: `route` says what comes back of a message, and when."""

    def __init__(self, route: Callable[[bytes], list[tuple[int, bytes]]]) -> None:
        super().__init__()
        self.at = 5_000_000
        self.api = "jack"  # as far as who looks can tell
        self.route = route
        self.sent: list[tuple[int, bytes]] = []
        self._coming: list[tuple[int, bytes]] = []
        self.state = Health.WELL
        self.is_closed = False

    @property
    def time(self) -> Time:
        return Time(lambda: self.at, self._wait_until)

    def _wait_until(self, due: int) -> None:
        self.at = max(self.at, due)

    def send(self, data: bytes) -> bool:
        self.sent.append((self.at, data))
        self._coming += [(self.at + delay, back) for delay, back in self.route(data)]
        return True

    def receive(self) -> list[bytes]:
        due = sorted(one for one in self._coming if one[0] <= self.at)
        self._coming = [one for one in self._coming if one[0] > self.at]
        return [data for _, data in due]

    def health(self, now: int) -> Health:
        return self.state

    def close(self) -> None:
        self.is_closed = True

    @property
    def sounding(self) -> list[NoteOn]:
        sounding: list[NoteOn] = []
        for _, data in self.sent:
            match decode(data):
                case NoteOn() as note:
                    sounding.append(note)
                case NoteOff(pitch=pitch):
                    sounding = [note for note in sounding if note.pitch != pitch]
        return sounding

    def measure(self) -> RoundTrip:
        return Calibration(self, self.time).measure()


# --- the measurement ------------------------------------------------------------------------------------------


def test_no_two_notes_are_alike_and_no_pitch_returns_within_a_second() -> None:
    notes = pattern()

    assert len({(note.pitch, note.velocity) for _, note in notes}) == NOTES
    for number, (at, note) in enumerate(notes):
        assert all(
            at - before > LATE_US for before, other in notes[:number] if other.pitch == note.pitch
        )


@pytest.mark.parametrize("delay", [1, 8, 100, 900])
def test_a_constant_way_is_measured_to_half_a_millisecond(delay: int) -> None:
    trip = Daw(after(delay * MS)).measure()

    assert (trip.sent, trip.lost, trip.twice, trip.strangers) == (NOTES, 0, 0, 0)
    assert all(0 <= one - delay * MS <= calibrate.POLL_US for one in trip.micros)


def test_jitter_is_how_far_notes_lie_from_the_median() -> None:
    dice = random.Random(1)
    trip = Daw(lambda data: [(10 * MS + dice.choice((-3, 3)) * MS, data)]).measure()

    assert 3 * MS < trip.jitter_us < 6 * MS
    assert trip.quantile(0) < trip.quantile(0.5) <= trip.quantile(0.99) <= trip.quantile(1)


def test_lost_notes_are_counted_and_the_others_measured() -> None:
    notes = [note for _, note in pattern()]

    def leaky(data: bytes) -> list[tuple[int, bytes]]:
        return [] if decode(data) in notes[::4] else [(5 * MS, data)]

    trip = Daw(leaky).measure()

    assert trip.lost == NOTES // 4
    assert max(trip.micros) <= 5 * MS + calibrate.POLL_US


def test_a_note_that_is_later_than_a_second_is_lost() -> None:
    assert Daw(after(LATE_US + 10 * MS)).measure().micros == ()


def test_notes_that_come_back_twice_or_changed_are_told() -> None:
    twice = Daw(lambda data: [(5 * MS, data), (9 * MS, data)]).measure()
    changed = Daw(lambda data: [(5 * MS, bytes((data[0], data[1] + 12, data[2])))]).measure()

    assert (twice.twice, twice.lost) == (NOTES, 0)
    assert (changed.strangers, changed.lost) == (NOTES, NOTES)
    assert "more than one track" in advice(twice, "auto", "Model Out", "Model In")[0]
    assert "nothing was measured" in advice(changed, "auto", "Model Out", "Model In")[-1]


def test_a_track_on_another_channel_is_measured_as_well() -> None:
    trip = Daw(lambda data: [(5 * MS, bytes((data[0] | 3, *data[1:])))]).measure()
    assert trip.lost == 0


def test_every_note_is_ended_after_its_length() -> None:
    daw = Daw(after(5 * MS))
    daw.measure()

    assert daw.sounding == []
    ends = [at for at, data in daw.sent if data[0] & 0xF0 == 0x80]
    starts = [at for at, data in daw.sent if data[0] & 0xF0 == 0x90]
    assert all(
        0 <= end - start - calibrate.LENGTH_US <= calibrate.POLL_US
        for start, end in zip(starts, ends, strict=True)
    )


def test_it_waits_until_the_track_is_made() -> None:
    daw = Daw(lambda data: [(5 * MS, data)] if daw.at > 20_000_000 else [])

    assert Calibration(daw, daw.time).wait_for_route()
    assert 20_000_000 < daw.at < 22_000_000


def test_it_does_not_wait_for_ever() -> None:
    daw = Daw(lambda data: [])

    assert not Calibration(daw, daw.time).wait_for_route(patience_us=3_000_000)
    assert daw.sounding == []


def test_a_knock_that_comes_back_late_is_not_taken_for_a_stranger() -> None:
    daw = Daw(after(300 * MS))
    calibration = Calibration(daw, daw.time)

    assert calibration.wait_for_route()
    assert calibration.measure().strangers == 0


def changing(
    higher: int = 0, velocity: int | None = None, delay_us: int = 8 * MS
) -> Callable[[bytes], list[tuple[int, bytes]]]:
    """A track that transposes, or plays everything at one velocity."""

    def route(data: bytes) -> list[tuple[int, bytes]]:
        status, pitch, struck = data
        fixed = struck if velocity is None or status & 0xF0 != 0x90 else velocity
        return [(delay_us, bytes((status, pitch + higher, fixed)))]

    return route


@pytest.mark.parametrize(
    ("higher", "velocity", "told"),
    [
        (12, None, "12 semitones higher"),
        (-7, None, "7 semitones lower"),
        (0, 100, "velocity fixed at 100"),
        (5, 64, "5 semitones higher, velocity fixed at 64"),
    ],
)
def test_a_track_that_transposes_or_fixes_velocity_is_measured_and_told_within_seconds(
    higher: int, velocity: int | None, told: str
) -> None:
    daw = Daw(changing(higher, velocity))
    calibration, began = Calibration(daw, daw.time), daw.at

    way = calibration.wait_for_route()
    assert str(way) == told and daw.at - began < 3_000_000
    trip = calibration.measure(way=way)

    assert (trip.lost, trip.twice, trip.strangers) == (0, 0, 0)
    assert all(0 <= one - 8 * MS <= calibrate.POLL_US for one in trip.micros)


def test_a_track_with_a_curve_of_velocities_is_measured() -> None:
    daw = Daw(lambda data: [(8 * MS, bytes((data[0], data[1], min(127, data[2] * 2))))])
    calibration = Calibration(daw, daw.time)

    way = calibration.wait_for_route()

    assert str(way) == "velocity changed" and calibration.measure(way=way).lost == 0


def test_somebody_who_plays_meanwhile_is_not_taken_for_a_track() -> None:
    dice = random.Random(1)
    daw = Daw(
        lambda data: [(8 * MS, bytes((0x90, dice.randrange(48, 84), dice.randrange(50, 99))))]
    )

    assert Calibration(daw, daw.time).wait_for_route(patience_us=20_000_000) is None


@pytest.mark.parametrize("grid_ms", [62, 125, 250])
def test_through_a_quantiser_no_offset_is_suggested(grid_ms: int) -> None:
    def quantised(data: bytes) -> list[tuple[int, bytes]]:
        return [(grid_ms * MS - daw.at % (grid_ms * MS), data)]

    daw = Daw(quantised)
    trip = daw.measure()
    lines = advice(trip, "auto", "Model Out", "Model In")

    assert trip.lost == 0 and not trip.is_steady
    assert not any("jam.offset" in line for line in lines)
    assert "effects off the track" in lines[-1]


def test_a_large_period_of_the_server_is_no_quantiser() -> None:
    daw = Daw(lambda data: [(23 * MS - daw.at % (23 * MS) + 23 * MS, data)])  # 1024 frames, twice

    assert daw.measure().is_steady


# --- however it ends ------------------------------------------------------------------------------------------


EMPTY = MidiSystem("jack", (), ())


def started(
    daw: Daw, monkeypatch: pytest.MonkeyPatch, system: MidiSystem | None = EMPTY
) -> RoundTrip:
    monkeypatch.setattr(port_traffic, "open_ports", lambda *_: daw)
    monkeypatch.setattr(calibrate, "midi_system", lambda api: (system, []))
    return calibrate.calibrate("jack", "Model In", "Model Out", lambda line: None, daw.time)


def test_a_calibration_measures_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    daw = Daw(after(5 * MS))

    assert started(daw, monkeypatch).lost == 0
    assert daw.sounding == [] and daw.is_closed


def test_a_track_that_is_never_made_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    daw = Daw(lambda data: [])

    with pytest.raises(PortError, match="nothing came back within 120 s"):
        started(daw, monkeypatch)
    assert daw.sounding == [] and daw.is_closed


def test_ctrl_c_ends_the_note_that_sounds_and_closes_the_ports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(data: bytes) -> list[tuple[int, bytes]]:
        if len(daw.sent) == 41:
            raise KeyboardInterrupt
        return [(5 * MS, data)]

    daw = Daw(interrupted)

    with pytest.raises(KeyboardInterrupt):
        started(daw, monkeypatch)

    assert daw.sounding == [] and daw.is_closed


def test_a_signal_to_end_is_taken_like_ctrl_c_and_then_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def terminated(data: bytes) -> list[tuple[int, bytes]]:
        if len(daw.sent) == 9:
            signal.raise_signal(signal.SIGTERM)
        return [(5 * MS, data)]

    daw = Daw(terminated)

    with pytest.raises(KeyboardInterrupt):
        started(daw, monkeypatch)

    assert daw.sounding == [] and daw.is_closed
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("state", [Health.LOST, Health.STALLED])
def test_a_server_that_goes_or_freezes_is_told(
    state: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    daw = Daw(lambda data: [])
    daw.state = state

    with pytest.raises(PortError, match="the MIDI server stopped"):
        started(daw, monkeypatch)
    assert daw.is_closed


def test_a_server_that_stands_still_for_seconds_and_runs_on_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Pausing(Daw):
        def health(self, now: int) -> Health:
            return Health.WELL if now > 5_000_000 + FROZEN_US - SECOND else Health.STALLED

        def receive(self) -> list[bytes]:
            return super().receive() if self.health(self.at) is Health.WELL else []

    assert started(Pausing(after(5 * MS)), monkeypatch).lost == 0


def test_where_a_livegen_runs_or_no_midi_system_is_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daw = Daw(after(5 * MS))
    running = MidiSystem("jack", ("livegen-out:Model Out",), ("livegen-in:Model In",))

    with pytest.raises(PortError, match="end it, then calibrate"):
        started(daw, monkeypatch, running)
    with pytest.raises(PortError, match="no MIDI system"):
        started(daw, monkeypatch, None)
    assert daw.sent == []


# --- what follows ---------------------------------------------------------------------------------------------


def trip(micros: int) -> RoundTrip:
    return RoundTrip(3, (micros - MS, micros, micros + MS))


def test_the_offset_is_half_the_way_and_all_of_it_where_the_clock_came_the_same_way() -> None:
    assert offset_ms(trip(9 * MS), "auto") == -4
    assert offset_ms(trip(9 * MS), "link") == -4
    assert offset_ms(trip(9 * MS), "clock") == -9


def test_the_offset_stays_within_what_can_be_set() -> None:
    assert offset_ms(trip(900 * MS), "link") == -200


def test_the_figures_are_told_in_a_line_and_what_they_leave_out() -> None:
    told = advice(trip(8 * MS), "auto", "Model Out", "Model In")

    assert told[0] == (
        "3 notes, 0 lost; round trip 7.0 / 8.0 / 9.0 / 9.0 ms (min / p50 / p99 / max), jitter 0.8 ms"
    )
    assert "jam.offset: -4" in told
    assert any("DAW's MIDI clock leads" in line and "write -8 then" in line for line in told)
    assert any("The latency of the DAW's audio" in line for line in told)
