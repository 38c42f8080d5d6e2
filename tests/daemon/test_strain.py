"""An engine that cannot keep up is noticed, does less, and says so; it does as before when it can."""

from livegen.daemon.engine.strain import CALM_US, LATE_US, Strain
from livegen.daemon.processes.frames import FiguresFrame, HeardFrame
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import Engine
from livegen.music.messages import NoteOff, NoteOn
from livegen.testing import SECOND, Rehearsal, UniformModel
from tests.daemon.turned import Turned


def test_a_machine_is_too_slow_when_it_is_late_three_times_within_two_seconds() -> None:
    strain = Strain()
    for at in (0, 3 * SECOND, 3_100_000):
        strain.did(at, LATE_US)
        assert not strain.has_changed(at)
    strain.did(3_200_000, LATE_US)

    assert strain.has_changed(3_200_000) and strain.is_strained
    assert not strain.has_changed(3_300_000)


def test_what_is_hardly_late_is_in_time() -> None:
    strain = Strain()
    for at in range(10):
        strain.did(at, LATE_US - 1)
    assert not strain.has_changed(10)


def test_it_is_fast_enough_again_ten_seconds_after_it_was_late_last() -> None:
    strain = Strain()
    for at in range(3):
        strain.did(at, LATE_US)
    assert strain.has_changed(2)
    assert not strain.has_changed(2 + CALM_US - 1)

    assert strain.has_changed(2 + CALM_US) and not strain.is_strained


def late_keys(process: Turned, count: int = 3) -> None:
    """Keys that the engine hears late, as where the processor is taken."""
    for _ in range(count):
        process.now += SECOND // 10
        process.loop.turn()
        stamp = process.now
        process.now += LATE_US
        process.loop.turn([HeardFrame(stamp, bytes((0x90, 60, 80)))])
        process.hear(0x80, 60, 64)


def test_an_engine_that_hears_late_is_told_so_in_its_journal_and_so_is_the_person() -> None:
    process = Turned(Engine(UniformModel()), {})
    late_keys(process)
    process.now += 11 * SECOND
    process.loop.turn()

    assert process.told("strained") == [True, False]
    assert len([line for line in process.said if "too busy" in line]) == 1


def test_an_engine_that_is_woken_late_cannot_keep_up_either() -> None:
    process = Turned(Engine(UniformModel(ticks=12)), {})
    process.command("mode", "continue")
    process.play(60, 62, 64, 65)
    for _ in range(200):
        process.now += max(0, process.loop.time_left()) + LATE_US
        process.loop.turn()

    assert True in process.told("strained")


def test_the_page_shows_that_the_machine_is_too_busy() -> None:
    process = Turned(Engine(UniformModel()), {})
    process.command("watch", True)
    late_keys(process)
    process.now += SECOND
    process.loop.turn()

    figures = [frame.values for frame in process.sent if isinstance(frame, FiguresFrame)]
    assert figures[-1]["urgency"].endswith("too busy")


def test_a_strained_engine_plans_one_answer_instead_of_several() -> None:
    counts, notes = [], []
    for is_strained in (False, True):
        rehearsal = Rehearsal(Engine(UniformModel(ticks=12)))
        rehearsal.play(1, Command("tempo", 120))
        rehearsal.play(2, Command("strained", is_strained))
        for at in range(4):
            rehearsal.play(SECOND + at * SECOND // 2, NoteOn(60 + at, 80))
            rehearsal.play(SECOND + at * SECOND // 2 + SECOND // 4, NoteOff(60 + at, 64))
        rehearsal.until(12 * SECOND)
        counts.append(len(rehearsal.engine.auditions))
        notes.append(sum(isinstance(message, NoteOn) for _, message in rehearsal.sent))

    assert counts[0] > 1 and counts[1] == 0, "where there is one answer, none is chosen"
    assert all(notes)
