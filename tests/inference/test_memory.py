"""The memory of a session: what came next wherever it was like now."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.codec.encoder import Encoder, Stroke
from livegen.codec.layout import ADVANCE, FIELDS, Event
from livegen.inference.contract import Query
from livegen.inference.memory import FAR, LONGEST, MOST, ORDER, Memory, MemoryLevel, recalled
from livegen.music.parts import DRUMS, LEAD

EIGHTH = 12


class Playing:
    """An encoder and a memory that hear the same."""

    def __init__(self) -> None:
        self.encoder, self.memory, self.tick = Encoder(), Memory(), 0

    def play(self, *pitches: int, learns: bool = True, lasts: int = EIGHTH) -> "Playing":
        for pitch in pitches:
            self.stroke(self.tick, pitch, 80, learns)
            self.stroke(self.tick + lasts, pitch, 0, learns)
            self.tick += EIGHTH
        return self

    def rest(self) -> "Playing":
        self.tick += 2 * FAR
        return self

    def stroke(self, tick: int, pitch: int, velocity: int, learns: bool = True) -> None:
        for event in self.encoder.feed(Stroke(tick, LEAD, pitch, velocity)):
            self.memory = self.memory.after(event, learns)

    def begin(self, pitch: int) -> "Playing":
        """Let a note begin and sound on."""
        self.stroke(self.tick, pitch, 80)
        return self


def best(memory: Memory, name: str, query: Query) -> tuple[int, MemoryLevel, int] | None:
    """The likeliest class of the surest vote, its level, and how many notes were alike."""
    votes = list(memory.votes(name, query))
    return (int(votes[-1].votes.argmax()), votes[-1].level, votes[-1].matched) if votes else None


def test_what_followed_a_lick_is_expected_when_the_lick_comes_again() -> None:
    memory = Playing().play(60, 62, 64, 67).rest().play(60, 62, 64).memory

    assert best(memory, "pitch", Query(0, part=LEAD, on=1, before=64)) == (67, MemoryLevel.LINE, 3)


def test_at_another_pitch_a_lick_is_known_by_its_figure() -> None:
    memory = Playing().play(60, 62, 64, 67).rest().play(65, 67, 69).memory

    assert best(memory, "pitch", Query(0, part=LEAD, on=1, before=69)) == (
        72,
        MemoryLevel.FIGURE,
        3,
    )


def test_a_note_is_expected_to_last_as_long_as_it_did_then() -> None:
    memory = Playing().play(60, 62, 64, lasts=7).rest().play(60, lasts=7).begin(62).memory

    assert best(memory, "time", Query()) == (7, MemoryLevel.LINE, 2)
    assert best(memory, "on", Query(7, part=LEAD)) == (0, MemoryLevel.LINE, 2)
    assert best(memory, "pitch", Query(7, part=LEAD, on=0)) == (62, MemoryLevel.LINE, 2)


def test_a_phrase_does_not_go_on_into_the_next() -> None:
    memory = Playing().play(60, 62).rest().play(71, 62).memory

    assert best(memory, "pitch", Query(0, part=LEAD, on=1, before=62)) is None


def test_what_was_only_heard_leads_on_and_is_never_what_comes() -> None:
    playing = Playing().play(60, 62, 64, 67).rest().play(50, 52)
    playing.play(72, 71, 60, 62, learns=False)

    assert len(playing.memory) == 6
    query = Query(0, part=LEAD, on=1, before=62)
    assert best(playing.memory, "pitch", query) == (64, MemoryLevel.LINE, 1)
    playing.play(72, 71, learns=False)
    assert best(playing.memory, "pitch", query._replace(before=71)) is None


def test_an_answer_is_reminded_of_earlier_phrases_and_leaves_the_call_to_its_theme() -> None:
    playing = Playing().play(60, 62, 64).rest().play(60, 62, 71).play(60, 62, learns=False)

    query = Query(0, part=LEAD, on=1, before=62)
    votes = [vote.votes[[64, 71]].tolist() for vote in playing.memory.votes("pitch", query)]
    assert votes and all(vote == [1, 0] for vote in votes)
    everything = [vote.votes[71] for vote in playing.memory.votes("pitch", query, ORDER)]
    assert max(everything) > 0  # to who knows nothing else


def test_what_one_branch_hears_no_other_remembers() -> None:
    playing = Playing().play(60, 62, 64)
    before, encoder = playing.memory, playing.encoder.copy()
    one = playing.play(65, 60).memory
    playing.memory, playing.encoder, playing.tick = before, encoder, 3 * EIGHTH
    other = playing.play(71, 60).memory

    assert [len(memory) for memory in (before, one, other)] == [3, 5, 5]
    query = Query(0, part=LEAD, on=1, before=64)
    for memory, comes in ((one, 65), (other, 71)):
        again = memory.after(Event(0, LEAD, 1, 64, 20, 0, 0, 60), learns=True)
        assert best(again, "pitch", query) == (comes, MemoryLevel.LINE, 1)


def test_a_long_night_is_remembered_by_its_end() -> None:
    memory, event = Memory(), Event(EIGHTH, DRUMS, 1, 36, 20, 0, 0)
    for _ in range(MOST + 1):
        memory = memory.after(event, learns=True)

    assert MOST // 2 < len(memory) <= MOST
    assert best(memory, "pitch", Query(EIGHTH, part=DRUMS, on=1)) == (36, MemoryLevel.LINE, LONGEST)


def test_without_strength_the_network_alone_is_asked() -> None:
    memory, logits = Playing().play(60, 62, 60).memory, np.zeros(128, np.float32)

    assert recalled(memory, "pitch", Query(0, part=LEAD, on=1, before=60), logits, 0.0) is logits


def test_the_more_strength_the_likelier_is_what_came_then() -> None:
    memory, logits = Playing().play(60, 62, 64, 60, 62).memory, np.zeros(128, np.float32)
    query = Query(0, part=LEAD, on=1, before=62)
    shares = [
        float(np.exp(recalled(memory, "pitch", query, logits, strength))[64])
        for strength in (0.25, 0.5, 0.75, 1.0, None)
    ]

    assert shares == sorted(shares) and shares[0] > 1 / 128
    assert shares[-1] > 0.95


EVENTS = st.builds(
    Event,
    time=st.integers(0, ADVANCE), part=st.integers(0, 3), on=st.integers(0, 1), pitch=st.integers(0, 127),
    velocity=st.integers(0, 31), position=st.integers(0, 192), bar=st.integers(0, 16),
    before=st.one_of(st.integers(0, 127), st.just(255)),
)  # fmt: skip


@given(events=st.lists(st.tuples(EVENTS, st.booleans()), max_size=40), query=EVENTS)
def test_whatever_was_heard_what_is_expected_is_a_probability(
    events: list[tuple[Event, bool]], query: Event
) -> None:
    memory = Memory()
    for event, learns in events:
        memory = memory.after(event, learns)
        for name, classes in FIELDS.items():
            logits = np.full(classes, -np.log(classes), np.float32)
            expected = recalled(memory, name, Query.of(query), logits, 1.0)
            assert np.exp(expected).sum() == pytest.approx(1.0, abs=1e-4)
            for vote in memory.votes(name, Query.of(query)):
                assert vote.votes.sum() == pytest.approx(1.0) and vote.votes.min() >= 0
                assert 1 <= vote.matched <= LONGEST
