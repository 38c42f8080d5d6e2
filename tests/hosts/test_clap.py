"""The plug-in in a host of CLAP: what it says over the wire, and the frames at which it plays what comes back."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.hosts.host import BOUNCE, BYPASS, MODE, RATE, SEED, THROUGH, host, melody, unended
from tests.hosts.peer import Peer, micros

pytestmark = pytest.mark.plugin


def test_what_is_due_sounds_at_its_frame_to_one(peer: Peer) -> None:
    """In a bounce, where frames alone count; also what comes between two blocks and over several."""
    for rate, block in ((48_000, 256), (44_100, 1024), (96_000, 64)):
        delay = peer.delay * rate / 1_000_000
        before = f"0 param {THROUGH} 0\n0 param {BOUNCE} 1\n"
        played, _ = host(
            peer.data,
            melody(40, 3001),
            before=before,
            rate=rate,
            block=block,
            frames=140_000,
            free=1,
        )
        due = [5000 + i * 3001 + shift + delay for i in range(40) for shift in (0, 2000)]
        assert len(played) == 80 and not unended(played)
        assert max(abs(frame - at) for (frame, *_), at in zip(played, due, strict=True)) <= 1
        peer.later.clear()


def test_a_bounce_is_the_same_each_time(peer: Peer) -> None:
    before = f"0 param {THROUGH} 0\n0 param {BOUNCE} 1\n"
    first, second = (
        host(peer.data, melody(20, 3001), before=before, frames=96_000, free=1)[0] for _ in range(2)
    )
    assert first == second and len(first) == 40


def test_what_belongs_to_the_jam_before_does_not_sound_after_the_turn_to_a_bounce_or_from_one(
    peer: Peer,
) -> None:
    """Music that was on its way, with times of the other jam; and what is played has times of its own jam."""
    peer.late = [[20_000, 144, 100, 80], [micros() + 10_000, 144, 101, 80]]
    steps = "".join(
        f"{at} midi 144 {40 + at // 1000 % 40} 80\n{at + 500} midi 128 {40 + at // 1000 % 40} 0\n"
        + (f"{at + 700} param {BOUNCE} {at // 1000 % 10 // 5}\n" if at % 5000 == 0 else "")
        for at in range(5000, 100_000, 1000)
    )
    before = f"0 param {THROUGH} 0\n"
    played, _ = host(peer.data, steps, before=before, frames=110_000, block=64)
    assert not unended(played) and len(played) > 20
    assert not {pitch for _, _, pitch, _ in played} & {100, 101}
    bounces = False
    for one in peer.said:
        bounces = one["t"] == "block" or (bounces and one["t"] != "live")
        assert one["t"] != "play" or (one["at"] < 10_000_000) == bounces


def test_a_bounce_waits_until_livegen_knows_what_was_set_in_the_same_block(peer: Peer) -> None:
    before = f"0 param {SEED} 7\n0 param {BOUNCE} 1\n"
    host(peer.data, "", before=before, frames=24_000, free=1)
    last = max(number for number, one in enumerate(peer.said) if one["t"] == "hello")
    blocks = [one["at"] for one in peer.said[last:] if one["t"] == "block"]
    assert peer.said[last]["seed"] == 7
    assert blocks[0] == 0 and len(blocks) == 94


def test_a_note_that_player_and_model_both_hold_ends_with_the_last_of_them(peer: Peer) -> None:
    peer.shift, before = 0, f"0 param {THROUGH} 1\n"
    steps = "5000 midi 144 60 80\n12000 midi 128 60 0\n30000 midi 144 62 80\n31000 midi 128 62 0\n"
    played, _ = host(peer.data, steps, before=before, frames=48_000)
    assert not unended(played)
    both = [(status, velocity) for _, status, pitch, velocity in played if pitch == 60]
    assert both == [(144, 80), (128, 0), (144, 80), (128, 0)]  # begun anew by the model, ended once
    assert max(at for at, status, pitch, _ in played if (status, pitch) == (128, 60)) > 14_000


def test_a_key_that_is_held_when_through_is_turned_off_ends(peer: Peer) -> None:
    peer.delay = 10_000_000
    steps = f"5000 midi 144 60 80\n9000 param {THROUGH} 0\n20000 midi 128 60 0\n"
    played, _ = host(peer.data, steps, before=f"0 param {THROUGH} 1\n", frames=24_000)
    assert len(played) == 2 and not unended(played)


def test_a_refusal_is_said_once_and_asked_for_again_ever_more_seldom(peer: Peer) -> None:
    peer.refusal = "protocol: found 1, expected 2: update the plug-in"
    _, lines = host(peer.data, "", frames=3 * RATE, wait=0)
    assert lines.count(f"livegen: {peer.refusal}") == 1
    assert len(peer.of("hello")) == 2  # after 2 s, and then after 4


def test_a_session_keeps_the_controls_and_the_name_of_the_model(peer: Peer, tmp_path: Path) -> None:
    peer.model = "sonata"
    steps = f"2000 param {MODE} 3\n2000 param {MODE + 3} 0.5\n"
    host(peer.data, steps, frames=12_000, state=tmp_path / "session")
    assert peer.of("hello")[0]["model"] == ""
    peer.model = "jam"
    for _ in range(2):
        host(peer.data, "", before="", frames=12_000, state=tmp_path / "session")
    second, third = peer.of("hello")[-2:]
    assert second["controls"] == {"mode": "accompany", "temperature": 0.5}
    assert (second["model"], third["model"]) == ("sonata", "jam")


def test_live_notes_come_back_in_their_order_and_all_end(peer: Peer) -> None:
    played, _ = host(peer.data, melody(30, 3000), frames=110_000)
    pitches = [pitch for _, status, pitch, _ in played if status == 144]
    assert pitches == [60 + i % 24 for i in range(30)]
    assert not unended(played)


def test_what_is_played_is_heard_through_unless_that_is_off(peer: Peer) -> None:
    for through, notes in ((1, 8), (0, 4)):
        played, _ = host(
            peer.data, melody(4, 4000), before=f"0 param {THROUGH} {through}\n", frames=40_000
        )
        assert len([one for one in played if one[1] == 144]) == notes


def test_notes_end_at_once_when_livegen_goes_and_it_is_found_again(peer: Peer) -> None:
    """The second half is a process that hangs: the connection stands, and nothing comes for 250 ms."""
    import threading

    cuts = [
        threading.Timer(2.0, peer.hang_up),
        threading.Timer(4.0, lambda: setattr(peer, "mute", True)),
    ]
    for cut in cuts:
        cut.start()
    steps = "".join(f"{at} midi 144 {50 + at // 5000} 80\n" for at in range(5000, 300_000, 5000))
    played, lines = host(peer.data, steps, frames=260_000)
    for cut in cuts:
        cut.cancel()
    assert (
        len(peer.of("hello")) >= 2
    )  # it is found again within a block or two, which the host may not see
    lost = [int(line.split()[1]) for line in lines if line.startswith("lost")]
    assert any(192_000 < at < 192_000 + RATE for at in lost), (
        lines
    )  # 250 ms, and what a busy machine adds
    assert not unended(played)


@pytest.mark.parametrize(
    "end", [f"60000 param {BYPASS} 1\n", "60000 restart 44100 512\n", "60000 stop\n"]
)
def test_nothing_hangs_after(peer: Peer, end: str) -> None:
    steps = "0 play 0\n" + "".join(
        f"{at} midi 144 {at // 1000} 80\n" for at in range(30_000, 50_000, 1000)
    )
    played, _ = host(peer.data, steps + end, frames=80_000)
    assert len(played) == 40 and not unended(played)


def test_the_transport_is_told_when_it_changes_and_ten_times_a_second(peer: Peer) -> None:
    host(peer.data, "24000 play 16\n48000 play 8\n72000 stop\n", frames=96_000)
    told = peer.of("transport")
    jumps = [one["beat"] for one in told if one["beat"] in (16, 8)]
    assert jumps == [16, 8]
    assert [one["playing"] for one in told][0 :: len(told) - 1] == [False, False]
    assert {one["metre"] for one in told} == {"4/4"} and {one["bpm"] for one in told} == {120}
    assert 18 <= len(told) <= 40
    playing = [one for one in told if one["playing"]]
    slopes = [
        (b["beat"] - a["beat"]) / (b["at"] - a["at"]) * 500_000
        for a, b in pairwise(playing)
        if b["beat"] > a["beat"]
    ]
    assert all(0.9 < slope < 1.1 for slope in slopes)


def test_a_parameter_is_a_control(peer: Peer) -> None:
    host(peer.data, "2000 param 9 3\n9000 param 12 0.5\n", frames=24_000)
    assert [(one["name"], one["value"]) for one in peer.of("set")] == [
        ("mode", "accompany"),
        ("temperature", 0.5),
    ]


@pytest.mark.parametrize("value", [99, -99, "nan"])
def test_values_beyond_a_parameter_are_taken_for_its_nearest(peer: Peer, value: object) -> None:
    sent = "".join(f"2000 param {number} {value}\n" for number in range(5, 34))
    host(peer.data, sent, frames=48_000)
    assert peer.of("set") or len(peer.of("hello")) > 1
    assert {one["part"] for one in peer.of("hello")} <= {"", "drums"}
    assert {one["role"] for one in peer.of("hello")} <= {"", "listener"}


def test_a_note_that_sounds_over_a_jump_of_the_loop_ends_there(peer: Peer) -> None:
    steps = "0 play 16\n" + "".join(
        f"{at} midi 144 {at // 1000} 80\n" for at in range(30_000, 50_000, 1000)
    )
    played, _ = host(peer.data, steps + "60000 play 8\n", frames=80_000)
    assert len(played) == 40
    assert not unended(played)


def test_a_thousand_instances_open_and_close(peer: Peer) -> None:
    host(peer.data, "", frames=1000, instances=1000, free=1)


def test_without_livegen_the_host_goes_on(peer: Peer) -> None:
    (peer.folder / "plugin.json").unlink()
    played, lines = host(peer.data, melody(4, 4000), before="", frames=48_000, wait=0)
    assert len(played) == 8 and lines[0].startswith("blocks")  # through only
