"""A search in a process of its own, of the lowest priority: the question on standard input, the answer on the output.

The music and the page wait for nothing of it.  The process ends with its answer, and takes its memory along.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from livegen.errors import LivegenError

NICE = 19
MOST = 5  # places
FEWEST = 4  # notes of a phrase, as livegen.music.likeness has it, which brings numpy
PATIENCE_S = 120.0
_AFTER_S = 1.0  # a file that was saved when the phrase had begun may hold it


class Failed(LivegenError):
    """The search came to nothing."""


async def find(folder: Path, phrase: Sequence[tuple[float, int]], before: float) -> dict[str, Any]:
    """Search a folder of recordings for a phrase of (seconds, pitch), in files older than `before` (since 1970).

    Gives {"finds": a list of `Find` as objects, "files": how many were searched, "left_out": lines}.  Raises Failed.
    """
    question = json.dumps(
        {"folder": str(folder), "phrase": list(phrase), "before": before}
    ).encode()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "livegen.control.finding",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            told, _ = await process.communicate(question)
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
    """Search, here and now."""
    from livegen.control.finds import Shelves, place_of
    from livegen.music.likeness import notes_of

    folder, left_out = Path(question["folder"]), list[str]()
    try:
        shelves = Shelves(folder, place_of(folder), left_out.append)
        shelves.look()
    except LivegenError as error:
        return {"error": str(error)}
    latest = question["before"] - _AFTER_S
    phrase = notes_of((float(at), int(pitch)) for at, pitch in question["phrase"])
    finds = shelves.like(phrase, MOST, but=lambda path, modified: modified > latest)
    return {
        "finds": [found._asdict() for found in finds],
        "files": len(shelves.files),
        "left_out": left_out,
    }


def main() -> int:
    """Answer one question."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICE)
    json.dump(answered(json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
