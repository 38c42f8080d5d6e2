"""What members of a crew do in tests.  Each is a process that imports this module, so it imports no torch."""

import os

from livegen.errors import ConfigError


def errs() -> None:
    raise ConfigError("something does not fit")


def fails(status: int) -> None:
    if os.environ["RANK"] == "1":
        os._exit(status)
