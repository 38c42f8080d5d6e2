"""A chart is played as it is written, round after round, and every tick of it can be asked for its chord and place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import (
    Chart,
    ChordChange,
    Form,
    Hit,
    Jump,
    Placed,
    PlayedBar,
    Stretch,
    WrittenBar,
    chart_of,
)
from livegen.music.chords.chord import Chord
from livegen.music.chords.chord_names import chord_named

BAR = 96


def chart(text: str) -> Chart:
    return chart_of(text.encode(), "tune.txt")


def bars_of(form: Form) -> tuple[PlayedBar, ...]:
    """The bars in the order in which they are played, one round."""
    return form.intro + form.round + form.outro


def order(text: str) -> str:
    """The first chords of the bars as they are played."""
    of = chart(text)
    return " ".join(of.name_of(bar.chords[0].chord) for bar in bars_of(of.form))


@pytest.mark.parametrize(
    ("written", "played"),
    [
        ("| A | B |", "A B"),
        ("|: A | B :|", "A B A B"),
        ("| A | B :|", "A B A B"),
        ("| A |: B :| C |", "A B B C"),
        ("|: A :|x3 | B |", "A A A B"),
        ("|: A :|: B :|", "A A B B"),
        ("|: A |1. B :|2. C | D |", "A B A C D"),
        ("|: A |1. B | C :|2. D | E | F |", "A B C A D E F"),
        ("|: A |1. B |2. C |", "A B A C"),
        ("|: A |1,2. B :|3. C |", "A B A B A C"),
        ("|: A |1-3. B :|4. C |", "A B A B A B A C"),
        ("|: A |1. B :| C |", "A B A C"),
        ("|: A |1. B :|2. C :|x4 | D |", "A B A B A B A C D"),
        ("|: A |1. B :|2. C |: D :| E |", "A B A C D D E"),
        ("[X] | A |1. B :|2. C | [Y] | D | E :|", "A B A C D E D E"),
        ("| A | B | D.C.", "A B A B"),
        ("| A | B fine | C D.C. al fine |", "A B C A B"),
        ("| A | segno B | C D.S. |", "A B C B C"),
        ("| A | segno B to coda | C D.S. al coda | coda D |", "A B C B D"),
        ("| A | B to coda | C | D.C. al coda\n[Coda]\n| D | E :|", "A B C A B D E D E"),
        ("|: A |1. B :|2. C | D D.C. al coda |", "A B A C D A C D"),
        ("|: A |1. B :|2. C fine | [X] | D D.C. al fine |", "A B A C D A C"),
        ("|: A |1. B :|2. C | [X] | D | D.C. al 2nd ending", "A B A C D A C"),
        ("|: A |1. B :|2. C | [X] | D | D.C. al 1.", "A B A C D A B"),
        ("| A | D.S. al coda", "A A"),
        ("| A to coda | B | D.C. al coda", "A B A B"),
        ("| A fine | B |", "A B"),
    ],
)
def test_signs_are_followed(written: str, played: str) -> None:
    assert order(written) == played


def test_an_introduction_is_played_once_and_an_ending_not_in_the_rounds() -> None:
    form = chart("[Intro] | G7 | [A] | C | F | [Ending] | C6 |").form

    assert [len(bars) for bars in (form.intro, form.round, form.outro)] == [1, 2, 1]
    names = [form.chord_at(at * BAR) for at in range(6)]
    assert names == [chord_named(name) for name in ["G7", "C", "F", "C", "F", "C"]]
    assert [form.bar_at(at * BAR).written for at in range(6)] == [0, 1, 2, 1, 2, 1]


def test_a_coda_to_which_no_jump_leads_is_the_ending() -> None:
    form = chart("| C | F to coda | G7 |\n[Coda] | C6 |").form

    assert [bar.written for bar in form.round] == [0, 1, 2]
    assert [bar.written for bar in form.outro] == [3]


def test_a_chart_that_is_all_introduction_comes_back_all_the_same() -> None:
    assert len(chart("[Intro] | C | F |").form.round) == 2


def test_a_pickup_is_played_before_the_form_and_in_no_repeat() -> None:
    form = chart("pickup: 1\n| G7 | C | F :|").form

    assert form.pickup is not None
    assert (form.pickup.ticks, form.pickup.chords) == (24, (Placed(0, Chord(7, "7")),))
    assert [bar.written for bar in form.round] == [1, 2, 1, 2]
    assert form.chord_at(0) == chord_named("C")


def test_a_chord_that_is_written_again_is_no_change() -> None:
    form = chart("| C | C . F F | F | C |").form

    assert form.changes(0, 8 * BAR) == (
        ChordChange(0, Chord(0, "maj")),
        ChordChange(BAR + 48, Chord(5, "maj")),
        ChordChange(3 * BAR, Chord(0, "maj")),
        ChordChange(5 * BAR + 48, Chord(5, "maj")),
        ChordChange(7 * BAR, Chord(0, "maj")),
    )
    assert [len(bar.chords) for bar in bars_of(form)] == [1, 3, 1, 1]


def test_one_chord_for_ever_changes_once_and_never_again() -> None:
    form = chart("| Dm7 | % |").form

    assert form.changes(0, 100 * BAR) == (ChordChange(0, Chord(2, "m7")),)


def test_the_first_chord_after_an_introduction_that_ends_with_it_is_no_change() -> None:
    form = chart("[Intro] | C | [A] | C | F |").form

    assert [tick // BAR for tick, _ in form.changes(0, 6 * BAR)] == [0, 2, 3, 4, 5]


def test_bars_of_other_metres_have_their_lengths() -> None:
    form = chart("metre: 3/4\n| C | (4/4) F | (6/8) G |").form

    assert [(bar.ticks, bar.beat) for bar in bars_of(form)] == [(72, 24), (96, 24), (72, 36)]
    assert form.bar_stretch(250) == Stretch(240, 312)
    assert form.bar_at(239).written == 2


def test_sections_follow_one_another_and_a_round_begins_one_anew() -> None:
    form = chart("[A] |: C | F :| [B] | G |").form

    assert [form.bar_at(at * BAR).section for at in range(6)] == ["A", "A", "A", "A", "B", "A"]
    assert form.section_stretch(BAR) == Stretch(0, 2 * BAR)
    assert [form.next_section(at * BAR) // BAR for at in range(6)] == [2, 2, 4, 4, 5, 7]


def test_without_named_sections_each_repeat_and_each_round_is_one() -> None:
    form = chart("|: C | F :| G |").form

    assert [form.next_section(at * BAR) // BAR for at in range(6)] == [2, 2, 4, 4, 5, 7]


def test_hits_are_struck_and_silent_until_the_next_chord() -> None:
    form = chart("| C! . . . | F . G! ! |").form

    assert form.hits(0, 4 * BAR) == (
        Hit(0, 96),
        Hit(144, 168),
        Hit(168, 192),
        Hit(192, 288),
        Hit(336, 360),
        Hit(360, 384),
    )


def test_a_chart_that_would_be_endless_is_refused() -> None:
    with pytest.raises(ChartError, match="more than 10,000 bars"):
        chart("|: C :|x64 " * 200)


# --- any chart ------------------------------------------------------------------------------------------------------

CHORD = st.none() | st.builds(Chord, st.integers(0, 4), st.sampled_from(["maj", "m7"]))


@st.composite
def bars(draw: st.DrawFn) -> WrittenBar:
    ticks, beat = draw(st.sampled_from([(96, 24), (72, 24), (72, 36), (120, 24)]))
    at = draw(st.sets(st.integers(0, ticks // 24 - 1), max_size=3))
    jumps = st.builds(
        Jump,
        st.booleans(),
        st.sampled_from(["end", "coda", "fine"]),
        st.none() | st.integers(1, 3),
    )
    rare = st.integers(0, 5).map(lambda n: n == 0)
    return WrittenBar(
        ticks,
        beat,
        tuple(Placed(24 * place, draw(CHORD)) for place in sorted(at)),
        section=draw(st.none() | st.sampled_from(["A", "B", "Intro", "Ending"])),
        opens=draw(rare),
        times=draw(st.sampled_from([1, 1, 1, 2, 3])),
        ending=draw(st.sampled_from([(), (), (), (1,), (2,), (1, 2)])),
        segno=draw(rare),
        to_coda=draw(rare),
        coda=draw(rare),
        fine=draw(rare),
        jump=draw(jumps) if draw(rare) else None,
    )


CHARTS = st.lists(bars(), min_size=1, max_size=8).map(lambda of: Chart(tuple(of)))
FORMS = CHARTS.map(lambda of: of.form)


def slow_changes(form: Form, start: int, end: int) -> list[ChordChange]:
    """The changes as one finds them by asking each tick."""
    first = [ChordChange(0, form.chord_at(0))] if start == 0 < end else []
    return first + [
        ChordChange(tick, form.chord_at(tick))
        for tick in range(max(start, 1), end)
        if form.chord_at(tick) != form.chord_at(tick - 1)
    ]


@settings(max_examples=50)
@given(FORMS, st.integers(0, 3000), st.integers(0, 1500))
def test_changes_are_where_the_chord_becomes_another(form: Form, start: int, length: int) -> None:
    assert list(form.changes(start, start + length)) == slow_changes(form, start, start + length)


@settings(max_examples=50)
@given(FORMS, st.integers(0, 5000))
def test_a_tick_lies_in_its_bar_and_in_its_section(form: Form, tick: int) -> None:
    bar, section = form.bar_stretch(tick), form.section_stretch(tick)

    assert section.start <= bar.start <= tick < bar.end <= section.end
    assert bar.end - bar.start == form.bar_at(tick).ticks
    assert form.bar_at(section.start).section == form.bar_at(tick).section
    assert form.next_section(tick) == section.end


@settings(max_examples=50)
@given(FORMS, st.integers(0, 5000), st.integers(1, 4))
def test_a_round_later_everything_is_the_same(form: Form, tick: int, rounds: int) -> None:
    tick += form.intro_ticks
    later = tick + rounds * form.ticks

    assert form.chord_at(later) == form.chord_at(tick)
    assert form.bar_at(later) == form.bar_at(tick)


@settings(max_examples=50)
@given(CHARTS, st.integers(0, 2000), st.integers(-12, 12))
def test_a_transposed_chart_changes_where_it_did(written: Chart, tick: int, by: int) -> None:
    form, moved = written.form, written.transposed(by).form

    assert [
        (at, chord and chord.transposed(-by)) for at, chord in moved.changes(tick, tick + 500)
    ] == [tuple(change) for change in form.changes(tick, tick + 500)]
    assert moved.ticks == form.ticks
