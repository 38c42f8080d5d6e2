"""Checks of what livegen stands on: versions, the configuration, the model and its speed, the disk, OSC."""

import importlib.metadata
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from livegen import __version__
from livegen.doctor.findings import Finding, bad, warn, well
from livegen.doctor.patient import Patient
from livegen.errors import LivegenError, PortError
from livegen.extras import adding
from livegen.home import spelled_out
from livegen.priority import PORT, REALTIME, in_real_time

STEPS, WARMING = 200, 20
WANTED_P50_US, WANTED_P99_US, TOO_SLOW_US = 300, 3_000, 5_000
LOW_DISK, FULL_DISK = 1 << 30, 50 << 20
SHOWN = ("numpy", "onnxruntime", "python-rtmidi")


def versions(patient: Patient) -> Iterator[Finding]:
    """Python, and each package that livegen says it needs."""
    for name, wanted in _needed():
        have = _version(name)
        if have is None or _numbers(have) < _numbers(wanted):
            found = "is not installed" if have is None else f"{have} is older than {wanted}"
            yield bad(f"{name} {found}", adding(f"{name}>={wanted}"))
    shown = ", ".join(f"{name} {_version(name)}" for name in SHOWN if _version(name))
    python, system = platform.python_version(), platform.system()
    yield well(f"livegen {__version__} on Python {python}, {system}; {shown}")


def _needed() -> list[tuple[str, str]]:
    """Give the packages that livegen always needs, with their lowest versions, as the package itself says."""
    try:
        lines = importlib.metadata.requires("livegen") or []
    except importlib.metadata.PackageNotFoundError:  # run from a folder that was never installed
        return [(name, "0") for name in SHOWN]
    found = (re.fullmatch(r"([\w.-]+)>=([\d.]+)", line.strip()) for line in lines)
    return [(match[1], match[2]) for match in found if match]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def configuration(patient: Patient) -> Iterator[Finding]:
    """Check that the settings are taken, and name each mistake."""
    for mistake in patient.mistakes:
        yield bad(mistake, "mend this; `serve` will not start with it")
    for oversight in patient.oversights:
        yield warn(oversight, "`serve` starts without it; mend it, or take it out")
    if patient.mistakes:
        yield well("until then, the lines below are about the settings that come with livegen")
    elif patient.path:
        yield well(f"settings of {patient.path}")
    else:
        yield well("settings that come with livegen: there is no file of your own")


# --- the model ------------------------------------------------------------------------------------------------


def model(patient: Patient) -> Iterator[Finding]:
    """Check that the model loads, and tell its facts."""
    from livegen import shipped

    try:
        path = shipped.model(patient.config.model)
        facts = patient.model.facts
    except LivegenError as error:
        yield bad(
            f"model: {error}", "choose another with --model; `livegen ports` lists those there are"
        )
        return
    size = path.stat().st_size / (1 << 20)
    shape = "x".join(map(str, facts.state_shape))
    weights = "int8" if facts.quantised else "float32"
    styles = f"{len(facts.styles)} style{'s' * (len(facts.styles) > 1)}"
    yield well(f"model {facts.name}: state {shape}, {weights}, {size:.1f} MB, {styles}")
    style = patient.config.controls["style"]
    if style not in facts.styles:
        yield bad(
            f"jam.style: {facts.name} knows no style {style!r}",
            "its card lists its styles; `any` always works",
        )


def speed(patient: Patient) -> Iterator[Finding]:
    """The time that one event takes through the network on this machine, now."""
    try:
        p50, p99 = _step_micros(patient)
    except LivegenError:
        return  # the check of the model has said why
    found = (
        f"the model needs {p50 / 1000:.2f} ms for an event, and {p99 / 1000:.2f} ms at the 99th percentile "
        f"({STEPS} tried)"
    )
    if p50 > TOO_SLOW_US:
        remedy = "end other programs, or serve a smaller model"
        yield bad(f"{found}: answers will come late", remedy)
    elif p50 > WANTED_P50_US or p99 > WANTED_P99_US:
        yield warn(
            f"{found}; it should be at most {WANTED_P50_US / 1000:g} and {WANTED_P99_US / 1000:g} ms",
            "no harm yet, for notes are planned ahead; mains power and fewer programs make it faster",
        )
    else:
        yield well(found)


def _step_micros(patient: Patient) -> tuple[float, float]:
    """Micros of a whole step, heard and every field of the next predicted: median and 99th percentile."""
    import numpy as np

    from livegen.codec.layout import FIELDS, SOUNDING, Event
    from livegen.inference.contract import Query

    network = patient.model
    event, query = Event(6, 0, 1, 60, 20, 48, 8), Query(6, 54, 8, 1, 1, 48)
    sounding, state = np.zeros(SOUNDING, np.float32), network.initial_state()
    micros: list[float] = []
    for _ in range(WARMING + STEPS):
        before = time.perf_counter_ns()
        state, summary = network.advance(event, 0, sounding, state)
        for field in FIELDS:
            network.logits(field, summary, query)
        micros.append((time.perf_counter_ns() - before) / 1000)
    p50, p99 = np.percentile(micros[WARMING:], (50, 99))
    return float(p50), float(p99)


# --- the system -----------------------------------------------------------------------------------------------


def realtime(patient: Patient) -> Iterator[Finding]:
    """Check that port process and engine can have the priority that they ask for; a thread asks, and ends with it."""
    if not hasattr(os, "sched_setscheduler"):
        yield well(
            "real-time priority: livegen asks for it, and this system does not say what it grants"
        )
        return
    with ThreadPoolExecutor(1) as asking:  # without privileges who got it may not give it back
        how = asking.submit(in_real_time, PORT).result()
    if how == REALTIME:
        yield well("real-time priority is permitted: the ports and the engine go first")
        return
    yield warn(
        "real-time priority is not permitted: when the machine is busy, answers come late, by 100 ms and more",
        "install rtkit, if this is a desktop; else write `@audio - rtprio 95` into /etc/security/limits.d/audio.conf, "
        "sudo usermod -a -G audio $USER, log out and in",
    )


def recordings(patient: Patient) -> Iterator[Finding]:
    """Check that recordings can be kept."""
    from livegen.daemon.recording.recordings import default_folder

    settings = patient.config.recording
    if not settings.keep:
        yield well("recordings: none are kept (recording.keep is false)")
        return
    folder = (
        spelled_out(settings.folder) if settings.folder else default_folder(patient.environment)
    )
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield bad(
            f"recordings cannot be written to {folder}: {there} is a folder in which you may not write",
            "choose another folder: recording.folder in your settings",
        )
        return
    free = shutil.disk_usage(there).free
    found = f"recordings in {folder}, {free / (1 << 30):.1f} GB free"
    if free < LOW_DISK:
        make = bad if free < FULL_DISK else warn
        yield make(found, "make room: on a full disk livegen plays on, and keeps nothing")
    else:
        yield well(found)


def osc(patient: Patient) -> Iterator[Finding]:
    """Check that surfaces can reach livegen, and that no other program has its port."""
    from livegen.control.osc.udp import bound

    settings = patient.config.osc
    if not settings.enabled:
        yield well("osc: off (osc.enabled is false)")
        return
    where = f"port {settings.port} of {settings.host}"
    if patient.served is not None:
        yield well(f"osc: a livegen answers on {where}")
        return
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    try:
        for sock in bound(host, settings.port):
            sock.close()
    except (PortError, ValueError) as error:
        found, _, remedy = str(error).partition(";")
        yield warn(found, (remedy or "see osc.host and osc.port in your settings").strip())
        return
    yield well(f"osc: {where} is free")
