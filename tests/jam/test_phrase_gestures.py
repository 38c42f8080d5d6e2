"""Phrases on stage: varied, kept, played between, in time and with the hand's touch."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from livegen import shipped
from livegen.errors import ModelError
from livegen.inference.generator import WAYS, Generator
from livegen.inference.phrase_model import PhraseModel
from livegen.jam.controls.controls import settings
from livegen.jam.engine import Engine, TakeUp
from livegen.jam.phrases.phrase_book import KeptPhrase
from livegen.jam.timing.agenda import ROUTES
from livegen.music.keys.scale import parse_scale
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import LEAD
from livegen.music.time.timeline import Timeline
from livegen.testing import EchoModel, Rehearsal
from tests.jam.stage import BAR, BEAT, command, generator, onsets, phrase_model, play, reply, turn

MELODY = (60, 62, 64, 65, 67, 65, 64, 62)


def jam(
    phrases: Callable[[], PhraseModel] = phrase_model,
    seed: int = 1,
    generates: Callable[[PhraseModel], Generator] | None = generator,
    **controls: object,
) -> Rehearsal:
    """An engine that listens, with a loader of the phrase model."""
    given = settings({"tempo": 120, "mode": "listen", **controls})
    model = EchoModel()
    model.facts = replace(EchoModel.facts, styles=("any", "folk_reel", "pop"))
    return Rehearsal(
        Engine(model, seed=seed, settings=given, phrase_model=phrases, generator=generates)
    )


def heard(rehearsal: Rehearsal) -> list[tuple[int, int, int]]:
    """What was begun: when, pitch and velocity."""
    return [(at, note.pitch, note.velocity) for at, note in onsets(rehearsal)]


def late_melody(rehearsal: Rehearsal) -> list[tuple[int, int, int]]:
    """Two bars of quarters, each a little off its beat and as loud as no other; what was played."""
    played = [
        (beat * BEAT + late, pitch, 60 + 5 * beat)
        for beat, (pitch, late) in enumerate(
            zip(MELODY, (0, 7_000, 31_000, 12_000, 22_000, 3_000, 40_000, 9_000), strict=True)
        )
    ]
    for at, pitch, velocity in played:
        rehearsal.play(at, NoteOn(pitch, velocity))
        rehearsal.play(at + BEAT * 4 // 5, NoteOff(pitch))
    return played


def keep_both(rehearsal: Rehearsal) -> None:
    """Play the melody and keep it as A, then backwards, from bar 6 on, and keep that as B."""
    play(rehearsal, MELODY)
    command(rehearsal, "keep_a")
    rehearsal.until(6 * BAR)
    play(rehearsal, MELODY[::-1], 6 * BAR)
    command(rehearsal, "keep_b")


def test_at_no_distance_the_phrase_itself_comes_from_the_bar_line_on_with_the_hands_timing_and_loudness() -> (
    None
):
    rehearsal = jam(distance=0)
    played = late_melody(rehearsal)
    command(rehearsal, "vary")
    rehearsal.until(8 * BAR)
    assert heard(rehearsal) == [
        (at + 2 * BAR, pitch, ROUTES[LEAD].velocity(velocity)) for at, pitch, velocity in played
    ]
    assert turn(rehearsal) == "waiting"


def test_the_further_the_distance_the_fewer_notes_are_the_players() -> None:
    kept = []
    for distance in (0.0, 0.3, 0.9):
        rehearsal = jam(distance=distance)
        played = [(at, pitch) for at, pitch, _ in late_melody(rehearsal)]
        command(rehearsal, "vary")
        rehearsal.until(8 * BAR)
        own = [(at - 2 * BAR, pitch) for at, pitch, _ in heard(rehearsal)]
        kept.append(len(set(played) & set(own)))
    assert kept[0] == len(MELODY) > kept[1] > kept[2]


def test_a_variation_keeps_to_the_scale() -> None:
    rehearsal = jam(distance=0.8, scale="C major")
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    rehearsal.until(8 * BAR)
    assert heard(rehearsal)
    assert {pitch % 12 for _, pitch, _ in heard(rehearsal)} <= parse_scale("C major")


def test_asked_again_for_a_variation_another_one_comes() -> None:
    rehearsal = jam(distance=0.7)
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    rehearsal.until(6 * BAR)
    first = len(onsets(rehearsal))
    command(rehearsal, "vary")
    rehearsal.until(12 * BAR)
    lines = [
        [(at % BAR, pitch) for at, pitch, _ in heard(rehearsal)[part]]
        for part in (slice(first), slice(first, None))
    ]
    assert lines[0] and lines[1] and lines[0] != lines[1]


def test_a_variation_can_be_asked_for_while_the_answer_plays_and_again_brings_an_answer_of_the_network() -> (
    None
):
    rehearsal = jam(mode="respond", distance=0)
    play(rehearsal, MELODY)
    command(rehearsal, "your_turn")
    rehearsal.until(2 * BAR + 2 * BEAT)
    assert turn(rehearsal) == "responding"
    command(rehearsal, "vary")
    rehearsal.until(7 * BAR)
    varied = [pitch for at, pitch, _ in heard(rehearsal) if at >= 3 * BAR]
    assert varied == list(MELODY)
    command(rehearsal, "again")
    rehearsal.until(12 * BAR)
    assert [pitch for at, pitch, _ in heard(rehearsal) if at >= 7 * BAR] != list(MELODY)


def test_a_key_takes_the_turn_from_a_variation_and_nothing_hangs() -> None:
    rehearsal = jam(mode="respond", distance=0.5)
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    rehearsal.until(2 * BAR + BEAT + BEAT // 3)
    rehearsal.play(rehearsal.now, NoteOn(72, 80))
    assert not rehearsal.wire.sounding
    assert turn(rehearsal) == "listening"


def test_between_two_kept_phrases_each_end_is_the_phrase_itself() -> None:
    for place, melody in ((0, MELODY), (1, MELODY[::-1])):
        rehearsal = jam(morph=place)
        keep_both(rehearsal)
        command(rehearsal, "between")
        rehearsal.until(14 * BAR)
        assert [pitch for _, pitch, _ in heard(rehearsal)] == list(melody)


def test_phrases_that_another_engine_kept_are_kept_here_with_the_hands_timing_and_loudness() -> (
    None
):
    before, after = jam(morph=0), jam(morph=0)
    late_melody(before)
    command(before, "keep_a")
    before.until(6 * BAR)
    play(before, MELODY[::-1], 6 * BAR)
    command(before, "keep_b")
    memo = before.engine.snapshot()["memo"]
    assert isinstance(memo, dict)
    kept = {name: KeptPhrase.of(told) for name, told in memo["phrases"].items()}
    after.play(0, TakeUp((), Timeline(BEAT), phrases=kept))
    play(after, (48, 50), 8 * BAR)
    for rehearsal in (before, after):
        command(rehearsal, "between")
        rehearsal.until(rehearsal.now + 4 * BAR)
    went, goes = heard(before), heard(after)
    assert [it[1:] for it in goes] == [it[1:] for it in went] and len(went) == len(MELODY)
    for (one, _, _), (other, _, _) in zip(went, goes, strict=True):
        assert abs((one - went[0][0]) - (other - goes[0][0])) <= BEAT // 1000
    assert [it[3] for it in after.engine.snapshot()["phrases"]] == ["A", "B"]  # type: ignore[attr-defined]


def test_half_way_a_splice_has_the_beginning_of_a_and_the_end_of_b() -> None:
    rehearsal = jam(morph=0.5)
    keep_both(rehearsal)
    command(rehearsal, "between")
    rehearsal.until(14 * BAR)
    assert [pitch for _, pitch, _ in heard(rehearsal)] == [*MELODY[:4], *MELODY[::-1][4:]]


def test_a_phrase_of_the_map_is_played_by_its_number() -> None:
    rehearsal = jam()
    play(rehearsal, MELODY)
    command(rehearsal, "keep_a")
    phrases = rehearsal.engine.snapshot()["phrases"]
    assert isinstance(phrases, list)
    [(number, _, _, name)] = phrases
    command(rehearsal, "phrase", number)
    rehearsal.until(8 * BAR)
    assert name == "A"
    assert [pitch for _, pitch, _ in heard(rehearsal)] == list(MELODY)
    command(rehearsal, "phrase", number + 1)
    assert "not on the map" in str(reply(rehearsal))


def test_a_phrase_is_on_the_map_once_and_a_name_is_that_of_the_one_kept_last() -> None:
    rehearsal = jam()
    for number in range(2):
        play(rehearsal, MELODY[::-1] if number else MELODY, number * 6 * BAR)
        command(rehearsal, "keep_a")
        command(rehearsal, "vary")
        rehearsal.until((number + 1) * 6 * BAR)
    shown = rehearsal.engine.snapshot()["phrases"]
    assert isinstance(shown, list)
    assert [(number, name) for number, _, _, name in shown] == [(1, ""), (2, "A")]


def test_a_phrase_that_is_kept_as_both_has_both_names_until_another_takes_one() -> None:
    rehearsal = jam()
    names = []
    for number, keep in enumerate(("keep_a", "keep_b", "keep_a")):
        play(rehearsal, MELODY[::-1] if number == 2 else MELODY, number * 6 * BAR)
        command(rehearsal, keep)
        names.append([str(dot[-1]) for dot in rehearsal.engine.snapshot()["phrases"]])  # type: ignore[attr-defined]
        rehearsal.until((number + 1) * 6 * BAR)
    assert names == [["A"], ["AB"], ["B", "A"]]


def test_a_path_leads_from_phrase_to_phrase_with_what_lies_between() -> None:
    rehearsal = jam()
    keep_both(rehearsal)
    command(rehearsal, "path", [1, 2])
    rehearsal.until(20 * BAR)
    pitches = [pitch for _, pitch, _ in heard(rehearsal)]
    assert pitches[: len(MELODY)] == list(MELODY)
    assert pitches[-len(MELODY) :] == list(MELODY[::-1])
    assert len(pitches) > 2 * len(MELODY)
    assert not rehearsal.wire.sounding
    command(rehearsal, "path", [1, 7])
    assert "not on the map" in str(reply(rehearsal))


def test_without_a_phrase_or_a_second_one_a_line_says_what_to_do() -> None:
    rehearsal = jam()
    command(rehearsal, "vary")
    assert "play two notes" in str(reply(rehearsal))
    play(rehearsal, MELODY)
    command(rehearsal, "between")
    assert "Keep one phrase as A" in str(reply(rehearsal))


def test_beside_a_band_a_variation_is_refused() -> None:
    rehearsal = jam(mode="accompany")
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    assert "another mode" in str(reply(rehearsal))


def test_a_phrase_model_that_cannot_be_read_is_named_in_the_reply_and_the_jam_goes_on() -> None:
    def broken() -> PhraseModel:
        raise ModelError("phrases.npz is a critic, expected one of the role phrases")

    rehearsal = jam(phrases=broken)
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    assert "is a critic" in str(reply(rehearsal))


def test_nothing_is_loaded_and_nothing_kept_until_a_phrase_is_asked_for() -> None:
    loads = []

    def load() -> PhraseModel:
        loads.append(1)
        return phrase_model()

    rehearsal = jam(mode="respond", phrases=load)
    play(rehearsal, MELODY)
    rehearsal.until(8 * BAR)
    assert loads == [] and rehearsal.engine.snapshot()["phrases"] == []
    command(rehearsal, "vary")
    command(rehearsal, "vary")
    assert loads == [1]


@pytest.mark.parametrize("seed", range(8))
def test_a_variation_is_whole_however_it_falls_out(seed: int) -> None:
    rehearsal = jam(seed=seed, distance=1.0)
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    rehearsal.until(10 * BAR)
    assert not rehearsal.wire.sounding
    assert turn(rehearsal) == "waiting"
    assert shipped.phrase_model().name == "phrases.npz"


@pytest.mark.parametrize("seed", range(12))
def test_the_furthest_variation_begins_within_a_beat_and_has_half_of_the_notes_at_least(
    seed: int,
) -> None:
    rehearsal = jam(seed=seed, distance=1.0)
    play(rehearsal, MELODY)
    command(rehearsal, "vary")
    rehearsal.until(10 * BAR)
    begun = [at for at, _, _ in heard(rehearsal)]
    assert len(begun) >= len(MELODY) // 2
    assert begun[0] % BAR <= BEAT


def restyled(way: str, distance: float, style: str = "pop", seed: int = 1) -> Rehearsal:
    """The melody, and it again moved to a style."""
    rehearsal = jam(seed=seed, distance=distance, style=style, restyle_by=way, scale="C major")
    late_melody(rehearsal)
    command(rehearsal, "restyle")
    rehearsal.until(8 * BAR)
    return rehearsal


@pytest.mark.parametrize("way", WAYS)
def test_a_phrase_is_moved_to_a_style_as_far_as_the_distance_says_and_at_none_is_itself(
    way: str,
) -> None:
    kept = []
    for distance in (0.0, 0.3, 1.0):
        rehearsal = restyled(way, distance)
        own = [(at - 2 * BAR, pitch) for at, pitch, _ in heard(rehearsal)]
        played = {(at, pitch) for at, pitch, _ in late_melody(jam())}
        kept.append(len(played & set(own)))
        assert own and {pitch % 12 for _, pitch in own} <= parse_scale("C major")
        assert turn(rehearsal) == "waiting" and not rehearsal.wire.sounding
    assert kept[0] == len(MELODY) > kept[1] > kept[2]


def test_another_style_brings_another_phrase_and_the_same_chance_the_same_one() -> None:
    pop, reel, again = (
        heard(restyled("scatter", 1.0, style)) for style in ("pop", "folk_reel", "pop")
    )
    assert pop != reel and pop == again


def test_the_reply_names_the_style_of_two_that_are_mixed_the_nearer() -> None:
    rehearsal = jam(style="pop+folk_reel", style_mix=0.7)
    play(rehearsal, MELODY)
    command(rehearsal, "restyle")
    assert "style folk_reel" in str(reply(rehearsal))


def test_without_a_generator_or_a_phrase_nothing_is_moved_and_the_reply_says_so() -> None:
    rehearsal = jam(generates=None)
    play(rehearsal, MELODY)
    command(rehearsal, "restyle")
    assert "No phrase model" in str(reply(rehearsal))
    rehearsal = jam()
    command(rehearsal, "restyle")
    assert "no phrase yet" in str(reply(rehearsal))
