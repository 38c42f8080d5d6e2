"""Fixtures of the browser tests; what they are made of is in `pages`.

Where there is no Chromium they skip and say why.
"""

import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.e2e import warm
from tests.e2e.harness import Daemon

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from tests.browser.pages import Jam, Seen, Shared

HERE = Path(__file__).parent
Daemon.is_warm = warm.HAS_COPIES
BUILT = Path(__file__).parents[2] / "livegen/control/web/built/index.html"
CHROMIUM = ("chromium", "chromium-browser")
WINDOWLESS = (
    "chromium-headless-shell"  # all of it but windows, at two thirds of the processor's time
)
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


ALL = ExitStack()  # what all tests of this folder have together
ECHOING: list["Jam"] = []
JAMMING: list[tuple["Shared", ExitStack]] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """Close it after the last of them: while Playwright's driver lives, no other test may run an event loop."""
    done = yield
    if nextitem is None or nextitem.path.parent != HERE:
        ALL.close()
        ECHOING.clear()
        JAMMING.clear()
        started.cache_clear()
        driver.cache_clear()
    return done


def chromium_path(*others: str) -> str | None:
    """The first of these and the system's Chromium that there is."""
    return next((path for name in (*others, *CHROMIUM) if (path := shutil.which(name))), None)


@cache
def driver() -> "Playwright":
    """What drives browsers; it ends with `ALL`."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    begun: Playwright = ALL.enter_context(playwright.sync_playwright())
    return begun


@cache
def started(*others: str) -> "Browser":
    """The first of these and the system's Chromium that there is, headless; it is closed with `ALL`."""
    path = chromium_path(*others)
    if path is None:
        pytest.skip("there is no Chromium (apt-get install chromium)")
    if not BUILT.is_file():
        pytest.skip("the page is not built (cd page && npm ci && npm run build)")
    browser = driver().chromium.launch(executable_path=path, args=FLAGS, chromium_sandbox=False)
    ALL.callback(browser.close)
    return browser


@pytest.fixture
def chromium() -> "Browser":
    return started(WINDOWLESS)


@pytest.fixture
def chromium_with_windows() -> "Browser":
    return started()


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
def echoing(tmp_path_factory: pytest.TempPathFactory) -> "Jam":
    """A daemon with a small engine that keeps nothing, for all tests that need no other."""
    from tests.browser.pages import jam

    if not ECHOING:
        folder = tmp_path_factory.mktemp("echoing") / "kept"
        ECHOING.append(ALL.enter_context(jam(folder, "engines:echo")))
    return ECHOING[0]


@pytest.fixture
def jamming(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Jam"]:
    """A daemon with the shipped model, for tests that leave nothing behind but controls, bindings and sound."""
    from tests.browser.pages import Shared, jam

    if not JAMMING:
        folder = tmp_path_factory.mktemp("jamming") / "kept"
        stack = ALL.enter_context(ExitStack())
        JAMMING.append((Shared(stack.enter_context(jam(folder))), stack))
    shared, stack = JAMMING[0]
    yield shared.jam
    if not shared.is_as_at_first():
        JAMMING.clear()
        stack.close()


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
