"""How urgent a process is: as urgent as the system permits, and never for long without a pause."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from livegen.priority import ENGINE, ORDINARY, PORT, RAISED, REALTIME, WAYS, granted
from livegen.priority import RTKIT as KIT

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's scheduler")


def run(
    program: str, before: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> list[str]:
    """Lines of a program in a process of its own, for urgency does not wear off, behind the words `before`."""
    begins = "import os, signal, time\nfrom livegen import priority\n"
    ran = subprocess.run(
        [*before, sys.executable, "-c", begins + program],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return ran.stdout.split("\n")[:-1]


def refuse(_: int) -> bool:
    raise PermissionError(1, "Operation not permitted")


def test_the_best_way_that_is_granted_is_taken_and_told() -> None:
    assert granted({REALTIME: lambda _: True, RAISED: refuse}, 4) == REALTIME
    assert granted({REALTIME: refuse, RAISED: lambda _: True}, 4) == RAISED
    assert granted({REALTIME: refuse, RAISED: lambda _: False}, 4) == ORDINARY
    assert granted({}, 4) == ORDINARY


def test_every_system_has_ways_and_the_port_process_stands_above_the_engine() -> None:
    assert set(WAYS) == {"linux", "darwin", "win32"} and PORT > ENGINE


@LINUX
def test_an_urgent_process_is_what_it_says_and_its_children_are_ordinary() -> None:
    how, scheduler, child = run(
        """
print(priority.Urgency(priority.ENGINE).how, flush=True)
print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, flush=True)
if not (child := os.fork()):
    print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    )
    assert how in (REALTIME, RAISED, ORDINARY)
    assert int(scheduler) == (os.SCHED_FIFO if how == REALTIME else os.SCHED_OTHER)
    assert int(child) == os.SCHED_OTHER


@LINUX
def test_a_process_that_runs_away_in_real_time_is_an_ordinary_one_for_a_second() -> None:
    before, ran_away, soon, later = run(
        """
urgency = priority.Urgency(priority.ENGINE)
print(urgency.how)
until = time.monotonic() + 5
while urgency.how == priority.REALTIME and time.monotonic() < until:
    pass
print(urgency.how)
urgency.look(0)
urgency.look(priority.CALMS_US - 1)
print(urgency.how)
urgency.look(priority.CALMS_US)
print(urgency.how)
"""
    )
    if before != REALTIME:
        pytest.skip("real time is not permitted here")
    assert (ran_away, soon, later) == (ORDINARY, ORDINARY, REALTIME)


@LINUX
def test_work_in_slices_is_no_runaway_however_long_it_takes() -> None:
    before, after = run(
        """
urgency = priority.Urgency(priority.ENGINE)
print(urgency.how)
until = time.monotonic() + 0.4
while time.monotonic() < until:
    urgency.look(time.monotonic_ns() // 1000)
print(urgency.how)
"""
    )
    assert after == before


@LINUX
def test_locked_memory_is_locked_and_what_comes_later_can_still_be_had() -> None:
    is_locked, locked_kb = run(
        """
print(priority.lock_memory())
kept = [bytearray(1 << 20) for _ in range(64)]
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmLck")))
"""
    )
    assert (is_locked == "True") == (int(locked_kb) > 0)


# --- RealtimeKit --------------------------------------------------------------------------------------------------

RTKIT = "/usr/libexec/rtkit-daemon"
POLKIT = "/usr/lib/polkit-1/polkitd"
DESKTOP = pytest.mark.skipif(
    not (shutil.which("dbus-daemon") and Path(RTKIT).exists() and Path(POLKIT).exists())
    or os.geteuid() != 0,
    reason="a desktop's services are started by root: install rtkit, polkitd and dbus",
)
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/><allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
# As a desktop's user: without the privilege to take real time.
UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice")
SCHEDULER = "print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)\n"


@pytest.fixture(scope="module")
def desktop() -> Iterator[dict[str, str]]:
    """The environment of a desktop: a system bus of its own with the services that hand out real time."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)  # the services are no longer root
    (folder / "bus.conf").write_text(BUS.format(path=folder / "bus"))
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder / 'bus'}"}
    commands = (
        ("dbus-daemon", "--nofork", "--print-address", f"--config-file={folder / 'bus.conf'}"),
        (POLKIT, "--no-debug"),
        (RTKIT, "--no-canary"),
    )
    with ExitStack() as started:
        started.callback(shutil.rmtree, folder)
        for number, command in enumerate(commands):
            process = started.enter_context(
                subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
                )
            )
            started.callback(process.kill)
            if number == 0:
                assert process.stdout is not None and process.stdout.readline()
        with closing(open_dbus_connection(environment["DBUS_SYSTEM_BUS_ADDRESS"])) as bus:
            for name in ("org.freedesktop.PolicyKit1", KIT):
                while not unwrap_msg(bus.send_and_get_reply(message_bus.NameHasOwner(name)))[0]:
                    time.sleep(0.01)  # the test's own limit ends what never comes
        yield environment


@LINUX
@DESKTOP
def test_a_desktops_user_gets_real_time_of_realtimekit(desktop: dict[str, str]) -> None:
    how, scheduler, hard_us, child = run(
        f"""
import resource
print(priority.Urgency(priority.ENGINE).how)
{SCHEDULER}
print(resource.getrlimit(resource.RLIMIT_RTTIME)[1], flush=True)
if not (child := os.fork()):
    print(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, flush=True)
    os._exit(0)
os.waitpid(child, 0)
""",
        UNPRIVILEGED,
        desktop,
    )
    assert (how, int(scheduler), int(hard_us)) == (REALTIME, os.SCHED_RR, 200_000)
    assert int(child) == os.SCHED_OTHER


@LINUX
@DESKTOP
@pytest.mark.parametrize(
    "asks",
    ["priority.Urgency(priority.ENGINE).how", "priority.in_real_time(priority.PORT)"],
)
def test_a_process_that_runs_away_is_not_ended_by_the_limit_of_realtimekit(
    asks: str, desktop: dict[str, str]
) -> None:
    how, after = run(
        f"""
print({asks})
until = time.monotonic() + 0.4
while time.monotonic() < until:
    pass
{SCHEDULER}
""",
        UNPRIVILEGED,
        desktop,
    )
    assert (how, int(after)) == (REALTIME, os.SCHED_OTHER)


@LINUX
@DESKTOP
def test_where_realtimekit_is_missing_or_refuses_a_process_takes_what_is_left(
    tmp_path: Path, desktop: dict[str, str]
) -> None:
    asks = "print(priority.in_real_time(priority.PORT))"
    for address in (f"unix:path={tmp_path / 'none'}", "nonsense"):
        without = {**desktop, "DBUS_SYSTEM_BUS_ADDRESS": address}
        assert run(asks, UNPRIVILEGED, without) == [ORDINARY]
    # Nobody may ask for more than 25 times in 20 seconds.
    many = "print([priority._of_rtkit(priority.PORT) for _ in range(30)][-1])"
    assert run(many, UNPRIVILEGED, desktop) == ["False"]
