"""Charts from MusicXML lead sheets; hostile files are refused in a line."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegen.errors import ChartError
from livegen.music.charts import Chart, Jump, chart_of, write_text, xml_tree
from livegen.music.charts.xml_tree import MAX_BYTES
from livegen.music.keys.key import Key
from livegen.music.time.metre import parse_metre

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"
 "http://www.musicxml.org/dtds/partwise.dtd">
"""
WHOLE = "<note><rest/><duration>8</duration></note>"
ATTRIBUTES = """<attributes><divisions>2</divisions><key><fifths>-3</fifths><mode>major</mode></key>
<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"""


def harmony(root: str, kind: str = "major", more: str = "", alter: int = 0) -> str:
    return (
        f"<harmony><root><root-step>{root}</root-step><root-alter>{alter}</root-alter></root>"
        f"<kind>{kind}</kind>{more}</harmony>"
    )


def score(*measures: str, part: str = "P1", more: str = "") -> str:
    bars = "".join(
        f'\n<measure number="{number}">{ATTRIBUTES if number == 1 else ""}{measure}</measure>'
        for number, measure in enumerate(measures, start=1)
    )
    return (
        f"{HEAD}<score-partwise><work><work-title>A tune</work-title></work>{more}"
        f'<part id="{part}">{bars}</part></score-partwise>'
    )


def read(text: str | bytes, name: str = "tune.musicxml") -> Chart:
    return chart_of(text if isinstance(text, bytes) else text.encode(), name)


def rows(chart: Chart) -> list[str]:
    return [
        " ".join(f"{placed.tick}:{chart.name_of(placed.chord)}" for placed in bar.chords)
        for bar in chart.bars
    ]


def order(*measures: str) -> str:
    chart = read(score(*measures))
    return " ".join(
        chart.name_of(bar.chords[0].chord) for bar in (*chart.form.intro, *chart.form.round)
    )


def bar(root: str, more: str = "", before: str = "") -> str:
    return before + harmony(root) + WHOLE + more


def barline(sign: str) -> str:
    return f'<barline location="right">{sign}</barline>'


REHEARSAL = "<direction><direction-type><rehearsal>{}</rehearsal></direction-type></direction>"


def test_a_repeat_from_the_top_goes_on_across_sections_in_the_text_that_is_played_too() -> None:
    back = barline('<repeat direction="backward"/>')
    first, second = REHEARSAL.format("A"), REHEARSAL.format("B")
    chart = read(score(bar("C", before=first), bar("F", more=back, before=second), bar("G")))
    again = chart_of(write_text(chart).encode(), "again.txt")
    assert [bar.chords[0].chord.root for bar in chart.form.round if bar.chords[0].chord] == [
        0,
        5,
        0,
        5,
        7,
    ]
    assert again.form == chart.form


SEGNO = "<direction><direction-type><segno/></direction-type></direction>"
CODA = "<direction><direction-type><coda/></direction-type></direction>"
BACK = '<repeat direction="backward"/>'
FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'


def ending(number: str) -> str:
    return f'<barline location="left"><ending number="{number}" type="start"/></barline>'


def words(text: str, sound: str = "") -> str:
    told = f"<sound {sound}/>" if sound else ""
    return f"<direction><direction-type><words>{text}</words></direction-type>{told}</direction>"


def test_a_lead_sheet_says_what_it_is() -> None:
    tempo = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>60</per-minute></metronome></direction-type></direction>"
    )
    chart = read(score(tempo + bar("C"), bar("F")))

    assert (chart.title, chart.tempo, chart.key) == ("A tune", 90, Key(3, "major"))
    assert chart.metre == parse_metre("4/4")


