"""What a phrase says of itself while it is played."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.melody.phrase import Extent, Phrase, usual_ioi_us
from livegen.music.parts import COMP, DRUMS, LEAD


def phrase(*notes: tuple[int, int, int], part: int = LEAD, velocity: int = 80) -> Phrase:
    """From (onset ms, offset ms, pitch)."""
    played = Phrase()
    keys = [(on * 1000, 1, pitch) for on, _, pitch in notes]
    keys += [(off * 1000, 0, pitch) for _, off, pitch in notes]
    for at, down, pitch in sorted(keys):
        if down:
            played.strike(at, part, pitch, velocity)
        else:
            played.release(at, part, pitch)
    return played


def test_a_pause_is_longer_than_a_note_of_twice_the_usual_length() -> None:
    eighths = phrase(*((at, at + 200, 60) for at in range(0, 2000, 250)))
    silence_before_a_quarter = 2 * 250_000 - 200_000
    assert silence_before_a_quarter < eighths.rest_us < 1_000_000


def test_how_short_notes_are_played_does_not_change_when_the_phrase_ends() -> None:
    ends = set()
    for length in (50, 150, 350):
        quarters = phrase(*((at, at + length, 60) for at in range(0, 2000, 400)))
        ends.add(quarters.active_us + quarters.rest_us)
    assert len(ends) == 1


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=30).map(sorted))
def test_a_rest_is_a_quarter_second_to_a_second_and_a_fifth(onsets: list[int]) -> None:
    played = Phrase()
    for at in onsets:
        played.strike(at, LEAD, 60, 80)
    assert 250_000 <= played.rest_us <= 1_200_000


def test_a_chord_is_one_onset_of_the_pace() -> None:
    assert usual_ioi_us([0, 5_000, 10_000, 400_000, 410_000, 800_000]) == 400_000


def test_legato_is_one_voice_and_a_chord_is_as_many_as_its_notes() -> None:
    assert phrase((0, 540, 60), (500, 1000, 62)).extents[LEAD].voices == 1
    assert phrase((0, 500, 60), (5, 510, 64), (10, 520, 67)).extents[LEAD].voices == 3
    assert phrase((0, 2000, 40), (500, 900, 62)).extents[LEAD].voices == 2


def test_range_and_loudness_are_kept_by_part() -> None:
    played = phrase((0, 100, 60), (200, 300, 67))
    played.strike(400_000, COMP, 48, 40)
    played.strike(500_000, DRUMS, 36, 120)

    assert played.extents == {
        LEAD: Extent(60, 67, notes=2, strokes=2),
        COMP: Extent(48, 48, notes=1, strokes=1),
        DRUMS: Extent(36, 36, notes=1, strokes=1),
    }
    assert played.velocity == (80 + 80 + 40 + 120) / 4


def test_one_note_among_others_is_no_part() -> None:
    played = phrase((0, 100, 60), (200, 300, 67))
    played.strike(400_000, COMP, 48, 40)
    played.strike(500_000, DRUMS, 36, 120)
    assert played.parts == (LEAD,)
    played.strike(600_000, COMP, 48, 40)
    assert phrase((0, 100, 36), part=DRUMS).parts == (DRUMS,)
    assert list(played.parts) == [LEAD, COMP]


def test_keys_of_one_chord_among_others_are_no_part() -> None:
    played = phrase(*((at, at + 100, 48 + at % 3) for at in range(0, 1600, 200)), part=COMP)
    for key, pitch in enumerate((60, 64)):
        played.strike(2_000_000 + key, LEAD, pitch, 80)
    assert list(played.parts) == [COMP]
    played.strike(3_000_000, LEAD, 72, 80)
    assert played.parts == (LEAD, COMP)


def test_a_power_chord_on_the_tonic_is_at_home_though_its_fifth_lies_above_it() -> None:
    riff = phrase(*((at, at + 100, 45 + step) for at, step in enumerate((0, 3, 5, 3, 0, 7))))
    for pitch in (45, 52):
        riff.strike(2_000_000, LEAD, pitch, 80)
    assert riff.key is not None and riff.key.tonic == 45 % 12
    assert riff.last_pitch == 52
    assert riff.is_on_tonic


def test_drums_alone_end_on_no_pitch() -> None:
    drums = phrase((0, 90, 36), (500, 590, 38), part=DRUMS)
    assert drums.last_pitch is None
    assert not drums.is_on_tonic


def test_drums_have_no_pitch_classes() -> None:
    played = phrase((0, 100, 36), part=DRUMS)
    assert not any(played.pitch_classes)


def test_who_plays_to_a_clock_rests_for_a_beat_at_least() -> None:
    phrase = Phrase(beat_us=600_000)
    for number in range(8):
        phrase.strike(number * 150_000, 0, 60, 80)
        phrase.release(number * 150_000 + 140_000, 0, 60)
    assert phrase.rest_us == 600_000


def test_how_loud_it_is_lately_is_told_by_the_last_notes_and_by_eight_at_least() -> None:
    played = Phrase()
    assert played.velocity_since(0) == 64
    for number in range(40):
        played.strike(number * 500_000, LEAD, 60 + number % 5, 40 if number < 20 else 100)

    assert played.velocity_since(10 * 500_000) == 80  # ten soft, twenty loud
    assert played.velocity_since(30 * 500_000) == 100
    assert played.velocity_since(10**12) == 100
    assert played.velocity == 70
