"""Checks of the way from the DAW to livegen and back: system, ports, wires, loops, clock, JACK's period.

What two seconds of silence mean depends on whether anybody was connected; each line says what it stands on, and where
it stands on nothing there is none.
"""

import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from livegen.daemon.midi import libjack
from livegen.doctor.findings import Finding, bad, warn, well
from livegen.doctor.patient import Patient
from livegen.doctor.port_traffic import ECHO_US, LISTEN_US, Overheard, Unheard
from livegen.doctor.system import MidiSystem, answer, wiring
from livegen.music.messages import NoteOff, NoteOn, begins_note, channel_of, decode
from livegen.music.parts import DRUM_CHANNEL
from livegen.music.sync.clock_follower import ClockFollower
from livegen.music.sync.pulse import LOCKED, line
from livegen.music.sync.transport import CLOCK, CONTINUE, START, STOP
from livegen.music.time.metre import TICKS_PER_BEAT
from livegen.music.time.timeline import MINUTE_US

JITTERY_US = 5_000  # more than a period of 256 frames makes of an even clock
LONG_PERIOD_US = 12_000
STRINGS = 3  # channels in a row, of an instrument that plays on each of them one note at a time
_UNLOOP = (
    'in the DAW, let no track with the input "Model Out", or with all inputs, send to "Model In"'
)


def system(patient: Patient) -> Iterator[Finding]:
    """The MIDI system that livegen takes, and why not one that it tries before."""
    found, refusals = patient.midi
    if found is None and not refusals:
        yield well("MIDI system: none, as you chose (--api none, or ports.api)")
    elif found is None:
        told = [refusal for refusal in refusals if refusal.is_there] or refusals
        yield bad(
            "no MIDI system. " + "; ".join(f"{one.api}: {one.why}" for one in told),
            "; or ".join(one.remedy for one in told),
        )
    else:
        before = "; ".join(f"{refusal.api}: {refusal.why}" for refusal in refusals)
        bridge = ""
        if found.api == "alsa" and libjack.pipewire_runs():
            bridge = ", which PipeWire bridges"
        elif found.api == "jack" and libjack.is_pipewires():
            bridge = ", as PipeWire serves it"
        yield well(f"MIDI system: {found.api}{bridge}" + (f" (not {before})" if before else ""))


def ports(patient: Patient) -> Iterator[Finding]:
    """Check that a livegen runs, or that its ports can be made, and that no two have one name."""
    found, _ = patient.midi
    if found is None:
        return
    wanted = patient.config.ports
    if found.api == "winmm":
        yield from _loopbacks(found, wanted.input, wanted.output)
    elif len(patient.running) > 1:
        names = " and ".join(f'"{_short(sink or source)}"' for sink, source in patient.running)
        yield warn(
            f"{len(patient.running)} livegens run, with the ports {names}",
            "if that is not intended, end all but one: the DAW may be connected to the wrong one",
        )
    elif patient.running:
        names = " and ".join(f'"{one}"' for one in patient.running[0] if one)
        yield well(f"a livegen is running: {names}")
    else:
        yield well(f'no livegen is running; "{wanted.input}" and "{wanted.output}" are free')
    for name, count in [*Counter(found.sources).items(), *Counter(found.sinks).items()]:
        if count > 1:
            yield warn(
                f'{count} ports are called "{name}": a DAW may confuse them',
                "unplug one, connect, plug it in again; or give one another name",
            )


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


def wires(patient: Patient) -> Iterator[Finding]:
    """Name the ports that send to "Model In", and those that hear "Model Out"."""
    found, _ = patient.midi
    if found is None:
        return
    if not patient.running:
        if isinstance(patient.hearing, Unheard):
            yield warn(
                f"livegen's ports could not be tried: {patient.hearing.why}",
                "run the doctor again; if it stays so, start the MIDI system again",
            )
        elif _is_silent(patient):
            yield well(
                f"nothing connected to the ports in the {LISTEN_US // 1_000_000} s that they were open: for "
                "loop, clock and channels, run the doctor while `livegen serve` runs and the DAW is connected"
            )
    elif found.wires is None:
        yield well(f"connections cannot be seen: {found.unseen}")
    else:
        for pair in patient.running:
            yield from _ends(found, *pair)


def _ends(found: MidiSystem, sink: str, source: str) -> Iterator[Finding]:
    if sink:
        remedy = f'send your track to "{_short(sink)}"'
        yield _end(f'"{sink}" gets notes from', found.sent_to(sink), source, remedy)
    if source:
        remedy = f'give a track with an instrument the input "{_short(source)}"'
        yield _end(f'"{source}" sends notes to', found.heard_from(source), sink, remedy)


