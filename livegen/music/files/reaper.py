"""A score as a project of Reaper, which is text: tempo map, an item of MIDI for each track, markers and regions.

The form is that of the files which Reaper itself writes (its own description: "State chunk definitions", Reaper's
forum and wiki).  Knows ticks; knows no parts.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from livegen.music.files.smf import Score, Texts, Track
from livegen.music.files.tempo_map import DEFAULT_TEMPO
from livegen.music.messages import ALL_NOTES_OFF, NoteOn, Other, ProgramChange, encode

_US = 1_000_000
_COMMON = (4, 4)
_SQUARE = 1  # the tempo stays until the next point
_LONGEST = 3  # bytes of a message that a line of an item holds


class Region(NamedTuple):
    """A named stretch of the time line, between two ticks."""

    start: int
    end: int
    name: str


def project(score: Score, markers: Texts = (), regions: Sequence[Region] = ()) -> str:
    """The text of a project that plays a score; markers and regions stand at their ticks."""
    end = max((tick for track in score.tracks for tick, _ in track.messages), default=0)
    points = list(_points(score))
    _, bpm, (numerator, denominator) = points[0]
    lines = ['<REAPER_PROJECT 0.1 "6.0" 0', f"  TEMPO {bpm:.10f} {numerator} {denominator}"]
    lines += ["  <TEMPOENVEX", "    ACT 1 -1"]
    for tick, bpm, (numerator, denominator) in points:
        metre = denominator << 16 | numerator
        at = _seconds(score, tick)
        lines.append(f"    PT {at:.12f} {bpm:.10f} {_SQUARE} {metre} 0 1")
    lines.append("  >")
    signs = [(tick, _quoted(text), 0) for tick, text in markers]
    lines += [_marker(number, score, *sign) for number, sign in enumerate(signs, 1)]
    for number, (start, until, name) in enumerate(regions, len(signs) + 1):
        lines.append(_marker(number, score, start, _quoted(name), 1))
        lines.append(_marker(number, score, until, '""', 1))
    for track in score.tracks:
        lines += _track(track, score, end)
    return "\n".join([*lines, ">", ""])


def _marker(number: int, score: Score, tick: int, name: str, is_region: int) -> str:
    return f"  MARKER {number} {_seconds(score, tick):.12f} {name} {is_region}"


def _points(score: Score) -> Iterator[tuple[int, float, tuple[int, int]]]:
    """The ticks at which tempo or metre change, and both from there: quarters a minute, the metre."""
    tempos, metres = dict(score.tempos), {tick: (n, d) for tick, n, d in score.metres}
    tempo, metre = DEFAULT_TEMPO, _COMMON
    for tick in sorted({0, *tempos, *metres}):
        tempo, metre = tempos.get(tick, tempo), metres.get(tick, metre)
        yield tick, 60 * _US / tempo, metre


def _track(track: Track, score: Score, end: int) -> Iterator[str]:
    name = _quoted(track.name)
    yield from ("  <TRACK", f"    NAME {name}", "    <ITEM", "      POSITION 0")
    yield from (f"      LENGTH {_seconds(score, end):.12f}", f"      NAME {name}")
    yield from ("      <SOURCE MIDI", f"        HASDATA 1 {score.ppqn} QN")
    rows = [(tick, encode(m)) for tick, m in track.messages if not isinstance(m, Other)]
    channel = next((m.channel for _, m in track.messages if isinstance(m, NoteOn)), 0)
    if track.program:
        rows.insert(0, (0, encode(ProgramChange(track.program, channel))))
    rows.append((end, bytes((0xB0 | channel, ALL_NOTES_OFF, 0))))  # where the item ends
    for (before, _), (tick, data) in pairwise([(0, b""), *rows]):
        told = " ".join(f"{byte:02x}" for byte in data.ljust(_LONGEST, b"\0"))
        yield f"        E {tick - before} {told}"
    yield from ("      >", "    >", "  >")


def _seconds(score: Score, tick: int) -> float:
    return score.tempo_map.micros(tick) / _US


def _quoted(text: str) -> str:
    """A name as a project has it: on one line, between signs that are not in it."""
    line = " ".join(text.split())
    sign = next((one for one in "\"'`" if one not in line), None)
    return f"{sign}{line}{sign}" if sign else f"`{line.replace('`', chr(39))}`"
