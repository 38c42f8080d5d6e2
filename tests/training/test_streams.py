"""Streams: a batch is the music of the pieces, and what sounds is what the codec says."""

import copy
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.codec.layout import ADVANCE, NO_PITCH, SOUNDING, Event
from livegen.music.parts import DRUMS
from livegen.training.corpora import BEFORE, ON, PART, PITCH, TIME, Piece, Rows
from livegen.training.streams import (
    Batch,
    Pool,
    Streams,
    changes,
    sounding_after,
    sounding_steps,
    transposed,
)
from tests.training.synthetic import corpus

CORPORA = (corpus("a", range(5), "ttttt", beats=24), corpus("b", (7, 8), "tt", beats=60))
POOLS = [Pool(c.events, c.pieces, range(1, len(c.pieces) + 1), 0.5) for c in CORPORA]


def streams(seed: int = 0, batch: int = 4, segment: int = 50, **more: object) -> Streams:
    settings: dict[str, object] = {"transpose": (-5, 6), "style_unknown": 0.25} | more
    return Streams(POOLS, batch, segment, seed=seed, **settings)  # type: ignore[arg-type]


def replay(rows: Rows) -> list[set[tuple[int, int]]]:
    """What sounds after each row, by the rules of the codec, one event at a time."""
    sounding: set[tuple[int, int]] = set()
    found = []
    for row in rows.tolist():
        key = (row[PART], row[PITCH])
        if row[TIME] != ADVANCE and row[PART] != DRUMS:
            sounding = sounding | {key} if row[ON] else sounding - {key}
        found.append(sounding)
    return found


