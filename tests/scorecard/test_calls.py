"""Calls, what people play next, and melodies with their chords, from a song of our own."""

from pathlib import Path

import pytest

from livegen.errors import ConfigError
from livegen.music.chords.chord import Chord
from livegen.music.files.smf import Score, read, write
from livegen.music.note import Note
from livegen.scorecard import held_out_calls
from livegen.scorecard.held_out_calls import HeldOut
from livegen.scorecard.notes import notes_of
from livegen.scorecard.playing import played
from livegen.testing import EchoModel
from tests.scorecard.phrases import PPQN, phrase, song, track
from tests.scorecard.phrases import call as call_of


def held(tmp_path: Path, score: Score, corpus: str = "made") -> HeldOut:
    write(tmp_path / "song.mid", score)
    return HeldOut(corpus, "midi/song.mid", (tmp_path / "song.mid").read_bytes())


def test_a_call_is_cut_shortly_before_its_last_bar_line(tmp_path: Path) -> None:
    some = held_out_calls.windows(held(tmp_path, song(60)), 2)

    assert [call.first_beat for call in some] == [4.0 * bar for bar in range(15)]
    first = some[0]
    assert (first.metre, first.bar, first.bars, first.tempo_us, first.beats, first.bpm) == (
        "4/4", 4.0, 2, 500_000, 8.0, 120.0,
    )  # fmt: skip
    assert len(first.onsets) == 16
    assert first.ends == pytest.approx(8 - held_out_calls.LAST)


def test_what_people_play_next_follows_in_beats_of_the_call(tmp_path: Path) -> None:
    piece = held(tmp_path, song(60))
    pair = held_out_calls.followed(piece, 4)[0]
    own = notes_of(read(piece.data), read(piece.data).tracks[0])

    assert [note.pitch for note in pair.people] == [n.pitch for n in own if 16 <= n.onset < 32]
    assert pair.people[0].onset == 16.0


def test_a_melody_comes_with_its_chords_and_what_accompanies_it(tmp_path: Path) -> None:
    lead = held_out_calls.leads(held(tmp_path, song(60)), 8)[1]

    assert lead.call.first_beat == 4.0
    assert [row for row in lead.chords if 0 <= row[0] < 8] == [
        (0.0, Chord(5, "maj")),
        (4.0, Chord(7, "maj")),
    ]
    assert [note for note in lead.people if note.onset == 0] == [
        Note(0, 4, pitch, 80) for pitch in (41, 45, 48)
    ]


def test_without_a_track_of_chords_there_is_nothing_to_go_along_by(tmp_path: Path) -> None:
    whole = song(60)
    plain = Score(PPQN, whole.tracks[:2], metres=whole.metres)

    assert held_out_calls.leads(held(tmp_path, plain), 8) == []
    assert (
        held_out_calls.leads(held(tmp_path, Score(PPQN, (whole.tracks[0], whole.tracks[2]))), 8)
        == []
    )


def test_a_set_whose_bar_lines_are_not_to_be_believed_has_no_calls(tmp_path: Path) -> None:
    assert held_out_calls.windows(held(tmp_path, song(60), "giantmidi_preview"), 2) == []


def test_the_lead_is_the_track_that_is_heard_as_it(tmp_path: Path) -> None:
    notes = [(0, 24, 60), (24, 24, 62)]
    found = [
        held_out_calls.lead_of(Score(PPQN, tuple(track(name, notes) for name in names)))
        for names in (("PIANO", "MELODY"), ("whatever",), ("bass",), ("viola", "cello"))
    ]

    assert [one and one.name for one in found] == ["MELODY", "whatever", None, None]


def test_a_file_that_cannot_be_read_has_no_calls() -> None:
    assert held_out_calls.windows(HeldOut("made", "bad.mid", b"MThd"), 2) == []


def test_calls_come_evenly_from_all_sets_and_pieces_and_the_same_seed_gives_the_same() -> None:
    pieces = [HeldOut(name, f"{at}.mid", b"") for name in ("a", "b") for at in range(3)]

    def find(piece: HeldOut, bars: int) -> list[str]:
        return [f"{piece.corpus}{piece.name} {k}" for k in range(2 if piece.corpus == "a" else 1)]

    some = held_out_calls.drawn(pieces, 6, 1, find, (2,))
    assert sorted(one[:2] for one in some) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert held_out_calls.drawn(pieces, 6, 1, find, (2,)) == some
    assert len(held_out_calls.drawn(pieces, 100, 1, find, (2,))) == 9


def test_pieces_of_a_split_are_found_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "music" / "made"
    (folder / "midi").mkdir(parents=True)
    for name in ("one", "two"):
        write(folder / "midi" / f"{name}.mid", song(60))
    (folder / "metadata.csv").write_text("file,split\nmidi/one.mid,train\nmidi/two.mid,valid\n")

    assert [piece.name for piece in held_out_calls.held_out(tmp_path / "music")] == ["two"]
    with pytest.raises(ConfigError, match="no pieces of the split test"):
        held_out_calls.held_out(tmp_path / "music", split="test")


def test_an_echo_is_heard_after_its_call_and_leaves_nothing_hanging() -> None:
    heard = played(EchoModel(), call_of(phrase((60, 62, 64, 65, 67, 65, 64, 62))), {"length": 1})

    assert heard.answer and heard.hanging == 0
    assert heard.line is not None and heard.answer[0].onset >= heard.line
    assert {note.pitch for note in heard.answer} <= {60, 62, 64, 65, 67}


def test_a_call_may_be_accompanied_for_as_long_as_it_lasts() -> None:
    heard = played(EchoModel(), call_of(phrase((60, 62) * 8)), {"mode": "accompany"}, after_bars=1)

    assert heard.hanging == 0
