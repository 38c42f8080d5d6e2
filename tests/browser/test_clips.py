"""A MIDI file that is dropped on the page plays to the model in the player's place, and is answered."""

from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import Message, NoteOff, NoteOn
from tests.browser.conftest import Look
from tests.browser.pages import NOTE_OFF, NOTE_ON, PLAYER, Jam

PITCHES = [60, 64, 67, 65, 62, 60]


def clip(path: Path) -> bytes:
    """Six eighths at 120."""
    rows: list[tuple[int, Message]] = []
    for number, pitch in enumerate(PITCHES):
        rows += [(number * 240, NoteOn(pitch, 90)), (number * 240 + 200, NoteOff(pitch))]
    write(path, Score(480, (Track("Melody", tuple(rows)),), ((0, 500_000),)))
    return path.read_bytes()


def test_a_clip_that_is_dropped_plays_in_your_place_and_is_answered(
    jamming: Jam, look: Look, tmp_path: Path
) -> None:
    seen = look(jamming)

    seen.drops("clip.mid", clip(tmp_path / "clip.mid"))

    expect(seen.page.locator("#clip-said")).to_have_text("clip.mid plays to the model")
    seen.is_answered()
    heard = [note for note in seen.notes(PLAYER) if note[1] & 0xF0 == NOTE_ON]
    assert [note[2] for note in heard] == PITCHES
    apart = [later[0] - note[0] for note, later in pairwise(heard)]
    assert 200_000 < sum(apart) / len(apart) < 300_000  # eighths of 250 ms, on a busy machine too
    expect(seen.page.locator("#clip-said")).to_have_text("")
    assert seen.complaints == []


def test_a_clip_that_is_stopped_lets_go_of_its_keys(
    echoing: Jam, look: Look, tmp_path: Path
) -> None:
    seen = look(echoing)
    path = tmp_path / "long.mid"
    rows: tuple[tuple[int, Message], ...] = ((0, NoteOn(60, 90)), (480 * 60, NoteOff(60)))
    write(path, Score(480, (Track("Melody", rows),), ((0, 500_000),)))
    seen.page.set_input_files("input[type=file][accept*=midi]", path)
    seen.until(lambda: seen.notes(PLAYER))

    seen.page.get_by_role("button", name="Stop the clip").click()

    seen.until(lambda: [note[1] & 0xF0 for note in seen.notes(PLAYER)] == [NOTE_ON, NOTE_OFF])


def test_what_is_no_clip_is_said_and_plays_nothing(echoing: Jam, look: Look) -> None:
    seen = look(echoing)

    seen.drops("<b>letter</b>.txt", b"Dear Ana,")

    said = seen.page.locator("#clip-said")
    expect(said).to_have_text("<b>letter</b>.txt cannot be played: it is no MIDI file")
    assert seen.notes(PLAYER) == []
