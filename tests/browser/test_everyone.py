"""The page for everyone: by keyboard alone, by ear, without motion, without a network, at sixty frames a second."""

from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, Serve
from tests.browser.pages import PHRASE, PLAYER, Jam

AXE = Path(__file__).parents[2] / "page/node_modules/axe-core/axe.min.js"
MOST_TABS = 500
SEE_COLOURS = ("color-contrast", "link-in-text-block")
# Dark, light and forced ones, and the rules that the accessibility checker goes by there: none named are all.
COLOURS: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
    ({"color_scheme": "dark", "forced_colors": "none"}, ()),
    ({"color_scheme": "light", "forced_colors": "none"}, SEE_COLOURS),
    ({"color_scheme": "dark", "forced_colors": "active"}, SEE_COLOURS),
)

# Writes down what gets the focus, and whether one can see it: an outline, or that of the label around it.
FOCUSED = """() => {
  window.stops = [];
  document.addEventListener("focusin", ({ target: element }) => {
    const seen = [element, element.nextElementSibling].filter(Boolean);
    const outlined = seen.some(one => getComputedStyle(one).outlineStyle !== "none"
      && parseFloat(getComputedStyle(one).outlineWidth) >= 2);
    const name = element.id || element.dataset.command || element.getAttribute("aria-label")
      || element.closest("[data-control]")?.dataset.control || element.textContent;
    stops.push({ name, control: element.closest("[data-control]")?.dataset.control ?? "", outlined });
  });
}"""

INTERVALS = """() => new Promise(done => {
  const at = [];
  const step = now => { at.push(now); now - at[0] < 3000 ? requestAnimationFrame(step) : done(at); };
  requestAnimationFrame(step);
})"""


def test_everything_is_reached_by_tab_and_shows_that_it_is(echoing: Jam, look: Look) -> None:
    from livegen.jam.controls.controls import CONTROLS
    from livegen.jam.controls.mapping import COMMANDS

    page = look(echoing).page
    page.evaluate("for (const fold of document.querySelectorAll('.fold')) fold.open = true")
    page.evaluate("document.getElementById('commands').toggleAttribute('data-band', true)")  # cues
    page.evaluate(FOCUSED)
    names: list[str] = []
    while names[:1] == [] or names.count(names[0]) < 2:  # until the focus has come round
        assert len(names) < MOST_TABS, "the focus never came round"
        for _ in range(25):
            page.keyboard.press("Tab")
        names = page.evaluate("stops.map(stop => stop.name)")
    stops: list[dict[str, Any]] = page.evaluate("stops")[: names.index(names[0], 1)]

    wanted = {"panic", "sound", "volume", "stage-mode", "guide-open", "piano", "tab-controls"}
    assert wanted | (set(COMMANDS) - {"panic"}) <= set(names)
    assert set(CONTROLS) - {"chart"} <= {
        stop["control"] for stop in stops
    }  # that has its own panel
    assert [stop["name"] for stop in stops if not stop["outlined"]] == []


