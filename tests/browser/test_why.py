"""Why a note was played: a click on one of the model's opens a card, and arcs lead to what it took up."""

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import MODEL, NOTE_ON, PHRASE

# Clicks the first note of the model's on the roll: its colour, left of the line of now.  Gives whether there was one.
CLICK = """() => {
  const roll = document.getElementById("roll");
  const scale = roll.width / roll.clientWidth;
  const width = Math.floor(roll.width * 0.62);
  const { data } = roll.getContext("2d").getImageData(0, 0, width, roll.height);
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = data.slice(at, at + 3);
    if (red < 130 || green < 70 || green > 190 || blue > 90 || red - blue < 90) continue;
    const x = (at / 4) % width, y = Math.floor(at / 4 / width);
    const box = roll.getBoundingClientRect();
    const place = { clientX: box.left + x / scale, clientY: box.top + y / scale, bubbles: true };
    roll.dispatchEvent(new MouseEvent("click", place));
    return true;
  }
  return false;
}"""


def test_a_click_on_a_note_of_the_model_says_why_and_the_card_closes(
    serve: Serve, look: Look
) -> None:
    seen = look(serve())
    page = seen.page
    card = page.locator(".why")
    expect(card).to_be_hidden()
    seen.plays(PHRASE)
    seen.is_answered()
    page.wait_for_timeout(1500)

    assert page.evaluate(CLICK)

    expect(card).to_be_visible()
    told = seen.state()["why"]
    answered = [
        note for note in seen.notes(MODEL) if note[1] & 0xF0 == NOTE_ON and note[2] == told["pitch"]
    ]
    assert min(abs(note[0] - told["at"]) for note in answered) < 20_000
    expect(card.locator("h2")).to_contain_text(told["note"])
    expect(card.locator("li.played")).to_contain_text("%")
    expect(page.locator("#reply")).to_be_empty()  # the card says it
    assert len(told["took_up"]) % 5 == 0
    assert all(at < told["at"] for at in told["took_up"][1::5])

    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    page.locator('[data-command="why"]').click()
    expect(card).to_be_visible()
    # A band's cues take room, and the card is still seen as a whole.
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator('[data-control="mode"]').get_by_role("radio", name="accompany").check()
    expect(page.locator('[data-command="fill"]')).to_be_visible()
    whole, stage = card.bounding_box(), page.locator(".stage").bounding_box()
    assert whole and stage
    assert whole["y"] + whole["height"] <= stage["y"] + stage["height"]
    assert card.evaluate("card => card.scrollHeight <= card.clientHeight")
