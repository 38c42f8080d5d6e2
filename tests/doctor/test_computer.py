"""What the checks of the machine say."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from livegen import config
from livegen.config import Config
from livegen.control.osc.addresses import STATE
from livegen.control.osc.packets import encode
from livegen.doctor import computer
from livegen.doctor.findings import Check, Severity
from livegen.doctor.patient import Patient, asked
from livegen.errors import ConfigError


def patient(**settings: object) -> Patient:
    given = Patient(lambda: Config.model_validate(settings), environment={})
    given.served = None
    return given


def only(check: Check[Patient], given: Patient) -> tuple[str, str]:
    [finding] = check(given)
    return finding.level.value, finding.found


def test_versions_are_told_in_a_line() -> None:
    level, found = only(computer.versions, patient())
    assert level == "ok" and "onnxruntime" in found and "python-rtmidi" in found


def test_a_package_that_is_missing_or_too_old_is_told_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "importlib.metadata.requires",
        lambda _: ["numpy>=99.1", "no-such>=1.0", 'torch>=2; extra == "train"'],
    )

    found = list(computer.versions(patient()))

    assert [finding.level for finding in found] == [Severity.BAD, Severity.BAD, Severity.OK]
    assert found[0].remedy.endswith("-m pip install 'numpy>=99.1'")
    assert found[1].found == "no-such is not installed"


def test_each_mistake_in_the_settings_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "stage.yaml"
    path.write_text("seed: 1\njam:\n  temprature: 1\n  rest: -5\n")
    given = Patient(lambda: config.load(path), path)

    found = list(computer.configuration(given))

    assert [finding.level for finding in found] == [Severity.BAD, Severity.BAD, Severity.OK]
    assert {finding.found.partition(": ")[0] for finding in found[:2]} == {f"{path}:3", f"{path}:4"}


def test_learned_bindings_that_are_left_out_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "livegen").mkdir()
    (tmp_path / "livegen" / "map.yaml").write_text("cc 74: densty\n")

    found = list(computer.configuration(Patient(config.load, environment={})))

    assert [finding.level for finding in found] == [Severity.WARN, Severity.OK]
    assert "map.yaml:1" in found[0].found
    assert caplog.records == []


def test_with_broken_settings_the_rest_is_examined_as_shipped() -> None:
    def load() -> Config:
        raise ConfigError("broken")

    assert Patient(load, environment={}).config == Config()
    assert Patient(load, environment={}, api="jack").config.ports.api == "jack"


def test_the_shipped_model_loads_and_tells_what_it_is() -> None:
    level, found = only(computer.model, patient())
    assert level == "ok" and found.startswith("model jam-gru: state ") and " MB, " in found


def test_a_model_that_is_refused_is_bad_and_its_speed_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(b"not a model")
    given = patient(model=str(path))

    assert only(computer.model, given)[0] == "bad"
    assert list(computer.speed(given)) == []


def test_a_style_that_the_model_does_not_know_is_bad() -> None:
    found = list(computer.model(patient(jam={"style": "polkabilly"})))
    assert [finding.level for finding in found] == [Severity.OK, Severity.BAD]


@pytest.mark.parametrize(
    ("micros", "level"),
    [
        ((150.0, 400.0), "ok"),
        ((150.0, 3100.0), "warn"),
        ((400.0, 900.0), "warn"),
        ((6e3, 7e3), "bad"),
    ],
)
def test_the_speed_of_a_step_is_judged_by_the_budget(
    micros: tuple[float, float], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer, "_step_micros", lambda _: micros)
    assert only(computer.speed, patient())[0] == level


def test_a_step_is_really_taken() -> None:
    p50, p99 = computer._step_micros(patient())

    assert 0 < p50 <= p99


@pytest.mark.skipif(
    not hasattr(os, "sched_setscheduler"), reason="this system has no such priorities"
)
def test_real_time_priority_is_given_back() -> None:
    before = os.sched_getscheduler(0)

    [found] = computer.realtime(patient())

    assert os.sched_getscheduler(0) == before
    assert "real-time priority" in found.found


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's scheduler")
def test_without_privileges_real_time_that_was_granted_is_told_and_costs_nothing() -> None:
    program = """
