"""What of a page's microphone is passed on, and what is refused."""

import struct
from base64 import b64encode

import pytest

from livegen.control.surfaces import Request
from livegen.control.web.ear import MOST_SAMPLES, Ear
from livegen.control.web.page_messages import RefusedMessage, Unfit

SECOND = 1_000_000
NOW = 60 * SECOND
SAMPLES = bytes((1, 0, 255, 127))


def piece(samples: bytes, at: float = NOW - 20_000) -> bytes:
    return struct.pack("<d", at) + samples


class Heard:
    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.ear = Ear(self.asked.append)


def test_a_piece_is_passed_on_with_the_time_of_its_first_sample() -> None:
    heard = Heard()
    heard.ear.take(1, piece(SAMPLES, NOW - 20_000.4), NOW)
    [request] = heard.asked
    assert request == Request("audio", [NOW - 20_000, b64encode(SAMPLES).decode()])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        piece(b""),
        piece(b"odd"),
        piece(bytes(2 * MOST_SAMPLES + 2)),
        piece(SAMPLES, float("nan")),
        piece(SAMPLES, float("inf")),
        piece(SAMPLES, NOW + 3 * SECOND),
        piece(SAMPLES, -1e300),
    ],
)
def test_what_is_no_piece_of_now_is_refused_in_a_line(data: bytes) -> None:
    heard = Heard()
    with pytest.raises(RefusedMessage, match="audio: "):
        heard.ear.take(1, data, NOW)
    assert heard.asked == []


def test_one_page_is_heard_at_a_time_and_another_when_that_is_silent() -> None:
    heard = Heard()
    heard.ear.take(1, piece(SAMPLES), NOW)
    with pytest.raises(Unfit, match="another page"):
        heard.ear.take(2, piece(SAMPLES), NOW + 1000)
    heard.ear.take(1, piece(SAMPLES), NOW + 2000)
    heard.ear.take(2, piece(SAMPLES), NOW + 2 * SECOND - 20_000)
    assert len(heard.asked) == 3
