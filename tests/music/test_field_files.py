"""Files as others' tools write and break them, in many shapes each: the very notes that a person would hear.

The kinds come from public reports of other programs; for each the table of what is right says what is read.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from livegen.music.files.smf import Score, read_repaired
from livegen.music.messages import NoteOff, NoteOn
from livegen.music.parts import part_named
from tests.music.test_smf import END, midi, quantity

Heard = list[tuple[int, int, int]]  # tick, pitch, ticks long

PITCHES = (60, 62, 64, 65, 67, 65, 64, 62)
STEP, LONG = 240, 216  # ticks from onset to onset, and of a note
TUNE: Heard = [(number * STEP, pitch, LONG) for number, pitch in enumerate(PITCHES)]
HOURS = 3 * 3600 * 960  # ticks of three hours at 120 bpm
STRAY = quantity(HOURS)


def track(notes: Heard = TUNE, after: bytes = b"", begin: bytes = b"", end: bytes = END) -> bytes:
    """A track of these notes; `begin` and `after` stand before and behind them."""
    rows = sorted(
        [(tick, 1, pitch) for tick, pitch, _ in notes]
        + [(tick + long, 0, pitch) for tick, pitch, long in notes]
    )
    out, last = begin, 0
    for tick, is_on, pitch in rows:
        out += quantity(tick - last) + bytes((0x90 if is_on else 0x80, pitch, 80))
        last = tick
    return out + after + end


def heard(score: Score) -> Heard:
    """All notes of all tracks, in the order of their onsets; each that begins ends."""
    found: Heard = []
    for one in score.tracks:
        begun: dict[int, int] = {}
        for tick, message in one.messages:
            if isinstance(message, NoteOn):
                assert message.pitch not in begun
                begun[message.pitch] = tick
            elif isinstance(message, NoteOff) and message.pitch in begun:
                at = begun.pop(message.pitch)
                found.append((at, message.pitch, tick - at))
        assert not begun
    return sorted(found)


def read_as(data: bytes) -> Heard:
    return heard(read_repaired(data)[0])


def moved(notes: Heard, by: int) -> Heard:
    return [(tick + by, pitch, long) for tick, pitch, long in notes]


# --- notes of no length -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("division", [1, 24, 96, 480, 960, 32767])
@pytest.mark.parametrize("end", [b"\0\x80\x48\x40", b"\0\x90\x48\0", b"\0\x48\0"])
@pytest.mark.parametrize("where", ["first", "between", "at the end"])
def test_a_note_of_no_length_anywhere_sounds_for_the_shortest(
    division: int, end: bytes, where: str
) -> None:
    note = b"\0\x90\x48\x50" + end
    unit = max(1, division // 2)
    tune = [(number * unit * 2, pitch, unit) for number, pitch in enumerate(PITCHES)]
    head, tail = tune[:4], moved(tune[4:], -tune[4][0])
    data, at = {
        "first": (track(tune, begin=note), 0),
        "between": (
            track(head, quantity(unit) + note[1:], end=b"") + track(tail),
            tune[3][0] + 2 * unit,
        ),
        "at the end": (track(tune, note), tune[-1][0] + unit),
    }[where]
    if where == "between":
        tune = head + moved(tail, tune[3][0] + 2 * unit)

    found = read_as(midi(data, division=division))

    assert found == sorted([*tune, (at, 0x48, max(1, division // 24))])


# --- headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [1, 2, 3, 20])
def test_all_tracks_are_read_whatever_the_header_counts(there: int) -> None:
    tracks = [track(moved(TUNE, 10 * number)) for number in range(there)]
    everything = sorted(note for number in range(there) for note in moved(TUNE, 10 * number))
    for count in (0, 1, 2, 3, 5, 19, 20, 21, 255, 256, 0x7FFF, 0xFFFF):
        score, said = read_repaired(midi(*tracks, count=count))
        assert heard(score) == everything
        assert said == (
            ()
            if count == there
            else (f"{there} tracks where the header counts {count}, all are read",)
        )


@pytest.mark.parametrize("patterns", [1, 2, 3, 17, 40, 255])
def test_patterns_of_format_2_are_played_one_after_the_other(patterns: int) -> None:
    bar = 8 * STEP
    rest = quantity(bar - TUNE[-1][0] - LONG) + b"\xff\x2f\0"
    data = midi(*[track(end=rest)] * patterns, form=2)

    assert read_as(data) == [note for at in range(patterns) for note in moved(TUNE, at * bar)]


FRAMES = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}


@pytest.mark.parametrize(("frames", "ticks"), [*product(FRAMES, (1, 4, 8, 10, 40, 80, 100, 255))])
def test_time_in_frames_is_seconds(frames: int, ticks: int) -> None:
    score, _ = read_repaired(midi(track(), division=(256 - frames) << 8 | ticks))

    micros = score.tempo_map.micros
    begun = [micros(tick) / 1e6 for tick, _, _ in heard(score)]
    right = [tick / (FRAMES[frames] * ticks) for tick, _, _ in TUNE]
    assert begun == pytest.approx(right, abs=2e-6)


def riff(data: bytes, *, size: int, pad: bool = True, before: bytes = b"") -> bytes:
    body = b"RMID" + before + b"data" + size.to_bytes(4, "little") + data
    body += b"\0" * (pad and len(data) % 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body + b"LIST\x04\0\0\0INFO"


@pytest.mark.parametrize("length", [0, 1])  # of the name: so that the file's is even, then odd
def test_a_file_in_a_file_is_unwrapped_whatever_the_sizes_say(length: int) -> None:
    data = midi(track(begin=b"\0\xff\3" + bytes((length,)) + b"x" * length))
    odd = b"DISP\5\0\0\0\1\0\0\0x\0"
    unpadded = odd[:-1]
    for size, pad, before in product(
        (len(data), len(data) - 1, len(data) + 1, 0, 0xFFFFFFFF),
        (True, False),
        (b"", odd, unpadded),
    ):
        assert read_as(riff(data, size=size, pad=pad, before=before)) == TUNE


@pytest.mark.parametrize(
    "before",
    [
        b"\xef\xbb\xbf",
        bytes(128),  # MacBinary, and a download's header
        b"{\\rtf1\\mac ",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: audio/midi\r\n\r\n",
    ],
)
def test_what_stands_before_the_header_is_passed_over(before: bytes) -> None:
    score, said = read_repaired(before + midi(track()))

    assert heard(score) == TUNE and said == ("other bytes before the header, passed over",)


# --- what nobody needs --------------------------------------------------------------------------------------------

KEYS = [
    bytes((0, 0xFF, 0x59, 2, sharps & 0xFF, minor))
    for sharps in (*range(-9, 10), 64, 127, -128)
    for minor in (0, 1, 2, 255)
]
USELESS = {
    "key signatures": KEYS,
    "key signatures of other lengths": [b"\0\xff\x59" + bytes((n,)) + bytes(n) for n in (0, 1, 3, 9)],
    "a port, a prefix, a sequence number": [
        b"\0\xff\x21\1\x7f", b"\0\xff\x20\1\x13", b"\0\xff\0\2\xff\xff", b"\0\xff\0\0",
    ],
    "an offset in frames": [b"\0\xff\x54\5\x7f\x7f\x7f\x7f\x7f", b"\0\xff\x54\0"],
    "words of a karaoke file": [
        b"\0\xff\1\x12@KMIDI KARAOKE FIL", b"\0\xff\1\5\\Hap-", b"\0\xff\5\3py\x0d", b"\0\xff\1\6@LJAPN",
    ],
    "names in other letters": [
        b"\0\xff\3" + bytes((len(name),)) + name
        for name in (
            "ベース".encode("cp932"), "Бас".encode("cp1251"), "Flügel".encode("latin-1"), "Straße".encode(),
            b"\xef\xbb\xbfMelody", "低音".encode("utf-16"), b"", b"\0\0\0", bytes(range(128, 248)),
        )
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", USELESS)
def test_what_is_not_needed_refuses_no_file_and_is_not_spoken_of(kind: str) -> None:
    for event in USELESS[kind]:
        for data in (
            midi(track(begin=event)),
            midi(event + END, track()),
            midi(track(after=event)),
        ):
            score, said = read_repaired(data)
            assert (heard(score), said) == (TUNE, ())


def metre(numerator: int, power: int) -> bytes:
    return bytes((0, 0xFF, 0x58, 4, numerator, power, 24, 8))


@pytest.mark.parametrize("power", range(8))
def test_any_bar_that_can_be_is_read(power: int) -> None:
    for numerator in (1, 2, 3, 4, 5, 7, 11, 12, 13, 33, 255):
        score, said = read_repaired(midi(track(begin=metre(numerator, power))))
        assert (heard(score), score.metres, said) == (TUNE, ((0, numerator, 2**power),), ())


@pytest.mark.parametrize(
    "event",
    [*[metre(0, p) for p in (0, 2, 7, 255)], *[metre(n, p) for n in (1, 4) for p in (8, 31, 255)]],
)
def test_a_bar_that_cannot_be_is_left_out_and_said(event: bytes) -> None:
    good = metre(3, 2)
    for begin, metres in ((event, ()), (good + event, ((0, 3, 4),))):
        score, said = read_repaired(midi(track(begin=begin)))
        assert (heard(score), score.metres) == (TUNE, metres)
        assert said == ("a time signature that no bar can have, left out",)


# --- running statuses and cuts ------------------------------------------------------------------------------------

BETWEEN = {
    "system exclusive": b"\0\xf0\5\x7e\x7f\x09\1\xf7",
    "system exclusive in pieces": b"\0\xf0\3\x43\x12\0\x10\xf7\4\x43\x12\0\xf7",
    "an escape": b"\0\xf7\2\xf3\1",
    "a text": b"\0\xff\1\3abc",
    "a tempo": b"\0\xff\x51\3\7\xa1\x20",
    "a key": b"\0\xff\x59\2\0\0",
    "a marker of no letters": b"\0\xff\6\0",
    "a meta event that there is not": b"\0\xff\x6e\2\x7f\x7f",
}


@pytest.mark.parametrize("kind", BETWEEN)
@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_status_runs_on_over_whatever_stands_between(kind: str, every: int) -> None:
    out, last, shift = b"\0\x90\x3c\x50", 0, 0
    rows = sorted([(t, p, 80) for t, p, _ in TUNE[1:]] + [(t + n, p, 0) for t, p, n in TUNE])
    for number, (tick, pitch, velocity) in enumerate(rows):
        if number % every == 0:
            out += BETWEEN[kind]
            shift += 0x10 * (kind == "system exclusive in pieces")
        out += quantity(tick - last) + bytes((pitch, velocity))
        last = tick

    found = read_as(midi(out + END))

    assert [pitch for _, pitch, _ in found] == [*PITCHES]
    if not shift:
        assert found == TUNE


def whole_before(data: bytes, cut: int) -> Iterator[tuple[int, int, int]]:
    """The notes of a cut file: those whose bytes are all there, and one that has begun, four quarters long."""
    at = data.index(b"MTrk") + 8
    rows = sorted([(t, 1, p) for t, p, _ in TUNE] + [(t + n, 0, p) for t, p, n in TUNE])
    last, begun = 0, dict[int, int]()
    for tick, is_on, pitch in rows:
        at += len(quantity(tick - last)) + 3
        if at > cut:
            break
        last = tick
        if is_on:
            begun[pitch] = tick
        else:
            onset = begun.pop(pitch)
            yield onset, pitch, tick - onset
    yield from ((tick, pitch, 4 * 480) for pitch, tick in begun.items())


def test_a_file_that_is_cut_anywhere_has_the_notes_before_the_cut() -> None:
    data = midi(track())
    first = data.index(b"MTrk") + 8 + 4  # behind the first note-on
    for cut in range(first, len(data)):
        score, said = read_repaired(data[:cut])
        assert heard(score) == [*whole_before(data, cut)]
        assert "cut short, read as far as it goes" in said


# --- long after ---------------------------------------------------------------------------------------------------

LONG_AFTER = {
    "a controller": b"\xb0\7\x64",
    "a pedal": b"\xb0\x40\x7f",
    "a bend": b"\xe0\0\x40",
    "a program": b"\xc0\5",
    "an end that ends nothing": b"\x80\x30\x40",
    "a text": b"\xff\1\3end",
    "a tempo": b"\xff\x51\3\7\xa1\x20",
    "a metre": b"\xff\x58\4\3\2\x18\x08",
    "system exclusive": b"\xf0\5\x7e\x7f\x09\1\xf7",
    "its own end": b"",
}


@pytest.mark.parametrize("kind", LONG_AFTER)
@pytest.mark.parametrize("again", [1, 9])
def test_what_strays_hours_later_lengthens_no_tune(kind: str, again: int) -> None:
    event = LONG_AFTER[kind]
    data = midi(track(after=(STRAY + event) * again)) if event else midi(track(end=STRAY + END[1:]))
    score, _ = read_repaired(data)

    assert heard(score) == TUNE
    assert (
        max(tick for one in score.tracks for tick, _ in one.messages)
        <= 60 * 960 + TUNE[-1][0] + LONG
    )


# --- names --------------------------------------------------------------------------------------------------------

TITLES = (
    "Little Drummer Boy", "All About That Bass", "Drums of Passion", "The Bass Player", "Guitar Man", "Piano Man",
    "Strings of My Heart", "Voices That Care", "Organ Donor", "Bridge over Troubled Water", "Violin Concerto in D",
    "Percussion Discussion", "Solo Flight Home", "Cello Suite No. 1 in G", "Chords of Fame", "Melody of Love",
)  # fmt: skip
OWN = {
    "Bass": "bass", "BASS": "bass", "Fretless Bass": "bass", "Bass 1": "bass", "FingeredBass": "bass", "Drums": "drums",
    "Drum Kit": "drums", "DRUMS 2": "drums", "Melody": "lead", "MELODY": "lead", "Lead Vocals": "lead",
    "Acoustic Guitar": "comp", "Piano": "comp", "Chords": "comp", "Strings": "comp",
}  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_no_instrument(title: str) -> None:
    assert part_named(title) is None


@pytest.mark.parametrize("form", [0, 2])
def test_where_a_song_has_a_name_no_track_is_called_so(form: int) -> None:
    for name in (*TITLES, *OWN):
        said = b"\0\xff\3" + bytes((len(name),)) + name.encode()
        score, _ = read_repaired(midi(track(begin=said), form=form))
        assert [one.name for one in score.tracks] == [""]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_track_that_says_its_own_name_is_what_it_says(mark: bytes) -> None:
    for name, part in OWN.items():
        said = b"\0\xff\3" + bytes((len(mark + name.encode()),)) + mark + name.encode()
        score, _ = read_repaired(midi(track(begin=said), track()))
        assert part_named(score.tracks[0].name) == part
