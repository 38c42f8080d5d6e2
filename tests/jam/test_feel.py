"""Drums that fit to what the player plays beside them: a clapped rhythm, a strummed one, and how far."""

from pathlib import Path
from typing import Any

import pytest

from livegen.jam.band.drummer import Drummer, FittedBars, between, drummer_for
from livegen.jam.band.feel import AHEAD, LATEST, DrumFeel
from livegen.jam.band.variations import BRUSHES
from livegen.jam.timing.agenda import ROUTES
from livegen.music.drums import drum_touch, grooves
from livegen.music.drums.drum_bars import COMMON, KICK, SNARE, DrumBar, DrumHit
from livegen.music.drums.grooves import Clap
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import BASS, DRUM_CHANNEL
from livegen.music.time.metre import COMMON_TIME, parse_metre
from livegen.testing import Rehearsal, UniformModel
from tests.jam.stage import BAR, BEAT, command, onsets, rehearsal

SIXTEENTH = BEAT // 4
TRESILLO, BACKBEAT = (0, 3, 6, 8, 11, 14), (4, 12)  # sixteenths
CHORD = (48, 52, 55, 60)
HAT = 42


def played(
    steps: tuple[int, ...],
    bars: int,
    keys: tuple[int, ...] = (60,),
    late: int = 0,
    **controls: object,
) -> Rehearsal:
    """Drums of a model that expects nothing, beside somebody who strikes a rhythm again and again."""
    told: dict[str, Any] = {"mode": "accompany", "sync": "internal", "parts": "drums", **controls}
    jam = rehearsal(UniformModel(12), **told)
    strike(jam, steps, range(bars), keys, late)
    jam.until(bars * BAR)
    return jam


