"""A search in a process of its own, of the lowest priority: the question on standard input, the answer on the output.

The music and the page wait for nothing of it.  The process ends with its answer, and takes its memory along.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from livegen.errors import LivegenError
from livegen.own_processes import spawn_command
from livegen.priority import be_nice

NICE = 19
MOST = 5  # places
FEWEST = 4  # notes of a phrase, as livegen.music.melody.likeness has it, which brings numpy
PATIENCE_S = 120.0
_AFTER_S = 0.5  # what was played or saved when the phrase had begun may be it


class Failed(LivegenError):
    """The search came to nothing."""


async def find(folder: Path, phrase: Sequence[tuple[float, int]], before: float) -> dict[str, Any]:
    """Search a folder for a phrase of (seconds, pitch), in what was played or saved before, seconds since 1970.

    Gives {"finds": a list of `Find` as objects, "files": how many were searched, "left_out": lines}.  Raises Failed.
    """
    return await _asked({"folder": str(folder), "phrase": list(phrase), "before": before})


async def save(folder: Path, name: str, at: float, seconds: float) -> str:
    """Save the bars around a place of a session as a MIDI file in the same folder; its name.  Raises Failed."""
    answer = await _asked({"folder": str(folder), "session": name, "at": at, "seconds": seconds})
    return str(answer["name"])


async def _asked(question: Mapping[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *spawn_command("livegen.control.library.search_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            told, _ = await process.communicate(json.dumps(question).encode())
    except TimeoutError:
        raise Failed(f"the search took longer than {PATIENCE_S:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer: dict[str, Any] = json.loads(told)
    except ValueError:
        raise Failed("the search has failed") from None
    if "error" in answer:
        raise Failed(str(answer["error"])[:200])
    return answer


def answered(question: Mapping[str, Any]) -> dict[str, Any]:
    """Search or save, here and now."""
    do = _saved if "session" in question else _found
    try:
        return do(Path(question["folder"]), question)
    except LivegenError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"the folder of recordings: {error.strerror}"}


def _found(folder: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    from livegen.control.library.finds import Shelves, place_of
    from livegen.music.melody.likeness import notes_of

    left_out: list[str] = []
    shelves = Shelves(folder, place_of(folder), left_out.append)
    shelves.look()
    phrase = notes_of((float(at), int(pitch)) for at, pitch in question["phrase"])
    finds = shelves.like(phrase, MOST, question["before"] - _AFTER_S)
    return {
        "finds": [found._asdict() for found in finds],
        "files": len(shelves.files),
        "left_out": left_out,
    }


def _saved(folder: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    from livegen.control.library import sessions
    from livegen.daemon.recording import recordings
    from livegen.music.files.smf import write

    path = recordings.place(folder, str(question["session"]))
    if not recordings.is_session(path.name):
        raise Failed(f"{path.name:.60} is no session")
    score = sessions.excerpt(path, question["at"], question["seconds"])
    minutes, seconds = divmod(int(question["at"]), 60)
    stem = f"{path.stem} at {minutes}.{seconds:02}"
    return {
        "name": recordings.save(folder, stem, recordings.MIDI, partial(write, score=score)).name
    }


def main() -> int:
    """Answer one question."""
    be_nice(NICE)
    json.dump(answered(json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
