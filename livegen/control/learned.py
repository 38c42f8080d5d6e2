"""The file of learned bindings: all of it is written, or it stays as it was.  Knows no configuration."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

HEADING = """\
# Bindings that livegen learned, written by livegen itself.  What your config.yaml says wins over them.
"""


def save(path: Path, bindings: Mapping[str, str]) -> None:
    """Write the bindings, source to target; a link is followed.  Raises OSError, and then nothing has changed."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    file, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as out:
            out.write(HEADING + yaml.safe_dump(dict(bindings), allow_unicode=True))
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(target)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
