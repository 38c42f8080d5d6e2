"""A recording has a track for each part: named, on a channel of its own, with its sound."""

from livegen.music.files.by_parts import by_parts
from livegen.music.files.smf import Score, Track
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, ProgramChange

SENT = {0: "lead", 1: "comp", 2: "bass", 9: "drums"}
SOUNDS = {"lead": 11, "comp": 4, "bass": 32}


def notes(*channels: int) -> tuple[tuple[int, Message], ...]:
    rows: list[tuple[int, Message]] = []
    for tick, channel in enumerate(channels):
        rows += [(100 * tick, NoteOn(60, 80, channel)), (100 * tick + 50, NoteOff(60, 64, channel))]
    return tuple(rows)


def test_each_part_of_a_jam_has_a_track_with_its_name_and_sound() -> None:
    jam = by_parts(
        Score(480, (Track("Player", notes(0)), Track("Model", notes(9, 2, 1, 0)))), SENT, SOUNDS
    )

    named = [(track.name, track.program) for track in jam.tracks]
    model = [("Model lead", 11), ("Model comp", 4), ("Model bass", 32), ("Model drums", 0)]
    assert named == [("Player", 0), *model]


def test_no_two_tracks_share_a_channel_and_drums_stay_on_theirs() -> None:
    jam = by_parts(
        Score(480, (Track("Player", notes(0, 9)), Track("Model", notes(0, 1, 9)))), SENT, SOUNDS
    )

    channels = {track.name: track.messages[0][1] for track in jam.tracks}
    found = {name: m.channel for name, m in channels.items() if isinstance(m, NoteOn)}
    drums = [channel for name, channel in found.items() if "drums" in name]
    others = [channel for name, channel in found.items() if "drums" not in name]
    assert drums == [9, 9]
    assert len(set(others)) == 3 and 9 not in others


def test_a_sound_that_was_chosen_while_playing_counts_and_controllers_go_along() -> None:
    rows: tuple[tuple[int, Message], ...] = (
        (0, ProgramChange(40, 1)),
        (0, ControlChange(64, 127, 1)),
        *notes(1),
    )
    jam = by_parts(Score(480, (Track("Model", rows),)), SENT, SOUNDS)

    assert jam.tracks == (Track("Model comp", rows),)


def test_a_file_of_somebody_else_s_stays_as_it_is() -> None:
    score = Score(480, (Track("Melody", notes(3), 73), Track("Bass", notes(2), 33)))
    assert by_parts(score, SENT, SOUNDS) == score
