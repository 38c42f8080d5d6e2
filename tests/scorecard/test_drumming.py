"""Drums: what a drummer has two hands and two feet for."""

from pathlib import Path

from livegen.music.files.smf import Score, Track, write
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.music.note import Note
from livegen.scorecard.drumming import figures, impossible, of_people
from livegen.scorecard.held_out_calls import HeldOut

KICK, SNARE, HAT, PEDAL, CRASH = 36, 38, 42, 44, 49


def hits(*rows: tuple[float, int]) -> list[Note]:
    return sorted(Note(onset, onset + 0.1, pitch, 90, 9) for onset, pitch in rows)


def test_two_hands_and_two_feet_may_strike_at_once_and_three_hands_may_not() -> None:
    four = hits((0, KICK), (0.01, PEDAL), (0.02, SNARE), (0.03, CRASH))

    assert impossible(four) == 0.0
    assert impossible([*four, Note(0.04, 0.1, HAT, 90, 9)]) == 1.0


def test_hits_apart_are_moments_of_their_own() -> None:
    assert impossible(hits((0, SNARE), (0, CRASH), (0.1, HAT), (1, HAT))) == 0.0
    assert impossible(hits((0, SNARE), (0, CRASH), (0, HAT), (1, HAT))) == 0.5


def test_a_plain_beat_has_its_kick_and_its_backbeat() -> None:
    bar = [(0, KICK), (1, SNARE), (2, KICK), (3, SNARE)]
    notes = hits(*((4 * number + at, pitch) for number in range(4) for at, pitch in bar))

    assert figures(notes, 4) == {
        "kick_on_one": 1.0,
        "backbeat": 1.0,
        "hits": 4.0,
        "impossible": 0.0,
    }


def test_no_drums_have_no_figures() -> None:
    assert figures([], 4) is None


def piece(metre: tuple[int, int], folder: Path) -> HeldOut:
    ppqn = 24
    messages: list[tuple[int, Message]] = []
    for number in range(24):
        pitch = SNARE if number % 2 else KICK
        messages += [
            (number * ppqn, NoteOn(pitch, 90, 9)),
            (number * ppqn + 6, NoteOff(pitch, 64, 9)),
        ]
    score = Score(ppqn, (Track("drums", tuple(messages)),), metres=((0, *metre),))
    write(folder / "one.mid", score)
    return HeldOut("made", "midi/one.mid", (folder / "one.mid").read_bytes())


def test_drums_of_people_are_judged_in_four_four_alone(tmp_path: Path) -> None:
    found = of_people(piece((4, 4), tmp_path), 4)

    assert found is not None
    assert (found["kick_on_one"], found["backbeat"], found["hits"]) == (1.0, 1.0, 4.0)
    assert of_people(piece((3, 4), tmp_path), 4) is None
