"""A judge with a real browser: three pairs, heard, judged, and told at the end."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from livegen.scorecard.listening import results
from tests.browser.conftest import Look
from tests.scorecard.listening.evenings import listening

PAIRS = 3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test of three short pairs of a model and people."""
    test = listening(tmp_path_factory.mktemp("listening") / "results.jsonl", count=PAIRS)
    test.begin()
    return test.path


@pytest.fixture(scope="module")
def address(path: Path) -> Iterator[str]:
    """The command as a person types it, and the address that it says, for all judges."""
    command = [sys.executable, "-m", "livegen", "listen-test", "--out", str(path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout and running.stderr
    with running.stdout, running.stderr:
        yield running.stdout.readline().strip()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0
        assert f"--report {path}" in running.stderr.read()


def begin(page: Page, address: str, judge: str = "Ann") -> None:
    page.goto(address)
    page.get_by_label(re.compile("Your name")).fill(judge)
    page.get_by_role("button", name="Begin").click()


def hear_both(page: Page) -> None:
    for side in ("A", "B"):
        page.get_by_role("button", name=f"Play {side}").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_role("button", name=f"Play {side}")).to_be_visible()
        expect(page.locator(".side", has_text=f"Play {side}")).to_contain_text("heard")


def test_a_judge_hears_three_pairs_judges_them_and_is_told_who_played(
    look: Look, address: str, path: Path
) -> None:
    seen = look()
    page = seen.page
    begin(page, address)

    for number in range(PAIRS):
        expect(page.locator("#place")).to_have_text(f"Ann, pair {number + 1} of {PAIRS}")
        assert not re.search(r"people|made", page.content())
        expect(page.locator("#prefer input").first).to_be_disabled()
        hear_both(page)
        expect(page.locator("#next")).to_be_disabled()
        page.locator("#prefer").get_by_label("B", exact=True).check()
        if number == 1:  # the browser is closed in the middle of a pair
            expect(page.locator("#prefer input:checked")).to_have_value("second")
            page.wait_for_timeout(100)
            page.reload()
            begin(page, address)
            expect(page.locator("#place")).to_have_text(f"Ann, pair 2 of {PAIRS}")
            expect(page.locator("#prefer input:checked")).to_have_value("second")
            hear_both(page)
        page.locator("#person").get_by_label("Cannot tell").check()
        page.locator("#next").click()

    expect(page.locator("#over")).to_contain_text("Thank you, Ann")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(PAIRS)
    expect(rows.first).to_contain_text("people")
    assert seen.complaints == []

    test = results.read(path)
    ann = test.judges[0]
    assert [one.said for one in test.judgements()] == [test.sides(ann, n)[1] for n in range(PAIRS)]
    assert {one.said for one in test.judgements("person")} == {""}
    kinds = [json.loads(line)["row"] for line in path.read_text().splitlines()]
    assert kinds == ["test", "judge", *["answer"] * (2 * PAIRS), "told"]


def test_an_excerpt_sounds_and_stops(look: Look, address: str) -> None:
    seen = look()
    seen.page.add_init_script(
        "window.begun = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (at) { window.begun += 1; start.call(this, at); };"
    )
    begin(seen.page, address, "Ben")
    hear_both(seen.page)

    assert (
        seen.page.evaluate("window.begun") >= 6
    )  # two notes of the call and one of the answer, twice
    assert seen.complaints == []


@pytest.mark.parametrize("width", [380, 900])
def test_everything_stands_below_each_other_and_within_the_page(
    look: Look, address: str, width: int
) -> None:
    page = look().page
    page.set_viewport_size({"width": width, "height": 700})
    begin(page, address, f"Cleo {width}")
    expect(page.locator("#place")).to_be_visible()

    boxes = [
        page.locator(f"#{name}").bounding_box() for name in ("place", "prefer", "person", "next")
    ]
    found = [box for box in boxes if box]
    assert len(found) == 4
    assert [box["x"] for box in found] == [found[0]["x"]] * 4
    assert all(above["y"] + above["height"] <= below["y"] for above, below in pairwise(found))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
