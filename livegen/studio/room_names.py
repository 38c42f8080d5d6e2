"""Names of rooms."""

import re
import secrets
from typing import TypeGuard

_NAME = re.compile(r"[\w .-]{1,40}")


def is_name(given: object) -> TypeGuard[str]:
    """True of what can be the name of a room."""
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def new_name() -> str:
    """Make a name that nobody guesses."""
    return f"room-{secrets.token_urlsafe(12)}"
