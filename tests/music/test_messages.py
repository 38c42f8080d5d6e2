"""Messages: bytes and values are two ways to write the same thing."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.messages import (
    ControlChange,
    Message,
    NoteOff,
    NoteOn,
    Other,
    decode,
    encode,
)

data = st.integers(0, 127)
channel = st.integers(0, 15)
velocity = st.integers(1, 127)
messages = st.one_of(
    st.builds(NoteOn, data, velocity, channel),
    st.builds(NoteOff, data, data, channel),
    st.builds(ControlChange, data, data, channel),
)


@given(messages)
def test_a_message_that_travels_arrives_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=12))
def test_any_bytes_are_a_message_or_none_and_a_message_keeps_its_meaning(found: bytes) -> None:
    message = decode(found)

    assert message is None or decode(encode(message)) == message


@given(st.binary(min_size=1, max_size=4).map(lambda tail: bytes([0x80 | tail[0]]) + tail[1:]))
def test_what_is_not_a_note_or_a_controller_is_kept_byte_for_byte(found: bytes) -> None:
    match decode(found):
        case Other(kept):
            assert kept == found
        case None:
            pass
        case _:
            assert found[0] & 0xF0 in (0x80, 0x90, 0xB0)


@given(data, channel)
def test_a_note_on_of_velocity_0_is_a_note_off(pitch: int, channel: int) -> None:
    assert decode([0x90 | channel, pitch, 0]) == NoteOff(pitch, 64, channel)


def test_every_kind_of_message_is_told_by_its_status() -> None:
    assert [decode(bytes.fromhex(text)) for text in ("913c40", "813c40", "b14001", "e00040")] == [
        NoteOn(60, 64, 1),
        NoteOff(60, 64, 1),
        ControlChange(64, 1, 1),
        Other(b"\xe0\x00\x40"),
    ]


def test_system_messages_are_told_by_their_whole_status() -> None:
    for text in ("f8", "fa", "fc", "fe", "ff", "f6", "f100", "f20000", "f300", "f0f7", "f07e09f7"):
        assert decode(bytes.fromhex(text)) == Other(bytes.fromhex(text))


def test_what_the_standard_does_not_allow_is_no_message() -> None:
    wrong = (
        "",  # nothing
        "3c40",  # no status
        "903c",  # too short
        "903c4000",  # too long
        "90803c",  # a status among the data
        "f0",  # a system exclusive that is not closed
        "f07e",
        "f0f8f7",  # a clock inside one
        "f7",
        "f4",
        "f5",
        "f9",
        "fd",
        "f800",
    )
    assert [decode(bytes.fromhex(text)) for text in wrong] == [None] * len(wrong)
