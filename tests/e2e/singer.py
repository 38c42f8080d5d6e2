"""A JACK client "Singer" that sings a melody once, when it reads a line: `python -m tests.e2e.singer JSON`.

JSON holds notes as (onset, end, pitch), in seconds.  A process of its own: its callback wants Python, for which a test
that connects ports makes it wait.
"""

import json
import sys

import jack

from tests.sound.sung import sung


def main() -> None:
    """Say "ready", sing after a line of standard input, end after another."""
    notes = json.loads(sys.argv[1])
    client = jack.Client("Singer", no_start_server=True)
    port = client.outports.register("voice")
    samples = sung(notes, max(end for _, end, _ in notes) + 0.1, client.samplerate)
    at: list[int] = []

    def sing(frames: int) -> None:
        buffer = port.get_array()
        buffer[:] = 0
        if at:
            piece = samples[at[0] : at[0] + frames]
            buffer[: len(piece)] = piece
            at[0] += frames

    client.set_process_callback(sing)
    with client:
        print("ready", flush=True)
        sys.stdin.readline()
        at.append(0)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
