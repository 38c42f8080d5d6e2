"""The laws of the engine, whatever is played to it."""

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livegen.daemon.midi.outbox import Outbox
from livegen.inference.contract import Model
from livegen.jam.band.variations import KITS, RITARDS
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.controls.controls import settings as controls
from livegen.jam.controls.mapping import COMMANDS as ALL_COMMANDS
from livegen.jam.controls.mapping import Command
from livegen.jam.engine import SLICE_STEPS, Engine, Event, Fitted, Swap, Wake
from livegen.jam.timing.agenda import Timed
from livegen.jam.turns import MODES
from livegen.music.messages import (
    ControlChange,
    Cut,
    Message,
    NoteOff,
    NoteOn,
    Other,
    ProgramChange,
    decode,
    encode,
)
from livegen.music.parts import PARTS
from livegen.music.sync.transport import is_transport
from livegen.testing import SECOND, FaultyModel, Rehearsal, UniformModel
from tests.jam.deadlines import Looked
from tests.jam.stage import generator, phrase_model
from tests.jam.test_adapting import Fitting

CHANNELS = st.sampled_from([0, 0, 0, 1, 9])
PITCHES = st.integers(48, 72) | st.integers(0, 127)
STRIP = {
    "mute": st.sampled_from(["off", "on"]),
    "solo": st.sampled_from(["off", "off", "on"]),
    "level": st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    "density": st.sampled_from([0.25, 1.0, 4.0]),
    "octave": st.sampled_from([-2, 0, 1]),
}
VALUES = {
    "mode": st.sampled_from(["respond", "respond", *MODES]),
    "sync": st.sampled_from(["auto", "clock", "link", "internal", "free"]),
    "temperature": st.sampled_from([0.1, 1.0, 2.0]),
    "feel": st.sampled_from([0.0, 0.5, 1.0]),
    "style_mix": st.sampled_from([0.0, 0.5, 1.0]),
    "taste": st.sampled_from([0.0, 0.5, 1.0]),
    "adapt": st.sampled_from(["off", "on"]),
    "distance": st.sampled_from([0.0, 0.3, 1.0]),
    "morph": st.sampled_from([0.0, 0.5, 1.0]),
    "morph_by": st.sampled_from(["splice", "network"]),
    "restyle_by": st.sampled_from(["scatter", "gan"]),
    "nucleus": st.sampled_from([0.05, 0.9, 1.0]),
    "rest": st.sampled_from(["auto", 0, 200, 5000]),
    "length": st.sampled_from(["call", 1, 2]),
    "trade": st.sampled_from([1, 2, 4]),
    "start": st.sampled_from(["now", "beat", "bar"]),
    "register": st.sampled_from(["call", "all", "60-60", "0-20", "C3-C6", "-36", "24"]),
    "scale": st.sampled_from(["off", "played", "C major", "F# blues"]),
    "chart": st.sampled_from(
        ["off", "| C | F G | C! | N.C. |\n", "metre: 6/8\ntempo: 90\n\n|: Am | E7 :|\n"]
    ),
    "chart_follow": st.sampled_from(["off", "on"]),
    "transpose": st.sampled_from([-11, 0, 3]),
    "adherence": st.sampled_from([0.0, 0.5, 1.0]),
    "theme": st.sampled_from([0.0, 0.5, 1.0]),
    "memory": st.sampled_from([0.0, 0.5, 1.0]),
    "density": st.sampled_from([0.25, 1.0, 4.0]),
    "energy": st.sampled_from([0.0, 0.5, 1.0]),
    "follow": st.sampled_from([0.0, 0.5, 1.0]),
    "variation": st.sampled_from(["A", "B", "C", "D"]),
    "kit": st.sampled_from(KITS),
    "ritard": st.sampled_from(RITARDS),
    "groove": st.sampled_from([0.0, 0.75, 1.0]),
    "swing": st.sampled_from(["auto", 50, 60, 67, 75]),
    "parts": st.sampled_from(["auto", "lead", "comp bass", "lead comp bass drums"]),
    "style": st.sampled_from(["any", "jazz", "polka"]),
    "tempo": st.sampled_from(["auto", 30, 120, 300]),
    "metre": st.sampled_from(["4/4", "3/4", "7/8"]),
    "offset": st.sampled_from([0, -200, 200, 13]),
    "click": st.sampled_from(["off", "on"]),
    "count_in_bars": st.sampled_from([1, 2]),
    "clock_out": st.sampled_from(["off", "on"]),
    "quantise": st.sampled_from(["off", "1/8", "1/16", "1/8T"]),
    "voices": st.sampled_from(["auto", 1, 3]),
    "longest": st.sampled_from([0.25, 1, 8]),
    **{f"{part}_{what}": values for part in PARTS for what, values in STRIP.items()},
}
del VALUES["drums_octave"]
BINDINGS = {
    "cc 64 on 2": "your_turn",
    "note 61": "freeze",
    "note 36 on 10": "mode",
    "cc 1": "density",
    "program 3": "preset loud",
    "program 4": "preset slow",
}
PRESETS: dict[str, dict[str, object]] = {
    "loud": {"energy": 1.0, "mode": "accompany", "parts": "comp bass"},
    "slow": {"tempo": 60, "metre": "3/4", "sync": "internal"},
    "wrong": {"fly": 1, "mode": "dance", "swing": 67},
}
MESSAGES = st.one_of(
    st.builds(NoteOn, PITCHES, st.integers(1, 127), CHANNELS),
    st.builds(NoteOn, PITCHES, st.integers(1, 127), CHANNELS),
    st.builds(NoteOff, PITCHES, st.just(64), CHANNELS),
    st.builds(NoteOff, PITCHES, st.just(64), CHANNELS),
    st.builds(ControlChange, st.sampled_from([1, 64, 120, 123]), st.integers(0, 127), CHANNELS),
    st.sampled_from([Other(bytes([byte])) for byte in (0xF8, 0xF8, 0xF8, 0xFA, 0xFB, 0xFC)]),
    st.sampled_from([ProgramChange(program) for program in (3, 4, 5)]),
    st.binary(min_size=1, max_size=4).map(lambda data: decode(data) or NoteOff(60)),
)
COMMANDS = st.one_of(
    st.sampled_from([Command(name) for name in ALL_COMMANDS]),
    st.sampled_from([Command("fly"), Command("density", "x"), Command("preset", "quiet")]),
    st.sampled_from(sorted(PRESETS)).map(lambda name: Command("preset", name)),
    st.sampled_from(["density", "mode", "again", "preset slow", "fly", ""]).map(
        lambda target: Command("learn", target)
    ),
    st.just(Command("unlearn", "freeze")),
    st.sampled_from([1, 2, 99, "x", None]).map(lambda number: Command("phrase", number)),
    st.sampled_from([[1, 2], [1, 1, 2], [1, "x"], "x"]).map(lambda path: Command("path", path)),
    st.sampled_from([60, 60.5, [0, 0, 60], "x"]).map(lambda note: Command("why", note)),
    st.sampled_from(["mode", "start", "clock_out"]).map(lambda name: Command("next", name)),
    st.sampled_from([6, 24]).map(lambda ticks: Swap(UniformModel(ticks))),
    st.sampled_from([6, 24]).map(lambda ticks: Fitted(Fitting(ticks), {})),
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda name: st.builds(Command, st.just(name), VALUES[name])
    ),
)
GAPS = st.sampled_from([0, 1, 900, 20_000, 125_000, 250_000, 500_000, 1_500_000, 35_000_000])
NOTES = st.tuples(GAPS, PITCHES, CHANNELS, st.sampled_from([1, 50_000, 400_000])).map(
    lambda note: [(note[0], NoteOn(note[1], 80, note[2])), (note[3], NoteOff(note[1], 64, note[2]))]
)
ANYTHING = st.tuples(GAPS, MESSAGES | COMMANDS).map(lambda happening: [happening])
PLAYING = st.lists(NOTES | NOTES | NOTES | ANYTHING, max_size=15).map(
    lambda lists: [happening for happenings in lists for happening in happenings]
)
EACH = settings(max_examples=30)  # jams to each law; they are others each time
CONTROLLED = st.fixed_dictionaries({}, optional=dict(VALUES))


