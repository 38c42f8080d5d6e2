"""What accompanies is told the chords: those it hears, else those that a melody implies."""

from livegen.jam.ears import Struck
from livegen.jam.harmonist import Harmonist
from livegen.jam.turns import MODES
from livegen.music.chord import Chord
from livegen.music.metre import TICKS_PER_BEAT, Metre
from livegen.music.parts import COMP, LEAD
from livegen.music.timeline import Timeline

BEAT_US = 500_000
BAR = 4 * TICKS_PER_BEAT
IN_FOUR = Timeline(BEAT_US, 0, Metre(((0, BAR),)))
IN_THREE = Timeline(BEAT_US, 0, Metre(((0, 3 * TICKS_PER_BEAT),)))


def heard(*melody: int, harmonist: Harmonist | None = None, since: int = 0) -> Harmonist:
    """Who has heard these notes, half a beat each, above the left hand."""
    found = harmonist or Harmonist()
    for index, pitch in enumerate(melody):
        at = since + index * BEAT_US // 2
        found.hear(at, Struck(LEAD, pitch, 80))
        found.hear(at + BEAT_US // 2 - 1_000, Struck(LEAD, pitch, 0))
    return found


def told(
    harmonist: Harmonist, tick: int, timeline: Timeline = IN_FOUR, mode: str = "accompany"
) -> dict[int, Chord]:
    now = timeline.micros(tick)
    brief = harmonist.for_brief(MODES[mode], tick, now, timeline, now)
    return dict(brief.get("chords", ()))


SCALE = (72, 74, 76, 77, 79, 81, 83, 84)


def test_a_melody_alone_implies_a_chord_for_each_half_of_a_bar() -> None:
    harmonist = heard(*SCALE, 77, 81, 84)
    chords = told(harmonist, BAR + 40)

    assert chords[BAR] == Chord(5, "maj")
    assert list(chords) == [BAR, BAR + 48, BAR + 96]


def test_in_three_a_chord_holds_for_a_bar() -> None:
    assert list(told(heard(*SCALE), 3 * 24 + 40, IN_THREE)) == [72, 144, 216]


def test_chords_that_are_played_count_for_more_than_those_that_are_implied() -> None:
    harmonist = heard(*SCALE)
    for pitch in (43, 47, 50):
        harmonist.hear(4 * BEAT_US, Struck(COMP, pitch, 80))

    assert told(harmonist, BAR + 24) == {BAR + 24: Chord(7, "maj")}


def test_nothing_is_implied_before_a_key_is_known() -> None:
    assert told(Harmonist(), BAR) == {}
    assert told(heard(61), BAR) == {}


def test_an_answer_is_told_no_implied_chords() -> None:
    assert told(heard(*SCALE), BAR + 40, mode="respond") == {}


def test_a_note_that_sounds_is_taken_to_go_on_for_a_beat() -> None:
    """So that it counts at once, and not only when it is over."""
    harmonist = heard(*SCALE)
    for at, pitch in ((4 * BEAT_US, 81), (4 * BEAT_US + 1_000, 77)):
        harmonist.hear(at, Struck(LEAD, pitch, 80))

    assert told(harmonist, BAR + 1)[BAR] == Chord(5, "maj")


def test_however_long_it_hears_its_memory_is_bounded() -> None:
    harmonist = heard(*(SCALE * 100))

    assert len(harmonist._melody) <= 64
    assert len(harmonist._ended) <= 64
