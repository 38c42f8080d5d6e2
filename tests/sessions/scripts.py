"""The sessions that are recorded: how livegen is started in each, and all that is done to it.  See `record`.

Together they go through all modes, every command, whoever can lead the time, and what can go wrong meanwhile.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.sessions.playing import (
    CONTINUE,
    START,
    STOP,
    Timed,
    ask,
    bass,
    chords,
    clock,
    do,
    drums,
    file,
    led,
    melody,
    note,
    send,
    song_position,
    turn,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
EXACT, OTHER = "exact.onnx", "other.onnx"  # the models, in the folder of the session
HELD = 57


@dataclass(frozen=True, slots=True)
class Script:
    """One session.

    play      makes what is played and asked for, by a generator of chance
    options   of `livegen serve`
    files     written before, below the folder that holds a person's settings
    tail      seconds between the last step and the end
    link      the tempi of another program's Link session, with the seconds at which it takes them
    ports     over JACK; else without ports, where the option --player plays
    """

    play: Callable[[Random], list[Timed]]
    options: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    tail: float = 4.0
    link: tuple[tuple[float, float], ...] = ()
    ports: bool = True


def jam(**controls: object) -> tuple[str, ...]:
    """Options that set controls."""
    return tuple(
        part for name, value in controls.items() for part in ("--set", f"jam.{name}={value}")
    )


SCRIPTS: dict[str, Script] = {}


def script(**how: Any) -> Callable[[Callable[[Random], list[Timed]]], Callable[..., Any]]:
    """Put a function that plays among the sessions, under its name with hyphens."""

    def add(play: Callable[[Random], list[Timed]]) -> Callable[[Random], list[Timed]]:
        SCRIPTS[play.__name__.replace("_", "-")] = Script(play, **how)
        return play

    return add


# --- modes --------------------------------------------------------------------------------------------------------


@script()
def respond(chance: Random) -> list[Timed]:
    """Three calls in free time, each by another tempo and key."""
    first = melody(chance, 0.3, 6, 126)
    return (
        first
        + melody(chance, 8, 8, 96, tonic=7, rubato=0.06)
        + melody(chance, 20, 4, 150, 55, 74, 5)
    )


@script(options=jam(length=2, start="bar", tempo=118), tail=6.0)
def respond_to_tunes(chance: Random) -> list[Timed]:
    """Tunes that people wrote, and a file whose tempo and metre change."""
    tune = file(ROOT / "docs" / "call.mid", 0.3)
    return (
        tune
        + file(EXAMPLES / "respond" / "best.mid", 11, "Player")
        + file(ROOT / "tests" / "data" / "two_tempos.mid", 21)
    )


@script(options=jam(mode="continue", energy=0.6))
def continued(chance: Random) -> list[Timed]:
    """It carries on until the player plays again; its density is turned meanwhile."""
    knob = ask(6, "density", 2.0) + ask(8, "energy/norm", 0.2) + ask(10, "density", 0.5)
    again = melody(chance, 12, 4, 140, tonic=2) + melody(chance, 20, 3, 100)
    return melody(chance, 0.3, 6, 120) + knob + again


@script(options=jam(mode="trade", sync="internal", tempo=132, metre="3/4", trade=2))
def trade(chance: Random) -> list[Timed]:
    """Two bars of three each, now and then played over the bar line; then one bar each."""
    calls = melody(chance, 0.3, 6, 132) + melody(chance, 5.7, 7, 132) + melody(chance, 11.2, 5, 132)
    return calls + ask(15, "trade", 1) + melody(chance, 16, 3, 132) + melody(chance, 19, 3, 132)


@script(options=jam(mode="accompany"), tail=6.0)
def accompany(chance: Random) -> list[Timed]:
    """A left hand of triads and a melody, twice; then the melody alone."""
    hands = [chords(chance, at) + melody(chance, at, 8) for at in (0.3, 4.1)]
    return sum(hands, melody(chance, 8, 8)) + ask(14, "follow", 1.0) + melody(chance, 14.2, 10, 126)


@script(options=jam(mode="harmonise", parts="lead comp"))
def harmonise(chance: Random) -> list[Timed]:
    """A melody, chords, and a melody by a scale that is named."""
    first = melody(chance, 0.3, 8, 100) + chords(chance, 6, beats=1) + melody(chance, 8, 8, 112)
    return first + ask(13, "scale", "D dorian") + melody(chance, 13.2, 8, 112, tonic=0)


@script(options=jam(mode="solo", tempo=110), tail=6.0)
def solo(chance: Random) -> list[Timed]:
    """It plays a solo over chords; the player comps below it, then plays a melody into it."""
    over = chords(chance, 0.3, bpm=110) + bass(chance, 0.3, bpm=110)
    comping = chords(chance, 9, (45, 50, 55, 48), bpm=110)
    return over + comping + melody(chance, 19, 4, 110) + chords(chance, 22, (48, 53), bpm=110)


@script(options=jam(mode="solo", register=12), tail=8.0)
def solo_over_a_tune(chance: Random) -> list[Timed]:
    """The two hands of a solo's call that people wrote."""
    return file(EXAMPLES / "solo" / "second-best.mid", 0.3, "Player")


