"""A memory that is kept: as a MIDI file that a DAW opens, and as a line of text, and back to the same memory."""

from pathlib import Path

import numpy as np
import pytest

from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import NO_PITCH
from livegen.errors import LivegenError
from livegen.inference.contract import Query
from livegen.inference.kept import memory_from, memory_in, score_of, text_of
from livegen.inference.memory import FAR, MOST, Memory, memory_of
from livegen.music.files import smf
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, DRUMS, LEAD, PARTS

BAR = 96


def remembered(*strokes: tuple[int, int, int, int]) -> Memory:
    """The memory of notes: tick, part, pitch, length."""
    begun = [Stroke(tick, part, pitch, 80) for tick, part, pitch, _ in strokes]
    ended = [Stroke(tick + length, part, pitch, 0) for tick, part, pitch, length in strokes]
    encoder = Encoder()
    ordered = sorted(begun + ended, key=lambda stroke: (stroke.tick, stroke.velocity > 0))
    return memory_of(event for stroke in ordered for event in encoder.feed(stroke))


LICK = tuple((place * 12, LEAD, pitch, 10) for place, pitch in enumerate((60, 62, 64, 67, 65, 62)))
BAND = remembered(
    *LICK,
    (0, COMP, 48, 40),
    (0, COMP, 52, 40),
    (0, BASS, 36, 20),
    (24, DRUMS, 38, 1),
    (5 * BAR, LEAD, 72, 30),
    (5 * BAR + 30, LEAD, 71, 6),
)


def as_set(memory: Memory) -> list[list[int]]:
    """Notes; of those that were struck together the order does not matter, but the pause before them does."""
    return sorted(row for row in memory.notes.tolist() if row[3] == 0 or row[3] == FAR)


def test_what_is_kept_as_text_comes_back_note_for_note() -> None:
    assert np.array_equal(memory_from(text_of(BAND)).notes, BAND.notes)
    assert len(memory_from(text_of(Memory()))) == 0


def test_a_memory_that_is_kept_goes_on_with_a_lick_as_if_it_had_been_played_today() -> None:
    said = []
    for memory in (remembered(*LICK), memory_from(text_of(remembered(*LICK)))):
        encoder = Encoder()
        for tick, part, pitch, _ in LICK[:4]:
            for event in encoder.feed(Stroke(tick, part, pitch, 80)):
                memory = memory.after(event, learns=True)
        query = Query(time=12, part=LEAD, on=1, before=67)
        said.append(
            [(it.level, it.matched, int(it.votes.argmax())) for it in memory.votes("pitch", query)]
        )

    assert said[0] == said[1]
    assert said[0] and all(pitch == 65 for _, _, pitch in said[0])


def test_the_file_is_a_track_for_each_part_that_any_program_opens(tmp_path: Path) -> None:
    smf.write(tmp_path / "ada.mid", score_of(BAND))
    score = smf.read(tmp_path / "ada.mid")

    assert [track.name for track in score.tracks] == list(PARTS)
    again = memory_in(score)
    assert len(again) == len(BAND)
    assert as_set(again) == as_set(BAND)


def test_a_lick_that_was_deleted_from_the_file_is_not_remembered(tmp_path: Path) -> None:
    score = score_of(remembered(*LICK))
    deleted = NoteOn(67, 82), NoteOff(67)
    kept = tuple(row for row in score.tracks[0].messages if row[1] not in deleted)
    assert len(kept) == len(score.tracks[0].messages) - 2
    smf.write(tmp_path / "ada.mid", smf.Score(score.ppqn, (smf.Track("lead", kept),)))

    pitches = memory_in(smf.read(tmp_path / "ada.mid")).notes[:, 1]
    assert pitches.tolist() == [60, 62, 64, 65, 62]


def test_a_file_of_another_program_with_other_ticks_and_names_is_a_lead() -> None:
    notes = ((0, NoteOn(60, 80)), (480, NoteOff(60)), (480, NoteOn(62, 80)), (960, NoteOff(62)))
    memory = memory_in(smf.Score(480, (smf.Track("My licks", notes),)))

    assert memory.notes[:, [0, 1, 3, 4]].tolist() == [[LEAD, 60, FAR, 24], [LEAD, 62, 24, 24]]


def test_of_a_long_evening_the_last_notes_are_kept_and_fit_into_a_frame() -> None:
    pitches = np.random.default_rng(0).integers(30, 90, 2 * MOST).tolist()
    memory = remembered(*((12 * at, LEAD, pitch, 7) for at, pitch in enumerate(pitches)))

    text = text_of(memory)
    assert len(memory) <= MOST and len(text) < 60_000
    assert memory_from(text).notes[-1, 1] == pitches[-1]


def test_a_note_that_is_struck_again_while_it_is_held_stays_two_notes() -> None:
    memory = remembered((0, LEAD, 60, 12), (12, LEAD, 60, 12), (24, LEAD, 60, 12))

    assert memory_from(text_of(memory)).notes[:, [1, 4]].tolist() == [[60, 12]] * 3


@pytest.mark.parametrize("text", ["", "ada", "AAAA", "eJwDAAAAAA==", "é"])
def test_a_text_that_is_no_memory_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(LivegenError, match="expected a memory"):
        memory_from(text)


def test_nothing_before_the_first_note_leads_to_it() -> None:
    assert not list(
        memory_from(text_of(BAND)).votes("pitch", Query(part=LEAD, on=1, before=NO_PITCH))
    )
