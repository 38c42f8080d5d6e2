"""Roles in a room: each player is heard as what he plays, and who listens is not heard."""

import json
from typing import Any

import pytest

from livegen.control.web.clients import Client, Invited
from livegen.control.web.roles import CHANNELS
from livegen.control.web.stage import MOST_CLIENTS
from livegen.jam.controls.mapping import Command
from livegen.jam.hearing.ears import Ears
from livegen.music.messages import ControlChange, NoteOff, NoteOn
from livegen.music.parts import BASS, COMP, LEAD
from tests.studio.test_room import Studio, strikes, told


def says(studio: Studio, page: Client, **message: Any) -> None:
    page.hear(json.dumps(message), studio.now)


def heard(studio: Studio) -> list[Any]:
    """All that the engine was fed, once it had its turns."""
    studio.until((studio.now - 100_000_000) // 1000 + 200)
    return [event for event, _ in studio.engine.fed if getattr(event, "name", "") != "watch"]


def test_a_player_is_heard_on_a_channel_of_his_own_by_the_rule_of_his_role() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    says(studio, page, t="role", role="bass")
    strikes(studio, page, 40, 0)
    assert heard(studio) == [Command("hears", [15, "bass"]), NoteOn(40, 80, 15)]


def test_two_keyboards_are_two_channels_and_one_that_is_left_is_heard_as_before() -> None:
    studio = Studio()
    one, other = studio.room.clients.enter(), studio.room.clients.enter()
    says(studio, one, t="role", role="keys")
    says(studio, other, t="role", role="keys")
    assert (one.channel, other.channel) == (15, 14)
    strikes(studio, one, 60, 0)
    says(studio, one, t="role", role="")
    fed = heard(studio)
    assert fed[:3] == [
        Command("hears", [15, "keys"]),
        Command("hears", [14, "keys"]),
        Command("hears", [15, ""]),
    ]
    assert [event for event in fed if isinstance(event, NoteOff)] == [NoteOff(60, 64, 15)]


def test_there_is_a_channel_for_every_player_of_a_full_room() -> None:
    assert len(set(CHANNELS)) >= MOST_CLIENTS


def test_who_listens_is_not_heard_and_steers_nothing_and_is_told_why() -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    says(studio, page, t="role", role="listener")
    strikes(studio, page, 60, 0)
    assert "you listen here" in told(page, "refused", studio.now)[0]["line"]
    studio.until(1100)
    says(studio, page, t="do", name="panic")
    assert "you do not steer here" in told(page, "refused", studio.now)[0]["line"]
    assert heard(studio) == []


def test_an_invited_player_keeps_his_role_and_does_not_steer_where_the_invitation_says_so() -> None:
    studio = Studio()
    page = studio.room.clients.enter(invited=Invited("Ana", "drums", False))
    says(studio, page, t="role", role="lead")
    says(studio, page, t="set", name="tempo", value=90)
    (you,) = told(page, "you", studio.now)
    assert you == {"t": "you", "role": "drums", "channel": 15, "steers": False, "is_fixed": True}
    assert heard(studio) == [Command("hears", [15, "drums"])]


def test_all_in_the_room_are_told_who_plays_what() -> None:
    studio = Studio()
    one, other = studio.room.clients.enter(), studio.room.clients.enter()
    says(studio, one, t="name", name="Ana")
    says(studio, one, t="role", role="bass")
    assert told(other, "hello", studio.now)[-1]["players"] == [
        {"name": "Ana", "role": "bass", "channel": 15},
        {"name": "somebody", "role": "", "channel": None},
    ]


@pytest.mark.parametrize("role", ["tuba", 7, None])
def test_a_role_that_is_none_is_refused_with_those_there_are(role: object) -> None:
    studio = Studio()
    page = studio.room.clients.enter()
    says(studio, page, t="role", role=role)
    assert "lead, comp, bass, drums, keys, listener" in told(page, "refused", studio.now)[0]["line"]


def test_a_channel_is_heard_by_its_new_rule_and_a_key_that_is_down_keeps_its_part() -> None:
    ears = Ears({0: "keys", 15: "keys"})
    assert ears.down(NoteOn(50, 80, 15), 0).part == LEAD  # type: ignore[union-attr]
    ears.hear_by(15, "bass")
    assert ears.down(NoteOn(40, 80, 15), 10).part == BASS  # type: ignore[union-attr]
    assert ears.up(NoteOff(50, 64, 15), 20).part == LEAD  # type: ignore[union-attr]
    ears.hear_by(15, "")
    assert ears.down(NoteOn(72, 80, 15), 30).part == LEAD  # type: ignore[union-attr]


def test_the_hands_of_two_keyboards_are_told_apart_one_by_one() -> None:
    ears = Ears({})
    for channel in (15, 14):
        ears.hear_by(channel, "keys")
    chord = [ears.down(NoteOn(pitch, 80, 15), 0) for pitch in (48, 52, 55)]
    melody = ears.down(NoteOn(50, 80, 14), 1_000_000)
    assert COMP in [struck.part for struck in chord if struck]
    assert melody is not None and melody.part == LEAD


def test_a_players_zone_takes_no_channel_of_another_player() -> None:
    ears = Ears({0: "keys"})
    ears.hear_by(14, "bass")
    for control, value in ((101, 0), (100, 6), (6, 15)):
        ears.control(ControlChange(control, value, 0), 0)
    assert ears.down(NoteOn(40, 80, 14), 0).part == BASS  # type: ignore[union-attr]
    assert ears.down(NoteOn(72, 80, 13), 0).part == LEAD  # type: ignore[union-attr]