@script(options=jam(mode="listen"))
def listen(chance: Random) -> list[Timed]:
    """It listens, and answers when the mode is changed or it is asked to."""
    played = melody(chance, 0.3, 8) + ask(5, "do/your_turn") + melody(chance, 6, 6, tonic=7)
    return (
        played
        + ask(11, "mode/respond")
        + melody(chance, 12, 6, tonic=7)
        + ask(20, "mode", "listen")
    )


@script(options=jam(length=4), tail=3.0)
def modes_in_mid_answer(chance: Random) -> list[Timed]:
    """All modes one after the other, each while the one before plays."""
    played = melody(chance, 0.3, 8, 126) + ask(6.5, "mode/continue") + melody(chance, 9, 4)
    played += ask(13, "mode/accompany") + chords(chance, 13.5) + melody(chance, 14, 6)
    played += ask(16, "mode/harmonise") + melody(chance, 17, 6) + ask(19, "mode/solo")
    played += chords(chance, 19.5, (48, 55)) + ask(24.1, "mode/trade") + melody(chance, 24.5, 4)
    return played + ask(28, "mode/listen") + melody(chance, 28.5, 3) + ask(30, "mode/respond")


# --- whoever leads the time ---------------------------------------------------------------------------------------


@script(tail=3.0)
def clock_leads(chance: Random) -> list[Timed]:
    """A DAW at 112 starts, stops in mid-answer, and goes on where it was."""
    first = led(10.5, 112) + melody(chance, 0.4, 6, 112) + send(10.5, *STOP)
    again = send(13, *CONTINUE) + clock(13.01, 25, lambda _: 112)
    return first + again + melody(chance, 13.3, 7, 112) + send(25, *STOP)


@script(options=jam(mode="trade", sync="clock", trade=1, metre="4/4"), tail=2.0)
def clock_trade(chance: Random) -> list[Timed]:
    """Bars are traded by a DAW's clock, whose tempo rises."""
    ticks = led(24, 120, tempo=lambda at: 110 + 1.5 * at)
    calls = [melody(chance, at, 4, 110 + 1.5 * at) for at in (0.4, 4.6, 8.7, 12.6, 16.4)]
    return sum(calls, ticks) + send(24, *STOP)


@script(options=jam(mode="accompany"), tail=3.0)
def clock_jumps(chance: Random) -> list[Timed]:
    """A loop in the DAW: it stops, is put elsewhere, starts again; then its tempo leaps from 90 to 140."""
    played = led(8, 90) + chords(chance, 0.4, bpm=90) + melody(chance, 0.4, 8, 90)
    played += send(8, *STOP) + song_position(8.05, 37) + send(8.2, *CONTINUE)
    played += clock(8.21, 15, lambda _: 90) + chords(chance, 8.4, (53, 55, 48), bpm=90)
    played += song_position(15, 0) + send(15, *START)
    return (
        played + clock(15.02, 25, lambda _: 140) + chords(chance, 15.5, bpm=140) + send(25, *STOP)
    )


@script(tail=3.0)
def clock_drops_out(chance: Random) -> list[Timed]:
    """A clock that jitters, loses bytes, doubles some, is away for two seconds, and comes back."""
    ticks = led(9, 124) + clock(11, 24, lambda _: 124)
    rough = [
        (max(0.0, at + chance.gauss(0, 0.002)), data)
        for at, data in ticks
        for _ in range(chance.choices((0, 1, 2), (2, 96, 2))[0] if data == b"\xf8" else 1)
    ]
    calls = [melody(chance, at, 4, 124) for at in (0.5, 6, 13, 18.5)]
    return sum(calls, rough) + send(24, *STOP)


