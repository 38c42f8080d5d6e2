"""The process that plays a Standard MIDI File in real time: `python -m livegen.daemon.player FD FILE`.

Reads the file, says READY, is told by READY when to begin, and then sends each message a second ahead with the
time at which it is to be heard.  Ends after DONE when its link closes.
"""

import heapq
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from livegen.daemon import clock
from livegen.daemon.link import Kind, Link, inherited
from livegen.errors import LivegenError
from livegen.music.messages import encode
from livegen.music.smf import Score, micros_of, read

AHEAD_US = clock.SECOND


def timed_messages(score: Score) -> Iterator[tuple[int, bytes]]:
    """All tracks as one: micros since the start and the bytes of each message, in order."""
    tracks = [
        [(tick, index, order, message) for order, (tick, message) in enumerate(track.messages)]
        for index, track in enumerate(score.tracks)
    ]
    merged = list(heapq.merge(*tracks, key=lambda row: row[:3]))
    times = micros_of(score, (tick for tick, *_ in merged))
    yield from zip(times, (encode(message) for *_, message in merged), strict=True)


def play(link: Link, score: Score) -> None:
    """Send the score over the link, beginning when told to."""
    link.send(Kind.READY, clock.now())
    start = _start_time(link)
    for after, data in timed_messages(score):
        while not link.closed and start + after - clock.now() > AHEAD_US:
            link.wait(min(AHEAD_US, start + after - AHEAD_US - clock.now()))
        while not link.closed and link.waiting:
            link.wait(clock.SECOND // 100)
        if link.closed:
            return
        link.send(Kind.MIDI, start + after, data)
    link.send(Kind.DONE, clock.now())
    while not link.closed:
        link.wait(clock.SECOND)


def _start_time(link: Link) -> int:
    while not link.closed:
        for frame in link.wait(clock.SECOND):
            if frame.kind is Kind.READY:
                return frame.micros
    return clock.now()


def main() -> None:
    """Play the file named on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = inherited(sys.argv[1])
    try:
        score = read(Path(sys.argv[2]))
    except LivegenError as error:
        link.send(Kind.FAILED, clock.now(), str(error).encode())
        link.drain(clock.SECOND)
        return
    play(link, score)


if __name__ == "__main__":
    main()
