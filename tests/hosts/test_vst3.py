"""The plug-in as VST3, in a host of our own: notes as VST3's events, parameters, a session."""

from pathlib import Path

import pytest

from tests.hosts.host import BOUNCE, MODE, THROUGH, VST3, host, melody, unended
from tests.hosts.peer import Peer

pytestmark = pytest.mark.plugin


def test_a_vst3_plays_what_comes_back_at_its_frame_to_one(peer: Peer) -> None:
    before = f"0 param {THROUGH} 0\n0 param {BOUNCE} 1\n"
    steps = melody(40, 3001)
    played, _ = host(peer.data, steps, before=before, plug=VST3, frames=140_000, free=1)
    due = [5000 + i * 3001 + shift + 2400 for i in range(40) for shift in (0, 2000)]
    assert len(played) == 80 and not unended(played)
    assert max(abs(frame - at) for (frame, *_), at in zip(played, due, strict=True)) <= 1
    assert {velocity for _, status, _, velocity in played if status == 144} == {80}


def test_a_vst3_hears_notes_and_the_transport_while_it_plays_live(peer: Peer) -> None:
    played, _ = host(peer.data, "0 play 4\n" + melody(10, 3000), plug=VST3, frames=48_000)
    assert [pitch for _, status, pitch, _ in played if status == 144] == list(range(60, 70))
    assert not unended(played)
    playing = [one for one in peer.of("transport") if one["playing"]]
    assert playing[0]["beat"] == 4 and playing[0]["bpm"] == 120 and playing[0]["metre"] == "4/4"


def test_a_session_of_a_vst3_keeps_the_controls_and_the_name_of_the_model(
    peer: Peer, tmp_path: Path
) -> None:
    peer.model = "sonata"
    steps = f"2000 param {MODE} 3\n2000 param {MODE + 3} 0.5\n"
    host(peer.data, steps, plug=VST3, frames=12_000, state=tmp_path / "session")
    assert [(one["name"], one["value"]) for one in peer.of("set")] == [
        ("mode", "accompany"),
        ("temperature", 0.5),
    ]
    host(peer.data, "", before="", plug=VST3, frames=12_000, state=tmp_path / "session")
    hello = peer.of("hello")[-1]
    assert hello["controls"] == {"mode": "accompany", "temperature": 0.5}
    assert hello["model"] == "sonata"
