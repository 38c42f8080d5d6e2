"""The page of examples: what is chosen, which sentence belongs to which notes, and what the page says.

The figures of the modes are those of the scorecard, tested there; here is what they are put together from.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import shown, ways
from docs.shown import PLACES, chosen, digest, page_lines, said_lines, score_of, unsaid
from docs.ways import WAYS, Judged, Outcome, Scene, Try, titled
from livegen.jam.turns import MODES, Start
from livegen.music.files.smf import read, write
from livegen.music.note import Note
from livegen.scorecard.notes import moved
from livegen.scorecard.playing import PlayedCall
from tests.scorecard.phrases import call, phrase

UP = phrase((60, 62, 64, 65, 67, 65, 64, 62))


def played(mode: str, answer: Sequence[Note], figure: float = 0.5) -> tuple[Try, Outcome]:
    scene = Scene(call(UP, bars=1))
    heard = PlayedCall(scene.call, tuple(answer), 4.0)
    return Try(mode, 0, scene), Outcome(Judged(figure), heard)


def facts(*digests: str) -> dict[str, Any]:
    """One mode with an example for each digest."""
    examples = [
        {
            "place": place, "file": f"respond/{place.replace(' ', '-')}", "figure": -0.25, "faults": ["loop"],
            "piece": "A tune", "set": "made", "bar": 3, "metre": "4/4", "bpm": 120, "digest": name,
        }
        for place, name in zip(PLACES, digests, strict=False)
    ]  # fmt: skip
    respond = {
        "says": "how well it fits", "calls": 9, "lowest": -0.25, "median": 0.5, "highest": 1.0, "faults": {"loop": 2},
        "examples": examples,
    }  # fmt: skip
    return {
        "model": "made",
        "seed": 1,
        "calls": 9,
        "sets": ["Made, CC0"],
        "modes": {"respond": respond},
    }


# --- what is chosen -----------------------------------------------------------------------------------------------


def test_the_best_two_the_middle_and_the_worst_two_are_kept() -> None:
    assert chosen((0.1, 0.9, 0.5, 0.7, 0.3, 0.8, 0.2)) == [1, 5, 2, 6, 0]


def test_of_equals_the_earlier_counts_as_better() -> None:
    assert chosen((0.5,) * 6) == [0, 1, 3, 4, 5]


def test_too_few_to_choose_from_are_refused() -> None:
    with pytest.raises(ValueError, match="4 figures"):
        chosen((1.0,) * 4)


def test_every_mode_that_plays_is_tried() -> None:
    assert set(WAYS) == {name for name, mode in MODES.items() if mode.start is not Start.NEVER}


# --- figures ------------------------------------------------------------------------------------------------------


def test_a_fault_counts_one_less() -> None:
    assert Judged(0.75).rank == 0.75
    assert Judged(0.75, frozenset({"loop"})).rank == -0.25


@pytest.mark.parametrize("off", [0.25, 0.75, 1.5])
def test_an_answer_that_comes_in_and_closes_with_the_bars_is_ranked_above_the_same_beside_them(
    off: float,
) -> None:
    heard = call(UP, bars=1)
    on_bars, beside = (
        ways.answered(Scene(heard), PlayedCall(heard, moved(UP, 4.0 + by), 4.0)) for by in (0, off)
    )
    assert on_bars.rank > beside.rank


def test_each_turn_of_a_trade_is_judged_beside_the_turn_before_it() -> None:
    other = phrase((72, 71, 69, 67, 69, 71, 72, 74))
    scene = Scene(call(UP, bars=1), moved(other, 8.0))
    replies = (*moved(UP, 4.0), *moved(UP, 12.0))
    apart = [
        ways.answered(Scene(before), PlayedCall(before, moved(UP, 4.0), 4.0)).figure
        for before in (scene.call, call(other, bars=1))
    ]

    judged = ways.traded(scene, PlayedCall(scene.call, replies, 12.0))

    assert apart[0] != apart[1]
    assert judged.figure == pytest.approx(sum(apart) / 2)


def test_a_turn_that_never_came_is_a_fault() -> None:
    scene = Scene(call(UP, bars=1), moved(UP, 8.0))

    assert "silence" in ways.traded(scene, PlayedCall(scene.call, moved(UP, 4.0), 12.0)).faults


def test_companions_in_thirds_are_good_and_none_are_not() -> None:
    tune = phrase((64, 65, 67, 72), step=1.0)
    scene = Scene(call(tune, bars=1))
    thirds = phrase((60, 62, 64, 69), step=1.0)

    assert ways.harmonised(scene, PlayedCall(scene.call, thirds, None)).figure == 1.0
    assert ways.harmonised(scene, PlayedCall(scene.call, thirds[:2], None)).figure == 0.5
    assert ways.harmonised(scene, PlayedCall(scene.call, (), None)).figure == 0.0


def test_a_solo_on_one_chord_tone_fits_and_does_not_differ() -> None:
    chords = tuple(Note(0.0, 3.9, pitch, 64, 1) for pitch in (48, 52, 55))
    scene = Scene(call(UP, bars=1), chords)
    still = phrase((72,) * 11, step=0.5, at=4.0)
    moving = phrase((72, 76, 79, 76, 84, 79, 72, 79, 76, 72, 84), step=0.5, at=4.0)

    def judged(notes: tuple[Note, ...]) -> float:
        return ways.soloed(scene, PlayedCall(scene.call, notes, 4.0)).figure

    assert judged(still) == pytest.approx((1 + 1 / 8) / 2)
    assert judged(moving) == 1.0


def test_a_piece_is_called_by_composer_work_and_title() -> None:
    row = {"composer": "Lang, Josephine", "set": "6 Lieder, Op.26", "title": "2 Bei  Nacht"}

    assert titled(row) == "Josephine Lang, 6 Lieder, Op.26, 2 Bei Nacht"
    assert titled({"set": "Alone", "title": "Alone"}) == "Alone"


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_holds_both_sides_and_gives_the_same_digest_when_it_is_read(tmp_path: Path) -> None:
    score = score_of(*played("respond", moved(UP, 4.0)))
    write(tmp_path / "made.mid", score)
    again = read(tmp_path / "made.mid")

    assert [track.name for track in again.tracks] == ["Player", "Model"]
    assert again.tracks[1].program == shown.PROGRAMS[0]
    assert digest(again) == digest(score)


def test_another_note_gives_another_digest() -> None:
    other = [note._replace(pitch=note.pitch + (note is UP[3])) for note in UP]
    one, two = (score_of(*played("respond", notes)) for notes in (UP, other))

    assert digest(one) != digest(two)
    assert digest(one) != digest(replace(one, tempos=((0, 400_000),)))


# --- sentences ----------------------------------------------------------------------------------------------------


def test_a_sentence_is_kept_where_the_notes_are_the_same_and_asked_for_where_not() -> None:
    said = {"aaaa": "It sings: well.", "gone": "Of notes that are no more."}

    kept = yaml.safe_load("\n".join(said_lines(facts("aaaa", "123456"), said)))

    assert kept == {"aaaa": "It sings: well.", "123456": ""}
    assert unsaid(facts("aaaa", "123456"), kept) == [
        "respond, second best: respond/second-best.mid"
    ]


def test_the_page_shows_each_example_with_its_figure_and_its_sentence() -> None:
    page = "\n".join(page_lines(facts("aaaa", "bbbb"), {"aaaa": "It sings."}, frozenset()))

    assert "**Best, −0.25** with a fault: loop: A tune, from bar 3; 4/4, 120 bpm (made)." in page
    assert "![respond, best](examples/respond/best.png)\n\nIt sings." in page
    assert page.count("*(no sentence yet)*") == 1
    assert "the lowest is −0.25, the median 0.50, the highest 1.00; faults: loop 2." in page
    assert (
        "## listen\n\n*Listen: stays silent and goes on listening.*\n\nThere is nothing to show."
        in page
    )
    assert "* Made, CC0" in page


def test_sound_is_linked_where_it_was_rendered() -> None:
    words = {"aaaa": "It sings."}
    without = "\n".join(page_lines(facts("aaaa"), words, frozenset()))
    rendered = "\n".join(page_lines(facts("aaaa"), words, frozenset({"respond/best"})))

    assert "opus" not in without and "make examples ARGS=--sound" in without
    assert "[sound](examples/respond/best.opus)" in rendered
