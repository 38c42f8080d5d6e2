"""Checks of the way from the DAW to livegen and back: system, ports, wires, loops, clock, JACK's period.

What two seconds of silence mean depends on whether anybody was connected; each line says what it stands on.
"""

import shlex
from collections import Counter
from collections.abc import Iterator

from livegen.doctor.findings import Finding, bad, warn, well
from livegen.doctor.hearing import ECHO_US, Hearing
from livegen.doctor.patient import Patient
from livegen.doctor.system import MidiSystem, answer, pipewire_runs
from livegen.music.clock_follower import ClockFollower
from livegen.music.messages import NOTE_ON
from livegen.music.transport import CONTINUE, START, STOP

JITTERY_US = 5_000  # more than a period of 256 frames makes of an even clock
LONG_PERIOD_US = 12_000
_UNTAPPED = "its input is its own while it runs"


def system(patient: Patient) -> Iterator[Finding]:
    """Which MIDI system livegen takes, and why not one that it tries before."""
    found, refusals = patient.midi
    if found is None and not refusals:
        yield well("MIDI system: none, as your settings say (ports.api: none)")
        return
    before = "; ".join(f"{refusal.api}: {refusal.why}" for refusal in refusals)
    if found is None:
        yield bad(f"no MIDI system. {before}", "; or ".join(refusal.remedy for refusal in refusals))
        return
    bridge = ", which PipeWire bridges" if found.api == "alsa" and pipewire_runs() else ""
    yield well(f"MIDI system: {found.api}{bridge}" + (f" ({before})" if before else ""))


def ports(patient: Patient) -> Iterator[Finding]:
    """Whether a livegen runs, or the ports it will need are there, and whether any two have one name."""
    found, _ = patient.midi
    if found is None:
        return
    settings = patient.config.ports
    if found.api == "winmm":
        yield from _loopbacks(found, settings.input, settings.output)
    elif len(patient.running) > 1:
        names = " and ".join(f'"{_short(sink or source)}"' for sink, source in patient.running)
        yield warn(
            f"{len(patient.running)} livegens run, with the ports {names}",
            "if you did not mean it, end all but one: the DAW may be connected to another than you think",
        )
    elif patient.running:
        yield well(
            "a livegen is running: " + " and ".join(f'"{one}"' for one in patient.running[0] if one)
        )
    else:
        yield well(
            f'no livegen is running: the names "{settings.input}" and "{settings.output}" are free'
        )
    yield from _twins(found)


def _loopbacks(found: MidiSystem, in_name: str, out_name: str) -> Iterator[Finding]:
    """On Windows no program can make a port: they must be there."""
    for name, displayed in ((in_name, found.sources), (out_name, found.sinks)):
        there = [shown for shown in displayed if name.casefold() in shown.casefold()]
        if there:
            yield well(f'"{name}" is there: {there[0]}')
        else:
            yield bad(
                f'there is no port "{name}"; there are: {", ".join(displayed) or "none"}',
                "make it with loopMIDI, or give the loopback of Windows MIDI Services: "
                '--in "Loopback (A)" --port "Loopback (B)"',
            )


def _twins(found: MidiSystem) -> Iterator[Finding]:
    for displayed in (found.sources, found.sinks):
        for name, count in Counter(displayed).items():
            if count > 1:
                yield warn(
                    f'{count} ports are called "{name}": a DAW may take the one for the other',
                    "unplug one, connect, plug it in again; or give one another name",
                )


def wires(patient: Patient) -> Iterator[Finding]:
    """Who sends to "Model In", and who hears "Model Out"."""
    found, _ = patient.midi
    if found is None or not patient.running:
        return
    if found.wires is None:
        yield well(f"connections cannot be seen: {found.unseen}")
        return
    for sink, source in patient.running:
        own = {source for _, source in patient.running}
        senders = [one for one in found.sent_to(sink) if one not in own]
        hearers = [one for one in found.heard_from(source) if one not in dict(patient.running)]
        yield _wired(f'"{sink}" hears', senders, f'in the DAW, send your track to "{_short(sink)}"')
        yield _wired(
            f'"{source}" is heard by',
            hearers,
            f'in the DAW, let a track with an instrument listen to "{_short(source)}"',
        )


def _wired(said: str, others: list[str], remedy: str) -> Finding:
    return well(f"{said} {', '.join(others)}") if others else warn(f"{said} nobody", remedy)


def _short(display: str) -> str:
    """A port's own name, as DAWs show it."""
    return display.partition(":")[2] or display


# --- a loop ---------------------------------------------------------------------------------------------------


def loop(patient: Patient) -> Iterator[Finding]:
    """Whether what the model plays comes back to it."""
    found, _ = patient.midi
    if found is None:
        return
    direct = [
        (source, sink)
        for _, source in patient.running
        for sink in found.heard_from(source)
        if sink in dict(patient.running)
    ]
    for source, sink in direct:
        yield bad(
            f'MIDI loop: "{source}" is connected to "{sink}"; livegen would answer itself',
            f"disconnect them: {_disconnect(found.api, source, sink)}",
        )
    if not direct:
        yield _running_loop(patient, found) if patient.running else _probed_loop(patient)


def _disconnect(api: str, source: str, sink: str) -> str:
    if api == "alsa":
        return f"aconnect -d {source.rpartition(' ')[2]} {sink.rpartition(' ')[2]}"
    return f"jack_disconnect {shlex.quote(source)} {shlex.quote(sink)}"


