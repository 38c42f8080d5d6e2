"""The bars and fills of people that drums begin with: what holds for each of them."""

import pytest

from livegen.music.drums.drum_bars import (
    COMMON,
    FILL,
    KICK,
    SNARE,
    DrumBar,
    drums_of,
    fills,
    patterns,
)

STYLES = (
    "rock",
    "funk",
    "jazz",
    "latin",
    "hiphop",
    "soul",
    "afrocuban",
    "reggae",
    "blues",
    "country",
)
KITS = set(range(35, 60))  # General MIDI's drums of a kit


def at(bar: DrumBar, pitch: int) -> set[int]:
    return {hit.tick // 24 for hit in bar if hit.pitch == pitch and hit.velocity > 40}


@pytest.mark.parametrize("style", [f"drums_{name}" for name in STYLES])
def test_every_bar_keeps_time_and_every_fill_goes_to_the_end_of_its_bar(style: str) -> None:
    some = patterns(style)
    assert 0.5 < sum(pattern.share for pattern in some) <= 1.001
    for pattern in some:
        for bar in pattern.bars:
            assert {hit.pitch for hit in bar} <= KITS
            assert {hit.tick // 24 for hit in bar} == {0, 1, 2, 3}
            assert all(0 <= hit.tick < COMMON and 1 <= hit.velocity <= 127 for hit in bar)
            assert list(bar) == sorted(bar)
    for fill in fills(style):
        assert all(0 <= hit.tick < FILL for hit in fill)
        assert max(hit.tick for hit in fill) >= FILL // 2


def test_a_hand_is_on_hats_or_ride_in_every_bar() -> None:
    hands = {42, 46, 51, 53}
    bars = [bar for name in STYLES for it in patterns(f"drums_{name}") for bar in it.bars]

    assert all(hands & {hit.pitch for hit in bar} for bar in bars)


def test_rock_has_its_backbeat_disco_a_kick_on_every_beat_and_jazz_a_ride() -> None:
    plain = [bar for pattern in patterns("any") for bar in pattern.bars]
    plain += [bar for pattern in patterns("drums_rock")[:1] for bar in pattern.bars]
    assert all({1, 3} <= at(bar, SNARE) and 0 in at(bar, KICK) for bar in plain)
    dance = [bar for pattern in patterns("drums_dance") for bar in pattern.bars]
    assert sum(at(bar, KICK) == {0, 1, 2, 3} for bar in dance) >= 2
    assert (
        sum(any(hit.pitch == 51 for hit in pattern.bars[0]) for pattern in patterns("drums_jazz"))
        >= 2
    )


@pytest.mark.parametrize(
    ("style", "drums"),
    [
        ("drums_reggae", "drums_reggae"),
        ("jazz_bebop", "drums_jazz"),
        ("jazz_fusion", "drums_funk"),
        ("leadsheet_blues", "drums_blues"),
        ("pop", "drums_pop"),
        ("popular_dance", "any"),
        ("folk_reel", "drums_country"),
        ("lied", "any"),
        ("any", "any"),
        ("no such style", "any"),
    ],
)
def test_each_style_has_its_drums_or_those_that_go_with_any_music(style: str, drums: str) -> None:
    assert drums_of(style) == drums
    assert patterns(style) == patterns(drums) != ()
    assert fills(style)
