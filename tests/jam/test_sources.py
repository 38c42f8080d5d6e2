"""What a binding comes from is written and read alike."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.errors import ConfigError
from livegen.jam.controls.sources import FINE, FORMS, KINDS, Source, parse_source

ROOT = Path(__file__).parents[2]


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """Any source there can be."""
    kind = KINDS[draw(st.sampled_from(list(KINDS)))]
    form = draw(st.sampled_from(["", *kind.forms]))
    number = draw(st.integers(0, 31 if form == FINE else kind.limit - 1))
    bank = draw(st.none() | st.integers(0, 16383)) if kind.has_bank else None
    return Source(kind.name, number, draw(st.none() | st.integers(0, 15)), form, bank)


@given(sources())
def test_every_source_is_read_as_it_is_written(source: Source) -> None:
    assert parse_source(str(source)) == source


@given(st.text(max_size=40))
def test_any_text_is_a_source_or_refused_in_one_line(text: str) -> None:
    try:
        assert parse_source(text) == parse_source(str(parse_source(text)))
    except ConfigError as refusal:
        assert "\n" not in str(refusal)
        assert str(refusal).startswith("map: expected cc, note or program")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("cc 74", Source("cc", 74)),
        (" CC  74 on 2 ", Source("cc", 74, 1)),
        ("note 36 on 10", Source("note", 36, 9)),
        ("program 3", Source("program", 3)),
        ("nrpn 1:20", Source("nrpn", 148)),
        ("rpn 0:1 on 16", Source("rpn", 1, 15)),
        ("nrpn 1:20 7-bit", Source("nrpn", 148, None, "7-bit")),
        ("cc14 7", Source("cc", 7, None, "14-bit")),
        ("cc 7 14-bit on 1", Source("cc", 7, 0, "14-bit")),
        ("cc 16 relative", Source("cc", 16, None, "relative")),
        ("cc 16 relative offset", Source("cc", 16, None, "relative offset")),
        ("program 5 bank 2", Source("program", 5, None, "", 2)),
    ],
)
def test_the_notation(text: str, source: Source) -> None:
    assert parse_source(text) == source


@pytest.mark.parametrize(
    "text",
    [
        "cc", "cc 128", "cc 1:2", "nrpn 20", "nrpn 1:128", "nrpn 1:2:3", "cc 32 14-bit", "cc14 7 relative",
        "note 36 relative", "cc 7 bank 2", "program 5 bank 16384", "cc 7 on 0", "cc 7 on 17", "rpn 1:1 14-bit",
        "cc 7 sideways", "program -1", "",
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="map: expected"):
        parse_source(text)


@pytest.mark.parametrize("manual", ["config.yaml", "docs/OSC.md"])
def test_the_manuals_name_every_kind_and_every_form(manual: str) -> None:
    text = " ".join((ROOT / manual).read_text().replace("#", " ").split())
    for kind in KINDS.values():
        assert kind.example in text
    for form in FORMS:
        assert form in text


def test_the_manual_has_the_help_of_every_kind_and_every_form() -> None:
    text = (ROOT / "docs/OSC.md").read_text()
    for kind in KINDS.values():
        assert f"| `{kind.example}` | {kind.help} |" in text
    for form, about in FORMS.items():
        assert f"| … `{form}` | {about} |" in text