def _running_loop(patient: Patient, found: MidiSystem) -> Finding:
    seen = "no wire leads back" if found.wires is not None else "wires cannot be seen"
    state = patient.served or {}
    if state.get("loop"):
        return bad(str(state["loop"]), _UNLOOP)
    if "loop" in state:
        return well(f"no MIDI loop: {seen}, and the livegen that runs finds none")
    return well(
        f"no MIDI loop: {seen}; one through the DAW shows when the model plays, and livegen then says so"
    )


_UNLOOP = (
    'in the DAW, take the track that hears "Model Out" off "Model In"; no track that listens to '
    "all inputs may send there"
)


def _probed_loop(patient: Patient) -> Finding:
    hearing = patient.hearing
    if hearing is None or not hearing.probed:
        return well("no MIDI loop can be looked for")
    if hearing.back_us is None:
        return well(f"no MIDI loop: nothing came back within {ECHO_US / 1e6} s of what was sent")
    return bad(
        f"MIDI loop: what was sent came back {hearing.back_us / 1000:.0f} ms later; livegen would answer itself",
        _UNLOOP,
    )


# --- what is heard --------------------------------------------------------------------------------------------


def clock(patient: Patient) -> Iterator[Finding]:
    """Whether MIDI clock comes, its tempo and how evenly; started or not."""
    found, _ = patient.midi
    if found is None:
        return
    leads = (patient.served or {}).get("leader") == "clock"
    hearing, sync = patient.hearing, str(patient.config.controls["sync"])
    if hearing is None:
        said = "leads the livegen that runs" if leads else "could not be listened for"
        yield well(f"MIDI clock {said}: {_unheard(patient)}")
        return
    follower = ClockFollower()
    for at, data in hearing.messages:
        follower.feed(data, at)
    if follower.bpm is None or not follower.is_locked:
        yield _no_clock(hearing, sync, bool(patient.running))
        return
    told = {data[0] for _, data in hearing.messages} & {START, CONTINUE, STOP}
    yield from _clock(follower, leads or follower.has_phase, bool(told) or leads, sync)


def _clock(follower: ClockFollower, is_led: bool, is_told: bool, sync: str) -> Iterator[Finding]:
    found = f"MIDI clock: {follower.bpm:.1f} bpm, {follower.jitter_us / 1000:.1f} ms of jitter"
    found += ", started" if is_led else ", stopped" if is_told else ", no start was heard"
    if follower.jitter_us > JITTERY_US:
        yield warn(
            found, "livegen steadies it; a smaller buffer in the DAW or in JACK makes it even"
        )
    elif not is_led and not is_told and sync in ("auto", "clock"):
        yield warn(
            found, "stop the DAW and press play once: from then on livegen knows where the bar is"
        )
    else:
        yield well(found)


def _no_clock(hearing: Hearing, sync: str, is_running: bool) -> Finding:
    found = f"no MIDI clock came within {hearing.listened_us / 1e6:.0f} s"
    remedy = 'in the DAW, switch clock (Sync) on for its output "Model In", and press play'
    if not is_running:
        found += " (the ports were there for so long only)"
        remedy += "; ask again while `livegen serve` runs"
    if sync == "clock":
        return warn(f"{found}, and jam.sync waits for it", remedy)
    return well(
        f"{found}; without one livegen takes its time from what you play, from Link or from you"
    )


def _unheard(patient: Patient) -> str:
    found, _ = patient.midi
    is_blind = found is not None and found.wires is None
    return _UNTAPPED if is_blind else 'nobody is connected to "Model In"'


def notes(patient: Patient) -> Iterator[Finding]:
    """On which channels notes came, and as what they are heard."""
    hearing = patient.hearing
    if hearing is None:
        return
    counts = Counter(
        (data[0] & 0x0F) + 1
        for _, data in hearing.messages
        if data[0] & 0xF0 == NOTE_ON and data[-1]
    )
    rules = patient.config.channels
    for channel, count in sorted(counts.items()):
        found = f"channel {channel}: {count} note{'s' * (count > 1)}, heard as {rules[channel]}"
        if rules[channel] == "off":
            yield warn(
                f"{found}: not heard at all", f"--set channels.{channel}=keys lets them be heard"
            )
        elif rules[channel] == "drums":
            yield warn(
                found,
                f"if that is a keyboard, let it send on another channel, or --set channels.{channel}=keys",
            )
        else:
            yield well(found)
    if not counts:
        yield well("no notes came meanwhile; play while the doctor listens to see your channels")


def period(patient: Patient) -> Iterator[Finding]:
    """JACK's period: MIDI moves once in it."""
    found, _ = patient.midi
    if found is None or found.api != "jack":
        return
    frames, rate = answer("jack_bufsize"), answer("jack_samplerate")
    if not frames or not rate:
        yield well("JACK's period cannot be asked for: jack_bufsize is not installed")
        return
    frames_, rate_ = int(frames.split()[0]), int(rate.split()[0])
    micros = frames_ / rate_ * 1e6
    # Measured from key to answer: 1.5 periods at p50, from 16 to 512 frames.
    said = f"JACK: {frames_} frames at {rate_} Hz, so MIDI moves every {micros / 1000:.1f} ms"
    said += f", and an answer about {1.5 * micros / 1000:.0f} ms later than it could"
    if micros > LONG_PERIOD_US:
        yield warn(
            said,
            "a shorter period feels better: `jack_bufsize 256`, or in the DAW's audio settings",
        )
    else:
        yield well(said)