def _end(said: str, others: list[str], own: str, remedy: str) -> Finding:
    strangers = ", ".join(one for one in others if one != own)
    if strangers:
        return well(f"{said} {strangers}")
    return warn(f"{said} {'livegen itself only' if others else 'nothing'}", f"in the DAW, {remedy}")


def _short(display: str) -> str:
    """A port's own name, as DAWs show it."""
    return display.partition(":")[2] or display


def _is_silent(patient: Patient) -> bool:
    """True if silence says nothing, for no livegen runs and nobody came to the doctor's ports."""
    match patient.hearing:
        case Overheard(messages=(), back_us=None, senders=(), hearers=()) | Unheard():
            return not patient.running
        case _:
            return False


# --- a loop ---------------------------------------------------------------------------------------------------


def loop(patient: Patient) -> Iterator[Finding]:
    """Check that the model does not hear itself."""
    found, _ = patient.midi
    if found is None:
        return
    sinks = dict(patient.running)
    direct = [
        (source, sink)
        for source in sinks.values()
        for sink in found.heard_from(source)
        if sink in sinks
    ]
    for source, sink in direct:
        yield bad(
            f'MIDI loop: "{source}" is connected to "{sink}"; livegen hears itself',
            f"disconnect them: {shlex.join(wiring(found.api, source, sink, is_off=True))}",
        )
    if not direct and not _is_silent(patient):
        yield _probed(patient, found)


def _probed(patient: Patient, found: MidiSystem) -> Finding:
    is_open = (
        found.wires is not None and patient.running and not all(found.company(patient.running))
    )
    match patient.hearing:
        case Overheard(back_us=int(micros)):
            return bad(
                f"MIDI loop: what was sent came back {micros / 1000:.0f} ms later; livegen hears itself",
                _UNLOOP,
            )
        case _ if is_open:
            return well("no MIDI loop: no connection leads back")
        case Unheard(why):
            return well(f"MIDI loops were not looked for: {why}; livegen says so when it hears one")
        case _:
            return well(f"no MIDI loop: nothing that was sent came back within {ECHO_US / 1e6} s")


# --- what is heard --------------------------------------------------------------------------------------------


def clock(patient: Patient) -> Iterator[Finding]:
    """Tell of the MIDI clock: its tempo, how even it is, started or not."""
    hearing, sync = patient.hearing, str(patient.config.controls["sync"])
    leads = (patient.served or {}).get("leader") == "clock"
    if hearing is None or (_is_silent(patient) and sync != "clock"):
        return
    if isinstance(hearing, Unheard):
        said = "leads the running livegen, but" if leads else "was not looked for:"
        yield well(f"MIDI clock {said} {hearing.why}")
        return
    follower = ClockFollower()
    for at, data in hearing.messages:
        follower.feed(data, at)
    if not _keeps_time(follower):
        yield _no_tempo(hearing, sync)
        return
    told = {data[0] for _, data in hearing.messages} & {START, CONTINUE, STOP}
    yield _clock(follower, leads or follower.has_phase, bool(told) or leads, sync)


def _clock(follower: ClockFollower, is_led: bool, is_told: bool, sync: str) -> Finding:
    found = f"MIDI clock: {follower.bpm:.1f} bpm, {follower.jitter_us / 1000:.1f} ms of jitter"
    if follower.doubled_us is not None:
        found += f", every message twice, {follower.doubled_us / 1000:.1f} ms apart"
        remedy = (
            "one device is connected over two ports: take one away; until then copies are left out"
        )
        return warn(found, remedy)
    found += ", started" if is_led else ", stopped" if is_told else ", no start was heard"
    if follower.jitter_us > JITTERY_US:
        return warn(
            found, "livegen smooths it; a smaller buffer in the DAW or in JACK makes it more even"
        )
    if not is_led and not is_told and sync in ("auto", "clock"):
        return warn(
            found, "stop the DAW and press play once: from then on livegen knows where the bar is"
        )
    return well(found)


def _keeps_time(follower: ClockFollower) -> bool:
    """True if there is a tempo, and clocks lie nearer to their places than to one another."""
    if follower.bpm is None or not follower.is_locked:
        return False
    return follower.jitter_us < MINUTE_US / TICKS_PER_BEAT / follower.bpm


