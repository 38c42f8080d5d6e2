"""The networks of the beat are trained from a folder of music, and serving computes them as training does."""

import csv
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

from export import beat_context, beats
from export.beat_material import (
    Excerpt,
    Manner,
    Piece,
    bars_of,
    by_style,
    draw,
    excerpt_of,
    made,
    pieces,
)
from export.beat_phrases import STYLES, phrase
from livegen.errors import ModelError
from livegen.music.beat.beat_candidates import Candidates, candidates
from livegen.music.beat.beat_context import PLACES, Context, places, read
from livegen.music.beat.beat_network import (
    BARS,
    COLUMNS,
    WEIGHTS,
    Bars,
    ComparingNetwork,
    counted,
    facts,
    onsets_of,
    own_features,
    same_features,
)
from livegen.music.files.smf import write
from tests.training.synthetic import tune


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set by the name of one that is learned from: tunes in 4/4, three to train on and one held out."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "trad_abc").mkdir()
    rows = [(f"{seed}.mid", "reel", "valid" if seed == 3 else "train") for seed in range(4)]
    for seed, (name, _, _) in enumerate(rows):
        write(folder / "trad_abc" / name, tune(seed, beats=64))
    with (folder / "trad_abc" / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "style", "split"), *rows])
    return folder


@pytest.fixture(scope="module")
def piece(data: Path) -> Piece:
    return pieces(data, "valid")["trad_abc"][0]


def excerpt(piece: Piece, manner: Manner, seed: int = 1) -> Excerpt:
    """An excerpt of 32 onsets; a draw may lead to none."""
    chance = random.Random(seed)
    while (found := excerpt_of(piece, chance, manner, 32)) is None:
        pass
    return found


def test_of_a_split_only_its_own_pieces_are_taken(data: Path) -> None:
    assert [len(pieces(data, split)["trad_abc"]) for split in ("train", "valid", "test")] == [
        3,
        1,
        0,
    ]


@pytest.mark.parametrize(("beats_late", "is_barred"), [(0, True), (1, False), (2, False)])
def test_a_song_whose_chords_change_elsewhere_than_on_its_bar_lines_is_told_from_others(
    beats_late: int, is_barred: bool, tmp_path: Path
) -> None:
    song, folder = tune(1, beats=64), tmp_path / "pop909_aligned"
    chords = next(track for track in song.tracks if track.name == "PIANO")
    late = tuple((tick + 24 * beats_late, message) for tick, message in chords.messages)
    folder.mkdir()
    write(
        folder / "a.mid",
        replace(song, tracks=(*song.tracks, replace(chords, name="CHORDS", messages=late))),
    )
    (folder / "metadata.csv").write_text("file,style,split\na.mid,pop,valid\n")
    (piece,) = pieces(tmp_path, "valid")["pop909_aligned"]
    assert (piece.is_barred, len(piece.voices)) == (is_barred, len(song.tracks))


def test_time_signatures_are_counted_as_they_are_felt() -> None:
    counted = {(4, 4): Bars(4, 24), (2, 2): Bars(4, 24), (6, 8): Bars(2, 36), (7, 8): Bars(7, 12)}
    assert {signature: bars_of(*signature) for signature in counted} == counted
    assert bars_of(11, 8) is None


def test_an_excerpt_is_as_fast_as_it_is_told_and_its_beats_are_those_of_the_piece(
    piece: Piece,
) -> None:
    some = excerpt(piece, Manner(bpm=90))
    assert some.period_s == pytest.approx(60 / 90)
    slope = np.polyfit(some.beats, some.notes[:, 0], 1)[0]
    assert slope == pytest.approx(60 / 90, rel=1e-3)
    assert some.bars == Bars(4, 24)


def test_a_hand_moves_onsets_by_little_and_a_chord_as_one(piece: Piece) -> None:
    manner = Manner(bpm=100, hand_s=0.01)
    written, played = excerpt(piece, Manner(bpm=100)), excerpt(piece, manner)
    assert 0 < np.abs(written.notes[:, 0] - played.notes[:, 0]).max() < 0.05


