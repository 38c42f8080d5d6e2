"""The encoder: a file heard message by message is the file encoded whole, and its rules."""

from collections import defaultdict
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from livegen.codec.encoder import (
    Encoder,
    Stroke,
    encode_score,
    grid_tick,
    metre_of,
    place_classes,
    strokes,
)
from livegen.codec.layout import (
    ADVANCE,
    ENDS,
    FARTHEST,
    FIELDS,
    MAX_ADVANCES,
    MAX_BAR_CLASS,
    NO_GRID,
    NO_PITCH,
    NOWHERE,
    Event,
    velocity_class,
)
from livegen.music.files.smf import Score, Track
from livegen.music.instant import ranked
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, DRUMS, LEAD, PartSource, rule_of_track
from livegen.music.time.metre import COMMON_TIME, Metre
from livegen.music.time.timeline import Timeline

# --- scores ---------------------------------------------------------------------------------------

pitches = st.integers(0, 127)
velocities = st.integers(1, 127)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Notes of at least one tick on one channel, overlapping as they like, with some stray ends."""
    channel = draw(st.sampled_from((0, 1, 9)))
    messages: list[tuple[int, Message]] = []
    for _ in range(draw(st.integers(1, 10))):
        onset = draw(st.integers(0, 6000))
        pitch = draw(st.integers(48, 67))  # few, so that they meet
        messages.append((onset, NoteOn(pitch, draw(velocities), channel)))
        messages.append((onset + draw(st.integers(1, 3000)), NoteOff(pitch, 64, channel)))
    messages.append((draw(st.integers(0, 6000)), NoteOff(draw(pitches), 64, channel)))
    messages.sort(key=lambda timed: timed[0])
    name = draw(st.sampled_from(("", "Piano", "MELODY", "Bass", "CHORDS")))
    return Track(name, tuple(messages))


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """Up to three tracks, with or without a metre that changes."""
    found = draw(st.lists(tracks(), max_size=3))
    metres = draw(st.sampled_from(((), ((0, 4, 4),), ((0, 3, 4), (480, 6, 8), (960, 5, 16)))))
    return Score(draw(st.sampled_from((24, 96, 480))), tuple(found), metres=metres)


def merged(score: Score) -> list[tuple[int, int, NoteOn | NoteOff]]:
    """(tick, track, message) as a person would play it: by tick, and in order at one tick."""
    found = [
        (tick, rank, index, message)
        for index, track in enumerate(score.tracks)
        for tick, rank, message in ranked(track.messages)
        if isinstance(message, NoteOn | NoteOff)
    ]
    found.sort(key=lambda one: (*one[:3], one[3].pitch))
    return [(tick, index, message) for tick, _, index, message in found]


def sources(score: Score) -> list[PartSource]:
    """The sources of the tracks, by their names and channels."""
    count = len(score.tracks)
    rules = [
        rule_of_track(track.name, channel_of(track), track.program, index, count)
        for index, track in enumerate(score.tracks)
    ]
    return [PartSource(rule) for rule in rules]


def channel_of(track: Track) -> int:
    return next(m.channel for _, m in track.messages if isinstance(m, NoteOn | NoteOff))


def feed(encoder: Encoder, tick: int, source: PartSource, message: NoteOn | NoteOff) -> list[Event]:
    """What the daemon does with a message."""
    on = isinstance(message, NoteOn)
    part = source.part(on, message.pitch)
    if part is None:
        return []
    return encoder.feed(Stroke(tick, part, message.pitch, message.velocity if on else 0))


# --- streamed is whole ----------------------------------------------------------------------------


@given(scores())
def test_a_file_fed_message_by_message_gives_the_events_of_the_file_encoded_whole(
    score: Score,
) -> None:
    encoder, heard = Encoder(metre_of(score)), sources(score)
    streamed = [
        event
        for tick, index, message in merged(score)
        for event in feed(encoder, grid_tick(tick, score.ppqn), heard[index], message)
    ]

    assert streamed == encode_score(score)


@given(scores(), st.integers(10, 50_000))
def test_a_file_played_in_time_gives_the_events_of_the_file_encoded_whole(
    score: Score, micros_per_tick: int
) -> None:
    """At any constant tempo, through a timeline that turns micros back into ticks."""
    tempo = micros_per_tick * score.ppqn
    score = Score(score.ppqn, score.tracks, ((0, tempo),), score.metres)
    timeline = Timeline(tempo, metre=metre_of(score) or COMMON_TIME)
    encoder, heard = Encoder(metre_of(score)), sources(score)
    played = merged(score)
    times = [score.tempo_map.micros(tick) for tick, *_ in played]
    streamed = [
        event
        for micros, (_, index, message) in zip(times, played, strict=True)
        for event in feed(encoder, timeline.tick(micros), heard[index], message)
    ]

    assert streamed == encode_score(score)


@given(scores(), st.integers(0, 40))
def test_a_branch_goes_on_by_itself(score: Score, at: int) -> None:
    found = list(strokes(score))
    encoder, whole = Encoder(), Encoder()
    start = [event for stroke in found[:at] for event in encoder.feed(stroke)]
    branch = encoder.copy()
    for stroke in found[at:]:
        encoder.feed(stroke)
    rest = [event for stroke in found[at:] for event in branch.feed(stroke)]

    assert start + rest == [event for stroke in found for event in whole.feed(stroke)]


# --- events are notes -----------------------------------------------------------------------------

Note = tuple[int, int, int, int, int]  # onset, end, part, pitch, velocity class


def notes_of(events: Iterable[Event]) -> list[Note]:
    """The notes that events tell of, their onsets and ends in ticks since the first event."""
    tick, held, notes = 0, dict[tuple[int, int], tuple[int, int]](), list[Note]()
    for event in events:
        tick += event.time
        key = (event.part, event.pitch)
        if event.time == ADVANCE:
            continue
        if event.part == DRUMS:
            notes.append((tick, tick, *key, event.velocity))
        elif event.on:
            assert key not in held
            held[key] = (tick, event.velocity)
        else:
            onset, velocity = held.pop(key)
            notes.append((onset, tick, *key, velocity))
    assert not held
    return sorted(notes)


@st.composite
def melodies(draw: st.DrawFn) -> list[Note]:
    """Notes on the grid that touch no other of their pitch, with silences of any length."""
    free: dict[tuple[int, int], int] = defaultdict(int)
    notes, tick = [], 0
    for _ in range(draw(st.integers(1, 30))):
        tick += draw(st.integers(0, 400))
        part, pitch = draw(st.sampled_from((LEAD, COMP, BASS, DRUMS))), draw(pitches)
        if tick < free[part, pitch] or (part == DRUMS and pitch in (22, 26)):
            continue
        end = tick if part == DRUMS else tick + draw(st.integers(1, 300))
        free[part, pitch] = end + 1
        notes.append((tick, end, part, pitch, draw(velocities)))
    start = min((note[0] for note in notes), default=0)
    return [(a - start, b - start, *rest) for a, b, *rest in notes]  # type: ignore[misc]


@given(melodies())
def test_events_give_the_notes_back_with_their_velocities_in_classes(melody: list[Note]) -> None:
    played = [Stroke(onset, part, pitch, velocity) for onset, _, part, pitch, velocity in melody]
    played += [Stroke(end, part, pitch, 0) for _, end, part, pitch, _ in melody]
    encoder = Encoder()
    events = [event for one in sorted(played, key=_by_tick) for event in encoder.feed(one)]

    assert notes_of(events) == sorted((*n[:4], velocity_class(n[4])) for n in melody)


def _by_tick(stroke: Stroke) -> tuple[int, bool]:
    return stroke.tick, stroke.velocity > 0


@given(scores())
def test_every_event_of_any_file_lies_within_its_fields_and_its_bar(score: Score) -> None:
    for event in encode_score(score):
        assert all(0 <= value < size for value, size in zip(event, FIELDS.values(), strict=False))
        assert 0 <= event.position <= NO_GRID
        assert 0 <= event.bar <= MAX_BAR_CLASS
        assert (event.position == NO_GRID) == (event.bar == 0) == (not score.metres)


@given(scores())
def test_nothing_starts_that_sounds_and_nothing_ends_that_does_not(score: Score) -> None:
    sounding: set[tuple[int, int]] = set()
    for event in encode_score(score):
        key = (event.part, event.pitch)
        if event.time == ADVANCE or event.part == DRUMS:
            continue
        assert (key in sounding) == (not event.on)
        sounding ^= {key}


# --- the rules ------------------------------------------------------------------------------------


def fed(*found: Stroke, metre: Metre | None = None) -> list[tuple[int, ...]]:
    """(time, part, on, pitch) of the events that strokes make."""
    encoder = Encoder(metre)
    return [event[:4] for stroke in found for event in encoder.feed(stroke)]


def test_the_first_event_has_no_time() -> None:
    assert fed(Stroke(1000, LEAD, 60, 80)) == [(0, LEAD, 1, 60)]


def test_a_note_struck_again_ends_first() -> None:
    assert fed(Stroke(0, LEAD, 60, 80), Stroke(12, LEAD, 60, 80), Stroke(24, LEAD, 60, 0)) == [
        (0, LEAD, 1, 60),
        (12, LEAD, 0, 60),
        (0, LEAD, 1, 60),
        (12, LEAD, 0, 60),
    ]


def test_the_same_pitch_in_another_part_is_another_note() -> None:
    assert fed(Stroke(0, LEAD, 60, 80), Stroke(0, COMP, 60, 80), Stroke(5, LEAD, 60, 0)) == [
        (0, LEAD, 1, 60),
        (0, COMP, 1, 60),
        (5, LEAD, 0, 60),
    ]


def test_a_note_struck_twice_within_a_tick_counts_once() -> None:
    assert fed(Stroke(0, LEAD, 60, 80), Stroke(0, LEAD, 60, 90)) == [(0, LEAD, 1, 60)]
    assert fed(Stroke(0, DRUMS, 36, 80), Stroke(0, DRUMS, 36, 90)) == [(0, DRUMS, 1, 36)]


def test_the_end_of_a_note_that_does_not_sound_is_nothing() -> None:
    assert fed(Stroke(0, LEAD, 60, 0), Stroke(9, LEAD, 61, 80)) == [(0, LEAD, 1, 61)]


def test_drums_have_no_ends() -> None:
    assert fed(Stroke(0, DRUMS, 36, 80), Stroke(6, DRUMS, 36, 0), Stroke(24, DRUMS, 36, 80)) == [
        (0, DRUMS, 1, 36),
        (24, DRUMS, 1, 36),
    ]


def test_pads_outside_general_midi_are_heard_as_its_drums() -> None:
    assert fed(Stroke(0, DRUMS, 22, 80)) == [(0, DRUMS, 1, 42)]


def silent_for(ticks: int) -> list[tuple[int, ...]]:
    """What follows the onset of a note of so many ticks."""
    return fed(Stroke(0, LEAD, 60, 80), Stroke(ticks, LEAD, 60, 0))[1:]


WAIT = (ADVANCE, 0, 0, 0)


def test_silence_passes_in_advances_of_192_ticks() -> None:
    assert silent_for(191) == [(191, LEAD, 0, 60)]
    assert silent_for(192) == [WAIT, (0, LEAD, 0, 60)]
    assert silent_for(400) == [WAIT, WAIT, (16, LEAD, 0, 60)]


def test_a_long_silence_sounds_no_longer_than_four_advances() -> None:
    most = (MAX_ADVANCES + 1) * ADVANCE - 1

    assert silent_for(most) == [WAIT] * 4 + [(191, LEAD, 0, 60)]
    assert silent_for(most + 1) == [WAIT] * 4 + [(0, LEAD, 0, 60)]
    assert silent_for(1_000_000) == [WAIT] * 4 + [(0, LEAD, 0, 60)]


def test_advances_have_their_place_too() -> None:
    encoder = Encoder(Metre(((0, 72),)))
    encoder.feed(Stroke(10, LEAD, 60, 80))

    assert encoder.advance(400) == [
        Event(ADVANCE, 0, 0, 0, 0, (10 + 192) % 72, 6),
        Event(ADVANCE, 0, 0, 0, 0, (10 + 384) % 72, 6),
    ]


def test_an_event_knows_the_pitch_its_part_struck_before_and_the_interval_from_it() -> None:
    encoder = Encoder()
    said = [
        (event.pitch, event.before, event.interval)
        for stroke in (
            Stroke(0, LEAD, 60, 80),
            Stroke(12, LEAD, 60, 0),
            Stroke(12, COMP, 48, 80),
            Stroke(24, LEAD, 57, 80),
            Stroke(36, LEAD, 100, 80),
            Stroke(48, DRUMS, 36, 80),
            Stroke(48, DRUMS, 38, 80),
        )
        for event in encoder.feed(stroke)
    ]

    assert said == [
        (60, NO_PITCH, NOWHERE),
        (60, 60, ENDS),
        (48, NO_PITCH, NOWHERE),
        (57, 60, FARTHEST - 3),
        (100, 57, 2 * FARTHEST),
        (36, NO_PITCH, NOWHERE),
        (38, NO_PITCH, NOWHERE),
    ]
    assert all(event.before == NO_PITCH for event in encoder.advance(1_000))


def test_a_branch_strikes_for_itself() -> None:
    encoder = Encoder()
    encoder.feed(Stroke(0, LEAD, 60, 80))
    encoder.copy().feed(Stroke(1, LEAD, 72, 80))

    assert encoder.struck == {LEAD: 60}


def test_places_are_classes() -> None:
    assert place_classes(None, 17) == (NO_GRID, 0)
    assert place_classes(COMMON_TIME, 100) == (4, 8)
    assert place_classes(Metre(((0, 10_000),)), 193) == (1, MAX_BAR_CLASS)
    assert place_classes(Metre(((0, 1),)), 5) == (0, 1)


def test_file_ticks_go_to_the_nearest_grid_tick_halves_upward() -> None:
    assert [grid_tick(tick, 480) for tick in (0, 9, 10, 19, 29, 30)] == [0, 0, 1, 1, 1, 2]


def test_a_file_without_a_time_signature_has_no_bars() -> None:
    score = Score(24, (Track("", ((0, NoteOn(60, 80)), (24, NoteOff(60)))),))

    assert metre_of(score) is None
    assert [event[5:7] for event in encode_score(score)] == [(NO_GRID, 0)] * 2


def test_bars_that_are_not_believed_are_left_out() -> None:
    track = Track("", ((0, NoteOn(60, 80)), (24, NoteOff(60))))
    score = Score(24, (track,), metres=((0, 4, 4),))

    assert [event[5:7] for event in encode_score(score)] == [(0, 8), (24, 8)]
    assert [event[5:7] for event in encode_score(score, grid=False)] == [(NO_GRID, 0)] * 2


def test_tracks_that_are_dropped_are_not_heard() -> None:
    notes = ((0, NoteOn(60, 80)), (24, NoteOff(60)))
    score = Score(24, (Track("CHORDS (auto)", notes), Track("MELODY", notes)))

    assert encode_score(score, drop=("CHORDS",)) == encode_score(
        Score(24, (Track("MELODY", notes),))
    )


def test_a_note_of_no_length_sounds_on_for_no_moment() -> None:
    """Its end was taken before its beginning once, and it sounded to the end of the piece."""
    low, high = (NoteOn(48, 80), NoteOff(48)), (NoteOn(60, 80), NoteOff(60))
    messages = ((0, low[0]), (24, low[1]), (24, high[0]), (24, high[1]), (48, low[0]), (72, low[1]))
    encoder = Encoder()
    for stroke in strokes(Score(24, (Track("Melody", messages),))):
        encoder.feed(stroke)

    assert encoder.sounding == {}
