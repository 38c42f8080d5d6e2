"""Frames between processes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.processes.frames import (
    FRAMES,
    BeatFrame,
    CommandFrame,
    CutFrame,
    DoneFrame,
    FaultFrame,
    Frame,
    HeardFrame,
    LogFrame,
    SettingsFrame,
)
from livegen.daemon.processes.link import HEADER, MAX_PAYLOAD, MAX_WAITING, pair

frames = st.builds(
    lambda kind, micros, payload: kind(micros, payload),
    st.sampled_from(FRAMES),
    st.integers(0, 2**63),
    st.binary(max_size=300),
)


@given(st.lists(frames, max_size=50))
def test_frames_arrive_whole_and_in_order(sent: list[Frame]) -> None:
    ours, theirs = pair()
    for frame in sent:
        assert ours.send(frame)

    assert theirs.receive() == sent
    ours.close()
    theirs.close()


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 127)), max_size=99))
def test_a_cut_knows_its_keys_and_one_of_all_has_none(keys: list[tuple[int, int]]) -> None:
    assert CutFrame.of(7, keys).keys == tuple(keys)
    assert CutFrame.of(7, ()) == CutFrame(7)


def test_a_frame_that_came_in_pieces_is_one_frame() -> None:
    ours, theirs = pair()
    data = HEADER.pack(FRAMES.index(HeardFrame), 5, 3) + b"abc"
    received = []
    for byte in data:
        ours._sock.send(struct.pack("B", byte))
        received += theirs.receive()

    assert received == [HeardFrame(5, b"abc")]
    ours.close()
    theirs.close()


def test_what_was_sent_before_the_end_is_received_and_then_the_link_is_closed() -> None:
    ours, theirs = pair()
    ours.send(DoneFrame(1))
    ours.close()

    assert theirs.receive() == [DoneFrame(1)]
    assert theirs.closed
    assert not theirs.send(BeatFrame(2))
    theirs.close()


def test_a_peer_that_does_not_read_costs_bounded_memory_and_no_waiting() -> None:
    ours, theirs = pair()
    frame = LogFrame(0, bytes(MAX_PAYLOAD))
    taken = sum(ours.send(frame) for _ in range(100))

    assert taken < 100 and ours.refused == 100 - taken
    assert ours.waiting <= MAX_WAITING + HEADER.size + MAX_PAYLOAD
    received = 0
    while ours.waiting:
        received += len(theirs.receive())
        ours.flush()
    received += len(theirs.receive())
    assert received == taken
    ours.close()
    theirs.close()


def test_kinds_from_another_version_are_skipped() -> None:
    ours, theirs = pair()
    ours._sock.send(HEADER.pack(250, 0, 2) + b"??")
    ours.send(BeatFrame(7))

    assert theirs.receive() == [BeatFrame(7)]
    ours.close()
    theirs.close()


def test_what_is_not_a_json_object_is_an_empty_one() -> None:
    for data in (b"[1]", b"{", b"\xff", b""):
        frame = SettingsFrame(0, data)
        assert frame.values == {}
    assert SettingsFrame(0, b'{"a":1}').values == {"a": 1}


def test_what_a_frame_is_made_of_is_what_is_read_from_it() -> None:
    command = CommandFrame.named(1, "capture", 4)
    fault = FaultFrame.saying(2, "1 faults", "The model stumbled.")

    assert (command.name, command.value) == ("capture", 4)
    assert (fault.line, fault.page) == ("1 faults", "The model stumbled.")
    assert LogFrame.of(3, "Größe").line == "Größe"
    assert CommandFrame(4, b'{"name":7}').name == CommandFrame(4, b"?").name == ""


def test_settings_that_come_with_other_frames_lose_none_of_them() -> None:
    ours, theirs = pair()
    for frame in (settings := SettingsFrame.of(0, {"a": 1}), BeatFrame(1)):
        ours.send(frame)

    assert theirs.settings() == (settings, [BeatFrame(1)])
    ours.close()
    assert theirs.settings() is None
    theirs.close()


def test_a_process_that_is_first_sent_something_else_has_no_settings() -> None:
    ours, theirs = pair()
    ours.send(BeatFrame(1))

    assert theirs.settings() is None
    ours.close()
    theirs.close()
