"""Tasks that run side by side until one of them ends."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def until_one_ends(*works: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Run all until one ends, end the others, and give the tasks in the same order; all are done."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return tasks


def raise_first(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Raise what the first of them raised that did."""
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