def test_chords_lie_where_the_notes_are() -> None:
    half = "<note><rest/><duration>4</duration></note>"
    quarter = "<note><rest/><duration>2</duration></note>"
    grace = "<note><grace/><pitch><step>C</step></pitch></note>"
    of_chord = "<note><chord/><duration>4</duration></note>"
    chart = read(
        score(
            harmony("C") + half + of_chord + grace + harmony("F") + quarter + harmony("G") + quarter,
            half + "<backup><duration>4</duration></backup>" + harmony("A", "minor") + half
            + "<forward><duration>2</duration></forward>" + harmony("D", "dominant"),
            harmony("B", "half-diminished", "<offset>4</offset>", alter=-1) + WHOLE,
        )
    )  # fmt: skip
    assert rows(chart) == ["0:C 48:F 72:G", "0:Am 72:D7", "48:Bbm7b5"]


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        (harmony("C", "dominant", '<bass><bass-step>E</bass-step></bass>'), "C7/E"),
        (harmony("C", "major-seventh"), "Cmaj7"),
        (harmony("C", "major-minor"), "Cm(maj7)"),
        (harmony("C", "none"), "N.C."),
        (harmony("C", "power"), "C5"),
        (harmony("C", "dominant", "<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter>"
                 "<degree-type>add</degree-type></degree>"), "C7b9"),
        (harmony("C", "dominant", "<degree><degree-value>5</degree-value><degree-alter>1</degree-alter>"
                 "<degree-type>alter</degree-type></degree>"), "C7#5"),
        (harmony("C", "major", "<degree><degree-value>9</degree-value><degree-alter>0</degree-alter>"
                 "<degree-type>add</degree-type></degree>"), "Cadd9"),
        (harmony("C", "dominant", "<degree><degree-value>4</degree-value><degree-type>add</degree-type></degree>"
                 "<degree><degree-value>3</degree-value><degree-type>subtract</degree-type></degree>"), "C7sus4"),
        (harmony("C", "major", "<degree><degree-value>3</degree-value><degree-type>subtract</degree-type></degree>"),
         "C5"),
        ('<harmony><root><root-step>C</root-step></root><kind text="7alt">other</kind></harmony>', "C7alt"),
        ("<harmony><kind>none</kind></harmony>", "N.C."),
    ],
)  # fmt: skip
def test_a_chord_symbol_is_a_chord(symbol: str, name: str) -> None:
    assert rows(read(score(symbol + WHOLE))) == [f"0:{name}"]


@pytest.mark.parametrize(
    ("measures", "played"),
    [
        ([bar("C"), bar("F", barline(BACK)), bar("G")], "C F C F G"),
        ([bar("C"), bar("F", barline(BACK), FORWARD), bar("G")], "C F F G"),
        ([bar("C", barline('<repeat direction="backward" times="3"/>')), bar("F")], "C C C F"),
        ([bar("C"), bar("F", barline(BACK), ending("1")), bar("G", "", ending("2")), bar("A")], "C F C G A"),
        ([bar("C"), bar("F", barline(BACK), ending("1, 2")), bar("G", "", ending("3"))], "C F C F C G"),
        ([bar("C"), bar("F"), words("D.C. al Fine") + bar("G")], "C F G C F G"),
        ([bar("C"), words("Fine") + bar("F"), words("D.C. al Fine", 'dacapo="yes"') + bar("G")], "C F G C F"),
        ([bar("C"), bar("F", words("To Coda", 'tocoda="x"')), bar("G", words("D.C.", 'dacapo="yes"')),
          CODA + bar("A")], "C F G C F A"),
        ([bar("C"), SEGNO + bar("F"), CODA + bar("G"), words("D.S. al Coda") + bar("D"), CODA + bar("A")],
         "C F G D F G A"),
    ],
)  # fmt: skip
def test_signs_are_followed(measures: list[str], played: str) -> None:
    assert order(*measures) == played


def test_rehearsal_marks_are_sections() -> None:
    mark = "<direction><direction-type><rehearsal>B</rehearsal></direction-type></direction>"
    assert [of.section for of in read(score(bar("C"), mark + bar("F"))).bars] == [None, "B"]


def test_a_first_bar_that_is_not_full_is_a_pickup() -> None:
    chart = read(
        score(harmony("G") + "<note><rest/><duration>2</duration></note>", bar("C"), bar("F"))
    )

    assert chart.pickup
    assert [of.ticks for of in chart.bars] == [24, 96, 96]
    assert [of.written for of in chart.form.round] == [1, 2]


def test_metres_change() -> None:
    three = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    assert [of.ticks for of in read(score(bar("C"), three + bar("F"), bar("G"))).bars] == [
        96,
        72,
        72,
    ]


def test_a_transposing_instrument_s_chords_are_those_that_sound() -> None:
    up = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    chart = read(score(up + bar("D")))
    assert (rows(chart), chart.key) == (["0:C"], Key(1, "major"))


def test_signs_of_the_top_part_count_where_another_has_the_chords() -> None:
    top = f'<part id="P0"><measure number="1">{words("D.C.")}{WHOLE}</measure></part>'
    chart = read(score(bar("C"), more=top))
    assert chart.bars[0].jump == Jump()


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


