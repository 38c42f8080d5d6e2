"""What the checks of the MIDI way say, of systems that are given."""

import re

import pytest

from livegen.config import Config
from livegen.doctor import midi
from livegen.doctor.findings import Check, Finding, Severity
from livegen.doctor.patchbay import Connection
from livegen.doctor.patient import Patient
from livegen.doctor.port_traffic import Overheard, Unheard
from livegen.doctor.system import MidiSystem, Refusal

IN, OUT = "livegen-in:Model In", "livegen-out:Model Out"
EMPTY = MidiSystem("jack", ("organ:out",), ("organ:in",), ())
RUNNING = MidiSystem(
    "jack",
    (OUT, "daw:out"),
    (IN, "daw:in"),
    (Connection("daw:out", IN), Connection(OUT, "daw:in")),
)
CLOCK_US = 20_833  # 120 bpm


def patient(
    system: MidiSystem | None = EMPTY,
    hearing: Overheard | Unheard | None = None,
    served: dict[str, object] | None = None,
    refusals: tuple[Refusal, ...] = (),
    **settings: object,
) -> Patient:
    given = Patient(lambda: Config.model_validate(settings))
    given.midi = system, list(refusals)
    given.hearing, given.served = hearing, served
    return given


def heard(
    *messages: tuple[int, bytes],
    back_us: int | None = None,
    senders: tuple[str, ...] | None = None,
    hearers: tuple[str, ...] | None = None,
) -> Overheard:
    return Overheard(messages, 2_000_000, back_us, senders, hearers)


NOBODY = heard(senders=(), hearers=())


def clocks(count: int = 49, first: bytes = b"") -> list[tuple[int, bytes]]:
    ticks = [(1_000_000 + number * CLOCK_US, b"\xf8") for number in range(count)]
    return [(999_000, first), *ticks] if first else ticks


def only(check: Check[Patient], given: Patient) -> tuple[str, str]:
    [finding] = check(given)
    return finding.level.value, finding.found


def test_without_a_midi_system_one_line_says_why_for_each_and_the_rest_is_silent() -> None:
    refusals = (
        Refusal("alsa", "no sequencer", "load it"),
        Refusal("jack", "no server", "start it"),
    )
    nobody = patient(None, refusals=refusals)

    assert list(midi.system(nobody)) == [
        Finding(
            Severity.BAD,
            "no MIDI system. alsa: no sequencer; jack: no server",
            "load it; or start it",
        )
    ]
    silent = (midi.ports, midi.wires, midi.loop, midi.clock, midi.notes, midi.period)
    assert [list(check(nobody)) for check in silent] == [[]] * len(silent)


def test_a_server_that_hangs_is_the_one_that_is_told_of() -> None:
    refusals = (
        Refusal("alsa", "no sequencer", "load it"),
        Refusal("jack", "hangs", "end it", True),
    )

    [found] = midi.system(patient(None, refusals=refusals))

    assert (found.found, found.remedy) == ("no MIDI system. jack: hangs", "end it")


def test_the_system_in_use_is_named_with_why_it_is_not_another() -> None:
    given = patient(refusals=(Refusal("alsa", "no sequencer", "load it"),))
    assert only(midi.system, given) == ("ok", "MIDI system: jack (not alsa: no sequencer)")


def test_that_none_was_asked_for_is_no_fault() -> None:
    assert only(midi.system, patient(None))[0] == "ok"


def test_a_livegen_that_runs_is_seen_and_who_is_connected_to_it() -> None:
    given = patient(RUNNING)

    assert only(midi.ports, given) == ("ok", f'a livegen is running: "{IN}" and "{OUT}"')
    assert [finding.found for finding in midi.wires(given)] == [
        f'"{IN}" gets notes from daw:out',
        f'"{OUT}" sends notes to daw:in',
    ]


def test_ports_that_nobody_is_connected_to_are_told_with_what_to_do_in_the_daw() -> None:
    lonely = patient(MidiSystem("jack", (OUT,), (IN,), ()))

    assert [(finding.level, finding.remedy) for finding in midi.wires(lonely)] == [
        (Severity.WARN, 'in the DAW, send your track to "Model In"'),
        (Severity.WARN, 'in the DAW, give a track with an instrument the input "Model Out"'),
    ]