def strike(
    jam: Rehearsal,
    steps: tuple[int, ...],
    bars: range,
    keys: tuple[int, ...] = (60,),
    late: int = 0,
) -> None:
    for bar in bars:
        for step in steps:
            at = bar * BAR + step * SIXTEENTH + late
            for key in keys:
                jam.play(at, NoteOn(key, 90))
            for key in keys:
                jam.play(at + SIXTEENTH // 2, NoteOff(key))


def struck(jam: Rehearsal, bar: int, *pitches: int, softest: int = 1) -> set[int]:
    """The sixteenths of a bar on which our drums, or some of them, are struck."""
    begin = bar * BAR - SIXTEENTH // 2
    return {
        round((at - bar * BAR) / SIXTEENTH)
        for at, note in onsets(jam, begin, begin + BAR)
        if note.channel == DRUM_CHANNEL
        and (not pitches or note.pitch in pitches)
        and note.velocity >= softest
    }


def test_the_kick_is_where_you_clap_from_the_second_bar_on() -> None:
    jam = played(TRESILLO, 3, feel=1.0, parts="comp bass drums")

    for bar in (1, 2):
        assert len(struck(jam, bar, KICK) & set(TRESILLO)) >= 5, bar


def test_without_feel_the_drums_keep_to_their_style_whatever_you_clap() -> None:
    jam = played(TRESILLO, 3, feel=0.0)

    assert max(len(struck(jam, bar, KICK) & set(TRESILLO)) for bar in (1, 2)) <= 4


def test_without_feel_neither_grooves_nor_their_network_are_read() -> None:
    for shipped in (grooves.shipped, drum_touch.shipped):
        shipped.cache_clear()
    played(TRESILLO, 2)

    assert grooves.shipped.cache_info().misses == drum_touch.shipped.cache_info().misses == 0


def test_damaged_grooves_are_said_in_a_line_and_the_band_plays_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jam = rehearsal(UniformModel(12), mode="accompany", sync="internal", parts="drums")
    (tmp_path / "grooves.npz").write_text("no grooves")
    monkeypatch.setattr(grooves, "TABLE", tmp_path / "grooves.npz")
    grooves.shipped.cache_clear()
    strike(jam, TRESILLO, range(1))
    command(jam, "feel", 1.0)
    strike(jam, TRESILLO, range(1, 3))
    jam.until(3 * BAR)
    grooves.shipped.cache_clear()

    assert "grooves.npz holds no grooves" in str(jam.engine.snapshot()["reply"])
    assert jam.engine.settings.feel == 0
    assert struck(jam, 2)


def test_drums_beside_a_strummed_comp_have_their_backbeat_where_it_is_strummed() -> None:
    jam = played((4, 6, 12, 14), 5, CHORD, feel=1.0, clock_out="on")  # the bars are heard

    for bar in (2, 4):  # the fourth may have a fill
        assert {4, 12} <= struck(jam, bar, SNARE, softest=50), bar


def test_when_you_play_another_rhythm_the_drums_have_it_within_two_bars() -> None:
    jam = played(BACKBEAT, 3, feel=1.0)
    assert len(struck(jam, 2, KICK, SNARE) & set(TRESILLO)) <= 4
    strike(jam, TRESILLO, range(3, 7))
    jam.until(7 * BAR)

    assert len(struck(jam, 6, KICK, SNARE) & set(TRESILLO)) >= 5


def test_a_knob_that_is_turned_while_the_band_plays_acts_from_the_next_eighth_on() -> None:
    jam = played(TRESILLO, 3, feel=0.0)
    command(jam, "feel", 1.0)
    strike(jam, TRESILLO, range(3, 5))
    jam.until(5 * BAR)

    assert len(struck(jam, 4, KICK) & set(TRESILLO)) >= 5


def test_fills_that_are_asked_for_and_the_crash_after_them_come_as_ever() -> None:
    jam = played(TRESILLO, 4, feel=1.0)
    command(jam, "fill")
    strike(jam, TRESILLO, range(4, 6))
    jam.until(6 * BAR)

    toms = {41, 43, 45, 47, 48, 50, SNARE}
    assert struck(jam, 4, *toms) or struck(jam, 5, *toms)
    assert 49 in {note.pitch for _, note in onsets(jam, 4 * BAR, 6 * BAR)}


def test_drums_that_fit_are_a_little_off_the_line_as_a_hand_is_and_others_are_on_it() -> None:
    def off(feel: float) -> set[int]:
        return {
            at % SIXTEENTH
            for at, note in onsets(played(TRESILLO, 4, feel=feel), 2 * BAR)
            if note.channel == DRUM_CHANNEL and note.pitch in (KICK, SNARE)
        }

    assert off(0.0) <= {0, 1}
    assert len(off(1.0)) > 2


@pytest.mark.parametrize("metre", ["3/4", "6/8", "7/8"])
def test_in_other_bars_than_four_quarters_the_drums_keep_to_theirs(metre: str) -> None:
    fitted, plain = (played((0, 4, 8), 4, metre=metre, feel=feel).sent for feel in (1.0, 0.0))

    assert fitted == plain


# --- bars on their way ------------------------------------------------------------------------------------------------

OWN = (DrumHit(0, KICK, 100), DrumHit(0, HAT, 60), DrumHit(24, SNARE, 100), DrumHit(48, KICK, 90))
THEIRS = (
    DrumHit(0, KICK, 80, 0.5),
    DrumHit(18, KICK, 70, -0.4),
    DrumHit(24, SNARE, 90, 1.0),
    DrumHit(36, 46, 60),
)


def differences(bar: DrumBar, other: DrumBar) -> int:
    return len({hit[:2] for hit in bar} ^ {hit[:2] for hit in other})


def test_a_bar_on_its_way_has_the_kicks_first_and_ends_as_the_other() -> None:
    assert between(OWN, THEIRS, 0.0) == OWN
    assert between(OWN, THEIRS, 1.0) == THEIRS
    half = between(OWN, THEIRS, 0.5)
    assert [hit.tick for hit in half if hit.pitch == KICK] == [0, 18]
    assert [hit.tick for hit in half if hit.pitch == HAT] == [0]
    assert half[0] == DrumHit(0, KICK, 90, 0.25)
    ways = [between(OWN, THEIRS, step / 10) for step in range(11)]
    apart = [differences(way, THEIRS) for way in ways]
    assert apart == sorted(apart, reverse=True)


def test_bars_before_those_that_fit_stay_and_the_even_ones_have_the_first() -> None:
    fits = (FittedBars(3, (THEIRS, OWN[:1])), FittedBars(6, (OWN[1:2], OWN[2:3])))
    drummer = Drummer(0, COMMON, (OWN,), (OWN,), period=0, fits=fits, feel=1.0)

    kept = [{hit[1:3] for hit in drummer.kept(number)} for number in range(8)]
    own, theirs = {hit[1:3] for hit in OWN}, {hit[1:3] for hit in THEIRS}
    one, two, three = ({hit[1:3]} for hit in OWN[:3])
    assert kept == [own, own, own, one, theirs, one, two, three]
    late = DrumHit(4 * COMMON + 24, SNARE, 90)
    assert drummer.late(*late[:2]) == 1.0
    assert drummer.late(24, SNARE) == 0.0
    assert drummer.share(late) > drummer.share(DrumHit(24, SNARE, 90))


def test_on_brushes_what_fits_is_as_soft_as_they_are() -> None:
    fit = FittedBars(0, (tuple(hit._replace(velocity=120) for hit in THEIRS),) * 2)
    drummer = drummer_for("jazz_swing", COMMON_TIME, 0, "a", kit=BRUSHES, fits=(fit,), feel=1.0)

    hits = [hit for number in range(4) for hit in drummer.hits(number)]
    assert {18, 24, 36} <= {hit.tick for hit in drummer.hits(0)}
    assert max(hit.velocity for hit in hits) <= BRUSHES.loudest + 5
    assert 46 not in {hit.pitch for hit in hits}


def test_a_waltz_has_no_bars_that_fit() -> None:
    waltz = parse_metre("3/4")
    fitted = drummer_for("any", waltz, 0, "a", fits=(FittedBars(0, (THEIRS, THEIRS)),), feel=1.0)

    assert fitted.bars == drummer_for("any", waltz, 0, "a").bars
    assert not fitted.fits


# --- when -------------------------------------------------------------------------------------------------------------


def fits(feel: DrumFeel, claps: list[Clap], now: int, origin: int = 0) -> list[int]:
    found = feel.fits(
        [tap for tap in claps if tap.tick <= now],
        origin,
        now,
        style="any",
        bpm=120.0,
        heard_swing=50.0,
        swing=50.0,
    )
    return [fit.number for fit in found]


def test_bars_are_chosen_shortly_before_they_begin_after_one_bar_and_then_each_second() -> None:
    feel = DrumFeel()
    claps = [Clap(bar * COMMON + step * 6, 90) for bar in range(8) for step in TRESILLO]

    assert fits(feel, claps, COMMON - 12) == []
    assert fits(feel, claps, COMMON) == [1]
    assert fits(feel, claps, 2 * COMMON - AHEAD - 1) == [1]
    assert fits(feel, claps, 2 * COMMON - AHEAD) == [1, 2]
    assert fits(feel, claps, 4 * COMMON - AHEAD - 1) == [1, 2]
    assert fits(feel, claps, 4 * COMMON - AHEAD) == [2, 4]
    assert fits(feel, claps, 4 * COMMON, origin=12) == [4], "the bars lie elsewhere"


def test_who_rests_or_holds_chords_leaves_the_drums_as_they_are() -> None:
    feel = DrumFeel()
    claps = [Clap(step * 6, 90) for step in TRESILLO] + [Clap(4 * COMMON, 90), Clap(5 * COMMON, 90)]

    before = fits(feel, claps, COMMON)
    assert before == fits(feel, claps, 5 * COMMON)
    assert fits(DrumFeel(), [Clap(bar * COMMON, 90) for bar in range(8)], 6 * COMMON) == []


def test_no_hit_of_bars_that_fit_leaves_its_sixteenth() -> None:
    feel = DrumFeel()
    claps = [Clap(bar * COMMON + step * 6, 90) for bar in range(2) for step in TRESILLO]
    found = feel.fits(
        claps, 0, 2 * COMMON, style="drums_funk", bpm=96.0, heard_swing=50.0, swing=50.0
    )

    hits = [hit for fit in found for bar in fit.bars for hit in bar]
    assert hits
    assert all(abs(hit.late) <= LATEST and hit.tick % 6 == 0 for hit in hits)
    assert all(0 <= hit.tick < COMMON and 1 <= hit.velocity <= 127 for hit in hits)


def test_a_bass_is_as_late_as_the_kick_of_drums_that_fit() -> None:
    jam = played(TRESILLO, 10, CHORD, parts="bass drums", feel=1.0)
    found = onsets(jam, 4 * BAR)
    kicks = [at for at, it in found if it.channel == DRUM_CHANNEL and it.pitch == KICK]
    basses = [at for at, it in found if it.channel == ROUTES[BASS].channel]
    off_tick = [abs(at - round(at * 24 / BEAT) * BEAT / 24) for at in kicks]
    assert sum(apart > 2_000 for apart in off_tick) > len(kicks) // 3, (
        "a hand's kicks are on no grid"
    )
    near = [min((at - kick for kick in kicks), key=abs) for at in basses]
    locked = [apart for apart in near if abs(apart) < SIXTEENTH // 2]
    assert len(locked) > 20
    assert max(map(abs, locked)) <= 1_000
