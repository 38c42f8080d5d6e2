"""Standard MIDI Files: whatever the bytes, a score or one line that says what is wrong."""

import os
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from io import SEEK_CUR, BytesIO
from operator import itemgetter
from pathlib import Path
from random import Random
from threading import Thread

import mido
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from livegen.errors import MidiFileError
from livegen.music.files import pieces, smf
from livegen.music.files.smf import Score, Track, read, read_repaired, write
from livegen.music.files.smf_bytes import CUT_SHORT, Repairs, events
from livegen.music.instant import ranked
from livegen.music.messages import ControlChange, Message, NoteOff, NoteOn, encode
from tests.data.make import two_tempos
from tests.music.damage import DAMAGE

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
        tick += draw(st.integers(1, 2000))
        messages.append((tick, message))
    messages.append((tick + 1, NoteOn(draw(data), draw(st.integers(1, 127)), channel)))
    begun = {m.pitch for _, m in messages if isinstance(m, NoteOn)}
    messages += [(tick + 2 + pitch, NoteOff(pitch, 64, channel)) for pitch in sorted(begun)]
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
    increasing(st.tuples(st.integers(1, 255), st.integers(0, 7).map(lambda power: 2**power))),
)


@given(scores)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_score_that_was_written_is_read_as_it_was(tmp_path: Path, score: Score) -> None:
    micros = score.tempo_map.micros
    last = max((track.messages[-1][0] for track in score.tracks), default=0)
    struck = max(
        (tick for track in score.tracks for tick, m in track.messages if isinstance(m, NoteOn)),
        default=0,
    )
    assume(micros(last) < smf.MAX_HOURS * 3_600_000_000)
    assume(micros(last) - micros(struck) <= smf._HOLDS_US)  # else it was let go before
    path = tmp_path / "score.mid"
    write(path, score)

    assert read(path) == score


