"""Players who plan together, each by what it hears."""

from dataclasses import replace

import numpy as np

from livegen.codec.encoder import Stroke
from livegen.jam.hearing.hearing import GuardedModel, Hearing
from livegen.jam.planning.brief import Brief, for_drums
from livegen.jam.planning.ensemble import Ensemble
from livegen.jam.planning.planner import Rollout
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, DRUMS
from livegen.music.time.timeline import Timeline
from livegen.testing import SECOND, ScriptedModel, UniformModel
from tests.jam.stage import brief_of, rehearsal

BRIEF = brief_of(BASS, 96, 96 + 4 * 24)


def player(model: ScriptedModel, brief: Brief) -> Rollout:
    hearing = Hearing.fresh(GuardedModel(model), Timeline(500_000))
    hearing.feed(Stroke(96, DRUMS, 36, 90))
    return Rollout(hearing, brief, np.random.default_rng(0))


def test_players_plan_together_up_to_where_the_last_of_them_is() -> None:
    bass = player(ScriptedModel((12, BASS, 1, 40, 9), (12, BASS, 0, 40, 0)), BRIEF)
    drums = player(
        ScriptedModel((6, DRUMS, 1, 42, 9)), replace(for_drums(BRIEF), groove=None, density=1)
    )
    ensemble, taken = Ensemble([bass, drums]), list[Stroke]()
    while not ensemble.is_done:
        assert ensemble.frontier == min(it.frontier for it in (bass, drums) if not it.is_done)
        ensemble.step()
        assert ensemble.planned == sorted(ensemble.planned)
        taken += ensemble.take()

    assert not ensemble.planned and ensemble.end == BRIEF.end
    begun = {
        part: [it.tick for it in taken if it.part == part and it.velocity] for part in (BASS, DRUMS)
    }
    assert len(begun[BASS]) == 4
    assert len(begun[DRUMS]) >= 12


def test_beside_a_melody_bass_and_drums_play_and_only_drums_hear_the_drums() -> None:
    jam = rehearsal(UniformModel(6), mode="accompany", tempo=120)
    for beat in range(16):
        jam.play(beat * SECOND // 2, NoteOn(60 + beat % 5, 80))
        jam.play(beat * SECOND // 2 + 400_000, NoteOff(60 + beat % 5))

    channels = {message.channel for _, message in jam.sent if isinstance(message, NoteOn)}
    assert {2, 9} <= channels
    listener = jam.engine._listener
    assert all(part != DRUMS for _, part, *_ in listener._history)
    assert listener._drums is not None and listener._drums.heard > 4
