"""The port process's ends of its companions, with a child that says one line and ends."""

import time

from livegen.daemon.children import ChildProcess
from livegen.daemon.link import Kind


def test_the_last_words_of_a_child_process_are_heard_though_it_is_gone_before_they_are_read() -> (
    None
):
    child = ChildProcess("tests.daemon.test_children", ())
    child._child.wait(20)
    child.link.send(Kind.BEAT, 0)  # finds nobody there

    child.receive()

    assert child.link.closed
    assert child.failure == "no room"
    child.kill()


if __name__ == "__main__":
    import sys

    from livegen.daemon.link import inherited

    end = inherited(sys.argv[1])
    end.send(Kind.FAILED, time.monotonic_ns() // 1000, b"no room")