import os
from livegen.doctor import computer

set_scheduler = os.sched_setscheduler

def unprivileged(*given):
    set_scheduler(*given)
    if os.geteuid() == 0:
        os.setresuid(65534, 65534, 65534)

os.sched_setscheduler = unprivileged
print(*(finding.found for finding in computer.realtime(None)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert ran.stderr == "" and ran.stdout.startswith("real-time priority is ")


@pytest.mark.skipif(
    not hasattr(os, "sched_setscheduler"), reason="this system has no such priorities"
)
def test_where_it_is_not_permitted_the_way_to_permit_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)

    [found] = computer.realtime(patient())

    assert found.level is Severity.WARN and "limits.d" in found.remedy


def test_a_folder_that_is_still_to_be_made_is_fine(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    level, found = only(computer.recordings, patient(recording={"folder": str(folder)}))
    assert level == "ok" and str(folder) in found
    assert not folder.exists()


def test_a_file_in_the_place_of_the_folder_is_bad(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert only(computer.recordings, patient(recording={"folder": str(tmp_path / "a")}))[0] == "bad"


def test_a_disk_that_fills_up_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for free, level in ((10 << 30, "ok"), (1 << 29, "warn"), (1 << 20, "bad")):
        monkeypatch.setattr(
            "shutil.disk_usage", lambda _, free=free: type("Use", (), {"free": free})
        )
        assert only(computer.recordings, patient(recording={"folder": str(tmp_path)}))[0] == level


def test_an_osc_port_is_free_or_taken_or_off() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        level, found = only(computer.osc, patient(osc={"port": port}))
        assert level == "warn" and "is in use by another program" in found
    assert only(computer.osc, patient(osc={"port": port}))[0] == "ok"
    assert only(computer.osc, patient(osc={"enabled": False}))[1].startswith("osc: off")


def test_the_osc_port_of_a_livegen_that_runs_is_not_called_taken() -> None:
    given = patient()
    given.served = {"leader": "free"}
    assert only(computer.osc, given) == ("ok", "osc: a livegen answers on port 9700 of 127.0.0.1")


def test_that_no_recordings_are_wanted_is_no_fault() -> None:
    assert only(computer.recordings, patient(recording={"keep": False}))[0] == "ok"


def test_settings_of_a_file_are_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "stage.yaml"
    path.write_text("seed: 1\n")

    assert only(computer.configuration, Patient(lambda: config.load(path), path)) == (
        "ok",
        f"settings of {path}",
    )
    assert only(
        computer.configuration, Patient(Config, environment={"XDG_CONFIG_HOME": "/no"})
    ) == (
        "ok",
        "settings that come with livegen: there is no file of your own",
    )


def test_the_state_that_a_livegen_tells_by_osc_is_taken_in() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as livegen:
        livegen.bind(("127.0.0.1", 0))

        def tell() -> None:
            _, who = livegen.recvfrom(1 << 10)
            livegen.sendto(b"not osc", who)
            livegen.sendto(encode(f"{STATE}/leader", ("clock",)), who)
            livegen.sendto(encode("/other", (1,)), who)

        thread = threading.Thread(target=tell)
        thread.start()
        state = asked("127.0.0.1", livegen.getsockname()[1], 1.0)
        thread.join()

    assert state == {"leader": "clock"}


def test_nobody_at_the_port_of_osc_is_nobody() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert asked("127.0.0.1", port, 0.05) == {}
    assert asked("127.0.0.1", port, 0.05) == {}


def test_another_program_that_answers_on_the_port_of_osc_is_no_livegen() -> None:
    """One that sends back whatever comes, with a state of its own at an address like ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        def echo() -> None:
            asked, who = other.recvfrom(1 << 10)
            other.sendto(asked, who)
            other.sendto(encode(f"{STATE}/turn", ("mine",)), who)

        thread = threading.Thread(target=echo)
        thread.start()
        given = Patient(lambda: Config.model_validate({"osc": {"port": port}}), environment={})
        level, found = only(computer.osc, given)
        thread.join()

    assert level == "warn" and "is in use by another program" in found
