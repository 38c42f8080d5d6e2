"""What all tests share: how thorough property tests are, and that nothing is left out unseen in CI."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from livegen.priority import be_nice

# No deadlines: a test that is slow on a busy machine is not wrong.  In CI the same examples each time.
EXAMPLES = 60  # of a property that does not say how many
hypothesis.settings.register_profile("here", deadline=None, max_examples=EXAMPLES)
hypothesis.settings.register_profile(
    "ci", deadline=None, max_examples=EXAMPLES, derandomize=True, print_blob=True
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")


HERE = Path(__file__).parent
# Folders of tests in real time, of which two at once would disturb each other.
LIVE = ("browser", "e2e")
# Of those, what has no ports but the embedded one.
APART = ("test_alone.py", "test_page.py", "test_without_midi.py")
# Folders and files that load torch's compiler and its exporter, which takes longer than most of their tests: once is
# enough.
LEARNING = ("training", "export", "test_train_to_serve.py", "test_polyphony.py")
# What takes longest, file or folder, the longest first; what mostly waits comes after what wants the processor.
EARLY = (
    *LIVE,
    *LEARNING,
    "test_alone.py",
    "test_scorecard.py",
    "test_smf.py",
    "test_variations.py",
    "test_cli.py",
)
NICE = 5  # steps by which all others make room for those in real time
_is_nice = False


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
    start, ignore Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Several workers with as many threads each as there are cores wait for one another most of the time.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    home = tempfile.mkdtemp(prefix="livegen-tests-")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[variable] = f"{home}/{variable}"
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    _begin_elsewhere(config)


def _begin_elsewhere(config: pytest.Config) -> None:
    """Let each worker that collects all tests begin at another folder: what one has compiled no other compiles.

    Between two beginnings lie as many bytes each, or all would compile the largest folders side by side.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or [config.rootpath / each for each in config.args] != [HERE]:
        return
    there = sorted(each for each in HERE.iterdir() if each.is_dir() or "test_" in each.name)
    before = [0, *accumulate(sum(file.stat().st_size for file in _files(each)) for each in there)]
    number = int(worker["workerid"].removeprefix("gw"))
    share = before[-1] * number / int(worker["workercount"])
    first = min(range(len(there)), key=lambda at: abs(before[at] - share))
    config.args = [str(each) for each in there[first:] + there[:first]]


def _files(place: Path) -> Iterable[Path]:
    """The tests of a folder, or a file of tests itself."""
    return place.rglob("*.py") if place.is_dir() else (place,)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Spare the garbage collector what is loaded and collected, which stays to the end, then and afterwards.

    Most of what tests make ends by itself, so it is looked for more seldom, too.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest: with several workers the others then fill the time beside them."""

    def rank(item: pytest.Item) -> tuple[int, Path]:
        names = (item.path.name, item.path.parent.name)  # a file's own place before its folder's
        place = next((EARLY.index(name) for name in names if name in EARLY), len(EARLY))
        return place, item.path  # in one order, wherever a worker began

    items.sort(key=rank)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let tests in real time, which come first, have the processor before all others that run beside them."""
    global _is_nice
    if not _is_nice and hasattr(item.config, "workerinput") and item.path.parent.name not in LIVE:
        _is_nice = True
        be_nice(NICE)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give one worker all tests of a file, one all that learn, one all in real time: they would disturb each other."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no annotations here
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder, _, name = file.rpartition("/")
            where = folder.rpartition("/")[2]
            if where in LEARNING or name in LEARNING:
                return LEARNING[0]
            return folder if where in LIVE and name not in APART else file

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
