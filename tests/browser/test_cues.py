"""Cues and macros on the page: what is in force is pressed, what waits for the bar line is marked."""

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from tests.browser.conftest import Look, Serve


def test_variations_and_stop_time_are_switches_and_macros_have_buttons(
    serve: Serve, look: Look
) -> None:
    macros = {"Lift": {"energy": [0.3, 0.9], "bars": 1}}
    seen = look(serve(macros=macros))
    page = seen.page
    page.locator('[data-control="mode"]').get_by_role("radio", name="accompany").check()
    page.locator("#piano").focus()

    variation = page.locator('[data-command="variation_c"]')
    expect(page.locator('[data-command="variation_b"]')).to_have_attribute("aria-pressed", "true")
    variation.click()
    expect(page.locator("#reply")).to_have_text("Variation C.")
    expect(variation).to_have_attribute("aria-pressed", "true")
    expect(page.locator('[data-command="variation_b"]')).to_have_attribute("aria-pressed", "false")

    page.locator('[data-command="intro"]').click()
    expect(page.locator("#reply")).to_contain_text("neither a chart nor a key")

    page.locator('[data-command="count_in"]').click()
    page.locator('[data-command="stop_time"]').click()
    stop_time = page.locator('[data-command="stop_time"]')
    expect(stop_time).to_have_attribute("aria-pressed", "true")
    expect(stop_time).to_have_attribute("data-waits", "")
    expect(stop_time).not_to_have_attribute("data-waits", "")

    lift = page.locator('[data-macro="Lift"]')
    lift.click()
    expect(lift).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#reply")).to_contain_text("Lift begins with the next bar")
    expect(lift).to_have_attribute("aria-pressed", "false")
    assert seen.state()["controls"]["energy"] == 0.9
