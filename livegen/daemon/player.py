"""The process that plays a Standard MIDI File in real time: `python -m livegen.daemon.player FD FILE`.

Reads the file, says that it is ready, is told when to begin, and then sends each message a second ahead with the time
at which it is to be heard.  Ends when its link closes.
"""

import signal
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from livegen.daemon import clock
from livegen.daemon.processes.frames import DoneFrame, DueFrame, FailedFrame, ReadyFrame
from livegen.daemon.processes.link import Link, inherited, start_time
from livegen.errors import LivegenError
from livegen.music.files.smf import Score, read_to_play
from livegen.music.instant import ranked
from livegen.music.messages import encode

AHEAD_US = clock.SECOND


def timed_messages(score: Score) -> Iterator[tuple[int, bytes]]:
    """All tracks as one: micros since the start and the bytes of each message, in order."""
    rows = [row for track in score.tracks for row in ranked(track.messages)]
    rows.sort(key=itemgetter(0, 1))
    micros = score.tempo_map.micros
    yield from ((micros(tick), encode(message)) for tick, _, message in rows)


def play(link: Link, score: Score) -> None:
    """Send the score over the link, beginning when told to."""
    link.send(ReadyFrame.of(clock.now(), {}))
    start = start_time(link)
    for after, data in timed_messages(score):
        while not link.closed and start + after - clock.now() > AHEAD_US:
            link.wait(min(AHEAD_US, start + after - AHEAD_US - clock.now()))
        while not link.closed and link.waiting:
            link.wait(clock.SECOND // 100)
        if link.closed:
            return
        link.send(DueFrame(start + after, data))
    link.send(DoneFrame(clock.now()))
    while not link.closed:
        link.wait(clock.SECOND)


def main() -> None:
    """Play the file named on the command line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = inherited(sys.argv[1])
    try:
        score, repaired = read_to_play(Path(sys.argv[2]))
    except LivegenError as error:
        link.send(FailedFrame.of(clock.now(), str(error)))
        link.drain(clock.SECOND)
        return
    if repaired:
        print(f"livegen: {repaired}", file=sys.stderr, flush=True)
    play(link, score)


if __name__ == "__main__":
    main()
