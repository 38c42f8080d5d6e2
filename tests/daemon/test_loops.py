"""The promises of the loop guard: what is ours is withheld, what is the player's is not."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.midi.loops import DIRECT_US, GONE_US, MAX_LOOPS, LoopGuard

SECOND = 1_000_000
MS = 1_000
POLL_US = 1_000

# A tune with no pattern to speak of: pitches, and what lies between its notes.
TUNE = (60, 67, 62, 71, 64, 57, 69, 61, 66, 74, 59, 65, 72, 63, 70, 58, 68, 75, 56, 73)
GAPS = (180, 240, 120, 310, 150, 200, 130, 260, 170, 220)

Timed = tuple[int, bytes]


def on(pitch: int, velocity: int = 80, channel: int = 0) -> bytes:
    return bytes((0x90 | channel, pitch, velocity))


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes((0x80 | channel, pitch, 64))


def tune(notes: int, start: int = 0) -> list[Timed]:
    """The tune, over and over, each note 100 ms long."""
    sounds, at = [], start
    for index in range(notes):
        pitch = TUNE[index % len(TUNE)]
        sounds += [(at, on(pitch, 60 + index % 40)), (at + 100 * MS, off(pitch))]
        at += GAPS[index % len(GAPS)] * MS
    return sounds


def ons(sounds: Iterable[Timed]) -> list[Timed]:
    return [(at, data) for at, data in sounds if is_on(data)]


def is_on(data: bytes) -> bool:
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def looped(
    sounds: Iterable[Timed], delay_us: int, semitones: int = 0, channel: int = 0, jitter_us: int = 0
) -> list[Timed]:
    """What a loop makes of them; anything but a copy is three quarters as loud."""
    chance = random.Random(3)
    copies = []
    for at, data in sounds:
        loudness = data[2] if not semitones and not channel else max(1, data[2] * 3 // 4)
        late = delay_us + chance.randint(-jitter_us, jitter_us)
        copies.append((at + late, bytes((data[0] | channel, data[1] + semitones, loudness))))
    return sorted(copies)


class Circle:
    """A guard between an output and an input that is polled each millisecond."""

    def __init__(self) -> None:
        self.guard = LoopGuard()
        self.passed: list[Timed] = []
        self.withheld: list[Timed] = []
        self.lines: list[tuple[int, str]] = []

    def run(self, sent: Iterable[Timed], heard: Iterable[Timed]) -> "Circle":
        polled = [(-(-at // POLL_US) * POLL_US, data) for at, data in heard]
        happenings = [(at, 0, data) for at, data in sent] + [(at, 1, data) for at, data in polled]
        for at, is_heard, data in sorted(happenings, key=lambda each: each[:2]):
            if is_heard:
                is_ours = self.guard.heard(at, data)
                (self.withheld if is_ours else self.passed).append((at, data))
            else:
                self.guard.sent(at, data)
            self.look(at)
        return self

    def look(self, now: int) -> str | None:
        line = self.guard.look(now)
        if line is not None:
            self.lines.append((now, line))
        return line


def by_hand(
    sounds: Sequence[Timed], spread_ms: float, semitones: int, delay_us: int
) -> list[Timed]:
    """The same notes as a person would play them."""
    chance = random.Random(5)
    played = []
    for at, data in ons(sounds):
        struck = at + delay_us + round(chance.gauss(0, spread_ms) * MS)
        pitch, velocity = data[1] + semitones, max(1, min(127, round(chance.gauss(data[2], 10))))
        played += [(struck, on(pitch, velocity)), (struck + 90 * MS, off(pitch))]
    return sorted(played)


# --- direct loops ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delay_us", (0, 1_500, 12_000, 24_000))
def test_not_one_note_of_a_direct_loop_is_passed_on(delay_us: int) -> None:
    sounds = tune(12)
    circle = Circle().run(sounds, looped(sounds, delay_us))

    assert circle.passed == []
    assert circle.guard.summary()["loops"]


def test_a_direct_loop_is_named_at_the_third_copy_with_what_to_do() -> None:
    sounds = tune(12)
    third_at = ons(sounds)[2][0]
    circle = Circle().run(sounds, looped(sounds, 12_000))

    assert circle.lines == [
        (
            third_at + 12_000,
            'loop: what "Model Out" sends comes back to "Model In" 12 ms later; livegen ignores it. '
            'Take "Model Out" out of the inputs of the track that feeds "Model In".',
        )
    ]


def test_a_player_who_strikes_the_same_key_with_another_velocity_is_heard() -> None:
    circle = Circle().run([(0, on(60, 80))], [(5_000, on(60, 90)), (90_000, off(60))])

    assert circle.passed == [(5_000, on(60, 90)), (90_000, off(60))]


def test_two_notes_doubled_by_chance_are_no_loop() -> None:
    sounds = tune(12)
    circle = Circle().run(sounds, looped(sounds[:4], 12_000))

    assert circle.lines == []


def test_with_thru_on_a_direct_loop_does_not_run_away() -> None:
    guard, sent = LoopGuard(), 0
    coming = [(at, data) for at, data in tune(20)]
    while coming and sent < 1_000:
        at, data = coming.pop(0)
        if not guard.heard(at, data):
            sent += is_on(data)
            guard.sent(at + 200, data)
            coming = sorted([*coming, (at + 9_000, data)])

    assert sent == 20
    assert guard.summary()["loops"]


# --- marked loops ---------------------------------------------------------------------------------------------------


def marked(sounds: Iterable[Timed], guard: LoopGuard) -> list[Timed]:
    """What leaves when the guard may put its marks before notes."""
    return [(at, each) for at, data in sorted(sounds) for each in (*guard.mark(at, data), data)]


def moved(sounds: Iterable[Timed], delay_us: int, semitones: int, channel: int) -> list[Timed]:
    """What a track makes of them that delays and transposes, turns ons down and leaves offs alone."""
    return [
        (at + delay_us, bytes((data[0] | channel, data[1] + semitones, quieter(data))))
        for at, data in sounds
    ]


def quieter(data: bytes) -> int:
    return max(1, data[2] * 3 // 4) if is_on(data) else data[2]


@given(
    st.integers(0, 7_900),
    st.integers(-24, 24),
    st.integers(0, 2),
    st.integers(0, 2**32),
)
def test_the_first_note_of_a_marked_loop_is_withheld_and_names_it_however_late_and_transposed(
    delay_ms: int, semitones: int, channel: int, seed: int
) -> None:
    circle = Circle()
    circle.guard = LoopGuard(chance=random.Random(seed))
    sent = marked(tune(12), circle.guard)
    circle.run(sent, moved(sent, delay_ms * MS, semitones, channel))

    assert ons(circle.passed) == []
    named_at, line = circle.lines[0]
    assert named_at <= (delay_ms + 1) * MS
    assert len(circle.lines) == 1
    assert f"{delay_ms} ms later" in line or f"{delay_ms + 1} ms later" in line


def test_a_loop_that_closes_while_the_model_plays_is_found_within_a_second() -> None:
    circle = Circle()
    sent = marked(tune(60), circle.guard)
    closed_at = 2_300 * MS
    circle.run(sent, [(at, data) for at, data in moved(sent, 70_000, 5, 1) if at > closed_at])

    assert circle.lines[0][0] - closed_at <= SECOND + 400 * MS


def test_marks_come_at_most_once_a_second_and_only_before_note_ons() -> None:
    guard = LoopGuard()
    sent = marked([*tune(60), (SECOND, bytes((0xB0, 64, 127))), (SECOND, b"\xf8")], guard)
    marks = [
        at
        for (at, data), (_, after) in zip(sent, sent[2:], strict=False)
        if is_on(after) and data[0] & 0xF0 == 0x80 and data[1] == after[1] and data[2] != 64
    ]

    assert len(marks) >= 8
    assert all(later - earlier >= SECOND for earlier, later in itertools.pairwise(marks))


def test_no_mark_says_anything_that_others_say() -> None:
    guard = LoopGuard()
    releases: set[int] = set()
    for second in range(5_000):
        releases.update(data[2] for data in guard.mark(second * SECOND, on(60)))

    assert releases == set(range(1, 127)) - {64}


def test_a_mark_that_comes_back_does_not_end_what_the_player_holds_on_its_key() -> None:
    circle = Circle()
    sent = marked(tune(40), circle.guard)
    copies = moved(sent, 70_000, 12, 0)
    mark_at, mark = next(
        (at, data) for at, data in copies if at > 4 * SECOND and not is_on(data) and data[2] != 64
    )
    held = [(mark_at - 500 * MS, on(mark[1], 100))]
    circle.run(sent, sorted([*copies, *held], key=lambda each: each[0]))

    ends = [at for at, data in circle.passed if not is_on(data) and data[1] == mark[1]]
    assert (
        min((at for at in ends if at >= mark_at - 500 * MS), default=mark_at + SECOND)
        > mark_at + 20 * MS
    )


def test_two_that_play_with_each_other_do_not_take_each_others_marks_for_their_own() -> None:
    """An hour: each answers the other, two seconds late."""
    one, other = LoopGuard(chance=random.Random(1)), LoopGuard(chance=random.Random(2))
    lines = []
    for turn in range(1_800):
        now = turn * 2 * SECOND
        for at, data in marked([(now, on(40 + turn % 40)), (now + SECOND, on(60))], one):
            lines += [other.heard(at + 5_000, data)] if not is_on(data) else []
        marked([(now, on(50)), (now + SECOND, on(62))], other)

    assert sum(lines) <= 2


# --- all other loops ------------------------------------------------------------------------------------------------


@given(st.integers(1, 500), st.integers(-24, 24), st.integers(0, 2))
def test_a_constant_loop_is_muted_by_its_tenth_note(
    delay_ms: int, semitones: int, channel: int
) -> None:
    sounds = tune(40)
    circle = Circle().run(sounds, looped(sounds, delay_ms * MS, semitones, channel))

    assert len(ons(circle.passed)) < 10
    assert [line for _, line in circle.lines] == [circle.lines[0][1]]
    assert circle.guard.summary()["loops"]


@pytest.mark.parametrize(("jitter_us", "notes"), ((0, 9), (1_500, 13), (2_500, 12), (5_000, 28)))
@pytest.mark.parametrize("delay_ms", (30, 120, 480))
def test_the_more_a_loop_jitters_the_more_notes_it_takes(
    delay_ms: int, jitter_us: int, notes: int
) -> None:
    sounds = tune(60)
    circle = Circle().run(sounds, looped(sounds, delay_ms * MS, 3, 1, jitter_us))

    assert circle.guard.summary()["loops"]
    assert len(ons(circle.passed)) < notes


def test_a_loop_over_a_period_of_1024_frames_is_muted() -> None:
    sounds = tune(120)
    circle = Circle().run(sounds, looped(sounds, 60_000, 5, 1, jitter_us=10_600))

    assert circle.guard.summary()["loops"]
    assert len(ons(circle.withheld)) > 40


@pytest.mark.parametrize(
    ("semitones", "words"),
    ((12, "40 ms later, 12 semitones higher"), (-1, "40 ms later, 1 semitone lower")),
)
def test_a_loop_is_named_by_its_delay_and_its_interval(semitones: int, words: str) -> None:
    sounds = tune(20)
    circle = Circle().run(sounds, looped(sounds, 40_000, semitones))

    assert f'"Model In" {words};' in circle.lines[0][1]
    assert circle.guard.summary() == {"loops": [words], "withheld": len(circle.withheld)}


def test_a_loop_that_is_fed_a_note_or_two_at_a_time_is_found_as_well() -> None:
    """What each answer would be if its own echo cut it short."""
    sounds = [(at * 8, data) for at, data in ons(tune(12))]
    circle = Circle().run(sounds, looped(sounds, 90_000, 7))

    assert circle.guard.summary()["loops"]


def test_a_loop_of_one_part_among_others_is_found_as_well() -> None:
    sounds = tune(20)
    others = [(at + 40 * MS, on(data[1] - 24, 70, 1)) for at, data in ons(sounds) for _ in range(2)]
    circle = Circle().run(sounds + others, looped(sounds, 90_000, 7))

    assert circle.guard.summary()["loops"]


def test_notes_too_high_to_come_back_do_not_speak_against_a_loop() -> None:
    sounds = tune(20)
    high = [(at + 40 * MS, on(data[1] + 50, 70)) for at, data in ons(sounds)]
    circle = Circle().run(sounds + high, looped(sounds, 90_000, 24))

    assert circle.guard.summary()["loops"]


def test_a_loop_that_loses_a_fifth_of_the_notes_is_found_as_well() -> None:
    sounds = tune(40)
    kept = [each for index, each in enumerate(ons(sounds)) if index % 5]
    circle = Circle().run(sounds, looped(kept, 90_000, 7))

    assert circle.guard.summary()["loops"]


def test_while_a_loop_is_muted_the_player_is_heard() -> None:
    sounds = tune(60)
    copies = looped(sounds, 150_000, 12, 2)
    playing = [(at + 61_000, data) for at, data in tune(30, start=5 * SECOND)]
    circle = Circle().run(sounds, copies + playing)

    heard = [data for at, data in ons(circle.passed) if at >= 5 * SECOND]
    assert heard == [data for _, data in ons(playing)]


def test_the_offs_of_withheld_notes_are_withheld_with_them() -> None:
    sounds = tune(40)
    circle = Circle().run(sounds, looped(sounds, 150_000, 12, 2))

    assert len(circle.withheld) == 2 * len(ons(circle.withheld))
    assert len(circle.passed) == 2 * len(ons(circle.passed))


def test_a_pedal_that_comes_back_is_withheld_while_the_players_is_heard() -> None:
    sounds = tune(12)
    circle = Circle().run(sounds, looped(sounds, 12_000))
    now, pedal = sounds[-1][0] + SECOND, bytes((0xB0, 64, 127))

    circle.run([(now, pedal)], [(now + 12_000, pedal), (now + 100_000, pedal)])

    assert circle.passed == [(now + 100_000, pedal)]


def test_a_value_passed_through_does_not_go_round() -> None:
    """It is the value that was heard last: withholding it loses nothing, loop or not."""
    wheel, guard = bytes((0xB0, 1, 99)), LoopGuard()
    assert not guard.heard(0, wheel)
    guard.sent(300, wheel)

    assert guard.heard(9_000, wheel)


def test_a_wheel_that_turns_back_is_heard_with_thru_on() -> None:
    guard = LoopGuard()
    for index, value in enumerate((64, 66, 64)):
        bend = bytes((0xE0, 0, value))
        assert not guard.heard(index * 5_000, bend)
        guard.sent(index * 5_000 + 200, bend)


# --- when it has gone -----------------------------------------------------------------------------------------------


def test_two_seconds_after_a_loop_was_opened_all_is_listened_to_again() -> None:
    before, after = tune(20), tune(20, start=10 * SECOND)
    circle = Circle().run(before, looped(before, 40_000, 12))
    circle.run(after, [])

    gone_at, line = circle.lines[1]
    assert 0 < gone_at - (10 * SECOND + 40_000 + GONE_US) < SECOND
    assert line == (
        'loop: what "Model Out" sends no longer comes back to "Model In" 40 ms later, 12 semitones higher'
    )
    assert not circle.guard.summary()["loops"]


def test_while_the_model_rests_a_loop_is_not_taken_for_gone() -> None:
    before, after = tune(20), tune(20, start=60 * SECOND)
    circle = Circle().run(before, looped(before, 40_000, 12))
    circle.look(59 * SECOND)
    withheld = len(circle.withheld)
    circle.run(after, looped(after, 40_000, 12))

    assert len(circle.withheld) - withheld == len(after)
    assert len(circle.lines) == 1


def test_a_loop_whose_delay_drifts_stays_muted() -> None:
    sounds = ons(tune(400))
    copies = [
        (at + 40_000 + index * 200, on(data[1] + 12, 50)) for index, (at, data) in enumerate(sounds)
    ]
    circle = Circle().run(sounds, copies)

    assert len(circle.passed) < 10
    assert len(circle.lines) == 1


def test_notes_too_high_to_come_back_do_not_make_a_loop_seem_gone() -> None:
    before, high = tune(20), [(10 * SECOND + at, on(110, 70)) for at, _ in ons(tune(40))]
    circle = Circle().run(before, looped(before, 40_000, 24))
    circle.run(high, [])

    assert circle.guard.summary()["loops"]
    assert len(circle.lines) == 1


def test_no_more_than_four_loops_are_kept() -> None:
    """Each phase of the tune comes back by one more way than the phase before."""
    circle, found = Circle(), []
    for ways in range(1, 7):
        sounds = tune(60, start=ways * 20 * SECOND)
        copies = [looped(sounds, (60 + 70 * way) * MS, way + 1, 1) for way in range(ways)]
        circle.run(sounds, sorted(copy for copies_of_one in copies for copy in copies_of_one))
        found.append(len(circle.guard.summary()["loops"]))

    assert found == [1, 2, 3, MAX_LOOPS, MAX_LOOPS, MAX_LOOPS]


# --- players --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("semitones", (0, 7, 12))
@pytest.mark.parametrize("delay_ms", (0, 30, 250, 500))
def test_a_player_who_imitates_is_no_loop(delay_ms: int, semitones: int) -> None:
    sounds = tune(1_000, start=SECOND)
    circle = Circle().run(sounds, by_hand(sounds, 15, semitones, delay_ms * MS))

    assert circle.lines == []
    # The same key and velocity within 25 ms; the note sounds already.
    assert len(ons(circle.withheld)) <= 30


def test_a_player_who_doubles_block_chords_is_no_loop() -> None:
    sounds = [(at, on(data[1] + third, data[2])) for at, data in ons(tune(400)) for third in (0, 4)]
    chance, played = random.Random(1), []
    for at, data in ons(tune(400)):
        struck = max(at, at + 60_000 + round(chance.gauss(0, 15) * MS))
        played += [(struck, on(data[1] + third, 90)) for third in (0, 4)]
    circle = Circle().run(sounds, sorted(played))

    assert circle.lines == []


def test_a_player_who_plays_the_models_phrase_after_it_is_no_loop() -> None:
    phrase = tune(12)
    circle = Circle()
    for turn in range(20):
        start = turn * 8 * SECOND
        said = [(start + at, data) for at, data in phrase]
        circle.run(said, by_hand(said, 15, 0, 3 * SECOND))

    assert circle.lines == []
    assert circle.withheld == []


def ostinato(pitches: Sequence[int], step_us: int, notes: int) -> list[Timed]:
    """A pattern as a sequencer plays it, every note alike."""
    return [(step_us * index, on(pitches[index % len(pitches)], 100)) for index in range(notes)]


# Of a chromatic run every interval is one that echoes might make, so it loses one for each.
@pytest.mark.parametrize(
    ("pitches", "lost"),
    (((42,), 1), ((36, 42, 38, 42), 1), ((60, 64, 67, 72), 1), (tuple(range(48, 84)), 5)),
)
def test_with_thru_on_a_sequencer_is_no_loop_and_loses_a_note_for_the_proof(
    pitches: tuple[int, ...], lost: int
) -> None:
    circle = Circle()
    for at, data in ostinato(pitches, 125 * MS, 400):
        if circle.guard.heard(at, data):
            circle.withheld.append((at, data))
        else:
            circle.guard.sent(at + 300, data)
        circle.look(at + 100 * MS)

    assert circle.lines == []
    assert len(circle.withheld) <= lost


def test_a_harmonised_arpeggio_is_no_loop() -> None:
    playing = ostinato((60, 64, 67, 72), 125 * MS, 200)
    companions = [(at + 1_500, on(data[1] + 7, 88)) for at, data in playing]
    circle = Circle().run(companions, playing)

    assert circle.lines == []
    assert circle.withheld == []


@pytest.mark.parametrize("others", ((57,), (57, 67)))
def test_a_machine_whose_next_note_the_model_foretells_is_no_loop(others: tuple[int, ...]) -> None:
    """It lets go and plays on in time; the model begins at once, with its very next note, and plays others after it."""
    said, played = [], []
    for turn in range(200):
        at, pitch = turn * 271 * MS, TUNE[turn % len(TUNE)]
        played += [(at, on(pitch)), (at + 120 * MS, off(pitch))]
        reply = TUNE[(turn + 1) % len(TUNE)], *(other + turn % 7 for other in others)
        for step, answer in enumerate(reply):
            said.append((at + (121 + 40 * step) * MS, on(answer, 70)))
    circle = Circle().run(said, played)

    assert circle.lines == []
    assert circle.withheld == []


def test_a_single_note_that_goes_round_through_thru_is_stopped_and_the_second_names_the_loop() -> (
    None
):
    circle, echoes = Circle(), []
    for at in (0, 10 * SECOND):
        start = at
        while at - start < 9 * SECOND and not circle.guard.heard(at, on(60)):
            circle.guard.sent(at + 300, on(60))
            at += 90 * MS
        echoes.append((at - start) // (90 * MS))
        circle.look(at + SECOND)

    assert max(echoes) < 20
    assert circle.guard.summary()["loops"]
    assert len(circle.lines) == 1


# --- laws -----------------------------------------------------------------------------------------------------------

keys = st.builds(
    lambda kind, channel, pitch, velocity: bytes((kind | channel, pitch, velocity)),
    st.sampled_from((0x80, 0x90)),
    st.integers(0, 1),
    st.integers(58, 62),
    st.sampled_from((0, 64, 80)),
)
values = st.builds(
    lambda kind, value: bytes((kind, 64, value)), st.sampled_from((0xB0, 0xE0)), st.integers(0, 127)
)
anything = st.one_of(keys, keys, keys, values, st.binary(max_size=5))


@given(st.lists(st.tuples(st.integers(0, 40_000), st.booleans(), anything), max_size=150))
def test_after_a_note_on_was_passed_on_so_is_the_next_off_of_its_key(
    happenings: list[tuple[int, bool, bytes]],
) -> None:
    guard, now = LoopGuard(), 0
    waiting: Counter[tuple[int, int]] = Counter()
    for pause, is_heard, data in happenings:
        now += pause
        guard.look(now)
        if not is_heard:
            guard.sent(now, data)
            continue
        is_passed = not guard.heard(now, data)
        if len(data) != 3 or data[0] & 0xE0 != 0x80 or max(data[1:]) > 127:
            continue
        key = data[0] & 15, data[1]
        if is_on(data):
            waiting[key] += is_passed
        elif waiting[key]:
            assert is_passed, "a note would hang"
            waiting[key] -= 1


def test_when_a_key_is_held_by_the_player_and_by_a_copy_its_first_off_is_passed_on() -> None:
    guard = LoopGuard()
    guard.sent(0, on(60))

    assert guard.heard(3_000, on(60))
    assert not guard.heard(9_000, on(60, 99))
    assert not guard.heard(80_000, off(60))
    assert guard.heard(90_000, off(60))


@given(st.lists(anything, max_size=60))
def test_when_nothing_was_sent_all_that_comes_is_passed_on(messages: list[bytes]) -> None:
    guard = LoopGuard()

    assert not any(guard.heard(index * MS, data) for index, data in enumerate(messages))


def test_a_guard_that_has_heard_and_sent_a_hundred_thousand_messages_has_not_grown() -> None:
    guard = LoopGuard()
    chance = random.Random(0)
    for at in range(0, 100_000_000, 2_000):
        data = bytes(
            (chance.choice((0x90, 0x80, 0xB0)), chance.randrange(128), chance.randrange(128))
        )
        guard.sent(at, data)
        guard.heard(at + 1_000, bytes((data[0], chance.randrange(128), data[2])))

    sizes = {name: len(value) for name, value in vars(guard).items() if hasattr(value, "__len__")}
    assert all(size <= 2_048 for size in sizes.values()), sizes


def test_the_window_of_a_direct_loop_is_25_milliseconds() -> None:
    early, late = LoopGuard(), LoopGuard()
    early.sent(0, on(60))
    late.sent(0, on(60))

    assert early.heard(DIRECT_US, on(60))
    assert not late.heard(DIRECT_US + 1, on(60))
