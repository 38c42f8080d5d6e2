"""The schedule and ledger of the model's own notes."""

from livegen.codec.encoder import Stroke
from livegen.jam.timing.agenda import ROUTES, Agenda, Route, Timed
from livegen.music.messages import NoteOff, NoteOn, ProgramChange
from livegen.music.parts import BASS, COMP, DRUMS, LEAD
from livegen.music.time.swing import swung

PLANNED = (Stroke(0, COMP, 60, 80), Stroke(24, COMP, 60, 0))


def test_a_companion_keeps_its_key_from_a_note_that_was_planned_on_it() -> None:
    agenda = Agenda(ROUTES, 30_000)
    began = list(agenda.hand_out_now(COMP, 60, 80, 0))
    agenda.put(PLANNED)
    assert list(agenda.hand_out(0, None, lambda tick: tick)) == []
    assert not agenda.open
    ended = list(agenda.hand_out_now(COMP, 60, 0, 100))
    assert began + ended == [Timed(0, NoteOn(60, 80, 1)), Timed(100, NoteOff(60, 64, 1))]


def test_what_is_open_counts_what_is_planned_and_no_companions() -> None:
    agenda = Agenda(ROUTES, 30_000)
    list(agenda.hand_out_now(COMP, 72, 80, 0))
    agenda.put(PLANNED)
    list(agenda.hand_out(0, 0, lambda tick: tick * 1_000_000))
    assert not agenda.open
    agenda.forget()
    assert agenda.open == (PLANNED[0],)


def test_a_program_is_sent_once_before_the_first_note_and_again_only_if_it_was_taken_back() -> None:
    agenda = Agenda((Route(), Route(), Route(2, program=33), Route(9)), 30_000)
    program, key = ProgramChange(33, 2), (Stroke(0, BASS, 40, 80), Stroke(1, BASS, 40, 0))

    def sent(at: int) -> list[object]:
        agenda.put(key)
        return [timed.message for timed in agenda.hand_out(at, None, lambda tick: at + tick)]

    assert sent(0)[0] == program
    assert program not in sent(1000)
    agenda.withdraw(2000)
    assert program not in sent(3000)
    list(agenda.fall_due(4000))
    agenda._programs.clear()
    sent(10_000)
    agenda.withdraw(9_000)  # before it was due
    assert sent(20_000)[0] == program


def test_a_route_bends_velocities_and_keeps_pitches_in_range() -> None:
    route = Route(transpose=12, curve=0.5, softest=20, loudest=100)
    assert [route.velocity(v) for v in (1, 32, 127)] == [27, 60, 100]
    assert [route.pitch(p) for p in (60, 115, 116)] == [72, 127, 116]


def test_two_parts_on_one_key_are_one_note_whose_end_is_that_of_the_first() -> None:
    agenda = Agenda((Route(0), Route(0), Route(2), Route(9)), 1_000_000)
    agenda.put([Stroke(0, LEAD, 60, 80), Stroke(1, COMP, 60, 70)])
    agenda.put([Stroke(12, COMP, 60, 0), Stroke(13, LEAD, 60, 0)])
    given = list(agenda.hand_out(0, None, lambda tick: tick * 20_000))
    assert given == [Timed(0, NoteOn(60, 80, 0)), Timed(260_000, NoteOff(60, 64, 0))]


def test_an_onset_that_is_too_late_is_left_out_and_its_end_with_it() -> None:
    agenda = Agenda(ROUTES, 30_000)
    agenda.put(PLANNED)
    assert list(agenda.hand_out(30_001, None, lambda tick: tick)) == []
    assert agenda.late == 1


def test_a_short_note_behind_a_late_off_beat_is_not_lost_in_the_swing() -> None:
    def place(tick: int) -> int:
        return swung(tick, 62) * 20_000

    agenda = Agenda(ROUTES, 1_000_000)
    agenda.put([Stroke(13, BASS, 36, 80), Stroke(15, BASS, 36, 0), Stroke(16, BASS, 38, 80)])
    agenda.put([Stroke(30, BASS, 38, 0), Stroke(38, BASS, 40, 80), Stroke(39, BASS, 40, 0)])
    given = list(agenda.hand_out(0, None, place))

    ons = {t.message.pitch: t.due for t in given if isinstance(t.message, NoteOn)}
    offs = {t.message.pitch: t.due for t in given if isinstance(t.message, NoteOff)}
    assert ons == {36: place(13), 38: place(16), 40: place(38)}
    assert [offs[pitch] - ons[pitch] for pitch in (36, 40)] == [40_000, 20_000]
    assert offs[38] == place(30)
    assert [t.due for t in given] == sorted(t.due for t in given)


def test_a_short_note_ends_before_the_same_key_begins_anew() -> None:
    agenda = Agenda(ROUTES, 1_000_000)
    agenda.put([Stroke(13, BASS, 36, 80), Stroke(15, BASS, 36, 0)])
    agenda.put([Stroke(16, BASS, 36, 80), Stroke(30, BASS, 36, 0)])
    given = list(agenda.hand_out(0, None, lambda tick: swung(tick, 62) * 20_000))

    assert [type(timed.message) for timed in given] == [NoteOn, NoteOff, NoteOn, NoteOff]


def test_no_note_is_a_click_but_before_the_next_of_its_part() -> None:
    agenda = Agenda(ROUTES, 10_000_000)
    agenda.least_us = 100_000
    for tick, pitch, ticks in ((0, 60, 2), (12, 62, 2), (15, 64, 12), (36, 60, 2), (48, 65, 9)):
        agenda.put([Stroke(tick, LEAD, pitch, 80), Stroke(tick + ticks, LEAD, pitch, 0)])
    agenda.put([Stroke(0, DRUMS, 42, 80), Stroke(2, DRUMS, 42, 0)])

    def lengths(tick_us: int) -> dict[int, list[int]]:
        given = list(agenda.hand_out(0, None, lambda tick: tick * tick_us))
        began, found = {}, dict[int, list[int]]()
        for due, message in given:
            if isinstance(message, NoteOn):
                began[message.pitch] = due
            elif isinstance(message, NoteOff):
                found.setdefault(message.pitch, []).append(due - began[message.pitch])
        return found

    assert lengths(20_000) == {
        42: [40_000],
        60: [100_000, 100_000],
        62: [60_000],
        64: [240_000],
        65: [180_000],
    }


def test_a_short_note_lasts_no_longer_where_its_end_is_the_first_tick_of_all() -> None:
    agenda = Agenda(ROUTES, 10_000_000)
    agenda.least_us = 100_000
    agenda.put([Stroke(-5, LEAD, 60, 80), Stroke(-3, LEAD, 60, 0)])
    began, ended = agenda.hand_out(0, None, lambda tick: 1_000_000 + tick * 20_000)
    assert (began.due, ended.due) == (900_000, 1_000_000)
