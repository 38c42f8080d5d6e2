"""`livegen calibrate` over a JACK server, where a wire or a program of a few lines is the DAW."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from livegen import config
from livegen.calibrate import UNSTEADY
from tests.e2e.harness import AT_REST_S, PATIENCE_S, ROOT, Daemon, Jack, Partner, connect, wait_for

OUT, IN = "livegen-out:Model Out", "livegen-in:Model In"
# A busy machine holds notes back, so that no offset fits them, or its server lets a client go that came too late: both
# times one is told to try again.
TRIES = 3
LET_GO = "the MIDI server stopped"


@contextmanager
def calibrating(jack: Jack, home: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "livegen", "calibrate", "--api", "jack", *options]
    environment = os.environ | jack.environment | {"XDG_CONFIG_HOME": str(home)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_for(lambda: {OUT, IN} <= set(jack.ports()), every_s=0.05)
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_the_way_through_a_wire_is_measured_and_the_offset_saved_where_the_machine_is_steady(
    jack: Jack, tmp_path: Path
) -> None:
    for _ in range(TRIES):
        with calibrating(jack, tmp_path, "--save") as process:
            connect(OUT, IN)
            said, complaints = process.communicate(timeout=60)
        wait_for(lambda: not {OUT, IN} & set(jack.ports()))
        if UNSTEADY not in said and LET_GO not in complaints:
            break

    assert complaints == "", said
    written = tmp_path / "livegen" / "config.yaml"
    if UNSTEADY in said:
        assert process.returncode == 2 and not written.exists()
        return
    assert process.returncode == 0
    assert "40 notes, 0 lost; round trip " in said
    saved = config.load(written).controls["offset"]
    assert isinstance(saved, int | float) and f"jam.offset: {saved:.0f}\n" in said
    # Half of one to two periods of 128 frames at 48 kHz; a busy machine may add some.
    assert -50 <= saved <= 0


def test_ctrl_c_releases_what_sounds(jack: Jack, tmp_path: Path) -> None:
    with calibrating(jack, tmp_path) as process:
        partner = Partner()
        try:
            time.sleep(
                10 * AT_REST_S
            )  # libjack can crash where a port closes while the graph changes
            wait_for(lambda: bool(partner.listen()) and bool(partner.sounding))
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 130
            partner.hears_silence()
        finally:
            partner.close()


def test_beside_a_running_livegen_it_sends_nothing_and_says_so(jack: Jack, tmp_path: Path) -> None:
    with Daemon(
        {"api": "jack", "settings": {"engine": "engines:echo"}}, jack.environment
    ) as served:
        served.ready()
        with calibrating(jack, tmp_path) as process:
            _, complaints = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 2
    assert "end it, then calibrate" in complaints
