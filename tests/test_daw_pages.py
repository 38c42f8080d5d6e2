"""The page's guide and docs/DAW.md tell the same way through each DAW."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "page" / "src" / "routing.ts").read_text()
MANUAL = (ROOT / "docs" / "DAW.md").read_text()
STEPS = dict(re.findall(r'name: "(.+?)",\s+steps: \[(.+?)\],\s+see:', GUIDE, re.S))
NAME = r"[A-Z]\w*(?:,? (?:[A-Z]\w*|&))*"  # of a menu: words that begin with a capital
WAY = re.compile(f"{NAME}(?: ▸ {NAME})+")


def section(daw: str) -> str:
    found = re.search(rf"^## [^\n]*\b{daw}\b.*?(?=^## |\Z)", MANUAL, re.M | re.S)
    assert found, f"docs/DAW.md has no section on {daw}"
    return found[0]


def test_the_guide_knows_the_daws_of_the_manual() -> None:
    assert set(STEPS) - {"No DAW"} == {"Live", "Reaper", "Bitwig", "Logic", "Ardour"}


@pytest.mark.parametrize("daw", sorted(set(STEPS) - {"No DAW"}))
def test_each_way_through_menus_in_the_guide_stands_in_the_manual_too(daw: str) -> None:
    ways = [way.removeprefix("In ") for way in WAY.findall(STEPS[daw])]
    text = section(daw)

    assert ways, "the guide names where to look"
    assert [way for way in ways if way not in text] == []
