"""A chord that is struck on the eighth behind a beat is expected there when it comes back."""

from collections.abc import Sequence

import pytest

from livegen.jam.harmony.outline import ChordFrom
from livegen.jam.harmony.song_memory import SongMemory
from livegen.music.chords.chord import Chord
from livegen.music.time.metre import TICKS_PER_BEAT, Metre
from livegen.music.time.timeline import Timeline

BEAT_US = 504_000  # 21 ms a tick
BAR = 4 * TICKS_PER_BEAT
TIMELINE = Timeline(BEAT_US, 0, Metre(((0, BAR),)))
LOOP = tuple(Chord(root, "maj") for root in (0, 7, 9, 5))
WHOLE = 3  # tones that are struck at once

Stroke = tuple[int, int]  # ticks from the bar line, and tones


def remembered(strokes: Sequence[Sequence[Stroke]]) -> tuple[ChordFrom, ...]:
    """What is expected of the third time round but its first chord; the last stroke of each makes it so."""
    memory, found = SongMemory(), dict[int, ChordFrom]()
    happens = []
    for bar in range(12):
        for number, (into, tones) in enumerate(strokes[bar % 4], 1):
            is_last = number == len(strokes[bar % 4])
            happens.append((bar * BAR + into, tones, LOOP[bar % 4] if is_last else None))
    holds = LOOP[0]
    for tick in range(12 * BAR):
        now = TIMELINE.micros(tick)
        for at, tones, chord in happens:
            if at == tick:
                memory.strikes(now, tones)
                holds = chord or holds
                memory.sounds(holds, now)
        memory.follow(TIMELINE, now, lambda _: False)
        if tick >= 7 * BAR:
            coming, _ = memory.coming(tick, tick + 2 * BAR, holds, has_hand=True)
            found |= {it.tick: it for it in coming if 8 * BAR + 24 <= it.tick < 12 * BAR - 24}
    return tuple(found[tick] for tick in sorted(found))


@pytest.mark.parametrize("late", [10, 12, 16])
def test_a_chord_that_is_struck_behind_its_beat_is_expected_there(late: int) -> None:
    """Straight, a little early, and swung."""
    strokes = [[(0, WHOLE)], [(late, WHOLE)], [(0, WHOLE)], [(late, WHOLE)]]

    assert remembered(strokes) == tuple(
        ChordFrom((8 + bar) * BAR + strokes[bar][0][0], LOOP[bar]) for bar in (1, 2, 3)
    )


def test_a_chord_that_is_struck_an_eighth_before_its_bar_line_is_expected_there() -> None:
    strokes = [[(0, WHOLE)], [(-12, WHOLE)], [(0, WHOLE)], [(-12, WHOLE)]]

    assert remembered(strokes) == tuple(
        ChordFrom((8 + bar) * BAR + strokes[bar][0][0], LOOP[bar]) for bar in (1, 2, 3)
    )


@pytest.mark.parametrize(
    "strokes", [[(3, WHOLE)], [(8, WHOLE)], [(0, 1), (12, WHOLE)], [(0, 1), (6, 1), (12, 1)]]
)
def test_a_chord_that_comes_late_or_behind_its_bass_or_broken_is_expected_on_its_beat(
    strokes: list[Stroke],
) -> None:
    assert remembered([strokes] * 4) == tuple(
        ChordFrom((8 + bar) * BAR, LOOP[bar]) for bar in (1, 2, 3)
    )