def test_who_hears_only_itself_is_told_so() -> None:
    looped = patient(MidiSystem("jack", (OUT,), (IN,), (Connection(OUT, IN),)))

    assert [finding.found for finding in midi.wires(looped)] == [
        f'"{IN}" gets notes from livegen itself only',
        f'"{OUT}" sends notes to livegen itself only',
    ]


def test_of_a_livegen_that_has_lost_a_port_the_other_is_told() -> None:
    half = patient(MidiSystem("jack", (OUT,), (), ()))
    assert only(midi.wires, half) == ("warn", f'"{OUT}" sends notes to nothing')


def test_where_no_livegen_runs_and_nobody_came_that_is_all_that_is_said() -> None:
    alone = patient(hearing=NOBODY)

    assert only(midi.wires, alone)[1].startswith("nothing connected to the ports in the 2 s")
    assert [list(check(alone)) for check in (midi.loop, midi.clock, midi.notes)] == [[], [], []]


def test_ports_that_could_not_be_tried_are_told_once() -> None:
    mute = patient(hearing=Unheard("jack: no ports could be opened"))

    assert only(midi.wires, mute) == (
        "warn",
        "livegen's ports could not be tried: jack: no ports could be opened",
    )
    assert [list(check(mute)) for check in (midi.loop, midi.clock, midi.notes)] == [[], [], []]


def test_wires_that_cannot_be_seen_are_not_guessed_at() -> None:
    unseen = patient(MidiSystem("jack", (OUT,), (IN,), None, "jack_lsp is not installed"))
    assert only(midi.wires, unseen) == (
        "ok",
        "connections cannot be seen: jack_lsp is not installed",
    )


def test_a_second_livegen_is_pointed_out() -> None:
    second = MidiSystem("jack", (OUT, f"{OUT} (2)"), (IN, f"{IN} (2)"), ())

    level, found = only(midi.ports, patient(second))

    assert level == "warn"
    assert found == '2 livegens run, with the ports "Model In" and "Model In (2)"'


def test_two_devices_of_one_name_are_pointed_out() -> None:
    twins = MidiSystem("winmm", ("Model In", "Keys", "Keys"), ("Model Out",))

    assert [finding.found for finding in midi.ports(patient(twins))][2:] == [
        '2 ports are called "Keys": a DAW may confuse them'
    ]


def test_on_windows_ports_that_must_exist_are_asked_for() -> None:
    bare = MidiSystem("winmm", ("Keys",), ("Microsoft GS Wavetable Synth 0",))

    assert [(one.level.value, one.found) for one in midi.ports(patient(bare))] == [
        ("bad", 'there is no port "Model In"; there are: Keys'),
        ("bad", 'there is no port "Model Out"; there are: Microsoft GS Wavetable Synth 0'),
    ]


# --- a loop -------------------------------------------------------------------------------------------------


def test_a_wire_from_out_to_in_is_a_loop_and_the_command_to_undo_it_is_told() -> None:
    looped = MidiSystem("jack", (OUT,), (IN,), (Connection(OUT, IN),))

    [found] = midi.loop(patient(looped))

    assert found.level is Severity.BAD
    assert found.remedy == f"disconnect them: jack_disconnect '{OUT}' '{IN}'"


def test_on_alsa_the_command_takes_addresses() -> None:
    looped = MidiSystem(
        "alsa", (f"{OUT} 129:0",), (f"{IN} 128:0",), (Connection(f"{OUT} 129:0", f"{IN} 128:0"),)
    )
    [found] = midi.loop(patient(looped))
    assert found.remedy == "disconnect them: aconnect -d 129:0 128:0"


def test_between_two_livegens_it_is_a_loop_as_well() -> None:
    crossed = MidiSystem(
        "jack", (OUT, f"{OUT} (2)"), (IN, f"{IN} (2)"), (Connection(OUT, f"{IN} (2)"),)
    )
    assert only(midi.loop, patient(crossed))[0] == "bad"


def test_a_word_that_comes_back_is_a_loop() -> None:
    assert only(midi.loop, patient(hearing=heard(back_us=12_000))) == (
        "bad",
        "MIDI loop: what was sent came back 12 ms later; livegen hears itself",
    )
    assert only(midi.loop, patient(hearing=heard()))[0] == "ok"


