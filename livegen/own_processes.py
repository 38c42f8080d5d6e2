"""The command that runs a module of livegen as a process of its own.

Python runs it (`python -m`) where livegen is installed.  A frozen livegen (PyInstaller, `deploy/frozen`) has no Python
beside it: there the program itself runs the module, told so by its first word.  Knows no module of livegen's.
"""

import importlib.util
import runpy
import sys
from collections.abc import Sequence

RUN = "--run-module"


def is_frozen() -> bool:
    """True if this is the one program that holds livegen and its Python."""
    return bool(getattr(sys, "frozen", False))


def spawn_command(module: str, *arguments: str, is_small: bool = False) -> list[str]:
    """The command that runs a module of livegen with these arguments.

    One that `is_small` imports next to nothing: it is run by its file, without a look at what else is installed.
    """
    if is_frozen():
        return [sys.executable, RUN, module, *arguments]
    if is_small and (spec := importlib.util.find_spec(module)) and spec.origin:
        return [sys.executable, "-I", "-S", spec.origin, *arguments]
    return [sys.executable, "-m", module, *arguments]


def run_told(words: Sequence[str]) -> bool:
    """Run the module that the words of a command line tell; False if they tell none.

    Raises SystemExit with status 2 for a module that is none of livegen's.
    """
    if list(words[1:2]) != [RUN]:
        return False
    module, arguments = (*words[2:3], "")[0], words[3:]
    if module.partition(".")[0] != __name__.partition(".")[0]:
        print(f"livegen: {module!r} is no module of livegen's", file=sys.stderr)
        raise SystemExit(2)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    return True
