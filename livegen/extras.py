"""The command that adds an optional part of livegen to the one that runs, where it is missing.

livegen is in no package index, so pip finds neither it nor its extras by name: a checkout has make, and what was
installed from a wheel installs the packages that the extra names, by what installed livegen: pipx, uv or pip.
"""

import importlib.util
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from livegen.own_processes import is_frozen

CHECKOUT = Path(__file__).resolve().parents[1]
OF_PIPX = "pipx_metadata.json"  # in each environment that pipx made


def to_install(extra: str = "") -> str:
    """The command that installs the packages of an extra, such as `link`, or those that livegen always needs."""
    if is_frozen():
        return "this program takes no packages; for those, install livegen with Python"
    if (CHECKOUT / "Makefile").is_file():
        asked = f" WITH={extra}" if extra else ""
        return f"make -C {shlex.quote(str(CHECKOUT))} install{asked}"
    return adding(*packages(required(), extra))


def adding(*requirements: str) -> str:
    """The command that installs these packages (PEP 508) beside livegen, or newer versions of them."""
    if (Path(sys.prefix) / OF_PIPX).is_file():
        return shlex.join(["pipx", "inject", "--force", "livegen", *requirements])
    if importlib.util.find_spec("pip") is None:  # as in the environments that uv makes
        return shlex.join(["uv", "pip", "install", "--python", sys.executable, *requirements])
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def missing(extra: str, *modules: str) -> str:
    """A line on a module that an extra brings and that is not installed, and what to type; "" when all are."""
    lacking = next((name for name in modules if importlib.util.find_spec(name) is None), None)
    return "" if lacking is None else f"{lacking} is not installed: {to_install(extra)}"


def need(extra: str, *modules: str) -> None:
    """End the process with one line and exit status 2 when a module that an extra brings is not installed."""
    if line := missing(extra, *modules):
        print(f"livegen: {line}", file=sys.stderr)
        raise SystemExit(2)


def required() -> list[str]:
    """Give the requirements of the installed livegen, as in PEP 508."""
    from importlib import metadata  # 15 ms of every start, for a line that few ever read

    return metadata.requires("livegen") or []


def packages(requirements: Sequence[str], extra: str = "") -> list[str]:
    """The requirements (PEP 508) that belong to an extra, or those that belong to none; without their markers."""
    split = [requirement.partition(";") for requirement in requirements]
    return [name.strip() for name, _, marker in split if _extra_of(marker) == extra]


def _extra_of(marker: str) -> str:
    found = re.search(r"""extra\s*==\s*['"]([^'"]+)""", marker)
    return found[1] if found else ""
