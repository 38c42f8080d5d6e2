"""The chart on the page: chosen, seen with the bar one is in, written, corrected and saved."""

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from livegen import shipped
from livegen.music.charts import read_chart, write_text
from tests.browser.conftest import Look, Serve
from tests.browser.pages import Jam, Seen
from tests.browser.pictures import choose

BLUES = write_text(read_chart(shipped.chart("12-bar-blues")))
TUNE = "title: Mine\n# for Sunday\n[A]\n| F | Bb7 | C7 . . F7 | % |\n[B]\n| Bb | F |\n"


def opens(seen: Seen) -> None:
    seen.page.get_by_role("tab", name="Chart").click()


def plays_by(seen: Seen, title: str) -> None:
    """Wait until the engine goes by a chart."""
    seen.until(lambda: (seen.state().get("song") or {}).get("title") == title)


def test_a_chart_that_is_chosen_is_shown_and_played_by(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    opens(seen)
    panel, lead = seen.page.locator("#panel-chart"), seen.page.locator("#lead-sheet")
    expect(lead).to_be_hidden()

    panel.get_by_role("combobox", name="Chart", exact=True).select_option(label="Twelve-bar blues")
    plays_by(seen, "Twelve-bar blues")

    assert seen.state()["controls"]["chart"] == BLUES.strip()
    expect(panel.get_by_role("heading")).to_have_text("Twelve-bar blues")
    bars = panel.locator("> .sheet .bar")
    assert [text.strip() for text in bars.all_inner_texts()] == [
        *["C7", "C7", "C7", "C7"],
        *["F7", "F7", "C7", "C7"],
        *["G7", "F7", "C7", "G7"],
    ]
    expect(panel.locator("> .sheet .row")).to_have_count(3)
    expect(lead.locator(".song-place")).to_have_text("Twelve-bar blues · Blues")
    for where in (panel.locator("> .sheet"), lead):
        expect(where.locator("[aria-current=true]")).to_have_count(1)

    panel.get_by_role("button", name="Off: play without a chart").click()
    seen.until(lambda: seen.state()["controls"]["chart"] == "off")
    expect(lead).to_be_hidden()
    expect(panel.get_by_role("combobox", name="Chart", exact=True)).to_have_value("off")


def test_the_bar_that_is_played_is_lit_and_in_sight(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    choose(seen.page, "sync", "internal")
    choose(seen.page, "tempo", "300")
    opens(seen)
    seen.page.get_by_role("combobox", name="Chart", exact=True).select_option(
        label="Twelve-bar blues"
    )
    plays_by(seen, "Twelve-bar blues")
    seen.plays()

    seen.until(lambda: (seen.state().get("song") or {}).get("bar", 0) >= 5)
    lead = seen.page.locator("#lead-sheet .sheet")
    lit = lead.locator("[aria-current=true]")
    expect(lit).to_have_text(re.compile("[CFG]7"))
    box, bar = lead.bounding_box(), lit.bounding_box()
    assert box and bar and box["y"] - 2 <= bar["y"] <= box["y"] + box["height"] - bar["height"] + 2


def test_the_keyboard_alone_chooses_a_chart(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    seen.page.locator("#tab-chart").click()
    for _ in range(2):
        seen.page.keyboard.press("Tab")
    picker = seen.page.get_by_role("combobox", name="Chart", exact=True)
    expect(picker).to_be_focused()
    came = sorted((shipped.root() / "charts").glob("*.txt"))
    expect(picker.locator("option")).to_have_count(1 + len(came))

    seen.page.keyboard.press("ArrowDown")

    plays_by(seen, read_chart(came[0]).title)


def test_a_chart_is_transposed_on_the_page_too(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    opens(seen)
    seen.page.get_by_role("combobox", name="Chart", exact=True).select_option(
        label="Twelve-bar blues"
    )
    first = seen.page.locator("#panel-chart > .sheet .bar").first
    expect(first).to_have_text(re.compile("C7"))

    seen.page.get_by_role("tab", name="Controls").click()
    seen.page.locator(".more summary").click()
    seen.page.locator('[data-control="transpose"]').get_by_role("slider").press("ArrowUp")
    seen.page.locator('[data-control="transpose"]').get_by_role("slider").press("ArrowUp")
    opens(seen)

    expect(first).to_have_text(re.compile("D7"))
    expect(seen.page.get_by_role("combobox", name="Chart", exact=True)).to_have_value(
        "12-bar-blues"
    )


def test_a_chart_is_written_corrected_used_and_saved(
    serve: Serve, look: Look, tmp_path: Path
) -> None:
    jam = serve()
    seen = look(jam)
    opens(seen)
    panel = seen.page.locator("#panel-chart")
    panel.get_by_text("Write or change a chart").click()
    text, said = panel.get_by_role("textbox", name="Text of the chart"), panel.locator(".said")

    text.fill("title: Mine\n| F | H7 |\n")
    expect(said).to_contain_text("line 2: ")
    expect(text).to_have_attribute("aria-invalid", "true")
    panel.get_by_role("button", name="Go to line 2").click()
    assert text.evaluate("it => it.value.slice(it.selectionStart, it.selectionEnd)") == "| F | H7 |"
    panel.get_by_role("button", name="Use it").click()
    assert seen.state()["controls"]["chart"] == "off"

    text.fill(TUNE)
    expect(said).to_have_text(re.compile("Mine · 6 bars · 4/4"))
    text.press("Escape")
    expect(text).to_have_value(TUNE)
    text.press("Control+Enter")
    plays_by(seen, "Mine")
    expect(
        panel.get_by_role("combobox", name="Chart", exact=True).locator("option:checked")
    ).to_have_text("Mine (not saved)")

    panel.get_by_role("textbox", name="Name of the chart").fill("mine")
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(said).to_have_text("Saved: mine.")
    assert (jam.folder.parent / "charts" / "mine.txt").read_text() == TUNE
    expect(panel.get_by_role("combobox", name="Chart", exact=True)).to_have_value("mine")

    text.fill(TUNE.replace("F7", "Fm7"))
    panel.get_by_role("button", name="Save", exact=True).click()
    expect(said).to_have_text("there is a chart mine already")
    panel.get_by_role("button", name="Replace it").click()
    expect(said).to_have_text("Saved: mine.")
    assert "Fm7" in (jam.folder.parent / "charts" / "mine.txt").read_text()


def test_a_file_of_another_format_is_opened(jamming: Jam, look: Look, tmp_path: Path) -> None:
    song = tmp_path / "Söng.cho"
    song.write_text("{title: Söng}\n{key: G}\n[G]One and [D7]two\n", encoding="utf-8")
    seen = look(jamming)
    opens(seen)
    panel = seen.page.locator("#panel-chart")
    panel.get_by_text("Write or change a chart").click()

    panel.get_by_label("A chart's file").set_input_files(song)

    expect(panel.get_by_role("textbox", name="Text of the chart")).to_have_value(
        re.compile(r"title: Söng\n(.*\n)*\| G \| D7 \|")
    )
    expect(panel.get_by_role("textbox", name="Name of the chart")).to_have_value("Söng")
