"""The tone of music: a network that says which key it is in, the same in every key."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.music.keys.key import KEYS, Key
from livegen.music.keys.key_tracker import KeyTracker
from livegen.music.keys.tone import (
    HALF_LIVES,
    LASTING,
    LONGEST,
    LOW,
    MOST_BYTES,
    ROWS,
    STRUCK,
    WEIGHTS,
    Floats,
    Tone,
    beats_of,
    shipped,
    tone_of,
)
from livegen.music.note import Note

BEAT_US = 500_000
# The first line of "Ah, vous dirai-je, maman", two octaves with its bass, a beat each.
TUNE = (60, 60, 67, 67, 69, 69, 67, 67, 65, 65, 64, 64, 62, 62, 60, 60)
BASS = (48, 52, 48, 52, 53, 48, 52, 48, 50, 47, 48, 45, 50, 43, 48, 48)


def beat(pitches: tuple[int, ...], low: int | None = None) -> Floats:
    """Notes of a beat each."""
    rows = np.zeros((ROWS, 12), np.float32)
    for pitch in pitches:
        rows[STRUCK, pitch % 12] += 1
        rows[LASTING, pitch % 12] += 1
    if low is not None:
        rows[LOW, low % 12] += 2
    return rows


def tune(by: int = 0) -> list[Floats]:
    return [beat((high + by, low + by), low + by) for high, low in zip(TUNE, BASS, strict=True)]


def told(beats: list[Floats]) -> list[float]:
    tone = Tone()
    return [tone.hear(one) for one in beats][-1]


def likeliest(nats: list[float]) -> Key:
    return KEYS[nats.index(max(nats))]


def moved(nats: list[float], by: int) -> list[float]:
    return [float(one) for one in np.roll(np.reshape(nats, (2, 12)), by, axis=1).reshape(-1)]


def test_a_tune_with_its_bass_is_in_its_key() -> None:
    assert likeliest(told(tune())) == Key(0, "major")


@pytest.mark.parametrize("by", range(1, 12))
def test_a_tune_that_is_transposed_has_its_tone_transposed(by: int) -> None:
    assert told(tune(by)) == pytest.approx(moved(told(tune()), by), abs=0.003)


NOTES = st.lists(st.integers(0, 127), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=24), st.integers(1, 11))
def test_whatever_is_played_elsewhere_has_the_same_tone_there(
    music: list[list[int]], by: int
) -> None:
    here, there = ([beat(tuple(pitch + at for pitch in some)) for some in music] for at in (0, by))

    assert told(there) == pytest.approx(moved(told(here), by), abs=0.003)


@settings(max_examples=40, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=24))
def test_what_is_told_are_probabilities_in_nats(music: list[list[int]]) -> None:
    nats = told([beat(tuple(some)) for some in music])

    assert np.exp(nats).sum() == pytest.approx(1, abs=0.05)
    assert all(np.isfinite(nats))


def test_the_same_music_has_the_same_tone_to_the_last_digit() -> None:
    assert told(tune() * 4) == told(tune() * 4)


def test_before_anything_was_heard_no_tonic_is_likelier_than_another() -> None:
    nats = told([beat(())])

    assert np.ptp(nats[:12]) < 0.01
    assert np.ptp(nats[12:]) < 0.01


def test_what_was_heard_long_ago_still_counts() -> None:
    """The last two bars alone may as well be of another key."""
    last = [beat((67, 71)), beat((69,)), beat((71, 74)), beat((67,))] * 2

    in_c, in_g = tune() * 8 + last, tune(7) * 8 + last

    assert told(in_c)[0] - told(in_c)[7] > told(in_g)[0] - told(in_g)[7] + 0.5


def test_a_rest_changes_no_key() -> None:
    before = told(tune() * 2)
    after = told([*tune() * 2, *[beat(())] * 4])

    assert likeliest(after) == likeliest(before)


def test_its_memory_does_not_grow_however_long_the_music_lasts() -> None:
    tone, chance = Tone(), Random(1)
    sizes = set()
    for _ in range(600):
        tone.hear(beat(tuple(chance.randrange(128) for _ in range(3))))
        sizes.add(
            (
                tone._latest.nbytes,
                tone._sums.nbytes if tone._sums is not None else 0,
                tone._counts.nbytes,
            )
        )

    assert len(sizes) == 1
    assert tone._sums is not None
    assert np.isfinite(tone._sums).all()


def test_beats_hold_what_sounds_in_them_what_is_struck_and_the_bass() -> None:
    music = [Note(0.0, 1.5, 48), Note(0.5, 1.0, 64), Note(1.0, 40.0, 67)]
    beats = beats_of(music, 0)

    assert len(beats) == 41
    assert [float(beats[at, LASTING, 0]) for at in range(3)] == [1.0, 0.5, 0.0]
    assert (beats[0, STRUCK, 0], beats[0, STRUCK, 4], beats[1, STRUCK, 7]) == (1, 1, 1)
    assert [float(beats[at, LOW].sum()) for at in range(3)] == [2.0, 0.5, 0.0]
    assert beats[:, LASTING, 7].sum() == LONGEST
    halves = beats_of(music, 0, 0.5)
    assert np.array_equal(halves[:80].reshape(40, 2, ROWS, 12).sum(1), beats[:40])


def test_a_whole_tune_has_its_key_however_long_it_is() -> None:
    music = [Note(at, at + 1.0, TUNE[at % 16] + 2) for at in range(5000)]
    nats = tone_of(music)

    assert likeliest(nats) == Key(2, "major")
    assert tone_of(music[:2000]) == nats
    assert likeliest(tone_of(music[:1])).tonic in range(12)


def test_the_weights_are_about_twenty_thousand_and_within_their_budget() -> None:
    weights = shipped()

    assert WEIGHTS.stat().st_size <= MOST_BYTES
    assert sum(part.size for part in weights) <= 20_000
    assert weights.third.shape[0] % len(HALF_LIVES) == 0


# --- with the tracker ------------------------------------------------------------------------------


def follow(tracker: KeyTracker, beats: int, by: int = 0, since: int = 0) -> int:
    """Play the tune over and over, a note a beat in each hand; returns when it is over, in beats."""
    for number in range(since, since + beats):
        at = number * BEAT_US
        tracker.beat(at, BEAT_US)
        pitches = TUNE[number % 16] + by, BASS[number % 16] + by
        for pitch in pitches:
            tracker.strike(at + 1000, pitch, 80)
        for pitch in pitches:
            tracker.release(at + BEAT_US - 1000, pitch)
    return since + beats


@pytest.mark.parametrize("by", range(12))
def test_the_tracker_hears_the_tune_in_every_key(by: int) -> None:
    tracker = KeyTracker()
    over = follow(tracker, 16, by) * BEAT_US

    assert tracker.look(over) == Key(by, "major")
    assert tracker.confidence > 0.5


def test_the_runner_up_is_another_key_and_less_likely() -> None:
    tracker = KeyTracker()
    over = follow(tracker, 16) * BEAT_US
    second = tracker.runner_up(over)

    assert second is not None
    assert second[0] != tracker.look(over)
    assert 0 <= second[1] < tracker.confidence


def test_without_a_key_there_is_no_runner_up() -> None:
    assert KeyTracker().runner_up(0) is None


def test_a_key_that_was_played_for_long_outlasts_a_bar_of_another() -> None:
    tracker = KeyTracker()
    over = follow(tracker, 64)
    over = follow(tracker, 4, 7, over)

    assert tracker.look(over * BEAT_US) == Key(0, "major")


def test_of_a_note_that_is_never_released_no_more_is_heard_than_of_a_long_one() -> None:
    tracker = KeyTracker()
    tracker.strike(0, 61, 80)
    for number in range(1, 2000):
        tracker.beat(number * BEAT_US, BEAT_US)
    over = follow(tracker, 32, since=2000)

    assert tracker.look(over * BEAT_US) == Key(0, "major")


def test_the_network_is_not_asked_in_silence() -> None:
    tracker = KeyTracker()
    over = follow(tracker, 16)
    assert tracker.tone is not None
    heard = tracker.tone.beats
    for number in range(over, over + 50):
        tracker.beat(number * BEAT_US, BEAT_US)

    assert tracker.tone.beats - heard <= 6
    assert tracker.look((over + 50) * BEAT_US) == Key(0, "major")
