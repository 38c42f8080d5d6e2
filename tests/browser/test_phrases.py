"""Variations and the map of phrases on the page, over the real daemon."""

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.conftest import Look, Serve

TUNE = "adgkgdsf"


def test_phrases_that_are_varied_and_kept_are_dots_of_a_map_and_a_click_plays_one(
    serve: Serve, look: Look
) -> None:
    seen = look(serve())
    page = seen.page
    page.locator('[data-control="mode"]').get_by_role("radio", name="listen").check()
    page.locator("#piano").focus()
    expect(page.locator(".phrase-map")).to_be_hidden()
    for name in ("distance", "morph"):  # at hand before there is a phrase, and once
        expect(page.locator(f'[data-control="{name}"]')).to_have_count(1)
        expect(page.locator(f'.phrases [data-control="{name}"]')).to_be_visible()
    seen.plays(TUNE)
    page.locator('[data-command="keep_a"]').click()
    expect(page.get_by_role("button", name="Play phrase A")).to_be_visible()
    page.locator('[data-command="vary"]').click()
    expect(page.locator("#reply")).to_contain_text("A variation of your phrase comes")
    seen.is_answered()
    seen.until(lambda: seen.state()["turn"] == "waiting")
    page.locator("#piano").focus()
    seen.plays(TUNE[::-1])
    page.locator('[data-command="keep_b"]').click()
    expect(page.get_by_role("button", name="Play phrase B")).to_be_visible()

    before = len(seen.notes(1))
    page.get_by_role("button", name="Play phrase A").click()
    expect(page.locator("#reply")).to_contain_text("That phrase comes")
    seen.until(lambda: len(seen.notes(1)) > before)
    seen.until(lambda: seen.state()["turn"] == "waiting")

    page.get_by_role("button", name="Lay a path").click()
    page.get_by_role("button", name="Play phrase A").click()
    page.get_by_role("button", name="Play phrase B").click()
    page.get_by_role("button", name="Walk A → B").click()
    expect(page.locator("#reply")).to_contain_text("Your path through 2 phrases")
    seen.until(lambda: seen.state()["turn"] == "waiting")

    for command, line in (("between", "A phrase between A and B"), ("restyle", "Your phrase, in")):
        page.locator(f'[data-command="{command}"]').click()
        expect(page.locator("#reply")).to_contain_text(line)
