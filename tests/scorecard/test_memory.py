"""What of an answer is looked for in the training pieces, and how much of it."""

from livegen.music.note import Note
from livegen.scorecard.copying import lines_of_notes, no_longer
from livegen.training.memorisation import Copy, copies
from tests.scorecard.phrases import phrase

KNOWN = (60, 62, 64, 65, 67, 64, 60, 67, 69, 71, 72, 69)


def copied(answer: tuple[Note, ...], *known: tuple[Note, ...]) -> Copy:
    (found,) = copies(lines_of_notes([answer]), 1, lines_of_notes(known))
    return found


def test_a_transposed_copy_at_half_the_tempo_is_found_whole() -> None:
    # The first interval has no ratio to an earlier one, so a copy of 12 notes has a run of 11.
    answer = phrase([pitch + 5 for pitch in KNOWN], step=1.0)

    assert copied(answer, phrase((40, 50, 40)), phrase(KNOWN)) == Copy(11, 1)


def test_the_same_pitches_in_another_rhythm_are_no_copy() -> None:
    onsets = [0, 0.5, 2, 2.25, 4, 4.5, 6, 6.25, 8, 8.5, 10, 10.25]
    answer = tuple(Note(at, at + 0.2, pitch, 80) for at, pitch in zip(onsets, KNOWN, strict=True))

    assert copied(answer, phrase(KNOWN)).notes <= 2


def test_a_run_does_not_reach_from_one_line_into_the_next() -> None:
    assert copied(phrase(KNOWN), phrase(KNOWN[:6]), phrase(KNOWN[6:])).notes == 5


def test_of_two_notes_nothing_can_be_copied() -> None:
    assert copied(phrase((60, 62)), phrase(KNOWN)) == Copy(0, -1)
    assert copied(phrase(KNOWN)) == Copy(0, -1)


def test_who_is_compared_is_no_longer_than_people() -> None:
    assert no_longer(phrase(KNOWN), phrase((60, 62, 64))) == phrase(KNOWN[:3])
    assert no_longer(phrase((60,)), phrase(KNOWN)) == phrase((60,))
