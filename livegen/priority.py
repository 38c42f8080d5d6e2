"""The urgency of a process: how soon the system runs it when others want the processor, too.

Each system has its ways, the best first; what is not permitted is not an error.  Those of macOS and Windows are written
by their manuals and were never run.  Knows nothing else of livegen.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import Any

# Of real time, where the system has such numbers: the port process above the engine, so that it can end one that runs
# away, and both below audio threads.
PORT, ENGINE = 5, 4
REALTIME, RAISED, ORDINARY = "real time", "raised", "ordinary"
STEPS = -11  # of niceness, as desktops give to sound servers
# How long a process may run in real time without a pause before it becomes an ordinary one; how long until the system
# ends it where even that did not help; and when it may be urgent again.
RUNS_US, DIES_US = 100_000, 1_000_000
CALMS_US = 1_000_000
PAUSE_S, BREATHES_US = 1e-4, 40_000

Way = Callable[[int], bool]


def be_nice(by: int) -> None:
    """Make this process less urgent by some steps of niceness, 1 to 19; as it was where the system knows none."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(by)


class Urgency:
    """The urgency of a process that wants to be on time.  Threads: main only, and that thread alone is urgent.

    `how` is what the system granted: real time, raised or ordinary.  A process in real time that runs for 100 ms
    without a pause becomes an ordinary one for a second, so that a fault in it cannot lock the machine.
    """

    def __init__(self, priority: int, ways: Mapping[str, Way] | None = None) -> None:
        """Ask for it.  `priority` counts in real time; `ways` are those of this system."""
        self._priority = priority
        self._ways = WAYS.get(sys.platform, {}) if ways is None else ways
        self._ran_away = False
        self._again_at: int | None = None
        self._breathes_at = 0
        self.how = ORDINARY
        _on_running_long(self._step_down)
        self._ask()

    def look(self, now: int) -> None:
        """Pause now and then, and be urgent again a second after it ran away; `now` is in micros."""
        if self.how == REALTIME and now >= self._breathes_at:
            self._breathes_at = now + BREATHES_US
            time.sleep(PAUSE_S)  # work in slices, with a look in between, is no runaway
        if self._ran_away:
            self._ran_away, self._again_at = False, now + CALMS_US
        elif self._again_at is not None and now >= self._again_at:
            self._again_at = None
            self._ask()

    def _ask(self) -> None:
        _limit_runs(DIES_US)
        self.how = granted(self._ways, self._priority)
        # Linux counts a run from the last pause in real time on: also from one before.
        time.sleep(PAUSE_S)

    def _step_down(self, *_: object) -> None:
        _become_ordinary()
        self.how, self._ran_away = ORDINARY, True


def in_real_time(priority: int) -> str:
    """Ask for real time and nothing less, which threads and processes that come later do not have; give how urgent.

    For a process whose children are to be ordinary: niceness they would have, too.  Where RealtimeKit grants it, a run
    of 100 ms without a pause makes the process an ordinary one for good.
    """
    if threading.current_thread() is threading.main_thread():
        _on_running_long(_become_ordinary)
    ways = WAYS.get(sys.platform, {})
    return granted({how: ask for how, ask in ways.items() if how == REALTIME}, priority)


def granted(ways: Mapping[str, Way], priority: int) -> str:
    """Ask in each way until one is granted, and give its name."""
    for how, ask in ways.items():
        with suppress(OSError, AttributeError):  # not permitted, or a system without it
            if ask(priority):
                return how
    return ORDINARY


# --- the ways of each system ------------------------------------------------------------------------------------


def _fifo(priority: int) -> bool:
    """Have Linux run this thread before all that are not in real time; threads and processes that it starts are not."""
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(0, policy, os.sched_param(priority))
    return True


def _fifo_or_rtkit(priority: int) -> bool:
    """Have real time by right, else as RealtimeKit gives it to a desktop's user."""
    with suppress(PermissionError):
        return _fifo(priority)
    return _of_rtkit(priority)


