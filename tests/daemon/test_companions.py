"""The port process's ends of its companions, with a child that says one line and ends."""

import time

from livegen.daemon.companions import Companion
from livegen.daemon.link import Kind


def test_the_last_words_of_a_companion_are_heard_though_it_is_gone_before_they_are_read() -> None:
    companion = Companion("tests.daemon.test_companions", ())
    companion._child.wait(20)
    companion.link.send(Kind.BEAT, 0)  # finds nobody there

    companion.receive()

    assert companion.link.closed
    assert companion.failure == "no room"
    companion.kill()


if __name__ == "__main__":
    import sys

    from livegen.daemon.link import inherited

    end = inherited(sys.argv[1])
    end.send(Kind.FAILED, time.monotonic_ns() // 1000, b"no room")
