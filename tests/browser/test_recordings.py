"""The shelf on the page: capture, fetch, drag out, rename, delete and undo, play back."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

import mido
from playwright.sync_api import Locator, expect

from bench.written import read
from tests.browser.conftest import Look, started
from tests.browser.pages import SHORT, Jam, Seen, jam
from tests.browser.pages import seen as opened

FIRST_PITCHES = [60, 64, 67, 72]  # of the phrase

DRAG = """link => {
  const event = new DragEvent("dragstart", { dataTransfer: new DataTransfer(), bubbles: true, cancelable: true });
  link.dispatchEvent(event);
  return event.dataTransfer.getData("DownloadURL");
}"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jam]:
    """A jam in which a phrase and its answer were captured, once for all."""
    with jam(tmp_path_factory.mktemp("played") / "kept") as one:
        with opened(started()) as seen:
            seen.connects(one)
            seen.plays()
            seen.is_answered()
            expect(seen.page.locator("#turn-words")).to_have_text("Your move")
            shelf = shown(seen)
            shelf.get_by_role("button", name="Capture").click()
            expect(shelf.locator(".takes li")).to_be_visible()
        yield one


def shown(seen: Seen) -> Locator:
    seen.page.get_by_role("tab", name="Recordings").click()
    return seen.page.locator("#panel-takes")


@pytest.fixture
def captured(played: Jam, look: Look) -> tuple[Jam, Seen, Locator]:
    """The jam, a page, and the recording's row on the shelf."""
    seen = look(played)
    row = shown(seen).locator(".takes li")
    expect(row).to_be_visible()
    return played, seen, row


def tracks(data: bytes) -> dict[str, list[int]]:
    """Names of tracks, and their pitches in order."""
    read = mido.MidiFile(file=io.BytesIO(data))
    return {
        track.name: [
            message.note for message in track if message.type == "note_on" and message.velocity
        ]
        for track in read.tracks
    }


def test_a_capture_is_shown_as_notation_and_can_be_kept(
    captured: tuple[Jam, Seen, Locator],
) -> None:
    _, seen, row = captured

    row.get_by_role("button", name=re.compile("^Score")).click()

    sheet = seen.page.locator(".score .sheet")
    expect(sheet).to_be_visible(timeout=30_000)
    assert sheet.evaluate("picture => picture.naturalWidth") > 100
    with seen.page.expect_download(timeout=30_000) as download:
        seen.page.get_by_role("button", name="Download as MusicXML").click()
    assert re.fullmatch(r"[\w .-]+\.musicxml", download.value.suggested_filename)
    parts = read(Path(download.value.path()).read_bytes()).parts
    assert [part.name for part in parts][:2] == ["You", "livegen, lead"]
    assert [note.pitch for note in parts[0].notes][:4] == FIRST_PITCHES


def test_a_capture_can_be_downloaded_and_holds_both_players(
    captured: tuple[Jam, Seen, Locator],
) -> None:
    _, seen, row = captured

    with seen.page.expect_download() as download:
        row.locator("a.take").click()

    assert re.fullmatch(r"[\w .-]+\.mid", download.value.suggested_filename)
    played = tracks(download.value.path().read_bytes())
    assert played["Player"][:4] == FIRST_PITCHES and len(played["Player"]) == len(SHORT)
    assert played["Model lead"]


def test_a_capture_can_be_dragged_out_of_the_page(captured: tuple[Jam, Seen, Locator]) -> None:
    one, _, row = captured
    link = row.locator("a.take")

    link.hover()
    kind, name, address = "", "", ""
    for _ in range(200):
        if dragged := link.evaluate(DRAG):
            kind, name, address = dragged.split(":", 2)
            break
        row.page.wait_for_timeout(20)

    assert (kind, name[-4:]) == ("audio/midi", ".mid")
    assert address.startswith(f"{one.origin}/take/")
    with urlopen(address) as answer:  # as the DAW's desktop does: without the page's token
        assert tracks(answer.read())["Player"][:4] == FIRST_PITCHES


def test_a_recording_is_renamed_deleted_and_taken_back(
    captured: tuple[Jam, Seen, Locator],
) -> None:
    one, seen, row = captured
    page = seen.page

    row.get_by_role("button", name="Rename").click()
    page.keyboard.type("Blue in the morning")
    page.keyboard.press("Enter")
    expect(page.locator(".take-name")).to_have_text("Blue in the morning")
    assert (one.folder / "Blue in the morning.mid").is_file()

    page.get_by_role("button", name="Delete Blue in the morning.mid").click()
    expect(page.locator(".takes li")).to_have_count(0)
    assert not (one.folder / "Blue in the morning.mid").exists()

    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".take-name")).to_have_text("Blue in the morning")
    assert (one.folder / "Blue in the morning.mid").is_file()


def test_a_recording_is_played_back_aloud(captured: tuple[Jam, Seen, Locator]) -> None:
    _, seen, row = captured
    page = seen.page
    level = "document.getElementById('level').value"
    seen.until(lambda: page.evaluate(level) < 0.01)

    row.get_by_role("button", name="Play").click()

    seen.until(lambda: page.evaluate(level) > 0.05)
    page.locator(".takes").get_by_role("button", name="Stop").click()
    seen.until(lambda: page.evaluate(level) < 0.01)
    assert seen.complaints == []
