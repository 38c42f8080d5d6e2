"""Tunes that a training learns from."""

from livegen.music.files.smf import Score, Track
from livegen.music.messages import NoteOff, NoteOn


def tune(first: int, eighths: int = 64) -> Score:
    """Eighths that go up and down a scale."""
    scale = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2)
    messages: list[tuple[int, NoteOn | NoteOff]] = []
    for step in range(eighths):
        pitch = first + scale[step % len(scale)]
        messages += [(step * 240, NoteOn(pitch, 80)), (step * 240 + 200, NoteOff(pitch))]
    return Score(480, (Track("MELODY", tuple(messages)),), metres=((0, 4, 4),))