@script(link=((0.0, 97.0), (12.0, 133.0)), options=jam(clock_out="on"), tail=4.0)
def link(chance: Random) -> list[Timed]:
    """Another program is in the Link session, changes its tempo; then the time is the player's again."""
    played = melody(chance, 5, 6, 97) + melody(chance, 14.5, 6, 133) + ask(22, "sync", "free")
    return played + melody(chance, 22.5, 4, 110)


@script(link=((0.0, 120.0), (9.0, 124.0)), options=jam(mode="trade", trade=1, sync="link"))
def link_trade(chance: Random) -> list[Timed]:
    """Bars are traded in a Link session."""
    calls = [melody(chance, at, 4, 120) for at in (4.4, 8.4, 12.4, 16.4)]
    return sum(calls, list[Timed]()) + ask(18, "metre", "3/4") + melody(chance, 20, 3, 124)


@script(options=jam(sync="internal", tempo=100, clock_out="on"))
def taps(chance: Random) -> list[Timed]:
    """The tempo is tapped, set and turned, in internal and in free time."""
    tapped = [step for beat in range(4) for step in ask(0.5 + beat * 0.45, "do/tap")]
    played = tapped + melody(chance, 2.4, 6, 133) + ask(9, "tempo", 90) + melody(chance, 9.2, 5, 90)
    played += ask(16, "sync", "free") + ask(16, "clock_out", "off")
    freely = [step for beat in range(5) for step in ask(16.5 + beat * 0.6, "do/tap")]
    played += freely + melody(chance, 19.5, 5, 100) + ask(22.2, "tempo/auto")
    return played + melody(chance, 26, 4, 140)


@script(options=(*jam(offset=-120, tempo=120, start="now"), "--set", "daemon.horizon_ms=60"))
def offset(chance: Random) -> list[Timed]:
    """Everything is played 120 ms early, then 90 ms late, swung."""
    played = melody(chance, 0.3, 6, 120) + ask(7.5, "offset", 90) + ask(7.5, "swing", 66)
    played += melody(chance, 8, 6, 120) + ask(13.4, "offset", -200) + ask(15, "mode", "accompany")
    return (
        played + chords(chance, 16, bpm=120) + ask(18.1, "offset", 0) + melody(chance, 18, 6, 120)
    )


# --- commands -----------------------------------------------------------------------------------------------------


@script(options=jam(length=4))
def interrupted(chance: Random) -> list[Timed]:
    """The player plays into the answers, at once, in their middle, with one key and with a chord."""
    played = melody(chance, 0.3, 6) + melody(chance, 5, 4) + note(9.5, 72, 0.2)
    played += melody(chance, 12, 4, 150) + chords(chance, 16.3, (48,)) + melody(chance, 19.5, 3)
    return played + note(24, 60, 0.1) + note(24.05, 64, 0.1)


@script(options=jam(length=2))
def again(chance: Random) -> list[Timed]:
    """Another answer: in its middle, after its end, twice quickly, and before it has begun."""
    played = melody(chance, 0.3, 6) + ask(5.5, "do/again") + ask(12, "do/again")
    played += ask(14.5, "do/again") + ask(14.6, "do/again") + melody(chance, 20, 5)
    return played + ask(22.9, "do/again")


@script(options=jam(length=2))
def undo(chance: Random) -> list[Timed]:
    """Turns are taken back: in mid-answer, after it, while a key is held, and more than there are."""
    played = melody(chance, 0.3, 6) + ask(5, "do/undo") + melody(chance, 6.5, 6, tonic=7)
    played += ask(14, "do/undo") + melody(chance, 15, 5, tonic=2) + ask(16, "do/undo")
    played += ask(19.5, "do/undo") + ask(19.6, "do/undo") + ask(20, "do/again")
    return played + melody(chance, 21, 4, tonic=2)


@script(options=jam(length=1, tempo=126))
def freeze(chance: Random) -> list[Timed]:
    """A response is frozen, played over and let go; then one that had ended, which a mode ends."""
    played = melody(chance, 0.3, 6) + ask(4.6, "do/freeze") + melody(chance, 8, 6)
    played += ask(11.5, "do/freeze") + melody(chance, 15, 4) + ask(21, "do/freeze")
    return played + melody(chance, 23, 3) + ask(25.5, "mode/continue") + ask(27, "do/stop")


