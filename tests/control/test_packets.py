"""OSC packets, from anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.osc.packets import (
    BUNDLE,
    MAX_ARGUMENTS,
    MAX_BYTES,
    MAX_DEPTH,
    UNIX_EPOCH_S,
    Argument,
    Message,
    PacketFault,
    RefusedPacket,
    encode,
    messages,
)

NOW = 1_795_000_000_000_000  # micros since 1970
AT_ONCE = (1).to_bytes(8, "big")

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
numbers = st.floats(width=32, allow_nan=False) | st.integers(-(2**63), 2**63 - 1)
arguments = st.lists(numbers | texts | st.booleans() | st.none(), max_size=MAX_ARGUMENTS)
addresses = texts.map(lambda text: f"/{text}")


def tag(wall_us: int) -> bytes:
    """The time tag of a moment, rounded up: a fraction of a second has 32 bits."""
    seconds, micros = divmod(wall_us, 1_000_000)
    fraction = -(-(micros << 32) // 1_000_000)
    return (seconds + UNIX_EPOCH_S).to_bytes(4, "big") + fraction.to_bytes(4, "big")


def bundle(*elements: bytes, due: bytes = AT_ONCE) -> bytes:
    sized = (len(element).to_bytes(4, "big") + element for element in elements)
    return BUNDLE + due + b"".join(sized)


def refusal(data: bytes) -> PacketFault | None:
    try:
        messages(data, NOW)
    except RefusedPacket as refused:
        return refused.reason
    return None


@given(addresses, arguments)
def test_what_was_written_is_read(address: str, given: list[Argument]) -> None:
    assert messages(encode(address, tuple(given)), NOW) == [Message(address, tuple(given))]


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    for packet in (data, b"/" + data, BUNDLE + data, bundle(data), bundle(b"/" + data)):
        refusal(packet)


@given(addresses, arguments, st.data())
def test_no_damage_to_a_packet_raises_anything_but_a_refusal(
    address: str, given: list[Argument], data: st.DataObject
) -> None:
    packet = bytearray(bundle(encode(address, tuple(given)), encode("/b", (1.0,))))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    refusal(bytes(packet[: data.draw(st.integers(0, len(packet)))]))


def test_an_element_of_negative_size_is_refused() -> None:
    # python-osc 1.10.2 walks on the spot here, for ever.
    assert refusal(BUNDLE + AT_ONCE + (-4).to_bytes(4, "big", signed=True)) is PacketFault.BYTES


@pytest.mark.parametrize("element", [b"", b"/a\0\0"])
def test_an_element_that_is_empty_or_too_short_is_refused(element: bytes) -> None:
    assert refusal(BUNDLE + AT_ONCE + (len(element) * 2).to_bytes(4, "big") + element) is not None


def test_the_messages_of_nested_bundles_come_in_order() -> None:
    packet = bundle(
        encode("/a", ()), bundle(encode("/b", (1,)), encode("/c", ())), encode("/d", ())
    )

    assert [message.address for message in messages(packet, NOW)] == ["/a", "/b", "/c", "/d"]


def test_bundles_may_lie_in_bundles_four_deep_and_no_deeper() -> None:
    packet = encode("/a", ())
    for _ in range(MAX_DEPTH):
        packet = bundle(packet)

    assert messages(packet, NOW) == [Message("/a")]
    assert refusal(bundle(packet)) is PacketFault.DEPTH


def test_eight_kilobytes_are_read_and_a_byte_more_is_not() -> None:
    text = "x" * (MAX_BYTES - len(encode("/a", ("",))) + 3)
    packet = encode("/a", (text,))

    assert len(packet) == MAX_BYTES and messages(packet, NOW) == [Message("/a", (text,))]
    assert refusal(packet + b"\0") is PacketFault.SIZE


@pytest.mark.parametrize(
    ("ahead_us", "is_ahead"),
    [(-(10**9), False), (0, False), (1_000_000, False), (1_000_001, True), (10**12, True)],
)
def test_what_is_due_in_more_than_a_second_is_marked(ahead_us: int, is_ahead: bool) -> None:
    packet = bundle(encode("/a", ()), due=tag(NOW + ahead_us))

    assert messages(packet, NOW) == [Message("/a", (), is_ahead)]
    assert messages(bundle(packet), NOW) == [Message("/a", (), is_ahead)]


def test_a_message_without_tags_has_no_arguments() -> None:
    assert messages(b"/old\0\0\0\0", NOW) == [Message("/old")]


def test_an_impulse_is_read_as_true() -> None:
    assert messages(b"/a\0\0,I\0\0", NOW) == [Message("/a", (True,))]


def test_types_that_nothing_takes_are_refused() -> None:
    assert refusal(b"/a\0\0,[]\0") is PacketFault.BYTES
    assert refusal(b"/a\0\0,b\0\0\0\0\0\0") is PacketFault.BYTES
    assert refusal(encode("/a", (1,) * (MAX_ARGUMENTS + 1))) is PacketFault.BYTES


def test_text_that_is_not_utf8_is_refused() -> None:
    assert refusal(b"/\xff\xff\0,\0\0\0") is PacketFault.BYTES


def test_text_that_osc_cannot_carry_loses_what_it_cannot() -> None:
    assert messages(encode("/a", ("b\0c\ud800",)), NOW) == [Message("/a", ("b c?",))]
