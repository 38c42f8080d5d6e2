"""What waits for a page is bounded, whatever the page does."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from livegen.control.web.mailbox import (
    MOST_LINES,
    MOST_NOTES,
    MOST_REPLIES,
    STATE_EVERY_US,
    Mailbox,
)

states = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3).map(str), max_size=4)


def taken(box: Mailbox, now: int) -> list[dict[str, Any]]:
    return [json.loads(text) for text in box.take(now)]


@given(st.lists(states, min_size=1, max_size=20))
def test_a_page_that_puts_the_news_together_knows_the_state(given_: list[dict[str, str]]) -> None:
    box, known = Mailbox(), dict[str, Any]()
    for turn, state in enumerate(given_):
        box.state(state)
        for message in taken(box, turn * STATE_EVERY_US):
            known |= message["state"]

    assert {key: value for key, value in known.items() if value is not None} == {
        key: int(value) for key, value in given_[-1].items()
    }


def test_only_what_has_changed_is_told() -> None:
    box = Mailbox()
    box.state({"a": "1", "b": "2"})
    first = taken(box, 0)
    box.state({"a": "1", "b": "3"})

    assert first[0]["state"] == {"a": 1, "b": 2}
    assert taken(box, STATE_EVERY_US)[0]["state"] == {"b": 3}
    box.state({"a": "1", "b": "3"})
    assert taken(box, 2 * STATE_EVERY_US) == [] and not box.has_news


def test_states_come_twenty_times_a_second_at_most_and_the_last_one_comes() -> None:
    box = Mailbox()
    told = []
    for now in range(0, 1_000_000, 10_000):
        box.state({"a": str(now)})
        told += taken(box, now)

    assert len(told) == 1_000_000 // STATE_EVERY_US
    assert box.has_news
    assert taken(box, 1_000_000)[0]["state"] == {"a": 990_000}


def test_a_page_that_does_not_read_is_told_that_notes_are_missing_and_gets_the_latest() -> None:
    box = Mailbox()
    for number in range(100_000):
        box.note(f"[0,{number},144,60,80]")
        box.line(f'{{"t":"line","line":"{number}"}}')
        box.reply(f'{{"t":"pong","at":{number}}}')
        box.figures(f'{{"t":"figures","late":{number}}}')
        box.state({"a": str(number)})
    told = taken(box, 0)
    kinds = [message["t"] for message in told]

    assert kinds.index("gap") < kinds.index("notes")
    notes = next(message["notes"] for message in told if message["t"] == "notes")
    assert [note[1] for note in notes] == list(range(100_000 - MOST_NOTES, 100_000))
    assert (kinds.count("line"), kinds.count("pong")) == (MOST_LINES, MOST_REPLIES)
    assert (kinds.count("figures"), kinds.count("state")) == (1, 1)
    assert taken(box, 10**6) == []


def test_notes_that_were_all_taken_leave_no_gap() -> None:
    box = Mailbox()
    for number in range(10 * MOST_NOTES):
        box.note("[0,1,144,60,80]")
        if number % 100 == 0:
            assert "gap" not in [message["t"] for message in taken(box, number)]


def test_who_we_are_comes_first() -> None:
    box = Mailbox()
    box.state({"a": "1"})
    box.reply('{"t":"pong"}')
    box.hello('{"t":"hello"}')

    assert [message["t"] for message in taken(box, 0)] == ["hello", "pong", "state"]