@script(options=jam(length=2), tail=5.0)
def turns_by_hand(chance: Random) -> list[Timed]:
    """Your turn while a key is held, my turn in mid-answer, keep and capture, and a key that never comes up."""
    played = melody(chance, 0.3, 5) + note(2.8, 60, 3.0) + ask(3.5, "do/your_turn")
    played += ask(6, "do/my_turn") + melody(chance, 7, 4) + ask(9.1, "do/my_turn")
    played += melody(chance, 11, 4) + ask(14.2, "do/keep") + ask(16, "do/capture", 2)
    played += melody(chance, 18, 3) + send(19.6, 0x90, HELD, 70) + ask(25, "do/your_turn")
    return played


@script(options=jam(length=4, mode="accompany"), tail=3.0)
def panic(chance: Random) -> list[Timed]:
    """Panic, stop and a DAW's all-notes-off while both play, with keys held and the pedal down."""
    hands = [chords(chance, at) + melody(chance, at, 6) for at in (0.3, 6, 12, 18)]
    ends = ask(2.6, "do/panic") + send(8, 0xB0, 64, 127) + ask(8.5, "do/stop")
    ends += send(14, 0xB0, 123, 0) + send(14.01, 0xB0, 120, 0) + send(20, 0xB0, 64, 0)
    return sum(hands, ends) + ask(21, "do/panic") + ask(21.02, "do/panic") + melody(chance, 22.5, 4)


@script(
    options=(*jam(length=4), "--set", "setlist=[Quiet, Deep]"),
    files={
        "presets/Quiet.yaml": "energy: 0.2\ndensity: 0.6\n",
        "presets/Deep.yaml": "register: -12\nmode: continue\nscale: A minor\n",
    },
)
def presets(chance: Random) -> list[Timed]:
    """Presets on the bar line and between turns, by name and by program change; one is saved, a file is edited."""
    played = melody(chance, 0.3, 6) + ask(4.6, "do/preset", "Quiet") + send(8, 0xC0, 1)
    played += melody(chance, 10, 6) + ask(14, "density", 2.0) + ask(14.5, "do/save_preset", "Mine")
    played += ask(16, "do/preset", "Nobody") + ask(17, "do/preset", "Quiet")
    played += do(18, lambda stage: stage.write("config.yaml", "jam: {swing: 62, mode: respond}\n"))
    return played + melody(chance, 20, 5) + ask(23.6, "do/preset", "Mine")


@script(options=jam(length=1))
def learned(chance: Random) -> list[Timed]:
    """A knob, a pad, an encoder and a pedal are learned, used, and forgotten."""
    sweep = (30, 40, 52, 64, 80, 100, 120)
    played = ask(0.3, "do/learn", "energy") + turn(0.6, 20, *sweep) + melody(chance, 1.6, 4)
    played += (
        turn(2.5, 20, *reversed(sweep)) + ask(6, "do/learn", "again") + send(6.3, 0x99, 36, 100)
    )
    played += send(6.4, 0x89, 36, 0) + melody(chance, 7, 4) + send(10.5, 0x99, 36, 90)
    played += (
        ask(13, "do/learn", "density") + turn(13.3, 21, 1, 1, 1, 2, 1) + melody(chance, 14.4, 4)
    )
    played += turn(15.2, 21, 2, 3, 127, 126) + ask(18, "do/learn", "your_turn")
    played += turn(18.3, 64, 0, 127, 127, 0) + note(19.2, 64, 2.0) + turn(20, 64, 127, 0)
    played += ask(23, "do/unlearn", "energy") + turn(23.3, 20, *sweep) + ask(24, "do/learn", "")
    return played + melody(chance, 24.3, 4)


# --- what is heard and how it is answered -------------------------------------------------------------------------


