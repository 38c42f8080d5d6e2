"""What the checks of the MIDI way say, of systems that are given."""

import pytest

from livegen.config import Config
from livegen.doctor import midi
from livegen.doctor.findings import Check, Finding, Level
from livegen.doctor.hearing import Hearing
from livegen.doctor.patchbay import Wire
from livegen.doctor.patient import Patient
from livegen.doctor.system import MidiSystem, Refusal

IN, OUT = "livegen-in:Model In", "livegen-out:Model Out"
EMPTY = MidiSystem("jack", ("organ:out",), ("organ:in",), ())
RUNNING = MidiSystem(
    "jack",
    (OUT, "daw:out"),
    (IN, "daw:in"),
    (Wire("daw:out", IN), Wire(OUT, "daw:in")),
)
CLOCK_US = 20_833  # 120 bpm


def patient(
    system: MidiSystem | None = EMPTY,
    hearing: Hearing | None = None,
    served: dict[str, object] | None = None,
    refusals: tuple[Refusal, ...] = (),
    **settings: object,
) -> Patient:
    given = Patient(lambda: Config.model_validate(settings))
    given.midi = system, list(refusals)
    given.hearing, given.served = hearing, served
    return given


def heard(*messages: tuple[int, bytes], back_us: int | None = None, probed: bool = True) -> Hearing:
    return Hearing(messages, probed, 2_000_000, back_us)


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
            Level.BAD,
            "no MIDI system. alsa: no sequencer; jack: no server",
            "load it; or start it",
        )
    ]
    silent = (midi.ports, midi.wires, midi.loop, midi.clock, midi.notes, midi.period)
    assert [list(check(nobody)) for check in silent] == [[]] * len(silent)


def test_the_system_in_use_is_named_with_why_it_is_not_another() -> None:
    given = patient(refusals=(Refusal("alsa", "no sequencer", "load it"),))
    assert only(midi.system, given) == ("ok", "MIDI system: jack (alsa: no sequencer)")


def test_that_none_was_asked_for_is_no_fault() -> None:
    assert only(midi.system, patient(None))[0] == "ok"


def test_a_livegen_that_runs_is_seen_and_who_is_connected_to_it() -> None:
    given = patient(RUNNING)

    assert only(midi.ports, given) == ("ok", f'a livegen is running: "{IN}" and "{OUT}"')
    assert [finding.found for finding in midi.wires(given)] == [
        f'"{IN}" hears daw:out',
        f'"{OUT}" is heard by daw:in',
    ]


def test_ports_that_nobody_is_connected_to_are_told_with_what_to_do_in_the_daw() -> None:
    lonely = patient(MidiSystem("jack", (OUT,), (IN,), ()))

    assert [(finding.level, finding.remedy) for finding in midi.wires(lonely)] == [
        (Level.WARN, 'in the DAW, send your track to "Model In"'),
        (Level.WARN, 'in the DAW, let a track with an instrument listen to "Model Out"'),
    ]


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
        '2 ports are called "Keys": a DAW may take the one for the other'
    ]


def test_on_windows_ports_that_must_exist_are_asked_for() -> None:
    bare = MidiSystem("winmm", ("Keys",), ("Microsoft GS Wavetable Synth 0",))

    assert [(one.level.value, one.found) for one in midi.ports(patient(bare))] == [
        ("bad", 'there is no port "Model In"; there are: Keys'),
        ("bad", 'there is no port "Model Out"; there are: Microsoft GS Wavetable Synth 0'),
    ]


# --- a loop -------------------------------------------------------------------------------------------------


def test_a_wire_from_out_to_in_is_a_loop_and_the_command_to_undo_it_is_told() -> None:
    looped = MidiSystem("jack", (OUT,), (IN,), (Wire(OUT, IN),))

    [found] = midi.loop(patient(looped))

    assert found.level is Level.BAD
    assert found.remedy == f"disconnect them: jack_disconnect '{OUT}' '{IN}'"


def test_on_alsa_the_command_takes_addresses() -> None:
    looped = MidiSystem(
        "alsa", (f"{OUT} 129:0",), (f"{IN} 128:0",), (Wire(f"{OUT} 129:0", f"{IN} 128:0"),)
    )
    [found] = midi.loop(patient(looped))
    assert found.remedy == "disconnect them: aconnect -d 129:0 128:0"