def test_a_wire_back_to_the_doctor_s_own_ports_is_a_loop_though_nobody_else_came() -> None:
    assert (
        only(midi.loop, patient(hearing=heard(back_us=3_000, senders=(), hearers=())))[0] == "bad"
    )


def test_where_nobody_sends_or_nobody_hears_there_is_no_loop() -> None:
    one_way = patient(
        MidiSystem("jack", (OUT,), (IN,), (Connection("daw:out", IN),)),
        heard(senders=("daw:out",), hearers=()),
    )
    assert only(midi.loop, one_way) == ("ok", "no MIDI loop: no connection leads back")


def test_a_loop_through_a_daw_that_is_wired_both_ways_is_not_denied_unheard() -> None:
    found = only(midi.loop, patient(RUNNING, Unheard("not today")))[1]
    assert found == "MIDI loops were not looked for: not today; livegen says so when it hears one"
    assert only(midi.loop, patient(RUNNING, heard()))[1].startswith(
        "no MIDI loop: nothing that was sent"
    )
    assert only(midi.loop, patient(RUNNING, heard(back_us=9_000)))[0] == "bad"


# --- what is heard ------------------------------------------------------------------------------------------


def test_a_clock_that_started_is_told_with_tempo_and_jitter() -> None:
    given = patient(hearing=heard(*clocks(first=b"\xfa")))
    assert only(midi.clock, given) == ("ok", "MIDI clock: 120.0 bpm, 0.0 ms of jitter, started")


def test_a_clock_that_was_joined_late_asks_for_a_start() -> None:
    [found] = midi.clock(patient(hearing=heard(*clocks())))

    assert found.level is Severity.WARN
    assert found.found.endswith("no start was heard")
    assert "press play once" in found.remedy


def test_a_clock_that_already_leads_the_running_livegen_needs_no_start() -> None:
    given = patient(RUNNING, heard(*clocks()), {"leader": "clock"})
    assert only(midi.clock, given) == ("ok", "MIDI clock: 120.0 bpm, 0.0 ms of jitter, started")


def test_who_takes_no_time_from_the_clock_needs_no_start() -> None:
    assert only(midi.clock, patient(hearing=heard(*clocks()), jam={"sync": "free"}))[0] == "ok"


def test_a_stopped_clock_is_told_as_stopped() -> None:
    given = patient(hearing=heard(*clocks(first=b"\xfc")))
    assert only(midi.clock, given)[1].endswith(", stopped")


def test_an_uneven_clock_is_pointed_out() -> None:
    uneven = [(at + (number % 3) * 9_000, data) for number, (at, data) in enumerate(clocks())]

    [found] = midi.clock(patient(hearing=heard(*uneven)))

    assert found.level is Severity.WARN
    assert "smaller buffer" in found.remedy