@script(options=("--style", "ragtime_jazz", *jam(tempo=132, length=2)))
def styles_and_scales(chance: Random) -> list[Timed]:
    """Style, scale, register, parts and the other controls of taste, each changed while it plays."""
    played = (
        melody(chance, 0.3, 6, 132) + ask(4.2, "style", "folk_reel") + ask(5, "scale", "F# blues")
    )
    played += melody(chance, 8, 6, 132) + ask(12, "register", "C3-C5") + ask(12.2, "adherence", 0.3)
    played += (
        ask(13, "parts", "lead bass") + melody(chance, 15, 6, 132) + ask(18.5, "temperature", 1.6)
    )
    played += ask(19, "nucleus", 0.6) + ask(19.2, "theme", 1.0) + ask(19.4, "groove", 0.9)
    played += (
        ask(20, "style", "no_such_style") + melody(chance, 22, 5, 132) + ask(24.5, "scale", "off")
    )
    return played + ask(25.5, "register", "-12") + ask(26, "parts", "auto")


@script(options=jam(length=2))
def pedal(chance: Random) -> list[Timed]:
    """The sustain pedal: under a phrase, half way, lifted late, and down for good."""
    played = turn(0.2, 64, 127) + melody(chance, 0.3, 6) + turn(2.9, 64, 0)
    played += turn(9, 64, 40) + melody(chance, 9.1, 4) + turn(10, 64, 90) + turn(12, 64, 63)
    return played + chords(chance, 17, (48, 53)) + turn(17.2, 64, 127) + melody(chance, 19.2, 4)


@script(options=jam(parts="lead comp bass"))
def two_hands(chance: Random) -> list[Timed]:
    """Chords and melody on one keyboard, a bass on a channel of its own."""
    first = chords(chance, 0.3) + melody(chance, 0.4, 8) + bass(chance, 0.3)
    return (
        first + chords(chance, 11, (50, 55, 48, 57), 1) + melody(chance, 11, 4) + bass(chance, 20)
    )


@script(options=jam(length=2))
def drummer(chance: Random) -> list[Timed]:
    """Drums alone, drums with a bass, and an accompaniment to drums."""
    played = drums(chance, 0.3) + drums(chance, 10, 2, 126) + bass(chance, 10)
    return played + ask(18, "mode/accompany") + drums(chance, 18.5, 3, 126) + melody(chance, 20, 6)


def by_members(played: list[Timed], expresses: bool) -> list[Timed]:
    """The same on the channels 2 to 6 in turn, each note bent, pressed and coloured a moment before it begins."""
    members: list[Timed] = []
    channel, of_pitch = 0, dict[int, int]()
    for at, data in sorted(played, key=lambda step: step[0]):
        assert isinstance(data, bytes)
        if data[0] & 0xF0 == 0x90:
            channel = channel % 5 + 1
            of_pitch[data[1]] = channel
            if expresses:
                members += send(at - 0.003, 0xE0 | channel, 0, 64) + send(
                    at - 0.002, 0xD0 | channel, 9
                )
                members += send(at - 0.001, 0xB0 | channel, 74, 50)
        on = of_pitch.get(data[1], 1)
        members += send(at, data[0] & 0xF0 | on, *data[1:]) + (
            send(at + 0.05, 0xE0 | on, 30, 66) if expresses else []
        )
    return members


@script(options=("--set", "channels=mpe", *jam(length=2)))
def mpe(chance: Random) -> list[Timed]:
    """A keyboard whose notes have a channel each, as it was told."""
    played = melody(chance, 0.3, 6) + chords(chance, 9, (48, 55)) + melody(chance, 9.2, 4)
    return by_members(played + melody(chance, 18, 4), expresses=True)


@script(options=jam(length=2))
def mpe_found(chance: Random) -> list[Timed]:
    """The same kind of keyboard, found by how it plays; then one that only uses many channels."""
    played = by_members(melody(chance, 0.3, 8) + melody(chance, 9, 6), expresses=True)
    return played + by_members(melody(chance, 18, 5), expresses=False)


@script(
    options=(
        *("--set", "output.lead={channel: 5, program: 12, transpose: 12, register: C4-C6}"),
        *("--set", "output.bass={channel: 6, softest: 60, loudest: 100, curve: 0.6}"),
        *("--set", "channels.4=bass", "--set", "channels.6=off", *jam(mode="accompany", tempo=112)),
    )
)
def routes(chance: Random) -> list[Timed]:
    """Parts on other channels, transposed, with a program and a curve; input channels heard by rule."""
    played = melody(chance, 0.3, 8, 112, channel=4) + chords(chance, 0.3, bpm=112)
    played += melody(chance, 6, 6, 112, 36, 50, channel=3) + melody(chance, 6, 6, 112, channel=5)
    return played + ask(12, "mode/respond") + melody(chance, 13.5, 6, 112)


