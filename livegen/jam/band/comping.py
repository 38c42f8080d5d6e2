"""The rhythm of a comp in a style: on which beats of the bar it strikes its chord, and how many notes of it.

People who comp strike whole chords in a rhythm that comes back and is seldom twice the same: so a style has bars of
which each phrase draws its own.  A pop pianist breaks chords between the strong beats.  What is struck on the last
eighth of a bar is the chord of the next one.  Knows ticks of the bar and styles; knows no chords and no model.  Chance
is a seed.
"""

from functools import lru_cache
from random import Random
from typing import NamedTuple

from livegen.jam.band.figures import WALTZ, Beat, Figure, Role
from livegen.music.drums.drum_bars import COMMON
from livegen.music.time.metre import Metre
from livegen.music.time.swing import STRAIGHT, usual_swing
from livegen.music.words.style_names import nearest

PHRASE = 4  # bars: the first two come again in the third and fourth, more or less
PHRASES = 8  # before they come again
AGAIN = 0.6  # share of bars that are those of two bars before
MOST = 6  # strikes of a bar that is made denser than it is
PUSHED = COMMON - 12  # from here on a strike is of the next bar

Ticks = tuple[int, ...]  # ticks of the bar, what is struck most often first


class _Comping(NamedTuple):
    """A style of comping: bars, or pairs of bars, how many notes at once, None for a chord, and which.

    Who ripples strikes whole chords on strong beats.
    """

    pairs: tuple[tuple[Ticks, ...], ...]
    voices: int | None = None
    role: Role = Role.ANY


def _bars(*bars: Ticks) -> _Comping:
    return _Comping(tuple((bar,) for bar in bars))


# People's comps of 4/4 (`python -m bench.comps DATA`): the rhythm of a style's commonest bar of many strikes, of rock,
# where none is common, the likeliest six, and of electronic music the sixteenths that no other has so evenly; the
# likeliest first.  Rock and metal strike up to two notes, oftenest a fifth apart; half the strikes of pop and of
# electronic bands are one note, with four or five different ones in a bar; hymns have two inner voices.
_EIGHTHS = (0, 48, 72, 24, 84, 36, 60, 12)
_SIXTEENTHS = (*_EIGHTHS, 18, 42, 66, 6, 54, 30, 78, 90)
# The rhythms that pianists and guitarists are taught.  Swing: the Charleston, the ands of two and four, two and four,
# and what is left of them.  Bossa nova: pairs of bars about its clave.  A montuno: its syncopations.
_SWING = _bars(
    (0, 36), (0, 36), (36, 84), (36, 84), (24, 60), (36,), (12, 60), (0, 36, 84), (24, 72)
)  # fmt: skip
_BOSSA = _Comping(
    (
        ((0, 36, 72), (24, 60)),
        ((0, 36, 72), (24, 60)),
        ((0, 36, 84), (36, 72)),
        ((24, 60), (12, 36, 72)),
    )
)
_MONTUNO = _Comping((((0, 36, 60, 24, 84), (36, 60, 12, 84)),))
_BALLAD = tuple(
    (bar,)
    for bar in ((0, 48, 24, 72, 36, 84, 12, 60), (0, 48, 24, 72, 36, 84), (0, 48, 72, 36, 84, 12))
)
_SONG = _bars((0, 48), (0, 48), (0, 48, 72), (0, 36, 72), (0, 48, 84), (0, 24, 48, 72))
_OOM_PAH, _OOM_PAH_PAH = _bars((24, 72)), _bars((24, 48))
_SWUNG_WALTZ = _bars((0, 36), (36,), (24, 60), (12, 48))