def test_the_keyboard_alone_plays_the_piano_walks_tabs_and_goes_on_stage(
    echoing: Jam, look: Look
) -> None:
    seen = look(echoing)
    page = seen.page

    page.locator("#piano").focus()
    for key in ("ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    seen.until(lambda: [note[2] for note in seen.notes(PLAYER)] == [62, 62])
    page.locator("#tab-controls").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-chart")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator("#panel-takes")).to_be_visible()
    page.keyboard.press("Shift+F")
    expect(page.locator("#piano")).to_be_hidden()
    expect(page.locator("#panic")).to_be_visible()
    page.keyboard.press("Shift+F")
    expect(page.locator("#piano")).to_be_visible()


def violations(page: Page) -> list[str]:
    """What the accessibility checker finds: by all of its rules, and in the other colours by those that see colours."""
    found = []
    for colours, rules in COLOURS:
        page.emulate_media(reduced_motion="reduce", **colours)  # colours change at once
        options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
        told = page.evaluate("options => axe.run(document, options)", options)
        found += [
            f"{colours}: {one['id']}: {node['html']}"
            for one in told["violations"]
            for node in one["nodes"]
        ]
    return found


@pytest.mark.timeout(300)  # five times over all of the page
def test_the_accessibility_checker_finds_nothing_in_any_colours(serve: Serve, look: Look) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (cd page && npm ci)")
    seen = look()
    page = seen.page
    page.goto(serve(presets=["Quiet", "Solo"]).url)
    page.evaluate(AXE.read_text())

    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Enter")  # the way on has the focus
    expect(page.get_by_role("dialog")).to_be_hidden()
    seen.plays("adg")
    for fold in (".more summary", ".mixer summary"):
        page.locator(fold).click()
    page.get_by_role("button", name="Save as preset").click()
    for tab in ("Controls", "Meters", "Recordings"):
        page.get_by_role("tab", name=tab).click()
        assert violations(page) == []
    page.keyboard.press("Shift+F")
    assert violations(page) == []


def test_a_change_of_turn_is_told_to_those_who_listen(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    said = seen.page.locator("[aria-live=polite]#said")

    seen.plays()

    expect(said).to_have_text("Model plays")
    expect(said).to_have_text("Your move")


def test_nothing_leaves_the_machine_and_nothing_is_refused_by_the_policy(
    jamming: Jam, look: Look
) -> None:
    jam = jamming
    seen = look(jam)
    page = seen.page

    seen.plays()
    seen.is_answered()
    for tab in ("Meters", "Recordings", "Controls"):
        page.get_by_role("tab", name=tab).click()
    page.locator("#guide-open").click()
    for daw in ("Live", "Reaper", "Bitwig", "Logic", "Ardour"):
        page.get_by_role("tab", name=daw, exact=True).click()
        expect(page.locator(".daw:visible .see")).to_contain_text("You should now see")
    page.get_by_text("When the model answers").click()
    expect(page.get_by_role("img", name="The states of turn-taking")).to_be_visible()

    asked = {urlsplit(url).netloc for url in seen.requests}
    assert asked == {urlsplit(jam.origin).netloc}
    assert seen.complaints == []  # a breach of the content security policy would be one


def test_a_telephone_shows_all_of_it_on_stage_too(jamming: Jam, look: Look) -> None:
    seen = look(jamming)
    page = seen.page
    page.set_viewport_size({"width": 390, "height": 844})
    beyond = """() => [...document.querySelectorAll("header *, main *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.id || element.className)"""

    assert page.evaluate(beyond) == []
    page.locator("#stage-mode").click()
    expect(page.locator("body")).to_have_class("on-stage")
    assert page.evaluate(beyond) == []


def test_with_less_motion_the_picture_stands_still(echoing: Jam, look: Look) -> None:
    seen = look(echoing, all_frames=True, reduced_motion="reduce")
    page = seen.page
    # A part of the picture is the same from one moment to the next, save while the line of now crosses it and
    # where the picture is turned over: soon nothing moves there.
    stands = """async () => {
      const roll = document.getElementById("roll");
      const read = () => [...roll.getContext("2d").getImageData(100, 100, 200, 150).data].join();
      const one = read();
      await new Promise(done => setTimeout(done, 500));
      return one === read();
    }"""
    seen.plays("adg")

    seen.until(lambda: page.evaluate(stands))


def test_the_stage_runs_at_sixty_frames_a_second(
    jamming: Jam, look: Look, record_property: Any
) -> None:
    seen = look(jamming, all_frames=True)
    seen.plays(PHRASE)
    seen.is_answered()

    at = seen.page.evaluate(INTERVALS)

    apart = sorted(later - earlier for earlier, later in pairwise(at))
    rate = 1000 * len(apart) / (at[-1] - at[0])
    record_property("frames_per_second", rate)
    print(f"{rate:.1f} frames a second, the longest took {apart[-1]:.1f} ms")
    # The typical frame, which another's work on the same machine does not change.
    assert apart[len(apart) // 2] < 1000 / 59