MANIFEST = b'<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'


@pytest.mark.parametrize("manifest", [{"META-INF/container.xml": MANIFEST}, {}])
def test_a_compressed_score_is_read(manifest: dict[str, bytes]) -> None:
    files = manifest | {"score.xml": score(bar("C")).encode()}
    assert rows(read(packed(files), "tune.mxl")) == ["0:C"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    text = (
        score(bar("C"))
        .replace("A tune", "Für Elise")
        .replace("UTF-8", encoding.removesuffix("-sig"))
    )
    assert read(text.encode(encoding)).title == "Für Elise"


BOMB = """<?xml version="1.0"?>
<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<score-partwise><work><work-title>&b;</work-title></work></score-partwise>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE score-partwise [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<score-partwise><work><work-title>&a;</work-title></work></score-partwise>"""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB.encode(), "tune.musicxml:2: declares entities"),
        (OUTSIDE.encode(), "tune.musicxml:2: declares entities"),
        ((HEAD + "<score-partwise>" * 60).encode(), "nested deeper than 50"),
        (b"<score-partwise " + b"".join(b"b%d='' " % n for n in range(101)) + b"/>", "more than 100 attributes"),
        (b"<score-partwise b='" + b"c" * 400_000, "a tag or a comment of more than"),
        (b"<?xml version='1.0'?><score-partwise><a></b></score-partwise>", "is not XML (mismatched tag)"),
        (b"<?xml version='1.0' encoding='klingon'?><score-partwise/>", "an encoding that is not known"),
        (b"<?xml version='1.0'?><svg/>", "expected MusicXML (score-partwise), got 'svg'"),
        (b"<?xml version='1.0'?><score-timewise/>", "save it as score-partwise"),
        (score(WHOLE).encode(), "no chord symbols"),
        (score(harmony("C", "Tristan") + WHOLE).encode(), "'tristan' is not known"),
        (score(harmony("H") + WHOLE).encode(), "tune.musicxml:6: root-step: expected A to G, got 'H'"),
        (score("<harmony><function>V</function><kind>major</kind></harmony>").encode(), "Roman numerals"),
        (score(bar("C", "<note><duration>soon</duration></note>")).encode(), "duration: expected a number"),
        (score(bar("C", "<attributes><divisions>0</divisions></attributes>")).encode(), "divisions: expected"),
        (score(bar("C", "<attributes><time><beats>x</beats></time></attributes>")).encode(), "beats: expected"),
        (score(bar("C", "<attributes><time><beats>99</beats><beat-type>4</beat-type></time></attributes>")).encode(),
         "metre: expected"),
        (score(*[bar("C")] * 2001).encode(), "more than 2,000 bars"),
        (b"<?xml version='1.0'?>" + b" " * MAX_BYTES, "more than 16 MB"),
        (packed({"a.xml": b" " * (MAX_BYTES + 1)}), "unpacks to more than 16 MB"),
        (packed({"META-INF/container.xml": b"<a>" * 60, "a.xml": b""}), "nested deeper"),
        (packed({"readme.txt": b"hello"}), "an archive without a score"),
        (packed({f"{n}.xml": b"" for n in range(1001)}), "more than 1,000 files"),
        (packed({"a.xml": score(bar("C")).encode()})[:-40], "a damaged archive"),
        (b"PK\3\4" + b"x" * 100, "a damaged archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_lead_sheet_is_refused_in_a_line(data: bytes, said: str) -> None:
    with pytest.raises(ChartError) as error:
        read(data)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_more_notes_than_a_lead_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tree, "MAX_ELEMENTS", 1000)
    with pytest.raises(ChartError, match="more than 1,000 notes and signs"):
        read(score("<note/>" * 1000))


GOOD = score(bar("C", barline(BACK)), words("D.C. al Fine") + bar("F")).encode()
PACKED = packed({"META-INF/container.xml": MANIFEST, "score.xml": GOOD})


@settings(max_examples=300)
@given(st.sampled_from([GOOD, PACKED]), st.data())
def test_a_damaged_file_is_a_chart_or_a_mistake_in_a_line(good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good)))
    to = data.draw(st.integers(at, min(len(good), at + 40)))
    damaged = good[:at] + data.draw(st.binary(max_size=8)) + good[to:]
    try:
        chart = read(damaged)
    except ChartError as error:
        assert "\n" not in str(error)
    else:
        assert chart.form.ticks > 0
