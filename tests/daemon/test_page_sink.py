"""What the port process tells those who look on, and what they may play."""

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.clock import SECOND
from livegen.daemon.page_sink import LogLines, PageKeys, PageSink, playable
from livegen.daemon.processes.frames import Frame, HeardFrame, NewsFrame, SentFrame

Told = list[Frame]


def onlooker(is_watched: bool = True) -> tuple[PageSink, Told]:
    told: Told = []
    one = PageSink(told.append)
    one.is_watched = is_watched
    return one, told


def figures(one: PageSink, told: Told, now: int, **others: Any) -> dict[str, Any]:
    one.figures(now, others, at_once=True)
    found: dict[str, Any] = json.loads(told[-1].payload)
    return found


def test_notes_are_told_as_they_come_and_go() -> None:
    one, told = onlooker()
    one.heard(5, b"\x90\x3c\x50")
    one.sent(7, 7, b"\x80\x3c\x40")

    assert told == [HeardFrame(5, b"\x90\x3c\x50"), SentFrame(7, b"\x80\x3c\x40")]


def test_clocks_and_the_like_are_not_told() -> None:
    one, told = onlooker()
    one.heard(5, b"\xf8")
    one.sent(7, 7, b"\xf8")

    assert told == []


def test_nothing_but_lines_is_told_while_nobody_watches() -> None:
    one, told = onlooker(is_watched=False)
    one.heard(5, b"\x90\x3c\x50")
    one.sent(7, 7, b"\x90\x3c\x50")
    one.figures(SECOND, {})
    one.line(9, "a loop", "note")

    assert told == [NewsFrame.of(9, {"line": "a loop", "kind": "note"})]