@script(options=jam(length=2), tail=3.0)
def anything(chance: Random) -> list[Timed]:
    """Messages by chance, among them many keys at once, doubled note-ons and lone note-offs; then a melody."""
    played: list[Timed] = []
    for _ in range(500):
        at, kind = chance.uniform(0.3, 9), chance.choices(range(6), (30, 30, 8, 4, 4, 2))[0]
        status = (0x90, 0x80, 0xB0, 0xE0, 0xA0, 0xC0)[kind] | chance.choice((0, 0, 0, 1, 2, 9))
        first, second = chance.randrange(36, 96), chance.randrange(128)
        first = chance.choice((1, 7, 11, 64, 66, 74, 121)) if kind == 2 else first
        played += send(at, status, first, *([] if kind == 5 else [second]))
    return (
        played
        + send(10, 0xFE)
        + ask(10, "do/stop")
        + melody(chance, 11, 6)
        + send(14, 0xB0, 121, 0)
    )


# --- what happens to the processes --------------------------------------------------------------------------------


def load(model: str) -> Callable[[Any], object]:
    """Ask for another model."""
    return lambda stage: stage.ask("do/model", str(stage.file(model)))


@script(options=jam(length=2), tail=5.0)
def model_changed(chance: Random) -> list[Timed]:
    """Another model takes over while the first plays, one is refused, and the first comes back."""
    played = melody(chance, 0.3, 6) + ask(4.4, "do/model", "no_such_model")
    played += do(5, load(OTHER)) + melody(chance, 9, 5)
    return played + do(13, load(EXACT)) + melody(chance, 17, 6) + ask(21, "do/again")


@script(options=jam(mode="continue"), tail=4.0)
def model_reloaded(chance: Random) -> list[Timed]:
    """The same model is loaded again in mid-answer and while the player plays."""
    played = melody(chance, 0.3, 6) + do(5, load(EXACT)) + melody(chance, 11, 6)
    return played + do(11.5, load(EXACT)) + melody(chance, 19, 3)


def kill(number: int) -> Callable[[Any], object]:
    """Send a signal to the engine process."""
    return lambda stage: os.kill(stage.engine_pid(), number)


@script(options=jam(length=4), tail=5.0)
def engine_killed(chance: Random) -> list[Timed]:
    """The engine process is killed in mid-answer, and hangs in another; the session goes on."""
    played = melody(chance, 0.3, 6) + do(5.5, kill(signal.SIGKILL)) + melody(chance, 8, 5)
    played += ask(11, "energy", 0.8) + do(12.5, kill(signal.SIGSTOP)) + melody(chance, 16, 5)
    return played + ask(20, "do/again")


@script(ports=False, options=("--player", str(ROOT / "docs" / "call.mid"), "--until-player-ends"))
def without_ports(chance: Random) -> list[Timed]:
    """A file is the player, as in the first example of the manual."""
    return ask(2, "density", 1.5) + ask(3, "do/capture")


@script(
    ports=False,
    options=(
        *("--player", str(EXAMPLES / "accompany" / "best.mid"), "--until-player-ends"),
        *jam(mode="accompany"),
    ),
)
def without_ports_accompany(chance: Random) -> list[Timed]:
    """A file of four tracks is the player, and is accompanied."""
    return ask(5, "follow", 0.9)


@script(options=jam(memory=0.9, theme=0), tail=6.0)
def memory(chance: Random) -> list[Timed]:
    """Two calls by which a third is answered; why is asked, and the memory is turned down."""
    calls = melody(chance, 0.3, 8, 120) + melody(chance, 9, 8, 120, tonic=7)
    third = melody(chance, 18, 5, 120)
    return calls + third + ask(22, "do/why") + ask(25, "memory", 0.4) + melody(chance, 26, 6, 112)


@script(options=jam(mode="accompany", sync="internal", tempo=66, kit="brushes"), tail=14.0)
def ballad(chance: Random) -> list[Timed]:
    """A slow song on brushes that ends with a ritard."""
    hands = [chords(chance, at, bpm=66) + melody(chance, at, 8, 66) for at in (0.3, 14.9)]
    return sum(hands, ask(22, "ritard", "on") + ask(23, "do/ending"))