def test_a_file_of_format_0_is_split_into_its_channels() -> None:
    track = (
        b"\0\xff\3\4Band"
        + b"\0\xc1\x21"
        + b"\0\x99\x24\x64"
        + b"\x0a\x91\x28\x50"
        + b"\x0a\x99\x24\0\0\x81\x28\x40"
        + END
    )

    assert read(midi(track, form=0)) == Score(
        480,
        (
            Track("", ((10, NoteOn(40, 80, 1)), (20, NoteOff(40, 64, 1))), 33),
            Track("", ((0, NoteOn(36, 100, 9)), (20, NoteOff(36, 64, 9))), 0),
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
    assert read(midi(b"\0\x90\x3c\xff\x60\x80\x3c\x40" + END)).tracks[0].messages == (
        (0, NoteOn(60, 127)),
        (96, NoteOff(60)),
    )


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

    assert [score.tempo_map.micros(tick) for tick in (0, 240, 480, 720, 960, 1440)] == [
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

    assert score.tempo_map.micros(30_000) == 10_000 * 100_000


# --- broken files -----------------------------------------------------------------------------------------------------

SONG = [
    b"\0\xff\3\4Song\0\xff\x51\3\7\xa1\x20\0\xff\x58\4\4\2\x18\x08" + END,
    b"\0\xff\3\4Lead\0\xc0\5"
    + b"".join(bytes((0, 0x90, 60 + n, 64, 96, 0x80, 60 + n, 64)) for n in range(40))
    + END,
    b"\0\xff\3\4Bass"
    + b"".join(bytes((0, 0x91, 40 + n, 64, 96, 40 + n, 0)) for n in range(40))
    + END,
]
WHOLE = midi(*SONG)


def onsets(score: Score, timed: bool = True) -> Counter[tuple[int, int]]:
    """Tick, 0 unless `timed`, and pitch of every note that begins."""
    rows = (row for track in score.tracks for row in track.messages)
    return Counter((tick * timed, m.pitch) for tick, m in rows if isinstance(m, NoteOn))


# Of the eighty notes; where nothing is named here, all of them.
LOST = {
    "the last eight bytes are missing": 2,
    "cut in half": 45,
    "cut anywhere": 80,
    "cut behind the name of its last track": 40,
    "no division": 0,
    "a stray byte": 4,
    "a byte overwritten": 4,
    "eight bytes overwritten": 34,
    "64 bytes overwritten": 40,
}
MOVED = {
    "format 2",
    "time in SMPTE frames",
    "a status that runs over sysex",
    "a velocity of 200",
    "a stray byte",
    "a byte overwritten",
    "eight bytes overwritten",
    "64 bytes overwritten",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_of_a_broken_file_all_that_can_be_heard_is_read(kind: str) -> None:
    for seed in range(5):
        score, repairs = read_repaired(DAMAGE[kind](WHOLE, Random(seed)))
        found, whole = (onsets(one, kind not in MOVED) for one in (score, read(WHOLE)))

        assert sum((whole - found).values()) <= LOST.get(kind, 0)
        assert all("\n" not in said and len(said) < 120 for said in repairs)


UNSAID = {
    "nothing", "format 2", "a longer header", "wrapped in RIFF", "bytes after it", "a tag after it",
    "a key of eight sharps", "a chunk that nobody knows", "a time with zeros before it", "no ends of tracks",
    "format 0 with many tracks",
    "a stray byte", "a byte overwritten", "an end before its end",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(DAMAGE) - UNSAID))
def test_what_was_repaired_is_said(kind: str) -> None:
    assert read_repaired(DAMAGE[kind](WHOLE, Random(3)))[1]


def test_a_track_of_which_hardly_the_name_is_left_behind_other_bytes_is_none() -> None:
    assert read(TINY + b"????" + b"MTrk\0") == read(TINY)


def test_of_a_good_file_nothing_is_said() -> None:
    assert read_repaired(WHOLE)[1] == ()
    assert read_repaired(DATA / "two_tempos.mid")[1] == ()


def test_patterns_come_one_after_the_other() -> None:
    score = read(midi(NOTE + END, NOTE + END, form=2))

    assert [track.messages for track in score.tracks] == [
        ((0, NoteOn(60, 64)), (96, NoteOff(60)), (96, NoteOn(60, 64)), (192, NoteOff(60)))
    ]


@pytest.mark.parametrize("stray", [b"\xb0\x07\x64", b"\x80\x3c\x40", END[1:]])
def test_a_pattern_ends_with_its_last_bar_and_not_with_what_strays_hours_later(
    stray: bytes,
) -> None:
    first = NOTE + b"\x87\xa4\xc6\x00" + stray + END
    score = read(midi(first, NOTE + END, NOTE + END, form=2))

    assert [track.messages for track in score.tracks] == [
        tuple(
            (begin + tick, m)
            for begin in (0, 1920, 2016)
            for tick, m in ((0, NoteOn(60, 64)), (96, OFF))
        )
    ]


@pytest.mark.parametrize(
    ("division", "per_second"),
    [(0xE728, 1000), (0xE250, 30 * 80), (0xE804, 96), (0xE350, 30_000 / 1001 * 80)],
)
def test_smpte_frames_are_seconds(division: int, per_second: float) -> None:
    """RP-001 page 4: 25 frames of 40 ticks are milliseconds; 29 frames are 29.97."""
    score = read(midi(b"\0\xff\x51\3\1\0\0" + b"\x87\x68\x90\x3c\x40" + END, division=division))
    at = score.tempo_map.micros(score.tracks[0].messages[0][0])

    assert at == pytest.approx(1000 / per_second * 1e6, abs=2)
    assert score.metres == ()


def test_a_time_signature_that_no_bar_can_have_is_left_out() -> None:
    signatures = b"".join(
        b"\0\xff\x58\4" + it + b"\x18\x08" for it in (b"\0\2", b"\xff\xff", b"\3\2")
    )

    assert read(midi(signatures + NOTE + END)).metres == ((0, 3, 4),)


def test_a_tempo_of_nothing_is_left_out() -> None:
    tempos = b"\0\xff\x51\3\0\0\0" + b"\0\xff\x51\0" + b"\0\xff\x51\3\0\0\7"

    assert read(midi(tempos + NOTE + END)).tempos == ((0, 7),)


def test_a_tempo_of_another_length_is_left_out() -> None:
    """Two of its three bytes would be a thousand beats in a second."""
    tempos = b"\0\xff\x51\3\7\xa1\x20" + b"\0\xff\x51\2\7\xa1" + b"\0\xff\x51\4\0\7\xa1\x20"
    score, repairs = read_repaired(midi(tempos + NOTE + END))

    assert score.tempos == ((0, 500_000),)
    assert repairs == ("a tempo that cannot be, left out",)


def test_a_status_runs_on_across_system_exclusive() -> None:
    score, repairs = read_repaired(midi(b"\0\x90\x3c\x40\0\xf0\1\xf7\x10\x3c\0" + END))

    assert score.tracks[0].messages == ((0, NoteOn(60, 64)), (16, NoteOff(60)))
    assert repairs == ("a status that runs on across system exclusive",)


def test_where_a_song_has_a_name_its_tracks_have_none() -> None:
    """RP-001 page 8: the first track name of format 0 is that of the sequence."""
    track = b"\0\xff\3\5Drums" + NOTE + END

    assert read(midi(track, form=0)).tracks[0].name == ""
    assert read(midi(track, form=1)).tracks[0].name == "Drums"


# --- notes without an end ---------------------------------------------------------------------------------------------


def of_channel(*rows: tuple[int, Message]) -> tuple[tuple[int, Message], ...]:
    """These messages, written and read again."""
    track, last = b"", 0
    for tick, message in rows:
        track += quantity(tick - last) + encode(message)
        last = tick
    return read(midi(track + END)).tracks[0].messages


ON, OFF = NoteOn(60, 64), NoteOff(60)


def test_a_note_of_no_length_sounds_for_the_shortest() -> None:
    """A 24th of a quarter."""
    assert of_channel((0, ON), (0, OFF)) == ((0, ON), (20, OFF))
    assert of_channel((0, ON), (0, OFF), (7, ON), (90, OFF)) == (
        (0, ON),
        (7, OFF),
        (7, ON),
        (90, OFF),
    )
    assert of_channel((0, ON), (0, OFF), (0, ON), (90, OFF)) == ((0, ON), (0, ON), (90, OFF))


def test_a_note_of_no_length_whose_end_stands_first_sounds_for_the_shortest_too() -> None:
    """So writes who sorts ends before beginnings."""
    assert of_channel((0, ON), (48, OFF), (48, OFF), (48, ON)) == (
        (0, ON),
        (48, OFF),
        (48, ON),
        (68, OFF),
    )
    assert of_channel((0, ON), (48, OFF), (48, ON)) == ((0, ON), (48, OFF), (48, ON), (1968, OFF))


def test_a_key_that_is_struck_again_at_once_ends_first_and_sounds_on() -> None:
    rows: tuple[tuple[int, Message], ...] = ((0, ON), (48, ON), (48, OFF), (96, OFF))

    assert of_channel(*rows) == rows
    assert [m for *_, m in sorted(ranked(rows), key=itemgetter(0, 1))] == [ON, OFF, ON, OFF]


def test_a_note_that_never_ends_sounds_until_the_next_begins_or_for_four_quarters() -> None:
    other = NoteOn(64, 64), NoteOff(64)

    assert of_channel((0, ON), (96, other[0]), (192, other[1])) == (
        (0, ON),
        (96, OFF),
        (96, other[0]),
        (192, other[1]),
    )
    assert of_channel((0, ON)) == ((0, ON), (1920, OFF))


# --- limits -----------------------------------------------------------------------------------------------------------

NO_FILE = {
    "nothing at all": b"",
    "a header cut short": TINY[:13],
    "a header and no tracks": midi(),
    "a text": b"Dear Sir or Madam, " * 1000,
    "notes after years": midi(b"\xff\xff\xff\x7f\xb0\x07\x40" * 9 + NOTE + END),
}


@pytest.mark.parametrize("name", NO_FILE)
def test_what_is_no_midi_file_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(MidiFileError) as refusal:
        read(NO_FILE[name])

    assert str(refusal.value).startswith("these bytes: ")
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


MOST = 10_000_000
HEAVY: dict[str, Callable[[], bytes]] = {  # made when they are read: ten megabytes each
    "a quantity of ten megabytes": lambda: midi(b"\xff" * MOST),
    "zeros of ten megabytes": lambda: midi(bytes(MOST)),
    "what is nearly an event, again and again": lambda: midi(b"\x81\x81\x81\x81\x81" * (MOST // 5)),
    "events that make sense seven times": lambda: midi(
        (b"\0\x90\x3c\x40" * 7 + b"\0\x90\x3c\xff\xff\xff") * (MOST // 40)
    ),
    "ends of tracks": lambda: midi(END * (MOST // 4)),
    "a text of ten megabytes": lambda: midi(b"\0\xff\1\x84\xe2\xad\x00" + bytes(MOST) + END),
    "tracks without end": lambda: b"MThd\0\0\0\6\0\1\0\1\1\xe0" + b"MTrk\0\0\0\0" * (MOST // 8),
    "notes that never end": lambda: midi(b"\0\x90\x3c\x40" + b"\0\x3c\x40" * (MOST // 3)),
    "notes of no length": lambda: midi(
        (b"\0\x90\x3c\x40\0\x3c\0" * 9 + b"\1\x90\x3d\x40\0\x3d\0") * (MOST // 70)
    ),
    "a sysex of a gigabyte": lambda: midi(b"\0\xf0\x84\x80\x80\x00" * 9 + bytes(MOST)),
    "a megabyte of names": lambda: midi(
        *[b"\0\xff\3" + quantity(MOST) + bytes(MOST) + NOTE + END] * 2
    ),
    "nothing but tempos": lambda: midi(b"\1\xff\x51\3\7\xa1\x20" * (MOST // 7), NOTE + END),
    "chunks that nobody knows": lambda: TINY + b"aaaa\0\0\0\0" * (MOST // 8),
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_file_that_means_harm_is_read_in_bounded_time_and_memory(name: str) -> None:
    """Ten times what these take on an idle machine; a reader that is quadratic in them takes hours."""
    data = HEAVY[name]()
    began = time.process_time()
    with suppress(MidiFileError):
        score = read(data)
        assert sum(len(track.messages) for track in score.tracks) <= smf.MAX_EVENTS + 2
    assert time.process_time() - began < 60


# --- long files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """A file of a hundred megabytes, most of them a hole: a text in its first track, notes in its last."""
    path, size = tmp_path / "long.mid", 100_000_000
    text = b"\0\xff\1" + quantity(size)
    first = b"MTrk" + (len(text) + size + len(END)).to_bytes(4, "big") + text
    with path.open("wb") as file:
        file.write(midi(count=2) + first)
        file.seek(size, SEEK_CUR)
        file.write(END + midi(NOTE + END)[14:])
    return path


def test_a_long_file_is_read_to_its_end_with_little_of_it_in_memory(long: Path) -> None:
    tracemalloc.start()
    score, repairs = read_repaired(long)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (score.tracks, repairs) == (read(midi(NOTE + END)).tracks, ())
    assert peak < 3 * pieces.PIECE


def test_a_session_full_of_bends_is_read_to_its_end() -> None:
    """As an MPE keyboard sends them: more bytes in a track than are in memory at once."""
    bends = b"\1\xe0\0\x40" * (pieces.PIECE // 4)
    score, repairs = read_repaired(midi(NOTE + bends + NOTE + END))

    assert repairs == ()
    assert [tick for tick, _ in score.tracks[0].messages] == [
        tick + begin for begin in (0, 96 + pieces.PIECE // 4) for tick in (0, 96)
    ]


@pytest.mark.parametrize("kind", sorted(set(DAMAGE)))
def test_a_file_in_many_pieces_is_read_as_one_in_one_piece(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [DAMAGE[kind](WHOLE, Random(seed)) for seed in range(3)]
    found.append(midi(b"\0\xf0\x87\x68" + bytes(1000) + NOTE * 90 + END, NOTE + END))
    whole = [read_repaired(one) for one in found]
    monkeypatch.setattr(pieces, "PIECE", 200)
    monkeypatch.setattr(pieces, "AHEAD", 150)

    assert [read_repaired(one) for one in found] == whole


def test_of_a_file_that_is_too_long_the_rest_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "endless.mid"
    path.write_bytes(TINY)
    with path.open("r+b") as file:
        file.truncate(4 * smf.MAX_BYTES)
    score, repairs = read_repaired(path)

    assert score == read(TINY)
    assert repairs[0] == "longer than 256 MB, the rest is left out"


def test_a_pipe_is_read_as_a_file(tmp_path: Path) -> None:
    """As a shell's `<(…)` makes one."""
    pipe = tmp_path / "pipe.mid"
    os.mkfifo(pipe)
    Thread(target=pipe.write_bytes, args=(TINY,)).start()

    assert read(pipe) == read(TINY)


def test_a_file_that_is_cut_while_it_is_read_is_read_as_far_as_it_goes() -> None:
    cut = BytesIO(NOTE)
    repairs = Repairs()
    found = list(events(pieces.Bytes(cut, 0, 10 * pieces.PIECE), repairs))

    assert [tick for tick, *_ in found] == [0, 96]
    assert repairs.sentences() == (CUT_SHORT,)


def test_hours_are_counted_from_the_first_note_to_the_last() -> None:
    later = b"\x87\xa4\xc6\x00"  # 15,999,744 ticks: 4.6 hours
    stray = midi(NOTE + later + b"\xb0\x07\x64" + END)
    long = midi(NOTE + (later + NOTE[1:]) * 8 + END)

    assert [tick for tick, _ in read(stray).tracks[0].messages] == [0, 96]
    assert read_repaired(stray)[1] == ("messages long after the last note, left out",)
    for end in (
        b"\x80\x3c\x40",
        b"\x90\x3c\0",
        b"\x80\x20\x40",
    ):  # what ends nothing is no note either
        score, repairs = read_repaired(midi(NOTE + later + end + END))
        assert [tick for tick, _ in score.tracks[0].messages] == [0, 96]
        assert repairs == ("messages long after the last note, left out",)
    assert len(onsets(read(long))) == 6
    assert read_repaired(long)[1] == ("notes more than 24 hours after the first, left out",)


def test_a_key_that_comes_up_hours_later_was_let_go_long_before() -> None:
    """As a note without an end; one that is held for minutes is held."""
    hours, minutes = b"\x87\xa4\xc6\x00", quantity(480 * 2 * 60 * 5)

    assert ticks_of(NOTE + b"\0\x90\x48\x50" + hours + b"\x80\x48\x40") == [0, 96, 96, 2016]
    assert ticks_of(NOTE + b"\0\x90\x48\x50" + minutes + b"\x80\x48\x40")[-1] == 288_096


def ticks_of(track: bytes) -> list[int]:
    """The ticks at which something is played."""
    return [tick for tick, _ in read(midi(track + END)).tracks[0].messages]


def test_a_session_of_many_hours_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Two and a half hours were refused once, as were more than two."""
    notes = [(at * 960, m) for at in range(0, 12 * 3600, 60) for m in (NoteOn(60, 80),)]
    ends: list[tuple[int, Message]] = [(tick + 480, NoteOff(60)) for tick, _ in notes]
    played = tuple(sorted([*notes, *ends], key=itemgetter(0)))
    score = Score(480, (Track("Player", played), Track("Model", played)), metres=((0, 4, 4),))
    write(tmp_path / "session.mid", score)

    assert read_repaired(tmp_path / "session.mid") == (score, ())


def test_a_tempo_at_every_tick_costs_no_more_than_any_other_event() -> None:
    """A file may hold half a million; the map once copied what was left of them at each."""
    score = Score(480, (), tuple((tick, 1) for tick in range(400_000)))
    began = time.process_time()
    score.tempo_map.micros(400_000)

    assert time.process_time() - began < 5


def test_sysex_in_pieces_and_unknown_meta_events_are_passed_over() -> None:
    """As another reader does it."""
    track = b"\0\xf0\3\x7e\1\2\0\xf7\2\3\xf7" + b"\0\xff\x60\2\1\2" + NOTE + b"\0\x80\x3d\0" + END
    found = midi(track)

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