def test_phrases_by_rule_are_of_all_styles_and_begin_no_earlier_than_their_pick_up() -> None:
    chance, styles = random.Random(1), set()
    for _ in range(400):
        style, rows = phrase(chance)
        styles.add(style)
        onset, end, pitch, _, _ = rows.T
        assert -2 <= onset[0] < style.bars.beats * style.bars.ticks / 24 * 2
        assert (np.diff(onset) >= 0).all()
        assert (end > onset).all()
        assert ((pitch > 20) & (pitch < 110)).all()
        sixteenths = onset * 8
        np.testing.assert_allclose(sixteenths, sixteenths.round(), atol=1e-9)
    assert styles == set(STYLES)


def test_a_phrase_by_rule_is_played_with_its_beats_where_its_onsets_are() -> None:
    chance = random.Random(3)
    some = [excerpt for _ in range(60) if (excerpt := made(chance)) is not None]
    assert len(some) > 40
    for excerpt in some:
        slope = np.polyfit(excerpt.beats, excerpt.notes[:, 0], 1)[0]
        assert slope == pytest.approx(excerpt.period_s, rel=0.2)
        assert excerpt.notes[0, 0] < excerpt.notes[0, 1]


def test_the_right_candidate_with_the_right_bars_is_what_is_learned(piece: Piece) -> None:
    some = excerpt(piece, Manner(bpm=110))
    sample = beats.sample_of(some, random.Random(1))
    assert sample is not None
    right = {COLUMNS[column][0] for column in np.flatnonzero(sample.right.any(axis=0))}
    assert right == {Bars(4, 24)}
    assert sample.own.shape[2] + sample.same.shape[1] == beats.SEEN
    assert sample.own.shape[:2] == sample.beats.shape
    assert sample.whole.shape == sample.right.shape
    assert len(sample.right) <= beats.CANDIDATES


def test_serving_computes_the_scores_that_training_computes(piece: Piece) -> None:
    torch.manual_seed(1)
    network = beats.BeatNetwork().eval()
    onsets = onsets_of(excerpt(piece, Manner(bpm=110)).played())
    found = candidates(onsets.at_s)
    seen = own_features(onsets, found)
    batch = beats.batch_of(
        [
            beats.Sample(
                seen.astype(np.float16),
                same_features(onsets).astype(np.float16),
                counted(found).beats.astype(np.int16),
                facts(found, seen),
                (found.beats[:, -1] - found.beats[:, 0]).astype(np.float32),
                np.zeros((len(seen), len(COLUMNS)), np.float16),
                np.zeros((len(seen), len(COLUMNS)), bool),
                1.0,
            )
        ]
    )
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    with torch.no_grad():
        trained = network(batch).numpy()
    np.testing.assert_allclose(ComparingNetwork(weights)(onsets, found), trained, atol=2e-3)