def test_figures_come_once_a_second_and_what_is_urgent_at_once() -> None:
    one, told = onlooker()
    for now in range(0, 3 * SECOND, SECOND // 10):
        one.figures(now, {})
    assert len(told) == 3

    one.figures(3 * SECOND - 1, {"engine": "dead"}, at_once=True)
    assert json.loads(told[-1].payload)["engine"] == "dead"


def test_figures_are_of_the_last_minute_and_counts_of_the_time_since_the_last() -> None:
    one, told = onlooker()
    for now in range(0, 120 * SECOND, SECOND):
        one.sent(now - now // SECOND, now, b"\x92\x3c\x50")
    found = figures(one, told, 119 * SECOND)

    assert found["lateness"] == {"count": 60, "p50_us": 89, "p99_us": 118, "max_us": 119}
    assert found["out"] == {"2": 120}
    assert figures(one, told, 120 * SECOND)["out"] == {}


def test_a_message_that_missed_its_time_is_counted() -> None:
    one, told = onlooker()
    for late in (0, 5_000, 5_001, 80_000):
        one.sent(-late, 0, b"\x90\x3c\x50")

    assert figures(one, told, 1)["missed"] == 2


def test_from_the_last_note_of_the_players_to_the_first_of_the_models() -> None:
    one, told = onlooker()
    one.heard(0, b"\x90\x3c\x50")
    one.heard(100_000, b"\x80\x3c\x40")
    one.sent(350_000, 350_000, b"\x90\x40\x50")
    one.sent(600_000, 600_000, b"\x90\x43\x50")  # not the first
    one.heard(SECOND, b"\x80\x3c\x40")
    one.sent(20 * SECOND, 20 * SECOND, b"\x90\x43\x50")  # answers nothing

    assert figures(one, told, 20 * SECOND)["in_to_first"] == {
        "count": 1,
        "p50_us": 250_000,
        "p99_us": 250_000,
        "max_us": 250_000,
    }


def test_what_the_engine_process_gave_stands_among_the_figures() -> None:
    one, told = onlooker()
    one.engine = {"in_to_state": {"count": 1}, "cpu": {"engine": 0.5}}
    found = figures(one, told, SECOND, restarts=2)

    assert (found["in_to_state"], found["restarts"]) == ({"count": 1}, 2)
    assert found["cpu"].keys() == {"engine", "ports"}


def test_what_is_logged_for_people_is_told_with_its_kind() -> None:
    said: list[tuple[str, str, str]] = []
    log = logging.getLogger("livegen.test_onlooker")
    handler = LogLines(lambda *line: said.append(line))
    log.addHandler(handler)
    log.propagate = False
    log.warning("a loop of %d ms", 20)
    log.error("it broke")
    log.warning("saved /x/a.mid", extra={"file": "a.mid"})
    log.warning("page http://127.0.0.1:9701/#secret", extra={"private": True})
    log.warning("beats again after %d ms", 9, extra={"page": "It is back."})
    log.warning("not saved", extra={"kind": "bad"})
    log.info("not for people")
    log.removeHandler(handler)

    assert said == [
        ("a loop of 20 ms", "note", ""),
        ("it broke", "bad", ""),
        ("saved /x/a.mid", "saved", "a.mid"),
        ("It is back.", "note", ""),
        ("not saved", "bad", ""),
    ]


# --- what may be played -------------------------------------------------------------------------------------------

PEDALS = (64, 66, 67)

bytes_of_midi = st.lists(st.integers(0, 255), min_size=2, max_size=3)
# On one channel, so that what is held is also ended.
of_one_channel = st.tuples(
    st.sampled_from([0x80, 0x90, 0xB0]),
    st.sampled_from([60, *PEDALS, 120, 121, 123]),
    st.sampled_from([0, 127]),
).map(list)


@given(st.lists(bytes_of_midi | of_one_channel, max_size=60))
def test_after_release_nothing_that_was_played_sounds(played: list[list[int]]) -> None:
    hands, sounding, pedals = PageKeys(), set[tuple[int, int]](), set[tuple[int, int]]()
    messages = [data for value in played if (data := hands.play(value)) is not None]
    for data in [*messages, *hands.release()]:
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == 0x90 and data[2]:
            sounding.add((channel, data[1]))
        elif kind in (0x80, 0x90):
            sounding.discard((channel, data[1]))
        elif kind == 0xB0 and (data[1] == 120 or data[1] >= 123):
            sounding -= {(channel, pitch) for pitch in range(128)}
        elif kind == 0xB0 and data[1] == 121:
            pedals -= {(channel, pedal) for pedal in PEDALS}
        elif kind == 0xB0 and data[1] in PEDALS:
            (pedals.add if data[2] >= 64 else pedals.discard)((channel, data[1]))

    assert not sounding and not pedals
    assert hands.release() == []


@pytest.mark.parametrize(
    "value",
    [None, "x", [], [0x90], [0x90, 60], [0x90, 60, 128], [0x90, 60, 80, 0], [60, 60, 60], [0x90, 60.0, 80],
     [0x90, True, 80], [0xF8], [0xF0, 1, 0xF7], [0xC0, 1, 1], [0xD0, 200], [0xF2, 1, 1], [0xE0, 1]],
)  # fmt: skip
def test_values_that_are_no_messages_of_a_players_are_not_played(value: object) -> None:
    assert playable(value) is None


@given(st.integers(0, 15), st.integers(0, 127), st.integers(0, 127))
def test_all_that_belongs_to_a_channel_is_played_as_at_a_port(
    channel: int, first: int, second: int
) -> None:
    for kind in (0x80, 0x90, 0xA0, 0xB0, 0xE0):
        assert playable([kind | channel, first, second]) == bytes((kind | channel, first, second))
    for kind in (0xC0, 0xD0):
        assert playable([kind | channel, first]) == bytes((kind | channel, first))


@pytest.mark.parametrize("number", [120, 123, 124, 127])
def test_what_a_page_silenced_itself_is_held_no_more(number: int) -> None:
    hands = PageKeys()
    for data in ([0x91, 60, 80], [0x92, 60, 80], [0xB1, 64, 127], [0xB1, number, 0]):
        hands.play(data)

    assert not hands.would_end(bytes((0x81, 60, 0)))
    assert hands.release() == [bytes((0xB1, 64, 0)), bytes((0x82, 60, 64))]
