"""What all tests share: how thorough property tests are, and that nothing is left out unseen in CI."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from fnmatch import fnmatch
from typing import Any

import hypothesis
import pytest

# No deadlines: a test that is slow on a busy machine is not wrong.  In CI the same examples each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


# Files whose tests play in real time and mostly wait, by the worker that has them: of those over JACK two at once would
# disturb each other, two browsers do not.
LIVE = {
    "over JACK": "*/e2e/test_*over_jack.py",
    "browser, a to l": "*/browser/test_[a-l]*.py",
    "browser, m to z": "*/browser/test_[m-z]*.py",
}
FIRST = ("test_documented_commands.py",)  # takes longest
EARLY = (  # so that none of these is what everybody waits for in the end
    "test_crew.py",
    "test_alone.py",
    "test_package.py",
    "test_scorecard.py",
    "test_page.py",
    "test_adapt.py",
    "test_export.py",
    "test_loop.py",
    "test_train_to_serve.py",
)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch in one thread: tiny products are faster so, and sums come in one order."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def pytest_configure(config: pytest.Config) -> None:
    """A person's settings change no test, and no test leaves recordings among a person's own.

    Nor does it matter how the tests were begun: a shell that puts them into the background has them, and all that they
    start, ignore Ctrl-C.  Nor whether Python may keep what it compiles: hundreds of processes would compile it anew.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Several workers with as many threads each as there are cores wait for one another most of the time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    home = tempfile.mkdtemp(prefix="livegen-tests-")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[variable] = f"{home}/{variable}"
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest: with several workers the others then fill the time beside them."""

    def place(item: pytest.Item) -> tuple[bool, str, int]:
        name = item.path.name
        early = EARLY.index(name) if name in EARLY else len(EARLY)
        return name not in FIRST, live(item.path.as_posix()) or "then", early

    items.sort(key=place)


def live(file: str) -> str:
    """The name of those who share a worker with the tests of this file; "" if they need none of their own."""
    return next((name for name, files in LIVE.items() if fnmatch(file, files)), "")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give one worker all tests of a file, and those in real time as `LIVE` says."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no annotations here
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return live(file) or file

    config.option.loadscopereorder = False  # else those with most tests come first
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Turn a skip into a failure where CI is set: what CI does not run, nobody runs."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything runs: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """The same for a module that skips itself as a whole."""
    report = yield
    if os.environ.get("CI") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything runs: {report.longrepr}"
    return report
