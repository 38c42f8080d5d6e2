"""The urgency of a process."""

import os
from contextlib import suppress


def be_nice(by: int) -> None:
    """Make this process less urgent by some steps of niceness, 1 to 19; as it was where the system knows none."""
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(by)
