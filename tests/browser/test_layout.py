"""The page on every screen: playable with thumbs, readable from afar, in the colours that one needs."""

import re

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import Jam, seen

# A telephone both ways, a small one, and a window of 1440 x 900 at 200 %.
SCREENS = [(390, 844), (844, 390), (360, 640), (720, 450)]
THUMB = 44  # pixels that a thumb hits

BEYOND = """() => [...document.querySelectorAll("header *, .play *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.id || element.className)"""

# How many pixels of the roll have the colour of this player.
DRAWN = """who => {
  const roll = document.getElementById("roll"), context = roll.getContext("2d");
  const { data } = context.getImageData(0, 0, roll.width, roll.height);
  context.fillStyle = getComputedStyle(roll).getPropertyValue(`--${who}`).trim();
  const wanted = [1, 3, 5].map((at) => parseInt(context.fillStyle.slice(at, at + 2), 16));
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    found += wanted.every((value, part) => Math.abs(data[at + part] - value) < 60);
  return found;
}"""


def is_on_screen(locator: Locator) -> bool:
    """Whether all of it is seen without scrolling."""
    box, size = locator.bounding_box(), locator.page.viewport_size
    assert box and size
    return (
        box["x"] >= -1
        and box["y"] >= 0
        and box["x"] + box["width"] <= size["width"] + 1
        and box["y"] + box["height"] <= size["height"] + 1
    )


def show(page: Page, width: int, height: int) -> None:
    """Give the page a screen of this size, and wait for the keys that it has room for."""
    page.set_viewport_size({"width": width, "height": height})
    room = page.locator("#piano").evaluate("piano => piano.clientWidth")
    expect(page.locator(".key.white")).to_have_count(min(15, max(7, int(room) // THUMB)))


def test_on_a_small_screen_turn_keys_and_panic_are_there_at_once_and_fit_thumbs(
    echoing: Jam, look: Look
) -> None:
    page = look(echoing, has_touch=True).page

    for width, height in SCREENS:
        show(page, width, height)
        keys = page.locator(".key.white")
        widths = keys.evaluate_all("all => all.map(key => key.getBoundingClientRect().width)")
        assert min(widths) >= THUMB, f"{width} x {height}"
        for part in ("#turn", "#piano", "#panic", '[data-command="stop"]'):
            assert is_on_screen(page.locator(part)), f"{part} on {width} x {height}"
        assert page.evaluate(BEYOND) == [], f"{width} x {height}"


def test_fewer_keys_play_what_they_show_and_octaves_reach_the_others(
    echoing: Jam, look: Look
) -> None:
    seen = look(echoing, has_touch=True)
    page = seen.page
    show(page, 390, 844)

    page.locator('[data-pitch="72"]').tap(position={"x": 20, "y": 100})
    page.get_by_role("button", name="Octave up").tap()
    page.locator('[data-pitch="84"]').tap(position={"x": 20, "y": 100})

    seen.until(lambda: [note[2] for note in seen.notes(0)] == [72, 72, 84, 84])


@pytest.mark.parametrize("screen", [(390, 844), (844, 390), (1440, 900)])
def test_the_stage_shows_a_roll_with_notes_that_are_seen_from_afar(
    echoing: Jam, look: Look, screen: tuple[int, int]
) -> None:
    seen = look(echoing, color_scheme="dark")
    page = seen.page
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page.keyboard.press("Shift+F")
    expect(page.locator("body")).to_have_class("on-stage")

    roll = page.locator("#roll").bounding_box()
    assert roll and roll["height"] >= 0.4 * screen[1] - 20
    assert is_on_screen(page.locator("#roll"))
    page.keyboard.down("a")
    seen.until(lambda: page.evaluate(DRAWN, "you") > 1000)
    page.keyboard.up("a")


def test_the_stage_takes_the_whole_screen_and_gives_it_back(
    echoing: Jam, chromium_with_windows: Browser
) -> None:
    with seen(chromium_with_windows) as opened:
        opened.connects(echoing)
        page = opened.page

        page.locator("#stage-mode").click()
        page.wait_for_function("document.fullscreenElement !== null")
        page.locator("#stage-mode").click()
        page.wait_for_function("document.fullscreenElement === null")
        expect(page.locator("#piano")).to_be_visible()


def test_the_stage_is_there_where_a_browser_gives_no_full_screen(echoing: Jam, look: Look) -> None:
    jam, seen = echoing, look()
    seen.page.add_init_script("delete Element.prototype.requestFullscreen")
    seen.connects(jam)

    seen.page.locator("#stage-mode").click()

    expect(seen.page.locator("body")).to_have_class("on-stage")
    assert seen.complaints == []


def painted(locator: Locator) -> str:
    """The colour behind it."""
    colour: str = locator.evaluate("one => getComputedStyle(one).backgroundColor")
    return colour


def test_with_forced_colours_what_is_chosen_and_who_plays_is_seen(jamming: Jam, look: Look) -> None:
    page = look(jamming, forced_colors="active").page
    mode = page.locator('[data-control="mode"]')
    background = painted(page.locator("body"))

    chosen = mode.locator("label", has=page.locator("input:checked")).locator("span")
    others = mode.locator("label", has=page.locator("input:not(:checked)")).locator("span")
    assert painted(chosen) not in [painted(one) for one in others.all()]
    pressed = page.get_by_role("button", name="Computer keys")
    assert painted(pressed) != painted(page.get_by_role("button", name="How to connect"))
    for player in ("you", "model"):
        assert painted(page.locator(f".legend .{player} .mark")) != background
    page.keyboard.down("a")
    expect(page.locator('[data-pitch="60"].you')).to_be_visible()
    assert painted(page.locator('[data-pitch="60"]')) != painted(page.locator('[data-pitch="62"]'))
    page.keyboard.up("a")


def test_the_colours_are_the_system_s_until_others_are_chosen_and_those_are_remembered(
    echoing: Jam, look: Look
) -> None:
    jam = echoing
    seen = look(jam, color_scheme="light")
    page, theme = seen.page, seen.page.locator("#theme")
    light = painted(page.locator(":root"))

    expect(theme).to_have_accessible_name("Colours: as the system")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert painted(page.locator(":root")) != light
    theme.click()
    expect(theme).to_have_accessible_name("Colours: light")
    assert painted(page.locator(":root")) == light

    seen.connects(jam)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_nobody_s_bars_are_counted(serve: Serve, look: Look) -> None:
    """In the player's own time: on arrival there is no bar 922."""
    seen = look(serve())
    place = seen.page.locator("#fact-place")

    seen.page.wait_for_timeout(500)
    expect(place).to_have_text("—")
    seen.page.keyboard.down("a")

    expect(place).to_have_text(re.compile(r"^[1-9] · [1-4]$"))
    seen.page.keyboard.up("a")
