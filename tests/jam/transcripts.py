"""Transcripts: jams as text, one line for each thing that happened.

    # why this transcript is here
    set mode continue            a control; `model echo|uniform` and `seed 7` likewise
    0.000 > note_on 60 80        the player (`note_on 60 80 10` is channel 10)
    0.500 > command temperature 0.5
    0.700 < note_on 60 80        the model
    10.000 end

`python -m tests.jam.transcripts --write` plays them all again and writes what the model does now; the diff
is to be read by a person.
"""

import sys
from pathlib import Path

from livegen.jam.controls import settings
from livegen.jam.engine import Engine, Event
from livegen.jam.mapping import Command
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn
from livegen.testing import EchoModel, Rehearsal, UniformModel

FOLDER = Path(__file__).parent.parent / "transcripts"
MODELS = {"echo": EchoModel, "uniform": UniformModel}


def paths() -> list[Path]:
    """All transcripts."""
    return sorted(FOLDER.glob("*.txt"))


def played_again(text: str) -> str:
    """The transcript with the model's lines as the engine plays them now."""
    kept = [line for line in text.splitlines() if "<" not in line.split("#")[0]]
    words = [line.split("#")[0].split() for line in kept]
    rehearsal = Rehearsal(_engine(words))
    lines = []
    for line, word in zip(kept, words, strict=True):
        if word and word[0][0].isdigit():
            now = _micros(word[0])
            already = len(rehearsal.sent)
            if word[1] == "end":
                rehearsal.until(now)
            else:
                rehearsal.play(now, _event(word[2:]))
            heard = rehearsal.sent[already:]
            lines += [_told(at, message) for at, message in heard if at < now]
            lines.append(line)
            lines += [_told(at, message) for at, message in heard if at >= now]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _engine(words: list[list[str]]) -> Engine:
    given = {word[1]: " ".join(word[2:]) for word in words if word[:1] == ["set"]}
    model = next((word[1] for word in words if word[:1] == ["model"]), "echo")
    seed = next((int(word[1]) for word in words if word[:1] == ["seed"]), 0)
    return Engine(MODELS[model](), seed=seed, settings=settings(given))


def _micros(seconds: str) -> int:
    whole, _, part = seconds.partition(".")
    return int(whole) * 1_000_000 + int(part.ljust(6, "0")[:6])


def _event(words: list[str]) -> Event:
    if words[0] == "command":
        return Command(words[1], " ".join(words[2:]) or None)
    numbers = [int(word) for word in words[1:]]
    channel = numbers[2] - 1 if len(numbers) > 2 else 0
    if words[0] == "note_on":
        return NoteOn(numbers[0], numbers[1], channel)
    if words[0] == "note_off":
        return NoteOff(numbers[0], channel=numbers[1] - 1 if len(numbers) > 1 else 0)
    return ControlChange(numbers[0], numbers[1], channel)


def _told(at: int, message: Message) -> str:
    time = f"{at // 1_000_000}.{at % 1_000_000 // 1000:03}"
    if isinstance(message, NoteOn):
        where = f" {message.channel + 1}" if message.channel else ""
        return f"{time} < note_on {message.pitch} {message.velocity}{where}"
    assert isinstance(message, NoteOff)
    where = f" {message.channel + 1}" if message.channel else ""
    return f"{time} < note_off {message.pitch}{where}"


if __name__ == "__main__":
    for path in paths():
        now = played_again(path.read_text())
        if now != path.read_text():
            print(f"{path.name} differs")
            if "--write" in sys.argv:
                path.write_text(now)
