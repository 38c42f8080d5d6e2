"""Who is told what, and when."""

from itertools import pairwise

from livegen.control.osc.packets import Arguments
from livegen.control.osc.subscribers import EVERY_US, HOLD_US, LIFE_US, MAX_SUBSCRIBERS, Subscribers
from livegen.daemon.clock import SECOND

TABLET = ("192.168.1.20", 9001)
SOURCE = ("192.168.1.20", 54_321)
OTHER = ("192.168.1.21", 9001)
WARM, WARMER = (0.5,), (0.75,)
TEMPERATURE, TURN = "/livegen/temperature", "/livegen/state/turn"


def subscribed(values: dict[str, Arguments]) -> Subscribers:
    """One subscriber who has been told these values, at 0."""
    subscribers = Subscribers()
    subscribers.show(values)
    assert subscribers.add(TABLET, SOURCE, 0)
    subscribers.due(0)
    return subscribers


def test_a_new_subscriber_is_told_everything() -> None:
    subscribers = Subscribers()
    subscribers.show({TEMPERATURE: WARM, TURN: ("waiting",)})
    subscribers.add(TABLET, SOURCE, 0)

    assert subscribers.due(0) == [(TABLET, TURN, ("waiting",)), (TABLET, TEMPERATURE, WARM)]


def test_then_only_what_has_changed() -> None:
    subscribers = subscribed({TEMPERATURE: WARM, TURN: ("waiting",)})
    subscribers.show({TEMPERATURE: WARMER, TURN: ("waiting",)})

    assert subscribers.due(EVERY_US) == [(TABLET, TEMPERATURE, WARMER)]
    assert subscribers.due(2 * EVERY_US) == []
    assert subscribers.deadline() is None


def test_changes_are_told_thirty_times_a_second_and_only_the_latest() -> None:
    subscribers = subscribed({TEMPERATURE: (0.0,)})
    told_at = []
    for step in range(1, 1001):  # a change each millisecond
        subscribers.show({TEMPERATURE: (step / 1000,)})
        told_at += [step * 1000 for _ in subscribers.due(step * 1000)]

    assert len(told_at) == 29
    assert min(b - a for a, b in pairwise(told_at)) >= EVERY_US
    assert subscribers.deadline() == told_at[-1] + EVERY_US
    assert subscribers.due(SECOND + EVERY_US) == [(TABLET, TEMPERATURE, (1.0,))]


def test_a_hand_on_a_fader_is_left_alone_and_told_the_truth_afterwards() -> None:
    subscribers = subscribed({TEMPERATURE: WARM, TURN: ("waiting",)})
    subscribers.hold(SOURCE, "temperature", EVERY_US)
    subscribers.show({TEMPERATURE: WARMER, TURN: ("listening",)})

    assert subscribers.due(EVERY_US) == [(TABLET, TURN, ("listening",))]
    assert subscribers.deadline() == EVERY_US + HOLD_US
    assert subscribers.due(EVERY_US + HOLD_US) == [(TABLET, TEMPERATURE, WARMER)]


def test_a_value_that_was_refused_goes_back_to_the_fader_that_sent_it() -> None:
    subscribers = subscribed({TEMPERATURE: WARM})
    subscribers.hold(SOURCE, "temperature", EVERY_US)

    assert subscribers.due(EVERY_US + HOLD_US) == [(TABLET, TEMPERATURE, WARM)]


def test_others_see_at_once_what_a_hand_moves() -> None:
    subscribers = subscribed({TEMPERATURE: WARM})
    subscribers.add(OTHER, OTHER, 0)
    subscribers.due(0)
    subscribers.hold(SOURCE, "temperature", EVERY_US)
    subscribers.show({TEMPERATURE: WARMER})

    assert subscribers.due(EVERY_US) == [(OTHER, TEMPERATURE, WARMER)]


def test_ten_minutes_after_its_last_word_a_subscriber_is_told_no_more() -> None:
    subscribers = subscribed({TEMPERATURE: WARM})
    subscribers.spoke(SOURCE, 1_000)
    subscribers.show({TEMPERATURE: WARMER})

    assert len(subscribers.due(LIFE_US + 999)) == 1
    subscribers.show({TEMPERATURE: WARM})
    assert subscribers.due(LIFE_US + 1_000) == []
    assert len(subscribers) == 0


def test_there_is_room_for_eight_and_again_when_one_has_gone() -> None:
    subscribers = Subscribers()
    for port in range(MAX_SUBSCRIBERS):
        assert subscribers.add(("192.168.1.20", 9000 + port), SOURCE, port)

    assert not subscribers.add(OTHER, OTHER, 10)
    assert subscribers.add(("192.168.1.20", 9000), SOURCE, 10)
    subscribers.remove(("192.168.1.20", 9001))
    assert subscribers.add(OTHER, OTHER, 10)
    assert not subscribers.add(TABLET, SOURCE, 10)
    assert subscribers.add(TABLET, SOURCE, LIFE_US + 9)


def test_who_has_subscribed_listens_there_and_others_where_they_speak() -> None:
    subscribers = subscribed({})

    assert subscribers.ear(SOURCE) == TABLET
    assert subscribers.ear(OTHER) == OTHER


def test_an_address_that_is_no_longer_shown_is_no_news() -> None:
    subscribers = subscribed({TEMPERATURE: WARM})
    subscribers.show({TEMPERATURE: WARMER})
    subscribers.show({})

    assert subscribers.due(EVERY_US) == []
