"""Audio that pages hear, checked piece by piece, of one page at a time.  Knows neither sockets nor notes."""

import struct
from base64 import b64encode
from collections.abc import Callable
from math import isfinite

from livegen.control.surfaces import Request
from livegen.control.web.page_messages import RefusedMessage, Unfit
from livegen.daemon.clock import SECOND

HEAD = struct.Struct("<d")  # when the first sample came in, micros of this machine's clock
SAMPLE = 2  # bytes: 16 bits, little end first, one channel of 16 kHz
MOST_SAMPLES = 1600
APART_US = 2 * SECOND  # a piece that lies so far from now is none of now
PAUSE_US = SECOND  # so long after its last piece another page may be heard


class Ear:
    """The ear of a daemon that hears notes in the audio of pages.

    `ask` takes each piece, as `audio` [micros, base64 of the samples].
    """

    def __init__(self, ask: Callable[[Request], object]) -> None:
        self._ask = ask
        self._whose, self._heard_at = 0, -PAUSE_US

    def take(self, whose: int, data: bytes, now: int) -> None:
        """Pass a piece of a page on; pages have numbers.  Raises RefusedMessage, of it Unfit where another is heard."""
        size = len(data) - HEAD.size
        if not 0 < size <= MOST_SAMPLES * SAMPLE or size % SAMPLE:
            raise RefusedMessage(
                f"audio: expected a time and 1 to {MOST_SAMPLES} samples of {SAMPLE} bytes"
            )
        (at,) = HEAD.unpack_from(data)
        if not isfinite(at) or abs(at - now) > APART_US:
            raise Unfit("audio: its time is not that of now; load the page again")
        if whose != self._whose and now - self._heard_at < PAUSE_US:
            raise Unfit("another page is heard: turn its microphone off first")
        self._whose, self._heard_at = whose, now
        self._ask(Request("audio", [round(at), b64encode(data[HEAD.size :]).decode()]))
