"""Count-ins told from music: what clicks say of tempo, beat and bar line, and what is no count."""

from random import Random

import pytest

from livegen.music.beat.count_in import CountSoFar, counted
from livegen.music.melody.phrase import Played
from livegen.music.parts import DRUMS
from livegen.music.time.metre import COMMON_TIME, Metre, parse_metre

STICK, COWBELL, HAT, KICK, SNARE, CRASH = 37, 56, 42, 36, 38, 49
MS = 1_000


def hits(pitch: int, *at_ms: float) -> list[Played]:
    """Strokes on a drum."""
    return [Played(round(at * MS), round(at * MS), pitch, 90, DRUMS) for at in at_ms]


def keys(pitch: int, *at_ms: float, lasts_ms: int = 80) -> list[Played]:
    """A key that is struck and let go."""
    return [Played(round(at * MS), round((at + lasts_ms) * MS), pitch, 70) for at in at_ms]


def every(beat_ms: float, beats: int) -> list[float]:
    """Times of so many beats, ms."""
    return [beat * beat_ms for beat in range(beats)]


def is_count(notes: list[Played], metre: Metre | None = None) -> bool:
    """True if the music has begun after a count."""
    return counted(notes, None, metre).music_us is not None


@pytest.mark.parametrize("bpm", [40, 60, 90, 120, 180, 240])
@pytest.mark.parametrize("drum", [STICK, COWBELL, HAT, KICK])
def test_four_even_clicks_tell_tempo_and_bar_line_of_the_groove_after_them(
    bpm: int, drum: int
) -> None:
    beat = 60_000 / bpm
    notes = [*hits(drum, *every(beat, 4)), *hits(SNARE, 4 * beat)]
    found = counted(notes, None).found
    assert found is not None
    assert found.timeline.bpm == pytest.approx(bpm, rel=1e-4)
    assert found.timeline.origin_us == pytest.approx(4 * beat * MS, abs=2)
    assert found.metre == COMMON_TIME
    assert counted(notes, None).music_us == round(4 * beat * MS)


def test_before_the_music_has_come_it_says_how_long_to_wait_for_it() -> None:
    clicks = hits(STICK, *every(500, 4))
    waiting = counted(clicks, None)
    assert (waiting.is_whole, waiting.music_us, waiting.until_us) == (True, None, 2_075 * MS)
    for some in (1, 2, 3):
        so_far = counted(clicks[:some], None)
        assert not so_far.is_whole
        assert (so_far.until_us or 0) > clicks[some].onset_us


def test_three_clicks_on_sticks_tell_a_waltz() -> None:
    notes = [*hits(STICK, *every(400, 3)), *hits(KICK, 1200)]
    found = counted(notes, None).found
    assert found is not None
    assert found.metre == parse_metre("3/4")
    assert found.timeline.origin_us == 1_200 * MS
    assert not is_count([*hits(KICK, *every(400, 3)), *hits(SNARE, 1200)])  # boom boom boom clap


def test_one_two_one_two_three_four_is_a_count() -> None:
    notes = [*hits(STICK, 0, 1000, 2000, 2500, 3000, 3500), *hits(CRASH, 4000)]
    found = counted(notes, None).found
    assert found is not None
    assert found.timeline.bpm == pytest.approx(120)
    assert found.timeline.origin_us == 4_000 * MS


def test_in_a_metre_that_is_told_a_bar_is_counted() -> None:
    waltz, five, six = (parse_metre(text) for text in ("3/4", "5/4", "6/8"))
    for metre, clicks in ((waltz, 3), (five, 5), (six, 4), (COMMON_TIME, 4)):
        notes = [*hits(STICK, *every(500, clicks)), *hits(KICK, 500 * clicks)]
        found = counted(notes, None, metre).found
        assert found is not None
        assert found.timeline.metre == metre
        assert found.timeline.micros(metre.beat) - found.timeline.origin_us == 500 * MS
    assert not is_count([*hits(STICK, *every(500, 3)), *hits(KICK, 1500)], COMMON_TIME)


def test_a_hand_is_no_machine_and_six_percent_are_even() -> None:
    assert is_count([*hits(STICK, 0, 510, 985, 1500), *hits(KICK, 1960)])
    assert not is_count([*hits(STICK, 0, 560, 1000, 1500), *hits(KICK, 2000)])


@pytest.mark.parametrize("bpm", [60, 90, 120, 180, 220])
def test_of_counts_by_hand_nearly_all_are_heard(bpm: int) -> None:
    beat, chance = 60_000 / bpm, Random(1)
    counts = [
        [
            *hits(STICK, *(100 + at + chance.gauss(0, 10) for at in every(beat, 4))),
            *hits(KICK, 100 + 4 * beat + chance.gauss(0, 10)),
        ]
        for _ in range(100)
    ]
    assert sum(map(is_count, counts)) >= 97


def test_four_muted_keys_before_a_chord_are_a_count() -> None:
    clicks = keys(60, *every(500, 4))
    chord = [*keys(48, 2000), *keys(52, 2004), *keys(55, 2010)]
    assert is_count([*clicks, *chord])
    assert is_count([*clicks, *keys(36, 2000)])  # the bass
    assert not is_count([*keys(60, *every(500, 4), lasts_ms=400), *chord])  # sung and not counted


@pytest.mark.parametrize(
    "notes",
    [
        pytest.param([*keys(60, *every(500, 4)), *keys(62, 2000)], id="a repeated melody note"),
        pytest.param([*keys(55, *every(250, 3)), *keys(51, 750)], id="fate at the door"),
        pytest.param([*keys(67, *every(400, 4)), *keys(72, 1600)], id="a dominant before a tonic"),
        pytest.param(keys(40, *every(300, 8)), id="eighths of a bass"),
        pytest.param([*keys(40, *every(170, 8)), *keys(45, 1360)], id="eighths of a punk song"),
        pytest.param(
            [note for at in every(300, 4) for note in (*keys(40, at), *keys(47, at + 2))],
            id="power chords",
        ),
        pytest.param(hits(HAT, *every(300, 9)), id="hats that go on"),
        pytest.param([*hits(HAT, *every(300, 8)), *hits(SNARE, 2400)], id="two bars of hats"),
        pytest.param([*hits(KICK, 0), *hits(HAT, 0, 250, 500, 750)], id="a groove"),
        pytest.param([*hits(SNARE, *every(500, 4)), *hits(KICK, 2000)], id="a snare"),
        pytest.param([*hits(STICK, *every(500, 2)), *hits(KICK, 1000)], id="two clicks"),
        pytest.param([*hits(STICK, *every(500, 4)), *hits(KICK, 2250)], id="off the next beat"),
        pytest.param([*hits(STICK, *every(200, 4)), *hits(KICK, 800)], id="300 BPM"),
        pytest.param([*hits(STICK, *every(1700, 4)), *hits(KICK, 6800)], id="35 BPM"),
    ],
)
def test_what_may_be_music_is_no_count(notes: list[Played]) -> None:
    for some in range(1, len(notes) + 1):
        assert not is_count(notes[:some])


def test_who_has_just_played_does_not_count() -> None:
    notes = [*hits(STICK, *every(500, 4)), *hits(KICK, 2000)]
    assert counted(notes, 900 * MS) == CountSoFar()
    assert counted(notes, 1_000 * MS).found is not None


def test_a_hat_may_come_with_the_first_kick_and_before_it() -> None:
    notes = [*hits(HAT, *every(500, 4)), *hits(HAT, 1995), *hits(KICK, 2005)]
    heard = counted(notes, None)
    assert heard.found is not None
    assert heard.music_us == 1_995 * MS