def in_bunches(every_us: int, count: int = 97) -> list[tuple[int, bytes]]:
    """Clocks at 120 bpm, handed over together by a server that stands still for so long again and again."""
    return [(-(-at // every_us) * every_us, data) for at, data in clocks(count)]


@pytest.mark.parametrize("every_us", [170_000, 290_000])
def test_a_clock_that_comes_in_bunches_is_told_with_its_tempo_and_is_not_denied(
    every_us: int,
) -> None:
    [found] = midi.clock(patient(hearing=heard(*in_bunches(every_us))))

    assert found.level is Severity.WARN
    told = re.fullmatch(
        r"MIDI clock: (\d+) bpm by the 97 messages within 2 s, but they are up to (\d+) ms apart: "
        "too uneven to play to",
        found.found,
    )
    assert told is not None, found.found
    assert 117 <= int(told[1]) <= 123 and int(told[2]) == every_us // 1000
    assert "too busy" in found.remedy


def test_a_few_clocks_are_told_as_too_few() -> None:
    found = only(midi.clock, patient(hearing=heard(*clocks(5))))
    assert found == ("warn", "MIDI clock: 5 of its messages within 2 s, too few for a tempo")


@pytest.mark.parametrize(("sync", "level"), [("auto", "ok"), ("clock", "warn"), ("free", "ok")])
def test_no_clock_is_a_fault_only_for_who_waits_for_one(sync: str, level: str) -> None:
    assert only(midi.clock, patient(hearing=heard(), jam={"sync": sync}))[0] == level


def test_who_waits_for_a_clock_is_told_even_when_nobody_came() -> None:
    assert only(midi.clock, patient(hearing=NOBODY, jam={"sync": "clock"}))[0] == "warn"


def test_where_nobody_can_be_listened_to_that_is_said() -> None:
    unheard = Unheard("nothing is connected to its input")

    assert only(midi.clock, patient(RUNNING, unheard))[1] == (
        "MIDI clock was not looked for: nothing is connected to its input"
    )
    assert only(midi.clock, patient(RUNNING, unheard, {"leader": "clock"}))[1].startswith(
        "MIDI clock leads the running livegen"
    )


def test_channels_are_told_with_what_they_are_heard_as() -> None:
    notes = [(0, b"\x90\x3c\x40"), (1, b"\x90\x3c\x00"), (2, b"\x99\x24\x40"), (3, b"\x91\x3c\x40")]
    given = patient(hearing=heard(*notes), channels={2: "off"})

    assert [(one.level.value, one.found) for one in midi.notes(given)] == [
        ("ok", "channel 1: 1 note, heard as keys"),
        ("warn", "channel 2: 1 note, heard as off: livegen ignores this channel"),
        ("warn", "channel 10: 1 note, heard as drums"),
    ]


def test_no_notes_is_no_fault() -> None:
    assert only(midi.notes, patient(RUNNING, heard()))[0] == "ok"


# --- JACK's period --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "level", "told"),
    [
        ("128\n", "ok", "128 frames at 48000 Hz: MIDI moves every 2.7 ms, which adds about 4 ms"),
        ("1024\n", "warn", "MIDI moves every 21.3 ms, which adds about 32 ms"),
        (None, "ok", "cannot be asked for"),
        ("so many\n", "ok", "cannot be asked for"),
    ],
)
def test_the_period_is_told_as_what_a_musician_waits(
    frames: str | None, level: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"jack_bufsize": frames, "jack_samplerate": "48000\n"}
    monkeypatch.setattr(midi, "answer", lambda tool: answers[tool])

    found = only(midi.period, patient())

    assert found[0] == level and told in found[1]


def test_only_jack_has_a_period() -> None:
    assert list(midi.period(patient(MidiSystem("alsa", (), (), ())))) == []


def test_a_clock_that_comes_twice_is_told_with_its_own_tempo_and_what_to_do() -> None:
    twice = [(at + lag, data) for at, data in clocks(first=b"\xfa") for lag in (0, 3_000)]
    [found] = midi.clock(patient(hearing=heard(*twice)))
    assert found.level.value == "warn"
    assert found.found == (
        "MIDI clock: 120.0 bpm, 0.0 ms of jitter, every message twice, 3.0 ms apart"
    )


def strings(*channels: int) -> list[tuple[int, bytes]]:
    """A note on each, released before the next; channels from 1."""
    return [
        (1_000_000 + 1_000 * at, data)
        for at, channel in enumerate(channels)
        for data in (bytes((0x8F + channel, 60, 80)), bytes((0x7F + channel, 60, 64)))
    ]


def test_a_guitar_with_a_channel_a_string_is_told_how_to_keep_the_string_of_channel_ten() -> None:
    found = list(midi.notes(patient(hearing=heard(*strings(5, 6, 7, 8, 9, 10)))))
    assert [finding.level for finding in found[:5]] == [Severity.OK] * 5
    assert found[5].found == (
        "channel 10: 1 note, heard as drums, and every channel plays one note at a time"
    )
    assert "--set channels=mpe" in found[5].remedy


@pytest.mark.parametrize("channels", [(1, 10), (8, 10, 12), (9, 10)])
def test_a_drum_track_beside_others_is_told_as_before(channels: tuple[int, ...]) -> None:
    found = list(midi.notes(patient(hearing=heard(*strings(*channels)))))
    assert not any("mpe" in finding.remedy for finding in found)


def test_channels_that_are_told_to_be_mpe_are_heard_so() -> None:
    found = list(midi.notes(patient(hearing=heard(*strings(9, 10)), channels="mpe")))
    assert [finding.found for finding in found] == [
        "channel 9: 1 note, heard as mpe",
        "channel 10: 1 note, heard as mpe",
    ]
