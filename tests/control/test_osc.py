"""The OSC protocol without a socket: bytes and times in, requests and bytes out."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegen.control.osc.addresses import ROOT
from livegen.control.osc.datagrams import (
    ERRORS_AT_ONCE,
    ERRORS_PER_SECOND,
    LINE,
    LONGEST_LINE,
    MAX_PER_SECOND,
    REPORT_EVERY_US,
    URGENT_EVERY_US,
    WHOLES_PER_SECOND,
    Osc,
)
from livegen.control.osc.packets import Argument, Message, PacketFault, encode, messages
from livegen.control.osc.peers import Peer
from livegen.control.surfaces import Request
from livegen.daemon.clock import SECOND
from livegen.jam.controls.controls import CONTROLS, Control
from tests.control.test_packets import NOW as WALL
from tests.control.test_packets import bundle, tag

TABLET = ("192.168.1.20", 54_321)
HERE = ("127.0.0.1", 54_322)
STRANGER = ("192.168.1.66", 9000)
OWN = ("0.0.0.0", 9700)
COMMANDS = {"again": "Another answer.", "capture": "Saves the last bars."}
STATE = {"controls": {"temperature": 1.0, "mode": "respond"}, "turn": "listening"}


def protocol() -> Osc:
    osc = Osc(COMMANDS, ["192.168.1.20"], OWN)
    osc.show(STATE)
    return osc


def packet(path: str, *arguments: Argument) -> bytes:
    return encode(f"{ROOT}/{path}", arguments)


def send(osc: Osc, data: bytes, sender: Peer = HERE, now: int = 0) -> list[Request]:
    return osc.receive(data, sender, now, WALL)


def replies(osc: Osc, now: int = 0) -> list[tuple[Peer, Message]]:
    return [(peer, messages(data, WALL)[0]) for peer, data in osc.replies(now)]


def paths(told: Sequence[tuple[Peer, Message]]) -> set[str]:
    return {message.address for _, message in told}


ALL = {
    "/livegen/temperature",
    "/livegen/temperature/norm",
    "/livegen/state/turn",
}


# --- what comes in --------------------------------------------------------------------------------------------


def test_a_message_becomes_a_request() -> None:
    assert send(protocol(), packet("temperature", 0.5)) == [Request("temperature", 0.5)]
    assert send(protocol(), packet("do/again")) == [Request("again")]


def test_a_bundle_becomes_its_requests_in_order() -> None:
    data = bundle(packet("mode", "continue"), packet("do/stop"), packet("do/again", 1.0))

    assert send(protocol(), data) == [
        Request("mode", "continue"),
        Request("stop"),
        Request("again"),
    ]


def test_one_mistake_in_a_bundle_leaves_the_rest_in_force() -> None:
    osc = protocol()
    data = bundle(packet("temperature", 99.0), packet("nowhere"), packet("do/again"))

    assert send(osc, data) == [Request("again")]
    assert osc.counts == {PacketFault.VALUE: 1, PacketFault.ADDRESS: 1}
    told = replies(osc)
    assert len(told) == 1
    assert told[0] == (
        HERE,
        Message("/livegen/error", ("temperature: takes 0.1 to 2",)),
    )


@given(st.binary(max_size=200))
def test_garbage_is_counted_and_nothing_else_happens(data: bytes) -> None:
    osc = protocol()
    for garbage in (data, b"/livegen/" + data, bundle(b"/" + data), bundle(data)[:-1]):
        assert send(osc, garbage) == []
    assert replies(osc) == [] or osc.counts[PacketFault.ADDRESS] > 0


@pytest.mark.parametrize(
    "data", [b"/a" + bytes(8190 + 4), bundle(bundle(bundle(bundle(bundle(packet("do/again"))))))]
)
def test_what_is_too_large_or_too_deep_is_refused(data: bytes) -> None:
    osc = protocol()

    assert send(osc, data) == []
    assert set(osc.counts) <= {PacketFault.SIZE, PacketFault.DEPTH} and osc.counts.total() == 1


def test_strangers_are_not_heard_and_not_answered() -> None:
    osc = protocol()
    for data in (packet("do/panic"), packet("get"), packet("subscribe"), packet("nowhere"), b"?"):
        assert send(osc, data, STRANGER) == []

    assert osc.counts == {PacketFault.PEER: 5}
    assert osc.replies(0) == [] and osc.deadline() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_always_speak(host: str) -> None:
    assert send(Osc({}), packet("do/stop"), (host, 5000)) == [Request("stop")]


@pytest.mark.parametrize("host", ["192.168.1.20", "::ffff:192.168.1.20"])
def test_an_allowed_address_is_known_in_either_form(host: str) -> None:
    assert send(protocol(), packet("do/stop"), (host, 5000)) == [Request("stop")]


# --- too much, too late ---------------------------------------------------------------------------------------


def test_a_thousand_messages_at_once_and_a_thousand_a_second_are_taken_and_no_more() -> None:
    osc = protocol()
    taken = [len(send(osc, packet("temperature", 0.5))) for _ in range(2 * MAX_PER_SECOND)]
    assert sum(taken) == MAX_PER_SECOND == osc.counts[PacketFault.RATE]

    taken = [len(send(osc, packet("temperature", 0.5), now=at)) for at in range(0, SECOND, 500)]
    assert sum(taken) == MAX_PER_SECOND - 1  # the first of them came at once, too
    assert send(osc, packet("temperature", 0.5), now=SECOND) == [Request("temperature", 0.5)]


def test_messages_in_bundles_count_one_by_one() -> None:
    osc = protocol()
    data = bundle(*[packet("do/again")] * 200)
    taken = [len(send(osc, data)) for _ in range(10)]

    assert taken == [200] * 5 + [0] * 5


@pytest.mark.parametrize("junk", [b"junk", packet("nowhere"), packet("temperature", 99.0)])
def test_junk_uses_up_the_rate_too(junk: bytes) -> None:
    osc = protocol()
    for _ in range(MAX_PER_SECOND):
        send(osc, junk)

    assert send(osc, packet("do/again")) == []


@pytest.mark.parametrize("name", ["panic", "stop"])
def test_panic_and_stop_pass_however_much_else_comes(name: str) -> None:
    osc = protocol()
    for _ in range(3 * MAX_PER_SECOND):
        send(osc, packet("temperature", 0.5))

    assert send(osc, packet(f"do/{name}", 1.0)) == [Request(name)]
    assert send(osc, bundle(packet(f"do/{name}")), now=URGENT_EVERY_US) == [Request(name)]


def test_junk_that_mentions_panic_does_not_shut_others_out_for_longer() -> None:
    osc = protocol()
    for at in range(2 * MAX_PER_SECOND):
        send(osc, b"junk /livegen/do/panic", now=at * 500)

    assert send(osc, packet("do/again"), now=SECOND) == [Request("again")]


def test_a_flood_of_panics_is_a_hundred_a_second() -> None:
    osc = protocol()
    for _ in range(MAX_PER_SECOND):
        send(osc, packet("do/again"))
    passed = 0
    for at in range(0, SECOND, 100):
        send(osc, packet("do/again"), now=at)  # takes what the rate allows
        passed += len(send(osc, packet("do/panic"), now=at))

    assert passed == SECOND // URGENT_EVERY_US


def test_what_is_meant_for_later_is_refused_but_for_panic_and_stop() -> None:
    osc = protocol()
    later = tag(WALL + 2 * SECOND)

    assert send(osc, bundle(packet("do/again"), packet("do/panic"), due=later)) == [
        Request("panic")
    ]
    assert osc.counts == {PacketFault.AHEAD: 1}
    assert send(osc, bundle(packet("do/again"), due=tag(WALL + SECOND))) == [Request("again")]


# --- answers --------------------------------------------------------------------------------------------------


def test_get_tells_the_whole_state_to_who_asks() -> None:
    osc = protocol()
    send(osc, packet("get"), TABLET)
    told = replies(osc)

    assert {peer for peer, _ in told} == {TABLET}
    assert paths(told) >= ALL
    assert (TABLET, Message("/livegen/temperature", (1.0,))) in told
    assert (TABLET, Message("/livegen/mode/respond", (1,))) in told


def test_an_answer_goes_to_the_port_named_but_never_to_another_address() -> None:
    osc = protocol()
    send(osc, packet("get", 9001), TABLET)

    assert {peer for peer, _ in osc.replies(0)} == {("192.168.1.20", 9001)}


@pytest.mark.parametrize("port", [0, 53, 1023, 65_536, -1, 9001.5, "9001", True, None])
def test_a_port_that_no_surface_listens_on_is_refused(port: Argument) -> None:
    osc = protocol()
    send(osc, packet("subscribe", port), TABLET)
    told = replies(osc)

    assert paths(told) <= {"/livegen/error"} and osc.counts == {PacketFault.FULL: 1}


def test_nobody_makes_us_talk_to_ourselves() -> None:
    osc = protocol()
    for what in ("get", "subscribe"):
        assert send(osc, packet(what, 9700), HERE) == []
    send(osc, packet("subscribe", 9700), TABLET)

    assert paths(replies(osc)) >= ALL  # a tablet may use the same number
    assert osc.counts == {PacketFault.FULL: 2}


def test_a_complaint_is_never_answered_by_a_complaint() -> None:
    osc = protocol()
    for path in ("error", "state/turn", "state"):
        assert send(osc, packet(path, "no such address")) == []

    assert osc.replies(0) == [] and osc.counts == {PacketFault.ADDRESS: 3}


def test_a_subscriber_is_told_the_state_and_its_changes() -> None:
    osc = protocol()
    send(osc, packet("subscribe", 9001), TABLET)
    assert paths(replies(osc)) >= ALL

    osc.show({**STATE, "turn": "responding"})
    at = osc.deadline()
    assert at is not None
    assert replies(osc, at) == [
        (("192.168.1.20", 9001), Message("/livegen/state/turn", ("responding",)))
    ]
    assert osc.deadline() is None


def test_what_the_latest_answer_does_not_say_any_more_is_emptied() -> None:
    osc = protocol()
    osc.show({"why": {"who": "memory", "added": {"memory": 2.5, "theme": 0.5}}})
    send(osc, packet("subscribe", 9001), TABLET)
    osc.replies(0)

    osc.show({"why": {"who": "network", "added": {"range": 0.5}}})

    assert {
        said.address.rpartition("why/")[2]: said.arguments for _, said in replies(osc, SECOND)
    } == {
        "who": ("network",),
        "added/range": (0.5,),
        "added/memory": ("",),
        "added/theme": ("",),
    }


@pytest.mark.parametrize("control", [it for it in CONTROLS.values() if it.low < it.high])
def test_a_reply_to_a_number_that_is_out_of_range_has_room_for_the_range(control: Control) -> None:
    osc = Osc(COMMANDS)
    send(osc, packet(control.name, 1e9))

    (said,) = [message for _, message in replies(osc)]
    assert f"{control.low:g} to {control.high:g}" in str(said.arguments[0])


def test_who_unsubscribes_is_told_no_more() -> None:
    osc = protocol()
    send(osc, packet("subscribe", 9001), TABLET)
    osc.replies(0)
    send(osc, packet("unsubscribe"), TABLET)
    osc.show({"turn": "responding"})

    assert osc.deadline() is None


def test_a_mistake_is_told_where_the_surface_listens() -> None:
    osc = protocol()
    send(osc, packet("subscribe", 9001), TABLET)
    osc.replies(0)
    send(osc, packet("rest/norm", 2.0), TABLET)

    assert (
        ("192.168.1.20", 9001),
        Message("/livegen/error", ("rest/norm: takes 0 to 1",)),
    ) in replies(osc)


@given(
    st.sampled_from(["x", "nowhere/at/all", "temperature", "mode", "do/capture", "subscribe"]),
    st.lists(
        st.floats(width=32) | st.text(max_size=40) | st.integers(-(2**63), 2**63 - 1), max_size=3
    ),
)
def test_a_reply_to_a_mistake_is_at_most_twice_as_large(
    path: str, arguments: list[Argument]
) -> None:
    osc = Osc(COMMANDS)
    data = packet(path, *arguments)
    send(osc, data)

    assert sum(len(reply) for _, reply in osc.replies(0)) <= 2 * len(data)


def test_complaints_are_eight_at_once_and_then_ten_a_second_at_most() -> None:
    osc = protocol()
    told = []
    for at in range(0, SECOND, 2_000):
        send(osc, packet("temperature", 99.0), now=at)
        told += osc.replies(at)

    assert len(told) == ERRORS_AT_ONCE + ERRORS_PER_SECOND - 1


def test_a_line_for_people_stays_a_value_of_the_state_until_the_next_one() -> None:
    osc = protocol()
    send(osc, packet("subscribe"))
    osc.replies(0)
    for at, line in ((SECOND, "The model is back."), (2 * SECOND, "x" * 999)):
        osc.tell(line)
        assert (HERE, Message(LINE, (line[:LONGEST_LINE],))) in replies(osc, at)
    osc.show(STATE)
    send(osc, packet("get"), now=4 * SECOND)
    assert (HERE, Message(LINE, ("x" * LONGEST_LINE,))) in replies(osc, 4 * SECOND)


def test_of_several_texts_at_once_that_cannot_be_sung_each_is_complained_of() -> None:
    osc = Osc({"sing": "Sings."})
    for text in ("...", "!!!", "1 2 3", "–"):
        assert send(osc, packet("do/sing", text)) == []

    told = [messages(data, 0)[0].arguments[0] for _, data in osc.replies(0)]
    assert len(told) == 4 and all(str(line).startswith("lyrics: there is no word") for line in told)


@pytest.mark.parametrize("wish", ["get", "subscribe"])
def test_the_whole_state_is_told_four_times_at_once_and_four_times_a_second(wish: str) -> None:
    osc = protocol()
    whole = 0
    for at in range(0, SECOND, 2_000):
        send(osc, packet(wish), TABLET, at)
        whole += "/livegen/state/turn" in paths(replies(osc, at))
        send(osc, packet("unsubscribe"), TABLET, at)

    assert whole == 2 * WHOLES_PER_SECOND - 1
    send(osc, packet(wish), TABLET, SECOND)
    assert paths(replies(osc, SECOND)) >= ALL


def test_nobody_reading_costs_bounded_memory() -> None:
    osc = protocol()
    osc.show({str(number): "x" * 64 for number in range(10_000)})
    for port in range(2000):
        send(osc, packet("get", 2000 + port), (f"127.0.{port % 200}.1", 5000), port * 10_000)

    assert len(osc.replies(0)) <= 1024


def test_the_person_is_told_once_a_minute_what_was_refused() -> None:
    osc = protocol()
    assert osc.report(0) is None
    send(osc, packet("do/stop"), STRANGER)
    assert osc.report(0) == "osc: ignored messages: 1 from an address that is not allowed"
    for _ in range(3):
        send(osc, b"junk", now=1)

    assert osc.report(REPORT_EVERY_US - 1) is None
    assert osc.report(REPORT_EVERY_US) == "osc: ignored messages: 3 not OSC"
    assert osc.report(9 * REPORT_EVERY_US) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from([HERE, TABLET, STRANGER]),
            st.sampled_from(["get", "subscribe", "do/panic", "do/again", "mode", "rest/norm", "x"]),
            st.lists(st.sampled_from([0, 1, 0.5, 9001, "auto", None]), max_size=2),
            st.integers(0, SECOND),
        ),
        max_size=40,
    )
)
def test_only_who_may_speak_is_ever_answered(
    sent: list[tuple[Peer, str, list[Argument], int]],
) -> None:
    osc, now = protocol(), 0
    for sender, path, arguments, later in sent:
        now += later
        send(osc, packet(path, *arguments), sender, now)
        osc.show({"turn": str(now)})
        assert all(peer[0] != STRANGER[0] for peer, _ in osc.replies(now))
        deadline = osc.deadline()
        assert deadline is None or deadline > now
