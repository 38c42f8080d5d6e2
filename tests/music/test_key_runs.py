"""Since when music has been in its key, note by note."""

from collections.abc import Sequence

import pytest

from livegen.music.keys.key_runs import KeyRuns

TUNE = (
    64,
    60,
    67,
    64,
    60,
    69,
    65,
    69,
    62,
    71,
    67,
    71,
    64,
    67,
    60,
    72,
)  # in C major, a pitch a beat
READILY = 0.1


def heard(pitches: Sequence[int], shift: int = 0) -> KeyRuns:
    keys = KeyRuns(READILY)
    for beat, pitch in enumerate(pitches):
        keys.strike(beat, pitch + shift, 1.0 if beat else 0.0)
    return keys


def test_before_the_first_note_there_is_no_run() -> None:
    assert not KeyRuns(READILY).runs()


def test_a_melody_that_stays_in_its_key_has_been_in_it_since_its_first_note() -> None:
    for count in range(1, len(TUNE) + 1):
        run = heard(TUNE[:count]).runs()[0]
        assert run.since == 0
        assert run.share > 0.7


@pytest.mark.parametrize("shift", [1, 6, 11])
def test_another_key_is_found_by_its_third_note_and_since_when_it_is_there(shift: int) -> None:
    turn = len(TUNE)
    moved = [pitch + shift for pitch in TUNE]
    found = [heard([*TUNE, *moved[:count]]).runs()[0] for count in (3, 4, 8, turn)]
    assert {run.since for run in found} == {turn}
    assert found[-1].share > 0.9


def test_a_fourth_up_is_found_once_its_own_note_has_come() -> None:
    """C and F major differ by one note: before it nothing says so."""
    moved = [pitch + 5 for pitch in TUNE]
    own = next(at for at, pitch in enumerate(moved) if pitch % 12 == 10)
    before, after = (heard([*TUNE, *moved[: own + more]]).runs() for more in (0, 2))
    assert before[0].since == 0
    assert sum(run.share for run in after if run.since > 0) > sum(
        run.share for run in before if run.since > 0
    )


def test_one_note_of_another_key_is_an_ornament() -> None:
    ornamented = [*TUNE[:7], 66, *TUNE[8:]]
    assert heard(ornamented).runs()[0].since == 0


def test_transposed_music_has_the_same_runs() -> None:
    music = [*TUNE, *(pitch + 6 for pitch in TUNE)]
    for count in (5, 18, 24):
        there, moved = heard(music[:count]).runs(), heard(music[:count], 4).runs()
        assert [run.since for run in there] == [run.since for run in moved]
        assert [run.share for run in there] == pytest.approx([run.share for run in moved])


def test_shares_of_the_runs_are_one_together() -> None:
    for count in (1, 9, 18, 30):
        runs = heard([*TUNE, *(pitch + 1 for pitch in TUNE)][:count]).runs()
        assert sum(run.share for run in runs) == pytest.approx(1.0)
        assert [run.share for run in runs] == sorted((run.share for run in runs), reverse=True)
