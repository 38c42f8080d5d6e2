"""A studio on the page: two players in one room, over the real command and in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import NoteOff, NoteOn
from tests.browser.conftest import Look
from tests.browser.pages import SHORT
from tests.studio.test_site import Studio

LIT = """() => {
  window.lit = 0;
  const look = () => { window.lit += document.querySelectorAll(".key.model").length; };
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] };
  new MutationObserver(look).observe(document.getElementById("piano"), changes);
}"""


@pytest.fixture
def studio() -> Iterator[Studio]:
    one = Studio()
    yield one
    one.process.kill()
    one.process.communicate()


def test_two_in_a_room_see_each_other_and_the_model_whose_notes_both_pages_play_when_they_are_due(
    studio: Studio, look: Look, tmp_path: Path
) -> None:
    mine, other = look(), look()
    for seen in (mine, other):
        seen.page.goto(f"{studio.url}?room=blues#{studio.token}")
        expect(seen.page.locator("#link")).to_contain_text("room blues")
        seen.page.evaluate(LIT)
    expect(mine.page.locator("#tab-takes")).to_be_hidden()  # a studio keeps nothing

    mine.page.bring_to_front()
    mine.plays(SHORT)

    for seen in (mine, other):
        seen.until(lambda seen=seen: seen.page.evaluate("window.lit") > 0)
    assert [frame for frame in other.frames if frame["t"] == "music"]
    assert other.notes(0)

    write(
        tmp_path / "clip.mid", Score(480, (Track("", ((0, NoteOn(97, 90)), (480, NoteOff(97)))),))
    )
    mine.drops("clip.mid", (tmp_path / "clip.mid").read_bytes())

    other.until(lambda: [note for note in other.notes(0) if note[2] == 97 and note[1] < 0x90])
    assert mine.complaints == other.complaints == []


def test_a_teacher_sees_who_is_there_and_starts_mutes_and_sets_the_rooms(
    studio: Studio, look: Look
) -> None:
    ana, ben, teacher = look(), look(), look()
    for seen, name in ((ana, "Ana"), (ben, "Ben")):
        seen.page.goto(f"{studio.url}?room=blues#{studio.token}")
        seen.page.locator("#nickname").fill(name)
        seen.page.locator("#nickname").press("Enter")
    expect(ana.page.locator("#link")).to_contain_text("Ana, Ben")
    teacher.page.goto(studio.teacher)
    row = teacher.page.locator("tr[data-room=blues]")
    expect(row).to_contain_text("Ana, Ben")

    teacher.page.locator("#mode").select_option("trade")
    teacher.page.locator("#tempo").fill("90")
    teacher.page.locator("#start").click()
    for seen in (ana, ben):
        expect(seen.page.locator("#fact-mode")).to_have_text("trade")
        seen.until(lambda seen=seen: [f for f in seen.frames if f["t"] == "music"])  # the clicks

    row.get_by_role("button", name="Mute").click()
    expect(row.get_by_role("button", name="Unmute")).to_be_visible()
    row.get_by_role("button", name="Record").click()
    for seen in (ana, ben):
        expect(seen.page.locator("#link")).to_contain_text("● recorded")
    assert teacher.complaints == []