def test_between_two_livegens_it_is_a_loop_as_well() -> None:
    crossed = MidiSystem("jack", (OUT, f"{OUT} (2)"), (IN, f"{IN} (2)"), (Wire(OUT, f"{IN} (2)"),))
    assert only(midi.loop, patient(crossed))[0] == "bad"


def test_a_word_that_comes_back_is_a_loop() -> None:
    assert only(midi.loop, patient(hearing=heard(back_us=12_000))) == (
        "bad",
        "MIDI loop: what was sent came back 12 ms later; livegen would answer itself",
    )
    assert only(midi.loop, patient(hearing=heard()))[0] == "ok"


def test_what_a_running_livegen_knows_of_loops_is_believed() -> None:
    line = 'MIDI loop: "Model Out" comes back on "Model In"'

    assert only(midi.loop, patient(RUNNING, served={"loop": line})) == ("bad", line)
    assert "finds none" in only(midi.loop, patient(RUNNING, served={"loop": ""}))[1]
    assert "shows when the model plays" in only(midi.loop, patient(RUNNING, served={}))[1]


# --- what is heard ------------------------------------------------------------------------------------------


def test_a_clock_that_started_is_told_with_tempo_and_jitter() -> None:
    given = patient(hearing=heard(*clocks(first=b"\xfa")))
    assert only(midi.clock, given) == ("ok", "MIDI clock: 120.0 bpm, 0.0 ms of jitter, started")


def test_a_clock_that_was_joined_late_asks_for_a_start() -> None:
    [found] = midi.clock(patient(hearing=heard(*clocks())))

    assert found.level is Level.WARN
    assert found.found.endswith("no start was heard")
    assert "press play once" in found.remedy


def test_a_clock_that_already_leads_the_running_livegen_needs_no_start() -> None:
    given = patient(RUNNING, heard(*clocks(), probed=False), {"leader": "clock"})
    assert only(midi.clock, given) == ("ok", "MIDI clock: 120.0 bpm, 0.0 ms of jitter, started")


def test_who_takes_no_time_from_the_clock_needs_no_start() -> None:
    assert only(midi.clock, patient(hearing=heard(*clocks()), jam={"sync": "free"}))[0] == "ok"


def test_a_stopped_clock_is_told_as_stopped() -> None:
    given = patient(hearing=heard(*clocks(first=b"\xfc")))
    assert only(midi.clock, given)[1].endswith(", stopped")


def test_an_uneven_clock_is_pointed_out() -> None:
    uneven = [(at + (number % 2) * 12_000, data) for number, (at, data) in enumerate(clocks())]

    [found] = midi.clock(patient(hearing=heard(*uneven)))

    assert found.level is Level.WARN
    assert "smaller buffer" in found.remedy


@pytest.mark.parametrize(("sync", "level"), [("auto", "ok"), ("clock", "warn"), ("free", "ok")])
def test_no_clock_is_a_fault_only_for_who_waits_for_one(sync: str, level: str) -> None:
    assert only(midi.clock, patient(hearing=heard(), jam={"sync": sync}))[0] == level


def test_where_nobody_can_be_listened_to_that_is_said() -> None:
    lonely = MidiSystem("jack", (OUT,), (IN,), ())
    blind = MidiSystem("coremidi", ("Model Out",), ("Model In",))

    assert 'nobody is connected to "Model In"' in only(midi.clock, patient(lonely))[1]
    assert "its input is its own" in only(midi.clock, patient(blind))[1]


def test_channels_are_told_with_what_they_are_heard_as() -> None:
    notes = [(0, b"\x90\x3c\x40"), (1, b"\x90\x3c\x00"), (2, b"\x99\x24\x40"), (3, b"\x91\x3c\x40")]
    given = patient(hearing=heard(*notes), channels={2: "off"})

    assert [(one.level.value, one.found) for one in midi.notes(given)] == [
        ("ok", "channel 1: 1 note, heard as keys"),
        ("warn", "channel 2: 1 note, heard as off: not heard at all"),
        ("warn", "channel 10: 1 note, heard as drums"),
    ]
