"""Scores of recordings, laid out by a process of their own: this one has a page and its music to keep up with.

Blocking: call it in a thread.
"""

import subprocess

from livegen.errors import LivegenError
from livegen.own_processes import spawn_command

MODULE = "livegen.notation"
LONGEST_S = 60.0
# The kinds of a score, and how a browser knows each.
KINDS = {
    ".svg": "image/svg+xml",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
    ".pdf": "application/pdf",
}


class NoScore(LivegenError):
    """A recording cannot be laid out; the message says why."""


def score(data: bytes, title: str, ending: str) -> bytes:
    """The score of a MIDI file, as one of KINDS.  Raises NoScore."""
    command = spawn_command(MODULE, ending, title)
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        raise NoScore(f"it took longer than {LONGEST_S:.0f} s; capture fewer bars") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NoScore(said[-1] if said else "the process that lays out scores ended")
    return done.stdout
