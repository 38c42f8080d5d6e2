"""Swing: off-beat eighths played late.  Knows ticks of the beat, and how far styles swing."""

from livegen.music.metre import TICKS_PER_BEAT

STRAIGHT = 50.0
# Percent of a beat that its first eighth takes where people play in a style: medians over all beats of two eighths in
# the Weimar Jazz Database and the Groove MIDI Dataset.  Lead sheets of jazz and blues are written straight and are not
# played so: the median of all jazz.
_BY_STYLE = {
    "drums_blues": 64, "drums_jazz": 61, "jazz_bebop": 61, "jazz_cool": 60, "jazz_free": 58, "jazz_fusion": 57,
    "jazz_hardbop": 61, "jazz_postbop": 58, "jazz_swing": 62, "jazz_traditional": 60, "leadsheet_blues": 60,
    "leadsheet_jazz": 60,
}  # fmt: skip

_HALF = TICKS_PER_BEAT // 2
_REACH = 4  # ticks about the off-beat that move with it: a triplet's last third is not one of them


def usual_swing(style: str) -> float:
    """How far a style swings, in percent of a beat for its first eighth; 50 where it is straight or not known."""
    return _BY_STYLE.get(style, STRAIGHT)


def swung(tick: int, percent: float) -> int:
    """Where a tick lies when the first eighth of a beat takes `percent` of it: 50 straight, 67 as triplets, 75 dotted.

    Order is kept.  What is not near the off-beat stays, unless the off-beat has moved past it.
    """
    late = round((percent - 50) / 100 * TICKS_PER_BEAT)
    from_off_beat = tick % TICKS_PER_BEAT - _HALF
    if from_off_beat <= 0:
        return tick + late * max(0, _REACH + from_off_beat) // _REACH
    return tick + max(0, late - from_off_beat)
