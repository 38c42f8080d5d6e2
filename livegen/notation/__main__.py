"""Lays out a MIDI file in a process of its own: `python -m livegen.notation ENDING TITLE < FILE.mid > SCORE`.

The libraries take half a second to load and some memory, which goes with the process.  One line and exit status 2 for
what the person can mend.
"""

import sys

from livegen.errors import ConfigError, LivegenError
from livegen.music.files import smf
from livegen.music.messages import NoteOn
from livegen.notation.files import check, rendered
from livegen.notation.notate import notate
from livegen.priority import be_nice

MOST_BARS, MOST_NOTES = 200, 20_000  # some 20 seconds
NICE = 5  # besides whoever asked


def main(arguments: list[str]) -> int:
    """Read a MIDI file from standard input, write its score to standard output, and give the exit status."""
    be_nice(NICE)
    ending, title = arguments
    try:
        check(ending)
        score = smf.read(sys.stdin.buffer.read())
        notes = sum(isinstance(m, NoteOn) for track in score.tracks for _, m in track.messages)
        if notes > MOST_NOTES:
            raise ConfigError(f"it has {notes:,} notes, and {MOST_NOTES:,} are laid out at most")
        notation = notate(score, title)
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
