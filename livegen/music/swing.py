"""Swing: off-beat eighths played late.  Knows ticks of the beat."""

from livegen.music.metre import TICKS_PER_BEAT

_HALF = TICKS_PER_BEAT // 2
_REACH = 4  # ticks about the off-beat that move with it: a triplet's last third is not one of them


def swung(tick: int, percent: float) -> int:
    """Where a tick lies when the first eighth of a beat takes `percent` of it: 50 straight, 67 as triplets, 75 dotted.

    Order is kept.  What is not near the off-beat stays, unless the off-beat has moved past it.
    """
    late = round((percent - 50) / 100 * TICKS_PER_BEAT)
    from_off_beat = tick % TICKS_PER_BEAT - _HALF
    if from_off_beat <= 0:
        return tick + late * max(0, _REACH + from_off_beat) // _REACH
    return tick + max(0, late - from_off_beat)
