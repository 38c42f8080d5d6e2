"""Lays out a MIDI file in a process of its own: `python -m livegen.notation ENDING TITLE < FILE.mid > SCORE`.

The libraries take half a second to load and some memory, which goes with the process.  One line and exit status 2 for
what the person can mend.
"""

import contextlib
import os
import sys

from livegen.errors import ConfigError, LivegenError
from livegen.music import smf
from livegen.notation.files import check, rendered
from livegen.notation.notate import notate

MOST_BARS = 200  # some 20 seconds
NICE = 5  # besides whoever asked


def main(arguments: list[str]) -> int:
    """Read a MIDI file from standard input, write its score to standard output, and give the exit status."""
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICE)
    ending, title = arguments
    try:
        check(ending)
        notation = notate(smf.read(sys.stdin.buffer.read()), title)
        if len(notation.bars) > MOST_BARS:
            raise ConfigError(
                f"it has {len(notation.bars)} bars, and {MOST_BARS} are laid out at most; capture fewer"
            )
        data = rendered(notation, ending)
    except LivegenError as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
