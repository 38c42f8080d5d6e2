"""plugin/controls.hpp has the controls as the table has them: `python -m tests.test_plugin_controls` writes it anew."""

import sys
from pathlib import Path

from livegen.jam.controls.controls import CONTROLS, Control
from livegen.music.parts import PARTS

HEADER = Path(__file__).resolve().parents[1] / "plugin" / "controls.hpp"
# Sessions of a DAW keep the number of a parameter, so this list only grows, at its end.
NAMES = (
    "mode", "start", "trade", "temperature", "nucleus", "density", "energy", "adherence", "groove", "follow", "theme",
    "memory", "feel", "transpose", "offset", "variation", "quantise",
    *(f"{part}_{strip}" for part in PARTS for strip in ("mute", "level")),
)  # fmt: skip


def row(control: Control) -> str:
    """A control as a line of C++; a choice is the number of its word."""
    words = control.choices
    usual = words.index(str(control.default)) if words else control.default
    low, high = (0, len(words) - 1) if words else (control.low, control.high)
    label = control.name.replace("_", " ").capitalize()
    whole = str(bool(words) or control.whole).lower()
    texts = ", ".join(f'"{word}"' for word in words)
    values = f"{float(usual)}f, {float(low)}f, {float(high)}f, {whole}"
    return f'    {{"{control.name}", "{label}", "{control.unit}", {values}, {{{texts}}}}},'


def header() -> str:
    """The file as it should be."""
    rows = "\n".join(row(CONTROLS[name]) for name in NAMES)
    return f"""// Written by `python -m tests.test_plugin_controls` from livegen's table of controls.
#pragma once

#include <vector>

struct Control {{
    const char *name, *label, *unit;
    float usual, low, high;
    bool whole;
    std::vector<const char*> words; // of a choice: its value is the number of a word
}};

constexpr int CONTROL_COUNT = {len(NAMES)};
inline const Control CONTROLS[CONTROL_COUNT] = {{
{rows}
}};
"""


def test_the_plug_in_has_the_controls_as_the_table_has_them() -> None:
    assert HEADER.read_text() == header(), "python -m tests.test_plugin_controls writes it anew"


if __name__ == "__main__":
    sys.exit(HEADER.write_text(header()) == 0)
