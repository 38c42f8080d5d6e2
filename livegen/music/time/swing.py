"""Swing: off-beat eighths played late.  Knows ticks of the beat, and how far styles swing."""

from collections.abc import Iterable
from statistics import median

from livegen.music.time.metre import TICKS_PER_BEAT

STRAIGHT = 50.0
# Percent of a beat that its first eighth takes where people play in a style: medians over all beats of two eighths in
# the Weimar Jazz Database and the Groove MIDI Dataset.  Lead sheets of jazz and blues are written straight and are not
# played so: the median of all jazz.  Hornpipes are those of tunes in ABC.
_BY_STYLE = {
    "drums_blues": 64, "drums_jazz": 61, "folk_hornpipe": 67, "jazz_bebop": 61, "jazz_cool": 60, "jazz_free": 58,
    "jazz_fusion": 57, "jazz_hardbop": 61, "jazz_postbop": 58, "jazz_swing": 62, "jazz_traditional": 60,
    "leadsheet_blues": 60, "leadsheet_jazz": 60,
}  # fmt: skip

# Ticks of the beat at which a late off-beat lies, a straight one, and triplets and sixteenths before it.
_LATE, _ON_OFF_BEAT, _BEFORE = range(14, 18), range(11, 14), range(4, 10)
_FEWEST, _STRAY = 3, 0.2
_HALF = TICKS_PER_BEAT // 2
_REACH = 4  # ticks about the off-beat that move with it: a triplet's last third is not one of them


def usual_swing(style: str) -> float:
    """Give how far a style swings, in percent of a beat for its first eighth; 50 where it is straight or not known."""
    return _BY_STYLE.get(style, STRAIGHT)


def heard_swing(ticks: Iterable[int]) -> float:
    """Give how far who begins notes at these ticks swings, in percent; 50 where it is straight, or not plain to hear.

    Plain are three late off-beats, hardly any straight ones, and hardly anything before them: no triplets, no
    sixteenths.
    """
    places = [tick % TICKS_PER_BEAT for tick in ticks]
    late = [place for place in places if place in _LATE]
    straight = sum(place in _ON_OFF_BEAT for place in places)
    others = sum(place in _BEFORE for place in places)
    if len(late) < _FEWEST or max(straight, others) > _STRAY * len(late):
        return STRAIGHT
    return 100 * median(late) / TICKS_PER_BEAT


def swung(tick: int, percent: float) -> int:
    """Give a tick anew where the first eighth of a beat takes `percent` of it: 50 straight, 67 as triplets, 75 dotted.

    Order is kept.  What is not near the off-beat stays, unless the off-beat has moved past it.
    """
    late = round((percent - 50) / 100 * TICKS_PER_BEAT)
    from_off_beat = tick % TICKS_PER_BEAT - _HALF
    if from_off_beat <= 0:
        return tick + late * max(0, _REACH + from_off_beat) // _REACH
    return tick + max(0, late - from_off_beat)
