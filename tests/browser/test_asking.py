"""What one asks for in words, and what one played before, on the page; over the real daemon."""

import re

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import Jam

TUNE = "adgkgdsfhj"  # ten keys


def test_a_wish_in_words_sets_controls_and_shows_which_and_what_was_not_understood(
    jamming: Jam, look: Look
) -> None:
    seen = look(jamming)
    box = seen.page.get_by_label("What you want, in words")

    box.fill("慢速小调, less busy, banana")
    box.press("Enter")

    chips = seen.page.get_by_role("list", name="Set by these words").get_by_role("listitem")
    expect(chips).to_have_text(["tempo 66", "scale A minor", "density 0.67"])
    expect(seen.page.locator(".wish > .hint")).to_have_text("Not understood: banana")
    wanted = {"tempo": 66, "scale": "A minor", "density": 0.67}
    seen.until(lambda: wanted.items() <= seen.state()["controls"].items())


def test_a_phrase_that_is_played_again_is_found_and_can_be_had_as_midi(
    serve: Serve, look: Look
) -> None:
    seen = look(serve())
    seen.plays(TUNE)
    seen.page.wait_for_timeout(4000)  # longer than a phrase pauses
    seen.plays(TUNE, hold_ms=150)
    seen.page.get_by_role("tab", name="Recordings").click()

    seen.page.get_by_role("button", name="Did I play this before?").click()

    panel = seen.page.locator(".finds")
    expect(panel.get_by_role("status")).to_have_text(
        re.compile(r"^You played this on .*\d{4}.*\.$"), timeout=30_000
    )
    row = panel.get_by_role("listitem").first
    row.get_by_role("button", name=re.compile("^Save the place")).click()
    expect(row.get_by_role("button", name=re.compile("^Play the place"))).to_be_visible(
        timeout=30_000
    )
    name = row.locator("a.take").get_attribute("download")
    assert name is not None and name.endswith(".mid")
    expect(seen.page.locator("#panel-takes > ul.takes").get_by_role("listitem")).to_have_count(1)


def test_words_to_be_sung_reach_livegen_which_says_what_comes_of_them(
    jamming: Jam, look: Look
) -> None:
    seen = look(jamming)
    seen.page.get_by_label("Words to be set to a tune").fill("Twinkle, twinkle, little star")
    seen.page.get_by_role("button", name="Sing", exact=True).click()
    seen.until(lambda: seen.state()["reply"].get("to") == "sing")

    seen.page.get_by_label("Words to be set to a tune").fill("1 2 3 ...")
    seen.page.get_by_role("button", name="Sing", exact=True).click()
    expect(seen.page.locator("#reply")).to_contain_text("there is no word in them")


def test_a_player_gives_a_name_is_remembered_by_it_and_is_forgotten_only_when_asked_twice(
    serve: Serve, look: Look
) -> None:
    seen = look(serve())
    seen.page.get_by_label("Who plays").fill("ada")
    seen.page.get_by_role("button", name="I play").click()
    seen.until(lambda: seen.state().get("remembers") == "ada")
    seen.plays(TUNE)
    seen.until(lambda: seen.state().get("remembered", 0) > 0)
    expect(seen.page.get_by_text(re.compile(r"^\d+ notes? remembered$"))).to_be_visible()

    seen.page.get_by_role("button", name="Forget me").click()
    assert seen.state().get("remembered", 0) > 0
    seen.page.get_by_role("button", name="Forget everything?").click()
    seen.until(lambda: seen.state().get("remembered") == 0)
    expect(seen.page.locator("#reply")).to_contain_text("forgotten")
    seen.page.get_by_role("button", name="Leave").click()
    seen.until(lambda: seen.state().get("remembers") == "")
