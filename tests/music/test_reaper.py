"""A project of Reaper holds what a score holds: each message at its tick, tempo and bars, named tracks and signs."""

import re

from livegen.music.files.reaper import Region, project
from livegen.music.files.smf import Score, Track
from livegen.music.messages import ControlChange, NoteOff, NoteOn

SCORE = Score(
    480,
    (
        Track("Player", ((1920, NoteOn(60, 80)), (2400, NoteOff(60)))),
        Track("Model bass", ((0, ControlChange(7, 90, 2)), (960, NoteOn(36, 90, 2)), (2880, NoteOff(36, 64, 2))), 32),
    ),
    ((0, 500_000), (1920, 400_000)),
    ((0, 4, 4), (1920, 3, 4)),
)  # fmt: skip


def events(text: str) -> list[list[tuple[int, str]]]:
    """The messages of each item: ticks from its beginning, and bytes."""
    found = []
    for item in text.split("<SOURCE MIDI")[1:]:
        tick, rows = 0, []
        for wait, data in re.findall(r"^ +E (\d+) ((?:[0-9a-f]{2} ?)+)$", item, re.M):
            tick += int(wait)
            rows.append((tick, data))
        found.append(rows)
    return found


def test_every_message_is_at_its_tick_and_each_item_ends_with_the_music() -> None:
    player, bass = events(project(SCORE))
    assert player == [(1920, "90 3c 50"), (2400, "80 3c 40"), (2880, "b0 7b 00")]
    sound = [(0, "c2 20 00"), (0, "b2 07 5a")]
    assert bass == [*sound, (960, "92 24 5a"), (2880, "82 24 40"), (2880, "b2 7b 00")]


def test_tempo_and_metre_change_where_those_of_the_score_do() -> None:
    points = re.findall(r"PT ([\d.]+) ([\d.]+) 1 (\d+) 0 1", project(SCORE))
    told = [(float(at), float(bpm), int(m) & 0xFFFF, int(m) >> 16) for at, bpm, m in points]
    assert told == [(0.0, 120.0, 4, 4), (2.0, 150.0, 3, 4)]


def test_items_begin_at_the_first_bar_and_are_as_long_as_the_music_in_seconds() -> None:
    text = project(SCORE)
    assert re.findall(r"POSITION (\S+)", text) == ["0", "0"]
    assert {float(length) for length in re.findall(r"LENGTH (\S+)", text)} == {2.8}


def test_chords_are_markers_and_takes_are_regions() -> None:
    text = project(SCORE, [(0, "C"), (1920, 'a "quoted" chord')], [Region(0, 1920, "Take 1")])
    marks = re.findall(r"MARKER (\d+) ([\d.]+) (.+) ([01])$", text, re.M)
    assert [(int(n), float(at), name, kind) for n, at, name, kind in marks] == [
        (1, 0.0, '"C"', "0"),
        (2, 2.0, "'a \"quoted\" chord'", "0"),
        (3, 0.0, '"Take 1"', "1"),
        (3, 2.0, '""', "1"),
    ]


def test_a_name_cannot_break_the_project() -> None:
    evil = Score(480, (Track('x"\n  >\n<TRACK', ((0, NoteOn(60, 80)), (1, NoteOff(60)))),))
    text = project(evil)
    assert text.count("\n  <TRACK\n") == 1
    depth = 0
    for row in text.splitlines():
        depth += row.lstrip().startswith("<")
        depth -= row.strip() == ">"
    assert depth == 0