_COMPS: dict[str, _Comping] = {
    "band_rock": _Comping((((0, 36, 72, 24, 84, 60),),), 2, Role.POWER),
    "band_metal": _Comping(((_EIGHTHS,),), 2, Role.POWER),
    "band_pop": _Comping(((_EIGHTHS,),), 1, Role.BROKEN),
    "band_electronic": _Comping(((_SIXTEENTHS,),), 1, Role.BROKEN),
    "hymn": _Comping((((0, 48, 72, 24),),), 2),
    "leadsheet_latin": _BOSSA, "drums_latin": _BOSSA, "drums_afrocuban": _MONTUNO,
    "jazz_traditional": _OOM_PAH, "ragtime": _OOM_PAH, "march": _OOM_PAH, "drums_country": _OOM_PAH,
    "folk": _OOM_PAH,
    "pop": _Comping(_BALLAD, role=Role.RIPPLES), "any": _SONG, "song": _SONG, "gospel": _SONG, "leadsheet_pop": _SONG,
    "leadsheet_song": _SONG, "leadsheet_stage_screen": _SONG, "rock_classic": _SONG, "drums_pop": _SONG,
    "drums_soul": _SONG,
}  # fmt: skip
_WALTZES: dict[str, _Comping] = {name: _OOM_PAH_PAH for name in ("any", "folk", "song", "pop")}


@lru_cache(maxsize=8)
def of_comp(
    style: str, metre: Metre, origin: int, density: float = 1.0, seed: str = ""
) -> Figure | None:
    """A comp's figure in a style from a bar line on, with a share `density` of its beats, those struck most often.

    Above 1 there are more, on eighths.  Where a style has several bars a `seed` says which follow each other.
    """
    bar = metre.place(origin).bar
    comping = _comping(style, bar)
    if comping is None:
        return None
    bars = _phrases(comping, seed) if len(comping.pairs) > 1 else comping.pairs[0]
    beats = list[Beat]()
    for number, strikes in enumerate(bars):
        for tick in sorted(_as_dense(strikes, density, bar)):
            # Who has struck the chord before the bar line does not strike it again on it.
            if tick or not beats or beats[-1].role is not Role.PUSH:
                beats.append(Beat(number * bar + tick, _role(comping, tick, bar)))
    if not beats:
        return None
    period = len(bars) * bar
    return Figure(metre.bar_near(origin), period, tuple(beats), is_firm=True, voices=comping.voices)


def _role(comping: _Comping, tick: int, bar: int) -> Role:
    """The role of the strike at a tick of a bar."""
    if comping.role is Role.RIPPLES and tick % (COMMON // 2) == 0:
        return Role.ANY
    is_pushed = tick >= PUSHED and bar == COMMON and comping.role is Role.ANY
    return Role.PUSH if is_pushed else comping.role


def _as_dense(strikes: Ticks, density: float, bar: int) -> Ticks:
    """The strikes of a bar that are left at a density, or those with more on eighths, on beats first, up to `MOST`."""
    count = max(1, round(density * len(strikes)))
    more = [tick for tick in _EIGHTHS if tick < bar and tick not in strikes]
    return (*strikes, *more[: max(0, MOST - len(strikes))])[:count]


def _comping(style: str, bar: int) -> _Comping | None:
    swings = usual_swing(style) != STRAIGHT
    if bar == COMMON:
        return nearest(style, _COMPS, _SWING if swings else None)
    if bar == WALTZ:
        return nearest(style, _WALTZES, _SWUNG_WALTZ if swings else None)
    return None


def _phrases(comping: _Comping, seed: str) -> tuple[Ticks, ...]:
    """The bars of all phrases, one after another: in each the second half is like the first."""
    chance, size = Random(f"{seed} comp"), len(comping.pairs[0])
    bars = list[Ticks]()
    for number in range(0, PHRASE * PHRASES, size):
        is_again = number % PHRASE >= PHRASE // 2 and chance.random() < AGAIN
        drawn = chance.choice(comping.pairs)
        before = bars[number - PHRASE // 2 : number - PHRASE // 2 + size]
        bars.extend(before if is_again else drawn)
    return tuple(bars)
