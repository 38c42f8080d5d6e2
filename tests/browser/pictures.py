"""Takes the pictures of the docs from the page, a jam and scores: `python -m tests.browser.pictures`.

They change a little each time, because the jam does; look at them before they are committed.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from livegen import cli
from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.pages import Jam, Seen, jam, seen

DOCS = Path(__file__).parents[2] / "docs"
BEAT_MS = 600
# A melody in eighths and quarters: a key of the computer, and how many eighths it lasts.
MELODY = [("h", 2), ("g", 1), ("d", 1), ("a", 2), ("d", 1), ("g", 1), ("j", 2), ("h", 1), ("g", 1)]
TUNES = ("adgkgdsf", "adgkgdsd", "kjhgfdsa", "aaggkkjh")
CHORD = "adgj"  # struck an octave lower, where the left hand is
# Scores as `livegen generate` writes them.
SCORES = {
    "score": (str(DOCS / "call.mid"), "--seed", "1"),
    "score-words": ("--lyrics", "Amazing grace, how sweet the sound", "--seed", "3"),
}
SETTINGS = {"sync": "internal", "tempo": "100"}


def main() -> None:
    """Take them all."""
    path = chromium_path()
    if path is None:
        raise SystemExit("there is no Chromium: sudo apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        jam(Path(folder), presets=["Ballad", "Late set", "Double time"]) as served,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=path, args=FLAGS, chromium_sandbox=False)
        with seen(browser, all_frames=True, color_scheme="dark") as page:
            take_the_first_run(page, served)
            take_the_stage(page)
            take_a_reason(page)
            take_the_phrases(page)
            take_the_controls(page.page)
        take_the_scores(browser, Path(folder))
        browser.close()


def take_the_first_run(seen: Seen, served: Jam) -> None:
    """What a newcomer sees, at the DAW that most have."""
    seen.page.goto(served.url)
    expect(seen.page.get_by_role("dialog")).to_be_visible()
    seen.until(lambda: seen.state().get("model"))
    seen.page.get_by_role("tab", name="Live").click()
    save(seen.page, "first-run")
    seen.page.get_by_role("button", name="Start playing").click()


def take_the_stage(seen: Seen) -> None:
    """A chord, a melody, what the model answers and what it plans."""
    for name, value in SETTINGS.items():
        choose(seen.page, name, value)
    expect(seen.page.locator("#fact-tempo")).to_have_text("100")
    keyboard = seen.page.keyboard
    keyboard.press("z")
    for key in CHORD:
        keyboard.down(key)
    seen.page.wait_for_timeout(2 * BEAT_MS)
    for key in CHORD:
        keyboard.up(key)
    keyboard.press("x")
    for key, eighths in MELODY:
        seen.plays(key, hold_ms=eighths * BEAT_MS // 2 - 60, gap_ms=60)
    expect(seen.page.locator("#turn-words")).to_have_text("Model plays")
    seen.page.wait_for_timeout(2 * BEAT_MS)
    save(seen.page, "stage")


def take_a_reason(seen: Seen) -> None:
    """Why a note was played, with arcs to what it took up."""

    def has_arcs() -> bool:
        seen.page.locator('[data-command="why"]').click()
        seen.page.wait_for_timeout(BEAT_MS // 4)
        told = seen.state().get("why") or {}
        return len(told.get("took_up", ())) >= 2 * 5

    seen.until(has_arcs)
    seen.page.wait_for_timeout(2 * BEAT_MS)
    save(seen.page, "why")


def take_the_phrases(seen: Seen) -> None:
    """The map of some tunes: two that are alike, two that are not, and a path from A to B."""
    choose(seen.page, "mode", "listen")
    for tune, name in zip(TUNES, ("keep_a", "vary", "vary", "keep_b"), strict=True):
        seen.page.wait_for_timeout(4 * BEAT_MS)  # longer than a phrase pauses
        seen.page.evaluate("document.activeElement.blur()")
        seen.plays(tune, hold_ms=BEAT_MS // 4 - 40, gap_ms=40)
        seen.page.locator(f'[data-command="{name}"]').click()
        seen.until(lambda: seen.state()["turn"] != "responding")
        seen.page.wait_for_timeout(BEAT_MS)
        seen.until(lambda: seen.state()["turn"] in ("waiting", "listening"))
    seen.page.get_by_role("button", name="Lay a path").click()
    for name in "AB":
        seen.page.get_by_role("button", name=f"Play phrase {name}").click()
    path = DOCS / "page-phrases.png"
    seen.page.locator(".phrases").screenshot(path=path)
    print(path)


def take_the_controls(page: Page) -> None:
    """Some of the controls, one with its help, one being learned; the mixer; and the cues, which a band takes."""
    choose(page, "mode", "accompany")
    expect(page.locator("[data-band]")).to_be_visible()
    page.locator('[data-control="density"]').get_by_role("button", name="What density does").click()
    page.locator('[data-control="energy"]').get_by_role("button", name="Learn").click()
    expect(page.get_by_text("Move it …")).to_be_visible()
    page.get_by_text("Mixer", exact=True).click()
    page.locator('[data-control="density"]').evaluate("row => row.scrollIntoView()")
    save(page, "controls")


def take_the_scores(browser: Browser, folder: Path) -> None:
    """A call and its answer, and words with their tune, as notation."""
    page = browser.new_page(device_scale_factor=1.5)
    for name, told in SCORES.items():
        svg, path = folder / f"{name}.svg", DOCS / f"{name}.png"
        files = ("--out", str(folder / f"{name}.mid"), "--score", str(svg))
        assert cli.run(["generate", *told, *files]) == 0
        page.set_content(f"<div style='display: inline-block'>{svg.read_text()}</div>")
        page.locator("div").screenshot(path=path)
        print(path)
    page.close()


def choose(page: Page, name: str, value: str) -> None:
    """Set a control by hand."""
    control = page.locator(f'[data-control="{name}"]')
    radio = control.get_by_role("radio", name=value)
    if radio.count():
        radio.check()
        return
    slider = control.locator("input[type=range]")
    slider.fill(str(round((float(value) - 30) / 270 * 1000)))


def save(page: Page, name: str) -> None:
    """Write one picture."""
    page.mouse.move(700, 880)  # nothing is under the pointer, and nothing has the focus
    page.evaluate("document.querySelector('dialog[open]') || document.activeElement.blur()")
    path = DOCS / f"page-{name}.png"
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