def as_set(sounding: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> set[tuple[int, int]]:
    return {(int(key) // 128, int(key) % 128) for key in np.flatnonzero(sounding)}


def piece_of(pool: Pool, row: int) -> Piece:
    return next(piece for piece in pool.pieces if piece.start <= row < piece.end)


def same(one: Batch, other: Batch) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(Batch))


@given(st.integers(0, 10_000), st.integers(16, 300), st.integers(-24, 0), st.integers(0, 24))
@settings(max_examples=25)
def test_every_step_is_the_music_of_a_piece_and_what_sounds_is_its_replay(
    seed: int, segment: int, low: int, high: int
) -> None:
    """Whatever the place a segment starts at, and however it is transposed."""
    found = streams(seed, batch=2, segment=segment, transpose=(low, high))
    for _ in range(150):
        batch = found.next(1)
        for b, cursor in enumerate(found.cursors):
            pool, at = POOLS[cursor.pool], cursor.first + cursor.at - 1
            piece = piece_of(pool, at)
            rows = transposed(pool.events[piece.start : piece.end], cursor.shift)
            own = at - piece.start

            event = Event(*rows[own].tolist())
            assert batch.rows[0, b].tolist() == [*event[:-1], event.interval]
            assert batch.targets[0, b].tolist() == rows[own + 1].tolist()
            assert as_set(batch.sounding[0, b]) == replay(rows[: own + 1])[-1]
            assert low <= cursor.shift <= high


@given(st.integers(0, 10_000), st.integers(16, 300))
@settings(max_examples=25)
def test_segments_never_cross_pieces_and_the_state_is_kept_within_them_only(
    seed: int, segment: int
) -> None:
    found = streams(seed, batch=1, segment=segment)
    before: tuple[int, int] | None = None
    steps = 0
    for _ in range(300):
        batch = found.next(1)
        cursor = found.cursors[0]
        at = cursor.first + cursor.at - 1
        fresh = before is None or batch.keep[0, 0, 0] == 0
        if fresh:
            steps = 0
        else:
            assert before == (cursor.pool, at - 1)
        steps += 1
        assert piece_of(POOLS[cursor.pool], at) == piece_of(POOLS[cursor.pool], at + 1)
        assert steps <= segment
        before = (cursor.pool, at)


def test_the_first_step_of_a_run_starts_a_segment() -> None:
    assert (streams().next(3).keep[0] == 0).all()


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_no_pitch_leaves_the_keyboard_and_drums_stay_drums(seed: int) -> None:
    rows = CORPORA[0].events.copy()
    high = (rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE) & (rows[:, PITCH] >= 60)
    rows[high, PITCH] += 44  # up to 127
    pools = [Pool(rows, CORPORA[0].pieces, [0] * 5, 1.0)]
    found = Streams(pools, 3, 60, (-24, 24), 0.0, seed)
    for _ in range(5):
        batch = found.next(40)
        assert batch.rows[..., PITCH].max() <= 127
        drums = batch.rows[..., PART] == DRUMS
        assert set(batch.rows[drums][:, PITCH].tolist()) <= {36, 38, 42}
        pitched = ~drums & (batch.rows[..., TIME] != ADVANCE)
        assert batch.rows[pitched][:, PITCH].min() >= 12  # 36 less 24: nothing wrapped around


def test_transposition_moves_pitched_notes_and_nothing_else() -> None:
    rows = CORPORA[0].events[:60]
    moved = transposed(rows, 3)
    pitched = (rows[:, PART] != DRUMS) & (rows[:, TIME] != ADVANCE)

    assert (moved[pitched, PITCH] == rows[pitched, PITCH] + 3).all()
    assert (moved[~pitched] == rows[~pitched]).all()
    assert (
        moved[rows[:, BEFORE] != NO_PITCH, BEFORE] == rows[rows[:, BEFORE] != NO_PITCH, BEFORE] + 3
    ).all()
    assert (moved[rows[:, BEFORE] == NO_PITCH, BEFORE] == NO_PITCH).all()
    rest = [PITCH, BEFORE]
    assert (np.delete(moved, rest, 1) == np.delete(rows, rest, 1)).all()


def test_the_same_seed_draws_the_same_batches_and_another_seed_others() -> None:
    one, other, third = streams(3), streams(3), streams(4)
    pairs = [(one.next(32), other.next(32)) for _ in range(6)]

    assert all(same(*pair) for pair in pairs)
    assert not same(pairs[0][0], third.next(32))


@pytest.mark.parametrize("cut", [1, 7, 31])
def test_long_steps_and_short_ones_draw_the_same_music(cut: int) -> None:
    """With one stream: of several, each draws when its own segment ends."""
    whole, parts = streams(5, batch=1), streams(5, batch=1)
    batch = whole.next(64)
    first, second = parts.next(cut), parts.next(64 - cut)

    for name in ("rows", "targets", "style", "sounding", "keep"):
        joined = np.concatenate((getattr(first, name), getattr(second, name)))
        assert np.array_equal(getattr(batch, name), joined)


@pytest.mark.parametrize("detached", [0.0, 0.5])
def test_restored_streams_go_on_as_if_nothing_had_happened(detached: float) -> None:
    found = streams(6, detached=detached)
    for _ in range(3):
        found.next(41)
    kept = copy.deepcopy(found.state())
    expected = [found.next(41) for _ in range(4)]
    later = streams(99, detached=detached)
    later.next(10)
    later.restore(kept)

    assert all(same(later.next(41), batch) for batch in expected)


@given(st.integers(0, 10_000), st.integers(16, 300))
@settings(max_examples=25)
def test_played_detached_the_same_notes_begin_and_sound_for_less_long(
    seed: int, segment: int
) -> None:
    """Only the ends of notes move: what begins is the music of the piece, what sounds is its replay."""
    found = streams(seed, batch=1, segment=segment, detached=1.0)
    found.next(1)
    cursor = found.cursors[0]
    events = POOLS[cursor.pool].events[cursor.first : cursor.end]
    written, played = transposed(events, cursor.shift), found._segments[0]

    assert cursor.held < 1
    for column in (PITCH, PART):
        begun = [rows[rows[:, ON] == 1, column].tolist() for rows in (written, played)]
        assert begun[0] == begun[1]
    assert sounded(played) < sounded(written)
    assert as_set(found.sounding[0]) >= replay(played[:1])[-1]


def sounded(rows: Rows) -> int:
    """Ticks for which notes that begin in these rows sound, all together."""
    before: list[set[tuple[int, int]]] = [set(), *replay(rows)]
    return sum(time * len(keys) for time, keys in zip(rows[:, TIME].tolist(), before, strict=False))


def test_sets_get_their_shares_of_the_events_and_pieces_theirs_by_length() -> None:
    pools = [Pool(p.events, p.pieces, p.styles, s) for p, s in zip(POOLS, (0.9, 0.1), strict=True)]
    found = Streams(pools, 1, 16, (0, 0), 0.0, 1)
    seen = []
    for _ in range(4000):
        found.next(1)
        seen.append(found.cursors[0].pool)

    assert 0.85 < seen.count(0) / len(seen) < 0.95


@pytest.mark.parametrize(("unknown", "known"), [(0.0, True), (1.0, False)])
def test_the_style_is_told_as_often_as_the_recipe_says(unknown: float, known: bool) -> None:
    found = streams(batch=8, style_unknown=unknown)

    assert (found.next(64).style > 0).all() == known


@given(st.integers(0, 5))
def test_what_sounds_is_counted_alike_step_by_step_and_at_once(which: int) -> None:
    rows = (*CORPORA[0].pieces, *CORPORA[1].pieces)[which]
    events = CORPORA[0 if which < 5 else 1].events[rows.start : rows.end]
    expected = replay(events)

    assert [as_set(after) for after in sounding_steps(events)] == expected
    assert as_set(sounding_after(events[:40]) > 0) == expected[39]
    assert changes(events).shape == (len(events), SOUNDING)
