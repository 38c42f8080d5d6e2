"""The clock that all times are of, and that no other is asked."""

import ast
from pathlib import Path

import livegen

PACKAGE = Path(livegen.__file__).parent
MUSIC = ("music", "codec", "inference", "jam", "daemon")  # the layers that know times
# Asked for the date, for names of files and for the first line of a journal.
DATED = ("daemon/recording/recorder.py",)
OF_THE_WALL = (
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
)


def asked(file: Path) -> set[str]:
    """The clocks of the wall that a file asks."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return {name for call in calls if (name := ast.unparse(call.func)).endswith(OF_THE_WALL)}


def test_the_date_is_read_for_names_of_files_only() -> None:
    files = [file for layer in MUSIC for file in (PACKAGE / layer).rglob("*.py")]

    found = {str(file.relative_to(PACKAGE)) for file in files if asked(file)}

    assert len(files) > 100
    assert found == set(DATED)
