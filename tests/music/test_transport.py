"""The table of the transport answers every message in every state."""

from itertools import product

import pytest

from livegen.music.sync.transport import (
    CLOCK,
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    TABLE,
    Transport,
    is_transport,
)

MESSAGES = (SONG_POSITION, CLOCK, START, CONTINUE, STOP)


def test_every_message_has_an_answer_in_every_state() -> None:
    assert set(TABLE) == set(product(Transport, MESSAGES))


def test_after_start_and_continue_it_is_armed_and_after_stop_it_is_stopped() -> None:
    after = {(message, TABLE[state, message][0]) for state, message in TABLE}
    assert {to for message, to in after if message in (START, CONTINUE)} == {Transport.ARMED}
    assert {to for message, to in after if message == STOP} == {Transport.STOPPED}


@pytest.mark.parametrize("data", [b"\xf8", b"\xfa", b"\xfb", b"\xfc", b"\xf2\x00\x7f"])
def test_the_five_messages_are_known(data: bytes) -> None:
    assert is_transport(data)


@pytest.mark.parametrize(
    "data", [b"", b"\xf8\x00", b"\xf2", b"\xf2\x00", b"\xf2\x80\x00", b"\x90", b"\xfe", b"\x80<@"]
)
def test_nothing_else_is(data: bytes) -> None:
    assert not is_transport(data)
