"""The port process's ends of its children, with a child that says one line and ends."""

import time

from livegen.daemon.processes.child import ChildProcess
from livegen.daemon.processes.frames import BeatFrame, FailedFrame


def test_the_last_words_of_a_child_process_are_heard_though_it_is_gone_before_they_are_read() -> (
    None
):
    child = ChildProcess("tests.daemon.test_children")
    child.start(0)
    assert child._child is not None
    child._child.wait(20)
    child.link.send(BeatFrame(0))  # finds nobody there

    child.receive(0)

    assert child.link.closed
    assert child.failure == "no room"
    child.kill()


def test_a_child_process_that_was_not_started_takes_and_gives_nothing() -> None:
    child = ChildProcess("tests.daemon.test_children")

    assert not child.was_started and child.link.closed and child.link.fileno() == -1
    assert not child.link.send(BeatFrame(0)) and child.receive(0) == []
    assert child.end(0)
    child.kill()


if __name__ == "__main__":
    import sys

    from livegen.daemon.processes.link import inherited

    end = inherited(sys.argv[1])
    end.send(FailedFrame.of(time.monotonic_ns() // 1000, "no room"))