class Entry(NamedTuple):
    at: int
    what: Event


def played(playing: Iterable[tuple[int, Event]]) -> list[Entry]:
    now, entries = 0, []
    for gap, event in playing:
        now += gap
        entries.append(Entry(now, event))
    return entries


def engine(
    given_controls: dict[str, object],
    model: Model | None = None,
    seed: int = 1,
    slice_steps: int = SLICE_STEPS,
) -> Engine:
    return Engine(
        model or UniformModel(ticks=12),
        seed=seed,
        settings=controls(given_controls),
        bindings=BINDINGS,
        presets=PRESETS,
        slice_steps=slice_steps,
        phrase_model=phrase_model,
        generator=generator,
    )


def test_every_control_is_tried_here() -> None:
    assert set(VALUES) == set(CONTROLS)


@EACH
@given(CONTROLLED, PLAYING)
def test_what_is_handed_out_is_in_order_soon_due_and_never_late(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    jam = engine(given_controls)
    last = {True: 0, False: 0}  # clocks do not wait for notes, nor notes for clocks
    for now, timed in _walk(jam, played(playing)):
        is_clock = isinstance(timed.message, Other)
        assert now <= timed.due <= now + 30_000
        if isinstance(timed.message, Command):  # it is no music, and waits for none
            continue
        assert timed.due >= last[is_clock] or isinstance(timed.message, Cut)
        last[is_clock] = timed.due


@EACH
@given(CONTROLLED, PLAYING)
def test_an_alarm_that_has_rung_is_set_for_later_or_not_at_all(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    jam = engine(given_controls)
    now = 0
    for entry in [*played(playing), Entry(60 * SECOND, Wake())]:
        while (deadline := jam.deadline()) is not None and deadline <= entry.at:
            now = max(now, deadline)
            due = [(alarm, at) for alarm in jam._alarms if (at := alarm.when()) and at <= now]
            jam.feed(Wake(), now)
            if any((alarm.when() or now + 1) <= at for alarm, at in due):
                jam.feed(Wake(), now)  # what was handed out late is due at the very same moment
            assert all((alarm.when() or now + 1) > at for alarm, at in due)
        now = entry.at
        jam.feed(entry.what, now)


@EACH
@given(CONTROLLED, PLAYING)
def test_no_alarm_rings_before_the_deadline_that_is_remembered(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    jam = engine(given_controls)
    looked, now = Looked(jam), 0
    for entry in [*played(playing), Entry(_end(played(playing)), Wake())]:
        while (deadline := jam.deadline()) is not None and deadline <= entry.at:
            now = max(now, deadline)
            looked.feed(Wake(), now)
        now = entry.at
        looked.feed(entry.what, now)


@EACH
@given(CONTROLLED, PLAYING)
def test_every_note_is_ended_once_and_never_begun_twice(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    rehearsal = Rehearsal(engine(given_controls))
    for entry in played(playing):
        rehearsal.play(entry.at, entry.what)
    rehearsal.until(rehearsal.now + 4 * SECOND)
    rehearsal.play(rehearsal.now, Command("panic"))

    sounding: dict[tuple[int, int], int] = {}
    for at, message in rehearsal.sent:
        if isinstance(message, Other):
            assert is_transport(message.data)
            continue
        assert isinstance(message, NoteOn | NoteOff)
        key = (message.channel, message.pitch)
        if isinstance(message, NoteOn):
            assert key not in sounding
            sounding[key] = at
        else:
            assert at >= sounding.pop(key)  # a cut may come at the very moment it began
    assert not sounding


# A beat was found anew while a frozen answer repeated, and its plan was lost with notes sounding.
FOUND_WHILE_FROZEN: list[tuple[int, Event]] = [
    (1, Command("preset", "loud")),
    (0, NoteOn(80, 80)),
    (1, NoteOff(80)),
    (20_000, NoteOn(72, 2)),
    (125_000, NoteOn(74, 80)),
    (400_000, NoteOff(74)),
    (625_000, NoteOn(56, 80)),
    (1, NoteOff(56)),
    (501_801, NoteOn(93, 80, 9)),
    (400_000, NoteOff(93, 64, 9)),
    (500_000, NoteOn(64, 80)),
    (400_000, NoteOff(64)),
    (125_000, NoteOn(61, 80)),  # freeze
    (50_000, NoteOff(61)),
    (35_000_000, NoteOn(72, 80, 9)),
    (400_000, NoteOff(72, 64, 9)),
    (35_000_000, NoteOn(55, 74, 9)),
]


# A preset took the drums out of an accompaniment while one of them was down, and nobody let it go.
DRUMS_THAT_LEAVE: list[tuple[int, Event]] = [
    (0, NoteOn(48, 80)),
    (1, NoteOff(48)),
    (250_000, NoteOn(48, 80)),
    (1, NoteOff(48)),
    (0, ProgramChange(3)),
    (35_000_000, NoteOn(48, 80)),
    (1, NoteOff(48)),
]


@EACH
@given(CONTROLLED, PLAYING)
@example({"rest": 0, "metre": "3/4", "follow": 0.0}, FOUND_WHILE_FROZEN)
@example({"mode": "accompany"}, DRUMS_THAT_LEAVE)
def test_the_ledger_of_the_port_process_has_nothing_to_mend(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    outbox = Outbox(burst=10_000)
    sent: list[tuple[int, Message | None]] = []

    def send_until(now: int) -> None:
        while (at := outbox.deadline()) is not None and at <= now:
            sent.extend((at, decode(data)) for data in outbox.due(at))

    entries = played(playing)
    end = _end(entries)
    for now, timed in _walk(engine(given_controls), entries):
        send_until(now - 1)
        match timed.message:
            case Cut():
                send_until(timed.due)
                outbox.cut(timed.due, timed.message.keys)
            case Command():
                pass
            case message:
                outbox.put(timed.due, encode(message))
    send_until(end)

    assert _ordered(sent) == _ordered(_sent(engine(given_controls), entries))
    assert outbox.dropped == 0


@EACH
@given(CONTROLLED, PLAYING)
def test_after_a_stop_nothing_sounds_and_nothing_follows(
    given_controls: dict[str, object], playing: list[tuple[int, Event]]
) -> None:
    rehearsal = Rehearsal(engine(given_controls))
    for entry in played(playing):
        rehearsal.play(entry.at, entry.what)
    rehearsal.play(rehearsal.now + 1, Command("stop"))
    sent = _notes(rehearsal)
    sends_clocks = rehearsal.engine.settings.clock_out == "on"
    rehearsal.until(rehearsal.now + (5 if sends_clocks else 100) * SECOND)

    assert not rehearsal.wire.sounding
    assert _notes(rehearsal) == sent
    assert rehearsal.engine.deadline() is None or sends_clocks


@EACH
@given(CONTROLLED, PLAYING, st.integers(0, 2**40))
def test_the_same_journal_and_seed_give_the_same_notes(
    given_controls: dict[str, object], playing: list[tuple[int, Event]], seed: int
) -> None:
    entries = played(playing)
    once, again = (list(_walk(engine(given_controls, seed=seed), entries)) for _ in range(2))
    assert once == again


@EACH
@given(CONTROLLED, PLAYING, st.integers(1, 20))
def test_how_work_is_sliced_changes_no_note(
    given_controls: dict[str, object], playing: list[tuple[int, Event]], steps: int
) -> None:
    # When another model has heard enough to take over depends on the slices, and may miss a bar line.
    entries = [entry for entry in played(playing) if not isinstance(entry.what, Swap | Fitted)]
    sliced = engine(given_controls, slice_steps=steps)
    by_key, once = _by_key(_sent(sliced, entries)), _by_key(_sent(engine(given_controls), entries))
    assert by_key == once


@EACH
@given(CONTROLLED, PLAYING, st.integers(1, 7), st.booleans())
def test_a_model_that_fails_is_survived(
    given_controls: dict[str, object], playing: list[tuple[int, Event]], every: int, nan: bool
) -> None:
    jam = engine(given_controls, FaultyModel(UniformModel(12), every, nan))
    rehearsal = Rehearsal(jam)
    for entry in played(playing):
        rehearsal.play(entry.at, entry.what)
    rehearsal.until(rehearsal.now + 3 * SECOND)
    rehearsal.play(rehearsal.now + 1, Command("panic"))
    assert not rehearsal.wire.sounding


@given(st.lists(st.tuples(st.integers(-(2**40), 2**50), MESSAGES), max_size=10))
def test_time_that_jumps_does_no_harm(playing: list[tuple[int, Message]]) -> None:
    jam = engine({})
    for now, message in playing:
        jam.feed(message, now)
        jam.feed(Wake(), now)
        jam.deadline()


def test_memory_is_bounded_however_long_the_call() -> None:
    jam = engine({"tempo": "auto"})
    for step in range(2200):  # more than is kept
        pitch = 40 + step * 3 % 40
        jam.feed(NoteOn(pitch, 80), step * 10_000)
        jam.feed(NoteOff(pitch), step * 10_000 + 5_000)
    call = jam._listener.call
    assert call is not None
    assert len(call.strokes) <= 2048
    assert len(call.phrase.onsets_us) <= 256


@pytest.mark.parametrize("mode", ["respond", "continue", "trade", "solo"])
def test_a_random_partner_answers_and_is_silent_in_the_end(mode: str) -> None:
    rehearsal = Rehearsal(engine({"mode": mode, "tempo": 120}))
    for beat, pitch in enumerate((60, 64, 67, 72)):
        rehearsal.play(beat * 500_000, NoteOn(pitch, 90))
        rehearsal.play(beat * 500_000 + 400_000, NoteOff(pitch))
    rehearsal.until(20 * SECOND)
    assert any(isinstance(message, NoteOn) for _, message in rehearsal.sent)
    rehearsal.play(20 * SECOND, Command("stop"))
    assert not rehearsal.wire.sounding


def _walk(jam: Engine, entries: list[Entry]) -> Iterable[tuple[int, Timed]]:
    """Everything handed out with the time at which it was."""
    now = 0
    for entry in [*entries, Entry(_end(entries), Wake())]:
        while (deadline := jam.deadline()) is not None and deadline <= entry.at:
            now = max(now, deadline)
            yield from ((now, timed) for timed in jam.feed(Wake(), now))
        now = entry.at
        yield from ((now, timed) for timed in jam.feed(entry.what, now))


def _sent(jam: Engine, entries: list[Entry]) -> list[tuple[int, Message]]:
    rehearsal = Rehearsal(jam)
    for entry in entries:
        rehearsal.play(entry.at, entry.what)
    rehearsal.until(_end(entries))
    return rehearsal.sent


def _notes(rehearsal: Rehearsal) -> int:
    return sum(not isinstance(message, Other) for _, message in rehearsal.sent)


def _by_key(sent: Iterable[tuple[int, Message]]) -> list[tuple[int, Message]]:
    """Of what is due at one time other keys may come in another order: a chord is struck as it is planned."""
    return sorted(
        sent, key=lambda it: (it[0], getattr(it[1], "channel", 0), getattr(it[1], "pitch", 0))
    )


def _ordered(sent: Iterable[tuple[int, Message | None]]) -> list[tuple[int, str]]:
    """What a cut releases has no order of its own."""
    return sorted((at, repr(message)) for at, message in sent)


def _end(entries: list[Entry]) -> int:
    return (entries[-1].at if entries else 0) + 4 * SECOND
