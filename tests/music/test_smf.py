"""Standard MIDI Files: whatever the bytes, a score or one line that says what is wrong."""

import time
from io import BytesIO
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livegen.errors import MidiFileError
from livegen.music import smf
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn
from livegen.music.smf import Score, Track, check, micros_of, read, write
from tests.data.make import two_tempos

DATA = Path(__file__).parent.parent / "data"


def midi(*tracks: bytes, form: int = 1, division: int = 480, count: int | None = None) -> bytes:
    """A file of these track contents; `count` tracks are promised."""
    header = [form, len(tracks) if count is None else count, division]
    chunks = [b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks]
    return b"MThd\0\0\0\6" + b"".join(n.to_bytes(2, "big") for n in header) + b"".join(chunks)


def quantity(value: int) -> bytes:
    """A variable-length quantity, of any length."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


END = b"\0\xff\x2f\0"
NOTE = b"\0\x90\x3c\x40\x60\x80\x3c\x40"
TINY = midi(b"\0\xff\x51\3\7\xa1\x20\0\xff\x58\4\4\2\x18\x08" + END, NOTE + END)

# --- reading what was written ---------------------------------------------------------------------

data = st.integers(0, 127)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """A track of one channel that holds a note, after deltas of at most a few beats."""
    channel, program, tick = draw(st.integers(0, 15)), draw(data), 0
    kinds: list[st.SearchStrategy[Message]] = [
        st.builds(NoteOn, data, st.integers(1, 127), st.just(channel)),
        st.builds(NoteOff, data, data, st.just(channel)),
        st.builds(ControlChange, data, data, st.just(channel)),
    ]
    messages: list[tuple[int, Message]] = []
    for message in draw(st.lists(st.one_of(kinds), max_size=8)):
        tick += draw(st.integers(0, 2000))
        messages.append((tick, message))
    messages.append((tick, NoteOn(draw(data), draw(st.integers(1, 127)), channel)))
    name = draw(st.text(st.characters(codec="latin-1"), max_size=12))
    return Track(name, tuple(messages), program)


def increasing(
    value: st.SearchStrategy[tuple[int, ...]],
) -> st.SearchStrategy[list[tuple[int, ...]]]:
    """Changes at increasing ticks."""
    timed = st.tuples(st.integers(0, 9000), value).map(lambda pair: (pair[0], *pair[1]))
    return st.lists(timed, min_size=1, max_size=4, unique_by=lambda change: change[0]).map(sorted)


scores = st.builds(
    lambda ppqn, tracks, tempos, metres: Score(ppqn, tuple(tracks), tuple(tempos), tuple(metres)),
    st.integers(1, 0x7FFF),
    st.lists(tracks(), max_size=4),
    increasing(st.tuples(st.integers(1, 0xFFFFFF))),
    increasing(st.tuples(st.integers(0, 255), st.integers(0, 7).map(lambda power: 2**power))),
)


@given(scores)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_score_that_was_written_is_read_as_it_was(tmp_path: Path, score: Score) -> None:
    path = tmp_path / "score.mid"
    write(path, score)
    last = max((track.messages[-1][0] for track in score.tracks), default=0)

    if micros_of(score, [last])[0] > 2 * 3600 * 1_000_000:
        with pytest.raises(MidiFileError, match="hours"):
            read(path)
    else:
        assert read(path) == score


def test_a_file_of_format_0_is_split_into_its_channels() -> None:
    track = b"\0\xff\3\4Band" + b"\0\xc1\x21" + b"\0\x99\x24\x64" + b"\x0a\x91\x28\x50" + END

    assert read(midi(track, form=0)) == Score(
        480,
        (
            Track("Band", ((10, NoteOn(40, 80, 1)),), 33),
            Track("Band", ((0, NoteOn(36, 100, 9)),), 0),
        ),
    )


def test_a_channel_without_notes_is_no_track() -> None:
    assert read(midi(b"\0\xb0\x40\x7f" + END, NOTE + END)).tracks == (
        Track("", ((0, NoteOn(60, 64)), (96, NoteOff(60)))),
    )


def test_a_status_may_run_on_across_a_meta_event() -> None:
    track = b"\0\x90\x3c\x40" + b"\x30\xff\x01\x02hi" + b"\x30\x3c\0" + END

    assert read(midi(track)).tracks[0].messages == ((0, NoteOn(60, 64)), (96, NoteOff(60)))


def test_data_bytes_that_are_too_large_are_taken_as_the_largest() -> None:
    assert read(midi(b"\0\x90\x3c\xff" + END)).tracks[0].messages == ((0, NoteOn(60, 127)),)


def test_files_from_another_writer_are_read() -> None:
    """By hand, in tests/data: running status, format 0, a tempo and a metre that change."""
    path = DATA / "two_tempos.mid"
    score = read(path)

    assert path.read_bytes() == two_tempos()
    assert (score.ppqn, score.tempos) == (96, ((0, 500_000), (384, 250_000)))
    assert score.metres == ((0, 4, 4), (384, 3, 4))
    assert [len(track.messages) for track in score.tracks] == [14]


def test_a_file_that_is_not_there_is_one_line() -> None:
    with pytest.raises(MidiFileError, match=r"^nowhere\.mid: cannot be read \(No such file"):
        read(Path("nowhere.mid"))


# --- time -----------------------------------------------------------------------------------------


def test_ticks_have_micros_by_the_tempo_map() -> None:
    score = Score(480, (), ((480, 250_000), (960, 1_000_000)))

    assert micros_of(score, [0, 240, 480, 720, 960, 1440]) == [
        0,
        250_000,
        500_000,
        625_000,
        750_000,
        1_750_000,
    ]


def test_a_map_of_many_tempos_loses_no_time() -> None:
    """A third of a micro is lost at no change, however many there are."""
    score = Score(3, (), tuple((tick, 100_000) for tick in range(30_000)))

    assert micros_of(score, [30_000]) == [10_000 * 100_000]


# --- evil files (FAULTS.md S7, S8) ----------------------------------------------------------------

EVIL = {
    "nothing at all": b"",
    "a header cut short": TINY[:13],
    "no header": b"RIFF" + TINY[4:],
    "a header of four gigabytes": TINY[:4] + b"\xff\xff\xff\xff" + TINY[8:],
    "a header of five bytes": TINY[:4] + b"\0\0\0\5" + TINY[8:],
    "format 2": midi(NOTE + END, form=2),
    "format 3": midi(NOTE + END, form=3),
    "a division of nothing": midi(NOTE + END, division=0),
    "SMPTE time": midi(NOTE + END, division=0xE728),
    "no tracks": midi(),
    "65535 tracks": midi(NOTE + END, count=65535),
    "a track that is missing": midi(NOTE + END, count=2),
    "a track one byte too long": TINY[:-16] + b"\0\0\0\x0d" + TINY[-12:],
    "a track one byte too short": TINY[:-16] + b"\0\0\0\x0b" + TINY[-12:],
    "running status first": midi(b"\0\x3c\x40" + END),
    "running status after sysex": midi(b"\0\x90\x3c\x40\0\xf0\1\xf7\0\x3c\0" + END),
    "a clock": midi(b"\0\xf8" + NOTE + END),
    "an undefined status": midi(b"\0\xf4" + NOTE + END),
    "a quantity of 160 KB": midi(b"\xff" * 160_000 + b"\0\x90\x3c\x40" + END),
    "a quantity of five bytes": midi(b"\x81\x80\x80\x80\0\x90\x3c\x40" + END),
    "a text of a gigabyte": midi(b"\0\xff\1\x84\x80\x80\x80\0" + END),
    "a sysex longer than its track": midi(b"\0\xf0\xff\xff\xff\x7f" + END),
    "a key signature that there is not": midi(b"\0\xff\x59\2\x39\7" + NOTE + END),
    "a tempo without bytes": midi(b"\0\xff\x51\0" + NOTE + END),
    "an event cut short": midi(b"\0\x90\x3c"),
    "a meta event cut short": midi(b"\0\xff"),
    "a time and nothing else": midi(b"\x83\x60"),
    "notes after a day": midi(b"\xff\xff\xff\x7f\x90\x3c\x40" + END),
    "too many events": midi(b"\0\x90\x3c\x40" + b"\0\x3c\x40" * smf.MAX_EVENTS),
    "too many bytes": TINY + bytes(smf.MAX_BYTES),
}


@pytest.mark.parametrize("name", EVIL)
def test_an_evil_file_is_refused_in_one_line_and_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(MidiFileError) as refusal:
        read(EVIL[name])

    assert str(refusal.value).startswith("these bytes: ")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300
    assert time.process_time() - began < 5


def test_a_system_exclusive_that_is_never_closed_takes_nothing_with_it() -> None:
    score = read(midi(b"\0\xf0\2\x7e\1" + NOTE + END))

    assert [len(track.messages) for track in score.tracks] == [2]


def test_a_signature_from_outer_space_still_gives_a_score() -> None:
    """Denominators of two to the 255th are well-formed."""
    score = read(midi(b"\0\xff\x58\4\xff\xff\xff\xff" + NOTE + END))

    assert score.metres == ((0, 255, 2**255),)


def test_a_tempo_of_nothing_is_the_fastest_there_is() -> None:
    assert read(midi(b"\0\xff\x51\3\0\0\0" + NOTE + END)).tempos == ((0, 1),)


def test_a_tempo_at_every_tick_costs_no_more_than_any_other_event() -> None:
    """A file may hold half a million; the map once copied what was left of them at each."""
    score = Score(480, (), tuple((tick, 1) for tick in range(400_000)))
    began = time.process_time()
    micros_of(score, [400_000])

    assert time.process_time() - began < 5


def test_what_the_check_lets_pass_mido_walks_in_the_same_way() -> None:
    """Sysex in pieces, unknown meta events, running status: the walks must not part."""
    track = b"\0\xf0\3\x7e\1\2\0\xf7\2\3\xf7" + b"\0\xff\x60\2\1\2" + NOTE + b"\0\x80\x3d\0" + END
    found = midi(track)
    check(found)

    assert len(mido.MidiFile(file=BytesIO(found)).tracks[0]) == 7
    assert len(read(found).tracks[0].messages) == 3


# --- any bytes ------------------------------------------------------------------------------------


def _is_score_or_refusal(found: bytes) -> None:
    try:
        assert isinstance(read(found), Score)
    except MidiFileError as refusal:
        assert "\n" not in str(refusal)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_score_or_a_refusal(found: bytes) -> None:
    _is_score_or_refusal(found)


@given(st.lists(st.binary(max_size=60), max_size=3), st.integers(0, 3), st.integers(0, 0xFFFF))
def test_any_bytes_inside_tracks_give_a_score_or_a_refusal(
    contents: list[bytes], form: int, division: int
) -> None:
    _is_score_or_refusal(midi(*contents, form=form, division=division))


@given(st.data())
@settings(max_examples=300)
def test_any_mutation_of_a_good_file_gives_a_score_or_a_refusal(data: st.DataObject) -> None:
    found = bytearray(TINY + b"MTrk\0\0\0\x10\0\xff\x59\2\0\0\0\xf0\2\1\xf7\0\xc0\5" + END)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(found) - 1))
        action = data.draw(st.sampled_from(("set", "insert", "cut")))
        byte = data.draw(st.integers(0, 255))
        if action == "set":
            found[at] = byte
        elif action == "insert":
            found.insert(at, byte)
        else:
            del found[at : at + data.draw(st.integers(1, 5))]
        if not found:
            break
    _is_score_or_refusal(bytes(found))