def test_the_command_makes_both_networks_and_goes_on_from_what_it_has_prepared(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trainer in (beats, beat_context):
        for name, small in {"EXCERPTS": 8, "OF_A_FILE": 4, "STEPS": 3, "BATCH": 2}.items():
            monkeypatch.setattr(trainer, name, small)
    options = [str(data), "--work", str(tmp_path / "work")]
    made: list[dict[str, NDArray[np.float16]]] = []
    for name in ("one", "two"):
        (out := tmp_path / name).mkdir()
        done = CliRunner().invoke(beats.main, [*options, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert done.output.count("4 excerpts") == (4 if name == "one" else 0)
        weights: dict[str, NDArray[np.float16]] = {}
        for file in ("beats.npz", "beat_context.npz"):
            with np.load(out / file, allow_pickle=False) as kept:
                weights |= {f"{file} {part}": kept[part] for part in kept.files}
        made.append(weights)
    assert all(np.isfinite(part).all() for part in made[0].values())
    assert all(np.array_equal(made[0][name], made[1][name]) for name in made[0]), (
        "the same seed, the same weights"
    )


def test_where_in_the_bar_an_onset_is_is_told_by_its_beat_and_whether_it_is_on_it(
    piece: Piece,
) -> None:
    some = excerpt(piece, Manner(bpm=110))
    sample = beat_context.sample_of(some)
    assert sample is not None
    assert BARS[sample.bars] == some.bars
    assert sample.period_s == some.period_s
    onsets = onsets_of(some.played())
    beats = np.interp(onsets.at_s + onsets.since_us / 1e6, some.notes[:, 0], some.beats) % 4
    on = np.abs(beats - np.rint(beats)) < 0.05
    np.testing.assert_array_equal(sample.places[on], 2 * (np.rint(beats[on]) % 4))
    assert (sample.places[~on] % 2 == 1).all()


def test_serving_hears_a_phrase_as_training_does_and_others_beside_it_change_nothing(
    piece: Piece, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = beat_context.ContextNetwork().eval()
    path = tmp_path / "weights.npz"
    np.savez(path, **{name: value.numpy() for name, value in network.state_dict().items()})
    some = excerpt(piece, Manner(bpm=110))
    longer = beat_context.sample_of(excerpt(piece, Manner(), 2))
    short = beat_context.sample_of(some._replace(notes=some.notes[:12], beats=some.beats[:12]))
    assert longer
    assert short
    with torch.no_grad():
        where, periods = network(beat_context.batch_of([short, longer]))
    heard = read(path)(onsets_of(some.played()[:12]))
    count = len(heard.of_places)
    np.testing.assert_allclose(heard.of_places, where[0, :count].numpy(), atol=0.01)
    np.testing.assert_allclose(heard.of_periods.ravel(), periods[0].numpy(), atol=0.01)


def test_the_candidate_and_the_bars_that_a_phrase_as_a_whole_speaks_for_have_most() -> None:
    bars, first = Bars(3, 24), 1
    beats = np.array([0, 0.5, 1, 2, 3, 4, 5, 5.5, 6, 7])
    column = COLUMNS.index((bars, first))
    of_bars = np.zeros((len(beats), sum(PLACES)))
    since = sum(PLACES[: BARS.index(bars)])
    of_bars[np.arange(len(beats)), since + places(beats, first, bars.beats)] = 5.0
    shifted = np.stack([beats, beats + 0.5])
    found = Candidates(np.array([0.5, 0.5]), shifted, np.zeros(shifted.shape))
    by_column = Context(of_bars, np.zeros((len(BARS), 56))).places(found)
    assert divmod(int(by_column.argmax()), len(COLUMNS)) == (0, column)
    of_periods = np.zeros((len(BARS), 56))
    of_periods[BARS.index(bars), 23:25] = 5.0
    apart = Candidates(np.array([0.5, 0.25, 1.0]), beats[None].repeat(3, 0), np.zeros((3, 10)))
    row, at = divmod(int(Context(of_bars, of_periods).periods(apart).argmax()), len(COLUMNS))
    assert (row, COLUMNS[at][0]) == (0, bars)


def test_weights_of_another_network_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"python -m export\.beats DATA"):
        read(WEIGHTS)
    np.savez(tmp_path / "none.npz", alien=np.zeros(2))
    with pytest.raises(ModelError, match=r"python -m export\.beats DATA"):
        read(tmp_path / "none.npz")


def test_a_style_of_few_pieces_is_drawn_from_more_often_than_by_their_number(piece: Piece) -> None:
    rare = piece._replace(style="rare")
    groups = by_style({"trad_abc": [piece] * 16 + [rare]})
    assert [len(some) for some in groups["trad_abc"]] == [1, 16]
    chance = random.Random(1)
    drawn = [draw(groups, chance).style for _ in range(400)]
    share = drawn.count("rare") / (drawn.count("rare") + drawn.count("reel"))
    assert share == pytest.approx(1 / 5, abs=0.1)
