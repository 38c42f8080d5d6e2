"""Frames between processes."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.link import HEADER, MAX_PAYLOAD, MAX_WAITING, Frame, Kind, pair

frames = st.builds(Frame, st.sampled_from(Kind), st.integers(0, 2**63), st.binary(max_size=300))


@given(st.lists(frames, max_size=50))
def test_frames_arrive_whole_and_in_order(sent: list[Frame]) -> None:
    ours, theirs = pair()
    for frame in sent:
        assert ours.send(frame.kind, frame.micros, frame.payload)

    assert theirs.receive() == sent
    ours.close()
    theirs.close()


def test_a_frame_that_came_in_pieces_is_one_frame() -> None:
    ours, theirs = pair()
    data = HEADER.pack(Kind.MIDI, 5, 3) + b"abc"
    received = []
    for byte in data:
        ours._sock.send(struct.pack("B", byte))
        received += theirs.receive()

    assert received == [Frame(Kind.MIDI, 5, b"abc")]
    ours.close()
    theirs.close()


def test_what_was_sent_before_the_end_is_received_and_then_the_link_is_closed() -> None:
    ours, theirs = pair()
    ours.send(Kind.DONE, 1)
    ours.close()

    assert theirs.receive() == [Frame(Kind.DONE, 1)]
    assert theirs.closed
    assert not theirs.send(Kind.BEAT, 2)
    theirs.close()


def test_a_peer_that_does_not_read_costs_bounded_memory_and_no_waiting() -> None:
    ours, theirs = pair()
    payload = bytes(MAX_PAYLOAD)
    taken = sum(ours.send(Kind.LOG, 0, payload) for _ in range(100))

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
    ours.send(Kind.BEAT, 7)

    assert theirs.receive() == [Frame(Kind.BEAT, 7)]
    ours.close()
    theirs.close()


def test_what_is_not_a_json_object_is_an_empty_one() -> None:
    assert Frame(Kind.SETTINGS, 0, b"[1]").json() == {}
    assert Frame(Kind.SETTINGS, 0, b"{").json() == {}
    assert Frame(Kind.SETTINGS, 0, b'{"a":1}').json() == {"a": 1}