def _no_tempo(hearing: Overheard, sync: str) -> Finding:
    """Tell of clocks that make no tempo, or of none: a busy MIDI server hands them over many at once."""
    arrivals = [at for at, data in hearing.messages if data[0] == CLOCK]
    if not arrivals:
        return _no_clock(hearing, sync)
    count, seconds = len(arrivals), f"{hearing.listened_us / 1e6:.0f} s"
    if count < LOCKED:
        return warn(
            f"MIDI clock: {count} of its messages within {seconds}, too few for a tempo",
            "let the DAW play, and run the doctor again",
        )
    bpm = MINUTE_US / TICKS_PER_BEAT / line(arrivals).period
    apart_us = max(after - before for before, after in pairwise(arrivals))
    return warn(
        f"MIDI clock: {bpm:.0f} bpm by the {count} messages within {seconds}, but they are up to "
        f"{apart_us / 1000:.0f} ms apart: too uneven to play to",
        "the machine is too busy, or the sender's or JACK's buffer too long: end other programs, let JACK have "
        "real-time priority, and run the doctor again",
    )


def _no_clock(hearing: Overheard, sync: str) -> Finding:
    found = f"no MIDI clock came within {hearing.listened_us / 1e6:.0f} s"
    remedy = 'in the DAW, switch Sync (clock) on for its output "Model In", and press play'
    if sync == "clock":
        return warn(f"{found}, and jam.sync waits for it", remedy)
    return well(f"{found}; you need none, but if you want the DAW's: {remedy}")


def notes(patient: Patient) -> Iterator[Finding]:
    """On which channels notes came, and as what they are heard."""
    hearing = patient.hearing
    if not isinstance(hearing, Overheard) or _is_silent(patient):
        return
    counts = Counter(channel_of(data) + 1 for _, data in hearing.messages if begins_note(data))
    rules = patient.config.channels
    is_split = _plays_one_note_a_channel(hearing)
    for channel, count in sorted(counts.items()):
        found = f"channel {channel}: {count} note{'s' * (count > 1)}, heard as {rules[channel]}"
        as_keys = f"--set channels.{channel}=keys"
        if rules[channel] == "off":
            yield warn(f"{found}: livegen ignores this channel", f"{as_keys} makes livegen hear it")
        elif rules[channel] == "drums" and is_split:
            yield warn(
                f"{found}, and every channel plays one note at a time",
                "if that is an MPE keyboard or a guitar with a channel a string: --set channels=mpe",
            )
        elif rules[channel] == "drums":
            yield warn(
                found, f"if that is a keyboard, let it send on another channel, or {as_keys}"
            )
        else:
            yield well(found)
    if not counts:
        yield well("no notes came; play while the doctor listens, and it names your channels")


def _plays_one_note_a_channel(hearing: Overheard) -> bool:
    """True if at least three channels in a row play, among them that of the drums, and none two notes at once."""
    down: dict[int, set[int]] = {}
    for _, data in hearing.messages:
        message = decode(data)
        if isinstance(message, NoteOn):
            sounding = down.setdefault(message.channel, set())
            if sounding - {message.pitch}:
                return False
            sounding.add(message.pitch)
        elif isinstance(message, NoteOff):
            down.get(message.channel, set()).discard(message.pitch)
    channels = sorted(down)
    in_a_row = len(channels) >= STRINGS and channels[-1] - channels[0] == len(channels) - 1
    return in_a_row and DRUM_CHANNEL in channels


def period(patient: Patient) -> Iterator[Finding]:
    """JACK's period: MIDI moves once in it."""
    found, _ = patient.midi
    if found is None or found.api != "jack":
        return
    told = [answer("jack_bufsize"), answer("jack_samplerate")]
    try:
        frames, rate = (int((one or "").split()[0]) for one in told)
    except (IndexError, ValueError):
        yield well("JACK's period and sample rate cannot be asked for: jack_bufsize is missing")
        return
    millis = frames / rate * 1e3
    # Measured from key to answer: 1.5 periods at p50, from 16 to 512 frames.
    said = (
        f"JACK: {frames} frames at {rate} Hz: MIDI moves every {millis:.1f} ms, which adds about "
        f"{1.5 * millis:.0f} ms from your key to the answer"
    )
    if millis * 1e3 > LONG_PERIOD_US:
        shorter = "jack_bufsize 256"
        if libjack.is_pipewires():
            shorter = "pw-metadata -n settings 0 clock.force-quantum 256"
        yield warn(
            said, f"a shorter period feels better: `{shorter}`, or in the DAW's audio settings"
        )
    else:
        yield well(said)
