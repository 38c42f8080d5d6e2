"""Messages: bytes and values are two ways to write the same thing."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.music.messages import (
    CENTRE,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    Message,
    NoteOff,
    NoteOn,
    Other,
    PitchBend,
    ProgramChange,
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
    st.builds(PitchBend, st.integers(0, 16383), channel),
    st.builds(ChannelPressure, data, channel),
    st.builds(KeyPressure, data, data, channel),
    st.builds(ProgramChange, data, channel),
)


@given(messages)
def test_a_message_that_travels_arrives_as_it_was(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=12))
def test_any_bytes_are_a_message_or_none_and_a_message_keeps_its_meaning(found: bytes) -> None:
    message = decode(found)

    assert message is None or decode(encode(message)) == message


@given(st.binary(min_size=1, max_size=4).map(lambda tail: bytes([0x80 | tail[0]]) + tail[1:]))
def test_every_message_is_kept_byte_for_byte_but_a_note_on_that_is_a_note_off(found: bytes) -> None:
    match decode(found):
        case None:
            pass
        case NoteOff(pitch, _, channel) if found[0] & 0xF0 == 0x90:
            assert found == bytes((0x90 | channel, pitch, 0))
        case message:
            assert encode(message) == found


@given(data, channel)
def test_a_note_on_of_velocity_0_is_a_note_off(pitch: int, channel: int) -> None:
    assert decode([0x90 | channel, pitch, 0]) == NoteOff(pitch, 64, channel)


def test_every_kind_of_message_is_told_by_its_status() -> None:
    texts = ("913c40", "813c40", "b14001", "e00040", "d105", "a23c05", "c321", "f8")
    assert [decode(bytes.fromhex(text)) for text in texts] == [
        NoteOn(60, 64, 1),
        NoteOff(60, 64, 1),
        ControlChange(64, 1, 1),
        PitchBend(CENTRE),
        ChannelPressure(5, 1),
        KeyPressure(60, 5, 2),
        ProgramChange(33, 3),
        Other(b"\xf8"),
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
