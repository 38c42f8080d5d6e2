"""Fixtures of the browser tests; what they are made of is in `pages`.

Where there is no Chromium they skip and say why.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.pages import Jam, Seen

BUILT = Path(__file__).parents[2] / "livegen/control/web/built/index.html"
# No sandbox, because tests may run as root; nothing that would look for the browser's maker's servers.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Serve(Protocol):
    """Start a daemon with its page."""

    def __call__(self, engine: str = "", **options: Any) -> "Jam": ...


class Look(Protocol):
    """Open a page; `jam` connects it at once."""

    def __call__(self, jam: "Jam | None" = None, **options: Any) -> "Seen": ...


# Not for the whole session: while Playwright's driver lives, no other test of this thread may run an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, headless."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    if not BUILT.is_file():
        pytest.skip("the page is not built (cd page && npm ci && npm run build)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed at the end, the latest first."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: ExitStack, tmp_path: Path) -> Serve:
    """Start daemons: `serve()` with the shipped model, `serve("engines:echo")` with a small engine."""
    from tests.browser.pages import jam

    def start(engine: str = "", **options: Any) -> "Jam":
        return stack.enter_context(jam(tmp_path / "kept", engine, **options))

    return start


@pytest.fixture
def look(chromium: "Browser", stack: ExitStack) -> Look:
    """Open pages: `look(jam)` is connected, `look()` is empty."""
    from tests.browser.pages import seen

    def open_page(jam: "Jam | None" = None, **options: Any) -> "Seen":
        page = stack.enter_context(seen(chromium, **options))
        if jam is not None:
            page.connects(jam)
        return page

    return open_page