def _of_rtkit(priority: int) -> bool:
    """Ask RealtimeKit for real time for this thread, over D-Bus.

    RealtimeKit wants a limit after which the system ends a process that runs without a pause: 200 ms, as it is shipped
    (its README: MakeThreadRealtime, RTTimeUSecMax, MaxRealtimePriority).
    """
    from jeepney import DBusAddress, DBusErrorResponse, Properties, new_method_call
    from jeepney.io.blocking import open_dbus_connection
    from jeepney.wrappers import unwrap_msg

    kit = DBusAddress(RTKIT_PATH, RTKIT, RTKIT)
    try:
        with closing(open_dbus_connection("SYSTEM", auth_timeout=ANSWERS_S)) as bus:

            def ask(message: Any) -> Any:
                return unwrap_msg(bus.send_and_get_reply(message, timeout=ANSWERS_S))

            (_, longest_us), (_, highest) = (
                ask(Properties(kit).get(name))[0]
                for name in ("RTTimeUSecMax", "MaxRealtimePriority")
            )
            _limit_runs(min(DIES_US, longest_us))
            own = threading.get_native_id(), min(priority, highest)
            ask(new_method_call(kit, "MakeThreadRealtime", "tu", own))
    except (DBusErrorResponse, RuntimeError, ValueError):
        return False  # no bus, no RealtimeKit, or it refuses
    return True


def _less_nice(priority: int) -> bool:
    os.setpriority(os.PRIO_PROCESS, 0, STEPS)
    return True


RTKIT, RTKIT_PATH = "org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1"
ANSWERS_S = 0.5  # so long its answer is waited for

TIME_CONSTRAINT = 2  # THREAD_TIME_CONSTRAINT_POLICY of mach/thread_policy.h
CONSTRAINT_NS = (0, 1_000_000, 5_000_000)  # no period, so long a run, done within so long


def _time_constraint(priority: int) -> bool:
    """Tell macOS how long this thread runs at a time, and by when it is to be done; one that runs longer it demotes."""
    mach = ctypes.CDLL("/usr/lib/libSystem.B.dylib")
    base = (ctypes.c_uint32 * 2)()  # nanoseconds of a tick, as a fraction
    mach.mach_timebase_info(base)
    ticks = [ns * base[1] // base[0] for ns in CONSTRAINT_NS]
    policy = (ctypes.c_uint32 * 4)(*ticks, 1)  # 1: others may interrupt it
    told = mach.thread_policy_set(mach.mach_thread_self(), TIME_CONSTRAINT, policy, len(policy))
    return bool(told == 0)


def _multimedia(priority: int) -> bool:
    """Have the multimedia scheduler of Windows (MMCSS) treat this thread as audio; it keeps a fifth for others."""
    scheduler: Any = getattr(ctypes, "WinDLL")("avrt")  # noqa: B009 (unknown elsewhere)
    task = ctypes.c_uint32(0)
    scheduler.AvSetMmThreadCharacteristicsW.restype = ctypes.c_void_p
    return bool(scheduler.AvSetMmThreadCharacteristicsW("Pro Audio", ctypes.byref(task)))


HIGH_PRIORITY_CLASS = 0x80  # of winbase.h


def _high_class(priority: int) -> bool:
    kernel: Any = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.GetCurrentProcess())
    return bool(kernel.SetPriorityClass(process, HIGH_PRIORITY_CLASS))


WAYS: Mapping[str, Mapping[str, Way]] = {
    "linux": {REALTIME: _fifo_or_rtkit, RAISED: _less_nice},
    "darwin": {REALTIME: _time_constraint, RAISED: _less_nice},
    "win32": {REALTIME: _multimedia, RAISED: _high_class},
}


def _limit_runs(dies_us: int) -> None:
    """Have Linux signal a thread in real time that runs 100 ms without a pause, and end it after `dies_us`."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
        dies = dies_us if most == resource.RLIM_INFINITY else min(dies_us, most)
        resource.setrlimit(resource.RLIMIT_RTTIME, (min(RUNS_US, dies), dies))


def _on_running_long(act: Callable[..., object]) -> None:
    """Call `act` when the system says that this process ran in real time for too long.  Main thread only."""
    if hasattr(signal, "SIGXCPU"):
        signal.signal(signal.SIGXCPU, act)


def _become_ordinary(*_: object) -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))


# --- memory -------------------------------------------------------------------------------------------------------

LOCK_NOW, LOCK_LATER, LOCK_USED = 1, 2, 4  # MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT of sys/mman.h


def lock_memory() -> bool:
    """Keep what this process uses of its memory from being swapped out, and give whether Linux permits it.

    What it takes later is kept, too, only where there is no limit: else it could be refused for it.
    """
    if sys.platform != "linux":
        return False
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    later = LOCK_LATER if limit == resource.RLIM_INFINITY else 0
    return bool(ctypes.CDLL(None).mlockall(LOCK_NOW | LOCK_USED | later) == 0)
