"""The players of a staff's notes: the two hands of a keyboard, and the two layers (voices) of a staff.

Knows ticks and pitches, no bars.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import attrgetter

from livegen.music.note import Note
from livegen.music.parts import SPLIT_PITCH
from livegen.notation.symbols import Group

# The pitches at which hands may part: the left takes what lies below.
_SPLITS = range(46, 75)
_REACH = 14  # semitones that a hand spans with ease
_LATELY = 12  # ticks for which an onset still says where a hand lies
# Costs, chosen on 14 train pieces for piano: .957 of their notes in the right hand (docs/log/music.md).
_MOVES, _ASTRAY, _STRETCH, _NEAR, _FAR = 0.6, 0.006, 1.5, 0.5, 3.0
_LEGATO = 6  # ticks that a finger may be late
_FILLS = 0.6  # share of the way to the next note from which on a note is written as long as that


def hands(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """The notes of the right and of the left hand, by the cheapest way of a split that moves with the music.

    A split costs what it moves, how far it lies from middle C, how a hand would have to stretch, and notes close to it.
    """
    clusters = [list(row) for _, row in groupby(sorted(notes), key=attrgetter("onset"))]
    if not clusters:
        return [], []
    costs = [_ASTRAY * (split - SPLIT_PITCH) ** 2 for split in _SPLITS]
    ways: list[list[int]] = []
    for index, cluster in enumerate(clusters):
        about = [
            note.pitch
            for near in clusters[max(0, index - 4) : index + 1]
            for note in near
            if note.end > cluster[0].onset or cluster[0].onset - note.onset < _LATELY
        ]
        came, costs = _moved(costs)
        ways.append(came)
        costs = [
            cost + _ASTRAY * (split - SPLIT_PITCH) ** 2 + _uneasy(sorted(set(about)), split)
            for cost, split in zip(costs, _SPLITS, strict=True)
        ]
    at = costs.index(min(costs))
    splits = []
    for came in reversed(ways):
        splits.append(_SPLITS[at])
        at = came[at]
    right: list[Note] = []
    left: list[Note] = []
    for split, cluster in zip(reversed(splits), clusters, strict=True):
        for note in cluster:
            (left if note.pitch < split else right).append(note)
    return right, left


def _moved(costs: Sequence[float]) -> tuple[list[int], list[float]]:
    """For each split the cheapest one to come from, and what that costs."""
    came, least = [], []
    for to in range(len(costs)):
        options = [cost + _MOVES * abs(to - at) for at, cost in enumerate(costs)]
        least.append(min(options))
        came.append(options.index(least[-1]))
    return came, least


def _uneasy(pitches: Sequence[int], split: int) -> float:
    """The cost of a split for the hands that hold these pitches."""
    left = [pitch for pitch in pitches if pitch < split]
    right = [pitch for pitch in pitches if pitch >= split]
    stretch = sum(max(0, hand[-1] - hand[0] - _REACH) for hand in (left, right) if hand)
    near = min((abs(pitch + 0.5 - split) for pitch in pitches), default=9.0)
    return _STRETCH * stretch + _NEAR * max(0.0, _FAR - near)


# --- layers -------------------------------------------------------------------------------------------------------


def one_layer(notes: Iterable[Note]) -> list[Group]:
    """Groups one after the other: each ends where the next begins at the latest."""
    by_start = groupby(sorted(notes), key=attrgetter("onset"))
    groups = [
        Group(int(start), int(max(note.end for note in row)), _pitches(row))
        for start, row in ((start, list(row)) for start, row in by_start)
    ]
    return filled(groups)


def two_layers(notes: Iterable[Note]) -> tuple[list[Group], list[Group]]:
    """The upper and the lower layer of a staff; the lower is empty while one is enough.

    What is held while others move goes to the layer on its side of them.  Of three things at once the one that ends
    first is cut.
    """
    groups = _apart(notes)
    layers: tuple[list[Group], list[Group]] = ([], [])
    for index, group in enumerate(groups):
        sounding = [
            bool(layer) and layer[-1].end - group.start > _tolerance(layer[-1], group)
            for layer in layers
        ]
        side = _side(group, groups, index)
        if sounding == [False, False]:
            at = side if side is not None else 0
        elif sounding == [True, True]:
            at = 0 if layers[0][-1].end <= layers[1][-1].end else 1
        else:
            at = sounding.index(False)
        _append(layers[at], group)
    return filled(layers[0]), filled(layers[1])


def _apart(notes: Iterable[Note]) -> list[Group]:
    """Groups by onset; of notes that begin together those that end much later are a group of their own."""
    groups = []
    for start, row in groupby(sorted(notes), key=attrgetter("onset")):
        cluster = sorted(row, key=lambda note: note.end)
        ends = [note.end for note in cluster]
        gap, cut = max(
            ((after - end, at + 1) for at, (end, after) in enumerate(pairwise(ends))),
            default=(0, 0),
        )
        if gap > _LEGATO and (ends[cut] - start) > 1.5 * (ends[cut - 1] - start):
            parts = [cluster[:cut], cluster[cut:]]
        else:
            parts = [cluster]
        groups += [
            Group(int(start), int(max(n.end for n in part)), _pitches(part)) for part in parts
        ]
    return sorted(groups, key=lambda group: (group.start, -sum(group.pitches) / len(group.pitches)))


def _side(group: Group, groups: Sequence[Group], index: int) -> int | None:
    """The layer for a group during which others begin: 0 if it lies above them, 1 if below; None without any."""
    others = [
        pitch
        for other in groups[max(0, index - 1) : index + 24]
        if other is not group and group.start <= other.start < group.end - _LEGATO
        for pitch in other.pitches
    ]
    if not others:
        return None
    return 1 if sum(others) / len(others) > sum(group.pitches) / len(group.pitches) else 0


def _tolerance(held: Group, group: Group) -> float:
    return min(_LEGATO, (group.start - held.start) / 4)


def _append(layer: list[Group], group: Group) -> None:
    """Append a group: what sounds ends there; what began there is one chord with it."""
    if layer and layer[-1].start == group.start:
        before = layer.pop()
        pitches = tuple(sorted({*before.pitches, *group.pitches}))
        group = Group(group.start, max(before.end, group.end), pitches)
    elif layer and layer[-1].end > group.start:
        layer[-1] = layer[-1]._replace(end=group.start)
    layer.append(group)


def filled(groups: Sequence[Group]) -> list[Group]:
    """Groups of one layer without overlaps, and without rests where a note was only let go a little early."""
    found = []
    for group, after in zip(groups, [*groups[1:], None], strict=False):
        if after is not None:
            way = after.start - group.start
            is_full = group.end - group.start >= _FILLS * way and after.start - group.end < 24
            if group.end > after.start or is_full:
                group = group._replace(end=after.start)
        found.append(group)
    return found


def _pitches(notes: Iterable[Note]) -> tuple[int, ...]:
    return tuple(sorted({note.pitch for note in notes}))
