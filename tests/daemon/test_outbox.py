"""The laws of the outbox, over anything an engine might put into it."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from livegen.daemon.midi.outbox import BURST, LATE_US, MAX_NOTE_US, MAX_PENDING, RATE_PER_S, Outbox

SECOND = 1_000_000
ON, OFF = 0x90, 0x80


def on(pitch: int, channel: int = 0) -> bytes:
    return bytes((ON | channel, pitch, 80))


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes((OFF | channel, pitch, 64))


def is_on(data: bytes) -> bool:
    return data[0] & 0xF0 == ON and data[2] > 0


def is_off(data: bytes) -> bool:
    return data[0] & 0xF0 == OFF or (data[0] & 0xF0 == ON and data[2] == 0)


def run_until(outbox: Outbox, now: int, until: int) -> list[tuple[int, bytes]]:
    """Walk every deadline up to `until`, as the loop would, and give what was sent with its time."""
    sent = [(now, data) for data in outbox.due(now)]
    while (deadline := outbox.deadline()) is not None and deadline <= until:
        assert deadline > now, "a deadline at which nothing can be done would be a busy loop"
        now = deadline
        sent += [(now, data) for data in outbox.due(now)]
    return sent


def never_ending(sent: Iterable[tuple[int, bytes]]) -> dict[tuple[int, int], int]:
    """Check on against off, and give what still sounds."""
    sounding: dict[tuple[int, int], int] = {}
    for at, data in sent:
        key = data[0] & 15, data[1]
        if is_on(data):
            assert key not in sounding, "a second note-on for a sounding note"
            sounding[key] = at
        elif is_off(data):
            assert key in sounding, "an off for a silent note"
            assert at - sounding.pop(key) <= MAX_NOTE_US + SECOND
    return sounding


messages = st.one_of(
    st.builds(on, st.integers(58, 62), st.integers(0, 1)),
    st.builds(off, st.integers(58, 62), st.integers(0, 1)),
    st.builds(lambda pitch: bytes((ON, pitch, 0)), st.integers(58, 62)),
    st.builds(lambda value: bytes((0xB0, 64, value)), st.sampled_from((0, 127))),
    st.builds(lambda value: bytes((0xE0, 0, value)), st.sampled_from((0, 64))),
)
# What happens, each after a pause: a message put with its distance from now and whether it is the player's on its
# way through, a cut, or everything released.
steps = st.tuples(
    st.integers(0, 40_000),
    st.one_of(
        st.tuples(st.integers(-50_000, 50_000), messages, st.booleans()),
        st.sampled_from(("cut", "release")),
    ),
)


@given(st.lists(steps, max_size=60), st.booleans())
def test_every_note_on_sent_has_one_off_and_no_note_starts_twice(
    happenings: list[tuple[int, str | tuple[int, bytes, bool]]], is_tight: bool
) -> None:
    outbox = Outbox(burst=4, rate_per_s=50) if is_tight else Outbox()
    now, sent = 0, []
    for pause, happening in happenings:
        sent += run_until(outbox, now, now + pause)
        now += pause
        match happening:
            case "cut":
                outbox.cut(now)
            case "release":
                outbox.release_all(now)
            case (int(distance), bytes(data), thru):
                outbox.put(now + distance, data, thru is True)
    sent += run_until(outbox, now, now + 2 * MAX_NOTE_US)

    assert never_ending(sent) == {}
    assert outbox.is_silent


@given(st.lists(st.tuples(st.integers(0, 200_000), messages), max_size=80))
def test_messages_leave_in_the_order_of_their_due_times(puts: list[tuple[int, bytes]]) -> None:
    outbox = Outbox()
    for due, data in puts:
        outbox.put(due, data)

    sent = outbox.take(200_000)
    controllers = [data for _, data in sorted(puts, key=lambda put: put[0]) if data[0] == 0xB0]

    assert [due for due, _ in sent] == sorted(due for due, _ in sent)
    assert [data for _, data in sent if data[0] == 0xB0] == controllers[: len(controllers)]


@given(st.lists(st.tuples(st.integers(0, 300_000), messages), max_size=400))
def test_no_more_leaves_than_the_burst_and_the_rate_allow(puts: list[tuple[int, bytes]]) -> None:
    outbox = Outbox()
    for due, data in puts:
        outbox.put(due, data)

    times = [at for at, _ in run_until(outbox, 0, 2 * SECOND)]

    for index, start in enumerate(times):
        window = [at for at in times[index:] if at - start <= 100_000]
        assert len(window) <= BURST + RATE_PER_S // 10 + 1


@given(st.integers(1, 300))
def test_the_rate_limit_drops_note_ons_and_never_a_note_off(notes: int) -> None:
    outbox = Outbox(burst=8, rate_per_s=100)
    for index in range(notes):
        outbox.put(0, on(index % 128, index // 128))
    for index in range(notes):
        outbox.put(1, off(index % 128, index // 128))

    sent = run_until(outbox, 0, 20 * SECOND)

    assert never_ending(sent) == {}
    assert sum(is_on(data) for _, data in sent) + outbox.dropped == notes


@given(st.lists(steps, max_size=40))
def test_after_release_all_pedals_and_bends_are_neutral(
    happenings: list[tuple[int, str | tuple[int, bytes, bool]]],
) -> None:
    outbox, now, sent = Outbox(), 0, []
    for pause, happening in happenings:
        now += pause
        if not isinstance(happening, str):
            outbox.put(now + happening[0], happening[1], happening[2])
        sent += [data for data in outbox.due(now)]
    outbox.release_all(now)
    sent += [data for _, data in run_until(outbox, now, now + SECOND)]

    pedal = [data[2] for data in sent if data[:2] == bytes((0xB0, 64))]
    bend = [data[2] for data in sent if data[0] == 0xE0]
    assert pedal[-1:] in ([], [0]) and bend[-1:] in ([], [64])


def test_a_late_note_is_not_played_and_neither_is_its_off() -> None:
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.put(100, off(60))

    assert outbox.due(LATE_US + 1) == []
    assert outbox.dropped == 1


def test_a_note_on_for_a_sounding_note_lets_it_end_first() -> None:
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.put(5, on(60))

    assert outbox.due(5) == [on(60), off(60), on(60)]


def test_a_cut_withdraws_what_is_pending_and_releases_what_sounds() -> None:
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.put(20_000, on(64))
    outbox.due(0)
    outbox.cut(10_000)

    assert run_until(outbox, 10_000, SECOND) == [(10_000, off(60))]


def test_a_cut_of_keys_leaves_all_others_as_they_are() -> None:
    outbox = Outbox()
    for pitch, due in ((60, 0), (64, 0), (62, 20_000), (65, 20_000)):
        outbox.put(due, on(pitch))
    outbox.put(0, bytes((0xB0, 64, 127)))
    outbox.due(0)
    outbox.cut(10_000, {(0, 60), (0, 62), (1, 64)})

    assert run_until(outbox, 10_000, SECOND) == [(10_000, off(60)), (20_000, on(65))]


def test_a_note_without_an_off_ends_after_thirty_seconds() -> None:
    outbox = Outbox()
    outbox.put(0, on(60))

    assert run_until(outbox, 0, 2 * MAX_NOTE_US) == [(0, on(60)), (MAX_NOTE_US, off(60))]


def test_release_all_raises_the_pedal_ends_the_notes_and_says_all_notes_off_on_used_channels() -> (
    None
):
    outbox = Outbox()
    outbox.put(0, bytes((0xB2, 64, 127)))
    outbox.put(0, on(60, channel=2))
    outbox.due(0)
    outbox.release_all(10)

    assert outbox.due(10) == [bytes((0xB2, 64, 0)), off(60, channel=2), bytes((0xB2, 123, 0))]


def test_an_engine_gone_wild_cannot_fill_the_memory() -> None:
    outbox = Outbox()
    for index in range(3 * MAX_PENDING):
        outbox.put(index, on(60))
        outbox.put(index, off(60))

    assert outbox.dropped >= 2 * MAX_PENDING


def test_the_worst_panic_is_paced() -> None:
    outbox = Outbox()
    for channel in range(16):
        for pitch in range(128):
            outbox.put(channel * 128 + pitch, on(pitch, channel))
    sent = outbox.take(SECOND, paced=False)
    assert sent == []  # a second late: nothing of it is played

    for now in range(0, 8 * SECOND, 2_000):
        outbox.put(SECOND + now, on(now // 2_000 % 128, now // 256_000 % 16))
        outbox.due(SECOND + now)
    outbox.release_all(10 * SECOND)

    assert len(outbox.due(10 * SECOND)) == BURST
    assert (
        len(outbox.due(11 * SECOND)) == BURST
    )  # the bucket holds no more, however long nobody asked


# --- thru -------------------------------------------------------------------------------------------------------------

LOUD = 127  # what the player strikes here, so that the notes can be told apart
mine = st.one_of(st.builds(on, st.integers(60, 61)), st.builds(off, st.integers(60, 61)), messages)
theirs = st.one_of(
    st.builds(lambda pitch: bytes((ON, pitch, LOUD)), st.integers(60, 61)),
    st.builds(off, st.integers(60, 61)),
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40_000),
            st.one_of(st.tuples(st.integers(0, 30_000), mine), st.tuples(theirs), st.just("cut")),
        ),
        max_size=80,
    )
)
def test_nothing_the_model_does_ends_a_note_that_the_player_holds(
    happenings: list[tuple[int, str | tuple[int, bytes] | tuple[bytes]]],
) -> None:
    outbox, now = Outbox(), 0
    sent: list[tuple[int, bytes]] = []
    let_go: set[tuple[int, int]] = set()  # when the player struck or released which pitch
    for pause, happening in happenings:
        sent += run_until(outbox, now, now + pause)
        now += pause
        match happening:
            case (int(distance), bytes(data)):
                outbox.put(now + distance, data)
            case (bytes(data),):
                outbox.put(now, data, thru=True)
                let_go.add((now, data[1]))
                sent += [(now, each) for each in outbox.due(now)]
            case _:
                outbox.cut(now)
    sent += run_until(outbox, now, now + SECOND)

    held: set[int] = set()
    for at, data in sent:
        if data[0] & 0x0F:
            continue  # the player is on the first channel
        if is_on(data):
            assert data[1] not in held, "the model struck a key that the player holds"
            held |= {data[1]} if data[2] == LOUD else set()
        elif is_off(data) and data[1] in held:
            assert (at, data[1]) in let_go, "the model ended it"
            held.discard(data[1])


def test_a_note_that_the_player_strikes_while_the_model_sounds_it_is_the_players_from_then_on() -> (
    None
):
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.put(50_000, off(60))
    outbox.due(0)
    outbox.put(10_000, on(60), thru=True)
    outbox.put(90_000, off(60), thru=True)

    assert run_until(outbox, 10_000, SECOND) == [
        (10_000, off(60)),
        (10_000, on(60)),
        (90_000, off(60)),
    ]


def test_a_note_of_the_models_that_the_player_holds_is_not_played_and_neither_is_its_off() -> None:
    outbox = Outbox()
    outbox.put(0, on(60), thru=True)
    outbox.put(10_000, on(60))
    outbox.put(20_000, off(60))
    outbox.put(90_000, off(60), thru=True)

    assert run_until(outbox, 0, SECOND) == [(0, on(60)), (90_000, off(60))]


def test_a_cut_leaves_the_player_alone() -> None:
    outbox = Outbox()
    pedal, bend = bytes((0xB0, 64, 127)), bytes((0xE0, 0, 80))
    for data in (pedal, bend, on(60)):
        outbox.put(0, data, thru=True)
    for data in (bytes((0xB1, 64, 127)), on(64, channel=1)):
        outbox.put(0, data)
    outbox.due(0)
    outbox.put(20_000, on(67, channel=1))
    outbox.put(20_000, off(60), thru=True)
    outbox.cut(10_000)

    assert run_until(outbox, 10_000, SECOND) == [
        (10_000, bytes((0xB1, 64, 0))),
        (10_000, off(64, channel=1)),
        (20_000, off(60)),
    ]


def test_a_pedal_that_the_player_holds_is_not_the_models_to_move() -> None:
    outbox = Outbox()
    down, up = bytes((0xB0, 64, 127)), bytes((0xB0, 64, 0))
    outbox.put(0, down, thru=True)
    outbox.put(1, up)
    outbox.put(2, up, thru=True)
    outbox.put(3, down)

    assert outbox.take(3) == [(0, down), (2, up), (3, down)]


def test_release_all_releases_what_the_player_holds_too() -> None:
    outbox = Outbox()
    pedal = bytes((0xB0, 64, 127))
    outbox.put(0, pedal, thru=True)
    outbox.put(0, on(60), thru=True)
    outbox.put(0, on(64))
    outbox.due(0)
    outbox.put(5, on(67), thru=True)
    outbox.release_all(10)

    assert outbox.due(10) == [off(64), bytes((0xB0, 64, 0)), off(60), bytes((0xB0, 123, 0))]


def test_a_note_passed_through_without_an_off_ends_after_thirty_seconds() -> None:
    outbox = Outbox()
    outbox.put(0, on(60), thru=True)

    assert run_until(outbox, 0, 2 * MAX_NOTE_US) == [(0, on(60)), (MAX_NOTE_US, off(60))]


def test_the_players_off_for_a_note_that_came_too_late_leaves_the_models_note() -> None:
    outbox = Outbox()
    outbox.put(40_000, on(60))
    outbox.due(40_000)
    outbox.put(0, on(60), thru=True)
    outbox.put(41_000, off(60), thru=True)

    assert outbox.due(41_000) == []
    assert outbox.dropped == 1


def test_bends_that_pass_through_keep_no_note_of_the_model_waiting() -> None:
    outbox = Outbox()
    for millisecond in range(1000):
        outbox.put(millisecond * 1000, bytes((0xE1, millisecond % 128, 64)), thru=True)
    for step in range(50):
        outbox.put(step * 20_000, on(60 + step % 12))
        outbox.put(step * 20_000 + 10_000, off(60 + step % 12))

    sent = [(due, at) for at in range(0, 1_000_000, 1000) for due, _ in outbox.take(at)]

    assert max(at - due for due, at in sent) < 1000
    assert outbox.dropped == 0


def test_clocks_go_on_through_a_cut_and_a_panic() -> None:
    outbox = Outbox()
    outbox.put(0, bytes((0xFA,)))
    for tick in range(3):
        outbox.put(tick * 20_000, bytes((0xF8,)))
    outbox.put(0, on(60))
    outbox.put(30_000, on(62))

    sent = outbox.due(0)
    outbox.cut(1000)
    outbox.release_all(1000)
    sent += [data for at in range(1000, 60_000, 1000) for data in outbox.due(at)]

    assert sent.count(bytes((0xF8,))) == 3
    assert bytes((0xFC,)) not in sent
    assert on(62) not in sent


def test_who_follows_the_clocks_is_told_once_when_no_more_will_come() -> None:
    outbox = Outbox()
    outbox.put(0, bytes((0xFA,)))
    outbox.put(20_000, bytes((0xF8,)))

    sent = outbox.due(0)
    outbox.release_all(1000, stops_clock=True)
    sent += outbox.due(30_000)
    outbox.release_all(40_000, stops_clock=True)

    assert sent + outbox.due(50_000) == [bytes((0xFA,)), bytes((0xFC,))]


# --- to the byte and to the microsecond ------------------------------------------------------------------------------


def test_a_note_is_late_after_its_thirtieth_millisecond() -> None:
    for late, sent in ((LATE_US, [on(60)]), (LATE_US + 1, [])):
        outbox = Outbox()
        outbox.put(0, on(60))
        assert outbox.due(late) == sent


def test_what_waits_is_bounded_and_twice_as_many_offs_may_wait() -> None:
    outbox = Outbox()
    for index in range(MAX_PENDING):
        outbox.put(index, on(60))
    assert outbox.dropped == 0
    outbox.put(0, on(61))
    outbox.put(0, bytes((0xB0, 64, 0)))
    assert outbox.dropped == 2

    for index in range(MAX_PENDING):
        outbox.put(index, off(60))
    assert outbox.dropped == 2
    outbox.put(0, off(61))
    assert outbox.dropped == 3


def test_what_is_left_after_a_cut_of_keys_leaves_in_the_order_of_its_times() -> None:
    outbox = Outbox()
    for index in range(40):
        outbox.put(index * 3 % 40 * 1_000, on(60 if index % 4 else 62 + index, index % 16))
    outbox.cut(0, {(channel, 60) for channel in range(16)})

    times = [due for at in range(0, 41_000, 500) for due, _ in outbox.take(at)]

    assert len(times) == 10 and times == sorted(times)


def test_pedals_of_all_channels_come_up_before_bends_and_these_before_notes() -> None:
    outbox = Outbox()
    held = [on(60), bytes((0xE0, 0, 80)), bytes((0xB1, 64, 127)), bytes((0xE1, 1, 64))]
    for data in held:
        outbox.put(0, data)
    assert sorted(outbox.due(0)) == sorted(held)

    outbox.cut(10)

    pedal, first, second, note = outbox.due(10)
    assert (pedal, note) == (bytes((0xB1, 64, 0)), off(60))
    assert {first, second} == {bytes((0xE0, 0, 64)), bytes((0xE1, 0, 64))}


def test_a_pedal_is_down_from_64_on_and_a_bend_is_held_off_its_centre() -> None:
    outbox = Outbox()
    for data in (bytes((0xB0, 64, 63)), bytes((0xE0, 0, 64))):
        outbox.put(0, data)
    outbox.due(0)
    outbox.cut(10)
    assert outbox.due(10) == []

    outbox.put(20, bytes((0xB0, 64, 64)))
    outbox.due(20)
    outbox.cut(30)
    assert outbox.due(30) == [bytes((0xB0, 64, 0))]


def test_a_bend_and_a_pedal_may_be_held_for_longer_than_any_note() -> None:
    outbox = Outbox()
    outbox.put(0, bytes((0xE0, 0, 80)))
    outbox.put(0, bytes((0xB0, 64, 127)))
    outbox.due(0)

    assert outbox.sounding == {} and outbox.deadline() is None
    assert outbox.due(3 * MAX_NOTE_US) == []


def test_the_end_of_a_note_that_lasted_too_long_was_due_thirty_seconds_after_its_beginning() -> (
    None
):
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.due(0)

    assert outbox.take(MAX_NOTE_US + 5) == [(MAX_NOTE_US, off(60))]


def test_it_is_silent_when_nothing_sounds_and_nothing_waits() -> None:
    outbox, silent = Outbox(), []
    silent.append(outbox.is_silent)
    for at, data in ((10, on(60)), (20, off(60))):
        outbox.put(at, data)
        silent.append(outbox.is_silent)
        outbox.due(at)
        silent.append(outbox.is_silent)

    assert silent == [True, False, False, False, True]


def test_who_was_never_told_to_start_is_not_told_to_stop() -> None:
    outbox = Outbox()
    outbox.put(0, on(60))
    outbox.put(0, bytes((0xF8,)))
    outbox.due(0)
    assert not outbox.is_running

    outbox.release_all(10, stops_clock=True)

    assert outbox.due(10) == [off(60), bytes((0xB0, 123, 0))]


def test_all_that_a_panic_sends_is_paced() -> None:
    outbox = Outbox(burst=1, rate_per_s=1)
    outbox.put(0, bytes((0xFA,)))
    outbox.put(0, on(60))
    outbox.put(0, on(60, channel=1))
    sent = [data for _, data in outbox.take(0, paced=False)]
    assert len(sent) == 3

    outbox.release_all(10, stops_clock=True)

    rest = [len(outbox.due(SECOND * at)) for at in range(1, 8)]
    assert rest == [1, 1, 1, 1, 1, 0, 0]  # the clock's stop, two offs, two all-notes-off


def test_values_of_the_player_are_free_and_those_of_the_model_and_notes_of_both_are_not() -> None:
    bend = bytes((0xE0, 0, 80))
    for data, thru, sent in ((bend, True, 3), (bend, False, 1), (on(60), True, 1)):
        outbox = Outbox(burst=1, rate_per_s=1)
        for _ in range(3):
            outbox.put(0, data, thru)
        assert len(outbox.due(0)) == sent
