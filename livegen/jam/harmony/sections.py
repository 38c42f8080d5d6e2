"""The bar lines on which sections of a song begin, into which drums fill.  Knows ticks of the timeline and bars.

What comes round sooner than a phrase is long begins a section only each phrase, and a section that goes on for more
than two phrases is divided into them: nobody plays eight bars of time or fewer without end, nor thirty-two without a
fill.
"""

from collections.abc import Iterator

from livegen.music.time.metre import Metre

PHRASE, SHORTEST = 8, 4  # bars
WINDOW = 5  # bars for which they are told, from the bar of a tick on


def window(tick: int, metre: Metre) -> tuple[int, int]:
    """The stretch, from a bar line on, for which who plays from a tick on has to know them."""
    position, bar = metre.place(tick)
    return tick - position, tick - position + WINDOW * bar


def of_round(start: int, length: int, bar: int, since: int, until: int) -> Iterator[int]:
    """The lines of something of `length` ticks that goes round, so that a round begins at tick `start`.

    They are from `since` to before `until`; `bar` is the length of one.
    """
    first = start % length
    period = length * -(-PHRASE * bar // length) if length < PHRASE * bar else length
    begin = since - (since - first) % period
    while begin < until:
        yield from of_section(begin, begin + period, bar, since, until)
        begin += period


def of_section(start: int, end: int, bar: int, since: int, until: int) -> Iterator[int]:
    """The lines of a section from tick `start` to tick `end`: its begin, and where it is long each eight bars of it."""
    apart = PHRASE * bar if end - start > 2 * PHRASE * bar else end - start
    for line in range(start, end, apart):
        if since <= line < until and (line == start or end - line >= SHORTEST * bar):
            yield line
